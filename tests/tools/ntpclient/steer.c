#include "steer.h"

#include <stdio.h>
#include <sys/timex.h>
#include <time.h>

#include "core/utc.h"
#include "port.h"

#define HZ 100000000u /* CLOCK_MONOTONIC_RAW, in tens of ns */

static uint64_t raw_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int port_temperature(int32_t *millidegrees)
{
    *millidegrees = 0;
    return RC_STATE;
}

uint64_t port_ticks(void)
{
    return raw_ns() / (1000000000u / HZ);
}

uint32_t port_tick_hz(void)
{
    return HZ;
}

void steer_read(struct steer_pair *p)
{
    p->width_ns = INT64_MAX;
    for (int i = 0; i < 4; i++) { /* the narrowest of four */
        struct timespec t;
        uint64_t a = raw_ns();
        clock_gettime(CLOCK_REALTIME, &t);
        uint64_t b = raw_ns();
        if ((span_ns)(b - a) >= p->width_ns)
            continue;
        p->width_ns = (span_ns)(b - a);
        p->ticks = (a + (b - a) / 2) / (1000000000u / HZ);
        p->utc = utc_of_unix(t.tv_sec, (uint32_t)t.tv_nsec);
    }
}

uint64_t steer_ticks_of(const struct timespec *stamp)
{
    struct steer_pair p;
    steer_read(&p);
    span_ns ago = utc_diff_ns(
        p.utc, utc_of_unix(stamp->tv_sec, (uint32_t)stamp->tv_nsec));
    /* A stamp of another time than this: somebody has set the clock. */
    if (ago < 0 || ago > 1000000000)
        return p.ticks;
    return p.ticks - (uint64_t)ago / (1000000000u / HZ);
}

bool steer_step(span_ns by)
{
    int64_t s = by / 1000000000, ns = by % 1000000000;
    if (ns < 0) {
        s--;
        ns += 1000000000;
    }
    struct timex x = {.modes = ADJ_SETOFFSET | ADJ_NANO};
    x.time.tv_sec = s;
    x.time.tv_usec = ns; /* ns, for ADJ_NANO */
    if (clock_adjtime(CLOCK_REALTIME, &x) >= 0)
        return true;
    perror("ntpclient: clock_adjtime, step");
    return false;
}

bool steer_rate(double ppm)
{
    /* clk's 500 ppm are all within ADJ_FREQUENCY; the tick stays nominal. */
    struct timex x = {.modes = ADJ_TICK | ADJ_FREQUENCY | ADJ_STATUS};
    x.tick = 10000;
    x.status = STA_UNSYNC; /* no kernel loop beside ours */
    double freq = ppm * 65536;
    x.freq = (long)(freq < 0 ? freq - 0.5 : freq + 0.5);
    if (clock_adjtime(CLOCK_REALTIME, &x) >= 0)
        return true;
    perror("ntpclient: clock_adjtime, rate");
    return false;
}
