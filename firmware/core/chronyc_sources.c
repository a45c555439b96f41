/* What selection and filter think of each source: chronyc's sourcestats,
 * selectdata and ntpdata. */
#include <string.h>

#include "ntp_client.h"
#include "chronyc_text.h"
#include "chronyc_units.h"

size_t chronyc_sourcestats(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    chronyc_add_header(&t, "Name/IP Address            NP  NR  Span  Frequency"
                           "  Freq Skew  Offset  Std Dev");
    for (size_t i = 0; i < s->sources.count; i++) {
        const struct status_source *x = &s->sources.row[i];
        const struct status_clock_source *e = &s->timekeeper.row[i];
        const struct status_stats *k = &e->stats;
        char name[26];
        chronyc_name(x->name, name);
        fmt_add(&t, "%-25s %3u %3u  ", name, k->samples, k->runs);
        chronyc_add_ago(&t, k->span_s);
        fmt_add(&t, " %+10.3f %10.3f  ", chronyc_ppm(-k->freq_e12),
                chronyc_ppm(k->freq_sigma_e12));
        chronyc_add_offset(&t, e->offset_ns);
        fmt_add(&t, "  ");
        chronyc_add_span(&t, "", chronyc_magnitude(k->spread_ns));
        fmt_add(&t, "\n");
    }
    return t.len;
}

static void add_options(struct fmt_text *t, unsigned options)
{
    fmt_add(t, " %c%c%c%c-", options & STATUS_OPT_NOSELECT ? 'N' : '-',
            options & STATUS_OPT_PREFER ? 'P' : '-',
            options & STATUS_OPT_TRUST ? 'T' : '-',
            options & STATUS_OPT_REQUIRE ? 'R' : '-');
}

size_t chronyc_selectdata(const struct status *s, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    chronyc_add_header(&t, "S Name/IP Address        Auth COpts EOpts Last "
                           "Score     Interval  Leap");
    for (size_t i = 0; i < s->sources.count; i++) {
        const struct status_source *x = &s->sources.row[i];
        const struct status_select *k = &s->timekeeper.row[i].select;
        char name[26];
        chronyc_name(x->name, name);
        fmt_add(&t, "%c %-25s %c", k->letter, name, x->nts ? 'Y' : 'N');
        add_options(&t, k->configured);
        add_options(&t, k->effective);
        fmt_add(&t, " ");
        chronyc_add_ago(&t, x->last_rx_ago_s);
        fmt_add(&t, " %5.1f ", k->score);
        /* chronyc's offsets have the other sign: the upper end is first. */
        chronyc_add_offset(&t, k->judged ? k->hi_ns : 0);
        fmt_add(&t, " ");
        chronyc_add_offset(&t, k->judged ? k->lo_ns : 0);
        fmt_add(&t, "  %c\n", k->judged ? "N+-?"[x->leap & 3] : '?');
    }
    return t.len;
}

/* ---- ntpdata ------------------------------------------------------------- */

static double seconds(span_ns ns)
{
    return (double)ns / 1e9;
}

static double power2(int e)
{
    double v = 1;
    for (; e > 0; e--)
        v *= 2;
    for (; e < 0; e++)
        v /= 2;
    return v;
}

/* The letters of a stratum 1 server's clock: GPS, PPS. */
static void add_ref_id(struct fmt_text *t, const struct status_reply *n)
{
    fmt_add(t, "Reference ID    : %08lX (", (unsigned long)n->ref_id);
    for (int shift = 24; n->stratum <= 1 && shift >= 0; shift -= 8) {
        char c = (char)(n->ref_id >> shift & 0x7f);
        if (c >= ' ' && c <= '~' && (n->ref_id >> shift & 0x80) == 0)
            fmt_add(t, "%c", c);
    }
    fmt_add(t, ")\nReference time  : ");
    chronyc_add_time(t, n->ref_unix_s);
    fmt_add(t, "\n");
}

