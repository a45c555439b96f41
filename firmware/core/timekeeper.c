#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "delay_limit.h"
#include "fmt.h"
#include "timekeeper_private.h"
#include "utc.h"

/* ---- events -------------------------------------------------------------- */

void tk_say(struct timekeeper *t, enum log_severity severity, const void *limit,
            const char *format, ...)
{
    if (t->events == LEN(t->event))
        return;
    struct timekeeper_event *e = &t->event[t->events++];
    va_list args;
    va_start(args, format);
    (void)fmt_v(e->text, sizeof e->text, format, args);
    va_end(args);
    e->limit = limit;
    e->severity = severity;
}

bool tk_event(struct timekeeper *t, struct timekeeper_event *out)
{
    if (t->events == 0)
        return false;
    *out = t->event[0];
    t->events--;
    memmove(t->event, t->event + 1, t->events * sizeof t->event[0]);
    return true;
}

/* ---- start --------------------------------------------------------------- */

static span_ns ns_of(double s)
{
    return s < 1e9 ? (span_ns)(s * 1e9) : (span_ns)1e18;
}

static int64_t e12_of(double ppm)
{
    double v = ppm * 1e6;
    return v < 1 ? 1 : v > 1e15 ? (int64_t)1e15 : (int64_t)v;
}

