#include "timekeeper.h"

#include <string.h>

#include "core/delay_limit.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/utc.h"
#include "log.h"
#include "port.h"
#include "timekeeper_boot.h"
#include "timekeeper_state.h"
#include "version.h"

struct timekeeper_state timekeeper_state;
#define tk timekeeper_state

/* ---- start -------------------------------------------------------------- */

mono_ns timekeeper_mono(void)
{
    return mono_of_ticks(port_ticks(), port_tick_hz());
}

static span_ns ns_of(double s)
{
    return s < 1e9 ? (span_ns)(s * 1e9) : (span_ns)1e18;
}

static int64_t e12_of(double ppm)
{
    double v = ppm * 1e6;
    return v < 1 ? 1 : v > 1e15 ? (int64_t)1e15 : (int64_t)v;
}

void timekeeper_init(const struct conf *conf,
                     const struct timekeeper_start *start)
{
    memset(&tk, 0, sizeof tk);
    tk.conf = conf;
    timekeeper_boot_init(conf, start);
    tk.hz = port_tick_hz();
    tk.until = UINT64_MAX;
    tk.first_sync = -1;
    tk.sel.selected = -1;
    tk.limits = (struct select_limits){
        .minsources = conf->minsources,
        .maxdistance_ns = ns_of(conf->maxdistance_s),
        .maxjitter_ns = ns_of(conf->maxjitter_s),
        .reselectdist_ns = ns_of(conf->reselectdist_s),
        .stratumweight_ns = ns_of(conf->stratumweight_s),
        .combinelimit = conf->combinelimit,
    };
    uint64_t now = port_ticks();
    struct discipline_conf dc = {
        .makestep_s = conf->makestep_s,
        .makestep_limit = conf->makestep_limit,
        .max_slew_e12 = e12_of(conf->maxslewrate_ppm),
        .max_skew_e12 = e12_of(conf->maxupdateskew_ppm),
        .max_drift_e12 = e12_of(conf->maxdrift_ppm),
        .max_clock_error_e12 = e12_of(conf->maxclockerror_ppm),
        .maxchange_s = conf->maxchange_s,
        .maxchange_start = conf->maxchange_start,
        .maxchange_ignore = conf->maxchange_ignore,
    };
    discipline_init(&tk.d, &dc, tk.hz, start->freq_e12,
                    start->freq_known ? start->freq_sigma_e12 : 0);
    leap_init(&tk.leap, conf->leapsecmode);
    clk_init(&tk.clk, tk.hz, now, utc_of_unix(start->floor_unix_s, 0));
    (void)clk_set_rate(&tk.clk, now, tk.d.est.rate_e12);
}

static void start_filter(struct timekeeper_slot *s)
{
    int32_t rate, sigma;
    discipline_prior(&tk.d, &rate, &sigma);
    filter_init(&s->filter, tk.hz, rate, sigma);
    poll_adapt_init(&s->adapt, s->conf->minpoll, s->conf->maxpoll);
    s->residuals = (struct residuals){0};
}

void timekeeper_source(unsigned slot, const struct conf_source *conf)
{
    ASSERT(slot < LIMIT_SOURCES && !tk.slot[slot].conf);
    struct timekeeper_slot *s = &tk.slot[slot];
    s->conf = conf;
    start_filter(s);
    tk.nts |= conf->nts;
    tk.reselect = true; /* options in force depend on all of them */
    if (slot >= tk.slots)
        tk.slots = slot + 1;
}

void timekeeper_refid(unsigned slot, uint32_t refid)
{
    ASSERT(slot < tk.slots);
    tk.slot[slot].refid = refid;
}

void timekeeper_forget(unsigned slot)
{
    ASSERT(slot < tk.slots);
    start_filter(&tk.slot[slot]);
    timekeeper_boot_forget(slot);
    tk.reselect = true;
}

/* ---- choosing ------------------------------------------------------------ */

