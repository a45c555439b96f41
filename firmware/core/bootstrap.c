#include "bootstrap.h"

#include "fmt.h"

enum bootstrap_mode bootstrap_mode(const struct bootstrap *b)
{
    return b->strict                         ? BOOTSTRAP_STRICT
           : b->updates < b->nocerttimecheck ? BOOTSTRAP_LOWER_BOUND
                                             : BOOTSTRAP_DEFAULT;
}

bool bootstrap_waits(const struct bootstrap *b, bool set)
{
    return b->strict && !set && !b->by_operator;
}

/* ---- certificates ------------------------------------------------------- */

struct cert_clock bootstrap_cert_clock(const struct bootstrap *b, bool set,
                                       int64_t now, int64_t slack_s)
{
    enum bootstrap_mode mode = bootstrap_mode(b);
    return (struct cert_clock){
        .by_clock = set && mode != BOOTSTRAP_LOWER_BOUND,
        .strict = mode == BOOTSTRAP_STRICT,
        .floor = b->floor,
        .now = now,
        .slack_s = slack_s,
    };
}

int64_t cert_clock_now(const struct cert_clock *c)
{
    return c->by_clock ? c->now : c->floor;
}

enum bootstrap_cert bootstrap_judge_cert(const struct cert_clock *c,
                                         int64_t from, int64_t to)
{
    if (to < (c->by_clock ? c->now - c->slack_s : c->floor))
        return BOOTSTRAP_CERT_EXPIRED;
    if (c->by_clock && from > c->now + c->slack_s)
        return BOOTSTRAP_CERT_FUTURE;
    if (!c->by_clock && c->strict && from > c->floor)
        return BOOTSTRAP_CERT_FUTURE;
    return BOOTSTRAP_CERT_GOOD;
}

/* With nocerttimecheck nothing is checked again: chrony looks at dates in key
 * exchanges only. */
bool bootstrap_window_ok(const struct bootstrap *b, int64_t now,
                         int64_t slack_s, int64_t lo, int64_t hi)
{
    return b->nocerttimecheck > 0 ||
           (lo <= now + slack_s && now - slack_s <= hi);
}

/* ---- replies ------------------------------------------------------------ */

enum bootstrap_doubt bootstrap_doubt(const struct bootstrap *b, bool set,
                                     int64_t t, int64_t lo, int64_t hi)
{
    if (set)
        return BOOTSTRAP_NO_DOUBT;
    if (t < b->floor)
        return BOOTSTRAP_BEFORE_FLOOR;
    return bootstrap_mode(b) != BOOTSTRAP_LOWER_BOUND && (t < lo || t > hi)
               ? BOOTSTRAP_OUTSIDE_WINDOW
               : BOOTSTRAP_NO_DOUBT;
}

const char *bootstrap_doubt_text(enum bootstrap_doubt d)
{
    return d == BOOTSTRAP_BEFORE_FLOOR     ? "before the time floor"
           : d == BOOTSTRAP_OUTSIDE_WINDOW ? "outside its certificate's "
                                             "validity"
                                           : "";
}

/* ---- quorum ------------------------------------------------------------- */

unsigned bootstrap_need(unsigned of, unsigned minsources)
{
    unsigned most = of / 2 + 1;
    return most > minsources ? most : minsources;
}

static bool holds(const struct bootstrap *b, bool set,
                  const struct bootstrap_source *s, int64_t from, int64_t to)
{
    return set || bootstrap_mode(b) == BOOTSTRAP_LOWER_BOUND ||
           (s->lo <= from && to <= s->hi);
}

void bootstrap_judge(const struct bootstrap *b, bool set,
                     const struct bootstrap_source *s, size_t n,
                     unsigned minsources, int64_t from, int64_t to,
                     struct bootstrap_verdict *out)
{
    ASSERT(n <= LIMIT_SOURCES);
    unsigned auth = 0, auth_agree = 0;
    *out = (struct bootstrap_verdict){0};
    for (size_t i = 0; i < n; i++) {
        if (!s[i].counts)
            continue;
        bool good = s[i].agrees && holds(b, set, &s[i], from, to);
        out->of++;
        out->agree += good;
        auth += s[i].auth;
        auth_agree += s[i].auth && good;
        out->outside +=
            s[i].doubt == BOOTSTRAP_OUTSIDE_WINDOW || (s[i].agrees && !good);
        out->before += s[i].doubt == BOOTSTRAP_BEFORE_FLOOR;
    }
    out->need = bootstrap_need(out->of, minsources);
    bool quorum = out->agree >= out->need && to >= b->floor;
    out->may_set = set || (quorum && !bootstrap_waits(b, set));
    out->raises = quorum && auth_agree >= bootstrap_need(auth, minsources);
}

size_t bootstrap_text(const struct bootstrap_verdict *v, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    fmt_add(&t, "%u of %u source%s agree%s, %u needed", v->agree, v->of,
            v->of == 1 ? "" : "s", v->agree == 1 && v->of == 1 ? "s" : "",
            v->need);
    if (v->need > v->of && v->of > 0)
        fmt_add(&t, " (minsources)");
    if (v->outside)
        fmt_add(&t, ", %u outside %s validity", v->outside,
                v->outside == 1 ? "its certificate's" : "their certificates'");
    if (v->before)
        fmt_add(&t, ", %u before the time floor", v->before);
    return t.len;
}
