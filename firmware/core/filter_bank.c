#include "filter_bank.h"

#include <math.h>

#include "filter_truncated.h"

#define WANDER_STAY  0.978
#define OUTLIER      0.01
#define ROOT_2PI     2.5066282746310002
#define LOG_ROOT_2PI 0.9189385332046727

static const double wander[FILTER_WANDERS] = {1e-10, 1e-9, 1e-8, 1e-7};
static const double wander_first[FILTER_WANDERS] = {0.3, 0.4, 0.2, 0.1};
static const double says_first[SAYS_COUNT] = {0.68, 0.30, 0.01, 0.01};

static double wander_change(int from, int to)
{
    bool edge = from == 0 || from == FILTER_WANDERS - 1;
    if (from == to)
        return WANDER_STAY;
    if (from - to > 1 || to - from > 1)
        return 0;
    return (1 - WANDER_STAY) / (edge ? 1 : 2);
}

/* What is likelier than to stay. Towards BOX, that is never quite wrong, most
 * readily; a one-sided reading is hard to come by and easy to lose. */
static const double says_change[SAYS_COUNT][SAYS_COUNT] = {
    [SAYS_BOX] = {0.9944, 0.005, 0.0003, 0.0003},
    [SAYS_GAUSS] = {0.005, 0.9944, 0.0003, 0.0003},
    [SAYS_EARLY] = {0.02, 0.0003, 0.9794, 0.0003},
    [SAYS_LATE] = {0.02, 0.0003, 0.0003, 0.9794},
};

void filter_bank_init(struct filter_bank *b, const struct filter_state *x)
{
    for (int i = 0; i < FILTER_MODES; i++) {
        b->mode[i] = *x;
        b->weight[i] =
            wander_first[i / SAYS_COUNT] * says_first[i % SAYS_COUNT];
    }
}

/* ---- mixing -------------------------------------------------------------- */

/* The states as one of the same mean and variance; w sums to total. */
static struct filter_state merge(const struct filter_state *x, const double *w,
                                 double total, int n)
{
    struct filter_state m = {0};
    for (int i = 0; i < n; i++) {
        m.off += w[i] / total * (x[i].off - x[0].off);
        m.rate += w[i] / total * (x[i].rate - x[0].rate);
    }
    m.off += x[0].off;
    m.rate += x[0].rate;
    for (int i = 0; i < n; i++) {
        double f = w[i] / total, d = x[i].off - m.off, r = x[i].rate - m.rate;
        m.p00 += f * (x[i].p00 + d * d);
        m.p01 += f * (x[i].p01 + d * r);
        m.p11 += f * (x[i].p11 + r * r);
    }
    return m;
}

/* One of the two kinds of change at a time: 16 x 4 sums, not 16 x 16. */
static void mix_says(struct filter_bank *b, int q)
{
    struct filter_state *x = &b->mode[q * SAYS_COUNT], out[SAYS_COUNT];
    double *w = &b->weight[q * SAYS_COUNT], wout[SAYS_COUNT];
    for (int to = 0; to < SAYS_COUNT; to++) {
        double part[SAYS_COUNT], total = 0;
        for (int i = 0; i < SAYS_COUNT; i++)
            total += part[i] = w[i] * says_change[i][to];
        out[to] = merge(x, part, total, SAYS_COUNT);
        wout[to] = total;
    }
    for (int i = 0; i < SAYS_COUNT; i++) {
        x[i] = out[i];
        w[i] = wout[i];
    }
}

static void mix_wander(struct filter_bank *b, int says)
{
    struct filter_state x[FILTER_WANDERS];
    double w[FILTER_WANDERS];
    for (int i = 0; i < FILTER_WANDERS; i++) {
        x[i] = b->mode[i * SAYS_COUNT + says];
        w[i] = b->weight[i * SAYS_COUNT + says];
    }
    for (int to = 0; to < FILTER_WANDERS; to++) {
        double part[FILTER_WANDERS], total = 0;
        for (int i = 0; i < FILTER_WANDERS; i++)
            total += part[i] = w[i] * wander_change(i, to);
        b->mode[to * SAYS_COUNT + says] = merge(x, part, total, FILTER_WANDERS);
        b->weight[to * SAYS_COUNT + says] = total;
    }
}

static struct filter_state predict(const struct filter_state *x, double dt,
                                   double q)
{
    double age = fabs(dt), q2 = q * q;
    return (struct filter_state){
        .off = x->off + x->rate * dt,
        .rate = x->rate,
        .p00 = x->p00 + 2 * dt * x->p01 + dt * dt * x->p11 +
               q2 * age * age * age / 3,
        .p01 = x->p01 + dt * x->p11 + q2 * dt * age / 2,
        .p11 = x->p11 + q2 * age,
    };
}

/* ---- one mode's update --------------------------------------------------- */

/* The offset, N(x.off, sum) with the measurement's own noise in sum, is now
 * known to have moved by `move` and to have variance `left` of it. */
