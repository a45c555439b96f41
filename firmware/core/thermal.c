#include "thermal.h"

#include <math.h>

#include "bytes.h"
#include "clk.h"
#include "filter.h"
#include "utc.h"

#define QUICK_S  30.0 /* the sensor's steps and noise                      */
#define LEAST_MC (-60000)
#define MOST_MC  150000
#define BEYOND   1.0   /* C: the law is believed so far out of its range     */
#define GATE     9.0   /* sigmas^2: what a sample misses by more is not it   */
#define MISSED   3     /* in a row: time has jumped, or the rate             */
#define LOST2    1e-10 /* (10 ppm)^2: then                                  */
#define STAY     0.98  /* of a mode, from one sample to the next             */
#define RATE2    (60e-6 * 60e-6)
#define USE      6.0  /* log of the odds, 400 to 1; none at even odds        */
#define ODDS_MAX 12.0 /* 160000 to 1: what was true for long may end          */

#define VERSION 1    /* of the card's record                               */
#define MOST    2e-6 /* per C that is told, and that a record holds        */

static const double wander[THERMAL_WANDERS] = {3e-10, 2e-9, 1e-8, 6e-8};
/* One sigma of what a crystal does, per C, per C, per C^2; and how it ages, per
 * sqrt(s): a tenth of that in a month. */
static const double law_sigma[THERMAL_TERMS] = {3e-7, 3e-7, 1e-8};
static const double law_ages[THERMAL_TERMS] = {2e-11, 2e-11, 7e-13};

static void begin_modes(struct thermal_mode *m, bool with)
{
    for (int i = 0; i < THERMAL_WANDERS; i++) {
        m[i] = (struct thermal_mode){.weight = 1.0 / THERMAL_WANDERS};
        m[i].p[1][1] = RATE2;
        for (int k = 0; with && k < THERMAL_TERMS; k++)
            m[i].p[2 + k][2 + k] = law_sigma[k] * law_sigma[k];
    }
}

void thermal_init(struct thermal *h, uint32_t hz)
{
    *h = (struct thermal){.hz = hz, .bends = 1};
    begin_modes(h->without, false);
    begin_modes(h->with, true);
}

static double seconds(const struct thermal *h, uint64_t from, uint64_t to)
{
    return (double)(int64_t)(to - from) / h->hz;
}

/* ---- the sensor ---------------------------------------------------------- */

static const struct thermal_bend *last_bend(const struct thermal *h)
{
    return &h->bend[(h->bends - 1) % THERMAL_BENDS];
}

/* What the terms are multiplied with, now. Beyond what was learned nothing is
 * foreseen. */
static void terms(const struct thermal *h, double u[THERMAL_TERMS])
{
    double s = fmin(fmax(h->slow, h->lo - BEYOND), h->hi + BEYOND) - h->mean;
    u[0] = h->quick - h->slow;
    u[1] = s;
    u[2] = s * s;
}

static void integrate(struct thermal *h, uint64_t ticks)
{
    double dt = seconds(h, h->read_ticks, ticks);
    for (int k = 0; k < THERMAL_TERMS; k++)
        h->sum[k] += h->u[k] * dt;
    h->read_ticks = ticks;
}

/* ---- the modes: a step in time ------------------------------------------- */

/* State r becomes f . x. */
static void transform(struct thermal_mode *m, int r,
                      const double f[THERMAL_STATES])
{
    double x = 0, var = 0, v[THERMAL_STATES];
    for (int i = 0; i < THERMAL_STATES; i++) {
        x += f[i] * m->x[i];
        v[i] = 0;
        for (int k = 0; k < THERMAL_STATES; k++)
            v[i] += f[k] * m->p[k][i];
    }
    for (int i = 0; i < THERMAL_STATES; i++)
        var += f[i] * v[i];
    m->x[r] = x;
    for (int i = 0; i < THERMAL_STATES; i++)
        m->p[r][i] = m->p[i][r] = v[i];
    m->p[r][r] = var;
}

/* The offset moves by the rate, and by the law as the sensor had it since. */
static void predict(struct thermal_mode *m, double dt,
                    const double sum[THERMAL_TERMS], double q)
{
    const double f[THERMAL_STATES] = {1, dt, sum[0], sum[1], sum[2]};
    transform(m, 0, f);
    m->p[0][0] += q * q * dt * dt * dt / 3;
    m->p[0][1] = m->p[1][0] += q * q * dt * dt / 2;
    m->p[1][1] += q * q * dt;
}

