/* Survivors -> one line: who goes with the majority of them, and what they come
 * to. */
#include <math.h>

#include "select_private.h"
#include "utc.h"

#define BIAS_SAMPLES 255     /* that count, newer ones more: 2 h at 64 s     */
#define BIAS_NEWS    10      /* sigmas: more is not learnt at once           */
#define LEVEL        8       /* so much slower where all of them are         */
#define CLOCK_ERROR  1000000 /* 1 ppm, chrony's maxclockerror                */

/* ---- who goes with the others -------------------------------------------- */

static double square(double v)
{
    return v * v;
}

/* What those that have a say mean, each with its sigma. */
struct crowd {
    double value[LIMIT_SOURCES], sigma[LIMIT_SOURCES];
    size_t n;
};

static void join(struct crowd *c, double value, double sigma)
{
    c->value[c->n] = value;
    c->sigma[c->n++] = sigma;
}

static double median(double *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && v[k] < v[k - 1]; k--) {
            double swap = v[k];
            v[k] = v[k - 1];
            v[k - 1] = swap;
        }
    return (v[n / 2] + v[(n - 1) / 2]) / 2;
}

/* Leaves the medians at [0]. */
static void digest(struct crowd *c)
{
    if (c->n == 0)
        return;
    c->value[0] = median(c->value, c->n);
    c->sigma[0] = median(c->sigma, c->n);
}

/* Two cannot say which of them is wrong. */
static bool apart(const struct crowd *c, double value, double sigma,
                  double limit)
{
    return c->n >= 3 &&
           fabs(value - c->value[0]) > limit * (sigma + c->sigma[0]);
}

/* Of two, the rates may differ by CLOCK_ERROR more than by what they know. */
static double rate_doubt(const struct estimate *e)
{
    return (double)e->rate_sigma_e12 + CLOCK_ERROR / 2.0;
}

static double off_doubt(const struct estimate *e)
{
    return 1 + (double)e->sigma_ns;
}

static bool known(const struct select_conf *conf, size_t i)
{
    return conf->bias && conf->bias[i].samples >= FILTER_KNOWN;
}

void select_go_together(struct select_work *w, const struct select_conf *conf)
{
    struct crowd rate = {.n = 0}, off = {.n = 0};
    for (size_t i = 0; i < w->n; i++) {
        const struct estimate *e = &w->in[i].est;
        double bias = conf->bias ? conf->bias[i].ns : 0;
        w->with[i] = w->good[i];
        w->off[i] = (double)utc_diff_ns(e->utc, w->origin) - bias;
        if (!w->good[i] || w->role[i] != VOTER)
            continue;
        join(&rate, e->rate_e12, rate_doubt(e));
        if (known(conf, i))
            join(&off, w->off[i], off_doubt(e));
    }
    double limit = w->limits->combinelimit;
    bool any = false;
    digest(&rate);
    digest(&off);
    for (size_t i = 0; i < w->n && limit > 0; i++) {
        const struct estimate *e = &w->in[i].est;
        w->with[i] =
            w->good[i] && !apart(&rate, e->rate_e12, rate_doubt(e), limit) &&
            !(known(conf, i) && apart(&off, w->off[i], off_doubt(e), limit));
        any = any || w->with[i];
    }
    for (size_t i = 0; i < w->n && !any; i++) /* no two majorities agree */
        w->with[i] = w->good[i];
}

/* ---- one estimate -------------------------------------------------------- */

/* Near enough in distance and in rate to the selected one. */
static bool combines(const struct select_work *w, size_t i, int selected)
{
    const struct estimate *e = &w->in[i].est;
    const struct estimate *sel = &w->in[selected].est;
    double limit = w->limits->combinelimit;
    double doubt =
        (double)e->rate_sigma_e12 + sel->rate_sigma_e12 + CLOCK_ERROR;
    return (int)i == selected ||
           (w->with[i] &&
            (double)e->bound_ns <=
                limit * ((double)sel->bound_ns +
                         (double)w->limits->reselectdist_ns) &&
            fabs((double)e->rate_e12 - sel->rate_e12) <= limit * doubt);
}

/* How much a source's own offset counts: its asymmetry may be in proportion to
 * its distance. */
