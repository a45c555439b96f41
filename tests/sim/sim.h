/* sim.h -- a seeded world for the time core: one oscillator, up to four
 * servers, their network, and core wired as services/timekeeper wires it.
 * True time starts at 0 s; nothing depends on the machine the test runs on.
 *
 * Oscillator: fixed error + random walk (wander per sqrt(s)), piecewise
 * constant over a second. Network: base + exponential delay, each way.
 * The models and figures to compare with: reference/clock.md section 2. */
#ifndef SIM_H
#define SIM_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/discipline.h"
#include "core/ntp_wire.h"
#include "core/utc.h"

#define SIM_SERVERS 4
#define SIM_SECONDS (40 * 3600)
#define SIM_EPOCH   ((ntp64)0xfffff000u << 32) /* era 1 begins after 4096 s */

struct sim_server {
    double base_up, base_down, exp_up, exp_down; /* s                      */
    double error; /* its clock's, s                                      */
    double loss;  /* each way                                            */
    double dead_from, dead_to;
};

struct sim_conf {
    uint64_t seed;
    uint32_t hz;
    double ppm;     /* > 0: the crystal is fast                            */
    double wander;  /* per sqrt(s)                                         */
    double seconds; /* to run                                              */
    double window;  /* statistics from here on                             */
    bool saved;     /* start with its true frequency, 1 ppm sigma          */
    size_t servers, need;
    struct sim_server server[SIM_SERVERS];
};

struct sim_result {
    double first_sync; /* s                                                 */
    double under_1ms;  /* since when |error| has been below 1 ms, s         */
    double under_100us;
    double rms, max;   /* us, in the window                                 */
    double max_synced; /* us, since the first sync                          */
    double rate_rms;   /* ppb, estimate against truth, in the window        */
    double worst_step_after_first;
    unsigned steps, dishonest; /* seconds with |error| > the stated bound   */
    unsigned polls, back;      /* clk ran backwards                         */
    uint8_t reach_after_8;
    char state[SIM_SERVERS];
};

struct sim {
    const struct sim_conf *c;
    struct sim_result r;
    double phase[SIM_SECONDS + 1], y[SIM_SECONDS]; /* local s; rate error   */
    struct ntp_client client[SIM_SERVERS];
    struct filter filter[SIM_SERVERS];
    struct {
        bool there;
        double at; /* true time */
        uint8_t pkt[NTP_HEADER];
    } reply[SIM_SERVERS];
    struct clk clk;
    struct discipline d;
    struct select_out sel;
    uint64_t until;
    double sum2, rate_sum2;
    unsigned counted;
    ntp64 last_read;
};

/* ---- chance: splitmix64 -------------------------------------------------- */

static uint64_t sim_random;

static uint64_t sim_next(void)
{
    uint64_t z = sim_random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double sim_uniform(void) /* (0, 1) */
{
    return ((double)(sim_next() >> 11) + 0.5) / 9007199254740992.0;
}

static double sim_normal(void)
{
    return sqrt(-2 * log(sim_uniform())) *
           cos(6.283185307179586 * sim_uniform());
}

static double sim_exp(double mean)
{
    return mean > 0 ? -mean * log(sim_uniform()) : 0;
}

/* Doubles: chance from the seed, and no NTS. */
int crypto_random(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)sim_next();
    return RC_OK;
}

void nts_assoc_wipe(struct nts_assoc *a)
{
    *a = (struct nts_assoc){0};
}

int nts_assoc_take(struct nts_assoc *a, struct nts_cookie *out)
{
    (void)a;
    (void)out;
    return RC_STATE;
}

void nts_assoc_drop_alt(struct nts_assoc *a)
{
    (void)a;
}

bool nts_assoc_use_alt(struct nts_assoc *a)
{
    (void)a;
    return false;
}

int nts_assoc_put(struct nts_assoc *a, const uint8_t *b, size_t len)
{
    (void)a;
    (void)b;
    (void)len;
    return RC_BAD;
}

int nts_client_request(const struct nts_assoc *a, const struct nts_cookie *c,
                       size_t placeholders, uint8_t uid[NTS_UID_LEN],
                       uint8_t *pkt, size_t cap)
{
    (void)a;
    (void)c;
    (void)placeholders;
    (void)uid;
    (void)pkt;
    (void)cap;
    return RC_IO;
}

enum nts_verdict nts_client_reply(const struct nts_assoc *a,
                                  const uint8_t uid[NTS_UID_LEN],
                                  const uint8_t *pkt, size_t len,
                                  uint8_t *scratch, size_t cap,
                                  struct nts_reply *out)
{
    (void)a;
    (void)uid;
    (void)pkt;
    (void)len;
    (void)scratch;
    (void)cap;
    (void)out;
    return NTS_BAD;
}

/* ---- the world ----------------------------------------------------------- */

