#include "timekeeper.h"

#include <string.h>

#include "../limit.h"
#include "core/clk.h"
#include "core/delay_test.h"
#include "core/discipline.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/residuals.h"
#include "core/utc.h"
#include "log.h"
#include "port.h"
#include "timekeeper_boot.h"
#include "version.h"

struct slot {
    const struct conf_source *conf; /* NULL: unused                          */
    uint8_t reach;
    uint32_t refid;
    struct filter filter;
    struct ntp_sample last;  /* that passed all tests                        */
    struct ntp_sample shown; /* of the last valid reply                      */
    span_ns measured_ns;   /* that - clk, when it came                       */
    struct residuals residuals;
    bool refused;          /* the last sample, by the filter                 */
    uint32_t good;         /* samples the filter took, since boot            */
};

static struct {
    struct conf const *conf;
    uint32_t hz;
    struct clk clk;
    struct slot slot[LIMIT_SOURCES];
    unsigned slots;
    struct select_limits limits;
    double score[LIMIT_SOURCES]; /* select.h                                 */
    struct discipline d;
    struct select_in in[LIMIT_SOURCES];
    struct select_out sel;
    uint64_t until;        /* discipline_follow is due here                  */
    mono_ns first_sync;
    enum select_why said;  /* last reason logged for not being synchronised  */
    bool agreed;           /* tk.sel may steer the clock                    */
    bool reselect;
} tk;

/* ---- start -------------------------------------------------------------- */

mono_ns timekeeper_mono(void)
{
    return mono_of_ticks(port_ticks(), port_tick_hz());
}

static span_ns ns_of(double s)
{
    return s < 1e9 ? (span_ns)(s * 1e9) : (span_ns)1e18;
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
    struct discipline_conf dc = {.makestep_s = conf->makestep_s,
                                 .makestep_limit = conf->makestep_limit};
    discipline_init(&tk.d, &dc, tk.hz, start->freq_e12,
                    start->freq_known ? start->freq_sigma_e12 : 0);
    clk_init(&tk.clk, tk.hz, now, utc_of_unix(start->floor_unix_s, 0));
    (void)clk_set_rate(&tk.clk, now, tk.d.est.rate_e12);
}

static void start_filter(struct slot *s)
{
    int32_t rate, sigma;
    discipline_prior(&tk.d, &rate, &sigma);
    filter_init(&s->filter, tk.hz, rate, sigma);
    s->residuals = (struct residuals){0};
}

