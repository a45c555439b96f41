/* What lies behind it: trust, card, machine, start. */
#include "chronyc_text.h"
#include "page_private.h"

static void begin(struct fmt_text *t, const char *title)
{
    fmt_add(t, "<section><h2>%s</h2><dl class=\"kv\">", title);
}

static void end(struct fmt_text *t)
{
    fmt_add(t, "</dl></section>\n");
}

static void begin_row(struct fmt_text *t, const char *what)
{
    fmt_add(t, "<div><dt>%s</dt><dd>", what);
}

static void end_row(struct fmt_text *t)
{
    fmt_add(t, "</dd></div>");
}

static void add_row(struct fmt_text *t, const char *what, const char *value,
                    const char *more)
{
    begin_row(t, what);
    page_add_text(t, value ? value : "-", PAGE_NAME);
    if (more && more[0]) {
        fmt_add(t, "<small>");
        page_add_text(t, more, PAGE_NAME);
        fmt_add(t, "</small>");
    }
    end_row(t);
}

/* ---- trust --------------------------------------------------------------- */

/* The source whose certificate ends first; -1: none is known. */
static int next_to_end(const struct status *s)
{
    int first = -1;
    for (int i = 0; i < s->sources.count; i++) {
        int64_t ends = s->sources.row[i].cert_end_unix_s;
        if (ends != 0 &&
            (first < 0 || ends < s->sources.row[first].cert_end_unix_s))
            first = i;
    }
    return first;
}

static void trust_floor(struct fmt_text *t, const struct status *s)
{
    const struct status_timefloor *f = &s->timefloor;
    begin(t, "Trust");
    begin_row(t, "Time floor");
    page_add_utc(t, f->unix_s, 19);
    fmt_add(t, "<small>nothing before it is believed%s%s</small>",
            f->from ? "; it is from " : "", f->from ? f->from : "");
    end_row(t);
    add_row(t, "Bootstrap",
            s->timekeeper.tracking.first_sync >= 0 ? "done" : "under way",
            s->timekeeper.tracking.strict
                ? "strict: nobody is asked before an operator has set a floor"
                : "default: a majority has to agree within its certificates");
    add_row(t, "Weaker mode in force",
            s->timekeeper.tracking.warning[0] ? s->timekeeper.tracking.warning
                                              : "none",
            "");
}

static void trust_keys(struct fmt_text *t, const struct status *s)
{
    int i = next_to_end(s);
    unsigned cookies = 0, naks = 0;
    begin_row(t, "Agreement");
    fmt_add(t, "%u of %u<small>%u needed to set the clock</small>",
            s->timekeeper.tracking.agree, s->timekeeper.tracking.of,
            s->timekeeper.tracking.need);
    end_row(t);
    if (i >= 0) {
        begin_row(t, "Next certificate to end");
        page_add_utc(t, s->sources.row[i].cert_end_unix_s, 10);
        fmt_add(t, "<small>");
        page_add_text(t, s->sources.row[i].name, PAGE_NAME);
        fmt_add(t, "</small>");
        end_row(t);
    }
    for (unsigned j = 0; j < s->sources.count; j++) {
        cookies += s->sources.row[j].cookies;
        naks += s->sources.row[j].naks;
    }
    begin_row(t, "Key exchanges");
    fmt_add(t, "%lu<small>%u cookies in hand, %u NAKs</small>",
            (unsigned long)s->tls.handshakes, cookies, naks);
    end_row(t);
    end(t);
}

/* ---- card ---------------------------------------------------------------- */

static void card(struct fmt_text *t, const struct status *s)
{
    const struct status_store *c = &s->store;
    begin(t, "Card");
    add_row(t, "Card", c->card ? "present" : "none that can be read",
            !c->card                        ? ""
            : s->config.file != CONFIG_READ ? "no chrony.conf in use"
            : s->config.errors ? "chrony.conf has errors: see the log"
                               : "chrony.conf is good");
    add_row(t, "Saved", chronyc_saved_text(s), "");
    begin_row(t, "Written");
    fmt_add(t,
            "%lu times<small>%lu errors of the journal, %lu of the "
            "card</small>",
            (unsigned long)c->writes, (unsigned long)c->errors,
            (unsigned long)s->machine.card_errors);
    end_row(t);
    if (c->save_interval_s > 0) {
        begin_row(t, "Wear");
        fmt_add(t,
                "%llu MB a year<small>every %lu s; each sector of the journal "
                "%lu times a year</small>",
                (unsigned long long)(c->wear.sectors_a_year / 1953),
                (unsigned long)c->save_interval_s,
                (unsigned long)c->wear.each_a_year);
        end_row(t);
    }
    end(t);
}

/* ---- machine ------------------------------------------------------------- */