/* How many must agree. Before the clock is set, a majority of the configured
 * sources that have a say (DESIGN.md). */
static size_t quorum(void)
{
    return tk.d.synced ? 1 : select_quorum(tk.in, tk.slots, &tk.limits);
}

static void fill(const struct timekeeper_slot *s, uint64_t ticks,
                 struct select_in *in)
{
    *in = (struct select_in){
        .auth = s->conf->nts,
        .noselect =
            s->conf->noselect || (s->conf->dhcp && tk.nts && !tk.d.synced),
        .prefer = s->conf->prefer,
        .require = s->conf->require,
        .trust = s->conf->trust,
        .stratum = s->last.stratum,
        .leap = s->last.leap,
        .refid = s->last.refid,
        .delay_ns = s->last.delay_ns,
        .root_delay_ns = s->last.root_delay_ns,
        .root_disp_ns = s->last.root_disp_ns,
        .jitter_ns = residuals_spread_ns(&s->residuals),
    };
    bool known = filter_estimate(&s->filter, ticks, &in->est);
    in->usable = known && s->reach != 0;
    in->stale = known && s->reach == 0;
}

/* Once the clock is set; until then timekeeper_boot says. */
static void say_why(void)
{
    enum select_why why = tk.sel.why;
    if (!tk.d.synced || why == tk.said)
        return;
    tk.said = why;
    if (why != SELECT_OK)
        log_limited(select_why_text(why),
                    "clock runs on alone: %s (%u of %u agree, %u needed)",
                    select_why_text(why), (unsigned)tk.sel.agree,
                    (unsigned)tk.sel.voters, (unsigned)quorum());
}

static void say_falsetickers(const char before[LIMIT_SOURCES])
{
    for (unsigned i = 0; i < tk.slots; i++)
        if (tk.sel.letter[i] == 'x' && before[i] != 'x')
            log_limited(&tk.slot[i].last, "%s: falseticker",
                        tk.slot[i].conf->name);
}

/* updated: whose sample is new, -1 nobody's. */
static void choose(uint64_t ticks, int updated)
{
    char before[LIMIT_SOURCES];
    memcpy(before, tk.sel.letter, sizeof before);
    for (unsigned i = 0; i < tk.slots; i++)
        fill(&tk.slot[i], ticks, &tk.in[i]);
    select_apply_auth(tk.in, tk.slots, tk.conf->authselect);
    struct select_conf conf = {.need = quorum(),
                               .current = tk.sel.selected,
                               .limits = &tk.limits,
                               .score = tk.score,
                               .updated = updated};
    select_sources(tk.in, tk.slots, &conf, &tk.sel);
    tk.agreed = timekeeper_boot_judge(tk.in, tk.slots, &tk.sel) && tk.sel.ok;
    say_falsetickers(before);
    say_why();
}

/* ---- steering ------------------------------------------------------------ */

static span_ns interval(void)
{
    int i = tk.sel.selected < 0 ? 0 : tk.sel.selected;
    const struct timekeeper_slot *s = &tk.slot[i];
    return MONO_S << (s->last.poll < 0 ? 0 : s->last.poll);
}

static void apply(const struct discipline_action *a, uint64_t ticks)
{
    if (a->step)
        clk_step(&tk.clk, ticks, a->step_by);
    (void)clk_set_rate(&tk.clk, ticks, a->rate_e12);
    tk.until = a->until_ticks;
    if (!a->step)
        return;
    char text[UTC_TEXT];
    ntp64 utc = clk_at(&tk.clk, ticks);
    utc_text(utc_unix_s(utc, gnomon_build_unix), utc_unix_ns(utc), text);
    log_line("clock %s to %s", a->first_sync ? "set" : "stepped", text);
}

