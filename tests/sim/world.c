#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/utc.h"

#define EPOCH      ((ntp64)0xfffff000u << 32) /* era 1 begins after 4096 s   */
#define TICKS0     1000000
#define HELD       30e-6 /* a server's time from receipt to reply            */
#define LIE_SEEN   0.1 /* s: wider than any interval of these paths          */
#define RAMP_POLLS 4
#define AGAIN_S    2.0 /* after a refused sample                           */
#define READ_S                                                                 \
    10             /* the board reads its sensor
                          */
#define LATE 0.001 /* the superloop comes round                        */
#define TAU  6.283185307179586

struct source {
    double due; /* of the next request                                 */
    int burst;  /* polls of the ramp to come; -1 before the first reply */
    bool reply;
    double reply_at;
    struct ntp_sample sample;
    uint8_t reach;
};

struct world {
    const struct scenario *c;
    int minpoll;
    uint64_t chance;
    struct figures f;
    double phase[WORLD_SECONDS + 2], y[WORLD_SECONDS + 2]; /* local s; rate  */
    struct source src[WORLD_SERVERS];
    size_t sources;
    struct conf conf;
    struct timekeeper tk;
    uint64_t until;   /* as of the last look at tk                           */
    double follow_at; /* the same in true time, INFINITY none                */
    double sum, sum2, freq2, est2;
    unsigned counted;
    ntp64 last_read;
    float width[WORLD_SECONDS / 16 + 2];
    int32_t sensor[WORLD_SECONDS / READ_S + 2]; /* INT32_MIN: says nothing   */
    unsigned widths;
};

/* ---- chance: splitmix64 -------------------------------------------------- */

