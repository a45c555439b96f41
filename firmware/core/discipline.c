#include "discipline.h"

#include <math.h>

#include "utc.h"

#define SAVED_SIGMA_MIN 1000000 /* 1 ppm: another day's temperature         */
#define SAVE_SIGMA      1000000 /* worse is not worth saving                */
#define PRIOR_SIGMA_MIN 100000  /* 0.1 ppm, for a source that joins         */
#define DRIFT_E12       1000000 /* chrony's maxclockerror, 1 ppm            */
#define RATE_SIGMAS     3.0
#define WANDER          1e-8 /* per sqrt(s): a board that warms and cools    */
#define MEAN_S          3600.0 /* the rate of late is the mean of so long     */
#define LEARN_S         28800.0 /* how it walks, of so long                   */
#define SLEW_ROOM_MIN   10000000 /* 10 ppm, whatever the crystal            */
#define SLEW_S_MIN      1.0
#define SLEW_S_NEWS     26.0
#define SLEW_SIGMAS     3.0 /* a greater move of the line is news           */
#define SLEW_MOVED      0.3 /* sigmas^2, mean: the usual of a calm crystal  */
#define SLEW_PARTS      2   /* of a slew, each half what is left: exponential */
#define SLEW_AGE        4   /* a slew lasts at most a quarter of our age    */
#define SLEW_NONE       43  /* 2^-32 s, 10 ns: followed closely enough      */
#define SLEW_LONG       8   /* so many times longer, where sources differ */
#define RMS_GAIN        0.1

/* What contradicts the clk (discipline.h), s. */
#define CONTRA_LEAST  2.0    /* more than a leap second                      */
#define CONTRA_ALWAYS 1000.0 /* ntpd's panic                                 */
#define PATIENCE_MIN  300
#define PATIENCE_MAX  3600

void discipline_init(struct discipline *d, const struct discipline_conf *c,
                     uint32_t hz, int32_t saved_rate_e12,
                     int32_t saved_sigma_e12)
{
    ASSERT(hz > 0);
    *d = (struct discipline){
        .conf = *c, .hz = hz, .leap = 3, .wander2 = WANDER * WANDER};
    d->est.rate_sigma_e12 = FILTER_SIGMA_UNKNOWN;
    if (saved_sigma_e12 <= 0 || saved_rate_e12 > CLK_RATE_MAX ||
        saved_rate_e12 < -CLK_RATE_MAX)
        return;
    d->est.rate_e12 = saved_rate_e12;
    d->est.rate_sigma_e12 =
        saved_sigma_e12 > SAVED_SIGMA_MIN ? saved_sigma_e12 : SAVED_SIGMA_MIN;
}

void discipline_prior(const struct discipline *d, int32_t *rate_e12,
                      int32_t *sigma_e12)
{
    int32_t s = d->est.rate_sigma_e12;
    *rate_e12 = d->est.rate_e12;
    if (d->synced) /* several filters agreed on it; do not build on that */
        s = s < FILTER_SIGMA_UNKNOWN / 2 ? s * 2 : FILTER_SIGMA_UNKNOWN;
    *sigma_e12 = s > PRIOR_SIGMA_MIN ? s : PRIOR_SIGMA_MIN;
}

/* Line - clk, 2^-32 s. */
static int64_t behind(const struct discipline *d, const struct clk *c,
                      uint64_t ticks)
{
    return utc_diff(estimate_at(&d->est, ticks, d->hz), clk_at(c, ticks));
}

static bool may_step(const struct discipline *d, int64_t offset)
{
    if (d->updates == 0)
        return true;
    if (d->conf.makestep_limit >= 0 &&
        d->updates >= (uint32_t)d->conf.makestep_limit)
        return false;
    return fabs((double)offset) / UTC_S > d->conf.makestep_s;
}

/* s: what is to be slewed. Usual moves of the line are noise: all over the
 * same time, for that costs least of both time and frequency error; the less
 * the more of them is news. What is more than that is got rid of soon. Where
 * sources disagree for good by more than the line is sure of, UTC is not known
 * to that anyhow, and a steady frequency is worth more than to follow each
 * answer. */
