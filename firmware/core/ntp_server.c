#include "ntp_server.h"

#include <string.h>

#include "bytes.h"
#include "crypto.h"
#include "utc.h"

#define ROOT_UNSET     0x00010000u /* 1 s, as chronyd's unsynchronised reply */
#define AT_ORIGIN      24
#define AT_RECEIVE     32
#define AT_TRANSMIT    40
#define CLOCK_BACK_MAX (UTC_S / 1000) /* noise and ties, not a step          */

void ntp_server_init(struct ntp_server *s, int8_t min_poll)
{
    memset(s, 0, sizeof *s);
    s->min_poll = min_poll;
}

void ntp_server_forget(struct ntp_server *s)
{
    s->held = 0;
}

/* ---- local --------------------------------------------------------------- */

bool ntp_local_apply(const struct ntp_local *l, struct ntp_local_state *state,
                     span_ns since_ns, ntp64 now, struct ntp_reference *ref)
{
    bool set = ref->stratum < NTP_STRATUM_UNSET;
    double distance_s =
        1e-9 * ((double)ref->root_delay_ns / 2 + (double)ref->root_disp_ns);
    if (l->activate_s <= 0 || (set && distance_s < l->activate_s))
        state->activated = true;
    double wait_s = set ? l->waitsynced_s : l->waitunsynced_s;
    if (!l->on || !state->activated || (set && distance_s <= l->distance_s) ||
        1e-9 * (double)since_ns < wait_s)
        return false;
    *ref = (struct ntp_reference){.stratum = l->stratum,
                                  .precision = ref->precision,
                                  .refid = NTP_REFID_LOCAL,
                                  .ref_time = utc_add_ns(now, -1000000000)};
    return true;
}

/* ---- the ring of stamps -------------------------------------------------- */

/* The pair that was put `age` replies ago. */
static struct ntp_server_stamps *pair(struct ntp_server *s, uint32_t age)
{
    return &s->ring[(s->next + LIMIT_SERVER_STAMPS - 1 - age) %
                    LIMIT_SERVER_STAMPS];
}

uint32_t ntp_server_span_s(const struct ntp_server *s)
{
    if (s->held == 0)
        return 0;
    uint32_t last = (s->next + LIMIT_SERVER_STAMPS - 1) % LIMIT_SERVER_STAMPS;
    uint32_t first =
        (s->next + LIMIT_SERVER_STAMPS - s->held) % LIMIT_SERVER_STAMPS;
    return (uint32_t)(utc_diff(s->ring[last].receive, s->ring[first].receive) >>
                      32);
}

/* They stand in the order of their receive stamps, which are unique. */
static struct ntp_server_stamps *find(struct ntp_server *s, ntp64 receive)
{
    uint32_t newer = 0, older = s->held; /* ages that it may have */
    while (newer < older) {
        uint32_t middle = (newer + older) / 2;
        int64_t later = utc_diff(pair(s, middle)->receive, receive);
        if (later == 0)
            return pair(s, middle);
        if (later > 0)
            newer = middle + 1;
        else
            older = middle;
    }
    return NULL;
}

static void put(struct ntp_server *s, ntp64 receive)
{
    s->ring[s->next] = (struct ntp_server_stamps){receive, 0};
    s->next = (s->next + 1) % LIMIT_SERVER_STAMPS;
    if (s->held < LIMIT_SERVER_STAMPS)
        s->held++;
}

/* ---- stamps -------------------------------------------------------------- */

/* Puts random bits where the clock has none, so that a stamp tells nobody what
 * the counter's phase is, and cannot be guessed. Without entropy they are 0. */
static ntp64 blur(struct ntp_server *s, ntp64 t)
{
    if (s->noise_left == 0 &&
        crypto_random((uint8_t *)s->noise, sizeof s->noise) == RC_OK)
        s->noise_left = LEN(s->noise);
    ntp64 bits = s->noise_left > 0 ? s->noise[--s->noise_left] : 0;
    int unknown = s->precision > -16 ? 16 : 32 + s->precision;
    ntp64 mask = unknown > 0 ? (UINT64_C(1) << unknown) - 1 : 0;
    return (t & ~mask) | (bits & mask);
}

static ntp64 receive_stamp(struct ntp_server *s, ntp64 at, ntp64 not_this)
{
    ntp64 t = blur(s, at) | 1;
    if (s->held > 0) {
        ntp64 last = pair(s, 0)->receive;
        if (utc_diff(last, t) > CLOCK_BACK_MAX)
            ntp_server_forget(s);
        else if (utc_diff(last, t) >= 0)
            t = last + 2;
    }
    return t == not_this ? t + 2 : t;
}

