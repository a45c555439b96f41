#include "filter.h"

#include <math.h>

#include "clk.h"
#include "mono.h"
#include "truncated_normal.h"
#include "utc.h"

#define REFUSED_MAX 3    /* refused in a row that agree: it was a jump */
#define REFUSED_ALL 8    /* or that do not */
#define HALF        0.45 /* of lo, by which a box is wider: its least's doubt */
#define EDGE        0.3  /* its edges are soft: sigma / lo */
#define SOFT        0.02 /* ... at least, of a usual box's half width */
#define FALL        12.0 /* one-sided jitter: the rest / median excess */
#define ROOT_3      1.7320508075688772
#define RATE_MOST   5e-4  /* that a crystal may change by: CLK_RATE_MAX */
#define DECIDED     4.0   /* log of the odds, 55 to 1 */
#define TRIED_SOON  4     /* samples that are asked for at once to decide */
#define APART       2.0   /* of the latest ones' doubt: none near the least */
#define SIGMAS      2.0   /* of the estimate, in its bound */
#define IQR_SIGMAS  1.349 /* of a Gaussian */

void filter_init(struct filter *f, uint32_t hz, int32_t rate_e12,
                 int32_t sigma_e12)
{
    ASSERT(hz > 0);
    *f = (struct filter){.hz = hz,
                         .prior_rate = rate_e12 * 1e-12,
                         .prior_sigma = sigma_e12 * 1e-12};
}

/* ---- what a sample is worth ---------------------------------------------- */

static double precision_s(int log2_s)
{
    int e = log2_s < -30 ? -30 : log2_s > 0 ? 0 : log2_s;
    return 1.0 / (double)(1u << -e);
}

/* What the round trip lasted above the least was lost on either way. */
static struct measurement measure(const struct filter *f, double delay,
                                  double z, double grain)
{
    const struct filter_delay *p = &f->path;
    double sd = p->iqr / IQR_SIGMAS / 2 + grain + p->least / 4 / (p->n * p->n);
    struct measurement s = {
        .z = z,
        /* never more than half the round trip */
        .half = fmin((delay - p->least) / 2 + HALF * p->lo, delay / 2 + grain),
        .edge = fmin(EDGE * p->lo, delay / 8 + grain),
        .var = sd * sd,
    };
    /* the greatest ever says that there may be greater ones */
    bool ends = p->ends && delay < p->most;
    s.ends = ends ? fmin(s.half, (p->most - delay) / 2 + HALF * p->hi) : s.half;
    s.edge = fmax(s.edge, SOFT * fmin(s.half, (p->median - p->least) / 2));
    /* the spread of a few is none: one may be far off */
    if (p->n < FILTER_KNOWN)
        s.var += s.half * s.half / 3;
    /* a longer route looks like one-sided jitter and would move the clock */
    else if (p->usual)
        s.fall = fmax(p->median, delay) / FALL - p->least / FALL + grain;
    return s;
}

/* ---- the filter ---------------------------------------------------------- */

static double seconds(const struct filter *f, uint64_t from, uint64_t to)
{
    return (double)(int64_t)(to - from) / f->hz;
}

/* UTC if the crystal were exact. */
static ntp64 nominal(const struct filter *f, uint64_t ticks)
{
    int64_t d = (int64_t)(ticks - f->ticks0);
    return f->utc0 + (uint64_t)utc_ticks_ntp(d, f->hz);
}

/* The server's time was read during the round trip. */
static double certain(const struct filter *f, const struct ntp_sample *s)
{
    return (double)s->delay_ns * 0.5e-9 + 1.0 / f->hz +
           precision_s(s->server_precision);
}

static void first(struct filter *f, const struct ntp_sample *s)
{
    double half = (double)s->delay_ns * 0.5e-9 + f->path.lo;
    f->ticks0 = f->ticks = s->at_ticks;
    f->utc0 = s->utc;
    struct kalman_state x = {
        .rate = f->prior_rate,
        .p00 = half * half / 3,
        .p11 = f->prior_sigma * f->prior_sigma,
    };
    kalman_bank_init(&f->bank, &x);
    f->two = false;
    offset_interval_first(&f->proven, 0, certain(f, s));
    f->near = half;
}

