#include "filter_sure.h"

#include <math.h>

#define SIGMAS 4.0
#define DRIFT  1e-7 /* s/s, that no sigma knows of                          */

void filter_sure_first(struct filter_sure *s, double middle, double half)
{
    s->lo = middle - half;
    s->hi = middle + half;
}

struct filter_sure filter_sure_at(const struct filter_sure *s, double dt,
                                  double rate, double rate_sigma)
{
    double more = fabs(dt) * (SIGMAS * rate_sigma + DRIFT);
    return (struct filter_sure){.lo = s->lo + rate * dt - more,
                                .hi = s->hi + rate * dt + more};
}

void filter_sure_step(struct filter_sure *s, double dt, double rate,
                      double rate_sigma, double middle, double half)
{
    struct filter_sure was = filter_sure_at(s, dt, rate, rate_sigma);
    filter_sure_first(s, middle, half);
    if (was.lo > s->hi || was.hi < s->lo)
        return;
    s->lo = fmax(s->lo, was.lo);
    s->hi = fmin(s->hi, was.hi);
}