/* ---- the reply ----------------------------------------------------------- */

/* The mode of the answer to a request; -1: silence. */
static int reply_mode(const struct ntp_header *h, uint16_t from_port)
{
    if (h->version < 1 || h->version > NTP_VERSION)
        return -1;
    switch (h->mode) {
    case 0: /* version 1 had no modes, but its servers' port */
        return h->version == 1 && from_port != 123 ? NTP_MODE_SERVER : -1;
    case 1:
        return 2;
    case NTP_MODE_CLIENT:
        return NTP_MODE_SERVER;
    default:
        return -1;
    }
}

/* A request that is served, apart. Versions before 4 have no fields: what
 * follows the header there is a MAC, of a key that we do not have. */
struct request {
    struct ntp_header h;
    struct nts_request nts;
};

static bool is_served(struct ntp_server *s, const uint8_t *req, size_t len,
                      uint16_t from_port, struct request *r)
{
    s->silence = NTP_SILENCE_FORM;
    r->nts.nts = false;
    if (len > NTP_SERVER_REQUEST_MAX || len % 4 != 0 ||
        ntp_wire_parse(req, len, &r->h) != RC_OK ||
        reply_mode(&r->h, from_port) < 0)
        return false;
    if (len == NTP_HEADER)
        return true;
    if (r->h.version < 4)
        return false;
    int rc = nts_server_read(req, len, &r->nts);
    if (!r->nts.nts)
        return rc == RC_OK;
    s->silence = NTP_SILENCE_NTS;
    return rc == RC_OK && r->h.mode == NTP_MODE_CLIENT && s->jar;
}

