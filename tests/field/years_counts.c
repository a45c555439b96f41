/* The services' own files, so that their counters can begin where a test
 * wants them. */
#include "../../firmware/services/clients.c"
#include "../../firmware/services/cookies.c"
#include "../../firmware/services/ke_server.c"
#include "../../firmware/services/server.c"

#include "years.h"

/* Sums that hold: a hit is an answer or one of the kinds of drop. */
void years_counts(uint64_t from)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < STATUS_DROPS; i++)
        n += clients.drops[CLIENTLOG_NTP][i] = from;
    clients.hits[CLIENTLOG_NTP] = n + from;
    srv.ntp.authenticated = srv.ntp.interleaved = srv.ntp.naks = from;
    ck.jar.cookies = ck.jar.nonces = from;
    struct status_ke *k = &ke.status;
    k->answered = k->bad = from;
    k->not_allowed = k->ratelimited = k->too_many = k->gave_way = from;
    k->timed_out = k->no_tls = k->closed = from;
    k->drops = 7 * from;
    k->hits = k->drops + k->answered;
}