void tk_init(struct timekeeper *t, const struct conf *conf,
             const struct timekeeper_start *start, uint32_t hz, uint64_t ticks)
{
    memset(t, 0, sizeof *t);
    t->conf = conf;
    t->hz = hz;
    t->until = UINT64_MAX;
    t->first_sync = -1;
    t->sel.selected = -1;
    t->limits = (struct select_limits){
        .minsources = conf->minsources,
        .maxdistance_ns = ns_of(conf->maxdistance_s),
        .maxjitter_ns = ns_of(conf->maxjitter_s),
        .reselectdist_ns = ns_of(conf->reselectdist_s),
        .stratumweight_ns = ns_of(conf->stratumweight_s),
        .combinelimit = conf->combinelimit,
        .minstratum = conf->minstratum,
        .maxstratum = conf->maxstratum,
    };
    const struct discipline_conf dc = {
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
    discipline_init(&t->d, &dc, hz, start->freq_e12,
                    start->freq_known ? start->freq_sigma_e12 : 0);
    leap_init(&t->leap, conf->leapsecmode);
    thermal_init(&t->thermal, hz);
    if (start->law_len > 0 &&
        thermal_restore(&t->thermal, start->law, start->law_len) != RC_OK)
        tk_say(t, LOG_WARNING, NULL,
               "what the card has of the crystal's temperature is of another "
               "version: it is learned anew");
    clk_init(&t->clk, hz, ticks, utc_of_unix(start->floor_unix_s, 0));
    (void)clk_set_rate(&t->clk, ticks, t->d.est.rate_e12);
    tk_boot_init(t, start, ticks);
}

static struct timekeeper_slot *slot_of(struct timekeeper *t, unsigned slot)
{
    ASSERT(slot < t->slots && t->slot[slot].conf);
    return &t->slot[slot];
}

static void start_filter(struct timekeeper *t, struct timekeeper_slot *s)
{
    int32_t rate, sigma;
    discipline_prior(&t->d, &rate, &sigma);
    filter_init(&s->filter, t->hz, rate - thermal_rate(&t->thermal), sigma);
    poll_adapt_init(&s->adapt, s->conf->minpoll, s->conf->maxpoll);
    s->residuals = (struct residuals){0};
    t->bias[s - t->slot] = (struct select_bias){0};
}

void tk_source(struct timekeeper *t, unsigned slot,
               const struct conf_source *conf)
{
    ASSERT(slot < LIMIT_SOURCES && !t->slot[slot].conf);
    struct timekeeper_slot *s = &t->slot[slot];
    s->conf = conf;
    start_filter(t, s);
    t->nts |= conf->nts;
    t->reselect = true; /* options in force depend on all of them */
    if (slot >= t->slots)
        t->slots = slot + 1;
}

void tk_forget(struct timekeeper *t, unsigned slot)
{
    struct timekeeper_slot *s = slot_of(t, slot);
    start_filter(t, s);
    tk_boot_forget(s);
    t->reselect = true;
}

void tk_floor(struct timekeeper *t, uint64_t ticks, int64_t floor_unix_s,
              bool by_operator)
{
    tk_boot_floor(t, ticks, floor_unix_s);
    t->boot.by_operator = by_operator;
    if (tk_is_set(t))
        return;
    discipline_restart(&t->d);
    t->until = UINT64_MAX;
    ntp64 floor = utc_of_unix(floor_unix_s, 0);
    clk_step(&t->clk, ticks, utc_diff(floor, clk_at(&t->clk, ticks)));
    for (unsigned i = 0; i < t->slots; i++)
        tk_forget(t, i);
}

/* ---- the crystal's temperature ------------------------------------------- */

bool tk_estimate(const struct timekeeper *t, const struct timekeeper_slot *s,
                 uint64_t ticks, struct estimate *out)
{
    if (!filter_estimate(&s->filter, ticks, out))
        return false;
    out->utc += (uint64_t)thermal_phase(&t->thermal, ticks);
    out->rate_e12 += thermal_rate(&t->thermal);
    return true;
}

/* ---- choosing ------------------------------------------------------------ */

/* How many must agree: before the clock is set, a majority of the configured
 * sources that have a say. */
static size_t quorum(const struct timekeeper *t)
{
    return tk_is_set(t) ? 1 : select_quorum(t->in, t->slots, &t->limits);
}

/* May vote, if it is the only one at its server. */
static bool has_say(const struct timekeeper *t, const struct timekeeper_slot *s)
{
    return !s->conf->noselect && !(s->conf->dhcp && t->nts && !tk_is_set(t));
}

int tk_votes_for(const struct timekeeper *t, unsigned slot)
{
    const struct timekeeper_slot *own = &t->slot[slot];
    int votes = -1, best = -1;
    for (unsigned i = 0; i < t->slots && addr_size(&own->addr) > 0; i++) {
        const struct timekeeper_slot *s = &t->slot[i];
        if (!s->conf || !has_say(t, s) || s->port != own->port ||
            !addr_equal(&s->addr, &own->addr))
            continue;
        int rank = 2 * s->conf->nts + (s->reach != 0);
        if (rank > best) {
            best = rank;
            votes = (int)i;
        }
    }
    return votes == (int)slot ? -1 : votes;
}

static void fill(const struct timekeeper *t, unsigned slot, uint64_t ticks,
                 struct select_in *in)
{
    const struct timekeeper_slot *s = &t->slot[slot];
    *in = (struct select_in){
        .auth = s->conf->nts,
        .noselect = !has_say(t, s) || tk_votes_for(t, slot) >= 0,
        .prefer = s->conf->prefer,
        .require = s->conf->require,
        .trust = s->conf->trust,
        .stratum = s->last.stratum,
        .leap = s->last.leap,
        .refid = s->last.refid,
        .delay_ns = ns_of(s->filter.path.least),
        .root_delay_ns = s->last.root_delay_ns,
        .root_disp_ns = s->last.root_disp_ns,
        .jitter_ns = residuals_spread_ns(&s->residuals),
    };
    bool known = tk_estimate(t, s, ticks, &in->est);
    in->usable = known && s->reach != 0;
    in->stale = known && s->reach == 0;
}

static void say_kept_out(struct timekeeper *t, unsigned i)
{
    char why[SELECT_REASON];
    char letter = t->sel.letter[i];
    if (letter == 'x')
        tk_say(t, LOG_WARNING, &t->slot[i].last, "%s: falseticker",
               t->slot[i].conf->label);
    else if (select_reason(&t->in[i], &t->limits, letter, why, sizeof why) > 0)
        tk_say(t, LOG_WARNING, &t->slot[i].last, "%s: %s: not used",
               t->slot[i].conf->label, why);
}

/* updated: whose sample is new, -1 nobody's. */
static void choose(struct timekeeper *t, uint64_t ticks, int updated)
{
    char before[LIMIT_SOURCES];
    memcpy(before, t->sel.letter, sizeof before);
    for (unsigned i = 0; i < t->slots; i++)
        fill(t, i, ticks, &t->in[i]);
    select_apply_auth(t->in, t->slots, t->conf->authselect);
    const struct select_conf conf = {.need = quorum(t),
                                     .current = t->sel.selected,
                                     .limits = &t->limits,
                                     .score = t->score,
                                     .bias = t->bias,
                                     .updated = updated};
    select_sources(t->in, t->slots, &conf, &t->sel);
    t->agreed = tk_boot_judge(t) && t->sel.ok;
    for (unsigned i = 0; i < t->slots; i++)
        if (t->sel.letter[i] != before[i])
            say_kept_out(t, i);
}

/* ---- steering ------------------------------------------------------------ */

/* About how long it takes until the next update. */
static span_ns interval(const struct timekeeper *t)
{
    int i = t->sel.selected < 0 ? 0 : t->sel.selected;
    int8_t poll = t->slot[i].last.poll;
    return MONO_S << (poll < 0 ? 0 : poll);
}

static void apply(struct timekeeper *t, const struct discipline_action *a,
                  uint64_t ticks)
{
    if (a->step)
        clk_step(&t->clk, ticks, a->step_by);
    (void)clk_set_rate(&t->clk, ticks, a->rate_e12);
    t->until = a->until_ticks;
    if (!a->step)
        return;
    t->steps++;
    char text[UTC_TEXT];
    ntp64 utc = clk_at(&t->clk, ticks);
    utc_text(tk_unix_of(t, utc), utc_unix_ns(utc), text);
    tk_say(t, a->first_sync ? LOG_NOTICE : LOG_WARNING, NULL, "clock %s to %s",
           !a->first_sync      ? "stepped"
           : t->first_sync < 0 ? "set"
                               : "set anew",
           text);
}

static void follow(struct timekeeper *t, uint64_t ticks)
{
    struct discipline_action act;
    discipline_follow(&t->d, &t->clk, ticks, interval(t), &act);
    apply(t, &act, ticks);
}

/* Before all else that reads or bends the clk. */
static void leap_if_due(struct timekeeper *t, uint64_t ticks)
{
    struct leap_action l;
    if (!leap_take(&t->leap, &t->clk, ticks, &l))
        return;
    t->leaps += l.by != 0;
    for (unsigned i = 0; i < t->slots; i++)
        filter_shift(&t->slot[i].filter, l.by);
    discipline_shift(&t->d, l.by);
    thermal_restart(&t->thermal);
    if (l.step)
        clk_step(&t->clk, l.ticks, l.by);
    else
        follow(t, ticks);
    tk_say(t, LOG_NOTICE, NULL, "leap second: %s",
           l.step ? "step"
           : l.by ? "slew"
                  : "ignored");
}

static void say_ignored(struct timekeeper *t, uint64_t ticks)
{
    span_ns by = utc_diff_ns(estimate_at(&t->sel.est, ticks, t->hz),
                             clk_at(&t->clk, ticks));
    tk_say(t, LOG_WARNING, &t->d.ignored,
           "correction of %lld ms exceeds maxchange: %s",
           (long long)(by / MONO_MS),
           t->d.gave_up ? "given up, `reset' starts anew" : "ignored");
}

static void announce(struct timekeeper *t, uint64_t ticks)
{
    int64_t now = tk_unix_of(t, clk_at(&t->clk, ticks));
    if (leap_announce(&t->leap, t->sel.leap, now))
        tk_say(t, LOG_NOTICE, NULL, "leap second at the end of this day: %s",
               t->leap.second > 0   ? "inserted"
               : t->leap.second < 0 ? "deleted"
                                    : "none");
}

static void update(struct timekeeper *t, uint64_t ticks)
{
    struct discipline_action act;
    bool before = t->d.contradicted, set = tk_is_set(t);
    const bool over = t->d.gave_up;
    span_ns wrong = utc_diff_ns(estimate_at(&t->sel.est, ticks, t->hz),
                                clk_at(&t->clk, ticks));
    discipline_update(&t->d, &t->sel, &t->clk, ticks, interval(t), &act);
    apply(t, &act, ticks);
    if (act.ignored) {
        if (!over)
            say_ignored(t, ticks);
        return;
    }
    if (act.contradicted) {
        tk_boot_contradicted(t);
        return;
    }
    if (set && fabs((double)wrong) > t->conf->logchange_s * 1e9)
        tk_say(t, LOG_WARNING, &t->conf->logchange_s, "clock wrong by %.6f s",
               (double)wrong / 1e9);
    announce(t, ticks);
    t->refid = t->slot[t->sel.selected].refid;
    t->reference = (int8_t)t->sel.selected;
    tk_boot_updated(t, ticks, &act);
    if (before && !act.step)
        tk_say(t, LOG_NOTICE, NULL,
               "synchronised: sources and clock agree again");
    if (!act.first_sync)
        return;
    if (t->first_sync < 0)
        t->first_sync = mono_of_ticks(ticks, t->hz);
    tk_say(t, LOG_NOTICE, NULL,
           "synchronised: %u of %u sources agree, %s selected",
           t->verdict.agree, t->verdict.of,
           t->slot[t->sel.selected].conf->label);
}

void tk_temperature(struct timekeeper *t, uint64_t ticks, int32_t millidegrees)
{
    int32_t by = thermal_read(&t->thermal, ticks, millidegrees);
    if (by == 0)
        return;
    leap_if_due(t, ticks);
    discipline_bend(&t->d, ticks, by);
    (void)clk_set_rate(&t->clk, ticks, t->clk.rate_e12 + by);
}

/* A sample is worth what its round trip says (filter_delay.h). */
static void learn_law(struct timekeeper *t, const struct timekeeper_slot *s,
                      const struct ntp_sample *sample)
{
    const struct filter_delay *p = &s->filter.path;
    double ex = (double)sample->delay_ns * 1e-9 - p->least;
    double half = fmax(ex, 0) / 2 + p->lo + 1.0 / t->hz;
    thermal_sample(&t->thermal, sample->at_ticks, sample->utc, half * half / 3,
                   (int)(s - t->slot));
}

static bool contradicts(const struct timekeeper *t, unsigned i, uint64_t ticks,
                        struct select_out *line)
{
    *line = (struct select_out){.est = t->in[i].est,
                                .root_delay_ns = t->in[i].root_delay_ns,
                                .root_disp_ns = t->in[i].root_disp_ns};
    return discipline_contradicts(&t->d, line, &t->clk, ticks);
}

/* Nobody can be selected, for they disagree or jitter, and all of them say that
 * the clock is wrong, as a lone server does that goes to and fro: what set it
 * is worth no more than what they say now. */
static void doubt(struct timekeeper *t, unsigned updated, uint64_t ticks)
{
    struct select_out line;
    for (unsigned i = 0; i < t->slots; i++)
        if (t->in[i].usable && !t->in[i].noselect &&
            ((t->sel.letter[i] != '~' && t->sel.letter[i] != 'x') ||
             !contradicts(t, i, ticks, &line)))
            return;
    if (!t->in[updated].usable || t->in[updated].noselect)
        return;
    (void)contradicts(t, updated, ticks, &line);
    discipline_doubt(&t->d, &line, &t->clk, ticks);
    tk_boot_contradicted(t);
}

/* ---- a source's requests and replies ------------------------------------- */

static void set_reach(struct timekeeper *t, struct timekeeper_slot *s,
                      uint8_t reach)
{
    if ((s->reach == 0) != (reach == 0))
        t->reselect = true;
    s->reach = reach;
}

void tk_server(struct timekeeper *t, unsigned slot, const struct addr *addr,
               uint16_t port)
{
    struct timekeeper_slot *s = slot_of(t, slot);
    if (s->port == port && addr_equal(&s->addr, addr))
        return;
    s->addr = *addr;
    s->port = port;
    t->reselect = true;
}

void tk_asked(struct timekeeper *t, unsigned slot, uint8_t reach,
              uint32_t refid)
{
    struct timekeeper_slot *s = slot_of(t, slot);
    set_reach(t, s, reach);
    s->refid = refid;
}

/* maxdelayratio, maxdelaydevratio. */
static unsigned delay_tests(const struct timekeeper *t,
                            const struct timekeeper_slot *s,
                            const struct ntp_sample *l)
{
    struct estimate e;
    if (!tk_estimate(t, s, l->at_ticks, &e))
        return 0;
    const struct delay_limits limits = {s->conf->maxdelayratio,
                                        s->conf->maxdelaydevratio};
    const struct delay_known known = {s->filter.samples,
                                      ns_of(s->filter.path.least),
                                      residuals_spread_ns(&s->residuals)};
    return delay_limit(&limits, &known, l->delay_ns,
                       utc_diff_ns(l->utc, e.utc));
}

/* Returns false if the filter refused the sample. */
static bool take(struct timekeeper *t, uint64_t ticks,
                 struct timekeeper_slot *s, const struct ntp_sample *sample)
{
    leap_if_due(t, ticks);
    ntp64 clk = clk_at(&t->clk, ticks);
    if (leap_before(&t->leap, sample->at_ticks) ||
        leap_close(&t->leap, sample->utc) || leap_close(&t->leap, clk))
        return true;
    /* As long ago as the clk says: an interleaved sample is a poll old. */
    ntp64 later = clk_at(&t->clk, ticks + (ticks - sample->at_ticks));
    s->measured_ns = utc_diff_ns(sample->utc, clk) + utc_diff_ns(later, clk);
    s->shown = *sample;
    s->shown.failed |= (uint8_t)delay_tests(t, s, sample);
    s->refused = false;
    if (s->shown.failed)
        return true;
    s->last = *sample;
    struct ntp_sample warm = *sample;
    warm.utc -= (uint64_t)thermal_phase(&t->thermal, sample->at_ticks);
    s->refused = !filter_sample(&s->filter, &warm);
    (void)poll_adapt(&s->adapt, &s->filter, !s->refused);
    residuals_add(&s->residuals, sample->at_ticks, s->filter.resid_s);
    if (s->refused)
        return false;
    s->good++;
    if (residuals_spread_ns(&s->residuals) > t->limits.maxjitter_ns)
        poll_adapt_init(&s->adapt, s->conf->minpoll, s->conf->maxpoll);
    choose(t, ticks, (int)(s - t->slot));
    if (t->agreed && t->sel.selected == (int)(s - t->slot))
        learn_law(t, s, sample);
    if (t->agreed)
        update(t, ticks);
    else if (t->d.updates > 0)
        doubt(t, (unsigned)(s - t->slot), ticks);
    return true;
}

/* Which of the delay's tests the reply has failed, if any. */
static const char *delay_doubt(const struct timekeeper_slot *s,
                               const struct ntp_sample *reply)
{
    if (s->shown.at_ticks != reply->at_ticks) /* a leap second was near */
        return "";
    return s->shown.failed & NTP_TEST_B
               ? "round trip beyond maxdelayratio: not used"
           : s->shown.failed & NTP_TEST_C
               ? "round trip beyond maxdelaydevratio: not used"
               : "";
}

void tk_reply(struct timekeeper *t, uint64_t ticks, unsigned slot,
              const struct timekeeper_reply *reply,
              struct timekeeper_verdict *out)
{
    struct timekeeper_slot *s = slot_of(t, slot);
    set_reach(t, s, reply->reach);
    *out = (struct timekeeper_verdict){.doubt = ""};
    if (tk_boot_believes(t, s, reply))
        out->ask_again =
            !take(t, ticks, s, reply->sample) || filter_wonders(&s->filter);
    else
        t->reselect = true; /* for its words */
    out->poll_wanted = s->adapt.poll;
    out->doubt = delay_doubt(s, reply->sample);
    if (tk_is_set(t)) {
        out->falseticker = t->sel.letter[slot] == 'x';
        return;
    }
    if (s->doubt_text[0])
        out->doubt = s->doubt_text;
    out->doubt_window = s->doubt == BOOTSTRAP_OUTSIDE_WINDOW;
}

uint64_t tk_poll(struct timekeeper *t, uint64_t ticks)
{
    leap_if_due(t, ticks);
    if (t->reselect) {
        t->reselect = false;
        choose(t, ticks, -1);
    }
    if (ticks >= t->until)
        follow(t, ticks);
    uint64_t leap = leap_due(&t->leap, &t->clk, ticks);
    return leap < t->until ? leap : t->until;
}
