#include "chronyc_text.h"

#include <string.h>

#include "chronyc_units.h"
#include "stage.h"
#include "why.h"

#define SECTORS_PER_MB 1953 /* of 512 bytes                          */

/* ---- the tables ---- */

size_t chronyc_sources(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    chronyc_add_header(&t, "MS Name/IP address         Stratum Poll Reach "
                           "LastRx Last sample               ");
    for (size_t i = 0; i < s->sources.count; i++) {
        const struct status_source *x = &s->sources.row[i];
        const struct status_clock_source *e = &s->timekeeper.row[i];
        char name[26];
        chronyc_name(x->name, name);
        fmt_add(&t, "^%c %-27s  %2u  %2d   %3o  ", e->state, name, x->stratum,
                x->poll, x->reach);
        chronyc_add_ago(&t, x->last_rx_ago_s);
        fmt_add(&t, "  ");
        chronyc_add_offset(&t, e->offset_ns);
        fmt_add(&t, "[");
        chronyc_add_offset(&t, e->measured_ns);
        fmt_add(&t, "] +/- ");
        chronyc_add_span(&t, "", chronyc_magnitude(e->bound_ns));
        fmt_add(&t, "\n");
    }
    return t.len;
}

size_t chronyc_authdata(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    chronyc_add_header(&t, "Name/IP address             Mode KeyID Type KLen "
                           "Last Atmp  NAK Cook CLen");
    for (size_t i = 0; i < s->sources.count; i++) {
        const struct status_source *x = &s->sources.row[i];
        char name[26];
        chronyc_name(x->name, name);
        fmt_add(&t, "%-27s %4s %5lu %4u %4u ", name, x->nts ? "NTS" : "-",
                (unsigned long)x->key_id, x->aead, x->key_bits);
        chronyc_add_ago(&t, x->last_ke_ago_s);
        fmt_add(&t, " %4lu %4lu %4u %4u\n", (unsigned long)x->ke_attempts,
                (unsigned long)x->naks, x->cookies, x->cookie_len);
    }
    return t.len;
}

static const char *leap_text(uint8_t leap)
{
    static const char *const text[] = {"Normal", "Insert second",
                                       "Delete second", "Not synchronised"};
    return leap < LEN(text) ? text[leap] : "Invalid";
}

/* Beyond chronyc's lines, and only while there is something to say. */
static void add_why(struct fmt_text *t, const struct status *s)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    char why[WHY_TEXT];
    if (why_text(s, why, sizeof why) > 0)
        fmt_add(t, "%-16s: %s\n",
                k->synchronised ? "Hold-over" : "Clock not set", why);
    if (k->warning[0])
        fmt_add(t, "WARNING         : %s\n", k->warning);
    if (why_note(s)[0])
        fmt_add(t, "Note            : %s\n", why_note(s));
}

size_t chronyc_tracking(const struct status *s, char *out, size_t cap)
{
    const struct status_tracking *k = &s->timekeeper.tracking;
    const struct status_served served = status_served(s);
    int reference = served.local ? -1 : status_reference(s);
    struct fmt_text t = fmt_text_of(out, cap);
    fmt_add(&t, "Reference ID    : %08lX (%s)\n", (unsigned long)served.ref_id,
            reference >= 0 ? s->sources.row[reference].name : "");
    fmt_add(&t, "Stratum         : %u\n", served.stratum);
    fmt_add(&t, "Ref time (UTC)  : ");
    chronyc_add_time(&t, served.ref_unix_s);
    fmt_add(&t, "\nSystem time     : ");
    /* system_ns: estimate - output. Positive: the output is behind. */
    chronyc_add_seconds(&t, "", chronyc_magnitude(k->system_ns));
    fmt_add(&t, " seconds %s of NTP time\n",
            k->system_ns > 0 ? "slow" : "fast");
    fmt_add(&t, "Last offset     : ");
    chronyc_add_seconds(&t, chronyc_sign(k->last_offset_ns),
                        chronyc_magnitude(k->last_offset_ns));
    fmt_add(&t, " seconds\nRMS offset      : ");
    chronyc_add_seconds(&t, "", chronyc_magnitude(k->rms_offset_ns));
    fmt_add(&t, " seconds\nFrequency       : %.3f ppm %s\n",
            chronyc_ppm(k->freq_e12 < 0 ? -k->freq_e12 : k->freq_e12),
            k->freq_e12 < 0 ? "fast" : "slow");
    fmt_add(&t, "Residual freq   : %+.3f ppm\n", chronyc_ppm(-k->resid_e12));
    fmt_add(&t, "Skew            : %.3f ppm\n", chronyc_ppm(k->freq_sigma_e12));
    fmt_add(&t, "Root delay      : ");
    chronyc_add_seconds(&t, "", chronyc_magnitude(served.root_delay_ns));
    fmt_add(&t, " seconds\nRoot dispersion : ");
    chronyc_add_seconds(&t, "", chronyc_magnitude(served.root_disp_ns));
    fmt_add(&t, " seconds\nUpdate interval : %.1f seconds\n",
            (double)k->update_ns / 1e9);
    fmt_add(&t, "Leap status     : %s\n", leap_text(served.leap));
    if (served.local)
        fmt_add(&t,
                "Local           : clients are told this, for chrony.conf has "
                "local\n");
    add_why(&t, s);
    return t.len;
}

