#include <math.h>
#include <string.h>

#include "mono.h"
#include "select_private.h"
#include "utc.h"

#define SCORE_LIMIT 10 /* chrony's: then another source is selected    */

const struct select_limits select_limits_default = {
    .minsources = 1,
    .maxdistance_ns = 3 * MONO_S,
    .maxjitter_ns = MONO_S,
    .reselectdist_ns = 100000,
    .stratumweight_ns = 1000000,
    .combinelimit = 3,
    .maxstratum = 15,
};

const char *select_why_text(enum select_why w)
{
    switch (w) {
    case SELECT_OK:
        return "synchronised";
    case SELECT_NONE:
        return "no usable source";
    case SELECT_FEW:
        return "too few sources agree";
    case SELECT_SPLIT:
        return "no majority: sources disagree";
    case SELECT_REQUIRED:
        return "no required source agrees";
    }
    return "?";
}

/* ---- who has a say ------------------------------------------------------- */

void select_apply_auth(struct select_in *in, size_t n, enum authselect mode)
{
    bool auth = false, plain = false;
    for (size_t i = 0; i < n; i++) {
        auth = auth || (!in[i].noselect && in[i].auth);
        plain = plain || (!in[i].noselect && !in[i].auth);
    }
    bool drop =
        mode == AUTHSELECT_REQUIRE || (mode == AUTHSELECT_PREFER && auth);
    bool raise = mode == AUTHSELECT_MIX && auth && plain;
    for (size_t i = 0; i < n; i++) {
        if (in[i].noselect)
            continue;
        in[i].noselect = drop && !in[i].auth;
        in[i].trust = in[i].trust || (raise && in[i].auth);
        in[i].require = in[i].require || (raise && in[i].auth);
    }
}

static char first_letter(const struct select_in *s,
                         const struct select_limits *l)
{
    if (s->noselect)
        return 'N';
    if (!s->usable)
        return s->stale ? 'S' : 'M';
    if ((s->leap & 3) == 3)
        return 's';
    if (s->stratum < l->minstratum || s->stratum > l->maxstratum)
        return 'r';
    if (s->est.bound_ns < 0 || s->est.bound_ns > l->maxdistance_ns)
        return 'd';
    if (s->jitter_ns > l->maxjitter_ns)
        return '~';
    return 0;
}

static bool any_trusted(const struct select_in *in, size_t n,
                        const struct select_limits *l)
{
    for (size_t i = 0; i < n; i++)
        if (in[i].trust && first_letter(&in[i], l) == 0)
            return true;
    return false;
}

/* How many have a say, the silent ones included. */
static size_t electorate(const struct select_in *in, size_t n,
                         const struct select_limits *l)
{
    bool trust = any_trusted(in, n, l);
    size_t say = 0;
    for (size_t i = 0; i < n; i++)
        say += !in[i].noselect && (in[i].trust || !trust);
    return say;
}

size_t select_quorum(const struct select_in *in, size_t n,
                     const struct select_limits *limits)
{
    return electorate(in, n, limits ? limits : &select_limits_default) / 2 + 1;
}

/* Roles and intervals; the number of voters. */
static size_t cast(struct select_work *w, struct select_out *out)
{
    bool trust = any_trusted(w->in, w->n, w->limits), begun = false;
    size_t voters = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct select_in *s = &w->in[i];
        out->letter[i] = first_letter(s, w->limits);
        if (out->letter[i] != 0)
            continue;
        w->role[i] = trust && !s->trust ? FOLLOWER : VOTER;
        voters += w->role[i] == VOTER;
        if (!begun)
            w->origin = s->est.utc;
        begun = true;
        span_ns mid = utc_diff_ns(s->est.utc, w->origin);
        span_ns reach = s->est.bound_ns + 1; /* mid is rounded */
        w->span[i] = (struct select_span){mid - reach, mid + reach};
        out->letter[i] = 'W';
    }
    return voters;
}

static bool holds(const struct select_span *s, span_ns t)
{
    return s->lo <= t && t <= s->hi;
}

static size_t votes_at(const struct select_work *w, span_ns t)
{
    size_t votes = 0;
    for (size_t i = 0; i < w->n; i++)
        votes += w->role[i] == VOTER && holds(&w->span[i], t);
    return votes;
}

static bool majority_at(const struct select_work *w, span_ns t, size_t voters)
{
    return votes_at(w, t) * 2 > voters;
}

/* The smallest interval that holds every moment on which more than half of
 * the voters agree: as long as fewer than half of them lie, the truth is in
 * it, whatever these say. Returns how many agree where most do; *s is only
 * set when they are a majority. */
