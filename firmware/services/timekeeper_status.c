/* The timekeeper's part of the status snapshot. */
#include <string.h>

#include "core/fmt.h"
#include "core/utc.h"
#include "port.h"
#include "timekeeper.h"
#include "timekeeper_private.h"

#define tk timekeeper_state

static unsigned options(bool noselect, bool prefer, bool trust, bool require)
{
    return (noselect ? STATUS_OPT_NOSELECT : 0u) |
           (prefer ? STATUS_OPT_PREFER : 0u) | (trust ? STATUS_OPT_TRUST : 0u) |
           (require ? STATUS_OPT_REQUIRE : 0u);
}

static void select_row(unsigned i, struct status_select *out)
{
    const struct conf_source *c = tk.slot[i].conf;
    const struct select_in *in = &tk.in[i];
    *out = (struct status_select){
        .letter = tk.sel.letter[i] ? tk.sel.letter[i] : 'M',
        .configured = options(c->noselect, c->prefer, c->trust, c->require),
        .effective = options(in->noselect, in->prefer, in->trust, in->require),
        .score = tk.score[i] < 1 ? 1 : tk.score[i],
    };
    (void)select_reason(in, &tk.limits, out->letter, out->why, sizeof out->why);
}

static void reply_row(const struct timekeeper_slot *s, struct status_reply *out)
{
    const struct ntp_sample *l = &s->shown;
    out->any = l->at_ticks != 0;
    if (!out->any)
        return;
    int places = l->server_precision < -30 ? 30
                 : l->server_precision > 0 ? 0
                                           : -l->server_precision;
    out->stratum = l->stratum;
    out->leap = l->leap;
    out->poll = l->poll;
    out->precision = l->server_precision;
    out->root_delay_ns = l->root_delay_ns;
    out->root_disp_ns = l->root_disp_ns;
    out->ref_id = l->refid;
    out->ref_unix_s = tk_unix_of(&tk, l->ref_time);
    out->offset_ns = s->measured_ns;
    out->delay_ns = l->delay_ns;
    out->disp_ns = (MONO_S >> places) + MONO_S / tk.hz;
    out->response_ns = l->server_ns;
    out->refused = s->refused;
    out->failed = l->failed;
    out->interleaved = l->interleaved;
}

static void source_row(unsigned i, uint64_t ticks,
                       struct status_clock_source *out)
{
    const struct timekeeper_slot *s = &tk.slot[i];
    struct estimate e;
    out->state = tk.sel.state[i] ? tk.sel.state[i] : '?';
    if (s->reach == 0)
        out->state = '?';
    select_row(i, &out->select);
    bool used = out->state == '*' || out->state == '+';
    if (used && !tk_is_set(&tk)) { /* nobody steers the clock */
        out->state = '-';
        out->select.letter = 'W';
    }
    reply_row(s, &out->reply);
    out->good = s->good;
    uint64_t span = residuals_span_ticks(&s->residuals);
    out->stats = (struct status_stats){
        .samples = (uint8_t)s->residuals.count,
        .runs = (uint8_t)residuals_runs(&s->residuals),
        .span_s = (int64_t)(span / tk.hz),
        .freq_sigma_e12 = STATUS_SIGMA_UNKNOWN,
        .spread_ns = s->residuals.count < 2
                         ? STATUS_SPREAD_UNKNOWN
                         : residuals_spread_ns(&s->residuals),
    };
    if (!tk_estimate(&tk, s, ticks, &e))
        return;
    out->offset_ns = utc_diff_ns(e.utc, clk_at(&tk.clk, ticks));
    out->measured_ns = s->measured_ns;
    out->sigma_ns = e.sigma_ns;
    out->bound_ns = e.bound_ns;
    out->select.judged = true;
    out->select.lo_ns = out->offset_ns - e.bound_ns;
    out->select.hi_ns = out->offset_ns + e.bound_ns;
    out->stats.freq_e12 = (int64_t)e.rate_e12 - tk.d.est.rate_e12;
    out->stats.freq_sigma_e12 = e.rate_sigma_e12;
}