static double sim_local(const struct sim *s, double t) /* local seconds */
{
    size_t k = (size_t)t;
    return s->phase[k] + (t - (double)k) * (1 + s->y[k]);
}

static double sim_true(const struct sim *s, double local)
{
    double t = local;
    for (int i = 0; i < 4; i++) {
        t = t < 0 ? 0 : t > SIM_SECONDS - 1 ? SIM_SECONDS - 1 : t;
        t -= (sim_local(s, t) - local) / (1 + s->y[(size_t)t]);
    }
    return t;
}

static uint64_t sim_ticks(const struct sim *s, double t)
{
    return 1000000 + (uint64_t)(sim_local(s, t) * s->c->hz);
}

static double sim_of_ticks(const struct sim *s, uint64_t ticks)
{
    return sim_true(s, (double)(ticks - 1000000) / s->c->hz);
}

static ntp64 sim_utc(double t)
{
    return SIM_EPOCH + (uint64_t)(int64_t)llround(t * 4294967296.0);
}

static mono_ns sim_mono(const struct sim *s, double t)
{
    return (mono_ns)(sim_local(s, t) * 1e9);
}

static void sim_begin(struct sim *s, const struct sim_conf *c)
{
    memset(s, 0, sizeof *s);
    s->c = c;
    sim_random = c->seed;
    double y = c->ppm * 1e-6;
    for (size_t k = 0; k < SIM_SECONDS; k++) {
        s->y[k] = y;
        s->phase[k + 1] = s->phase[k] + 1 + y;
        y += c->wander * sim_normal();
    }
    struct discipline_conf dc = {.makestep_s = 1, .makestep_limit = 3};
    discipline_init(&s->d, &dc, c->hz, c->saved ? (int32_t)(-c->ppm * 1e6) : 0,
                    c->saved ? 1000000 : 0);
    clk_init(&s->clk, c->hz, 0, SIM_EPOCH - ((uint64_t)77777777 << 32));
    clk_set_rate(&s->clk, sim_ticks(s, 0), s->d.est.rate_e12);
    s->until = UINT64_MAX;
    s->sel.selected = -1;
    s->r.first_sync = s->r.under_1ms = s->r.under_100us = -1;
    for (size_t i = 0; i < c->servers; i++) {
        struct ntp_client_conf nc = {
            .minpoll = 6, .maxpoll = 6, .iburst = true};
        int32_t rate, sigma;
        discipline_prior(&s->d, &rate, &sigma);
        filter_init(&s->filter[i], c->hz, rate, sigma);
        ntp_client_init(&s->client[i], &nc, c->hz, (mono_ns)i * 1000000);
    }
}

static void sim_serve(struct sim *s, size_t i, double t, const uint8_t *pkt)
{
    const struct sim_server *v = &s->c->server[i];
    double up = v->base_up + sim_exp(v->exp_up);
    double down = v->base_down + sim_exp(v->exp_down);
    bool lost = sim_uniform() < v->loss || sim_uniform() < v->loss;
    if (lost || (t >= v->dead_from && t < v->dead_to))
        return;
    double t2 = t + up, t3 = t2 + 30e-6;
    struct ntp_header h = {.version = 4,
                           .mode = 4,
                           .stratum = 1,
                           .precision = -24,
                           .root_disp = 2,
                           .refid = 0x47505300,
                           .ref = sim_utc(t2 + v->error - 5),
                           .origin = bytes_get64(pkt + 40),
                           .receive = sim_utc(t2 + v->error),
                           .transmit = sim_utc(t3 + v->error)};
    ntp_wire_write(&h, s->reply[i].pkt);
    s->reply[i].there = true;
    s->reply[i].at = t3 + down;
}

/* ---- as services/timekeeper does ----------------------------------------- */

static void sim_apply(struct sim *s, const struct discipline_action *a,
                      uint64_t ticks)
{
    if (a->step) {
        double by = fabs((double)a->step_by / 4294967296.0);
        s->r.steps++;
        if (!a->first_sync && by > s->r.worst_step_after_first)
            s->r.worst_step_after_first = by;
        clk_step(&s->clk, ticks, a->step_by);
    }
    clk_set_rate(&s->clk, ticks, a->rate_e12);
    s->until = a->until_ticks;
}

static void sim_choose(struct sim *s, double t)
{
    struct select_in in[SIM_SERVERS] = {0};
    uint64_t ticks = sim_ticks(s, t);
    struct select_conf conf = {.need = s->d.synced ? 1 : s->c->need,
                               .current = s->sel.selected};
    for (size_t i = 0; i < s->c->servers; i++) {
        const struct ntp_sample *l = &s->client[i].last;
        in[i] = (struct select_in){.stratum = l->stratum,
                                   .delay_ns = l->delay_ns,
                                   .root_delay_ns = l->root_delay_ns,
                                   .root_disp_ns = l->root_disp_ns};
        in[i].usable = s->client[i].reach &&
                       filter_estimate(&s->filter[i], ticks, &in[i].est);
    }
    select_sources(in, s->c->servers, &conf, &s->sel);
    if (!s->sel.ok)
        return;
    struct discipline_action act;
    discipline_update(&s->d, &s->sel, &s->clk, ticks, 64 * INT64_C(1000000000),
                      &act);
    if (act.first_sync)
        s->r.first_sync = t;
    sim_apply(s, &act, ticks);
}