static size_t hull(const struct select_work *w, size_t voters,
                   struct select_span *s)
{
    size_t most = 0;
    *s = (struct select_span){INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < w->n; i++) {
        if (w->role[i] != VOTER)
            continue;
        size_t votes = votes_at(w, w->span[i].lo);
        most = votes > most ? votes : most;
        if (majority_at(w, w->span[i].lo, voters) && w->span[i].lo < s->lo)
            s->lo = w->span[i].lo;
        if (majority_at(w, w->span[i].hi, voters) && w->span[i].hi > s->hi)
            s->hi = w->span[i].hi;
    }
    return most;
}

/* ---- survivors ----------------------------------------------------------- */

/* Is source i part of a majority anywhere? */
static bool meets(const struct select_work *w, size_t i, size_t voters)
{
    for (size_t k = 0; k < w->n; k++)
        if (w->role[k] == VOTER && w->span[i].lo <= w->span[k].lo &&
            w->span[k].lo <= w->span[i].hi &&
            majority_at(w, w->span[k].lo, voters))
            return true;
    return false;
}

/* A trusted majority's interval must hold all of a follower's. */
static char judge(const struct select_work *w, size_t i,
                  const struct select_span *s, size_t voters)
{
    const struct select_span *own = &w->span[i];
    if (w->role[i] == VOTER)
        return meets(w, i, voters) ? 'W' : 'x';
    if (own->lo > s->hi || own->hi < s->lo)
        return 'x';
    return own->lo < s->lo || own->hi > s->hi ? 'T' : 'W';
}

/* Marks who agrees with the interval; false: no required one does. */
static bool sift(struct select_work *w, const struct select_span *s,
                 struct select_out *out)
{
    bool wanted = false, have = false;
    for (size_t i = 0; i < w->n; i++) {
        wanted = wanted || w->in[i].require; /* with noselect, too: chrony */
        if (w->role[i] == OUT)
            continue;
        out->letter[i] = judge(w, i, s, out->voters);
        w->good[i] = out->letter[i] == 'W';
        out->selectable += w->good[i];
        have = have || (w->good[i] && w->in[i].require);
    }
    return have || !wanted;
}

/* Where one is preferred, the others take no further part. */
static void prefer(struct select_work *w, struct select_out *out)
{
    bool any = false;
    for (size_t i = 0; i < w->n; i++)
        any = any || (w->good[i] && w->in[i].prefer);
    for (size_t i = 0; any && i < w->n; i++)
        if (w->good[i] && !w->in[i].prefer) {
            w->good[i] = false;
            out->letter[i] = 'P';
        }
}

static unsigned least_stratum(const struct select_work *w)
{
    unsigned least = UINT8_MAX;
    for (size_t i = 0; i < w->n; i++)
        if (w->good[i] && w->in[i].stratum < least)
            least = w->in[i].stratum;
    return least;
}

static double distance(const struct select_work *w, size_t i, unsigned least)
{
    return (double)w->in[i].est.bound_ns +
           (double)w->limits->stratumweight_ns * (w->in[i].stratum - least);
}

static int nearest(const struct select_work *w)
{
    int best = -1;
    double shortest = 0;
    unsigned least = least_stratum(w);
    for (size_t i = 0; i < w->n; i++) {
        double d = distance(w, i, least);
        if (!w->with[i] || (best >= 0 && d >= shortest))
            continue;
        best = (int)i;
        shortest = d;
    }
    return best;
}

/* How much better than the current one source i has been of late. */
static double scored(const struct select_work *w, size_t i, double current,
                     const struct select_conf *conf)
{
    double d =
        distance(w, i, least_stratum(w)) + (double)w->limits->reselectdist_ns;
    double ratio = (current + 1) / (d + 1); /* neither is zero */
    if (!conf->score)
        return ratio > 1 ? SCORE_LIMIT + ratio : 0;
    if (conf->updated == (int)i || conf->updated == conf->current)
        conf->score[i] *= ratio;
    if (!(conf->score[i] >= 1))
        conf->score[i] = 1;
    return conf->score[i];
}

static void forget_scores(const struct select_work *w,
                          const struct select_conf *conf)
{
    for (size_t i = 0; conf->score && i < w->n; i++)
        conf->score[i] = 1;
}

/* The current one stays until another has been nearer for long enough. */
static int pick(const struct select_work *w, const struct select_conf *conf)
{
    int now = conf->current, best = now;
    double most = SCORE_LIMIT;
    if (now < 0 || now >= (int)w->n || !w->with[now]) {
        forget_scores(w, conf);
        return nearest(w);
    }
    double current = distance(w, (size_t)now, least_stratum(w));
    for (size_t i = 0; i < w->n; i++) {
        double score = 1;
        if (w->with[i] && (int)i != now)
            score = scored(w, i, current, conf);
        else if (conf->score)
            conf->score[i] = 1;
        if (score > most) {
            most = score;
            best = (int)i;
        }
    }
    if (best != now)
        forget_scores(w, conf);
    return best;
}