/* RFC 5905's tests 1 to 3 and 5 to 7, chrony's A to D. */
static void add_tests(struct fmt_text *t, const struct status_reply *n)
{
    unsigned failed = n->failed | (n->refused ? NTP_TEST_C : 0u);
    if (!n->any) {
        fmt_add(t, "000 000 0000\n");
        return;
    }
    fmt_add(t, "111 111 %d%d%d%d\n", !(failed & NTP_TEST_A),
            !(failed & NTP_TEST_B), !(failed & NTP_TEST_C),
            !(failed & NTP_TEST_D));
}

static void add_reply(struct fmt_text *t, const struct status_reply *n)
{
    static const char *const leap[] = {"Normal", "Insert second",
                                       "Delete second", "Not synchronised"};
    fmt_add(t, "Leap status     : %s\n", leap[n->leap & 3]);
    fmt_add(t, "Version         : %d\n", n->any ? 4 : 0);
    fmt_add(t, "Mode            : %s\n", n->any ? "Server" : "Invalid");
    fmt_add(t, "Stratum         : %u\n", n->stratum);
    fmt_add(t, "Poll interval   : %d (%.0f seconds)\n", n->poll,
            power2(n->poll));
    fmt_add(t, "Precision       : %d (%.9f seconds)\n", n->precision,
            power2(n->precision));
    fmt_add(t, "Root delay      : %.6f seconds\n", seconds(n->root_delay_ns));
    fmt_add(t, "Root dispersion : %.6f seconds\n", seconds(n->root_disp_ns));
    add_ref_id(t, n);
    fmt_add(t, "Offset          : ");
    chronyc_add_seconds(t, n->offset_ns < 0 ? "-" : "+",
                        chronyc_magnitude(n->offset_ns));
    fmt_add(t, " seconds\nPeer delay      : ");
    chronyc_add_seconds(t, "", chronyc_magnitude(n->delay_ns));
    fmt_add(t, " seconds\nPeer dispersion : ");
    chronyc_add_seconds(t, "", chronyc_magnitude(n->disp_ns));
    fmt_add(t, " seconds\nResponse time   : ");
    chronyc_add_seconds(t, "", chronyc_magnitude(n->response_ns));
    fmt_add(t, " seconds\nJitter asymmetry: +0.00\nNTP tests       : ");
    add_tests(t, n);
}

static void add_address(struct fmt_text *t, const char *what,
                        const struct addr *a)
{
    char text[ADDR_TEXT];
    addr_text(a, text);
    fmt_add(t, "%-16s: %s (%08lX)\n", what, text[0] ? text : "[UNSPEC]",
            (unsigned long)addr_refid(a));
}

size_t chronyc_ntpdata(const struct status *s, size_t i, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    const struct status_source *x = &s->sources.row[i];
    const struct status_clock_source *e = &s->timekeeper.row[i];
    const struct status_reply *n = &e->reply;
    const struct addr *local =
        x->addr.family == 6 ? &s->net.addr6 : &s->net.addr4;
    add_address(&t, "Remote address", status_source_addr(x));
    fmt_add(&t, "Remote port     : %u\n", x->port);
    add_address(&t, "Local address", n->any ? local : &(struct addr){0});
    add_reply(&t, n);
    fmt_add(&t, "Interleaved     : %s\nAuthenticated   : %s\n",
            n->interleaved ? "Yes" : "No", n->any && x->nts ? "Yes" : "No");
    fmt_add(&t, "TX timestamping : %s\nRX timestamping : %s\n",
            n->any ? "Daemon" : "Invalid", n->any ? "Kernel" : "Invalid");
    fmt_add(&t, "Total TX        : %lu\nTotal RX        : %lu\n",
            (unsigned long)x->tx, (unsigned long)x->rx);
    fmt_add(&t, "Total valid RX  : %lu\nTotal good RX   : %lu\n",
            (unsigned long)x->valid, (unsigned long)e->good);
    return t.len;
}
