#include "timekeeper.h"

#include <string.h>

#include "../limit.h"
#include "core/clk.h"
#include "core/discipline.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/utc.h"
#include "log.h"
#include "port.h"
#include "version.h"

struct slot {
    const struct conf_source *conf; /* NULL: unused                          */
    uint8_t reach;
    uint32_t refid;
    struct filter filter;
    struct ntp_sample last;
    span_ns measured_ns;   /* last sample - clk, when it came                */
};

static struct {
    struct conf const *conf;
    int64_t floor;
    uint32_t hz;
    struct clk clk;
    struct slot slot[LIMIT_SOURCES];
    unsigned slots, plain, nts;
    struct discipline d;
    struct select_in in[LIMIT_SOURCES];
    struct select_out sel;
    uint64_t until;        /* discipline_follow is due here                  */
    mono_ns first_sync;
    enum select_why said;  /* last reason logged for not being synchronised  */
    bool reselect;
} tk;

/* ---- start -------------------------------------------------------------- */

mono_ns timekeeper_mono(void)
{
    return mono_of_ticks(port_ticks(), port_tick_hz());
}

void timekeeper_init(const struct conf *conf,
                     const struct timekeeper_start *start)
{
    memset(&tk, 0, sizeof tk);
    tk.conf = conf;
    tk.floor = start->floor_unix_s;
    tk.hz = port_tick_hz();
    tk.until = UINT64_MAX;
    tk.first_sync = -1;
    tk.sel.selected = -1;
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
}

void timekeeper_source(unsigned slot, const struct conf_source *conf)
{
    ASSERT(slot < LIMIT_SOURCES && !tk.slot[slot].conf);
    struct slot *s = &tk.slot[slot];
    s->conf = conf;
    start_filter(s);
    if (slot >= tk.slots)
        tk.slots = slot + 1;
    if (conf->nts)
        tk.nts++;
    else
        tk.plain++;
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
    tk.reselect = true;
}

/* ---- choosing ------------------------------------------------------------- */

/* How many must agree. Before the clock is set: a majority of the configured
 * authenticated sources (of all, where none is), and minsources, which then
 * is 2 where two or more are configured. */
static size_t quorum(void)
{
    size_t least = tk.conf->minsources;
    if (tk.d.synced)
        return least ? least : 1;
    size_t n = tk.nts ? tk.nts : tk.slots;
    if (least == 0)
        least = n >= 2 ? 2 : 1;
    return n / 2 + 1 > least ? n / 2 + 1 : least;
}

static void fill(const struct slot *s, uint64_t ticks, struct select_in *in)
{
    *in = (struct select_in){
        .noselect = s->conf->noselect,
        .prefer = s->conf->prefer,
        .require = s->conf->require,
        /* chrony's default authselectmode, mix */
        .trust = s->conf->trust || (s->conf->nts && tk.plain > 0),
        .stratum = s->last.stratum,
        .leap = s->last.leap,
        .refid = s->last.refid,
        .delay_ns = s->last.delay_ns,
        .root_delay_ns = s->last.root_delay_ns,
        .root_disp_ns = s->last.root_disp_ns,
    };
    in->usable = s->reach != 0 && filter_estimate(&s->filter, ticks, &in->est);
}

static void say_why(void)
{
    if (tk.d.synced || tk.sel.ok || tk.sel.why == tk.said ||
        tk.sel.why == SELECT_NONE)
        return;
    tk.said = tk.sel.why;
    log_line("clock not set: %s (%u of %u agree, %u needed)",
             select_why_text(tk.sel.why), (unsigned)tk.sel.agree,
             (unsigned)tk.sel.voters, (unsigned)quorum());
}

static void choose(uint64_t ticks)
{
    struct select_in *in = tk.in;
    struct select_conf conf = {.need = quorum(), .current = tk.sel.selected};
    for (unsigned i = 0; i < tk.slots; i++) {
        fill(&tk.slot[i], ticks, &in[i]);
    }
    select_sources(in, tk.slots, &conf, &tk.sel);
    say_why();
}