static span_ns root(const struct ntp_sample *s)
{
    return s->root_delay_ns / 2 + s->root_disp_ns +
           (span_ns)(precision_s(s->server_precision) * 1e9);
}

/* One more refused: do they in a row agree on where the truth is instead? A
 * full queue's do not, nor do they exclude what was foreseen. */
static bool jumped(struct filter *f, const struct measurement *s)
{
    double lo = f->resid_s - s->half, hi = f->resid_s + s->half;
    f->refused++;
    f->refused_all++;
    if (f->refused_run > 0 && lo < f->refused_hi && hi > f->refused_lo) {
        f->refused_lo = fmax(lo, f->refused_lo);
        f->refused_hi = fmin(hi, f->refused_hi);
        f->refused_run++;
    } else if (lo > 0 || hi < 0) {
        f->refused_lo = lo;
        f->refused_hi = hi;
        f->refused_run = 1;
        f->undecided = 0;
    }
    return f->refused_run >= REFUSED_MAX || f->refused_all >= REFUSED_ALL;
}

/* A sample that was taken, but would have been as well where those refused say
 * that the truth is, does not make them outliers. */
static void confirmed(struct filter *f, const struct measurement *s)
{
    double lo = f->resid_s - s->half, hi = f->resid_s + s->half;
    f->refused_all = 0;
    if (f->refused_run == 0 || lo >= f->refused_hi || hi <= f->refused_lo)
        f->refused_run = 0;
    else if (f->undecided < UINT8_MAX)
        f->undecided++;
}

/* Both hypotheses as one state, dt after the last sample. */
static struct kalman_state state_at(const struct filter *f, double dt)
{
    struct kalman_state x = kalman_bank_at(&f->bank, dt);
    if (!f->two)
        return x;
    struct kalman_state y = kalman_bank_at(&f->rate, dt);
    return kalman_merge(&x, &y, 1 / (1 + exp(-f->odds)));
}

/* The sample says z +- half, dt after the last one taken. */
static void prove(struct filter *f, double z, double dt, double half)
{
    struct kalman_state x = state_at(f, 0);
    offset_interval_step(&f->proven, dt, x.rate, sqrt(fmax(x.p11, 0)), z, half);
}

/* A sample taken says how far off the estimate may be by now, if the truth is
 * in its box, whose edges are soft; so do those before it, for what the rate
 * may have done since. `moved` is what it moved the estimate by. */
static void approach(struct filter *f, const struct measurement *s, double dt,
                     double moved)
{
    double own = fabs(s->z - state_at(f, 0).off) + s->half + 2 * s->edge;
    f->near = fmin(f->near + FILTER_CHANGE * dt + fabs(moved), own);
}

/* The least that makes those that agree possible: boxes that all but hold what
 * was foreseen do not say that it was far off. */
static double jumped_by(const struct filter *f)
{
    double out = fmax(fmax(f->refused_lo, -f->refused_hi), 0);
    bool agree = f->refused_run >= REFUSED_MAX;
    return fmax(agree ? out : fabs(f->resid_s), 1.0 / f->hz);
}

/* ---- the rate has changed, or the phase ---------------------------------- */

/* The likelier one is what was so. */
static void settle(struct filter *f)
{
    if (f->two && f->odds > 0)
        f->bank = f->rate;
    f->two = false;
}

/* What samples in a row say instead of what was foreseen: the phase has jumped,
 * or the rate has changed at any moment since the last one taken, so much that
 * the offset has moved as far. Either is as likely; the next samples decide. */
static void fork(struct filter *f, const struct measurement *s, double dt)
{
    double by = jumped_by(f), none;
    const struct kalman_change off = {.off = by};
    const struct kalman_change rate = {.rate = by / dt * ROOT_3};
    settle(f);
    f->rate = f->bank;
    (void)kalman_bank_step(&f->rate, dt, s, &rate, &none, &none);
    (void)kalman_bank_step(&f->bank, dt, s, &off, &f->resid_s, &none);
    f->two = by / dt < RATE_MOST;
    f->odds = 0;
    f->tried = 0;
}

