#include "offset_interval.h"

#include <math.h>

#define SIGMAS 3.0
#define DRIFT  2e-8 /* s/s, that no sigma knows of: filter.h's change_ns does */

void offset_interval_first(struct offset_interval *s, double middle,
                           double half)
{
    s->lo = middle - half;
    s->hi = middle + half;
}

struct offset_interval offset_interval_at(const struct offset_interval *s,
                                          double dt, double rate,
                                          double rate_sigma)
{
    double more = fabs(dt) * (SIGMAS * rate_sigma + DRIFT);
    return (struct offset_interval){.lo = s->lo + rate * dt - more,
                                    .hi = s->hi + rate * dt + more};
}

void offset_interval_step(struct offset_interval *s, double dt, double rate,
                          double rate_sigma, double middle, double half)
{
    struct offset_interval was = offset_interval_at(s, dt, rate, rate_sigma);
    offset_interval_first(s, middle, half);
    if (was.lo > s->hi || was.hi < s->lo)
        return;
    s->lo = fmax(s->lo, was.lo);
    s->hi = fmin(s->hi, was.hi);
}
