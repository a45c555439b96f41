/* filter_bank.h -- a bank of two-state Kalman filters (offset, rate of UTC
 * against the raw counter), mixed by how well each foresees the samples:
 * an interacting multiple model (IMM; Blom and Bar-Shalom, 1988).
 *
 * A mode is a pair of
 *   a wander q of the crystal, 1e-10, 1e-9, 1e-8, 1e-7 per sqrt(s): from one
 *     sample to the next it stays with 0.978 or becomes a neighbour; and
 *   what a sample says, z its offset and ex its round trip above the least:
 *     BOX    the truth is within z +- (ex / 2 + 0.45 lo), anywhere alike. Wants
 *            to know no distribution; a sample that was long under way costs
 *            nothing: it only says little.
 *     GAUSS  the truth is z +- half the round trips' deviation, whatever ex.
 *     EARLY, LATE  as BOX, but the ex was lost on the way to the server
 *            (back from it), but for a small part: the truth is near the edge
 *            of the box, its density falling exponentially from there. This
 *            is the shape of one-sided jitter with both ways exponential.
 *            Fixed alternatives with proper densities, which the data choose,
 *            not parameters that follow the data: those ran away.
 * Every step: mix the modes' states by the chances of change, predict, update,
 * weigh by likelihood. The box's update is exact but for one thing: the
 * truncated normal is replaced by a normal of the same mean and variance.
 *
 * An outlier is a hypothesis too: 0.01 of the least of the modes' peak
 * densities, common to all. When it is the likelier one the sample is
 * refused, unless it is said to be a jump of phase: the square of that is
 * added to the offset's variance, the rate is kept.
 *
 * Densities are handled as logarithms, sums of squares are of differences
 * only, and a state that is no longer finite is reported, so that filter.c
 * begins anew. Units: s and s/s. Pure. */
#ifndef FILTER_BANK_H
#define FILTER_BANK_H

#include "base.h"

enum filter_says { SAYS_BOX, SAYS_GAUSS, SAYS_EARLY, SAYS_LATE, SAYS_COUNT };
#define FILTER_WANDERS 4
#define FILTER_MODES   (FILTER_WANDERS * SAYS_COUNT)

struct filter_state {
    double off, rate, p00, p01, p11;
};

struct filter_bank {
    struct filter_state mode[FILTER_MODES]; /* wander * SAYS_COUNT + says */
    double weight[FILTER_MODES];            /* sum 1                      */
};

struct filter_says_what { /* one sample */
    double z;    /* offset                                               */
    double half; /* the box's half width, > 0                            */
    double edge; /* one sigma of its edges, > 0                          */
    double var;  /* GAUSS's, > 0                                         */
    double fall; /* EARLY and LATE: density falls by e in so much; 0: not
                   * yet known, they are boxes                            */
};

void filter_bank_init(struct filter_bank *b, const struct filter_state *x);

/* dt: since the last, > 0. jump > 0: it is not an outlier, the offset has
 * moved by about so much. False: refused; the bank has been predicted to now
 * all the same. *innovation: z - what was foreseen. */
bool filter_bank_step(struct filter_bank *b, double dt,
                      const struct filter_says_what *s, double jump,
                      double *innovation);

/* All modes as one, dt on (may be negative: doubt grows either way). */
struct filter_state filter_bank_at(const struct filter_bank *b, double dt);

/* False: numbers overran; begin anew. */
bool filter_bank_sane(const struct filter_bank *b);

#endif
