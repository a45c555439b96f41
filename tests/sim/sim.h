/* sim.h -- a seeded world for the firmware's own client and clock
 * (core/ntp_client, core/timekeeper): one oscillator, up to four servers, their
 * network. True time starts at 0 s; nothing depends on the machine the test runs on.
 *
 * Oscillator: fixed error + random walk (wander per sqrt(s)), piecewise
 * constant over a second. Network: base + exponential delay, each way.
 * The models and figures to compare with: README.md. */
#ifndef SIM_H
#define SIM_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/ntp_wire.h"
#include "core/timekeeper.h"
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
    size_t servers;
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
    struct {
        bool there;
        double at; /* true time */
        uint8_t pkt[NTP_HEADER];
    } reply[SIM_SERVERS];
    struct conf conf;
    struct timekeeper tk;
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

void nts_assoc_left(struct nts_assoc *a)
{
    (void)a;
}

unsigned nts_assoc_cookies(const struct nts_assoc *a)
{
    return a->count;
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
    const struct timekeeper_start start = {
        .floor_unix_s = utc_unix_s(SIM_EPOCH, 0) - 77777777,
        .freq_known = c->saved,
        .freq_e12 = (int32_t)(-c->ppm * 1e6),
        .freq_sigma_e12 = 1000000};
    int errors = conf_parse(&s->conf, "", 0);
    ASSERT(errors == 0);
    tk_init(&s->tk, &s->conf, &start, c->hz, sim_ticks(s, 0));
    s->r.first_sync = s->r.under_1ms = s->r.under_100us = -1;
    for (size_t i = 0; i < c->servers; i++) {
        struct ntp_client_conf nc = {
            .minpoll = 6, .maxpoll = 6, .iburst = true};
        s->conf.sources[i] = conf_source_plain();
        s->conf.sources[i].minpoll = s->conf.sources[i].maxpoll = 6;
        tk_source(&s->tk, (unsigned)i, &s->conf.sources[i]);
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

/* ---- the client and the clock -------------------------------------------- */

static void sim_poll(struct sim *s, size_t i, double t)
{
    uint8_t pkt[LIMIT_NTP_PACKET];
    int rc =
        ntp_client_poll(&s->client[i], sim_mono(s, t) + 1, pkt, sizeof pkt);
    if (rc != NTP_HEADER)
        return;
    s->r.polls++;
    tk_asked(&s->tk, (unsigned)i, s->client[i].reach, 0);
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
    if (rc != RC_OK)
        return;
    uint64_t ticks = sim_ticks(s, t);
    const struct timekeeper_reply reply = {.sample = &sample,
                                           .reach = s->client[i].reach};
    struct timekeeper_verdict v;
    uint32_t steps = s->tk.steps;
    ntp64 was = clk_at(&s->tk.clk, ticks);
    tk_reply(&s->tk, ticks, (unsigned)i, &reply, &v);
    if (v.ask_again)
        ntp_client_again(&s->client[i], sim_mono(s, t));
    ntp_client_set_poll(&s->client[i], v.poll_wanted);
    if (s->tk.steps == steps)
        return;
    s->r.steps++;
    double by =
        fabs((double)utc_diff(clk_at(&s->tk.clk, ticks), was)) / 4294967296.0;
    if (s->r.first_sync < 0)
        s->r.first_sync = t;
    else if (by > s->r.worst_step_after_first)
        s->r.worst_step_after_first = by;
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
    ntp64 now = tk_utc(&s->tk, ticks);
    double e = (double)utc_diff(now, sim_utc(t)) / 4294.967296; /* us */
    if (s->last_read && utc_diff(now, s->last_read) <= 0)
        s->r.back++;
    s->last_read = now;
    if (fabs(e) > (double)discipline_error(&s->tk.d, &s->tk.clk, ticks) / 1e3)
        s->r.dishonest++;
    sim_since(&s->r.under_1ms, fabs(e) < 1000, t);
    sim_since(&s->r.under_100us, fabs(e) < 100, t);
    if (fabs(e) > s->r.max_synced)
        s->r.max_synced = fabs(e);
    if (t < s->c->window)
        return;
    double fe = s->tk.d.est.rate_e12 * 1e-3 + s->y[(size_t)t] * 1e9;
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
    if (s->tk.until != UINT64_MAX) {
        double u = sim_of_ticks(s, s->tk.until) + 0.001; /* the loop is late */
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
        }
        (void)tk_poll(&s.tk, sim_ticks(&s, t));
    }
    s.r.rms = sqrt(s.sum2 / (s.counted ? s.counted : 1));
    s.r.rate_rms = sqrt(s.rate_sum2 / (s.counted ? s.counted : 1));
    for (size_t i = 0; i < c->servers; i++)
        s.r.state[i] = s.tk.sel.state[i];
    return s.r;
}

#endif
