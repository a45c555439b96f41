#include "ntp_client.h"

#include <string.h>

#include "bytes.h"
#include "crypto.h"
#include "ntp_wire.h"
#include "utc.h"

#define SECOND        INT64_C(1000000000)
#define NEVER         INT64_MAX
#define POLL_MIN      (-6) /* chrony's limits, log2 s                        */
#define POLL_MAX      24
#define AGAIN        1 /* log2 s */
#define AGAIN_MAX     8    /* in a row: what a jump takes to be believed      */
#define RAMP_POLLS    4    /* per octave                                     */
#define QUICK_TRIES   3    /* first requests at the shortest interval        */
#define BACKOFF_POLLS 8    /* unanswered ones per doubling                   */
#define BACKOFF_MAX   2
#define SLOW_MAX      17   /* 36 h, RFC 5905's MAXPOLL                       */
#define DISTANCE_MAX  (16 * SECOND) /* RFC 5905 MAXDISP                      */
#define DELAY_MAX     (3 * SECOND)  /* chrony's maxdelay                     */

const char *ntp_drop_text(enum ntp_drop d)
{
    static const char *const text[NTP_DROP_COUNT] = {
        [NTP_DROP_SHORT] = "truncated or malformed",
        [NTP_DROP_MODE] = "not a version 4 server reply",
        [NTP_DROP_ORIGIN] = "not an answer to our request",
        [NTP_DROP_UID] = "another unique identifier",
        [NTP_DROP_UNSIGNED] = "not authenticated",
        [NTP_DROP_FORGED] = "authentication failed",
        [NTP_DROP_NAK] = "NTS NAK",
        [NTP_DROP_UNSYNC] = "server not synchronised",
        [NTP_DROP_TIMES] = "impossible timestamps or distance",
        [NTP_DROP_KISS] = "kiss code",
    };
    return (unsigned)d < NTP_DROP_COUNT ? text[d] : "?";
}

/* ---- when ---------------------------------------------------------------- */