static void announce(uint64_t ticks)
{
    static const char *const what[] = {"none", "inserted", "deleted"};
    int64_t now = utc_unix_s(clk_at(&tk.clk, ticks), gnomon_build_unix);
    if (leap_announce(&tk.leap, tk.sel.leap, now))
        log_line("leap second at the end of this day: %s",
                 what[leap_bits(&tk.leap)]);
}

/* Before all else that reads or bends the clk. */
void timekeeper_leap_if_due(uint64_t ticks)
{
    struct leap_action l;
    struct discipline_action act;
    if (!leap_take(&tk.leap, &tk.clk, ticks, &l))
        return;
    for (unsigned i = 0; i < tk.slots; i++)
        filter_shift(&tk.slot[i].filter, l.by);
    discipline_shift(&tk.d, l.by);
    if (l.step) {
        clk_step(&tk.clk, l.ticks, l.by);
    } else {
        discipline_follow(&tk.d, &tk.clk, ticks, interval(), &act);
        apply(&act, ticks);
    }
    log_line("leap second: %s", l.step ? "step" : l.by ? "slew" : "ignored");
}

static void say_ignored(uint64_t ticks)
{
    span_ns by = utc_diff_ns(estimate_at(&tk.sel.est, ticks, tk.hz),
                             clk_at(&tk.clk, ticks));
    log_limited(&tk.d.ignored, "correction of %lld ms exceeds maxchange: %s",
                (long long)(by / 1000000),
                tk.d.gave_up ? "given up, `reset' starts anew" : "ignored");
}

static void update(uint64_t ticks)
{
    struct discipline_action act;
    discipline_update(&tk.d, &tk.sel, &tk.clk, ticks, interval(), &act);
    apply(&act, ticks);
    if (act.ignored) {
        say_ignored(ticks);
        return;
    }
    announce(ticks);
    timekeeper_boot_updated(&tk.sel);
    if (!act.first_sync)
        return;
    tk.first_sync = mono_of_ticks(ticks, tk.hz);
    log_line("synchronised: %u of %u sources agree, %s selected",
             (unsigned)tk.sel.agree, (unsigned)tk.sel.voters,
             tk.slot[tk.sel.selected].conf->name);
}

/* maxdelayratio, maxdelaydevratio. */
static unsigned delay_tests(const struct timekeeper_slot *s,
                            const struct ntp_sample *l)
{
    struct estimate e;
    if (!filter_estimate(&s->filter, l->at_ticks, &e))
        return 0;
    const struct delay_limits limits = {s->conf->maxdelayratio,
                                        s->conf->maxdelaydevratio};
    const struct delay_known known = {s->filter.samples,
                                      ns_of(s->filter.path.least),
                                      residuals_spread_ns(&s->residuals)};
    return delay_limit(&limits, &known, l->delay_ns,
                       utc_diff_ns(l->utc, e.utc));
}

bool timekeeper_sample(unsigned slot, const struct ntp_sample *sample,
                       int64_t cert_lo, int64_t cert_hi)
{
    ASSERT(slot < tk.slots);
    struct timekeeper_slot *s = &tk.slot[slot];
    if (!timekeeper_boot_believes(slot, s->conf->name,
                                  utc_unix_s(sample->utc, gnomon_build_unix),
                                  cert_lo, cert_hi)) {
        tk.reselect = true; /* for its words */
        return true;
    }
    uint64_t ticks = port_ticks();
    timekeeper_leap_if_due(ticks);
    ntp64 clk = clk_at(&tk.clk, ticks);
    if (leap_before(&tk.leap, sample->at_ticks) ||
        leap_close(&tk.leap, sample->utc) || leap_close(&tk.leap, clk))
        return true;
    /* As long ago as the clk says: an interleaved sample is a poll old. */
    ntp64 later = clk_at(&tk.clk, ticks + (ticks - sample->at_ticks));
    s->measured_ns = utc_diff_ns(sample->utc, clk) + utc_diff_ns(later, clk);
    s->shown = *sample;
    s->shown.failed |= (uint8_t)delay_tests(s, sample);
    s->refused = false;
    if (s->shown.failed)
        return true;
    s->last = *sample;
    s->refused = !filter_sample(&s->filter, sample);
    (void)poll_adapt(&s->adapt, &s->filter, !s->refused);
    residuals_add(&s->residuals, sample->at_ticks, s->filter.resid_s);
    if (s->refused)
        return false;
    s->good++;
    choose(ticks, (int)slot);
    if (tk.agreed)
        update(ticks);
    return true;
}

