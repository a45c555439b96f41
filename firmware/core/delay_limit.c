#include "delay_limit.h"

#include "ntp_client.h"

unsigned delay_limit(const struct delay_limits *l, const struct delay_known *k,
                     span_ns delay_ns, span_ns off_ns)
{
    unsigned failed = 0;
    double delay = (double)delay_ns, least = (double)k->least_ns;
    if (k->samples == 0)
        return 0;
    if (l->ratio >= 1 && delay > l->ratio * least)
        failed |= NTP_TEST_B;
    double more = (delay - least) / 2, most = l->devratio * (double)k->sd_ns;
    double off = off_ns < 0 ? -(double)off_ns : (double)off_ns;
    if (l->devratio >= 1 && k->samples >= DELAY_LIMIT_SAMPLES && more > most &&
        off - more <= most)
        failed |= NTP_TEST_C;
    return failed;
}