/* A span as NTP short (16.16 s), rounded up: a bound stays one. */
static uint32_t short_of(span_ns ns)
{
    if (ns <= 0)
        return 0;
    int64_t v = (utc_span_ntp(ns) >> 16) + 1;
    return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

static struct ntp_header header(const struct ntp_header *rq,
                                const struct ntp_reference *ref, int mode)
{
    struct ntp_header h = {
        .leap = ref->leap,
        .version = rq->version,
        .mode = (uint8_t)mode,
        .stratum = ref->stratum,
        .poll = rq->poll,
        .precision = ref->precision,
        .root_delay = short_of(ref->root_delay_ns),
        .root_disp = short_of(ref->root_disp_ns),
        .refid = ref->refid,
        .ref = ref->ref_time,
        .origin = rq->transmit,
    };
    if (ref->stratum >= NTP_STRATUM_UNSET) {
        h.leap = NTP_LEAP_UNKNOWN;
        h.stratum = 0;
        h.root_delay = h.root_disp = ROOT_UNSET;
        h.refid = 0;
        h.ref = 0;
    }
    return h;
}

/* An interleaved request names our receive stamp of the one before as its
 * origin. Each saved stamp is told once. */
static void interleave(struct ntp_server *s, const struct ntp_header *rq,
                       struct ntp_header *h)
{
    if ((rq->origin & 1) == 0 || rq->receive == rq->transmit)
        return;
    struct ntp_server_stamps *before = find(s, rq->origin);
    if (!before || before->transmit == 0)
        return;
    h->origin = rq->receive;
    h->transmit = before->transmit;
    before->transmit = 0;
    s->interleaved++;
}

/* A reply that is a kiss tells no time. */
static struct ntp_header kiss_header(const struct ntp_server *s,
                                     const struct ntp_server_clock *c,
                                     const struct ntp_header *rq, int mode,
                                     uint32_t code)
{
    struct ntp_reference unset = c->ref;
    unset.stratum = NTP_STRATUM_UNSET;
    struct ntp_header h = header(rq, &unset, mode);
    if (h.poll < s->min_poll)
        h.poll = s->min_poll;
    h.refid = code;
    return h;
}

/* The kiss of a reply, and RC_OK or RC_BAD for silence; kiss: RATE or 0. */
static int judge(struct ntp_server *s, const uint8_t *req,
                 const struct request *r, uint8_t *scratch, uint32_t *kiss)
{
    if (!r->nts.nts)
        return RC_OK;
    int rc = nts_server_open(s->jar, req, &r->nts, scratch, &s->session);
    s->sealing = rc == RC_OK;
    if (rc == RC_AUTH && *kiss == 0) {
        *kiss = NTP_KISS_NTSN;
        rc = RC_OK;
    }
    return rc == RC_OK ? RC_OK : RC_BAD;
}

/* Puts what follows the header, and counts. Returns the length or 0. */
static size_t put_fields(struct ntp_server *s, const uint8_t *req,
                         const struct request *r, uint8_t *out, size_t len)
{
    size_t n = NTP_HEADER;
    if (s->sealing) {
        n = nts_server_put(s->jar, &s->session, req, &r->nts, out, len);
        s->sealing = n > 0;
        s->authenticated += n > 0;
        if (s->sealing && s->sessions)
            nts_sessions_used(s->sessions, &s->session.keys);
    } else if (r->nts.nts) {
        n = nts_server_put_nak(req, &r->nts, out, len);
        s->naks += n > 0;
    }
    return n;
}

static size_t reply(struct ntp_server *s, const struct ntp_server_clock *c,
                    uint16_t from_port, const uint8_t *req, size_t len,
                    uint32_t kiss, uint8_t *out)
{
    struct request r;
    s->sealing = false;
    if (!is_served(s, req, len, from_port, &r) ||
        judge(s, req, &r, out, &kiss) != RC_OK)
        return 0;
    size_t n = put_fields(s, req, &r, out, len);
    if (n == 0)
        return 0;
    int mode = reply_mode(&r.h, from_port);
    s->precision = c->ref.precision;
    struct ntp_header h;
    if (kiss) {
        h = kiss_header(s, c, &r.h, mode, kiss);
        h.receive = blur(s, c->receive) | 1;
    } else {
        h = header(&r.h, &c->ref, mode);
        if (h.poll < s->min_poll)
            h.poll = s->min_poll;
        h.receive = receive_stamp(s, c->receive, r.h.transmit);
        interleave(s, &r.h, &h);
        put(s, h.receive);
    }
    ntp_wire_write(&h, out);
    return n;
}

size_t ntp_server_reply(struct ntp_server *s, const struct ntp_server_clock *c,
                        uint16_t from_port, const uint8_t *req, size_t len,
                        uint8_t *out)
{
    return reply(s, c, from_port, req, len, 0, out);
}

size_t ntp_server_kiss(struct ntp_server *s, const struct ntp_server_clock *c,
                       uint16_t from_port, const uint8_t *req, size_t len,
                       uint8_t *out)
{
    return reply(s, c, from_port, req, len, NTP_KISS_RATE, out);
}

bool ntp_server_vouches(struct ntp_server *s, const uint8_t *req, size_t len,
                        const struct clientlog_limit *limit, mono_ns now)
{
    struct request r;
    struct nts_cookie_keys k;
    if (!s->sessions || !is_served(s, req, len, 0, &r) || !r.nts.nts ||
        nts_cookie_open(s->jar, r.nts.cookie, r.nts.cookie_len, &k) != RC_OK)
        return false;
    bool good = nts_sessions_admit(s->sessions, &k, limit, now);
    crypto_wipe(&k, sizeof k);
    return good;
}

unsigned ntp_server_cookies(const struct ntp_server *s, uint16_t *aead)
{
    *aead = s->sealing ? s->session.keys.aead->id : 0;
    return s->sealing ? s->session.cookies : 0;
}

int ntp_server_seal(struct ntp_server *s, uint8_t *out)
{
    if (!s->sealing)
        return RC_OK;
    s->sealing = false;
    return nts_server_seal(&s->session, out);
}

void ntp_server_stamp(struct ntp_server *s, uint8_t *out, ntp64 transmit)
{
    if (bytes_get64(out + AT_TRANSMIT) != 0)
        return; /* interleaved */
    ntp64 t = blur(s, transmit) & ~UINT64_C(1);
    if (t == bytes_get64(out + AT_ORIGIN) || t == 0)
        t += 2;
    bytes_put64(out + AT_TRANSMIT, t);
}

/* The stamps of a reply, or NULL. */
static struct ntp_server_stamps *stamps_of(struct ntp_server *s,
                                           const uint8_t *msg, size_t len)
{
    return len < NTP_HEADER ? NULL : find(s, bytes_get64(msg + AT_RECEIVE));
}

void ntp_server_left(struct ntp_server *s, const uint8_t *msg, size_t len,
                     ntp64 transmit)
{
    struct ntp_server_stamps *p = stamps_of(s, msg, len);
    if (p && p->transmit == 0)
        p->transmit = transmit & ~UINT64_C(1);
}

void ntp_server_on_wire(struct ntp_server *s, const uint8_t *msg, size_t len,
                        ntp64 transmit)
{
    struct ntp_server_stamps *p = stamps_of(s, msg, len);
    if (p && p->transmit != 0)
        p->transmit = transmit & ~UINT64_C(1);
}