static double slew_seconds(const struct discipline *d, double s, uint64_t ticks,
                           span_ns interval_ns)
{
    double age = (double)(int64_t)(ticks - d->first_ticks) / d->hz;
    double t = (double)interval_ns * 1e-9;
    double news = fmin(t, SLEW_S_NEWS);
    double usual = SLEW_SIGMAS * (double)d->est.sigma_ns * 1e-9;
    double calm = SLEW_MOVED * sqrt(fmax(t, 64) / 64);
    if (d->moved2 > calm)
        t *= calm / d->moved2;
    double apart = (double)d->spread_ns / (1 + (double)d->est.sigma_ns);
    t *= fmin(fmax(apart, 1), SLEW_LONG);
    if (fabs(s) > usual)
        t = fmax(t * usual / fabs(s), news);
    t = t > age / SLEW_AGE ? age / SLEW_AGE : t;
    return t < SLEW_S_MIN ? SLEW_S_MIN : t;
}

/* Bend towards the line, which the clk misses by `offset` at ticks. */
static void slew(const struct discipline *d, int64_t offset, uint64_t ticks,
                 span_ns interval_ns, struct discipline_action *out)
{
    out->rate_e12 = d->est.rate_e12;
    out->until_ticks = UINT64_MAX;
    if (offset <= SLEW_NONE && offset >= -SLEW_NONE)
        return;
    double room = offset > 0 ? CLK_RATE_MAX - (double)d->est.rate_e12
                             : CLK_RATE_MAX + (double)d->est.rate_e12;
    room = room < SLEW_ROOM_MIN ? SLEW_ROOM_MIN : room;
    if (d->conf.max_slew_e12 > 0)
        room = fmin(room, (double)d->conf.max_slew_e12);
    double s = (double)offset / UTC_S;
    double t = slew_seconds(d, s, ticks, interval_ns);
    if (fabs(s) * 1e12 > room * t)
        t = fabs(s) * 1e12 / room;
    int64_t rate = d->est.rate_e12 + (int64_t)(s * 1e12 / t);
    out->rate_e12 = (int32_t)(rate > CLK_RATE_MAX    ? CLK_RATE_MAX
                              : rate < -CLK_RATE_MAX ? -CLK_RATE_MAX
                                                     : rate);
    out->until_ticks = ticks + (uint64_t)(t / SLEW_PARTS * d->hz);
}

static span_ns rms(span_ns old, span_ns offset)
{
    double a = (double)old * (double)old, b = (double)offset * (double)offset;
    return (span_ns)sqrt(a + RMS_GAIN * (b - a));
}

/* How far the new line lies from the old one, in its own sigmas. */
static void moved(struct discipline *d, const struct select_out *sel)
{
    int64_t by =
        utc_diff(sel->est.utc, estimate_at(&d->est, sel->est.ticks, d->hz));
    double r = (double)utc_span_ns(by) / (1 + (double)sel->est.sigma_ns);
    r = fmin(r * r, SLEW_SIGMAS * SLEW_SIGMAS);
    d->moved2 += RMS_GAIN * (r - d->moved2);
}

/* How far the rate is from what it has been of late, in the mean of the last
 * hours, tells how it walks: a random walk is off its mean over t s by its
 * wander squared times t / 2. */
static void wandered(struct discipline *d)
{
    if (d->est.rate_sigma_e12 > SAVE_SIGMA)
        return;
    if (!d->rate_known)
        d->mean_e12 = d->est.rate_e12;
    d->rate_known = true;
    double by = (d->est.rate_e12 - d->mean_e12) * 1e-12;
    double walk2 = 2 * by * by / MEAN_S;
    d->mean_e12 +=
        d->update_s / (d->update_s + MEAN_S) * (d->est.rate_e12 - d->mean_e12);
    d->wander2 += d->update_s / (d->update_s + LEARN_S) * (walk2 - d->wander2);
}

static int32_t within(int64_t v, int64_t limit)
{
    limit = limit > 0 && limit < CLK_RATE_MAX ? limit : CLK_RATE_MAX;
    return (int32_t)(v > limit ? limit : v < -limit ? -limit : v);
}

/* The new line's rate, if it may be believed. */
static void limit_rate(struct discipline *d, const struct estimate *was)
{
    int64_t skew = d->conf.max_skew_e12;
    if (skew > 0 && d->est.rate_sigma_e12 > skew)
        d->est.rate_e12 = was->rate_e12;
    d->est.rate_e12 = within(d->est.rate_e12, d->conf.max_drift_e12);
}

/* maxchange. True: the correction is not to be made. To set a clock that never
 * was is none. */