void timekeeper_source(unsigned slot, const struct conf_source *conf)
{
    ASSERT(slot < LIMIT_SOURCES && !tk.slot[slot].conf);
    struct slot *s = &tk.slot[slot];
    s->conf = conf;
    start_filter(s);
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

static void fill(const struct slot *s, uint64_t ticks, struct select_in *in)
{
    *in = (struct select_in){
        .auth = s->conf->nts,
        .noselect = s->conf->noselect,
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
    tk.agreed = timekeeper_boot_judge(tk.in, tk.slots, &tk.sel) &&
                tk.sel.ok;
    say_falsetickers(before);
    say_why();
}

/* ---- steering ------------------------------------------------------------ */

static span_ns interval(void)
{
    const struct slot *s = &tk.slot[tk.sel.selected < 0 ? 0 : tk.sel.selected];
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

static void update(uint64_t ticks)
{
    struct discipline_action act;
    discipline_update(&tk.d, &tk.sel, &tk.clk, ticks, interval(), &act);
    apply(&act, ticks);
    timekeeper_boot_updated(&tk.sel);
    if (!act.first_sync)
        return;
    tk.first_sync = mono_of_ticks(ticks, tk.hz);
    log_line("synchronised: %u of %u sources agree, %s selected",
             (unsigned)tk.sel.agree, (unsigned)tk.sel.voters,
             tk.slot[tk.sel.selected].conf->name);
}

/* maxdelayratio, maxdelaydevratio. */
static unsigned delay_tests(const struct slot *s, const struct ntp_sample *l)
{
    struct estimate e;
    if (!filter_estimate(&s->filter, l->at_ticks, &e))
        return 0;
    const struct delay_limits limits = {s->conf->maxdelayratio,
                                        s->conf->maxdelaydevratio};
    const struct delay_known known = {s->filter.samples,
                                      ns_of(s->filter.path.least),
                                      residuals_spread_ns(&s->residuals)};
    return delay_test(&limits, &known, l->delay_ns,
                      utc_diff_ns(l->utc, e.utc));
}

bool timekeeper_sample(unsigned slot, const struct ntp_sample *sample,
                       int64_t cert_lo, int64_t cert_hi)
{
    ASSERT(slot < tk.slots);
    struct slot *s = &tk.slot[slot];
    if (!timekeeper_boot_believes(
            slot, s->conf->name, utc_unix_s(sample->utc, gnomon_build_unix),
            cert_lo, cert_hi)) {
        tk.reselect = true; /* for its words */
        return true;
    }
    if (!s->conf)
        return true;
    uint64_t ticks = port_ticks();
    /* As long ago as the clk says: an interleaved sample is a poll old. */
    ntp64 clk = clk_at(&tk.clk, ticks);
    ntp64 later = clk_at(&tk.clk, ticks + (ticks - sample->at_ticks));
    s->measured_ns = utc_diff_ns(sample->utc, clk) + utc_diff_ns(later, clk);
    s->shown = *sample;
    s->shown.failed |= (uint8_t)delay_tests(s, sample);
    s->refused = false;
    if (s->shown.failed)
        return true;
    s->last = *sample;
    s->refused = !filter_sample(&s->filter, sample);
    residuals_add(&s->residuals, sample->at_ticks, s->filter.resid_s);
    if (s->refused)
        return false;
    s->good++;
    choose(ticks, (int)slot);
    if (tk.agreed)
        update(ticks);
    return true;
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
    if (tk.reselect) {
        tk.reselect = false;
        choose(ticks, -1);
    }
    if (ticks >= tk.until) {
        struct discipline_action act;
        discipline_follow(&tk.d, &tk.clk, ticks, interval(), &act);
        apply(&act, ticks);
    }
    mono_ns next = timekeeper_boot_poll(now);
    return tk.until == UINT64_MAX
               ? next
               : mono_min(next, mono_of_ticks(tk.until, tk.hz));
}

/* ---- reading ------------------------------------------------------------- */

bool timekeeper_synchronised(void)
{
    return tk.d.synced;
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
    return clk_at(&tk.clk, ticks);
}

uint64_t timekeeper_when(uint64_t from_ticks, ntp64 utc)
{
    return clk_when(&tk.clk, from_ticks, utc);
}

int64_t timekeeper_unix(void)
{
    return utc_unix_s(clk_at(&tk.clk, port_ticks()), gnomon_build_unix);
}

bool timekeeper_keep(int64_t *floor_unix_s, int32_t *freq_e12,
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

/* What the clock may be off, in seconds. */
static int64_t slack(void)
{
    return tk.d.synced
               ? discipline_error(&tk.d, &tk.clk, port_ticks()) / MONO_S
               : 0;
}

bool timekeeper_keeps(int64_t cert_lo, int64_t cert_hi)
{
    return !tk.d.synced ||
           bootstrap_keeps(timekeeper_boot(), timekeeper_unix(), slack(),
                           cert_lo, cert_hi);
}

void timekeeper_judges(struct timekeeper_judge *j)
{
    const struct bootstrap *b = timekeeper_boot();
    *j = (struct timekeeper_judge){
        .strict = b->strict,
        .clock = tk.d.synced && bootstrap_mode(b) != BOOTSTRAP_LOWER_BOUND,
        .now = timekeeper_unix(),
        .slack = slack(),
    };
}

void timekeeper_floor(int64_t floor_unix_s, bool by_operator)
{
    timekeeper_boot_floor(floor_unix_s, by_operator);
    if (tk.d.synced)
        return;
    uint64_t ticks = port_ticks();
    clk_step(&tk.clk, ticks, utc_diff(utc_of_unix(floor_unix_s, 0),
                                      clk_at(&tk.clk, ticks)));
    for (unsigned i = 0; i < tk.slots; i++)
        timekeeper_forget(i);
}

mono_ns timekeeper_first_sync(void)
{
    return tk.first_sync;
}

static unsigned options(bool noselect, bool prefer, bool trust, bool require)
{
    return (noselect ? STATUS_OPT_NOSELECT : 0u) |
           (prefer ? STATUS_OPT_PREFER : 0u) |
           (trust ? STATUS_OPT_TRUST : 0u) |
           (require ? STATUS_OPT_REQUIRE : 0u);
}

static void select_row(unsigned i, struct status_select *out)
{
    const struct conf_source *c = tk.slot[i].conf;
    const struct select_in *in = &tk.in[i];
    *out = (struct status_select){
        .letter = tk.sel.letter[i] ? tk.sel.letter[i] : 'M',
        .configured = options(c->noselect, c->prefer, c->trust, c->require),
        .effective =
            options(in->noselect, in->prefer, in->trust, in->require),
        .score = tk.score[i] < 1 ? 1 : tk.score[i],
    };
}

static void ntp_row(const struct slot *s, struct status_ntp *out)
{
    const struct ntp_sample *l = &s->shown;
    out->address_id = s->refid;
    out->any = l->at_ticks != 0;
    if (!out->any)
        return;
    int places = l->server_precision < -30  ? 30
                 : l->server_precision > 0 ? 0
                                           : -l->server_precision;
    out->stratum = l->stratum;
    out->leap = l->leap;
    out->poll = l->poll;
    out->precision = l->server_precision;
    out->root_delay_ns = l->root_delay_ns;
    out->root_disp_ns = l->root_disp_ns;
    out->ref_id = l->refid;
    out->ref_unix_s = utc_unix_s(l->ref_time, gnomon_build_unix);
    out->offset_ns = s->measured_ns;
    out->delay_ns = l->delay_ns;
    out->disp_ns = (MONO_S >> places) + MONO_S / tk.hz;
    out->response_ns = l->server_ns;
    out->refused = s->refused;
    out->failed = l->failed;
    out->interleaved = l->interleaved;
    out->good = s->good;
}

static void source_row(unsigned i, uint64_t ticks, struct status_source *out)
{
    const struct slot *s = &tk.slot[i];
    struct estimate e;
    out->state = tk.sel.state[i] ? tk.sel.state[i] : '?';
    if (s->reach == 0)
        out->state = '?';
    select_row(i, &out->select);
    ntp_row(s, &out->ntp);
    uint64_t span = residuals_span_ticks(&s->residuals);
    out->stats = (struct status_stats){
        .np = s->residuals.count,
        .nr = residuals_runs(&s->residuals),
        .span_s = (int64_t)(span / tk.hz),
        .skew_ppm = 2000, /* chrony's for unknown */
        .sd_ns = residuals_spread_ns(&s->residuals),
    };
    if (!filter_estimate(&s->filter, ticks, &e))
        return;
    out->offset_ns = utc_diff_ns(e.utc, clk_at(&tk.clk, ticks));
    out->measured_ns = s->measured_ns;
    out->error_ns = e.bound_ns;
    out->select.judged = true;
    out->select.lo_ns = out->offset_ns - e.bound_ns;
    out->select.hi_ns = out->offset_ns + e.bound_ns;
    out->stats.freq_ppm = (tk.d.est.rate_e12 - e.rate_e12) / 1e6;
    out->stats.skew_ppm = e.rate_sigma_e12 / 1e6;
}

void timekeeper_status(struct status *s)
{
    uint64_t ticks = port_ticks();
    for (unsigned i = 0; i < s->source_count; i++)
        if (i < tk.slots && tk.slot[i].conf)
            source_row(i, ticks, &s->source[i]);
    struct status_tracking *t = &s->tracking;
    const struct discipline *d = &tk.d;
    *t = (struct status_tracking){.stratum = 16, .leap = 3};
    timekeeper_boot_status(t);
    t->freq_ppm = -d->est.rate_e12 / 1e6;
    if (!d->synced)
        return;
    t->synchronised = true;
    t->stratum = d->stratum;
    t->leap = d->leap;
    if (tk.sel.selected >= 0) {
        const struct slot *sel = &tk.slot[tk.sel.selected];
        (void)fmt(t->ref_name, sizeof t->ref_name, "%s", sel->conf->name);
        t->ref_id = sel->refid;
    }
    t->ref_unix_s = utc_unix_s(d->est.utc, gnomon_build_unix);
    t->ref_unix_ns = utc_unix_ns(d->est.utc);
    t->system_ns = discipline_offset(d, &tk.clk, ticks);
    t->last_offset_ns = d->last_offset_ns;
    t->rms_offset_ns = d->rms_offset_ns;
    t->resid_ppm = -d->resid_e12 / 1e6;
    t->skew_ppm = d->est.rate_sigma_e12 / 1e6;
    t->root_delay_ns = d->root_delay_ns;
    t->root_disp_ns = discipline_dispersion(d, ticks);
    t->update_s = d->update_s;
}