int8_t timekeeper_wish(unsigned slot)
{
    ASSERT(slot < tk.slots);
    return tk.slot[slot].adapt.poll;
}

void timekeeper_reach(unsigned slot, uint8_t reach)
{
    ASSERT(slot < tk.slots);
    if ((tk.slot[slot].reach == 0) != (reach == 0))
        tk.reselect = true;
    tk.slot[slot].reach = reach;
}

mono_ns timekeeper_poll(mono_ns now)
{
    uint64_t ticks = port_ticks();
    timekeeper_leap_if_due(ticks);
    if (tk.reselect) {
        tk.reselect = false;
        choose(ticks, -1);
    }
    if (ticks >= tk.until) {
        struct discipline_action act;
        discipline_follow(&tk.d, &tk.clk, ticks, interval(), &act);
        apply(&act, ticks);
    }
    uint64_t due = leap_due(&tk.leap, &tk.clk, ticks);
    due = due < tk.until ? due : tk.until;
    mono_ns next = timekeeper_boot_poll(now);
    return due == UINT64_MAX ? next : mono_min(next, mono_of_ticks(due, tk.hz));
}

/* ---- reading ------------------------------------------------------------- */

bool timekeeper_synchronised(void)
{
    return tk.d.synced;
}

bool timekeeper_gave_up(void)
{
    return tk.d.gave_up;
}

bool timekeeper_hold_over(void)
{
    bool reached = false;
    for (unsigned i = 0; i < tk.slots; i++)
        reached = reached || tk.slot[i].reach != 0;
    return tk.d.synced && !reached;
}

ntp64 timekeeper_utc(uint64_t ticks)
{
    return leap_utc(&tk.leap, &tk.clk, ticks);
}

uint64_t timekeeper_when(uint64_t from_ticks, ntp64 utc)
{
    ntp64 jumped = timekeeper_utc(from_ticks) - clk_at(&tk.clk, from_ticks);
    return clk_when(&tk.clk, from_ticks, utc - jumped);
}

uint8_t timekeeper_leap(void)
{
    return tk.d.synced ? leap_bits(&tk.leap) : 3;
}

int64_t timekeeper_unix(void)
{
    return utc_unix_s(timekeeper_utc(port_ticks()), gnomon_build_unix);
}

bool timekeeper_to_save(int64_t *floor_unix_s, int32_t *freq_e12,
                        int32_t *freq_sigma_e12)
{
    if (!tk.d.synced)
        return false;
    if (!timekeeper_boot_raised(floor_unix_s))
        *floor_unix_s = 0;
    if (!discipline_save(&tk.d, freq_e12, freq_sigma_e12))
        *freq_e12 = *freq_sigma_e12 = 0;
    return true;
}

int64_t timekeeper_slack(void)
{
    return tk.d.synced ? discipline_error(&tk.d, &tk.clk, port_ticks()) / MONO_S
                       : 0;
}

void timekeeper_floor(int64_t floor_unix_s, bool by_operator)
{
    timekeeper_boot_floor(floor_unix_s, by_operator);
    if (tk.d.synced)
        return;
    uint64_t ticks = port_ticks();
    clk_step(&tk.clk, ticks,
             utc_diff(utc_of_unix(floor_unix_s, 0), clk_at(&tk.clk, ticks)));
    for (unsigned i = 0; i < tk.slots; i++)
        timekeeper_forget(i);
}
