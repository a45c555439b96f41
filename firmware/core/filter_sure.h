/* filter_sure.h -- between what the truth must lie, whatever the path does.
 *
 * However unlike the two ways of a round trip are, the server's time was
 * read during it: the truth is within half the round trip of the middle. That
 * needs no distribution of delays, so it holds where the filters' does not,
 * in a full queue at cold start most of all. Each sample's interval is met
 * with those before it, which have grown meanwhile by what the crystal may
 * have drifted. If they have nothing in common, time has jumped, or the rate
 * was not what it seemed: the newest alone counts.
 *
 * Offsets in seconds above the filter's nominal line, spans in seconds. The
 * server's own error is not in it. Pure. */
#ifndef FILTER_SURE_H
#define FILTER_SURE_H

#include "base.h"

struct filter_sure {
    double lo, hi;
};

/* A sample says middle +- half. */
void filter_sure_first(struct filter_sure *s, double middle, double half);
/* So do more, dt after the one before, while the crystal ran at rate, one
 * sigma of it known (s/s above the nominal line). */
void filter_sure_step(struct filter_sure *s, double dt, double rate,
                      double rate_sigma, double middle, double half);
/* What is sure dt after the last sample (also before it). */
struct filter_sure filter_sure_at(const struct filter_sure *s, double dt,
                                  double rate, double rate_sigma);

#endif
