#include "metrics.h"

#include <string.h>

#include "metrics_private.h"

#define NEVER_AGO 4294967295u /* chronyd's age of a sample that never came  */

/* ---- values -------------------------------------------------------------- */

/* Seconds with all nine places: no digit is lost, and none is made up. */
static void add_s(struct fmt_text *t, span_ns ns)
{
    uint64_t a = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    fmt_add(t, "%s%llu.%09llu", ns < 0 ? "-" : "",
            (unsigned long long)(a / 1000000000u),
            (unsigned long long)(a % 1000000000u));
}

/* With the other sign, in which chrony has offsets. */
static void add_minus_s(struct fmt_text *t, span_ns ns)
{
    add_s(t, ns == INT64_MIN ? INT64_MAX : -ns);
}

static void add_ppm(struct fmt_text *t, int64_t e12)
{
    uint64_t a = e12 < 0 ? 0 - (uint64_t)e12 : (uint64_t)e12;
    fmt_add(t, "%s%llu.%06llu", e12 < 0 ? "-" : "",
            (unsigned long long)(a / 1000000u),
            (unsigned long long)(a % 1000000u));
}

static void add_n(struct fmt_text *t, uint64_t n)
{
    fmt_add(t, "%llu", (unsigned long long)n);
}

static void add_poll(struct fmt_text *t, int8_t poll)
{
    if (poll >= 0)
        add_n(t, UINT64_C(1) << (poll & 31));
    else
        fmt_add(t, "%.9f", 1.0 / (double)(1u << (-poll & 31)));
}

static void add_label(struct fmt_text *t, const char *text)
{
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            fmt_add(t, "\\%c", *text);
        else if (*text == '\n')
            fmt_add(t, "\\n");
        else
            fmt_add(t, "%c", *text >= ' ' && *text <= '~' ? *text : '?');
}

/* ---- labels -------------------------------------------------------------- */

/* How many sources before row i have its name and its address. */
static unsigned namesakes(const struct status *s, unsigned i)
{
    const struct status_source *x = &s->sources.row[i];
    unsigned n = 0;
    for (unsigned j = 0; j < i; j++)
        n += addr_equal(status_source_addr(&s->sources.row[j]),
                        status_source_addr(x)) &&
             strcmp(s->sources.row[j].name, x->name) == 0;
    return n;
}

/* source_address="...",source_name="..." */
static void add_source(struct fmt_text *t, const struct status *s, unsigned i,
                       const char *kind)
{
    char address[ADDR_TEXT];
    addr_text(status_source_addr(&s->sources.row[i]), address);
    fmt_add(t, "%s_address=\"%s\",%s_name=\"", kind, address, kind);
    add_label(t, s->sources.row[i].name);
    if (namesakes(s, i) > 0)
        fmt_add(t, "#%u", namesakes(s, i) + 1);
    fmt_add(t, "\"");
}

static const char *state_word(char state)
{
    switch (state) {
    case '*':
        return "sync";
    case '+':
        return "candidate";
    case '-':
        return "outlier";
    case 'x':
        return "falseticker";
    case '~':
        return "jittery";
    default:
        return "unreach";
    }
}

/* ---- samples ------------------------------------------------------------- */

static void add_tracking(struct fmt_text *t, const struct status *s,
                         enum metric m)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    const struct status_served served = status_served(s);
    switch (m) {
    case LAST_OFFSET:
        add_minus_s(t, k->last_offset_ns);
        break;
    case SYSTEM_TIME: /* chronyc -c: positive is slow, as ours              */
        add_s(t, k->system_ns);
        break;
    case RMS_OFFSET:
        add_s(t, k->rms_offset_ns);
        break;
    case FREQUENCY:
        add_ppm(t, -k->freq_e12);
        break;
    case RESIDUAL:
        add_ppm(t, -k->resid_e12);
        break;
    case SKEW:
        add_ppm(t, k->freq_sigma_e12);
        break;
    case ROOT_DELAY:
        add_s(t, served.root_delay_ns);
        break;
    case ROOT_DISPERSION:
        add_s(t, served.root_disp_ns);
        break;
    case UPDATE_INTERVAL:
        add_s(t, k->update_ns);
        break;
    case REFERENCE_TIME:
        fmt_add(t, "%lld.%09lu", (long long)served.ref_unix_s,
                (unsigned long)served.ref_unix_ns);
        break;
    case REMOTE:
        add_n(t, served.ref_id != 0 && !served.local);
        break;
    case STRATUM:
        add_n(t, served.stratum);
        break;
    default: /* UP, TRACKING_INFO                                           */
        add_n(t, 1);
    }
}