/* Do both say the same by now, within a sigma of either? */
static bool alike(const struct filter *f)
{
    struct kalman_state x = kalman_bank_at(&f->bank, 0);
    struct kalman_state y = kalman_bank_at(&f->rate, 0);
    double off = x.off - y.off, rate = x.rate - y.rate;
    return off * off < fmin(x.p00, y.p00) && rate * rate < fmin(x.p11, y.p11);
}

/* One sample for both hypotheses. Returns false if both refuse it. */
static bool weigh(struct filter *f, const struct measurement *s, double dt)
{
    double off, rate, none;
    bool taken = kalman_bank_step(&f->bank, dt, s, NULL, &none, &off);
    taken |= kalman_bank_step(&f->rate, dt, s, NULL, &none, &rate);
    if (!taken)
        return false;
    f->odds += rate - off;
    if (f->tried < TRIED_SOON)
        f->tried++;
    if (fabs(f->odds) >= DECIDED || alike(f))
        settle(f);
    return true;
}

/* ---- the way has become longer, or is full ------------------------------- */

/* log of the density of a box of that half width, which is d off what was
 * foreseen with this sigma. */
static double box_density(double d, double sigma, double half)
{
    struct truncated t =
        truncated_normal((d - half) / sigma, (d + half) / sigma);
    return t.log_mass - log(2 * half);
}

/* None of the last 256 round trips came near the least of the day: a way that
 * is longer by as much both ways leaves the samples where they were foreseen,
 * within smaller boxes; a queue, which only one way has, moves them. The
 * odds are those since the best moment for the longer way to have begun. */
static void longer(struct filter *f, const struct measurement *s, double grain,
                   double dt)
{
    const struct filter_delay *p = &f->path;
    if (p->lately - p->least < APART * p->lately_lo) {
        f->longer = 0;
        return;
    }
    struct kalman_state x = state_at(f, dt);
    double less = (p->lately - p->least) / 2 + HALF * p->lo;
    double half = fmax(s->half - less, 0) + HALF * p->lately_lo + grain;
    double edge = fmax(s->edge, EDGE * p->lately_lo);
    double sigma = sqrt(fmax(x.p00, 0) + edge * edge), d = s->z - x.off;
    f->longer += box_density(d, sigma, half) - box_density(d, sigma, s->half);
    f->longer = fmax(f->longer, 0);
    if (f->longer < DECIDED)
        return;
    filter_delay_forget(&f->path, grain);
    f->longer = 0;
}

/* Returns false and leaves the bank as it was if the sample is an outlier. */
static bool take(struct filter *f, const struct measurement *s, double dt)
{
    struct kalman_bank was = f->bank, was_rate = f->rate;
    double none;
    f->resid_s = s->z - state_at(f, dt).off;
    if (f->two ? weigh(f, s, dt)
               : kalman_bank_step(&f->bank, dt, s, NULL, &none, &none))
        return true;
    f->bank = was; /* predicted once, from the last one taken */
    f->rate = was_rate;
    return false;
}

static bool step(struct filter *f, const struct ntp_sample *s, double delay,
                 double grain)
{
    double z = (double)utc_diff(s->utc, nominal(f, s->at_ticks)) / UTC_S;
    double dt = seconds(f, f->ticks, s->at_ticks);
    struct measurement what = measure(f, delay, z, grain);
    double foreseen = filter_foresee(f, dt);
    double at = state_at(f, dt).off;
    longer(f, &what, grain, dt);
    bool taken = take(f, &what, dt);
    bool jump = !taken && jumped(f, &what);
    if (jump) {
        fork(f, &what, dt);
        offset_interval_first(&f->proven, z, certain(f, s));
        f->near = INFINITY;
        f->refused_run = f->refused_all = 0;
    } else if (taken) {
        prove(f, z, dt, certain(f, s));
        confirmed(f, &what);
    }
    taken = taken || jump;
    if (taken)
        approach(f, &what, dt, state_at(f, 0).off - at);
    double worth = what.half * what.half / 3;
    f->surprise =
        fabs(f->resid_s) / sqrt(foreseen * foreseen + fmax(what.var, worth));
    if (f->two && !kalman_bank_sane(&f->rate))
        f->two = false;
    if (taken && !kalman_bank_sane(&f->bank))
        first(f, s);
    return taken;
}

