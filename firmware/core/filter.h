/* filter.h -- one source's samples -> UTC against the raw counter: offset
 * and rate, each with its uncertainty.
 *
 * Works on the raw, unsteered counter only. It never sees the steering: a
 * step or a rate change of the clk voids nothing here and needs no call.
 *
 *     filter_init(&f, hz, rate, sigma);        once, and when the source has
 *                                              moved to another address
 *     each sample that ntp_client gave:
 *         filter_sample(&f, &s);
 *     when all sources are to be compared, one `ticks` for all of them:
 *         filter_estimate(&f, ticks, &est);
 *
 * Inside (the equations: filter.md), and why it keeps better time than a
 * regression over samples (the figures: tests/sim, make bench-clock):
 *   filter_delay  the last 256 round trips and the least ones of a day: the
 *     least possible one and how sure it is, their spread, and what the least
 *     one would be if the route has become longer, which the samples' times
 *     tell from a full queue;
 *   kalman_bank   twenty-four two-state Kalman filters, four wanders of
 *     the crystal times six measurement models, mixed by likelihood.
 *     The information in a sample goes as 1 / (round trip above the least)^2;
 *     the box model uses all of it and knows no jitter distribution.
 *   offset_interval  what half a round trip proves: the estimate is kept
 *     within it, and the bound covers all of it.
 * An outlier is refused. Three in a row that agree are a jump of time, here or
 * there, after which the rate is what it was; or they are what a change of the
 * rate has come to since the last sample that was taken. Both are kept, a bank
 * each, the estimate being their mean by how likely they are, until the samples
 * that follow have decided. Static asymmetry of a path is
 * invisible, here as to everybody: half the least round trip is in bound_ns.
 *
 * Samples come from authentic packets with a lying server behind them at
 * worst: any field value is tolerated, nothing asserts on it.
 *
 * Signs: a rate is what the local counter must be sped up by to keep UTC, so
 * it is what clk_set_rate takes: positive, our crystal is slow. (chronyc's
 * "ppm fast" is minus that.) Caller owns the struct, 6 KB. */
#ifndef FILTER_H
#define FILTER_H

#include "kalman_bank.h"
#include "filter_delay.h"
#include "offset_interval.h"
#include "ntp_client.h"

/* Prior of a crystal nobody has measured: 0 +- 60 ppm, one sigma. */
#define FILTER_SIGMA_UNKNOWN 60000000

/* What a crystal's rate may do while nobody looks, s/s, until its case has
 * warmed or cooled, which takes so many s. */
#define FILTER_CHANGE 5e-6
#define FILTER_CASE_S 600.0

struct estimate { /* a straight line through (ticks, utc) */
    uint64_t ticks;
    ntp64 utc;
    int32_t rate_e12;       /* to clk_set_rate; + our crystal is slow        */
    int32_t rate_sigma_e12; /* one sigma of it                               */
    span_ns sigma_ns;       /* one sigma of utc: jitter and age, no asymmetry*/
    span_ns bound_ns;       /* if the server is right, true UTC is within
                             * utc +- this: half the least round trip, root
                             * delay / 2, root dispersion, 2 sigma           */
    span_ns change_ns;      /* nor farther if the crystal's rate has changed by
                             * FILTER_CHANGE at any moment, and the path is as
                             * even as its samples say                       */
};

struct filter { /* private, except where said */
    uint32_t hz;
    uint32_t samples; /* readable: accepted since init                 */
    uint32_t refused; /* readable: outliers since init                 */
    uint64_t ticks0;  /* anchor of the nominal line                    */
    ntp64 utc0;
    uint64_t ticks; /* the bank's moment: the last one taken         */
    uint64_t seen;  /* the last one, refused or not                  */
    double prior_rate, prior_sigma;
    struct kalman_bank bank; /* s above the nominal line, s/s                */
    struct kalman_bank rate; /* if two: what is so if the rate has changed,  */
    bool two;                /* which it has, or the phase has jumped: bank  */
    double odds;             /* log of rate's chance / bank's                */
    uint8_t tried;           /* samples that have decided nothing yet        */
    struct filter_delay path;
    double longer; /* log of the odds that the least of a day are no more    */
    struct offset_interval
        proven; /* at the bank's moment                     */
    uint8_t refused_run, refused_all; /* in a row: that agree; any       */
    uint8_t undecided; /* taken since, that agree with those, too           */
    double refused_lo, refused_hi; /* where they say the truth is, s      */
    double near;     /* of the estimate is the truth, s, as change_ns says    */
    span_ns root_ns; /* root delay / 2 + root dispersion, last sample */
    double resid_s;  /* readable: last sample - prediction, s         */
    double surprise; /* readable: the same in sigmas of what was
                             * foreseen and of what that sample is worth     */
};

/* Empties the filter. hz is the counter's rate; rate_e12 and its one-sigma
 * sigma_e12 are what is known of the crystal before the first sample, in parts
 * per 10^12 (discipline_prior gives both). */
void filter_init(struct filter *f, uint32_t hz, int32_t rate_e12,
                 int32_t sigma_e12);

/* Takes a sample. Returns false if the sample was refused, either as an
 * outlier (then it is worth asking again in 2 s, whether time has jumped) or
 * because it is not later than the sample before. */
bool filter_sample(struct filter *f, const struct ntp_sample *s);

/* Returns true while it is worth asking again in 2 s, because samples soon
 * after one another may decide whether something has changed, and whether that
 * was the rate or time itself. At most four times for either. */
bool filter_wonders(const struct filter *f);

/* Extrapolates the estimate to `ticks`, which may lie before the last sample.
 * Returns false and leaves *out untouched while there is no sample. */
bool filter_estimate(const struct filter *f, uint64_t ticks,
                     struct estimate *out);

/* Returns one sigma of the offset, in seconds, `wait` seconds after the last
 * sample if no other comes. poll_adapt weighs it against filter_noise. */
double filter_foresee(const struct filter *f, double wait);
/* Returns one sigma, in seconds, of the offset that a single usual sample of
 * this path measures. */
double filter_noise(const struct filter *f);
/* Returns one sigma of the estimated rate, s/s. */
double filter_rate_sigma(const struct filter *f);

/* Returns how far the offset may have moved, in seconds, in `age` seconds in
 * which the rate has changed by FILTER_CHANGE. */
double filter_change(double age);

/* Moves the line by `by`, in 2^-32 s, because UTC itself has jumped by that
 * much (a leap second). All that is known stays known. */
void filter_shift(struct filter *f, int64_t by);

/* Returns UTC at another counter value on the line of an estimate; hz is the
 * counter's rate. */
ntp64 estimate_at(const struct estimate *e, uint64_t ticks, uint32_t hz);

static_assert(sizeof(struct filter) <= 8192, "16 of them are static");

#endif