static void add_measured(struct fmt_text *t,
                         const struct status_clock_source *e, enum metric m)
{
    switch (m) {
    case PEER_OFFSET: /* ntpdata has our sign                               */
        add_s(t, e->reply.offset_ns);
        break;
    case PEER_DELAY:
        add_s(t, e->reply.delay_ns);
        break;
    case PEER_DISPERSION:
        add_s(t, e->reply.disp_ns);
        break;
    case PEER_RESPONSE:
        add_s(t, e->reply.response_ns);
        break;
    case SAMPLES:
        add_n(t, e->stats.samples);
        break;
    case RUNS:
        add_n(t, e->stats.runs);
        break;
    case SPAN:
        add_n(t, (uint64_t)e->stats.span_s);
        break;
    case STATS_FREQUENCY:
        add_ppm(t, -e->stats.freq_e12);
        break;
    case STATS_SKEW:
        add_ppm(t, e->stats.freq_sigma_e12);
        break;
    case STATS_OFFSET:
        add_minus_s(t, e->offset_ns);
        break;
    default: /* STATS_STDDEV */
        add_s(t, e->stats.spread_ns);
        break;
    }
}

static void add_nts(struct fmt_text *t, const struct status_source *x,
                    enum metric m)
{
    switch (m) {
    case CERT_END:
        if (x->cert_end_unix_s == 0) /* a rule for ends shall not fire       */
            fmt_add(t, "NaN");
        else
            fmt_add(t, "%lld", (long long)x->cert_end_unix_s);
        break;
    case COOKIES:
        add_n(t, x->cookies);
        break;
    case NAKS:
        add_n(t, x->naks);
        break;
    default: /* KE_AGE */
        if (x->last_ke_ago_s < 0)
            fmt_add(t, "NaN");
        else
            add_n(t, (uint64_t)x->last_ke_ago_s);
        break;
    }
}

static void add_of_source(struct fmt_text *t, const struct status *s,
                          unsigned i, enum metric m)
{
    const struct status_source *x = &s->sources.row[i];
    const struct status_clock_source *e = &s->timekeeper.row[i];
    switch (m) {
    case AGE:
        add_n(t, x->last_rx_ago_s < 0 ? NEVER_AGO : (uint64_t)x->last_rx_ago_s);
        break;
    case SAMPLE_OFFSET:
        add_minus_s(t, e->offset_ns);
        break;
    case SAMPLE_ERROR:
        add_s(t, e->bound_ns);
        break;
    case REACH_RATIO:
        fmt_add(t, "%.3f", __builtin_popcount(x->reach) / 8.0);
        break;
    case REACH_SUCCESS:
        add_n(t, x->reach & 1);
        break;
    case POLL:
        add_poll(t, x->poll);
        break;
    case SOURCE_STRATUM:
        add_n(t, x->stratum);
        break;
    default: /* STATE_INFO                                                  */
        add_n(t, 1);
    }
}

static uint64_t served(const struct status_server *v, enum metric m)
{
    const uint64_t of[] = {v->ntp_hits,  v->ntp_drops,     v->cmd_hits,
                           v->cmd_drops, v->log_drops,     v->ke_hits,
                           v->ke_drops,  v->authenticated, v->interleaved};
    return of[m - NTP_HITS];
}

static void add_temperature(struct fmt_text *t,
                            const struct status_temperature *k, enum metric m)
{
    if (m == LAW_USED)
        add_n(t, k->used);
    else if (m == TEMPERATURE ? !k->told : !k->learned)
        fmt_add(t, "NaN");
    else if (m == TEMPERATURE)
        fmt_add(t, "%.3f", k->millidegrees / 1e3);
    else
        add_ppm(t, -k->slope_e12);
}

