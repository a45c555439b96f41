#include "ntp_client_private.h"
#include "ntp_ef.h"
#include "utc.h"

const char *ntp_drop_text(enum ntp_drop d)
{
    static const char *const text[NTP_DROP_COUNT] = {
        [NTP_DROP_SHORT] = "truncated or malformed",
        [NTP_DROP_MODE] = "not a server's reply, or of another version",
        [NTP_DROP_ORIGIN] = "not an answer to our request",
        [NTP_DROP_UID] = "another unique identifier",
        [NTP_DROP_UNSIGNED] = "not authenticated",
        [NTP_DROP_FORGED] = "authentication failed",
        [NTP_DROP_NAK] = "NTS NAK",
        [NTP_DROP_UNSYNC] = "server not synchronised (leap 3)",
        [NTP_DROP_STRATUM] = "server not synchronised (stratum 16)",
        [NTP_DROP_TIMES] = "impossible timestamps",
        [NTP_DROP_DISTANCE] = "root distance of 16 s or more",
        [NTP_DROP_RATE] = "kiss code RATE: ask less often",
        [NTP_DROP_DENY] = "kiss code DENY or RSTR",
        [NTP_DROP_INIT] =
            "server not synchronised yet (kiss code INIT or STEP)",
        [NTP_DROP_ZERO] = "server not synchronised (stratum 0)",
        [NTP_DROP_KISS] = "a kiss code that is ignored",
    };
    return (unsigned)d < NTP_DROP_COUNT ? text[d] : "?";
}

/* ---- replies ------------------------------------------------------------- */

static int drop(struct ntp_client *n, enum ntp_drop why, enum ntp_drop *out,
                int rc)
{
    n->drops[why]++;
    *out = why;
    return rc;
}

/* A plain reply's fields must be well-formed, whatever they say. */
static bool fields_ok(const uint8_t *msg, size_t len)
{
    struct ntp_ef ef;
    size_t at = NTP_HEADER;
    int rc;
    while ((rc = ntp_ef_next(msg, len, &at, &ef)) == RC_OK)
        ;
    return rc == RC_AGAIN;
}

static int nak(struct ntp_client *n, enum ntp_drop *why)
{
    n->nts.naks++;
    if (!n->nak_seen && n->nak_run < UINT8_MAX)
        n->nak_run++;
    n->nak_seen = true;
    if (n->nak_run == NTP_CLIENT_NAKS && nts_assoc_use_alt(&n->nts))
        n->nak_run = 0;
    return drop(n, NTP_DROP_NAK, why, RC_AUTH);
}

/* RC_OK, or dropped. scratch: cap >= len, holds what reply points to. */
static int authentic(struct ntp_client *n, const uint8_t *msg, size_t len,
                     uint8_t *scratch, size_t cap, struct nts_reply *reply,
                     enum ntp_drop *why)
{
    switch (nts_client_reply(&n->nts, n->uid, msg, len, scratch, cap, reply)) {
    case NTS_OK:
        return RC_OK;
    case NTS_NAK:
        return nak(n, why);
    case NTS_BAD:
        break;
    case NTS_UID:
        return drop(n, NTP_DROP_UID, why, RC_AUTH);
    case NTS_UNSIGNED:
        return drop(n, NTP_DROP_UNSIGNED, why, RC_AUTH);
    case NTS_FORGED:
        return drop(n, NTP_DROP_FORGED, why, RC_AUTH);
    }
    return drop(n, NTP_DROP_SHORT, why, RC_BAD);
}

/* The answer is authentic (for NTS) and ours. Only now state changes. */
static void settle(struct ntp_client *n, const struct nts_reply *reply)
{
    n->waiting = false;
    n->prepared = false;
    ntp_client_basic(n);
    if (!n->conf.nts)
        return;
    n->nak_run = 0;
    n->nts.naks = 0;
    nts_assoc_drop_alt(&n->nts);
    for (size_t i = 0; i < reply->count; i++) {
        int rc =
            nts_assoc_put(&n->nts, reply->cookie[i].b, reply->cookie[i].len);
        (void)rc; /* one of unusable length is as good as none */
    }
}

/* RFC 5905 section 7.4. Without NTS the request stays open: the kiss may be
 * forged, and the real reply still to come. */
static int kissed(struct ntp_client *n, mono_ns now, uint32_t code,
                  enum ntp_drop *why)
{
    bool first = n->conf.nts || !n->nak_seen;
    n->nak_seen = true;
    if (n->conf.nts)
        ntp_client_hold_off(n, now);
    if (code == NTP_KISS_RATE) {
        if (first)
            ntp_client_slow_down(n, now);
        return drop(n, NTP_DROP_RATE, why, RC_STATE);
    }
    if (code == NTP_KISS_INIT || code == NTP_KISS_STEP)
        return drop(n, NTP_DROP_INIT, why, RC_STATE);
    if (code != NTP_KISS_DENY && code != NTP_KISS_RSTR)
        return drop(n, code ? NTP_DROP_KISS : NTP_DROP_ZERO, why, RC_STATE);
    if (first && n->deny_run < UINT8_MAX)
        n->deny_run++;
    if (first && (n->conf.nts || n->deny_run >= NTP_CLIENT_NAKS))
        ntp_client_refuse(n, now);
    return drop(n, NTP_DROP_DENY, why, RC_STATE);
}

