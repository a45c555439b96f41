#include "timekeeper_boot.h"

#include <string.h>

#include "core/limit.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/utc.h"
#include "log.h"
#include "version.h"

#define SAY_AFTER MONO_S
#define SAY_EVERY (10 * MONO_S)

static struct {
    struct bootstrap b;
    unsigned minsources;
    bool ignore; /* authselectmode                            */
    struct {
        int64_t lo, hi; /* window of the last reply's association    */
        enum bootstrap_doubt doubt;
        char text[96]; /* the doubt in words                        */
    } slot[LIMIT_SOURCES];
    struct bootstrap_verdict verdict;
    bool raised;
    int64_t quorum_unix;
    char why[96], said[96]; /* now; in the log                           */
    bool heard;             /* somebody answered                         */
    mono_ns say, last;      /* why is due in the log; was there last     */
} boot;

void timekeeper_boot_init(const struct conf *conf,
                          const struct timekeeper_start *start)
{
    memset(&boot, 0, sizeof boot);
    boot.b = (struct bootstrap){
        .strict = conf->bootstrap_strict,
        .nocerttimecheck = conf->bootstrap_strict ? 0 : conf->nocerttimecheck,
        .floor = start->floor_unix_s,
        .by_operator = start->floor_by_operator,
    };
    boot.minsources = conf->minsources;
    boot.ignore = conf->authselect == AUTHSELECT_IGNORE;
    boot.say = MONO_NEVER;
    for (unsigned i = 0; i < LIMIT_SOURCES; i++)
        timekeeper_boot_forget(i);
    if (boot.b.nocerttimecheck)
        log_line("WARNING: nocerttimecheck %lu: until then certificates' "
                 "dates are held against the time floor only",
                 (unsigned long)boot.b.nocerttimecheck);
    if (boot.b.strict)
        log_line("bootstrap strict: certificates are judged by the time floor "
                 "until the clock is set");
    if (bootstrap_waits(&boot.b))
        log_line("clock not set: bootstrap strict waits for an operator's "
                 "`floor set'");
}

void timekeeper_boot_floor(int64_t floor, bool by_operator)
{
    boot.b.floor = floor;
    boot.b.by_operator = by_operator;
}

/* ---- replies ------------------------------------------------------------ */

bool timekeeper_boot_believes(unsigned slot, const char *name, int64_t t,
                              int64_t cert_lo, int64_t cert_hi)
{
    cert_hi = cert_hi == 0 ? INT64_MAX : cert_hi;
    enum bootstrap_doubt d = bootstrap_doubt(&boot.b, t, cert_lo, cert_hi);
    boot.slot[slot].lo = cert_lo;
    boot.slot[slot].hi = cert_hi;
    boot.slot[slot].doubt = d;
    boot.slot[slot].text[0] = 0;
    if (d == BOOTSTRAP_NO_DOUBT)
        return true;
    char when[UTC_TEXT];
    utc_text(t, 0, when);
    (void)fmt(boot.slot[slot].text, sizeof boot.slot[slot].text,
              "says %.19s, %s: not believed", when, bootstrap_doubt_text(d));
    log_limited(&boot.slot[slot], "%s: %s", name, boot.slot[slot].text);
    return false;
}

void timekeeper_boot_forget(unsigned slot)
{
    memset(&boot.slot[slot], 0, sizeof boot.slot[slot]);
    boot.slot[slot].hi = INT64_MAX;
}

const char *timekeeper_doubt(unsigned slot, bool *window)
{
    ASSERT(slot < LIMIT_SOURCES);
    *window = boot.slot[slot].doubt == BOOTSTRAP_OUTSIDE_WINDOW;
    return boot.b.set ? "" : boot.slot[slot].text;
}

/* ---- quorum ------------------------------------------------------------- */

static bool has_nts(const struct select_in *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (in[i].auth && !in[i].noselect)
            return true;
    return false;
}

static void judge(const struct select_in *in, size_t n,
                  const struct select_out *sel)
{
    struct bootstrap_source s[LIMIT_SOURCES];
    bool any = boot.ignore || !has_nts(in, n);
    for (size_t i = 0; i < n; i++)
        s[i] = (struct bootstrap_source){
            .counts = (in[i].auth || any) && !in[i].noselect,
            .auth = in[i].auth,
            .agrees =
                strchr("*+PDW", sel->letter[i]) != NULL && sel->letter[i] != 0,
            .lo = boot.slot[i].lo,
            .hi = boot.slot[i].hi,
            .doubt = boot.slot[i].doubt,
        };
    bootstrap_judge(&boot.b, s, n, boot.minsources,
                    utc_unix_s(sel->lo, gnomon_build_unix),
                    utc_unix_s(sel->hi, gnomon_build_unix), &boot.verdict);
    if (sel->why == SELECT_SPLIT) /* nobody is a survivor then */
        boot.verdict.agree = (unsigned)sel->agree;
}