static int clamp(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static int lesser(int a, int b)
{
    return a < b ? a : b;
}

/* log2 s of the ramp's (and the first retries') shortest interval. */
static int ramp_start(const struct ntp_client *n)
{
    return lesser(n->conf.iburst ? 1 : 2, n->conf.minpoll);
}

/* log2 s from this poll to the next, but for chance. */
static int interval_log2(const struct ntp_client *n)
{
    int e, back = lesser(n->unanswered / BACKOFF_POLLS, BACKOFF_MAX);
    if (n->valid == 0 && n->slow == POLL_MIN) {
        int more = n->unanswered - QUICK_TRIES;
        e = ramp_start(n) - 1 + (more > 0 ? more : 0);
        return clamp(e, POLL_MIN, lesser(n->conf.minpoll + back,
                                         n->conf.maxpoll));
    }
    if (n->burst > 0) {
        e = n->conf.minpoll - (n->burst + RAMP_POLLS - 1) / RAMP_POLLS;
    } else {
        e = lesser(n->poll + back,
                   n->poll > n->conf.maxpoll ? n->poll : n->conf.maxpoll);
    }
    return e > n->slow ? e : n->slow;
}

static mono_ns interval(int log2_s)
{
    return log2_s >= 0 ? SECOND << log2_s : SECOND >> -log2_s;
}

/* chance: 0 .. 65535, lengthens the interval by up to 4 %. */
static void schedule(struct ntp_client *n, mono_ns now, uint16_t chance)
{
    mono_ns t = interval(interval_log2(n));
    n->due = now + t + t / 25 / 65536 * chance;
}

static void count_poll(struct ntp_client *n)
{
    n->reach = (uint8_t)(n->reach << 1);
    if (n->unanswered < UINT8_MAX)
        n->unanswered++;
}

void ntp_client_init(struct ntp_client *n, const struct ntp_client_conf *c,
                     uint32_t tick_hz, mono_ns first)
{
    ASSERT(tick_hz > 0);
    *n = (struct ntp_client){.conf = *c, .tick_hz = tick_hz, .due = first};
    n->conf.minpoll = (int8_t)clamp(c->minpoll, POLL_MIN, POLL_MAX);
    n->conf.maxpoll = (int8_t)clamp(c->maxpoll, n->conf.minpoll, POLL_MAX);
    n->poll = n->conf.minpoll;
    n->slow = POLL_MIN;
    n->last_rx = -1;
    nts_assoc_wipe(&n->nts);
}

mono_ns ntp_client_due(const struct ntp_client *n)
{
    return n->stopped ? NEVER : n->due;
}

void ntp_client_rekeyed(struct ntp_client *n, mono_ns now)
{
    n->nak_run = 0;
    n->nts.naks = 0;
    n->prepared = false;
    n->waiting = false;
    n->unanswered = 0;
    if (!n->stopped)
        n->due = now;
}

void ntp_client_again(struct ntp_client *n, mono_ns now)
{
    n->asked_again = true;
    if (n->again_run == AGAIN_MAX)
        return;
    n->again_run++;
    if (n->slow == POLL_MIN && n->due > now + interval(AGAIN))
        n->due = now + interval(AGAIN);
}

void ntp_client_set_poll(struct ntp_client *n, int8_t poll)
{
    int p = clamp(poll, n->conf.minpoll, n->conf.maxpoll);
    n->poll = (int8_t)(p > n->slow ? p : n->slow);
}

/* ---- requests ------------------------------------------------------------ */

/* As many as refill the pool to LIMIT_COOKIES once this request's own cookie
 * is gone (RFC 8915 section 5.7); nts_ef_request sees to it that they fit. */
static size_t placeholders(const struct nts_assoc *a)
{
    return a->count < LIMIT_COOKIES ? LIMIT_COOKIES - 1u - a->count : 0;
}

static int add_nts(struct ntp_client *n, uint8_t uid[NTS_UID_LEN],
                   uint8_t *out, size_t cap)
{
    struct nts_cookie cookie;
    int rc = nts_assoc_take(&n->nts, &cookie);
    if (rc == RC_AGAIN)
        return RC_SPACE;
    if (rc != RC_OK)
        return RC_STATE;
    rc = nts_ef_request(&n->nts, &cookie, placeholders(&n->nts), uid, out,
                        cap);
    return rc > 0 ? rc : RC_IO;
}

static bool wants_keys(const struct ntp_client *n)
{
    return n->conf.nts && (!n->nts.aead || !nts_assoc_ready(&n->nts));
}

bool ntp_client_refused(const struct ntp_client *n)
{
    return n->nak_run >= NTP_CLIENT_NAKS;
}

/* Complete a request in out; fills nonce and uid. Length or a code. */
static int build(struct ntp_client *n, uint64_t *nonce,
                 uint8_t uid[NTS_UID_LEN], uint8_t *out, size_t cap)
{
    uint8_t random[8];
    if (crypto_random(random, sizeof random) != RC_OK)
        return RC_IO;
    *nonce = bytes_get64(random);
    if (*nonce == 0) /* would read as "no timestamp" */
        *nonce = 1;
    struct ntp_header h = {.version = NTP_VERSION,
                           .mode = NTP_MODE_CLIENT,
                           .transmit = *nonce};
    ntp_wire_write(&h, out);
    return n->conf.nts ? add_nts(n, uid, out, cap) : NTP_HEADER;
}

int ntp_client_poll(struct ntp_client *n, mono_ns now, uint8_t *out,
                    size_t cap)
{
    ASSERT(cap >= LIMIT_NTP_PACKET);
    if (n->stopped)
        return RC_STATE;
    if (now < n->due)
        return RC_AGAIN;
    uint8_t chance[2];
    uint8_t uid[NTS_UID_LEN] = {0};
    uint64_t nonce = 0;
    int rc = crypto_random(chance, sizeof chance) != RC_OK ? RC_IO
             : wants_keys(n) ? RC_STATE
                             : build(n, &nonce, uid, out, cap);
    if (rc == RC_SPACE)
        return rc;
    if (rc == RC_IO) {
        n->due = now + SECOND;
        return rc;
    }
    count_poll(n);
    schedule(n, now, bytes_get16(chance));
    n->waiting = false; /* whatever was under way is not waited for now */
    n->prepared = rc > 0;
    if (rc < 0)
        return rc;
    if (n->burst > 0)
        n->burst--;
    n->tx++;
    n->nonce = nonce;
    n->nak_seen = false;
    memcpy(n->uid, uid, sizeof uid);
    return rc;
}

void ntp_client_sent(struct ntp_client *n, uint64_t stamp)
{
    if (!n->prepared)
        return;
    n->sent_ticks = stamp;
    n->waiting = true;
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
    while ((rc = ntp_wire_next(msg, len, &at, &ef)) == RC_OK)
        ;
    return rc == RC_AGAIN;
}

static int nak(struct ntp_client *n, enum ntp_drop *why)
{
    n->nts.naks++;
    if (!n->nak_seen && n->nak_run < UINT8_MAX)
        n->nak_run++;
    n->nak_seen = true;
    return drop(n, NTP_DROP_NAK, why, RC_AUTH);
}

/* RC_OK, or dropped. scratch: cap >= len, holds what reply points to. */
static int authentic(struct ntp_client *n, const uint8_t *msg, size_t len,
                     uint8_t *scratch, size_t cap, struct nts_reply *reply,
                     enum ntp_drop *why)
{
    switch (nts_ef_reply(&n->nts, n->uid, msg, len, scratch, cap, reply)) {
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
    if (!n->conf.nts)
        return;
    n->nak_run = 0;
    n->nts.naks = 0;
    for (size_t i = 0; i < reply->count; i++) {
        int rc = nts_assoc_put(&n->nts, reply->cookie[i].b,
                               reply->cookie[i].len);
        (void)rc; /* one of unusable length is as good as none */
    }
}

/* No time in it: make sure that the next request is not too soon. */
static void hold_off(struct ntp_client *n, mono_ns now)
{
    mono_ns t = now + interval(lesser(1, n->conf.minpoll));
    if (n->due < t)
        n->due = t;
}

static int kissed(struct ntp_client *n, mono_ns now, uint32_t code,
                  enum ntp_drop *why)
{
    if (code == NTP_KISS_DENY || code == NTP_KISS_RSTR) {
        n->stopped = true;
    } else if (code == NTP_KISS_RATE) {
        int from = n->burst > 0 ? n->conf.minpoll - 1 : n->poll;
        n->burst = 0;
        n->poll = (int8_t)lesser(from + 1,
                                 n->conf.maxpoll > SLOW_MAX ? n->conf.maxpoll
                                                            : SLOW_MAX);
        n->slow = n->poll;
        if (n->due < now + interval(n->poll))
            n->due = now + interval(n->poll);
    }
    hold_off(n, now);
    return drop(n, NTP_DROP_KISS, why, RC_STATE);
}

/* 2^log2 s in ns, between 1 ns and 16 ms: a server that knows its own clock
 * worse than that has no say in what we take for possible. */
static span_ns precision_ns(int log2_s)
{
    int e = clamp(log2_s, -30, -6);
    span_ns ns = SECOND >> -e;
    return ns > 0 ? ns : 1;
}

/* RFC 5905 section 9.2's packet sanity. False: impossible. */
static bool times(const struct ntp_client *n, const struct ntp_header *h,
                  uint64_t stamp, struct ntp_sample *s)
{
    int64_t held = utc_diff(h->transmit, h->receive);
    int64_t ticks = (int64_t)(stamp - n->sent_ticks);
    /* chrony makes the bits below its precision random, in each stamp. */
    int64_t blur = utc_span_ntp(precision_ns(h->precision));
    if (h->receive == 0 || h->transmit == 0 || held < -blur || ticks < 0 ||
        ticks / n->tick_hz > DISTANCE_MAX / SECOND)
        return false;
    if (h->ref != 0 && utc_diff(h->transmit, h->ref) < -blur)
        return false;
    if (held < 0)
        held = 0;
    span_ns around = utc_span_ns(utc_ticks_ntp(ticks, n->tick_hz));
    /* Held longer than we waited: at most by both clocks' resolution and
     * the rate (500 ppm) by which they may differ. */
    span_ns slack = precision_ns(h->precision) + around / 2000 +
                    SECOND / n->tick_hz + 1;
    s->server_ns = utc_span_ns(held);
    s->delay_ns = around - s->server_ns;
    if (s->delay_ns < -slack || s->delay_ns > DELAY_MAX)
        return false;
    if (s->delay_ns < 0)
        s->delay_ns = 0;
    s->root_delay_ns = utc_short_ns(h->root_delay);
    s->root_disp_ns = utc_short_ns(h->root_disp);
    s->at_ticks = n->sent_ticks + (uint64_t)ticks / 2;
    s->utc = h->receive + (uint64_t)held / 2;
    return (s->root_delay_ns + s->delay_ns) / 2 + s->root_disp_ns <
           DISTANCE_MAX;
}

static void take(struct ntp_client *n, mono_ns now, struct ntp_sample *s)
{
    bool silent = n->unanswered >= BACKOFF_POLLS;
    if (!n->asked_again)
        n->again_run = 0;
    n->asked_again = false;
    n->reach |= 1;
    n->unanswered = 0;
    n->last_rx = now;
    n->last = *s;
    if (n->valid++ == 0 && n->slow == POLL_MIN) {
        int octaves = n->conf.minpoll - ramp_start(n);
        n->burst = (uint8_t)(octaves * RAMP_POLLS);
        n->due = now + interval(interval_log2(n));
        if (n->burst > 0)
            n->burst--;
    } else if (silent) { /* the next one was put off too far */
        n->due = now + interval(interval_log2(n));
    }
}

/* The header alone: is it an answer to the request under way? */
static int ours(struct ntp_client *n, const uint8_t *msg, size_t len,
                struct ntp_header *h, enum ntp_drop *why)
{
    if (len > LIMIT_NTP_PACKET || ntp_wire_parse(msg, len, h) != RC_OK)
        return drop(n, NTP_DROP_SHORT, why, RC_BAD);
    if (h->mode != NTP_MODE_SERVER || h->version != NTP_VERSION)
        return drop(n, NTP_DROP_MODE, why, RC_BAD);
    if (!n->waiting || h->origin != n->nonce)
        return drop(n, NTP_DROP_ORIGIN, why, RC_BAD);
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
    else if (!fields_ok(msg, len))
        rc = drop(n, NTP_DROP_SHORT, why, RC_BAD);
    if (rc != RC_OK)
        return rc;

    if (h.stratum == 0) {
        settle(n, &reply);
        return kissed(n, now, h.refid, why);
    }
    if (h.stratum > NTP_STRATUM_MAX || h.leap == NTP_LEAP_UNKNOWN) {
        settle(n, &reply);
        hold_off(n, now);
        return drop(n, NTP_DROP_UNSYNC, why, RC_STATE);
    }
    struct ntp_sample got = {.refid = h.refid,
                             .ref_time = h.ref,
                             .stratum = h.stratum,
                             .leap = h.leap,
                             .server_precision = h.precision,
                             .poll = n->poll};
    if (!times(n, &h, stamp, &got)) {
        if (!n->conf.nts) /* anybody on the path may have said so */
            return drop(n, NTP_DROP_TIMES, why, RC_BAD);
        settle(n, &reply); /* authentic: a slow path must not eat cookies */
        return drop(n, NTP_DROP_TIMES, why, RC_STATE);
    }
    settle(n, &reply);
    take(n, now, &got);
    *s = got;
    return RC_OK;
}
