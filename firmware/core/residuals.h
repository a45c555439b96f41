/* residuals.h -- what the last samples of a source did that its filter had
 * not predicted: the spread that `maxjitter` judges and the columns NP, NR,
 * Span and Std Dev of sourcestats.
 *
 *     once per sample that the filter has judged, accepted or refused:
 *         residuals_add(&r, sample's ticks, filter.resid_s)
 *
 * The spread is the median of the magnitudes, scaled to what a Gaussian's
 * standard deviation would be: three samples after a server's step do not
 * make the source jittery, a source whose every second sample is off is.
 * Pure; caller owns the struct, zeroed it is empty. */
#ifndef RESIDUALS_H
#define RESIDUALS_H

#include "base.h"

#define RESIDUALS 16 /* samples remembered */

struct residuals {
    uint64_t ticks[RESIDUALS]; /* ring */
    double s[RESIDUALS];
    uint8_t count, next;
};

/* Remembers what a sample was off the prediction, in seconds; ticks is the
 * sample's moment. The oldest of RESIDUALS is forgotten. */
void residuals_add(struct residuals *r, uint64_t ticks, double resid_s);

/* Returns the spread of the residuals, as one standard deviation; 0 while there
 * are fewer than two. */
span_ns residuals_spread_ns(const struct residuals *r);
/* Returns the number of runs of equal sign: near count / 2 while the line
 * fits. */
unsigned residuals_runs(const struct residuals *r);
/* Returns the time from the oldest to the newest, in counter ticks. */
uint64_t residuals_span_ticks(const struct residuals *r);

#endif
