/* From timestamps to a sample: RFC 5905 section 8 for the basic mode, RFC 9769
 * section 2 for the interleaved one. */
#include "ntp_client_private.h"
#include "mono.h"
#include "utc.h"

#define DISTANCE_MAX (16 * MONO_S) /* RFC 5905 MAXDISP                       */
#define DELAY_MAX    (3 * MONO_S)  /* chrony's maxdelay by default           */
#define HELD_MAX     (4 * MONO_S)  /* its limit for a server's answer        */

/* 2^log2 s in ns, between 1 ns and 16 ms: a server that knows its own clock
 * worse than that has no say in what we take for possible. */
static span_ns precision_ns(int log2_s)
{
    int e = ntp_client_clamp(log2_s, -30, -6);
    span_ns ns = MONO_S >> -e;
    return ns > 0 ? ns : 1;
}

/* Whose exchange the reply tells of: x becomes its four stamps. */
static void stamps(const struct ntp_client *n, const struct ntp_header *h,
                   uint64_t stamp, struct ntp_exchange *x)
{
    *x = (struct ntp_exchange){.sent_ticks = n->sent_ticks,
                               .received_ticks = stamp,
                               .receive = h->receive};
    if (h->origin != n->nonce)
        *x = n->before;
}

static span_ns greater(span_ns a, span_ns b)
{
    return a > b ? a : b;
}

static void describe(const struct ntp_client *n, const struct ntp_header *h,
                     struct ntp_sample *s)
{
    *s = (struct ntp_sample){
        .refid = h->refid,
        .ref_time = h->ref,
        .stratum =
            h->stratum < n->conf.minstratum ? n->conf.minstratum : h->stratum,
        .leap = h->leap,
        .server_precision = h->precision,
        .poll = n->poll,
        .interleaved = h->origin != n->nonce,
        .root_delay_ns = utc_short_ns(h->root_delay),
        .root_disp_ns = utc_short_ns(h->root_disp),
    };
    if (s->interleaved) { /* its distance then or now, whichever is greater */
        s->root_delay_ns = greater(s->root_delay_ns, n->before.root_delay_ns);
        s->root_disp_ns = greater(s->root_disp_ns, n->before.root_disp_ns);
    }
}

/* chrony's test A: of a believed reply, may its sample be used? */
static bool test_a(const struct ntp_client *n, const struct ntp_sample *s)
{
    span_ns most = n->conf.maxdelay_ns ? n->conf.maxdelay_ns : DELAY_MAX;
    return s->delay_ns <= most && s->server_ns <= HELD_MAX &&
           !(s->interleaved && n->before.measured);
}

bool ntp_client_sample(const struct ntp_client *n, const struct ntp_header *h,
                       uint64_t stamp, struct ntp_sample *s, enum ntp_drop *why)
{
    struct ntp_exchange x;
    stamps(n, h, stamp, &x);
    describe(n, h, s);
    *why = NTP_DROP_TIMES;
    int64_t held = utc_diff(h->transmit, x.receive);
    int64_t ticks = (int64_t)(x.received_ticks - x.sent_ticks);
    /* chrony makes the bits below its precision random, in each stamp. */
    int64_t blur = utc_span_ntp(precision_ns(h->precision));
    if (h->receive == 0 || h->transmit == 0 || held < -blur || ticks < 0 ||
        ticks / n->tick_hz > DISTANCE_MAX / MONO_S)
        return false;
    /* The newest stamp in it: an interleaved reply's transmit stamp is of the
     * one before, and the server may have set its clock since. */
    ntp64 newest = s->interleaved ? h->receive : h->transmit;
    if (h->ref != 0 && utc_diff(newest, h->ref) < -blur)
        return false;
    if (held < 0)
        held = 0;
    span_ns around = utc_span_ns(utc_ticks_ntp(ticks, n->tick_hz));
    /* Held longer than we waited: at most by both clocks' resolution and
     * the rate (500 ppm) by which they may differ. */
    span_ns slack =
        precision_ns(h->precision) + around / 2000 + MONO_S / n->tick_hz + 1;
    s->server_ns = utc_span_ns(held);
    s->delay_ns = around - s->server_ns;
    if (s->delay_ns < -slack)
        return false;
    if (s->delay_ns < 0)
        s->delay_ns = 0;
    s->at_ticks = x.sent_ticks + (uint64_t)ticks / 2;
    s->utc = x.receive + (uint64_t)held / 2 +
             (uint64_t)utc_span_ntp(n->conf.offset_ns);
    if (!test_a(n, s))
        s->failed = NTP_TEST_A;
    *why = NTP_DROP_DISTANCE;
    return (s->root_delay_ns + s->delay_ns) / 2 + s->root_disp_ns <
           DISTANCE_MAX;
}
