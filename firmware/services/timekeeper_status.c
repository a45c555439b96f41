/* The timekeeper's part of the status snapshot. */
#include "core/fmt.h"
#include "core/mono.h"
#include "core/utc.h"
#include "port.h"
#include "timekeeper_boot.h"
#include "timekeeper_state.h"
#include "version.h"

#define tk timekeeper_state

static void select_row(unsigned i, struct status_select *out)
{
    const struct conf_source *c = tk.slot[i].conf;
    const struct select_in *in = &tk.in[i];
    *out = (struct status_select){
        .letter = tk.sel.letter[i] ? tk.sel.letter[i] : 'M',
        .configured =
            status_options(c->noselect, c->prefer, c->trust, c->require),
        .effective =
            status_options(in->noselect, in->prefer, in->trust, in->require),
        .score = tk.score[i] < 1 ? 1 : tk.score[i],
    };
}

static void ntp_row(const struct timekeeper_slot *s, struct status_ntp *out)
{
    const struct ntp_sample *l = &s->shown;
    out->address_id = s->refid;
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
    const struct timekeeper_slot *s = &tk.slot[i];
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
    timekeeper_leap_if_due(ticks);
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
    t->leap = timekeeper_leap();
    if (tk.sel.selected >= 0) {
        const struct timekeeper_slot *sel = &tk.slot[tk.sel.selected];
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