/* All modes, to `ticks`. */
static void advance(struct thermal *h, uint64_t ticks)
{
    double dt = seconds(h, h->ticks, ticks);
    integrate(h, ticks);
    for (int i = 0; i < THERMAL_WANDERS && h->known; i++) {
        predict(&h->without[i], dt, h->sum, wander[i]);
        predict(&h->with[i], dt, h->sum, wander[i]);
        for (int k = 0; k < THERMAL_TERMS; k++)
            h->with[i].p[2 + k][2 + k] += law_ages[k] * law_ages[k] * dt;
    }
    for (int k = 0; k < THERMAL_TERMS; k++)
        h->sum[k] = 0;
    h->ticks = ticks;
}

/* The sensor has moved by itself: the rate is what it was all the same, and
 * whether the law still holds is to be seen. */
static void rebase(struct thermal *h, uint64_t ticks,
                   const double was[THERMAL_TERMS])
{
    double f[THERMAL_STATES] = {0, 1};
    advance(h, ticks);
    for (int k = 0; k < THERMAL_TERMS; k++)
        f[2 + k] = was[k] - h->u[k];
    for (int i = 0; i < THERMAL_WANDERS; i++)
        transform(&h->with[i], 1, f);
    h->used = false;
    h->odds = fmin(h->odds, 0);
}

/* The law, its modes by their weights. */
static void law(const struct thermal *h, double k[THERMAL_TERMS])
{
    for (int j = 0; j < THERMAL_TERMS; j++) {
        k[j] = 0;
        for (int i = 0; i < THERMAL_WANDERS; i++)
            k[j] += h->with[i].weight * h->with[i].x[2 + j];
    }
}

static int32_t bend(struct thermal *h, uint64_t ticks,
                    const double was[THERMAL_TERMS])
{
    double k[THERMAL_TERMS], by = 0;
    law(h, k);
    for (int j = 0; j < THERMAL_TERMS; j++)
        by += k[j] * (h->u[j] - was[j]);
    const struct thermal_bend *old = last_bend(h);
    double rate = old->rate_e12 + by * 1e12;
    rate = fmin(fmax(rate, -CLK_RATE_MAX), CLK_RATE_MAX);
    int32_t e12 = (int32_t)(rate < 0 ? rate - 0.5 : rate + 0.5);
    int32_t moved = e12 - old->rate_e12;
    if (moved == 0)
        return 0;
    double dt = h->bends > 1 ? seconds(h, old->ticks, ticks) : 0;
    h->bend[h->bends % THERMAL_BENDS] = (struct thermal_bend){
        ticks, old->phase_s + dt * old->rate_e12 * 1e-12, e12};
    h->bends++;
    return moved;
}

int32_t thermal_read(struct thermal *h, uint64_t ticks, int32_t millidegrees)
{
    if (millidegrees < LEAST_MC || millidegrees > MOST_MC)
        return 0;
    double now = millidegrees * 1e-3, was[THERMAL_TERMS];
    double dt = seconds(h, h->read_ticks, ticks), far = fabs(now - h->quick);
    bool told = h->told, kept = h->hi > h->lo; /* from a record */
    if (!told && !kept)
        h->mean = h->lo = h->hi = h->slow = now;
    if (!told) {
        h->quick = h->slow;
        h->read_ticks = ticks;
        terms(h, h->u);
    }
    for (int k = 0; k < THERMAL_TERMS; k++)
        was[k] = h->u[k];
    integrate(h, ticks);
    h->told = true;
    h->millidegrees = millidegrees;
    /* farther from those before than ever when samples could judge it */
    bool jump = !told || dt > FILTER_CASE_S || far > h->usual + BEYOND;
    h->quick =
        jump ? now : h->quick + (now - h->quick) * (1 - exp(-dt / QUICK_S));
    h->slow =
        jump ? now : h->slow + (now - h->slow) * (1 - exp(-dt / FILTER_CASE_S));
    h->far = told ? fmax(h->far, far) : 0;
    terms(h, h->u);
    if (jump && told)
        rebase(h, ticks, was);
    bool foreseen = told ? !jump : kept;
    return h->used && foreseen ? bend(h, ticks, was) : 0;
}

/* ---- the samples --------------------------------------------------------- */

