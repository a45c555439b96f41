#include "ntp_server.h"

#include <string.h>

#include "bytes.h"
#include "crypto.h"
#include "ntp_ef.h"
#include "utc.h"

#define ROOT_UNSET     0x00010000u /* 1 s, as chronyd's unsynchronised reply */
#define REFID_LOCAL    0x7f7f0101u /* 127.127.1.1                            */
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
                                  .refid = REFID_LOCAL,
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

/* Whether what follows the header can be left unanswered: nothing, or fields
 * that nobody has to know. What else there can be is a MAC. */
static bool is_plain(const uint8_t *req, size_t len, uint8_t version)
{
    size_t at = NTP_HEADER;
    struct ntp_ef ef;
    int rc;
    if (version < 4)
        return len == NTP_HEADER;
    while ((rc = ntp_ef_next(req, len, &at, &ef)) == RC_OK)
        if (ef.type == NTS_EF_UNIQUE_ID || ef.type == NTS_EF_COOKIE ||
            ef.type == NTS_EF_PLACEHOLDER || ef.type == NTS_EF_AUTHENTICATOR)
            return false;
    return rc == RC_AGAIN;
}

static bool is_served(const uint8_t *req, size_t len, uint16_t from_port,
                      struct ntp_header *h)
{
    return len <= NTP_SERVER_REQUEST_MAX && len % 4 == 0 &&
           ntp_wire_parse(req, len, h) == RC_OK &&
           reply_mode(h, from_port) >= 0 && is_plain(req, len, h->version);
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

size_t ntp_server_reply(struct ntp_server *s, const struct ntp_server_clock *c,
                        uint16_t from_port, const uint8_t *req, size_t len,
                        uint8_t *out)
{
    struct ntp_header rq;
    if (!is_served(req, len, from_port, &rq))
        return 0;
    struct ntp_header h = header(&rq, &c->ref, reply_mode(&rq, from_port));
    if (h.poll < s->min_poll)
        h.poll = s->min_poll;
    s->precision = c->ref.precision;
    h.receive = receive_stamp(s, c->receive, rq.transmit);
    interleave(s, &rq, &h);
    put(s, h.receive);
    ntp_wire_write(&h, out);
    return NTP_HEADER;
}

size_t ntp_server_kiss(struct ntp_server *s, const struct ntp_server_clock *c,
                       uint16_t from_port, const uint8_t *req, size_t len,
                       uint8_t *out)
{
    struct ntp_header rq;
    if (!is_served(req, len, from_port, &rq))
        return 0;
    struct ntp_reference unset = c->ref;
    unset.stratum = NTP_STRATUM_UNSET;
    struct ntp_header h = header(&rq, &unset, reply_mode(&rq, from_port));
    if (h.poll < s->min_poll)
        h.poll = s->min_poll;
    h.refid = NTP_KISS_RATE;
    s->precision = c->ref.precision;
    h.receive = blur(s, c->receive) | 1;
    ntp_wire_write(&h, out);
    return NTP_HEADER;
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

void ntp_server_left(struct ntp_server *s, const uint8_t *msg, size_t len,
                     ntp64 transmit)
{
    if (len < NTP_HEADER)
        return;
    struct ntp_server_stamps *p = find(s, bytes_get64(msg + AT_RECEIVE));
    if (p && p->transmit == 0)
        p->transmit = transmit & ~UINT64_C(1);
}
