/* kalman_bank.h -- a bank of two-state Kalman filters (offset, rate of UTC
 * against the raw counter), mixed by how well each foresees the samples:
 * an interacting multiple model (IMM; Blom and Bar-Shalom, 1988).
 *
 * A mode is a pair of
 *   a wander q of the crystal, 1e-10, 1e-9, 1e-8, 1e-7 per sqrt(s): from one
 *     sample to the next it stays with 0.978 or becomes a neighbour, more
 *     seldom where the sample's box is wider than 16 sigmas of what was
 *     foreseen; and
 *   measurement model, z a sample's offset, ex its round trip above the least:
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
 *     ENDS   as BOX where neither way can take longer than so much, as with
 *            frames and time slots: a round trip near the greatest has all but
 *            filled both, and is as exact as one near the least. The truth is
 *            within z +- (the less of ex and greatest - round trip) / 2.
 *     SWAY   as BOX, with time itself moved to and fro by 0.2 of GAUSS's sigma:
 *            a crystal whose rate swings, with a room's heating, faster than
 *            such samples tell. To follow it is worse than to let it swing.
 * Every step: mix the modes' states by the chances of change, predict, update,
 * weigh by likelihood. The box's update is exact but for one thing: the
 * truncated normal is replaced by a normal of the same mean and variance.
 *
 * An outlier is a hypothesis too, common to all modes: 0.01 of the least peak
 * density that BOX or GAUSS has with any wander, the other laws being narrower
 * boxes or steeper ones. When it is the likelier one the sample is refused,
 * unless something is said to have happened: a jump of phase, whose
 * square is added to the offset's variance, the rate is kept; or a change of
 * the rate, which moves both.
 *
 * Densities are handled as logarithms, sums of squares are of differences
 * only, and a state that is no longer finite is reported, so that filter.c
 * begins anew. Units: s and s/s. Pure. */
#ifndef KALMAN_BANK_H
#define KALMAN_BANK_H

#include "base.h"

enum measurement_model {
    MODEL_BOX,
    MODEL_GAUSS,
    MODEL_EARLY,
    MODEL_LATE,
    MODEL_ENDS,
    MODEL_SWAY,
    MODEL_COUNT
};
#define KALMAN_WANDERS 4
#define KALMAN_MODES   (KALMAN_WANDERS * MODEL_COUNT)

struct kalman_state {
    double off, rate, p00, p01, p11;
};

struct kalman_bank {
    struct kalman_state mode[KALMAN_MODES]; /* wander * MODEL_COUNT + model */
    double weight[KALMAN_MODES];            /* sum 1                      */
};

struct measurement { /* what one sample measured */
    double z;        /* offset                                               */
    double half;     /* the box's half width, > 0                            */
    double ends;     /* ENDS's half width, > 0                               */
    double edge;     /* one sigma of its edges, > 0                          */
    double var;      /* GAUSS's, > 0                                         */
    double fall;     /* EARLY and LATE: density falls by e in so much; 0: not
                   * yet known, they are boxes                            */
};

/* What is said to have happened since the last sample: the offset has jumped,
 * or the rate has changed at some moment between, by one sigma of s, s/s. */
struct kalman_change {
    double off, rate;
};

/* Sets every mode to the state x, each with its prior weight. */
void kalman_bank_init(struct kalman_bank *b, const struct kalman_state *x);

/* Predicts the bank by dt seconds (> 0, since the last sample) and updates it
 * with one measurement. A change says that the measurement is no outlier but
 * that something has happened; NULL: nothing has. Returns false if the
 * measurement was refused as an outlier; the bank has been predicted all the
 * same. *innovation becomes z less what was foreseen, in seconds, and *evidence
 * the log of the density that was foreseen for z, outliers included. */
bool kalman_bank_step(struct kalman_bank *b, double dt,
                      const struct measurement *s,
                      const struct kalman_change *change, double *innovation,
                      double *evidence);

/* Returns all modes merged into one state, predicted by dt seconds. dt may be
 * negative: variances grow either way. */
struct kalman_state kalman_bank_at(const struct kalman_bank *b, double dt);

/* Returns the two as one of the same mean and variance, y's share being
 * `share`. */
struct kalman_state kalman_merge(const struct kalman_state *x,
                                 const struct kalman_state *y, double share);

/* Returns false if a number of the bank has overrun; the caller then has to
 * begin anew with kalman_bank_init. */
bool kalman_bank_sane(const struct kalman_bank *b);

#endif