static double trust(const struct select_work *w, size_t i)
{
    return 1 / (1 + (double)w->in[i].delay_ns + (double)w->in[i].root_delay_ns);
}

static bool combined(const struct select_out *out, size_t i)
{
    return out->letter[i] == '+' || out->letter[i] == '*';
}

/* How sure a source is of its line. */
static double sure(const struct select_work *w, size_t i)
{
    return 1 / square(off_doubt(&w->in[i].est));
}

/* A new sample of one source tells what it differs by from the others. Together
 * they differ by nothing. */
static void learn(const struct select_work *w, const struct select_conf *conf,
                  const struct select_out *out)
{
    int own = conf->updated;
    double off = 0, w_off = 0, sum = 0, all = 0;
    if (!conf->bias || own < 0 || own >= (int)w->n || !w->good[own])
        return;
    struct select_bias *b = &conf->bias[own];
    double most = BIAS_NEWS * off_doubt(&w->in[own].est);
    if (b->samples < BIAS_SAMPLES)
        b->samples++;
    double gain = 2.0 / (b->samples + 1);
    for (size_t i = 0; i < w->n; i++) {
        double weight = combined(out, i) && (int)i != own ? sure(w, i) : 0;
        off += weight * (w->off[i] - w->off[own]);
        w_off += weight;
    }
    double by = w_off > 0 ? off / w_off : 0;
    if (known(conf, (size_t)own)) /* who walks away is to stay away */
        by = fmin(fmax(by, -most), most);
    b->ns -= gain * by;
    for (size_t i = 0; i < w->n; i++) {
        double weight = combined(out, i) ? trust(w, i) : 0;
        sum += weight * conf->bias[i].ns;
        all += weight;
    }
    for (size_t i = 0; i < w->n; i++)
        conf->bias[i].ns -= fmax(gain / LEVEL, gain * gain) * sum / all;
}

/* A quadratic mean of what the combined ones differ by. */
static void spread(const struct select_work *w, const struct select_conf *conf,
                   struct select_out *out)
{
    double sum = 0, all = 0;
    for (size_t k = 0; k < w->n; k++) {
        if (!combined(out, k) || !known(conf, k))
            continue;
        sum += trust(w, k) * square(conf->bias[k].ns);
        all += trust(w, k);
    }
    out->spread_ns = all > 0 ? (span_ns)sqrt(sum / all) : 0;
}

/* What most of the combined ones say, at least. */
static span_ns change(const struct select_work *w, const struct select_out *out)
{
    double v[LIMIT_SOURCES];
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        if (combined(out, i))
            v[n++] = (double)w->in[i].est.change_ns;
    (void)median(v, n);
    return (span_ns)v[(n - 1) / 2];
}

void select_combine(struct select_work *w, const struct select_span *s,
                    const struct select_conf *conf, struct select_out *out)
{
    const struct select_in *sel = &w->in[out->selected];
    double w_off = 0, off = 0, w_rate = 0, rate = 0, w_sigma = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct estimate *e = &w->in[i].est;
        if (!w->good[i])
            continue;
        out->letter[i] = combines(w, i, out->selected) ? '+' : 'D';
        if (out->letter[i] == 'D')
            continue;
        double wo = conf->bias ? sure(w, i) : trust(w, i);
        double wr = 1 / square(1 + (double)e->rate_sigma_e12);
        w_sigma += sure(w, i);
        w_off += wo;
        off += wo * (w->off[i] - w->off[out->selected]);
        w_rate += wr;
        rate += wr * e->rate_e12;
    }
    out->letter[out->selected] = '*';
    span_ns mid = (span_ns)(w->off[out->selected] + off / w_off);
    mid = mid < s->lo ? s->lo : mid > s->hi ? s->hi : mid;
    out->est = (struct estimate){
        .ticks = sel->est.ticks,
        .utc = utc_add_ns(w->origin, mid),
        .rate_e12 = (int32_t)(rate / w_rate),
        .rate_sigma_e12 = (int32_t)(1 / sqrt(w_rate)),
        .sigma_ns = (span_ns)(1 / sqrt(w_sigma)),
    };
    out->est.change_ns = change(w, out);
    learn(w, conf, out);
    spread(w, conf, out);
}