static void absorb(struct filter_state *x, double sum, double move, double left)
{
    double k0 = x->p00 / sum, k1 = x->p01 / sum, gain = sum - left;
    x->off += k0 * move;
    x->rate += k1 * move;
    x->p00 -= k0 * k0 * gain;
    x->p01 -= k0 * k1 * gain;
    x->p11 -= k1 * k1 * gain;
}

static double gauss(struct filter_state *x, const struct filter_says_what *s)
{
    double sum = x->p00 + s->var, move = s->z - x->off;
    absorb(x, sum, move, 0);
    return -move * move / (2 * sum) - log(sum) / 2 - LOG_ROOT_2PI;
}

/* A box whose density over the truth falls by exp(-fall * (truth - z)). */
static double box(struct filter_state *x, const struct filter_says_what *s,
                  double fall)
{
    double sum = x->p00 + s->edge * s->edge, sigma = sqrt(sum);
    double d = s->z - x->off, shift = -fall * sum; /* completed square */
    struct truncated t = truncated_normal((d - s->half - shift) / sigma,
                                          (d + s->half - shift) / sigma);
    absorb(x, sum, shift + t.mean * sigma, t.var * sum);
    double like = t.log_mass + fall * d + fall * fall * sum / 2;
    double wide = fabs(fall) * s->half;
    if (wide < 1e-6)
        return like - log(2 * s->half);
    return like + log(fabs(fall)) - wide - log1p(-exp(-2 * wide));
}

static double update(struct filter_state *x, const struct filter_says_what *s,
                     int says)
{
    double fall = s->fall > 0 ? 1 / s->fall : 0;
    switch (says) {
    case SAYS_GAUSS:
        return gauss(x, s);
    case SAYS_EARLY:
        return box(x, s, fall);
    case SAYS_LATE:
        return box(x, s, -fall);
    default:
        return box(x, s, 0);
    }
}

/* log of the greatest density the mode gives any z. */
static double peak(const struct filter_state *x,
                   const struct filter_says_what *s)
{
    double g = 1 / (sqrt(x->p00 + s->var) * ROOT_2PI);
    double sigma = sqrt(x->p00 + s->edge * s->edge);
    double b = erf(s->half / sigma / sqrt(2)) / (2 * s->half);
    return log(g < b ? g : b);
}

/* ---- the bank ------------------------------------------------------------ */

static void advance(struct filter_bank *b, double dt)
{
    for (int q = 0; q < FILTER_WANDERS; q++)
        mix_says(b, q);
    for (int says = 0; says < SAYS_COUNT; says++)
        mix_wander(b, says);
    for (int i = 0; i < FILTER_MODES; i++)
        b->mode[i] = predict(&b->mode[i], dt, wander[i / SAYS_COUNT]);
}

/* Half believed: updated with weight a, left as predicted with 1 - a. */
static struct filter_state either(const struct filter_state *now,
                                  const struct filter_state *was, double a)
{
    struct filter_state both[2] = {*was, *now};
    double w[2] = {1 - a, a};
    return merge(both, w, 1, 2);
}

bool filter_bank_step(struct filter_bank *b, double dt,
                      const struct filter_says_what *s, double jump,
                      double *innovation)
{
    struct filter_state now[FILTER_MODES];
    double like[FILTER_MODES], low = INFINITY, best = -INFINITY;
    advance(b, dt);
    *innovation = s->z - filter_bank_at(b, 0).off;
    for (int i = 0; i < FILTER_MODES; i++) {
        b->mode[i].p00 += jump * jump;
        now[i] = b->mode[i];
        double p = peak(&now[i], s);
        low = p < low ? p : low;
        like[i] = update(&now[i], s, i % SAYS_COUNT);
        best = like[i] > best ? like[i] : best;
    }
    double wild = low + log(OUTLIER), top = best > wild ? best : wild;
    double good = 0, total = 0, out = exp(wild - top);
    for (int i = 0; i < FILTER_MODES; i++)
        good += b->weight[i] * exp(like[i] - top);
    if (jump <= 0 && !(good > out))
        return false;
    for (int i = 0; i < FILTER_MODES; i++) {
        double l = exp(like[i] - top), all = l + out;
        b->mode[i] = jump > 0 ? now[i] : either(&now[i], &b->mode[i], l / all);
        total += b->weight[i] *= jump > 0 ? l : all;
    }
    for (int i = 0; i < FILTER_MODES; i++)
        b->weight[i] /= total;
    return true;
}

struct filter_state filter_bank_at(const struct filter_bank *b, double dt)
{
    struct filter_state x[FILTER_MODES];
    for (int i = 0; i < FILTER_MODES; i++)
        x[i] = predict(&b->mode[i], dt, wander[i / SAYS_COUNT]);
    return merge(x, b->weight, 1, FILTER_MODES);
}

bool filter_bank_sane(const struct filter_bank *b)
{
    for (int i = 0; i < FILTER_MODES; i++) {
        const struct filter_state *x = &b->mode[i];
        if (!isfinite(x->off + x->rate + x->p01) || !isfinite(b->weight[i]) ||
            !(x->p00 > 0 && x->p00 < 1e30) || !(x->p11 > 0 && x->p11 < 1e30))
            return false;
    }
    return true;
}