/* Returns the log of the density that was foreseen for z; *far is how many
 * sigmas^2 it misses. What is far off moves it no more than GATE would. */
static double update(struct thermal_mode *m, double z, double var, double *far)
{
    double s = m->p[0][0] + var, d = z - m->x[0];
    double log_density = -fmin(d * d / s, GATE) / 2 - log(s) / 2;
    *far = d * d / s;
    s = fmax(s, d * d / GATE);
    double k[THERMAL_STATES];
    for (int i = 0; i < THERMAL_STATES; i++) {
        k[i] = m->p[0][i] / s;
        m->x[i] += k[i] * d;
    }
    for (int i = 0; i < THERMAL_STATES; i++)
        for (int j = 0; j < THERMAL_STATES; j++)
            m->p[i][j] -= k[i] * k[j] * s;
    return log_density;
}

/* All modes of one hypothesis. Returns the log of the density foreseen. */
static double weigh(struct thermal_mode *m, double z, double var, double *far)
{
    double like[THERMAL_WANDERS], best = -INFINITY, total = 0;
    *far = INFINITY;
    for (int i = 0; i < THERMAL_WANDERS; i++) {
        double miss;
        like[i] = update(&m[i], z, var, &miss);
        *far = fmin(*far, miss);
        best = fmax(best, like[i]);
    }
    for (int i = 0; i < THERMAL_WANDERS; i++) {
        double w = STAY * m[i].weight + (1 - STAY) / THERMAL_WANDERS;
        total += m[i].weight = w * exp(like[i] - best);
    }
    for (int i = 0; i < THERMAL_WANDERS; i++)
        m[i].weight /= total;
    return best + log(total);
}

/* The offset is z, whatever it was; the rate as well where `lost`. */
static void put(struct thermal_mode *m, double z, double var, bool lost)
{
    for (int i = 0; i < THERMAL_WANDERS; i++) {
        for (int k = 0; k < THERMAL_STATES; k++)
            m[i].p[0][k] = m[i].p[k][0] = 0;
        m[i].x[0] = z;
        m[i].p[0][0] = var;
        m[i].p[1][1] += lost ? LOST2 : 0;
    }
}

static bool sane(const struct thermal_mode *m)
{
    for (int i = 0; i < THERMAL_WANDERS; i++)
        for (int k = 0; k < THERMAL_STATES; k++)
            if (!isfinite(m[i].x[k]) || !(m[i].p[k][k] >= 0) ||
                !isfinite(m[i].p[k][k]) || !isfinite(m[i].weight))
                return false;
    return true;
}

static void judge(struct thermal *h, double gained)
{
    h->odds = fmin(fmax(h->odds + gained, -ODDS_MAX), ODDS_MAX);
    h->used = h->used ? h->odds > 0 : h->odds > USE;
    if (sane(h->without) && sane(h->with))
        return;
    begin_modes(h->without, false);
    begin_modes(h->with, true);
    h->known = h->used = false;
    h->odds = 0;
}

void thermal_restart(struct thermal *h)
{
    h->known = false;
}

void thermal_sample(struct thermal *h, uint64_t ticks, ntp64 utc, double var,
                    int source)
{
    if (!h->told || (h->known && (int64_t)(ticks - h->ticks) <= 0))
        return;
    if (!h->known) {
        h->ticks0 = h->ticks = ticks;
        h->utc0 = utc;
    }
    int64_t nominal = utc_ticks_ntp((int64_t)(ticks - h->ticks0), h->hz);
    double z = (double)utc_diff(utc, h->utc0 + (uint64_t)nominal) / UTC_S;
    double far[2] = {0};
    advance(h, ticks);
    bool anew = !h->known || source != h->source;
    if (!anew) {
        double a = weigh(h->without, z, var, &far[0]);
        judge(h, weigh(h->with, z, var, &far[1]) - a);
    }
    h->missed = fmin(far[0], far[1]) > GATE ? (uint8_t)(h->missed + 1) : 0;
    if (anew || h->missed >= MISSED) {
        put(h->without, z, var, !anew);
        put(h->with, z, var, !anew);
        h->missed = 0;
    }
    h->known = true;
    h->source = source;
    h->lo = fmin(h->lo, h->slow);
    h->hi = fmax(h->hi, h->slow);
    h->usual = fmax(h->usual, h->far);
    h->far = 0;
}

/* ---- what was foreseen --------------------------------------------------- */