static uint64_t next64(struct world *w)
{
    uint64_t z = w->chance += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double uniform(struct world *w) /* (0, 1) */
{
    return ((double)(next64(w) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct world *w)
{
    double r = sqrt(-2 * log(uniform(w)));
    return r * cos(TAU * uniform(w));
}

static double exponential(struct world *w, double mean)
{
    return mean > 0 ? -mean * log(uniform(w)) : 0;
}

static bool by_route(const struct scenario *c, double t)
{
    double since = t - c->route_at;
    return since >= 0 && (c->route_every <= 0 ||
                          fmod(since, 2 * c->route_every) < c->route_every);
}

static bool busy(const struct scenario *c, double t)
{
    double of_day = fmod(t, 86400);
    return of_day >= c->busy_from && of_day < c->busy_to;
}

/* Of server i. */
static double delay(struct world *w, const struct path *p, size_t i, double t)
{
    double d = p->base + p->more[i] + exponential(w, p->exp);
    if (by_route(w->c, t))
        d += w->c->route + p->late;
    if (p->sway > 0)
        d += p->sway * sin(TAU * t / w->c->sway_every);
    if (busy(w->c, t))
        d += p->busy + exponential(w, p->busy_exp);
    if (p->uniform > 0)
        d += uniform(w) * p->uniform;
    if (p->two_p > 0 && uniform(w) < p->two_p)
        d += p->two;
    if (p->gauss > 0)
        d += normal(w) * p->gauss;
    if (p->normal > 0)
        d += fabs(normal(w)) * p->normal;
    if (p->logn_median > 0)
        d += p->logn_median * exp(p->logn_sigma * normal(w));
    if (p->spike_p > 0 && uniform(w) < p->spike_p)
        d += exponential(w, p->spike_exp);
    if (p->bloat > 0 && fmod(t, 7200) < 1200)
        d += uniform(w) * p->bloat;
    return d;
}

/* ---- the oscillator ------------------------------------------------------ */

static double swing(const struct scenario *c, double t)
{
    double saw = fmod(t / 1800, 1), tri = saw < 0.5 ? 4 * saw - 1 : 3 - 4 * saw;
    return (c->sine_ppm * sin(TAU * t / 86400) + c->triangle_ppm * tri +
            c->week_ppm * sin(TAU * t / 604800)) *
           1e-6;
}

/* What a case that was at `was` a second ago is now. */
static double warmed(double was, double outside, double tau)
{
    return tau > 0 ? was + (outside - was) / tau : outside;
}

static double room(const struct scenario *c, double t)
{
    double turn = c->room_s > 0 ? fmod(t / c->room_s, 2) : 0;
    return c->room_ppm * (turn < 1 ? turn : 2 - turn);
}

static double load(const struct scenario *c, double t)
{
    bool on = c->load_every > 0 && fmod(t, c->load_every) < c->load_s;
    return on ? c->load_ppm : 0;
}

static void oscillate(struct world *w)
{
    const struct scenario *c = w->c;
    struct warmth_state warm = {.c = &c->warmth, .chance = w->chance};
    double walk = c->ppm * 1e-6, by_room = 0, by_load = 0;
    size_t n = (size_t)(c->days * 86400) + 1;
    w->phase[0] = 0;
    for (size_t k = 0; k < n; k++) {
        double t = (double)k;
        by_room = warmed(by_room, room(c, t), c->room_tau);
        by_load = warmed(by_load, load(c, t), c->load_tau);
        w->y[k] = walk + swing(c, t) + (by_room + by_load) * 1e-6;
        if (c->step_at > 0 && t >= c->step_at &&
            (c->step_for <= 0 || t < c->step_at + c->step_for))
            w->y[k] += c->step_ppm * 1e-6;
        w->y[k] += warmth_step(&warm, t, by_room + by_load) * 1e-6;
        if (k % READ_S == 0 && !warmth_read(&warm, t, &w->sensor[k / READ_S]))
            w->sensor[k / READ_S] = INT32_MIN;
        w->phase[k + 1] = w->phase[k] + 1 + w->y[k];
        walk += c->wander * normal(w);
    }
}

/* Hold-over with perfect knowledge of the moment when it begins. */
static double perfect(const struct world *w)
{
    size_t from = (size_t)w->c->dead_from, to = (size_t)w->c->dead_to;
    double sum2 = 0;
    for (size_t k = from; k < to; k++) {
        double e = w->phase[k] - w->phase[from] -
                   (double)(k - from) * (1 + w->y[from]);
        sum2 += e * e;
    }
    return to > from ? sqrt(sum2 / (double)(to - from)) * 1e6 : 0;
}

static uint64_t ticks_at(const struct world *w, double t)
{
    size_t k = (size_t)t;
    double local = w->phase[k] + (t - (double)k) * (1 + w->y[k]);
    if (w->c->jump_at > 0 && t >= w->c->jump_at)
        local += w->c->jump;
    uint64_t begun = w->c->ticks0 > 0 ? (uint64_t)w->c->ticks0 : TICKS0;
    return begun + (uint64_t)(local * w->c->hz);
}

static ntp64 epoch(const struct scenario *c)
{
    return c->epoch > 0 ? utc_of_unix((int64_t)c->epoch, 0) : EPOCH;
}

/* UTC as counted by who does the leap so late. */
static ntp64 counted_at(const struct scenario *c, double t, double late)
{
    double leapt = fabs(c->leap) > 0 && t >= c->leap_at + late ? c->leap : 0;
    return epoch(c) + (uint64_t)(int64_t)llround((t - leapt) * (double)UTC_S);
}

static ntp64 utc_at(const struct world *w, double t) /* the truth */
{
    return counted_at(w->c, t, w->c->leap_do > 0 ? 0 : INFINITY);
}

static bool among(double servers, size_t i)
{
    return (unsigned)servers >> i & 1;
}

/* The same of server i; INFINITY: it never does. */
static double leaps_late(const struct world *w, size_t i)
{
    return !among(w->c->leap_do, i) ? INFINITY
           : i + 1 == w->sources    ? w->c->leap_late
                                    : 0;
}

static uint8_t announces(const struct world *w, size_t i, double t)
{
    const struct scenario *c = w->c;
    double until = c->leap_at + (among(c->leap_do, i) ? leaps_late(w, i) : 0);
    if (!among(c->leap_say, i) || t > until || t < c->leap_at - 43200)
        return 0;
    return c->leap > 0 ? 1 : 2;
}

/* ---- the network --------------------------------------------------------- */

static void schedule(struct world *w, struct source *s, double t)
{
    int e = s->burst < 0 ? 0
            : s->burst > 0
                ? w->minpoll - (s->burst + RAMP_POLLS - 1) / RAMP_POLLS
                : w->tk.slot[s - w->src].adapt.poll;
    s->due = t + exp2(e) * (1 + uniform(w) / 25);
}

static double lie_of(const struct world *w, size_t i, double t)
{
    const struct scenario *c = w->c;
    if (t < c->liar_from ||
        (c->liar_first > 0 ? (double)i >= c->liars
                           : (double)i < c->servers - c->liars))
        return 0;
    double ran = t - c->liar_from;
    if (c->liar_for > 0 && ran > c->liar_for)
        ran = c->liar_back > 0 ? fmax(2 * c->liar_for - ran, 0) : c->liar_for;
    return c->liar + c->liar_drift * ran;
}

static void ask(struct world *w, size_t i, double t)
{
    const struct scenario *c = w->c;
    struct source *s = &w->src[i];
    double lie = lie_of(w, i, t);
    double up = delay(w, &c->up, i, t), t2 = t + up, t3 = t2 + HELD;
    double t4 = t3 + delay(w, &c->down, i, t3);
    bool lost = c->loss > 0 && (uniform(w) < c->loss || uniform(w) < c->loss);
    s->reach = (uint8_t)(s->reach << 1);
    tk_asked(&w->tk, (unsigned)i, s->reach, 0);
    w->f.polls++;
    schedule(w, s, t);
    if (s->burst > 0)
        s->burst--;
    lost = lost || fmod(t, 7200) >= 7200 - c->dark;
    if (lost || (t >= c->dead_from && t < c->dead_to))
        return;
    uint64_t sent = ticks_at(w, t);
    uint64_t got = ticks_at(w, t4 + c->latency * uniform(w));
    double late = leaps_late(w, i);
    int64_t held = utc_diff(counted_at(c, t3, late), counted_at(c, t2, late));
    int64_t trip = utc_ticks_ntp((int64_t)(got - sent), (uint32_t)c->hz) - held;
    s->reply = true;
    s->reply_at = t4;
    s->sample = (struct ntp_sample){
        .at_ticks = sent + (got - sent) / 2,
        .utc = counted_at(c, t2 + lie, late) + (uint64_t)(held / 2),
        .delay_ns = trip < 0 ? 0 : utc_span_ns(trip),
        .server_ns = 30000,
        .refid = 0x47505300,
        .leap = announces(w, i, t2),
        .stratum = 1,
        .server_precision = -24,
        .poll = w->tk.slot[i].adapt.poll};
}

/* ---- the clock ----------------------------------------------------------- */

/* When it wants to be called because a slew has ended. A crystal that is
 * slower than its nominal rate gets there later than was foreseen: from a
 * moment that has come too early it is foreseen once more. */
static void look_at_until(struct world *w, double t, uint64_t ticks)
{
    if (w->tk.until == w->until && t < w->follow_at)
        return;
    w->until = w->tk.until;
    w->follow_at = INFINITY;
    if (w->until != UINT64_MAX)
        w->follow_at = t + LATE + (double)(w->until - ticks) / w->c->hz;
}

static void poll(struct world *w, double t)
{
    uint64_t ticks = ticks_at(w, t);
    (void)tk_poll(&w->tk, ticks);
    look_at_until(w, t, ticks);
}

static void read_sensor(struct world *w, double t)
{
    size_t k = (size_t)t;
    if (k % READ_S != 0 || w->sensor[k / READ_S] == INT32_MIN)
        return;
    uint64_t ticks = ticks_at(w, t);
    tk_temperature(&w->tk, ticks, w->sensor[k / READ_S]);
    look_at_until(w, t, ticks);
}

static bool follows(const struct world *w, size_t i)
{
    char state = w->tk.sel.state[i];
    return w->tk.sel.ok && (state == '*' || state == '+');
}

static void answer(struct world *w, size_t i, double t)
{
    struct source *s = &w->src[i];
    uint64_t ticks = ticks_at(w, t);
    uint32_t good = w->tk.slot[i].good;
    int was = w->tk.slot[i].adapt.poll;
    struct timekeeper_verdict v;
    s->reply = false;
    s->reach |= 1;
    if (s->burst < 0) {
        s->burst = RAMP_POLLS * (w->minpoll - 1);
        schedule(w, s, t);
    }
    const struct timekeeper_reply reply = {.sample = &s->sample,
                                           .reach = s->reach};
    tk_reply(&w->tk, ticks, (unsigned)i, &reply, &v);
    look_at_until(w, t, ticks);
    if (v.ask_again && s->due > t + AGAIN_S)
        s->due = t + AGAIN_S;
    if (v.poll_wanted < was && s->due > t + exp2(v.poll_wanted))
        s->due = t + exp2(v.poll_wanted);
    w->f.refused += v.ask_again;
    if (w->tk.slot[i].good > good && follows(w, w->sources - 1) &&
        fabs(lie_of(w, w->sources - 1, t)) > LIE_SEEN)
        w->f.followed_liar++;
}

/* ---- measuring ----------------------------------------------------------- */

static void since(double *when, bool good, double t)
{
    if (!good)
        *when = -1;
    else if (*when < 0)
        *when = t;
}

static void look(struct world *w, double t)
{
    if (!tk_is_set(&w->tk))
        return;
    uint64_t ticks = ticks_at(w, t);
    ntp64 now = tk_utc(&w->tk, ticks);
    double e = (double)utc_diff(now, utc_at(w, t)) / (double)UTC_S * 1e6;
    double bound = (double)discipline_error(&w->tk.d, &w->tk.clk, ticks) / 1e3;
    if (w->c->to_server > 0)
        e -= lie_of(w, w->sources - 1, t) * 1e6;
    w->f.announced += tk_leap(&w->tk, ticks) % 3 != 0;
    double size = fabs(e), y = w->y[(size_t)t];
    if (w->last_read && utc_diff(now, w->last_read) <= 0)
        w->f.back++;
    w->last_read = now;
    w->f.dishonest += size > bound;
    since(&w->f.under_1ms, size < 1000, t);
    since(&w->f.under_100us, size < 100, t);
    w->f.max_synced = size > w->f.max_synced ? size : w->f.max_synced;
    if (t < w->c->from || t >= w->c->to)
        return;
    if (w->counted % 16 == 0)
        w->width[w->widths++] = (float)bound;
    if (size >= 1000)
        w->f.within_ms = t - w->c->from;
    double rate = ((1 + w->tk.clk.rate_e12 * 1e-12) * (1 + y) - 1) * 1e9;
    double est = ((1 + w->tk.d.est.rate_e12 * 1e-12) * (1 + y) - 1) * 1e9;
    w->counted++;
    w->sum += e;
    w->sum2 += e * e;
    w->freq2 += rate * rate;
    w->est2 += est * est;
    w->f.max = size > w->f.max ? size : w->f.max;
}

/* ---- the loop: the earliest of all that may happen ----------------------- */

/* chrony's defaults, servers without options, a card that knows nothing. */
static void begin_clock(struct world *w, int maxpoll)
{
    const struct scenario *c = w->c;
    int64_t pivot = (int64_t)c->epoch;
    struct timekeeper_start start = {
        .floor_unix_s = utc_unix_s(utc_at(w, fmin(c->start, 0)), pivot)};
    int errors = conf_parse(&w->conf, "", 0);
    ASSERT(errors == 0);
    w->conf.leapsecmode = (enum leap_mode)c->leap_mode;
    tk_init(&w->tk, &w->conf, &start, (uint32_t)c->hz, ticks_at(w, 0));
    for (unsigned i = 0; i < w->sources; i++) {
        w->conf.sources[i] = conf_source_plain();
        w->conf.sources[i].minpoll = (int8_t)w->minpoll;
        w->conf.sources[i].maxpoll = (int8_t)maxpoll;
        tk_source(&w->tk, i, &w->conf.sources[i]);
    }
}

static void begin(struct world *w, const struct scenario *c, uint64_t seed,
                  int minpoll, int maxpoll)
{
    memset(w, 0, sizeof *w);
    w->c = c;
    w->minpoll = minpoll;
    w->chance = seed * UINT64_C(0xd1342543de82ef95);
    oscillate(w);
    w->follow_at = INFINITY;
    w->until = UINT64_MAX;
    w->f.under_1ms = w->f.under_100us = -1;
    w->sources = (size_t)c->servers;
    ASSERT(w->sources >= 1 && w->sources <= WORLD_SERVERS);
    begin_clock(w, maxpoll);
    for (size_t i = 0; i < w->sources; i++) {
        w->src[i].burst = -1;
        w->src[i].due = 0.01 * (double)(i + 1);
    }
}

static void happen(struct world *w, double look_at, double *t)
{
    double first = look_at < w->follow_at ? look_at : w->follow_at;
    struct source *who = NULL;
    size_t which = 0;
    for (size_t i = 0; i < w->sources; i++) {
        struct source *s = &w->src[i];
        double at = s->reply && s->reply_at < s->due ? s->reply_at : s->due;
        if (at < first) {
            first = at;
            who = s;
            which = i;
        }
    }
    *t = first > *t ? first : *t;
    bool follows_now = !who && w->follow_at < look_at;
    /* A slew that has just ended waits for the loop to come round. */
    if (follows_now || ticks_at(w, *t) < w->tk.until)
        poll(w, *t);
    if (who && who->reply && who->reply_at < who->due)
        answer(w, which, *t);
    else if (who)
        ask(w, which, *t);
    else if (!follows_now) {
        read_sensor(w, *t);
        look(w, *t);
    }
}

static int order_float(const void *a, const void *b)
{
    const float *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

struct figures world_run(const struct scenario *c, uint64_t seed, int minpoll,
                         int maxpoll)
{
    static struct world w;
    begin(&w, c, seed, minpoll, maxpoll);
    double end = c->days * 86400 - 1, t = 0, look_at = 0.5;
    while (look_at < end) {
        happen(&w, look_at, &t);
        if (t >= look_at)
            look_at += 1;
    }
    double n = w.counted ? w.counted : 1;
    w.f.steps = w.tk.steps;
    w.f.used = w.tk.thermal.used;
    w.f.leaps = w.tk.leaps;
    for (size_t i = 0; i < w.sources; i++)
        w.f.state[i] = w.tk.sel.state[i];
    w.f.poll_s = c->days * 86400 / w.f.polls;
    qsort(w.width, w.widths, sizeof w.width[0], order_float);
    w.f.width = w.width[w.widths / 2];
    w.f.rms = sqrt(w.sum2 / n);
    w.f.mean = w.sum / n;
    w.f.floor = perfect(&w);
    w.f.freq = sqrt(w.freq2 / n);
    w.f.est_freq = sqrt(w.est2 / n);
    return w.f;
}

bool world_crystal(const struct scenario *c, uint64_t seed, const char *file)
{
    static struct world w;
    FILE *f = fopen(file, "w");
    if (!f)
        return false;
    begin(&w, c, seed, 6, 6);
    for (size_t k = 0; k < (size_t)(c->days * 86400); k++)
        fprintf(f, "%.12e\n", w.y[k]);
    return fclose(f) == 0;
}

uint64_t world_seed(void)
{
    const char *given = getenv("SIM_SEED");
    uint64_t seed =
        given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u;
    printf("# random seed: SIM_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

static int order(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

double world_median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, order);
    return (v[n / 2] + v[(n - 1) / 2]) / 2;
}
