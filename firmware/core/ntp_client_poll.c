/* When a request goes, and what is in it. */
#include <string.h>

#include "bytes.h"
#include "crypto.h"
#include "mono.h"
#include "ntp_client_private.h"

#define POLL_MIN      NTP_CLIENT_POLL_MIN
#define POLL_MAX      NTP_CLIENT_POLL_MAX
#define AGAIN         1 /* log2 s                                         */
#define AGAIN_MAX     8 /* in a row: what a jump takes to be believed     */
#define RAMP_POLLS    4 /* per octave                                     */
#define QUICK_TRIES   3 /* first requests at the shortest interval        */
#define SPARE_TRIES   2 /* before cookies are spared                      */
#define BACKOFF_MAX   2
#define SLOW_MAX      11 /* 34 min: good answers make up for it in 2 h     */
#define RATE_GOOD     8  /* valid replies for half the interval            */
#define REFUSED       10 /* log2 s; twice as long after each refusal       */
#define REFUSED_MAX   14 /* 4.6 h                                          */
#define AUTHENTIC     13 /* 2.3 h: the same where a refusal is authentic   */
#define AUTHENTIC_MAX 16 /* 18 h                                         */
#define SOON          (16 * MONO_S)
#define NEAR          (10 * MONO_S / 1000) /* chrony's word for a LAN        */

/* ---- when ---------------------------------------------------------------- */

static int lesser(int a, int b)
{
    return a < b ? a : b;
}

static mono_ns interval(int log2_s)
{
    return log2_s >= 0 ? MONO_S << log2_s : MONO_S >> -log2_s;
}

/* log2 s of the ramp's (and the first retries') shortest interval. */
static int ramp_start(const struct ntp_client *n)
{
    return lesser(n->conf.iburst ? 1 : 2, n->conf.minpoll);
}

/* chrony.conf(5), minpoll: less than a second only where the server is
 * reachable and in a local network. */
static bool near(const struct ntp_client *n)
{
    return n->reach != 0 && n->last_rx >= 0 && n->last.delay_ns < NEAR;
}

static int wanted_log2(const struct ntp_client *n)
{
    int back = lesser(n->unanswered / NTP_CLIENT_BACKOFF, BACKOFF_MAX);
    if (n->valid == 0 && n->slow == POLL_MIN) {
        int more = n->unanswered - QUICK_TRIES;
        int e = ramp_start(n) - 1 + (more > 0 ? more : 0);
        return ntp_client_clamp(
            e, POLL_MIN, lesser(n->conf.minpoll + back, n->conf.maxpoll));
    }
    if (n->burst > 0)
        return n->conf.minpoll - (n->burst + RAMP_POLLS - 1) / RAMP_POLLS;
    return lesser(n->poll + back,
                  n->poll > n->conf.maxpoll ? n->poll : n->conf.maxpoll);
}

/* log2 s from this poll to the next, without the jitter. */
static int interval_log2(const struct ntp_client *n)
{
    int e = wanted_log2(n);
    if (e < 0 && !near(n))
        e = 0;
    return e > n->slow ? e : n->slow;
}

mono_ns ntp_client_next(const struct ntp_client *n, mono_ns asked)
{
    return asked + interval(interval_log2(n));
}

/* n->jitter lengthens the interval by up to 4 %. */
static mono_ns scheduled(const struct ntp_client *n)
{
    mono_ns t = interval(interval_log2(n));
    return n->asked + t + t / 25 / 65536 * n->jitter;
}

void ntp_client_reschedule(struct ntp_client *n)
{
    n->due = scheduled(n);
}

static void count_poll(struct ntp_client *n)
{
    n->reach = (uint8_t)(n->reach << 1);
    if (n->unanswered < UINT8_MAX)
        n->unanswered++;
}

void ntp_client_ramp(struct ntp_client *n, mono_ns now)
{
    int octaves = n->conf.minpoll - ramp_start(n);
    n->burst = (uint8_t)(octaves * RAMP_POLLS);
    n->due = ntp_client_next(n, now);
    if (n->burst > 0)
        n->burst--;
}

void ntp_client_hold_off(struct ntp_client *n, mono_ns now)
{
    mono_ns t = now + interval(lesser(1, n->conf.minpoll));
    if (n->due < t)
        n->due = t;
}

void ntp_client_slow_down(struct ntp_client *n, mono_ns now)
{
    int from = n->burst > 0 ? n->conf.minpoll - 1 : n->poll;
    int most = n->rate_run > 0 && n->conf.maxpoll < SLOW_MAX ? SLOW_MAX
                                                             : n->conf.maxpoll;
    if (most < n->slow) /* still that slow from before */
        most = n->slow;
    n->burst = 0;
    n->rate_good = 0;
    if (n->rate_run < UINT8_MAX)
        n->rate_run++;
    n->poll = (int8_t)lesser(from + 1, most);
    n->slow = n->poll;
    if (n->due < now + interval(n->poll))
        n->due = now + interval(n->poll);
}