/* Why no source steers the clock, which is set. */
static void say_alone(struct status_tracking *t)
{
    enum select_why why = tk.sel.why;
    t->alone = why != SELECT_OK;
    if (!t->alone)
        return;
    struct fmt_text text = fmt_text_of(t->why, sizeof t->why);
    fmt_add(&text, "%s", select_why_text(why));
    if (why != SELECT_NONE)
        fmt_add(&text, " (%u of %u agree)", (unsigned)tk.sel.agree,
                (unsigned)tk.sel.voters);
}

/* Why the clock is not set, and what is not checked. */
static void say_why(struct status_tracking *t)
{
    if (tk.d.gave_up)
        (void)fmt(t->why, sizeof t->why,
                  "a correction exceeds maxchange: given up, `reset' starts "
                  "anew");
    else if (!tk_is_set(&tk))
        (void)fmt(t->why, sizeof t->why, "%s", tk.why);
    else
        say_alone(t);
    t->operators_turn = tk.d.gave_up || !tk_may_ask(&tk);
    t->split = tk.sel.why == SELECT_SPLIT;
    if (bootstrap_mode(&tk.boot) == BOOTSTRAP_LOWER_BOUND)
        (void)fmt(t->warning, sizeof t->warning,
                  "nocerttimecheck %lu: certificates' dates are not checked",
                  (unsigned long)tk.boot.nocerttimecheck);
    else
        (void)fmt(t->warning, sizeof t->warning, "%s", tk.warning);
}

static void temperature(struct status_temperature *out)
{
    const struct thermal *h = &tk.thermal;
    struct thermal_law law;
    *out = (struct status_temperature){
        .told = h->told,
        .used = h->used,
        .learned = thermal_law(h, &law),
        .millidegrees = h->millidegrees,
    };
    if (!out->learned)
        return;
    out->range = (int32_t)((h->hi - h->lo) * 1000);
    out->slope_e12 = law.slope_e12;
    out->slope_sigma_e12 = law.slope_sigma_e12;
}

void timekeeper_status(struct status_timekeeper *out)
{
    (void)timekeeper_poll(port_mono()); /* a leap second that is due */
    uint64_t ticks = port_ticks();
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < tk.slots; i++)
        if (tk.slot[i].conf)
            source_row(i, ticks, &out->row[i]);
    temperature(&out->temperature);
    struct status_tracking *t = &out->tracking;
    const struct discipline *d = &tk.d;
    t->stratum = 16;
    t->leap = 3;
    t->selected = -1;
    t->first_sync = tk.first_sync;
    t->strict = tk.conf && tk.conf->bootstrap_strict; /* waits: none yet */
    t->updates = d->updates;
    t->bound_ns = discipline_error(d, &tk.clk, ticks);
    t->agree = (uint8_t)tk.verdict.agree;
    t->need = (uint8_t)tk.verdict.need;
    t->of = (uint8_t)tk.verdict.of;
    say_why(t);
    ntp64 utc = tk_utc(&tk, ticks);
    t->now_unix_s = tk_unix_of(&tk, utc);
    t->now_unix_ns = utc_unix_ns(utc);
    t->freq_e12 = d->est.rate_e12;
    if (!d->synced)
        return;
    t->synchronised = true;
    t->stratum = d->stratum;
    t->leap = timekeeper_leap();
    t->ref_id = tk.refid;
    t->last = tk.reference;
    if (tk.sel.selected >= 0) {
        t->selected = (int8_t)tk.sel.selected;
        t->ref_id = tk.slot[tk.sel.selected].refid;
    }
    t->ref_unix_s = tk_unix_of(&tk, d->est.utc);
    t->ref_unix_ns = utc_unix_ns(d->est.utc);
    t->system_ns = discipline_offset(d, &tk.clk, ticks);
    t->last_offset_ns = d->last_offset_ns;
    t->rms_offset_ns = d->rms_offset_ns;
    t->resid_e12 = d->resid_e12;
    t->freq_sigma_e12 = d->est.rate_sigma_e12;
    t->root_delay_ns = d->root_delay_ns;
    t->root_disp_ns = discipline_dispersion(d, ticks);
    t->update_ns = (span_ns)(d->update_s * 1e9);
}