static void machine(struct fmt_text *t, const struct status *s)
{
    const struct status_machine *m = &s->machine;
    char text[ADDR_TEXT];
    begin(t, "Machine");
    add_row(t, "Firmware", m->version, "");
    add_row(t, "Last reset", m->last_reset,
            m->crashes ? "crashes in a row: see the log" : "");
    if (m->trouble && m->trouble[0])
        add_row(t, "Trouble", m->trouble, "");
    begin_row(t, "Addresses");
    addr_text(&s->net.addr4, text);
    fmt_add(t, "%s", text[0] ? text : "no IPv4 address");
    addr_text(&s->net.addr6, text);
    fmt_add(t, "<small>%s; %lu frames dropped</small>",
            text[0] ? text : "no IPv6 address", (unsigned long)s->net.dropped);
    end_row(t);
    begin_row(t, "Serves NTP");
    if (s->server.serving)
        fmt_add(t, "%llu requests<small>%llu not answered</small>",
                (unsigned long long)s->server.ntp_hits,
                (unsigned long long)s->server.ntp_drops);
    else
        fmt_add(t, "no<small>chrony.conf has no allow</small>");
    end_row(t);
    if (!s->server.nts)
        return;
    begin_row(t, "Serves NTS");
    fmt_add(t, "%llu requests<small>%llu NAKs",
            (unsigned long long)s->server.authenticated,
            (unsigned long long)s->server.naks);
    if (s->server.cookie_key_age_s >= 0)
        fmt_add(t, "; cookies' key %lld h old",
                (long long)s->server.cookie_key_age_s / 3600);
    fmt_add(t, "</small>");
    end_row(t);
}

/* The five longest, the longest first. */
static void add_turns(struct fmt_text *t, const struct status_loop *l)
{
    span_ns below = INT64_MAX;
    for (unsigned n = 0; n < 5; n++) {
        unsigned best = l->count;
        for (unsigned i = 0; i < l->count && i < LEN(l->poll); i++)
            if (l->poll[i].longest_ns < below &&
                (best == l->count ||
                 l->poll[i].longest_ns > l->poll[best].longest_ns))
                best = i;
        if (best == l->count)
            return;
        below = l->poll[best].longest_ns;
        fmt_add(t, "<span class=\"turn\">%s ", l->poll[best].name);
        page_add_span(t, below);
        fmt_add(t, "</span> ");
    }
}

static void memory(struct fmt_text *t, const struct status *s)
{
    const struct status_machine *m = &s->machine;
    begin_row(t, "Memory, at most");
    fmt_add(t, "TLS %zu of %zu KB<small>stack %zu of %zu bytes</small>",
            s->tls.arena_peak / 1024, s->tls.arena_size / 1024, m->stack_peak,
            m->stack_size);
    end_row(t);
    begin_row(t, "Longest turns");
    add_turns(t, &s->loop);
    fmt_add(t, "<small>of the loop's services</small>");
    end_row(t);
    add_row(t, "Log lines lost", s->log.lost ? "some" : "none",
            s->log.lost ? "the console was too slow" : "");
    end(t);
}

/* ---- the last start ------------------------------------------------------ */

static void add_step(struct fmt_text *t, const struct status *s,
                     const char *what, mono_ns at, mono_ns whole)
{
    if (at < 0) {
        fmt_add(t, "<li><span>%s</span> <b>not yet</b></li>", what);
        return;
    }
    double part =
        whole > 0 ? (double)(at - s->machine.start) / (double)whole : 0;
    fmt_add(t,
            "<li><span>%s</span> <b>%.2f s</b><svg viewBox=\"0 0 1000 10\" "
            "preserveAspectRatio=\"none\" aria-hidden=\"true\"><path "
            "class=\"bg\" d=\"M0 5h1000\"/><path class=\"bf\" "
            "d=\"M0 5h%.0f\"/></svg></li>",
            what, (double)(at - s->machine.start) / 1e9,
            1000 * (part < 0   ? 0
                    : part > 1 ? 1
                               : part));
}

/* Whether the clock waits, or waited, for a key exchange. */
static bool asks_keys(const struct status *s)
{
    bool nts = false;
    for (unsigned i = 0; i < s->sources.count; i++)
        nts |= s->sources.row[i].nts;
    return nts && !s->timefloor.from_cookies;
}

static void start(struct fmt_text *t, const struct status *s)
{
    const struct status_start *a = &s->start;
    mono_ns set = s->timekeeper.tracking.first_sync;
    mono_ns whole = (set < 0 ? s->machine.up : set) - s->machine.start;
    fmt_add(t, "<section><h2>Last start</h2><ol class=\"boot\">");
    add_step(t, s, "card looked at", a->card, whole);
    add_step(t, s, "link up", a->link, whole);
    add_step(t, s, "address", a->address, whole);
    if (a->keys >= 0 || asks_keys(s))
        add_step(t, s, "first key exchange", a->keys, whole);
    add_step(t, s, "clock set", set, whole);
    fmt_add(t, "</ol></section>\n");
}

bool page_cards(struct page *p, struct fmt_text *t)
{
    static void (*const parts[])(struct fmt_text *, const struct status *) = {
        trust_floor, trust_keys, card, machine, memory, start};
    if (p->index == 0)
        fmt_add(t, "<div class=\"cols\">\n");
    parts[p->index](t, p->s);
    if (p->index + 1 < LEN(parts))
        return true;
    fmt_add(t, "</div>\n");
    return false;
}