/* ---- steering --------------------------------------------------------------- */

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
    if (!act.first_sync)
        return;
    tk.first_sync = mono_of_ticks(ticks, tk.hz);
    log_line("synchronised: %u of %u sources agree, %s selected",
             (unsigned)tk.sel.agree, (unsigned)tk.sel.voters,
             tk.slot[tk.sel.selected].conf->name);
}

/* RFC 8915 section 8.5, while there is no clock to judge by. */
static bool believable(const struct slot *s, const struct ntp_sample *sample,
                       int64_t lo, int64_t hi)
{
    int64_t t = utc_unix_s(sample->utc, gnomon_build_unix);
    if (tk.d.synced || (t >= tk.floor && t >= lo && (hi == 0 || t <= hi)))
        return true;
    char text[UTC_TEXT];
    utc_text(t, 0, text);
    log_limited(s, "%s: says %s, %s: not believed", s->conf->name, text,
                t < tk.floor ? "before the time floor"
                             : "outside its certificate's validity");
    return false;
}

bool timekeeper_sample(unsigned slot, const struct ntp_sample *sample,
                       int64_t cert_lo, int64_t cert_hi)
{
    ASSERT(slot < tk.slots);
    struct slot *s = &tk.slot[slot];
    if (!believable(s, sample, cert_lo, cert_hi))
        return true;
    uint64_t ticks = port_ticks();
    int64_t since = utc_ticks_ntp((int64_t)(ticks - sample->at_ticks), tk.hz);
    s->measured_ns = utc_diff_ns(sample->utc + (uint64_t)since,
                                 clk_at(&tk.clk, ticks));
    s->last = *sample;
    if (!filter_sample(&s->filter, sample))
        return false;
    choose(ticks);
    if (tk.sel.ok)
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
    (void)now;
    uint64_t ticks = port_ticks();
    if (tk.reselect) {
        tk.reselect = false;
        choose(ticks);
    }
    if (ticks >= tk.until) {
        struct discipline_action act;
        discipline_follow(&tk.d, &tk.clk, ticks, interval(), &act);
        apply(&act, ticks);
    }
    return tk.until == UINT64_MAX ? MONO_NEVER
                                  : mono_of_ticks(tk.until, tk.hz);
}

/* ---- reading ------------------------------------------------------------------- */

bool timekeeper_synchronised(void)
{
    return tk.d.synced;
}

ntp64 timekeeper_utc(uint64_t ticks)
{
    return clk_at(&tk.clk, ticks);
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
    *floor_unix_s = timekeeper_unix();
    if (!discipline_save(&tk.d, freq_e12, freq_sigma_e12))
        *freq_e12 = *freq_sigma_e12 = 0;
    return true;
}

mono_ns timekeeper_first_sync(void)
{
    return tk.first_sync;
}

static void source_row(unsigned i, uint64_t ticks, struct status_source *out)
{
    const struct slot *s = &tk.slot[i];
    struct estimate e;
    out->state = s->conf && tk.sel.state[i] ? tk.sel.state[i] : '?';
    if (s->reach == 0)
        out->state = '?';
    if (!filter_estimate(&s->filter, ticks, &e))
        return;
    out->offset_ns = utc_diff_ns(e.utc, clk_at(&tk.clk, ticks));
    out->measured_ns = s->measured_ns;
    out->error_ns = e.bound_ns;
}

void timekeeper_status(struct status *s)
{
    uint64_t ticks = port_ticks();
    for (unsigned i = 0; i < s->source_count; i++)
        source_row(i, ticks, &s->source[i]);
    struct status_tracking *t = &s->tracking;
    const struct discipline *d = &tk.d;
    *t = (struct status_tracking){.stratum = 16, .leap = 3};
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
