/* thermal.h -- what the board's sensor says of the crystal's rate: learns the
 * law between them from a source's samples, and foresees by it how the rate
 * changes between samples and while no server answers. The equations and the
 * rule by which it is judged: filter.md.
 *
 *     thermal_init(&h, hz);  thermal_restore(&h, record)   the card's, if any
 *     each reading of the sensor, some a minute:
 *         by = thermal_read(&h, ticks, millidegrees);
 *         bend the clock's line by `by` from ticks on
 *     each sample of the source that is followed:
 *         thermal_sample(&h, ticks, utc, var, source);
 *     thermal_restart when time itself has jumped (a leap second)
 *
 * What was foreseen is one function of the counter, thermal_phase, the sum of
 * all bends since boot. Filters see samples less thermal_phase, so they work
 * on a crystal that the temperature moves less, and their estimates get it
 * added again. While nothing is used it stays as it is: a board without a
 * sensor, or whose sensor says nothing about the crystal, has the clock that
 * it would have without all this.
 *
 * A sensor may be stuck, noisy, coarse, late, far from the crystal or lie:
 * any reading is tolerated, and only the samples decide whether the law is
 * used. Signs: a rate is what the counter must be sped up by, as in filter.h.
 * Pure; caller owns the struct, 4 KB. */
#ifndef THERMAL_H
#define THERMAL_H

#include "base.h"

#define THERMAL_TERMS   3 /* of the law: quick, slow, slow squared          */
#define THERMAL_STATES  (2 + THERMAL_TERMS)
#define THERMAL_WANDERS 4
#define THERMAL_BENDS   64 /* kept, for samples that are older               */

/* The journal's record (kind STORE_THERMAL, id 0), big-endian:
 *    0  1  version, 1
 *    1  1  1: the law was used
 *    2  4  C / 1000: the middle of the parabola; 4, 4 least and greatest that
 *          was learned from; 4 the greatest usual step of a reading; 4 the last
 *          one, smoothed, at which the crystal had the rate of the floor's
 *          record (floor_record.h)
 *   22  4  1e-15 per C: quick; 4 one sigma of it; the same of slow, and of slow
 *          squared, per C^2 */
#define THERMAL_RECORD 46

struct thermal_mode { /* offset, rate, ppm per degree ...: s, s/s, s/s per C */
    double x[THERMAL_STATES], p[THERMAL_STATES][THERMAL_STATES];
    double weight; /* of the hypothesis' modes, sum 1 */
};

struct thermal_bend { /* from ticks on the rate is rate_e12 */
    uint64_t ticks;
    double phase_s;
    int32_t rate_e12;
};

struct thermal {
    uint32_t hz;
    /* the sensor */
    bool told;            /* readable: there is a reading                 */
    int32_t millidegrees; /* readable: the last one                       */
    uint64_t read_ticks;  /* of it                                        */
    double quick, slow;   /* it smoothed over seconds and minutes, C      */
    double mean;          /* the law is a parabola about this, C          */
    double far, usual; /* a reading from those before: greatest since the last
                        * sample, and ever till then, C                     */
    double lo, hi;     /* readable: learned between these, C           */
    double u[THERMAL_TERMS], sum[THERMAL_TERMS]; /* now; since last sample  */
    /* the samples */
    bool known;
    int source;
    uint8_t missed; /* in a row, by both hypotheses                         */
    uint64_t ticks0, ticks; /* anchor; the modes' moment                    */
    ntp64 utc0;
    struct thermal_mode without[THERMAL_WANDERS], with[THERMAL_WANDERS];
    double odds; /* readable: log of with's chance / without's             */
    bool used;   /* readable                                              */
    /* what was foreseen */
    struct thermal_bend bend[THERMAL_BENDS];
    uint32_t bends; /* the last is [(bends - 1) % THERMAL_BENDS]            */
};

struct thermal_law {   /* what was learned, parts per 10^12 per degree C */
    int32_t slope_e12; /* where it is now, + the crystal gets slower  */
    int32_t slope_sigma_e12; /* one sigma of it                             */
};

/* Begins knowing nothing. hz is the counter's rate. */
void thermal_init(struct thermal *h, uint32_t hz);

/* Takes a reading of the sensor, in thousandths of a degree C. Returns by how
 * much the rate of the clock has to change from `ticks` on, parts per 10^12; 0
 * while the law is not used. The first one after a record's tells what has
 * changed since that was written. */
int32_t thermal_read(struct thermal *h, uint64_t ticks, int32_t millidegrees);

/* Takes what a sample of a source says: UTC at `ticks` was utc, with variance
 * var > 0, in s^2. Another source than before begins anew with the offset. */
void thermal_sample(struct thermal *h, uint64_t ticks, ntp64 utc, double var,
                    int source);

/* Forgets the offset, since UTC itself has jumped; the law stays. */
void thermal_restart(struct thermal *h);

/* Returns what the law has moved the clock by until `ticks`, in 2^-32 s. */
int64_t thermal_phase(const struct thermal *h, uint64_t ticks);

/* Returns what it adds to the rate now, parts per 10^12. */
int32_t thermal_rate(const struct thermal *h);

/* Gives what was learned. Returns false while that is nothing. */
bool thermal_law(const struct thermal *h, struct thermal_law *out);

/* Writes what the card keeps, the law with its sigmas. Returns false while
 * there is nothing to keep. */
bool thermal_save(const struct thermal *h, uint8_t out[THERMAL_RECORD]);

/* Reads such a record, which may hold any bytes, after thermal_init. Returns
 * RC_OK, or RC_BAD, and then nothing is known. */
int thermal_restore(struct thermal *h, const uint8_t *in,
                    size_t len) MUST_CHECK;

#endif