unsigned chronyc_unresolved(const struct status *s)
{
    unsigned n = 0;
    for (size_t i = 0; i < s->sources.count; i++)
        n += status_source_addr(&s->sources.row[i])->family == 0;
    return n;
}

size_t chronyc_activity(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    unsigned unresolved = chronyc_unresolved(s);
    fmt_add(&t,
            "200 OK\n"
            "%u sources online\n"
            "0 sources offline\n"
            "0 sources doing burst (return to online)\n"
            "0 sources doing burst (return to offline)\n"
            "%u sources with unknown address\n",
            s->sources.count - unresolved, unresolved);
    return t.len;
}

/* ---- this machine ---- */

static void add_first_sync(struct fmt_text *t, const struct status *s)
{
    mono_ns first = s->timekeeper.tracking.first_sync;
    if (first < 0)
        fmt_add(t, "First sync      : not yet\n");
    else
        fmt_add(t, "First sync      : %.3f s after start, %s\n",
                (double)(first - s->machine.start) / 1e9,
                s->timefloor.from_plain     ? "from servers without NTS"
                : s->timefloor.from_cookies ? "from saved cookies"
                                            : "after key exchange");
}

static const char *config_text(const struct status_config *c)
{
    return c->file == CONFIG_MISSING ? "missing"
           : c->file == CONFIG_EMPTY ? "empty"
           : c->errors == 0          ? "good"
                                     : "has errors";
}

/* What a power cut leaves of keys, cookies, time floor and frequency. */
const char *chronyc_saved_text(const struct status *s)
{
    const struct status_store *c = &s->store;
    return !c->card              ? "none: there is no card that can be read"
           : !c->state_partition ? "none: the card has no state partition "
                                   "(type da)"
           : !s->config.save     ? "none: chrony.conf says nodump"
           : c->failing          ? "the card takes no write just now"
                                 : "yes";
}

static void add_card(struct fmt_text *t, const struct status *s)
{
    const struct status_store *c = &s->store;
    fmt_add(t, "Card            : %s, state partition %s, chrony.conf %s\n",
            c->card ? "yes" : "none", c->state_partition ? "yes" : "none",
            config_text(&s->config));
    fmt_add(t, "Saved state     : %s\n", chronyc_saved_text(s));
    fmt_add(t, "Card errors     : %lu\n",
            (unsigned long)s->machine.card_errors);
    fmt_add(t, "Journal         : %lu writes, %lu errors%s\n",
            (unsigned long)c->writes, (unsigned long)c->errors,
            c->failing ? "; the card takes none now: nothing is saved" : "");
    fmt_add(t,
            "Card wear       : %lu sector%s every %lu s: a year %llu writes, "
            "%llu MB, each sector %lu times\n",
            (unsigned long)c->wear.sectors, c->wear.sectors == 1 ? "" : "s",
            (unsigned long)c->save_interval_s,
            (unsigned long long)c->wear.writes_a_year,
            (unsigned long long)(c->wear.sectors_a_year / SECTORS_PER_MB),
            (unsigned long)c->wear.each_a_year);
}

static void add_ways(struct fmt_text *t, const struct status_net *n)
{
    char text[ADDR_TEXT];
    addr_text(&n->gateway4, text);
    fmt_add(t, "Routers         : %s%s, %s\n",
            text[0] ? "gateway " : "no gateway", text,
            n->router6 ? "an IPv6 router" : "no IPv6 router");
    fmt_add(t, "Name servers    :%s", n->nameservers ? "" : " no name server");
    for (unsigned i = 0; i < n->nameservers && i < LIMIT_DNS_SERVERS; i++) {
        addr_text(&n->nameserver[i], text);
        fmt_add(t, " %s", text);
    }
    fmt_add(t, "\n");
}

static void add_network(struct fmt_text *t, const struct status *s)
{
    char text4[ADDR_TEXT], text6[ADDR_TEXT];
    const char *why = s->machine.trouble;
    addr_text(&s->net.addr4, text4);
    addr_text(&s->net.addr6, text6);
    fmt_add(t, "Ethernet        : %s%s%s\n",
            s->net.link ? "link up" : "no link", why && why[0] ? ": " : "",
            why ? why : "");
    fmt_add(t, "Addresses       : %s %s\n", text4[0] ? text4 : "-", text6);
    add_ways(t, &s->net);
    if (s->mdns.on)
        fmt_add(t, "Network name    : %s.local%s\n", s->mdns.name,
                s->mdns.sure ? "" : ", not yet ours");
    fmt_add(t, "Frames dropped  : %lu\n", (unsigned long)s->net.dropped);
}

