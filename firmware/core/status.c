#include "status.h"

#include <string.h>

#include "status_units.h"

/* ---- the tables -------------------------------------------------------- */

size_t status_sources(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    status_add_header(&t, "MS Name/IP address         Stratum Poll Reach "
                          "LastRx Last sample               ");
    for (size_t i = 0; i < s->source_count; i++) {
        const struct status_source *x = &s->source[i];
        char name[26];
        status_name(x->name, name);
        fmt_add(&t, "%c%c %-27s  %2u  %2d   %3o  ", x->mode, x->state, name,
                x->stratum, x->poll, x->reach);
        status_add_ago(&t, x->last_rx_s);
        fmt_add(&t, "  ");
        status_add_offset(&t, x->offset_ns);
        fmt_add(&t, "[");
        status_add_offset(&t, x->measured_ns);
        fmt_add(&t, "] +/- ");
        status_add_span(&t, "", status_size_of(x->error_ns));
        fmt_add(&t, "\n");
    }
    return t.len;
}

size_t status_authdata(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    status_add_header(&t, "Name/IP address             Mode KeyID Type KLen "
                          "Last Atmp  NAK Cook CLen");
    for (size_t i = 0; i < s->source_count; i++) {
        const struct status_source *x = &s->source[i];
        char name[26];
        status_name(x->name, name);
        fmt_add(&t, "%-27s %4s %5lu %4u %4u ", name, x->nts ? "NTS" : "-",
                (unsigned long)x->key_id, x->aead, x->key_bits);
        status_add_ago(&t, x->last_ke_s);
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
static void add_bootstrap(struct fmt_text *t, const struct status_tracking *k)
{
    if (k->why[0])
        fmt_add(t, "Clock not set   : %s\n", k->why);
    if (k->warning[0])
        fmt_add(t, "WARNING         : %s\n", k->warning);
}

size_t status_tracking_text(const struct status *s, char *out, size_t cap)
{
    const struct status_tracking *k = &s->tracking;
    struct fmt_text t = fmt_text_of(out, cap);
    fmt_add(&t, "Reference ID    : %08lX (%s)\n", (unsigned long)k->ref_id,
            k->ref_name);
    fmt_add(&t, "Stratum         : %u\n", k->stratum);
    fmt_add(&t, "Ref time (UTC)  : ");
    status_add_time(&t, k->ref_unix_s);
    fmt_add(&t, "\nSystem time     : ");
    /* system_ns: estimate - output. Positive: the output is behind. */
    status_add_seconds(&t, "", status_size_of(k->system_ns));
    fmt_add(&t, " seconds %s of NTP time\n",
            k->system_ns > 0 ? "slow" : "fast");
    fmt_add(&t, "Last offset     : ");
    status_add_seconds(&t, status_sign(k->last_offset_ns),
                       status_size_of(k->last_offset_ns));
    fmt_add(&t, " seconds\nRMS offset      : ");
    status_add_seconds(&t, "", status_size_of(k->rms_offset_ns));
    fmt_add(&t, " seconds\nFrequency       : %.3f ppm %s\n",
            k->freq_ppm < 0 ? -k->freq_ppm : k->freq_ppm,
            k->freq_ppm > 0 ? "fast" : "slow");
    fmt_add(&t, "Residual freq   : %+.3f ppm\n", k->resid_ppm);
    fmt_add(&t, "Skew            : %.3f ppm\n", k->skew_ppm);
    fmt_add(&t, "Root delay      : ");
    status_add_seconds(&t, "", status_size_of(k->root_delay_ns));
    fmt_add(&t, " seconds\nRoot dispersion : ");
    status_add_seconds(&t, "", status_size_of(k->root_disp_ns));
    fmt_add(&t, " seconds\nUpdate interval : %.1f seconds\n", k->update_s);
    fmt_add(&t, "Leap status     : %s\n", leap_text(k->leap));
    add_bootstrap(&t, k);
    return t.len;
}

size_t status_serverstats(const struct status *s, char *out, size_t cap)
{
    static const char *const names[] = {
        "NTP packets received       ", "NTP packets dropped        ",
        "Command packets received   ", "Command packets dropped    ",
        "Client log records dropped ", "NTS-KE connections accepted",
        "NTS-KE connections dropped ", "Authenticated NTP packets  ",
        "Interleaved NTP packets    ", "NTP timestamps held        ",
        "NTP timestamp span         "};
    struct fmt_text t = fmt_text_of(out, cap);
    (void)s;
    for (size_t i = 0; i < LEN(names); i++)
        fmt_add(&t, "%s: 0\n", names[i]);
    fmt_add(&t, "(all zero: this version asks for time, it does not serve "
                "it yet)\n");
    return t.len;
}

size_t status_activity(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    unsigned unresolved = 0;
    for (size_t i = 0; i < s->source_count; i++)
        unresolved += s->source[i].address[0] == 0;
    fmt_add(&t,
            "200 OK\n"
            "%u sources online\n"
            "0 sources offline\n"
            "0 sources doing burst (return to online)\n"
            "0 sources doing burst (return to offline)\n"
            "%u sources with unknown address\n",
            s->source_count - unresolved, unresolved);
    return t.len;
}

/* ---- board ------------------------------------------------------------- */

static void add_first_sync(struct fmt_text *t, const struct status_run *r)
{
    if (r->first_sync < 0)
        fmt_add(t, "First sync      : not yet\n");
    else
        fmt_add(t, "First sync      : %.3f s after start, %s\n",
                (double)r->first_sync / 1e9,
                r->first_from_cookies ? "from saved cookies"
                                      : "after key exchange");
}

static void add_journal(struct fmt_text *t, const struct status_run *r)
{
    fmt_add(t, "Journal         : %lu writes, %lu errors%s\n",
            (unsigned long)r->journal_writes, (unsigned long)r->journal_errors,
            r->journal_failing ? "; the card takes none now: nothing is saved"
                               : "");
    fmt_add(t,
            "Card wear       : %lu sectors every %lu s: a year %llu writes, "
            "%llu MB, each sector %lu times\n",
            (unsigned long)r->wear.sectors, (unsigned long)r->save_interval_s,
            (unsigned long long)r->wear.writes_a_year,
            (unsigned long long)(r->wear.sectors_a_year / 1953), /* MB */
            (unsigned long)r->wear.each_a_year);
}

static void add_trouble(struct fmt_text *t, const struct status *s)
{
    for (size_t i = 0; i < s->source_count; i++)
        if (s->source[i].trouble[0])
            fmt_add(t, "Trouble         : %s: %s\n", s->source[i].name,
                    s->source[i].trouble);
}

static void add_floor(struct fmt_text *t, const struct status_run *r)
{
    fmt_add(t, "Time floor      : ");
    status_add_time(t, r->floor_unix_s);
    fmt_add(t, " UTC%s%s\n", r->floor_from ? ", from " : "",
            r->floor_from ? r->floor_from : "");
}

size_t status_floor(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    add_floor(&t, &s->run);
    add_bootstrap(&t, &s->tracking);
    return t.len;
}

size_t status_board(const struct status *s, char *out, size_t cap)
{
    const struct status_run *r = &s->run;
    struct fmt_text t = fmt_text_of(out, cap);
    fmt_add(&t, "Board           : %s\n", r->board);
    fmt_add(&t, "Host name       : %s\n", r->hostname);
    fmt_add(&t, "Up              : %.3f s, last reset: %s\n",
            (double)r->uptime / 1e9, r->last_reset);
    if (r->crashes > 0)
        fmt_add(&t, "Crashes         : %lu in a row\n",
                (unsigned long)r->crashes);
    fmt_add(&t, "Ethernet        : %s\n", r->link ? "link up" : "no link");
    fmt_add(&t, "Addresses       : %s %s\n", r->address4[0] ? r->address4 : "-",
            r->address6[0] ? r->address6 : "");
    fmt_add(&t, "Card            : %s, state partition %s, chrony.conf %s\n",
            r->card ? "yes" : "none", r->state_partition ? "yes" : "none",
            r->conf_ok ? "good" : "has errors");
    add_journal(&t, r);
    add_floor(&t, r);
    add_bootstrap(&t, &s->tracking);
    add_first_sync(&t, r);
    fmt_add(&t, "TLS handshakes  : %lu\n", (unsigned long)r->handshakes);
    fmt_add(&t, "TLS arena peak  : %zu of %zu bytes\n", r->arena_peak,
            r->arena_size);
    fmt_add(&t, "Stack peak      : %zu of %zu bytes\n", r->stack_peak,
            r->stack_size);
    fmt_add(&t, "Log lines lost  : %lu\n", (unsigned long)r->log_lost);
    fmt_add(&t, "Longest polls   :");
    for (size_t i = 0; i < r->poll_count && i < LEN(r->poll); i++)
        fmt_add(&t, " %s %lld us", r->poll[i].name,
                (long long)(r->poll[i].longest_ns / 1000));
    fmt_add(&t, "\n");
    add_trouble(&t, s);
    return t.len;
}
