#include "select.h"

#include <math.h>

#include "utc.h"

#define DISTANCE_MAX (3 * (span_ns)UTC_NS) /* chrony's maxdistance          */
#define STRATUM_NS   1000000               /* chrony's stratumweight        */
#define COMBINE      3                     /* chrony's combinelimit         */
#define STAY         0.8 /* the current source's distance seems so much less */

enum role { OUT, VOTER, FOLLOWER }; /* follower: must agree, has no say */

struct span { /* ns about a common origin */
    span_ns lo, hi;
};

struct work {
    const struct select_in *in;
    size_t n;
    ntp64 origin;
    enum role role[LIMIT_SOURCES];
    struct span span[LIMIT_SOURCES];
    bool good[LIMIT_SOURCES]; /* survivors */
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

static char first_state(const struct select_in *s)
{
    if (!s->usable)
        return '?';
    if (s->noselect)
        return '-';
    if (s->est.bound_ns < 0 || s->est.bound_ns > DISTANCE_MAX)
        return '~';
    return 0;
}

/* Roles and intervals; the number of voters. */
static size_t cast(struct work *w, struct select_out *out)
{
    bool trust = false, begun = false;
    for (size_t i = 0; i < w->n; i++) {
        out->state[i] = first_state(&w->in[i]);
        if (out->state[i] == 0 && w->in[i].trust)
            trust = true;
    }
    size_t voters = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct select_in *s = &w->in[i];
        if (out->state[i] != 0)
            continue;
        w->role[i] = trust && !s->trust ? FOLLOWER : VOTER;
        voters += w->role[i] == VOTER;
        if (!begun)
            w->origin = s->est.utc;
        begun = true;
        span_ns mid = utc_diff_ns(s->est.utc, w->origin);
        span_ns reach = s->est.bound_ns + 1; /* mid is rounded */
        w->span[i] = (struct span){mid - reach, mid + reach};
        out->state[i] = '?';
    }
    return voters;
}

static size_t votes_at(const struct work *w, span_ns t)
{
    size_t votes = 0;
    for (size_t i = 0; i < w->n; i++)
        votes += w->role[i] == VOTER && w->span[i].lo <= t &&
                 t <= w->span[i].hi;
    return votes;
}

static bool majority_at(const struct work *w, span_ns t, size_t voters)
{
    return votes_at(w, t) * 2 > voters;
}

/* The smallest interval that holds every moment on which more than half of
 * the voters agree: as long as fewer than half of them lie, the truth is in
 * it, whatever these say. Returns how many agree where most do; *s is only
 * set when they are a majority. */