bool filter_sample(struct filter *f, const struct ntp_sample *s)
{
    if (f->samples > 0 && (int64_t)(s->at_ticks - f->seen) <= 0)
        return false;
    double delay = (double)s->delay_ns * 1e-9;
    double grain = 0.5 / f->hz + precision_s(s->server_precision) / 2;
    f->seen = s->at_ticks;
    filter_delay_add(&f->path, delay, (uint32_t)(s->at_ticks / f->hz), grain);
    if (f->samples == 0)
        first(f, s);
    else if (!step(f, s, delay, grain))
        return false;
    f->ticks = s->at_ticks;
    f->root_ns = root(s);
    f->samples++;
    return true;
}

/* ---- what it says -------------------------------------------------------- */

/* v * unit as an integer within +-limit. */
static int64_t whole(double v, double unit, double limit)
{
    double n = v * unit;
    n = n > limit ? limit : n < -limit ? -limit : n;
    return (int64_t)(n < 0 ? n - 0.5 : n + 0.5);
}

double filter_change(double age)
{
    return FILTER_CHANGE * fmin(age, FILTER_CASE_S);
}

bool filter_wonders(const struct filter *f)
{
    return (f->two && f->tried < TRIED_SOON) ||
           (f->refused_run > 0 && f->undecided < TRIED_SOON);
}

bool filter_estimate(const struct filter *f, uint64_t ticks,
                     struct estimate *out)
{
    if (f->samples == 0)
        return false;
    double dt = seconds(f, f->ticks, ticks), age = fabs(dt);
    struct kalman_state x = state_at(f, dt);
    double sigma = sqrt(x.p00 > 0 ? x.p00 : 0);
    double rate_sigma = sqrt(x.p11 > 0 ? x.p11 : 0);
    struct offset_interval s =
        offset_interval_at(&f->proven, dt, x.rate, rate_sigma);
    x.off = fmin(fmax(x.off, s.lo), s.hi);
    double wrong = fmax(s.hi - x.off, x.off - s.lo);
    int64_t off = whole(x.off, UTC_S, 9e18);
    *out = (struct estimate){
        .ticks = ticks,
        .utc = nominal(f, ticks) + (uint64_t)off,
        .rate_e12 = (int32_t)whole(x.rate, 1e12, CLK_RATE_MAX),
        .rate_sigma_e12 = (int32_t)whole(rate_sigma, 1e12, 1e9),
        .sigma_ns = whole(sigma, 1e9, 1e18),
        .bound_ns =
            f->root_ns + MONO_S / f->hz +
            whole(fmax(f->path.least / 2 + SIGMAS * sigma, wrong), 1e9, 1e18),
        .change_ns =
            f->root_ns +
            whole(f->near + filter_change(age) + rate_sigma * age, 1e9, 1e18),
    };
    return true;
}

double filter_foresee(const struct filter *f, double wait)
{
    double p = state_at(f, wait).p00;
    return sqrt(p > 0 ? p : 0);
}

double filter_noise(const struct filter *f)
{
    return f->path.iqr / IQR_SIGMAS / 2 + 0.5 / f->hz;
}

double filter_rate_sigma(const struct filter *f)
{
    double p = state_at(f, 0).p11;
    return sqrt(p > 0 ? p : 0);
}

void filter_shift(struct filter *f, int64_t by)
{
    f->utc0 += (uint64_t)by; /* all else is relative to it */
}

ntp64 estimate_at(const struct estimate *e, uint64_t ticks, uint32_t hz)
{
    int64_t plain = utc_ticks_ntp((int64_t)(ticks - e->ticks), hz);
    double more = (double)plain * (e->rate_e12 * 1e-12);
    return e->utc + (uint64_t)plain + (uint64_t)whole(more, 1, 9e18);
}
