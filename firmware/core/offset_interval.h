/* offset_interval.h -- the interval that must hold the truth, whatever the
 * path does.
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
#ifndef OFFSET_INTERVAL_H
#define OFFSET_INTERVAL_H

#include "base.h"

struct offset_interval {
    double lo, hi;
};

/* Begins the interval with a sample that proves middle +- half, in seconds. */
void offset_interval_first(struct offset_interval *s, double middle,
                           double half);
/* Meets the interval with that of another sample, middle +- half, made dt
 * seconds after the one before, while the crystal ran at `rate` with one sigma
 * of rate_sigma (s/s above the nominal line). */
void offset_interval_step(struct offset_interval *s, double dt, double rate,
                          double rate_sigma, double middle, double half);
/* Returns the interval dt seconds after the last sample, or before it if dt is
 * negative, grown by what the crystal may have drifted. */
struct offset_interval offset_interval_at(const struct offset_interval *s,
                                          double dt, double rate,
                                          double rate_sigma);

#endif