static void add_own(struct fmt_text *t, const struct status *s, enum metric m)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    switch (m) {
    case UPTIME:
        add_s(t, s->machine.up - s->machine.start);
        break;
    case SYNCHRONISED:
        add_n(t, k->synchronised);
        break;
    case ERROR_BOUND:
        if (k->synchronised)
            add_s(t, k->bound_ns);
        else
            fmt_add(t, "NaN");
        break;
    case AGREEING:
        add_n(t, k->agree);
        break;
    case NEEDED:
        add_n(t, k->need);
        break;
    case FLOOR:
        fmt_add(t, "%lld", (long long)s->timefloor.unix_s);
        break;
    case CARD_WRITES:
        add_n(t, s->store.writes);
        break;
    case CARD_ERRORS:
        add_n(t, s->machine.card_errors);
        break;
    case CARD_WEAR:
        add_n(t, s->store.wear.each_a_year);
        break;
    case CRASHES:
        add_n(t, s->machine.crashes);
        break;
    case LOG_LOST:
        add_n(t, s->log.lost);
        break;
    case FRAMES_DROPPED:
        add_n(t, s->net.dropped);
        break;
    case ARENA_PEAK:
        add_n(t, s->tls.arena_peak);
        break;
    case NAKS_SENT:
        add_n(t, s->server.naks);
        break;
    case COOKIE_KEY_AGE:
        if (s->server.cookie_key_age_s >= 0)
            add_n(t, (uint64_t)s->server.cookie_key_age_s);
        else
            fmt_add(t, "NaN");
        break;
    case STACK_PEAK:
        add_n(t, s->machine.stack_peak);
        break;
    default: /* BUILD_INFO                                                  */
        add_n(t, 1);
    }
}

static void add_labels(struct fmt_text *t, const struct status *s, unsigned i,
                       enum metric m)
{
    const struct status_served served = status_served(s);
    int ref = served.local ? -1 : status_reference(s);
    if (m == TRACKING_INFO) {
        fmt_add(t, "{");
        if (ref >= 0)
            add_source(t, s, (unsigned)ref, "tracking");
        else
            fmt_add(t, "tracking_address=\"\",tracking_name=\"\"");
        fmt_add(t, ",tracking_refid=\"%08lX\"}", (unsigned long)served.ref_id);
    } else if (m == BUILD_INFO) {
        fmt_add(t, "{version=\"");
        add_label(t, s->machine.version ? s->machine.version : "");
        fmt_add(t, "\",board=\"");
        add_label(t, s->machine.name ? s->machine.name : "");
        fmt_add(t, "\"}");
    } else if (m == LOOP_LONGEST) {
        fmt_add(t, "{service=\"");
        add_label(t, s->loop.poll[i].name);
        fmt_add(t, "\"}");
    } else if (metrics_families[m].rows == EACH_DROP) {
        fmt_add(t, "{reason=\"%s\"}", status_drop_word(i));
    } else if (metrics_families[m].rows == EACH_SOURCE) {
        fmt_add(t, "{");
        add_source(t, s, i, "source");
        if (m == STATE_INFO)
            fmt_add(t, ",source_state=\"%s\",source_mode=\"client\"",
                    state_word(s->timekeeper.row[i].state));
        fmt_add(t, "}");
    }
}

static void add_sample(struct fmt_text *t, const struct status *s, unsigned i,
                       enum metric m)
{
    fmt_add(t, "%s", metrics_families[m].name);
    add_labels(t, s, i, m);
    fmt_add(t, " ");
    if (m <= STRATUM)
        add_tracking(t, s, m);
    else if (m <= STATE_INFO)
        add_of_source(t, s, i, m);
    else if (m <= STATS_STDDEV)
        add_measured(t, &s->timekeeper.row[i], m);
    else if (m >= CERT_END && m <= KE_AGE)
        add_nts(t, &s->sources.row[i], m);
    else if (m >= NTP_HITS && m <= INTERLEAVED)
        add_n(t, served(&s->server, m));
    else if (m == LOOP_LONGEST)
        add_s(t, s->loop.poll[i].longest_ns);
    else if (m == NTP_DROPPED)
        add_n(t, s->server.ntp_dropped[i]);
    else if (m == CMD_DROPPED)
        add_n(t, s->server.cmd_dropped[i]);
    else if (m >= TEMPERATURE)
        add_temperature(t, &s->timekeeper.temperature, m);
    else
        add_own(t, s, m);
    fmt_add(t, "\n");
}

/* *at: the family, and in its low byte the row. */
bool metrics_next(const struct status *s, uint32_t *at, struct fmt_text *t)
{
    unsigned m = *at >> 8, row = *at & 0xff;
    if (m >= METRICS)
        return false;
    ASSERT(metrics_families[m].metric == m);
    unsigned rows = metrics_families[m].rows == ONE           ? 1
                    : metrics_families[m].rows == EACH_SOURCE ? s->sources.count
                    : metrics_families[m].rows == EACH_DROP   ? STATUS_DROPS
                                                              : s->loop.count;
    if (row == 0)
        fmt_add(t, "# HELP %s %s\n# TYPE %s %s\n", metrics_families[m].name,
                metrics_families[m].help, metrics_families[m].name,
                metrics_families[m].counter ? "counter" : "gauge");
    if (row < rows)
        add_sample(t, s, row, m);
    *at = row + 1 < rows ? *at + 1 : (m + 1) << 8;
    return true;
}