static void sim_poll(struct sim *s, size_t i, double t)
{
    uint8_t pkt[LIMIT_NTP_PACKET];
    int rc =
        ntp_client_poll(&s->client[i], sim_mono(s, t) + 1, pkt, sizeof pkt);
    if (rc != NTP_HEADER)
        return;
    s->r.polls++;
    ntp_client_sent(&s->client[i], sim_ticks(s, t));
    sim_serve(s, i, t, pkt);
    if (s->client[i].tx == 9)
        s->r.reach_after_8 = s->client[i].reach >> 1 | 0x80;
}

static void sim_receive(struct sim *s, size_t i, double t)
{
    struct ntp_sample sample;
    enum ntp_drop why;
    s->reply[i].there = false;
    int rc = ntp_client_recv(&s->client[i], sim_mono(s, t), sim_ticks(s, t),
                             s->reply[i].pkt, NTP_HEADER, &sample, &why);
    if (rc == RC_OK && !sample.failed && filter_sample(&s->filter[i], &sample))
        sim_choose(s, t);
}

/* ---- measuring, once a second -------------------------------------------- */

static void sim_since(double *since, bool good, double t)
{
    if (!good)
        *since = -1;
    else if (*since < 0)
        *since = t;
}

static void sim_look(struct sim *s, double t)
{
    if (s->r.first_sync < 0)
        return;
    uint64_t ticks = sim_ticks(s, t);
    ntp64 now = clk_at(&s->clk, ticks);
    double e = (double)utc_diff(now, sim_utc(t)) / 4294.967296; /* us */
    if (s->last_read && utc_diff(now, s->last_read) <= 0)
        s->r.back++;
    s->last_read = now;
    if (fabs(e) > (double)discipline_error(&s->d, &s->clk, ticks) / 1e3)
        s->r.dishonest++;
    sim_since(&s->r.under_1ms, fabs(e) < 1000, t);
    sim_since(&s->r.under_100us, fabs(e) < 100, t);
    if (fabs(e) > s->r.max_synced)
        s->r.max_synced = fabs(e);
    if (t < s->c->window)
        return;
    double fe = s->d.est.rate_e12 * 1e-3 + s->y[(size_t)t] * 1e9;
    s->counted++;
    s->sum2 += e * e;
    s->rate_sum2 += fe * fe;
    if (fabs(e) > s->r.max)
        s->r.max = fabs(e);
}

/* ---- the loop: the earliest of all that may happen ----------------------- */

static double sim_earliest(const struct sim *s, double next, int *what)
{
    *what = -1;
    for (size_t i = 0; i < s->c->servers; i++) {
        double due = sim_true(s, (double)ntp_client_due(&s->client[i]) * 1e-9);
        if (due < next) {
            next = due;
            *what = (int)i;
        }
        if (s->reply[i].there && s->reply[i].at < next) {
            next = s->reply[i].at;
            *what = (int)(SIM_SERVERS + i);
        }
    }
    if (s->until != UINT64_MAX) {
        double u = sim_of_ticks(s, s->until) + 0.001; /* the loop is late */
        if (u < next) {
            next = u;
            *what = 2 * SIM_SERVERS;
        }
    }
    return next;
}

static struct sim_result sim_run(const struct sim_conf *c)
{
    static struct sim s;
    sim_begin(&s, c);
    double look = 0.5, t = 0;
    while (t < c->seconds) {
        int what;
        double at = sim_earliest(&s, look, &what);
        t = at > t ? at : t;
        if (what < 0) {
            sim_look(&s, t);
            look += 1;
        } else if (what < SIM_SERVERS) {
            sim_poll(&s, (size_t)what, t);
        } else if (what < 2 * SIM_SERVERS) {
            sim_receive(&s, (size_t)what - SIM_SERVERS, t);
        } else {
            struct discipline_action act;
            uint64_t ticks = sim_ticks(&s, t);
            discipline_follow(&s.d, &s.clk, ticks, 64 * INT64_C(1000000000),
                              &act);
            sim_apply(&s, &act, ticks);
        }
    }
    s.r.rms = sqrt(s.sum2 / (s.counted ? s.counted : 1));
    s.r.rate_rms = sqrt(s.rate_sum2 / (s.counted ? s.counted : 1));
    for (size_t i = 0; i < c->servers; i++)
        s.r.state[i] = s.sel.state[i];
    return s.r;
}

#endif