static bool too_large(struct discipline *d, const struct select_out *sel,
                      const struct clk *c, uint64_t ticks)
{
    double s = fabs((double)utc_diff(estimate_at(&sel->est, ticks, d->hz),
                                     clk_at(c, ticks))) /
               UTC_S;
    if (d->conf.maxchange_s <= 0 || s <= d->conf.maxchange_s ||
        d->updates == 0 || (int64_t)d->updates < d->conf.maxchange_start)
        return false;
    if (d->ignored < UINT32_MAX)
        d->ignored++;
    if (d->conf.maxchange_ignore >= 0 &&
        d->ignored > (uint32_t)d->conf.maxchange_ignore) {
        d->gave_up = true;
        d->synced = false;
    }
    return true;
}

/* ---- contradiction ------------------------------------------------------- */

static span_ns dispersion(const struct discipline *d, uint64_t ticks);

static double magnitude_s(int64_t ntp_span)
{
    return fabs((double)ntp_span) / UTC_S;
}

/* The update may be wrong, or the clk, by what each says of itself. */
bool discipline_contradicts(const struct discipline *d,
                            const struct select_out *sel, const struct clk *c,
                            uint64_t ticks)
{
    int64_t by =
        utc_diff(estimate_at(&sel->est, ticks, d->hz), clk_at(c, ticks));
    double s = magnitude_s(by);
    if (d->updates == 0 || d->gave_up || s <= CONTRA_LEAST || may_step(d, by))
        return false;
    span_ns known = dispersion(d, ticks) + d->root_delay_ns / 2 +
                    sel->root_disp_ns + sel->root_delay_ns / 2;
    double may = magnitude_s(behind(d, c, ticks)) + (double)known * 1e-9;
    return s > may || s > CONTRA_ALWAYS;
}

uint32_t discipline_patience_s(const struct discipline *d)
{
    uint64_t set = (d->contra_ticks - d->first_ticks) / d->hz;
    return set < PATIENCE_MIN   ? PATIENCE_MIN
           : set > PATIENCE_MAX ? PATIENCE_MAX
                                : (uint32_t)set;
}

void discipline_restart(struct discipline *d)
{
    d->updates = 0;
    d->synced = d->contradicted = false;
    d->moved2 = d->update_s = 0;
}

void discipline_doubt(struct discipline *d, const struct select_out *sel,
                      const struct clk *c, uint64_t ticks)
{
    if (!d->contradicted ||
        magnitude_s(utc_diff(sel->est.utc,
                             estimate_at(&d->contra, sel->est.ticks, d->hz))) >
            CONTRA_LEAST)
        d->contra_ticks = ticks;
    d->contradicted = true;
    d->synced = false;
    d->contra = sel->est;
    d->contra_by =
        utc_diff(estimate_at(&sel->est, ticks, d->hz), clk_at(c, ticks));
}

/* Returns true if this update is not to be followed. */
static bool contradicted(struct discipline *d, const struct select_out *sel,
                         const struct clk *c, uint64_t ticks)
{
    if (!discipline_contradicts(d, sel, c, ticks)) {
        d->contradicted = false;
        return false;
    }
    discipline_doubt(d, sel, c, ticks);
    if ((ticks - d->contra_ticks) / d->hz < discipline_patience_s(d))
        return true;
    discipline_restart(d);
    return false;
}

static void learn(struct discipline *d, const struct select_out *sel,
                  uint64_t ticks)
{
    if (d->updates == 0)
        d->first_ticks = ticks;
    else
        moved(d, sel);
    if (d->updates > 0)
        d->update_s = (double)(int64_t)(sel->est.ticks - d->est.ticks) / d->hz;
    struct estimate was = d->est;
    d->est = sel->est;
    d->bent_s = 0;
    d->bent_e12 = 0;
    limit_rate(d, &was);
    wandered(d);
    d->resid_e12 = d->est.rate_e12 - was.rate_e12;
    d->stratum = (uint8_t)(sel->stratum + 1);
    d->leap = sel->leap;
    d->root_delay_ns = sel->root_delay_ns;
    d->spread_ns = sel->spread_ns;
    d->root_disp_ns = sel->root_disp_ns;
    d->synced = true;
}