static uint8_t leap_of(const struct select_work *w)
{
    size_t votes[4] = {0}, all = 0;
    for (size_t i = 0; i < w->n; i++) {
        if (!w->good[i] || w->role[i] != VOTER)
            continue;
        votes[w->in[i].leap & 3]++;
        all++;
    }
    return votes[1] * 2 > all ? 1 : votes[2] * 2 > all ? 2 : 0;
}

static size_t good_at(const struct select_work *w, span_ns t)
{
    size_t votes = 0;
    for (size_t i = 0; i < w->n; i++)
        votes += w->role[i] == VOTER && w->good[i] && holds(&w->span[i], t);
    return votes;
}

/* The smallest interval that holds the truth as long as fewer than half of all
 * lie, those included that are not heard: where most of these are honest, most
 * of the heard ones may lie. Who contradicts the majority is one of the liars.
 */
static struct select_span vouched(const struct select_work *w)
{
    size_t liars = (electorate(w->in, w->n, w->limits) - 1) / 2, agree = 0;
    for (size_t i = 0; i < w->n; i++) {
        agree += w->role[i] == VOTER && w->good[i];
        liars -= liars > 0 && w->role[i] == VOTER && !w->good[i];
    }
    size_t least = agree > liars ? agree - liars : 1;
    struct select_span s = {INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < w->n; i++) {
        if (w->role[i] != VOTER || !w->good[i])
            continue;
        if (good_at(w, w->span[i].lo) >= least && w->span[i].lo < s.lo)
            s.lo = w->span[i].lo;
        if (good_at(w, w->span[i].hi) >= least && w->span[i].hi > s.hi)
            s.hi = w->span[i].hi;
    }
    return s;
}

static void conclude(struct select_work *w, const struct select_span *s,
                     const struct select_conf *conf, struct select_out *out)
{
    struct select_span all = vouched(w);
    out->leap = leap_of(w); /* P has a vote here, too */
    prefer(w, out);
    select_go_together(w, conf);
    out->selected = pick(w, conf);
    select_combine(w, s, conf, out);
    span_ns mid = utc_diff_ns(out->est.utc, w->origin);
    out->est.bound_ns =
        all.hi - mid > mid - all.lo ? all.hi - mid : mid - all.lo;
    const struct select_in *sel = &w->in[out->selected];
    out->ok = true;
    out->stratum = sel->stratum;
    /* Both come to what the majority vouches for, whatever the selected one
     * claims: it may be exact and wrong, or vague among exact ones. */
    out->root_delay_ns = sel->root_delay_ns + sel->delay_ns;
    if (out->root_delay_ns / 2 > out->est.bound_ns)
        out->root_delay_ns = 2 * out->est.bound_ns;
    out->root_disp_ns = out->est.bound_ns - out->root_delay_ns / 2;
}

static void decide(struct select_work *w, const struct select_conf *conf,
                   struct select_out *out)
{
    struct select_span best = {0, 0};
    out->agree = hull(w, out->voters, &best);
    if (out->agree * 2 <= out->voters) {
        out->why = SELECT_SPLIT;
        for (size_t i = 0; i < w->n; i++)
            if (w->role[i] != OUT)
                out->letter[i] = 'x';
        return;
    }
    out->lo = utc_add_ns(w->origin, best.lo);
    out->hi = utc_add_ns(w->origin, best.hi);
    bool required = sift(w, &best, out);
    bool few =
        out->agree < conf->need || out->selectable < w->limits->minsources;
    out->why = few ? SELECT_FEW : required ? SELECT_OK : SELECT_REQUIRED;
    if (out->why == SELECT_OK)
        conclude(w, &best, conf, out);
}

void select_sources(const struct select_in *in, size_t n,
                    const struct select_conf *conf, struct select_out *out)
{
    ASSERT(n <= LIMIT_SOURCES);
    struct select_work w = {.in = in, .n = n};
    w.limits = conf->limits ? conf->limits : &select_limits_default;
    *out = (struct select_out){.selected = -1, .why = SELECT_NONE};
    out->voters = cast(&w, out);
    if (out->voters > 0)
        decide(&w, conf, out);
    if (!out->ok)
        forget_scores(&w, conf);
    for (size_t i = 0; i < n; i++)
        out->state[i] = strchr("*+x~", out->letter[i])  ? out->letter[i]
                        : strchr("PDW", out->letter[i]) ? '-'
                                                        : '?';
}
