#include "kalman_bank.h"

#include <math.h>

#include "truncated_normal.h"

#define WANDER_STAY  0.978
#define TELLS        16.0 /* sigmas: a wider box tells less of the crystal   */
#define OUTLIER      0.01
#define SWAY         0.2 /* of GAUSS's sigma: one of the crystal's own swing */
#define ROOT_2PI     2.5066282746310002
#define LOG_ROOT_2PI 0.9189385332046727

static const double wander[KALMAN_WANDERS] = {1e-10, 1e-9, 1e-8, 1e-7};
static const double wander_first[KALMAN_WANDERS] = {0.3, 0.4, 0.2, 0.1};
static const double model_first[MODEL_COUNT] = {0.67, 0.29, 0.01,
                                                0.01, 0.01, 0.01};

static double wander_change(int from, int to, double leave)
{
    bool edge = from == 0 || from == KALMAN_WANDERS - 1;
    if (from == to)
        return 1 - leave;
    if (from - to > 1 || to - from > 1)
        return 0;
    return leave / (edge ? 1 : 2);
}

/* What is likelier than to stay. Towards BOX, that is never quite wrong, most
 * readily; a one-sided reading is hard to come by and easy to lose. */
static const double model_change[MODEL_COUNT][MODEL_COUNT] = {
    [MODEL_BOX] = {0.9929, 0.005, 0.0003, 0.0003, 0.0005, 0.001},
    [MODEL_GAUSS] = {0.005, 0.9929, 0.0003, 0.0003, 0.0005, 0.001},
    [MODEL_EARLY] = {0.02, 0.0003, 0.9794, 0.0003, 0, 0},
    [MODEL_LATE] = {0.02, 0.0003, 0.0003, 0.9794, 0, 0},
    [MODEL_ENDS] = {0.005, 0.0003, 0, 0, 0.9947, 0},
    [MODEL_SWAY] = {0.002, 0, 0, 0, 0, 0.998},
};

void kalman_bank_init(struct kalman_bank *b, const struct kalman_state *x)
{
    for (int i = 0; i < KALMAN_MODES; i++) {
        b->mode[i] = *x;
        b->weight[i] =
            wander_first[i / MODEL_COUNT] * model_first[i % MODEL_COUNT];
    }
}

/* ---- mixing -------------------------------------------------------------- */