static size_t hull(const struct work *w, size_t voters, struct span *s)
{
    size_t most = 0;
    *s = (struct span){INT64_MAX, INT64_MIN};
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
static bool meets(const struct work *w, size_t i, size_t voters)
{
    for (size_t k = 0; k < w->n; k++)
        if (w->role[k] == VOTER && w->span[i].lo <= w->span[k].lo &&
            w->span[k].lo <= w->span[i].hi &&
            majority_at(w, w->span[k].lo, voters))
            return true;
    return false;
}

/* Marks who agrees with the interval; false: no required one does. */
static bool sift(struct work *w, const struct span *s, struct select_out *out)
{
    bool wanted = false, have = false;
    for (size_t i = 0; i < w->n; i++) {
        wanted = wanted || w->in[i].require;
        if (w->role[i] == OUT)
            continue;
        w->good[i] = w->role[i] == VOTER
                         ? meets(w, i, out->voters)
                         : w->span[i].lo <= s->hi && w->span[i].hi >= s->lo;
        have = have || (w->good[i] && w->in[i].require);
        if (!w->good[i])
            out->state[i] = 'x';
    }
    return have || !wanted;
}

static double distance(const struct work *w, size_t i)
{
    return (double)w->in[i].est.bound_ns +
           (double)w->in[i].stratum * STRATUM_NS;
}

static int nearest(const struct work *w, int current)
{
    int best = -1;
    bool best_prefer = false;
    double least = 0;
    for (size_t i = 0; i < w->n; i++) {
        if (!w->good[i])
            continue;
        double d = distance(w, i) * ((int)i == current ? STAY : 1);
        bool p = w->in[i].prefer;
        if (best >= 0 && (best_prefer > p || (best_prefer == p && d >= least)))
            continue;
        best = (int)i;
        best_prefer = p;
        least = d;
    }
    return best;
}

static uint8_t leap_of(const struct work *w)
{
    size_t votes[4] = {0}, all = 0;
    for (size_t i = 0; i < w->n; i++) {
        if (!w->good[i])
            continue;
        votes[w->in[i].leap & 3]++;
        all++;
    }
    return votes[1] * 2 > all ? 1 : votes[2] * 2 > all ? 2 : 0;
}

/* ---- one estimate -------------------------------------------------------- */

static double square(double v)
{
    return v * v;
}

/* The survivors not much farther than the selected one, weighted by the
 * square of their distance (offset) and of their sigma (rate). */
static void combine(struct work *w, const struct span *s,
                    struct select_out *out)
{
    const struct select_in *sel = &w->in[out->selected];
    double w_off = 0, off = 0, w_rate = 0, rate = 0, w_sigma = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct estimate *e = &w->in[i].est;
        if (!w->good[i])
            continue;
        bool near =
            distance(w, i) <= COMBINE * distance(w, (size_t)out->selected);
        out->state[i] = near && w->in[i].prefer == sel->prefer ? '+' : '-';
        if (out->state[i] == '-')
            continue;
        double wo = 1 / square(1 + (double)e->bound_ns);
        double wr = 1 / square(1 + (double)e->rate_sigma_e12);
        w_off += wo;
        off += wo * (double)utc_diff_ns(e->utc, sel->est.utc);
        w_rate += wr;
        rate += wr * e->rate_e12;
        w_sigma += 1 / square(1 + (double)e->sigma_ns);
    }
    out->state[out->selected] = '*';
    span_ns mid = utc_diff_ns(sel->est.utc, w->origin) + (span_ns)(off / w_off);
    mid = mid < s->lo ? s->lo : mid > s->hi ? s->hi : mid;
    out->est = (struct estimate){
        .ticks = sel->est.ticks,
        .utc = utc_add_ns(w->origin, mid),
        .rate_e12 = (int32_t)(rate / w_rate),
        .rate_sigma_e12 = (int32_t)(1 / sqrt(w_rate)),
        .sigma_ns = (span_ns)(1 / sqrt(w_sigma)),
        .bound_ns = s->hi - mid > mid - s->lo ? s->hi - mid : mid - s->lo,
    };
}

static void conclude(struct work *w, const struct span *s, int current,
                     struct select_out *out)
{
    out->selected = nearest(w, current);
    combine(w, s, out);
    const struct select_in *sel = &w->in[out->selected];
    span_ns shift = utc_diff_ns(out->est.utc, sel->est.utc);
    out->ok = true;
    out->stratum = sel->stratum;
    out->leap = leap_of(w);
    out->root_delay_ns = sel->root_delay_ns + sel->delay_ns;
    out->root_disp_ns = sel->root_disp_ns + sel->est.sigma_ns +
                        (shift < 0 ? -shift : shift);
    /* what both come to is what the source claims, at least */
    span_ns claimed = sel->est.bound_ns - out->root_delay_ns / 2;
    if (out->root_disp_ns < claimed)
        out->root_disp_ns = claimed;
}

void select_sources(const struct select_in *in, size_t n,
                    const struct select_conf *conf, struct select_out *out)
{
    ASSERT(n <= LIMIT_SOURCES);
    struct work w = {.in = in, .n = n};
    struct span best = {0, 0};
    *out = (struct select_out){.selected = -1, .why = SELECT_NONE};
    out->voters = cast(&w, out);
    if (out->voters == 0)
        return;
    out->agree = hull(&w, out->voters, &best);
    if (out->agree * 2 <= out->voters) {
        out->why = SELECT_SPLIT;
        for (size_t i = 0; i < n; i++)
            if (w.role[i] == VOTER)
                out->state[i] = 'x';
        return;
    }
    out->lo = utc_add_ns(w.origin, best.lo);
    out->hi = utc_add_ns(w.origin, best.hi);
    bool required = sift(&w, &best, out);
    out->why = out->agree < conf->need ? SELECT_FEW
               : required             ? SELECT_OK
                                      : SELECT_REQUIRED;
    if (out->why == SELECT_OK)
        conclude(&w, &best, conf->current, out);
}