static void find_words(const struct select_out *sel)
{
    const struct bootstrap_verdict *v = &boot.verdict;
    struct fmt_text t = fmt_text_of(boot.why, sizeof boot.why);
    if (bootstrap_waits(&boot.b)) {
        fmt_add(&t, "bootstrap strict waits for an operator's `floor set'");
        return;
    }
    t.len = bootstrap_text(v, boot.why, sizeof boot.why);
    if (sel->why == SELECT_SPLIT)
        fmt_add(&t, ": they disagree");
    if (sel->why == SELECT_REQUIRED)
        fmt_add(&t, ": %s", select_why_text(sel->why));
}

bool timekeeper_boot_judge(const struct select_in *in, size_t n,
                           const struct select_out *sel)
{
    judge(in, n, sel);
    boot.heard =
        sel->why != SELECT_NONE || boot.verdict.outside || boot.verdict.before;
    bool may = boot.b.set || (sel->ok && boot.verdict.may_set);
    if (may)
        boot.why[0] = 0;
    else
        find_words(sel);
    return may;
}

/* A second for the others to answer, then no more than a line in ten. */
mono_ns timekeeper_boot_poll(mono_ns now)
{
    if (!boot.heard || !boot.why[0] || strcmp(boot.why, boot.said) == 0) {
        boot.say = MONO_NEVER;
        return MONO_NEVER;
    }
    if (boot.say == MONO_NEVER)
        boot.say = boot.said[0] && boot.last + SAY_EVERY > now + SAY_AFTER
                       ? boot.last + SAY_EVERY
                       : now + SAY_AFTER;
    if (now < boot.say)
        return boot.say;
    log_line("clock not set: %s", boot.why);
    memcpy(boot.said, boot.why, sizeof boot.said);
    boot.last = now;
    boot.say = MONO_NEVER;
    return MONO_NEVER;
}

void timekeeper_boot_updated(const struct select_out *sel)
{
    boot.b.set = true;
    if (boot.b.updates < UINT32_MAX)
        boot.b.updates++;
    if (boot.b.updates == boot.b.nocerttimecheck)
        log_line("nocerttimecheck: %lu clock updates: certificates' dates "
                 "count from now on",
                 (unsigned long)boot.b.updates);
    int64_t t = utc_unix_s(sel->lo, gnomon_build_unix);
    if (!boot.verdict.raises || (boot.raised && t <= boot.quorum_unix))
        return;
    boot.raised = true;
    boot.quorum_unix = t;
}

bool timekeeper_boot_raised(int64_t *unix_s)
{
    *unix_s = boot.quorum_unix;
    return boot.raised;
}

/* ---- asking ------------------------------------------------------------- */

bool timekeeper_may_ask(void)
{
    return !bootstrap_waits(&boot.b);
}

/* ---- certificates -------------------------------------------------------- */

bool timekeeper_window_ok(int64_t cert_lo, int64_t cert_hi)
{
    return !boot.b.set ||
           bootstrap_window_ok(&boot.b, timekeeper_unix(), timekeeper_slack(),
                               cert_lo, cert_hi);
}

void timekeeper_cert_clock(struct timekeeper_cert_clock *out)
{
    *out = (struct timekeeper_cert_clock){
        .strict = boot.b.strict,
        .clock = boot.b.set && bootstrap_mode(&boot.b) != BOOTSTRAP_LOWER_BOUND,
        .now = timekeeper_unix(),
        .slack = timekeeper_slack(),
    };
}

void timekeeper_boot_status(struct status_tracking *t)
{
    if (!boot.b.set)
        (void)fmt(t->why, sizeof t->why, "%s", boot.why);
    else if (timekeeper_gave_up())
        (void)fmt(t->why, sizeof t->why, "a correction exceeds maxchange");
    if (bootstrap_mode(&boot.b) == BOOTSTRAP_LOWER_BOUND)
        (void)fmt(t->warning, sizeof t->warning,
                  "nocerttimecheck %lu: certificates' dates are not checked",
                  (unsigned long)boot.b.nocerttimecheck);
}
