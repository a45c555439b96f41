/* bootstrap.h at work: whose reply is believed, when the clock may be set,
 * when the floor rises, and why not. */
#include <string.h>

#include "fmt.h"
#include "timekeeper_private.h"
#include "utc.h"

#define DAY_S         86400
#define YEAR_S        (365 * DAY_S)
#define FLOOR_AFTER_S (4 * 3600) /* of agreement the floor follows the clock  */
#define GAP_S         3600 /* between updates: more does not count        */

void tk_boot_floor(struct timekeeper *t, uint64_t ticks, int64_t floor_unix_s)
{
    t->boot.floor = t->base_unix_s = floor_unix_s;
    t->base_ticks = ticks;
}

void tk_boot_init(struct timekeeper *t, const struct timekeeper_start *start,
                  uint64_t ticks)
{
    const struct conf *c = t->conf;
    t->boot = (struct bootstrap){
        .strict = c->bootstrap_strict,
        .nocerttimecheck = c->bootstrap_strict ? 0 : c->nocerttimecheck,
        .by_operator = start->floor_by_operator,
    };
    tk_boot_floor(t, ticks, start->floor_unix_s);
    for (unsigned i = 0; i < LIMIT_SOURCES; i++)
        tk_boot_forget(&t->slot[i]);
    if (t->boot.nocerttimecheck)
        tk_say(t, LOG_WARNING, NULL,
               "WARNING: nocerttimecheck %lu: until then certificates' "
               "dates are held against the time floor only",
               (unsigned long)t->boot.nocerttimecheck);
    if (t->boot.strict)
        tk_say(t, LOG_NOTICE, NULL,
               "bootstrap strict: certificates are judged by the time floor "
               "until the clock is set");
}

/* ---- replies ------------------------------------------------------------- */

/* A server whose clock began at 0 says 1900-01-01, which is the same ntp64 as
 * 2036-02-07 (utc.h). Where no certificate says which it is and the floor is
 * not near either, the first day of an era is that of the era before: a day in
 * 136 years on which a board that was off for a year has to wait for the next.
 */
static int64_t said_unix_s(const struct timekeeper *t,
                           const struct timekeeper_slot *s, ntp64 utc)
{
    int64_t unix_s = tk_unix_of(t, utc);
    bool first_day = (utc >> 32) < DAY_S && s->cert_hi == INT64_MAX;
    return first_day && unix_s - t->boot.floor > YEAR_S ? unix_s - UTC_ERA_S
                                                        : unix_s;
}

bool tk_boot_believes(struct timekeeper *t, struct timekeeper_slot *s,
                      const struct timekeeper_reply *reply)
{
    s->cert_lo = reply->cert_lo;
    s->cert_hi = reply->cert_hi == 0 ? INT64_MAX : reply->cert_hi;
    int64_t unix_s = said_unix_s(t, s, reply->sample->utc);
    s->doubt =
        bootstrap_doubt(&t->boot, tk_is_set(t), unix_s, s->cert_lo, s->cert_hi);
    s->doubt_text[0] = 0;
    if (s->doubt == BOOTSTRAP_NO_DOUBT)
        return true;
    char when[UTC_TEXT];
    utc_text(unix_s, 0, when);
    (void)fmt(s->doubt_text, sizeof s->doubt_text,
              "says %.19s, %s: not believed", when,
              bootstrap_doubt_text(s->doubt));
    tk_say(t, LOG_WARNING, &s->doubt_text, "%s: %s", s->conf->label,
           s->doubt_text);
    return false;
}

void tk_boot_forget(struct timekeeper_slot *s)
{
    s->cert_lo = 0;
    s->cert_hi = INT64_MAX;
    s->doubt = BOOTSTRAP_NO_DOUBT;
    s->doubt_text[0] = 0;
}

/* ---- quorum -------------------------------------------------------------- */

static bool has_nts(const struct timekeeper *t)
{
    for (unsigned i = 0; i < t->slots; i++)
        if (t->in[i].auth && !t->in[i].noselect)
            return true;
    return false;
}

static void judge(struct timekeeper *t)
{
    struct bootstrap_source s[LIMIT_SOURCES];
    bool any = t->conf->authselect == AUTHSELECT_IGNORE || !has_nts(t);
    for (unsigned i = 0; i < t->slots; i++) {
        const struct select_in *in = &t->in[i];
        char letter = t->sel.letter[i];
        s[i] = (struct bootstrap_source){
            .counts = (in->auth || any) && !in->noselect,
            .auth = in->auth,
            .agrees = letter != 0 && strchr("*+PDW", letter) != NULL,
            .lo = t->slot[i].cert_lo,
            .hi = t->slot[i].cert_hi,
            .doubt = t->slot[i].doubt,
        };
    }
    bootstrap_judge(&t->boot, tk_is_set(t), s, t->slots, t->conf->minsources,
                    tk_unix_of(t, t->sel.lo), tk_unix_of(t, t->sel.hi),
                    &t->verdict);
    if (t->sel.why == SELECT_SPLIT) /* nobody is a survivor then */
        t->verdict.agree = (unsigned)t->sel.agree;
}