/* The states as one of the same mean and variance; w sums to total. */
static struct kalman_state merge(const struct kalman_state *x, const double *w,
                                 double total, int n)
{
    struct kalman_state m = {0};
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

/* One of the two kinds of change at a time: 24 x 6 sums, not 24 x 24. */
static void mix_models(struct kalman_bank *b, int q)
{
    struct kalman_state *x = &b->mode[q * MODEL_COUNT], out[MODEL_COUNT];
    double *w = &b->weight[q * MODEL_COUNT], wout[MODEL_COUNT];
    for (int to = 0; to < MODEL_COUNT; to++) {
        double part[MODEL_COUNT], total = 0;
        for (int i = 0; i < MODEL_COUNT; i++)
            total += part[i] = w[i] * model_change[i][to];
        out[to] = merge(x, part, total, MODEL_COUNT);
        wout[to] = total;
    }
    for (int i = 0; i < MODEL_COUNT; i++) {
        x[i] = out[i];
        w[i] = wout[i];
    }
}

static void mix_wander(struct kalman_bank *b, int model, double leave)
{
    struct kalman_state x[KALMAN_WANDERS];
    double w[KALMAN_WANDERS];
    for (int i = 0; i < KALMAN_WANDERS; i++) {
        x[i] = b->mode[i * MODEL_COUNT + model];
        w[i] = b->weight[i * MODEL_COUNT + model];
    }
    for (int to = 0; to < KALMAN_WANDERS; to++) {
        double part[KALMAN_WANDERS], total = 0;
        for (int i = 0; i < KALMAN_WANDERS; i++)
            total += part[i] = w[i] * wander_change(i, to, leave);
        b->mode[to * MODEL_COUNT + model] =
            merge(x, part, total, KALMAN_WANDERS);
        b->weight[to * MODEL_COUNT + model] = total;
    }
}

static struct kalman_state predict(const struct kalman_state *x, double dt,
                                   double q)
{
    double age = fabs(dt), q2 = q * q;
    return (struct kalman_state){
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
static void absorb(struct kalman_state *x, double sum, double move, double left)
{
    double k0 = x->p00 / sum, k1 = x->p01 / sum, gain = sum - left;
    x->off += k0 * move;
    x->rate += k1 * move;
    x->p00 -= k0 * k0 * gain;
    x->p01 -= k0 * k1 * gain;
    x->p11 -= k1 * k1 * gain;
}

static double gauss(struct kalman_state *x, const struct measurement *s)
{
    double sum = x->p00 + s->var, move = s->z - x->off;
    absorb(x, sum, move, 0);
    return -move * move / (2 * sum) - log(sum) / 2 - LOG_ROOT_2PI;
}

/* A box of that half width, one sigma of whose edges is `edge`, and whose
 * density over the truth falls by exp(-fall * (truth - z)). */
static double box(struct kalman_state *x, const struct measurement *s,
                  double half, double edge, double fall)
{
    double sum = x->p00 + edge * edge, sigma = sqrt(sum);
    double d = s->z - x->off, shift = -fall * sum; /* completed square */
    struct truncated t = truncated_normal((d - half - shift) / sigma,
                                          (d + half - shift) / sigma);
    absorb(x, sum, shift + t.mean * sigma, t.var * sum);
    double like = t.log_mass + fall * d + fall * fall * sum / 2;
    double wide = fabs(fall) * half;
    if (wide < 1e-6)
        return like - log(2 * half);
    return like + log(fabs(fall)) - wide - log1p(-exp(-2 * wide));
}

static double update(struct kalman_state *x, const struct measurement *s,
                     int model)
{
    double fall = s->fall > 0 ? 1 / s->fall : 0;
    switch (model) {
    case MODEL_GAUSS:
        return gauss(x, s);
    case MODEL_EARLY:
        return box(x, s, s->half, s->edge, fall);
    case MODEL_LATE:
        return box(x, s, s->half, s->edge, -fall);
    case MODEL_ENDS:
        return box(x, s, s->ends, s->edge, 0);
    case MODEL_SWAY:
        return box(x, s, s->half,
                   sqrt(s->edge * s->edge + SWAY * SWAY * s->var), 0);
    default:
        return box(x, s, s->half, s->edge, 0);
    }
}

/* log of the greatest density the mode gives any z. */
static double peak(const struct kalman_state *x, const struct measurement *s)
{
    double g = 1 / (sqrt(x->p00 + s->var) * ROOT_2PI);
    double sigma = sqrt(x->p00 + s->edge * s->edge);
    double b = erf(s->half / sigma / sqrt(2)) / (2 * s->half);
    return log(g < b ? g : b);
}

/* ---- the bank ------------------------------------------------------------ */

/* What is believed of the crystal is to change by samples, not by their number:
 * hours of those that tell nothing would leave every wander as likely. */
static double leaves(const struct kalman_bank *b, double dt,
                     const struct measurement *s)
{
    double sigma = sqrt(fmax(kalman_bank_at(b, dt).p00, 0));
    return (1 - WANDER_STAY) * fmin(1, TELLS * sigma / s->half);
}

static void advance(struct kalman_bank *b, double dt,
                    const struct measurement *s)
{
    double leave = leaves(b, dt, s);
    for (int q = 0; q < KALMAN_WANDERS; q++)
        mix_models(b, q);
    for (int model = 0; model < MODEL_COUNT; model++)
        mix_wander(b, model, leave);
    for (int i = 0; i < KALMAN_MODES; i++)
        b->mode[i] = predict(&b->mode[i], dt, wander[i / MODEL_COUNT]);
}

/* Half believed: updated with weight a, left as predicted with 1 - a. */
static struct kalman_state either(const struct kalman_state *now,
                                  const struct kalman_state *was, double a)
{
    return kalman_merge(was, now, a);
}

/* Of a rate that has changed at any moment of the last dt, each as likely. */
static void changed(struct kalman_state *x, double dt,
                    const struct kalman_change *c)
{
    double r2 = c->rate * c->rate;
    x->p00 += c->off * c->off + r2 * dt * dt / 3;
    x->p01 += r2 * dt / 2;
    x->p11 += r2;
}

bool kalman_bank_step(struct kalman_bank *b, double dt,
                      const struct measurement *s,
                      const struct kalman_change *change, double *innovation,
                      double *evidence)
{
    struct kalman_state now[KALMAN_MODES];
    double like[KALMAN_MODES], low = INFINITY, best = -INFINITY;
    advance(b, dt, s);
    *innovation = s->z - kalman_bank_at(b, 0).off;
    for (int i = 0; i < KALMAN_MODES; i++) {
        if (change)
            changed(&b->mode[i], dt, change);
        now[i] = b->mode[i];
        double p = peak(&now[i], s);
        low = p < low ? p : low;
        like[i] = update(&now[i], s, i % MODEL_COUNT);
        best = like[i] > best ? like[i] : best;
    }
    double wild = low + log(OUTLIER), top = best > wild ? best : wild;
    double good = 0, total = 0, out = exp(wild - top);
    for (int i = 0; i < KALMAN_MODES; i++)
        good += b->weight[i] * exp(like[i] - top);
    *evidence = top + log(good + out);
    if (!change && !(good > out))
        return false;
    for (int i = 0; i < KALMAN_MODES; i++) {
        double l = exp(like[i] - top), all = l + out;
        b->mode[i] = change ? now[i] : either(&now[i], &b->mode[i], l / all);
        total += b->weight[i] *= change ? l : all;
    }
    for (int i = 0; i < KALMAN_MODES; i++)
        b->weight[i] /= total;
    return true;
}

struct kalman_state kalman_bank_at(const struct kalman_bank *b, double dt)
{
    struct kalman_state x[KALMAN_MODES];
    for (int i = 0; i < KALMAN_MODES; i++)
        x[i] = predict(&b->mode[i], dt, wander[i / MODEL_COUNT]);
    return merge(x, b->weight, 1, KALMAN_MODES);
}

struct kalman_state kalman_merge(const struct kalman_state *x,
                                 const struct kalman_state *y, double share)
{
    struct kalman_state both[2] = {*x, *y};
    double w[2] = {1 - share, share};
    return merge(both, w, 1, 2);
}

bool kalman_bank_sane(const struct kalman_bank *b)
{
    for (int i = 0; i < KALMAN_MODES; i++) {
        const struct kalman_state *x = &b->mode[i];
        if (!isfinite(x->off + x->rate + x->p01) || !isfinite(b->weight[i]) ||
            !(x->p00 > 0 && x->p00 < 1e30) || !(x->p11 > 0 && x->p11 < 1e30))
            return false;
    }
    return true;
}
