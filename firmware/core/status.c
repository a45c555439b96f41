#include "status.h"

#include <string.h>

#include "fmt.h"
#include "utc.h"

#define S_NS INT64_C(1000000000)

/* ---- chronyc's units --------------------------------------------------- */

/* v / by, rounded half to even as printf does with a double. */
static uint64_t rounded(uint64_t v, uint64_t by)
{
    uint64_t q = v / by, r = v % by;
    if (r > by - r || (r == by - r && (q & 1)))
        q++;
    return q;
}

static uint64_t size_of(span_ns v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* What a person reads is chronyc's sign, + where the local clock is ahead:
 * the opposite of ours (checked against chronyd 4.3: `ntpdata` says Offset
 * -0.000001116 where `sources` says [+1116ns]). */
static const char *shown_sign(span_ns offset)
{
    return offset > 0 ? "-" : "+";
}

/* Nanoseconds in chronyc's four digits and a unit: "+146ns", " 1061us",
 * "+12.5s". sign: "", or one that goes before and takes a column more. */
static void add_span(struct fmt_text *t, const char *sign, uint64_t a)
{
    static const struct {
        uint64_t below; /* ns: chronyc changes the unit where four (later
                         * five) digits would overflow after rounding       */
        uint64_t unit;
        const char *name;
        uint8_t width;
    } scale[] = {
        {UINT64_C(10000), 1, "ns", 4},
        {UINT64_C(9999500), 1000, "us", 4},
        {UINT64_C(9999500000), 1000000, "ms", 4},
        {UINT64_C(999500000000), 0, "s", 5}, /* with a tenth */
        {UINT64_C(99999500000000), S_NS, "s", 5},
        {UINT64_C(5999970000000000), 60 * S_NS, "m", 5},
        {UINT64_C(359998200000000000), 3600 * S_NS, "h", 5},
        {UINT64_C(8639956800000000000), 86400 * S_NS, "d", 5},
        {UINT64_MAX, 365 * 86400 * S_NS, "y", 5},
    };
    char text[32];
    size_t i = 0;
    while (a >= scale[i].below)
        i++;
    struct fmt_text n = fmt_text_of(text, sizeof(text));
    fmt_add(&n, "%s", sign);
    if (scale[i].unit) {
        fmt_add(&n, "%llu", (unsigned long long)rounded(a, scale[i].unit));
    } else {
        uint64_t tenths = rounded(a, S_NS / 10);
        fmt_add(&n, "%llu.%llu", (unsigned long long)(tenths / 10),
                (unsigned long long)(tenths % 10));
    }
    fmt_add(t, "%*s%s", scale[i].width + (*sign ? 1 : 0), text,
            scale[i].name);
}

/* Four columns: seconds, then m, h, d, y; "-" for never. */
static void add_ago(struct fmt_text *t, int64_t s)
{
    unsigned long n = s > UINT32_MAX ? UINT32_MAX - 1 : (unsigned long)s;
    if (s < 0)
        fmt_add(t, "   -");
    else if (n < 1200)
        fmt_add(t, "%4lu", n);
    else if (n < 36000)
        fmt_add(t, "%3lum", n / 60);
    else if (n < 345600)
        fmt_add(t, "%3luh", n / 3600);
    else if (n / 86400 <= 999)
        fmt_add(t, "%3lud", n / 86400);
    else
        fmt_add(t, "%3luy", n / 86400 / 365);
}

/* Seconds with nine places. */
static void add_seconds(struct fmt_text *t, const char *sign, uint64_t a)
{
    fmt_add(t, "%s%llu.%09llu", sign, (unsigned long long)(a / 1000000000u),
            (unsigned long long)(a % 1000000000u));
}

/* Up to 25 columns, then `>` in the last. */
static void name_column(const char *name, char out[26])
{
    size_t n = strlen(name);
    memcpy(out, name, n < 25 ? n : 25);
    out[n < 25 ? n : 25] = 0;
    if (n > 25)
        out[24] = '>';
}

static void add_header(struct fmt_text *t, const char *header)
{
    fmt_add(t, "%s\n", header);
    for (size_t n = strlen(header); n > 0; n--)
        fmt_add(t, "=");
    fmt_add(t, "\n");
}

static void add_time(struct fmt_text *t, int64_t unix_s)
{
    char text[UTC_TEXT];
    (void)utc_text_chronyc(unix_s, text);
    fmt_add(t, "%s", text);
}

/* ---- the tables -------------------------------------------------------- */

size_t status_sources(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    add_header(&t, "MS Name/IP address         Stratum Poll Reach LastRx "
                   "Last sample               ");
    for (size_t i = 0; i < s->source_count; i++) {
        const struct status_source *x = &s->source[i];
        char name[26];
        name_column(x->name, name);
        fmt_add(&t, "%c%c %-27s  %2u  %2d   %3o  ", x->mode, x->state, name,
                x->stratum, x->poll, x->reach);
        add_ago(&t, x->last_rx_s);
        fmt_add(&t, "  ");
        add_span(&t, shown_sign(x->offset_ns), size_of(x->offset_ns));
        fmt_add(&t, "[");
        add_span(&t, shown_sign(x->measured_ns), size_of(x->measured_ns));
        fmt_add(&t, "] +/- ");
        add_span(&t, "", size_of(x->error_ns));
        fmt_add(&t, "\n");
    }
    return t.len;
}

size_t status_authdata(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    add_header(&t, "Name/IP address             Mode KeyID Type KLen Last "
                   "Atmp  NAK Cook CLen");
    for (size_t i = 0; i < s->source_count; i++) {
        const struct status_source *x = &s->source[i];
        char name[26];
        name_column(x->name, name);
        fmt_add(&t, "%-27s %4s %5lu %4u %4u ", name, x->nts ? "NTS" : "-",
                (unsigned long)x->key_id, x->aead, x->key_bits);
        add_ago(&t, x->last_ke_s);
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

size_t status_tracking_text(const struct status *s, char *out, size_t cap)
{
    const struct status_tracking *k = &s->tracking;
    struct fmt_text t = fmt_text_of(out, cap);
    fmt_add(&t, "Reference ID    : %08lX (%s)\n", (unsigned long)k->ref_id,
            k->ref_name);
    fmt_add(&t, "Stratum         : %u\n", k->stratum);
    fmt_add(&t, "Ref time (UTC)  : ");
    add_time(&t, k->ref_unix_s);
    fmt_add(&t, "\nSystem time     : ");
    /* system_ns: estimate - output. Positive: the output is behind. */
    add_seconds(&t, "", size_of(k->system_ns));
    fmt_add(&t, " seconds %s of NTP time\n",
            k->system_ns > 0 ? "slow" : "fast");
    fmt_add(&t, "Last offset     : ");
    add_seconds(&t, shown_sign(k->last_offset_ns),
                size_of(k->last_offset_ns));
    fmt_add(&t, " seconds\nRMS offset      : ");
    add_seconds(&t, "", size_of(k->rms_offset_ns));
    fmt_add(&t, " seconds\nFrequency       : %.3f ppm %s\n",
            k->freq_ppm < 0 ? -k->freq_ppm : k->freq_ppm,
            k->freq_ppm > 0 ? "fast" : "slow");
    fmt_add(&t, "Residual freq   : %+.3f ppm\n", k->resid_ppm);
    fmt_add(&t, "Skew            : %.3f ppm\n", k->skew_ppm);
    fmt_add(&t, "Root delay      : ");
    add_seconds(&t, "", size_of(k->root_delay_ns));
    fmt_add(&t, " seconds\nRoot dispersion : ");
    add_seconds(&t, "", size_of(k->root_disp_ns));
    fmt_add(&t, " seconds\nUpdate interval : %.1f seconds\n", k->update_s);
    fmt_add(&t, "Leap status     : %s\n", leap_text(k->leap));
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

static void add_trouble(struct fmt_text *t, const struct status *s)
{
    for (size_t i = 0; i < s->source_count; i++)
        if (s->source[i].trouble[0])
            fmt_add(t, "Trouble         : %s: %s\n", s->source[i].name,
                    s->source[i].trouble);
}

size_t status_board(const struct status *s, char *out, size_t cap)
{
    const struct status_run *r = &s->run;
    struct fmt_text t = fmt_text_of(out, cap);
    fmt_add(&t, "Board           : %s\n", r->board);
    fmt_add(&t, "Host name       : %s\n", r->hostname);
    fmt_add(&t, "Up              : %.3f s, last reset: %s\n",
            (double)r->uptime / 1e9, r->last_reset);
    fmt_add(&t, "Ethernet        : %s\n", r->link ? "link up" : "no link");
    fmt_add(&t, "Addresses       : %s %s\n",
            r->address4[0] ? r->address4 : "-",
            r->address6[0] ? r->address6 : "");
    fmt_add(&t, "Card            : %s, state partition %s, chrony.conf %s\n",
            r->card ? "yes" : "none", r->state_partition ? "yes" : "none",
            r->conf_ok ? "good" : "has errors");
    fmt_add(&t, "Journal         : %lu writes, %lu errors\n",
            (unsigned long)r->journal_writes,
            (unsigned long)r->journal_errors);
    fmt_add(&t, "Time floor      : ");
    add_time(&t, r->floor_unix_s);
    fmt_add(&t, " UTC\n");
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