static void add_memory(struct fmt_text *t, const struct status *s)
{
    const struct status_machine *b = &s->machine;
    fmt_add(t, "TLS handshakes  : %lu\n", (unsigned long)s->tls.handshakes);
    fmt_add(t, "TLS arena peak  : %zu of %zu bytes\n", s->tls.arena_peak,
            s->tls.arena_size);
    fmt_add(t, "Stack peak      : %zu of %zu bytes\n", b->stack_peak,
            b->stack_size);
    if (b->irq_stack_size > 0)
        fmt_add(t, "Interrupt stack : %zu of %zu bytes\n", b->irq_stack_peak,
                b->irq_stack_size);
}

static void add_loop(struct fmt_text *t, const struct status_loop *l)
{
    fmt_add(t, "Longest polls   :");
    for (size_t i = 0; i < l->count && i < LEN(l->poll); i++)
        fmt_add(t, " %s %lld us", l->poll[i].name,
                (long long)(l->poll[i].longest_ns / 1000));
    fmt_add(t, "\n");
}

static void add_trouble(struct fmt_text *t, const struct status *s)
{
    const struct status_sources *l = &s->sources;
    for (size_t i = 0; i < l->count; i++) {
        const char *why = l->row[i].trouble;
        if (!why[0])
            why = s->timekeeper.row[i].select.why;
        if (why[0])
            fmt_add(t, "Trouble         : %s: %s\n", l->row[i].name, why);
    }
}

static void add_floor(struct fmt_text *t, const struct status_timefloor *f)
{
    fmt_add(t, "Time floor      : ");
    chronyc_add_time(t, f->unix_s);
    fmt_add(t, " UTC%s%s\n", f->from ? ", from " : "", f->from ? f->from : "");
}

size_t chronyc_floor(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    add_floor(&t, &s->timefloor);
    add_why(&t, s);
    return t.len;
}

static void add_stage(struct fmt_text *t, const struct status *s)
{
    enum stage stage = stage_of(s);
    if (stage != STAGE_DONE)
        fmt_add(t, "Stage           : %u of 9: %s\n", (unsigned)stage,
                stage_text(stage));
}

static void add_log(struct fmt_text *t, const struct status *s)
{
    const struct status_syslog *l = &s->syslog;
    fmt_add(t, "Log lines lost  : %lu\n", (unsigned long)s->log.lost);
    for (size_t i = 0; i < l->count; i++) {
        char text[ADDR_TEXT];
        addr_text(&l->row[i].addr, text);
        fmt_add(t, "Log server      : %s port %u: %lu sent, %lu lost%s\n", text,
                l->row[i].port, (unsigned long)l->row[i].sent,
                (unsigned long)l->row[i].lost,
                !l->row[i].waiting ? ""
                : !s->net.link     ? ", waits for a link"
                : s->net.addr4.family + s->net.addr6.family == 0
                    ? ", waits for an address"
                : l->row[i].mute ? ", nobody answers there"
                                 : "");
    }
}

/* A crystal that gets slower is one of fewer ppm. */
static void add_law(struct fmt_text *t, const struct status_temperature *k)
{
    if (!k->told)
        return;
    if (!k->learned) {
        fmt_add(t,
                "Temperature law : none yet: it is learned from changes, "
                "and the sensor says %.1f C all the time\n",
                k->millidegrees / 1e3);
        return;
    }
    fmt_add(t,
            "Temperature law : crystal %+.3f ppm per degree C, +- %.3f, from "
            "%.1f degrees: %s\n",
            -k->slope_e12 / 1e6, k->slope_sigma_e12 / 1e6, k->range / 1e3,
            k->used ? "used"
                    : "not used, the samples do not bear it out (yet)");
}

size_t chronyc_board(const struct status *s, char *out, size_t cap)
{
    const struct status_machine *b = &s->machine;
    struct fmt_text t = fmt_text_of(out, cap);
    fmt_add(&t, "Board           : %s\n", b->name);
    fmt_add(&t, "Host name       : %s\n", s->config.hostname);
    fmt_add(&t, "Up              : %.3f s, last reset: %s\n",
            (double)(b->up - b->start) / 1e9, b->last_reset);
    if (b->boots > 0)
        fmt_add(&t, "Starts          : %lu since power-on\n",
                (unsigned long)b->boots);
    if (b->crashes > 0)
        fmt_add(&t, "Crashes         : %lu in a row\n",
                (unsigned long)b->crashes);
    add_network(&t, s);
    add_card(&t, s);
    add_floor(&t, &s->timefloor);
    add_stage(&t, s);
    add_why(&t, s);
    add_first_sync(&t, s);
    add_law(&t, &s->timekeeper.temperature);
    if (s->pps.on)
        fmt_add(&t, "Pulses          : %lu, %lu missed\n",
                (unsigned long)s->pps.armed, (unsigned long)s->pps.missed);
    add_memory(&t, s);
    add_log(&t, s);
    add_loop(&t, &s->loop);
    add_trouble(&t, s);
    return t.len;
}