void discipline_update(struct discipline *d, const struct select_out *sel,
                       const struct clk *c, uint64_t ticks, span_ns interval_ns,
                       struct discipline_action *out)
{
    ASSERT(sel->ok);
    if (d->gave_up || too_large(d, sel, c, ticks)) {
        discipline_follow(d, c, ticks, interval_ns, out);
        out->ignored = true;
        return;
    }
    if (contradicted(d, sel, c, ticks)) {
        discipline_follow(d, c, ticks, interval_ns, out);
        out->contradicted = true;
        return;
    }
    learn(d, sel, ticks);
    int64_t offset = behind(d, c, ticks);
    *out = (struct discipline_action){.first_sync = d->updates == 0};
    d->last_offset_ns = utc_span_ns(offset);
    if (d->updates == 1)
        d->rms_offset_ns =
            d->last_offset_ns < 0 ? -d->last_offset_ns : d->last_offset_ns;
    else if (d->updates > 1)
        d->rms_offset_ns = rms(d->rms_offset_ns, d->last_offset_ns);
    if (may_step(d, offset)) {
        out->step = true;
        out->step_by = offset;
        offset = 0;
    }
    slew(d, offset, ticks, interval_ns, out);
    if (d->updates < UINT32_MAX)
        d->updates++;
}

void discipline_follow(const struct discipline *d, const struct clk *c,
                       uint64_t ticks, span_ns interval_ns,
                       struct discipline_action *out)
{
    *out = (struct discipline_action){0};
    bool line = d->updates > 0; /* also one that is given up */
    slew(d, line ? behind(d, c, ticks) : 0, ticks, interval_ns, out);
}

void discipline_shift(struct discipline *d, int64_t by)
{
    d->est.utc += (uint64_t)by;
}

static double bent_s(const struct discipline *d, uint64_t ticks)
{
    double dt = (double)(int64_t)(ticks - d->bent_ticks) / d->hz;
    return d->bent_s + fabs((double)d->bent_e12) * 1e-12 * fmax(dt, 0);
}

void discipline_bend(struct discipline *d, uint64_t ticks, int32_t by_e12)
{
    d->bent_s = bent_s(d, ticks);
    d->bent_e12 += by_e12;
    d->bent_ticks = ticks;
    /* through the point where it is now */
    int64_t age = utc_ticks_ntp((int64_t)(ticks - d->est.ticks), d->hz);
    int32_t was = d->est.rate_e12;
    d->est.rate_e12 = within((int64_t)was + by_e12, d->conf.max_drift_e12);
    double back = (double)age * ((d->est.rate_e12 - was) * 1e-12);
    d->est.utc -= (uint64_t)(int64_t)(back < 0 ? back - 0.5 : back + 0.5);
}

span_ns discipline_offset(const struct discipline *d, const struct clk *c,
                          uint64_t ticks)
{
    return d->synced ? utc_span_ns(behind(d, c, ticks)) : 0;
}

static double drift(const struct discipline *d)
{
    return d->conf.max_clock_error_e12 > 0 ? (double)d->conf.max_clock_error_e12
                                           : DRIFT_E12;
}

static span_ns dispersion(const struct discipline *d, uint64_t ticks)
{
    double age = fabs((double)(int64_t)(ticks - d->est.ticks) / d->hz);
    double rate = (double)d->est.rate_sigma_e12 * 1e-12;
    /* a random walk of the frequency, integrated: age^(3/2) / sqrt 3; and the
     * rate may be one that it is not for long */
    double walk2 = d->wander2 * (age / 3 + fmin(age, MEAN_S) / 2);
    double unsure = age * sqrt(rate * rate + walk2);
    double usual = hypot(drift(d) * 1e-12 * age, RATE_SIGMAS * unsure) * 1e9 +
                   (double)d->root_disp_ns;
    /* of who knows the crystal better, less */
    double known = fmin(drift(d) / DRIFT_E12, 1);
    double change = (double)d->est.change_ns +
                    (known * filter_change(age) + rate * age) * 1e9 -
                    (double)d->root_delay_ns / 2;
    return (span_ns)(fmax(usual, change) + bent_s(d, ticks) * 1e9);
}

span_ns discipline_dispersion(const struct discipline *d, uint64_t ticks)
{
    return d->synced ? dispersion(d, ticks) : INT64_MAX;
}

span_ns discipline_error(const struct discipline *d, const struct clk *c,
                         uint64_t ticks)
{
    if (!d->synced)
        return INT64_MAX;
    span_ns off = discipline_offset(d, c, ticks);
    return (off < 0 ? -off : off) + d->root_delay_ns / 2 +
           discipline_dispersion(d, ticks);
}

bool discipline_save(const struct discipline *d, int32_t *rate_e12,
                     int32_t *sigma_e12)
{
    if (!d->synced || d->est.rate_sigma_e12 > SAVE_SIGMA)
        return false;
    *rate_e12 = d->est.rate_e12;
    *sigma_e12 = d->est.rate_sigma_e12;
    return true;
}
