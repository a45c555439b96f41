#include "filter.h"

#include <math.h>

#include "clk.h"
#include "utc.h"

/* The crystal's frequency is a random walk: 3e-9 per sqrt(s), between a
 * board at rest (1e-9) and one whose temperature moves (1e-8). */
#define WANDER2     (3e-9 * 3e-9)
#define ALONE2      (1e-8 * 1e-8) /* after a long silence, expect the worst */
#define ALONE       2048.0        /* s: longer than any usual poll          */
#define GATE2       (5.0 * 5.0) /* outliers: beyond so many sigma, squared  */
#define REFUSED_MAX 3           /* refused in a row; then it was a jump     */
#define FRESH       10.0 /* an unknown path's jitter: least delay / 10      */
#define NTP_SECOND  4294967296.0
#define RATE_LIMIT  (CLK_RATE_MAX * 1e-12)

void filter_init(struct filter *f, uint32_t hz, int32_t rate_e12,
                 int32_t sigma_e12)
{
    ASSERT(hz > 0);
    *f = (struct filter){.hz = hz,
                         .prior_rate = rate_e12 * 1e-12,
                         .prior_sigma = sigma_e12 * 1e-12};
}

/* ---- what a sample is worth ---------------------------------------------- */

static void remember(struct filter *f, double delay)
{
    f->delay[f->delay_next] = (float)delay;
    f->delay_next = (uint8_t)((f->delay_next + 1) % FILTER_DELAYS);
    if (f->delays < FILTER_DELAYS)
        f->delays++;
}

/* The k least delays remembered, ascending; k <= delays. */
static void least(const struct filter *f, double *out, unsigned k)
{
    unsigned n = 0;
    for (unsigned i = 0; i < f->delays; i++) {
        double d = f->delay[i];
        unsigned at = n < k ? n++ : k;
        while (at > 0 && out[at - 1] > d) {
            if (at < k)
                out[at] = out[at - 1];
            at--;
        }
        if (at < k)
            out[at] = d;
    }
}

/* How far the least delay seen may be above the least possible one. */
static double floor_doubt(const struct filter *f, double *floor)
{
    double low[4] = {0};
    unsigned k = f->delays < 4 ? f->delays : 4;
    least(f, low, k);
    *floor = low[0];
    double fresh = low[0] / FRESH / f->delays;
    double spread = (low[k - 1] - low[0]) / 4;
    return fresh + spread;
}

static double precision_s(int log2_s)
{
    int e = log2_s < -30 ? -30 : log2_s > 0 ? 0 : log2_s;
    return 1.0 / (double)(1u << -e);
}

/* Variance of a sample's offset. What the round trip lasted above the floor
 * was lost on either way, all of it on one at worst: somewhat wider than a
 * uniform spread (excess^2 / 12). */
static double variance(const struct filter *f, const struct ntp_sample *s)
{
    double floor, doubt = floor_doubt(f, &floor);
    double excess = (double)s->delay_ns * 1e-9 - floor;
    double tick = 1.0 / f->hz, grain = precision_s(s->server_precision);
    return (excess * excess + tick * tick + grain * grain) / 8 +
           doubt * doubt;
}

/* ---- the filter ---------------------------------------------------------- */

struct state {
    double off, rate, p00, p01, p11;
};

/* The state dt seconds on; dt may be negative, doubt grows either way. */
static struct state predicted(const struct filter *f, double dt)
{
    double age = fabs(dt), q = age > ALONE ? ALONE2 : WANDER2;
    return (struct state){
        .off = f->off + f->rate * dt,
        .rate = f->rate,
        .p00 = f->p00 + 2 * dt * f->p01 + dt * dt * f->p11 +
               q * age * age * age / 3,
        .p01 = f->p01 + dt * f->p11 + q * dt * age / 2,
        .p11 = f->p11 + q * age,
    };
}

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

static void first(struct filter *f, const struct ntp_sample *s)
{
    f->ticks0 = f->ticks = s->at_ticks;
    f->utc0 = s->utc;
    f->off = 0;
    f->rate = f->prior_rate;
    f->p00 = variance(f, s);
    f->p01 = 0;
    f->p11 = f->prior_sigma * f->prior_sigma;
}

static void correct(struct filter *f, const struct state *x, double innovation,
                    double r)
{
    double sum = x->p00 + r, k0 = x->p00 / sum, k1 = x->p01 / sum;
    f->off = x->off + k0 * innovation;
    f->rate = x->rate + k1 * innovation;
    if (fabs(f->rate) > RATE_LIMIT)
        f->rate = f->rate > 0 ? RATE_LIMIT : -RATE_LIMIT;
    f->p00 = (1 - k0) * x->p00;
    f->p01 = (1 - k0) * x->p01;
    f->p11 = x->p11 - k1 * x->p01;
}

static span_ns root(const struct ntp_sample *s)
{
    return s->root_delay_ns / 2 + s->root_disp_ns +
           (span_ns)(precision_s(s->server_precision) * 1e9);
}

bool filter_sample(struct filter *f, const struct ntp_sample *s)
{
    if (f->samples > 0 && (int64_t)(s->at_ticks - f->ticks) <= 0)
        return false;
    remember(f, (double)s->delay_ns * 1e-9);
    if (f->samples == 0) {
        first(f, s);
    } else {
        struct state x = predicted(f, seconds(f, f->ticks, s->at_ticks));
        double z = (double)utc_diff(s->utc, nominal(f, s->at_ticks)) /
                   NTP_SECOND;
        double innovation = z - x.off, r = variance(f, s);
        f->resid_s = innovation;
        if (innovation * innovation > GATE2 * (x.p00 + r)) {
            f->refused++;
            if (++f->refused_run < REFUSED_MAX)
                return false;
            /* Time has jumped, here or there: keep the frequency only. */
            x.p00 += innovation * innovation;
        }
        correct(f, &x, innovation, r);
        f->ticks = s->at_ticks;
    }
    f->refused_run = 0;
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

bool filter_estimate(const struct filter *f, uint64_t ticks,
                     struct estimate *out)
{
    if (f->samples == 0)
        return false;
    struct state x = predicted(f, seconds(f, f->ticks, ticks));
    double floor, doubt = floor_doubt(f, &floor);
    (void)doubt; /* it is in p00 */
    double sigma = sqrt(x.p00 > 0 ? x.p00 : 0);
    double rate_sigma = sqrt(x.p11 > 0 ? x.p11 : 0);
    int64_t off = whole(x.off, NTP_SECOND, 9e18);
    *out = (struct estimate){
        .ticks = ticks,
        .utc = nominal(f, ticks) + (uint64_t)off,
        .rate_e12 = (int32_t)whole(x.rate, 1e12, CLK_RATE_MAX),
        .rate_sigma_e12 = (int32_t)whole(rate_sigma, 1e12, 1e9),
        .sigma_ns = whole(sigma, 1e9, 1e18),
        .bound_ns = f->root_ns + whole(floor / 2 + 3 * sigma, 1e9, 1e18) +
                    UTC_NS / f->hz,
    };
    return true;
}

ntp64 estimate_at(const struct estimate *e, uint64_t ticks, uint32_t hz)
{
    int64_t plain = utc_ticks_ntp((int64_t)(ticks - e->ticks), hz);
    double more = (double)plain * (e->rate_e12 * 1e-12);
    return e->utc + (uint64_t)plain + (uint64_t)whole(more, 1, 9e18);
}