static void find_words(struct timekeeper *t)
{
    struct fmt_text text = fmt_text_of(t->why, sizeof t->why);
    if (!tk_may_ask(t)) {
        fmt_add(&text, "bootstrap strict waits for an operator's `floor set'");
        return;
    }
    text.len = bootstrap_text(&t->verdict, t->why, sizeof t->why);
    if (t->sel.why == SELECT_SPLIT)
        fmt_add(&text, ": they disagree");
    if (t->sel.why == SELECT_REQUIRED)
        fmt_add(&text, ": %s", select_why_text(t->sel.why));
}

/* In whole units, lest every update be news. */
static void say_contradiction(struct timekeeper *t)
{
    static const struct {
        int64_t s;
        const char *name;
    } unit[] = {{DAY_S, "days"}, {3600, "hours"}, {60, "minutes"}, {1, "s"}};
    int64_t by = t->d.contra_by / UTC_S;
    int64_t s = by < 0 ? -by : by;
    size_t i = 0;
    while (i + 1 < LEN(unit) && s < 2 * unit[i].s)
        i++;
    (void)fmt(t->why, sizeof t->why,
              "its sources say %ld %s %s: set anew if they do for %lu min, at "
              "once by `reset'",
              (long)((s + unit[i].s / 2) / unit[i].s), unit[i].name,
              by < 0 ? "less" : "more",
              (unsigned long)(discipline_patience_s(&t->d) + 59) / 60);
}

bool tk_boot_judge(struct timekeeper *t)
{
    judge(t);
    /* Once given up it is discipline's word that counts, and is said there. */
    bool may =
        tk_is_set(t) || t->d.gave_up || (t->sel.ok && t->verdict.may_set);
    t->why[0] = 0;
    if (!may)
        find_words(t);
    else if (t->d.contradicted)
        say_contradiction(t);
    return may;
}

/* ---- what an update means for the floor ---------------------------------- */

/* The floor is at most the lower end of what the quorum agrees on, and of what
 * the clock itself may show. For hours after the clock was set, or contradicted
 * its sources, it is also no more than what has passed by the counter since it
 * was last known: that is past, whatever servers say. */
static void raise(struct timekeeper *t, uint64_t ticks)
{
    span_ns error = discipline_error(&t->d, &t->clk, ticks);
    ntp64 least = utc_add_ns(clk_at(&t->clk, ticks), -error);
    if (utc_diff(t->sel.lo, least) < 0)
        least = t->sel.lo;
    int64_t floor = tk_unix_of(t, least);
    int64_t passed = (int64_t)((ticks - t->base_ticks) / t->hz);
    int64_t sure = t->base_unix_s + passed - passed / 1000;
    bool clipped = floor > sure && t->agreed_s < FLOOR_AFTER_S;
    if (clipped)
        floor = sure;
    t->raised = true;
    if (floor <= t->boot.floor)
        return;
    t->boot.floor = floor;
    if (!clipped)
        tk_boot_floor(t, ticks, floor);
}

static void agreed_for(struct timekeeper *t, uint64_t ticks)
{
    uint64_t gap = (ticks - t->agreed_ticks) / t->hz;
    t->agreed_s += (uint32_t)(gap < GAP_S ? gap : GAP_S);
    t->agreed_ticks = ticks;
}

static void quorum_updated(struct timekeeper *t, uint64_t ticks, bool stepped)
{
    span_ns off = discipline_offset(&t->d, &t->clk, ticks);
    if (stepped || off > MONO_S || off < -MONO_S) {
        t->agreed_s = 0;
        t->agreed_ticks = ticks;
    }
    if (!t->verdict.raises || off > MONO_S || off < -MONO_S)
        return;
    agreed_for(t, ticks);
    raise(t, ticks);
}

static void warn_if_alone(struct timekeeper *t, uint64_t ticks, bool set)
{
    bool alone = t->sel.selectable <= 1 && !t->in[t->sel.selected].auth;
    long years = (long)((tk_unix_s(t, ticks) - t->boot.floor) / YEAR_S);
    if (!alone || (set && years < 1))
        t->warning[0] = 0;
    if (!alone || !set || years < 1)
        return;
    (void)fmt(t->warning, sizeof t->warning,
              "time from one plain (unauthenticated) server, %ld year%s after "
              "the floor: nobody confirms it",
              years, years == 1 ? "" : "s");
    tk_say(t, LOG_WARNING, NULL, "WARNING: %s", t->warning);
}

void tk_boot_contradicted(struct timekeeper *t)
{
    t->agreed_s = 0;
    say_contradiction(t);
}

void tk_boot_updated(struct timekeeper *t, uint64_t ticks,
                     const struct discipline_action *act)
{
    struct bootstrap *b = &t->boot;
    if (b->updates < UINT32_MAX)
        b->updates++;
    if (b->updates == b->nocerttimecheck)
        tk_say(t, LOG_NOTICE, NULL,
               "nocerttimecheck: %lu clock updates: certificates' dates "
               "count from now on",
               (unsigned long)b->updates);
    warn_if_alone(t, ticks, act->first_sync);
    quorum_updated(t, ticks, act->step);
}