void ntp_client_speed_up(struct ntp_client *n)
{
    n->rate_run = 0;
    if (n->slow == POLL_MIN)
        return;
    n->rate_good++;
    if (n->slow <= n->conf.maxpoll && n->rate_good < RATE_GOOD)
        return;
    n->rate_good = 0;
    n->slow = n->slow > n->conf.minpoll ? (int8_t)(n->slow - 1) : POLL_MIN;
    /* Beyond maxpoll only a kiss has brought it; how far below, the discipline
     * says next. */
    if (n->poll > n->conf.maxpoll && n->poll > n->slow) {
        n->poll = n->slow > n->conf.maxpoll ? n->slow : n->conf.maxpoll;
        n->due = scheduled(n);
    }
}

void ntp_client_refuse(struct ntp_client *n, mono_ns now)
{
    /* A name's addresses that refuse one after the other do so once. */
    if ((!n->elsewhere || n->refusals == 0) && n->refusals < UINT8_MAX)
        n->refusals++;
    n->elsewhere = false;
    int e = n->conf.nts ? lesser(AUTHENTIC + n->refusals - 1, AUTHENTIC_MAX)
                        : lesser(REFUSED + n->refusals - 1, REFUSED_MAX);
    n->refused = true;
    n->reach = 0;
    n->burst = 0;
    mono_ns wait = interval(e);
    n->due = now + wait + wait / 25 / 65536 * n->jitter;
}

void ntp_client_init(struct ntp_client *n, const struct ntp_client_conf *c,
                     uint32_t tick_hz, mono_ns first)
{
    ASSERT(tick_hz > 0);
    *n = (struct ntp_client){.conf = *c, .tick_hz = tick_hz, .due = first};
    n->conf.minpoll = (int8_t)ntp_client_clamp(c->minpoll, POLL_MIN, POLL_MAX);
    n->conf.maxpoll =
        (int8_t)ntp_client_clamp(c->maxpoll, n->conf.minpoll, POLL_MAX);
    n->poll = n->conf.minpoll;
    n->slow = POLL_MIN;
    n->last_rx = -1;
    nts_assoc_wipe(&n->nts);
}

mono_ns ntp_client_due(const struct ntp_client *n)
{
    return n->due;
}

void ntp_client_basic(struct ntp_client *n)
{
    n->before.known = false;
}

void ntp_client_unkeyed(struct ntp_client *n)
{
    nts_assoc_wipe(&n->nts);
    n->prepared = false;
    n->waiting = false;
    ntp_client_basic(n);
}

void ntp_client_rekeyed(struct ntp_client *n, mono_ns now)
{
    n->nak_run = 0;
    n->nts.naks = 0;
    n->prepared = false;
    n->waiting = false;
    n->unanswered = 0;
    ntp_client_basic(n);
    if (!n->refused)
        n->due = now;
}

void ntp_client_elsewhere(struct ntp_client *n, mono_ns now)
{
    ntp_client_basic(n);
    n->deny_run = 0;
    n->elsewhere = n->elsewhere || n->refused;
    if (n->refused)
        n->due = now;
    n->refused = false;
}

void ntp_client_soon(struct ntp_client *n, mono_ns now)
{
    mono_ns soon = n->asked + SOON;
    if (n->tx == 0 || n->unanswered == 0 || n->refused || n->slow != POLL_MIN)
        return;
    if (soon < now)
        soon = now;
    if (n->due > soon)
        n->due = soon;
}

void ntp_client_spare(struct ntp_client *n, mono_ns until)
{
    bool judging = n->nak_run > 0 && !ntp_client_refused(n);
    if (n->unanswered < SPARE_TRIES || judging)
        return;
    mono_ns due = n->asked + (until - n->asked) / (n->nts.count + 1);
    if (due <= n->due)
        return;
    n->due = due;
    n->moved = true;
}

void ntp_client_repeat(struct ntp_client *n)
{
    mono_ns due = n->asked + interval(n->conf.minpoll);
    if (n->slow != POLL_MIN || n->refused || due >= n->due)
        return;
    n->due = due;
    n->moved = true;
}

void ntp_client_unspare(struct ntp_client *n, mono_ns now)
{
    if (!n->moved || n->due <= scheduled(n))
        return;
    n->moved = false;
    n->due = now;
    ntp_client_hold_off(n, now);
}

bool ntp_client_unasked(struct ntp_client *n, mono_ns now)
{
    mono_ns since = n->missed > n->due ? n->missed : n->due;
    if (n->reach == 0 || now - since < interval(interval_log2(n)))
        return false;
    n->reach = (uint8_t)(n->reach << 1);
    n->missed = now;
    return true;
}

void ntp_client_again(struct ntp_client *n, mono_ns now)
{
    n->asked_again = true;
    if (n->again_run == AGAIN_MAX)
        return;
    n->again_run++;
    if (n->slow == POLL_MIN && !n->refused && n->due > now + interval(AGAIN))
        n->due = now + interval(AGAIN);
}

