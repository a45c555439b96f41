/* steer.h -- the machine's two clocks: CLOCK_MONOTONIC_RAW is the raw counter
 * (port_ticks), CLOCK_REALTIME what clock_adjtime makes follow the clk. */
#ifndef STEER_H
#define STEER_H

#include <time.h>

#include "core/base.h"

struct steer_pair { /* both clocks at one moment */
    uint64_t ticks;
    ntp64 utc;
    span_ns width_ns; /* how long reading them took */
};
void steer_read(struct steer_pair *p);

/* The counter at a kernel stamp of CLOCK_REALTIME, a moment ago. */
uint64_t steer_ticks_of(const struct timespec *stamp);

/* False: refused, and said on stderr. */
bool steer_step(span_ns by);
bool steer_rate(double ppm); /* + faster, than nominal */

#endif