int64_t thermal_phase(const struct thermal *h, uint64_t ticks)
{
    if (h->bends == 1)
        return 0;
    uint32_t i = h->bends,
             oldest = h->bends > THERMAL_BENDS ? h->bends - THERMAL_BENDS : 0;
    const struct thermal_bend *b;
    do {
        b = &h->bend[--i % THERMAL_BENDS];
    } while (i > oldest && (int64_t)(ticks - b->ticks) < 0);
    double dt = i > 0 ? seconds(h, b->ticks, ticks) : 0;
    double phase = (b->phase_s + dt * b->rate_e12 * 1e-12) * UTC_S;
    return (int64_t)(phase < 0 ? phase - 0.5 : phase + 0.5);
}

int32_t thermal_rate(const struct thermal *h)
{
    return last_bend(h)->rate_e12;
}

/* ---- what was learned ---------------------------------------------------- */

bool thermal_law(const struct thermal *h, struct thermal_law *out)
{
    double k[THERMAL_TERMS], var = 0, s = 2 * (h->slow - h->mean);
    if (!(h->hi > h->lo))
        return false;
    law(h, k);
    for (int i = 0; i < THERMAL_WANDERS; i++) {
        const struct thermal_mode *m = &h->with[i];
        var +=
            m->weight * (m->p[3][3] + 2 * s * m->p[3][4] + s * s * m->p[4][4]);
    }
    *out = (struct thermal_law){
        .slope_e12 = (int32_t)(fmin(fmax(k[1] + s * k[2], -MOST), MOST) * 1e12),
        .slope_sigma_e12 = (int32_t)(fmin(sqrt(fmax(var, 0)), MOST) * 1e12),
    };
    return true;
}

static int32_t milli(double v)
{
    v = fmin(v, MOST_MC * 1e-3);
    return (int32_t)(v < 0 ? v * 1e3 - 0.5 : v * 1e3 + 0.5);
}

bool thermal_save(const struct thermal *h, uint8_t out[THERMAL_RECORD])
{
    double k[THERMAL_TERMS];
    if (!h->told || milli(h->hi) <= milli(h->lo))
        return false;
    law(h, k);
    const double c[] = {h->mean, h->lo, h->hi, h->usual, h->slow};
    uint8_t *p = out;
    *p++ = VERSION;
    *p++ = h->used;
    for (size_t i = 0; i < LEN(c); i++, p += 4)
        bytes_put32(p, (uint32_t)milli(c[i]));
    for (int j = 0; j < THERMAL_TERMS; j++, p += 8) {
        double var = 0;
        for (int i = 0; i < THERMAL_WANDERS; i++)
            var += h->with[i].weight * h->with[i].p[2 + j][2 + j];
        bytes_put32(p,
                    (uint32_t)(int32_t)(fmin(fmax(k[j], -MOST), MOST) * 1e15));
        bytes_put32(p + 4, (uint32_t)(fmin(sqrt(fmax(var, 0)), MOST) * 1e15));
    }
    return true;
}

int thermal_restore(struct thermal *h, const uint8_t *in, size_t len)
{
    if (len != THERMAL_RECORD || in[0] != VERSION || in[1] > 1)
        return RC_BAD;
    int32_t c[5];
    for (size_t i = 0; i < LEN(c); i++) {
        c[i] = (int32_t)bytes_get32(in + 2 + 4 * i);
        if (c[i] < LEAST_MC || c[i] > MOST_MC)
            return RC_BAD;
    }
    if (c[1] >= c[2] || c[3] < 0)
        return RC_BAD;
    h->mean = c[0] * 1e-3;
    h->lo = c[1] * 1e-3;
    h->hi = c[2] * 1e-3;
    h->usual = c[3] * 1e-3;
    h->slow = c[4] * 1e-3;
    h->used = in[1] == 1;
    h->odds = h->used ? 1 : 0;
    for (int j = 0; j < THERMAL_TERMS; j++) {
        const uint8_t *p = in + 2 + 4 * LEN(c) + 8 * j;
        double k = (int32_t)bytes_get32(p) * 1e-15;
        double s = fmin(bytes_get32(p + 4) * 1e-15, law_sigma[j]);
        for (int i = 0; i < THERMAL_WANDERS; i++) {
            h->with[i].x[2 + j] = k;
            h->with[i].p[2 + j][2 + j] = s * s;
        }
    }
    return RC_OK;
}