void ntp_client_set_poll(struct ntp_client *n, int8_t poll)
{
    int p = ntp_client_clamp(poll, n->conf.minpoll, n->conf.maxpoll);
    /* The ramp, a second question, a kiss and a hold-off keep their time. */
    bool plain = n->burst == 0 && n->valid > 0 && n->due == scheduled(n);
    n->poll = (int8_t)(p > n->slow ? p : n->slow);
    if (plain)
        n->due = scheduled(n);
}

/* ---- requests ------------------------------------------------------------ */

/* As many as refill the pool to LIMIT_COOKIES once this request's own cookie
 * is gone (RFC 8915 section 5.7); nts_client_request sees that they fit. */
static size_t placeholders(const struct nts_assoc *a)
{
    return a->count < LIMIT_COOKIES ? LIMIT_COOKIES - 1u - a->count : 0;
}

static int add_nts(struct ntp_client *n, uint8_t uid[NTS_UID_LEN], uint8_t *out,
                   size_t cap)
{
    struct nts_cookie cookie;
    int rc = nts_assoc_take(&n->nts, &cookie);
    if (rc == RC_AGAIN)
        return RC_SPACE;
    if (rc != RC_OK)
        return RC_STATE;
    rc = nts_client_request(&n->nts, &cookie, placeholders(&n->nts), uid, out,
                            cap);
    return rc > 0 ? rc : RC_IO;
}

static bool wants_keys(const struct ntp_client *n)
{
    return n->conf.nts && (!n->nts.aead || nts_assoc_cookies(&n->nts) == 0);
}

bool ntp_client_refused(const struct ntp_client *n)
{
    return n->nak_run >= NTP_CLIENT_NAKS;
}

/* RFC 9769 section 2: an interleaved request names the last reply by its
 * receive timestamp; without an answer to the last request there is none to
 * name. 0, or equal to the transmit timestamp, the random one will not do. */
static bool interleaves(const struct ntp_client *n, uint64_t nonce,
                        uint64_t nonce_rx)
{
    return n->conf.xleave && n->before.known && !n->prepared && nonce_rx != 0 &&
           nonce_rx != nonce;
}

struct request {
    uint64_t nonce, nonce_rx;
    uint8_t uid[NTS_UID_LEN];
};

/* A complete request in out; fills *r. Length or a code. */
static int build(struct ntp_client *n, struct request *r, uint8_t *out,
                 size_t cap)
{
    uint8_t random[16];
    if (crypto_random(random, sizeof random) != RC_OK)
        return RC_IO;
    r->nonce = bytes_get64(random);
    if (r->nonce == 0) /* would read as "no timestamp" */
        r->nonce = 1;
    struct ntp_header h = {.version = n->conf.nts || !n->conf.version
                                          ? NTP_VERSION
                                          : n->conf.version,
                           .mode = NTP_MODE_CLIENT,
                           .transmit = r->nonce};
    if (interleaves(n, r->nonce, bytes_get64(random + 8))) {
        h.receive = r->nonce_rx = bytes_get64(random + 8);
        h.origin = n->before.receive;
    }
    ntp_wire_write(&h, out);
    return n->conf.nts ? add_nts(n, r->uid, out, cap) : NTP_HEADER;
}

/* The request is the one under way now; rc: its length, or no request. */
static void begin(struct ntp_client *n, const struct request *r, int rc)
{
    if (n->prepared) /* the last one was not answered */
        ntp_client_basic(n);
    n->waiting = false; /* whatever was under way is not waited for now */
    n->prepared = rc > 0;
    if (rc < 0)
        return;
    if (n->burst > 0)
        n->burst--;
    n->tx++;
    n->nonce = r->nonce;
    n->nonce_rx = r->nonce_rx;
    n->nak_seen = false;
    memcpy(n->uid, r->uid, sizeof n->uid);
}

int ntp_client_poll(struct ntp_client *n, mono_ns now, uint8_t *out, size_t cap)
{
    ASSERT(cap >= LIMIT_NTP_PACKET);
    if (now < n->due)
        return RC_AGAIN;
    uint8_t jitter[2];
    struct request r = {0};
    int rc = crypto_random(jitter, sizeof jitter) != RC_OK ? RC_IO
             : wants_keys(n)                               ? RC_STATE
                             : build(n, &r, out, cap);
    if (rc == RC_SPACE)
        return rc;
    if (rc == RC_IO) {
        n->due = now + MONO_S;
        return rc;
    }
    count_poll(n);
    n->asked = now;
    n->jitter = bytes_get16(jitter);
    n->due = scheduled(n);
    n->refused = n->moved = false;
    begin(n, &r, rc);
    return rc;
}

void ntp_client_sent(struct ntp_client *n, uint64_t stamp)
{
    nts_assoc_left(&n->nts);
    if (!n->prepared)
        return;
    n->sent_ticks = n->left_ticks = stamp;
    n->waiting = true;
}

void ntp_client_left(struct ntp_client *n, uint64_t stamp)
{
    if (n->prepared)
        n->left_ticks = stamp;
    else if (n->before.known) /* answered already, still to be measured */
        n->before.sent_ticks = stamp;
}