/* What the next reply, if interleaved, tells the rest of. */
static void remember(struct ntp_client *n, const struct ntp_header *h,
                     uint64_t stamp, bool measured)
{
    n->before = (struct ntp_exchange){
        .known = true,
        .measured = measured,
        .sent_ticks = n->left_ticks,
        .received_ticks = stamp,
        .receive = h->receive,
        .root_delay_ns = utc_short_ns(h->root_delay),
        .root_disp_ns = utc_short_ns(h->root_disp),
    };
}

static void take(struct ntp_client *n, mono_ns now, const struct ntp_sample *s)
{
    bool silent = n->unanswered >= NTP_CLIENT_BACKOFF || n->refused;
    bool moved = n->moved;
    if (!n->asked_again)
        n->again_run = 0;
    n->asked_again = false;
    n->reach |= 1;
    n->unanswered = 0;
    n->refused = n->moved = false;
    n->deny_run = n->refusals = 0;
    ntp_client_speed_up(n);
    n->last_rx = now;
    n->last = *s;
    if (n->valid++ == 0 && n->slow == NTP_CLIENT_POLL_MIN)
        ntp_client_ramp(n, now);
    else if (silent) /* the next one was put off too far */
        n->due = ntp_client_next(n, now);
    else if (moved)
        ntp_client_reschedule(n);
}

/* The header alone: is it an answer to the request under way? */
static int ours(struct ntp_client *n, const uint8_t *msg, size_t len,
                struct ntp_header *h, enum ntp_drop *why)
{
    if (len > LIMIT_NTP_PACKET || ntp_wire_parse(msg, len, h) != RC_OK)
        return drop(n, NTP_DROP_SHORT, why, RC_BAD);
    /* Servers that answer version 4 with version 3 are many (RFC 5905 section
     * 7.3 has one header for all); NTS has no other than 4. */
    if (h->mode != NTP_MODE_SERVER || h->version > NTP_VERSION ||
        h->version < (n->conf.nts ? NTP_VERSION : 1))
        return drop(n, NTP_DROP_MODE, why, RC_BAD);
    bool interleaved = n->nonce_rx != 0 && h->origin == n->nonce_rx;
    if (!n->waiting || (h->origin != n->nonce && !interleaved))
        return drop(n, NTP_DROP_ORIGIN, why, RC_BAD);
    return RC_OK;
}

/* An answer to our request, authentic if it has to be. */
static int answer(struct ntp_client *n, mono_ns now, uint64_t stamp,
                  const struct ntp_header *h, const struct nts_reply *reply,
                  struct ntp_sample *s, enum ntp_drop *why)
{
    struct ntp_sample got;
    if (h->stratum == 0) {
        if (n->conf.nts)
            settle(n, reply);
        return kissed(n, now, h->refid, why);
    }
    if (h->stratum > NTP_STRATUM_MAX || h->leap == NTP_LEAP_UNKNOWN) {
        settle(n, reply);
        ntp_client_hold_off(n, now);
        return drop(n,
                    h->stratum > NTP_STRATUM_MAX ? NTP_DROP_STRATUM
                                                 : NTP_DROP_UNSYNC,
                    why, RC_STATE);
    }
    enum ntp_drop odd = NTP_DROP_TIMES;
    if (!ntp_client_sample(n, h, stamp, &got, &odd)) {
        if (!n->conf.nts) /* anybody on the path may have said so */
            return drop(n, odd, why, RC_BAD);
        settle(n, reply); /* authentic: a slow path must not eat cookies */
        return drop(n, odd, why, RC_STATE);
    }
    settle(n, reply);
    remember(n, h, stamp, !got.interleaved);
    take(n, now, &got);
    *s = got;
    return RC_OK;
}

int ntp_client_recv(struct ntp_client *n, mono_ns now, uint64_t stamp,
                    const uint8_t *msg, size_t len, struct ntp_sample *s,
                    enum ntp_drop *why)
{
    uint8_t scratch[LIMIT_NTP_PACKET];
    struct nts_reply reply = {0};
    struct ntp_header h;
    n->rx++;
    int rc = ours(n, msg, len, &h, why);
    if (rc != RC_OK)
        return rc;
    if (n->conf.nts)
        rc = authentic(n, msg, len, scratch, sizeof scratch, &reply, why);
    else if (h.version == NTP_VERSION && !fields_ok(msg, len))
        rc = drop(n, NTP_DROP_SHORT, why, RC_BAD);
    if (rc == RC_AUTH && *why == NTP_DROP_NAK && !ntp_client_refused(n))
        ntp_client_unspare(n, now);
    return rc == RC_OK ? answer(n, now, stamp, &h, &reply, s, why) : rc;
}
