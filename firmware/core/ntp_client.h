/* ntp_client.h -- one association with one server (RFC 5905, RFC 8915).
 *
 * A state machine that does no I/O: the caller moves the bytes and says what
 * time it is. services/sources.c drives it on the board, tests by hand.
 *
 *     poll --(due)--> request bytes --> caller sends, notes stamp --> sent
 *     caller receives bytes + stamp --> recv --> at most one sample
 *
 * Outside input never asserts. A reply that fails any test changes nothing
 * except a counter, so a forger cannot stop us from hearing the real one.
 *
 * Samples are against the raw, unsteered counter (ticks), never against the
 * steered clock: nothing has to be undone in a filter when we steer. */
#ifndef NTP_CLIENT_H
#define NTP_CLIENT_H

#include "nts_ef.h"

struct ntp_sample {
    uint64_t at_ticks;   /* counter at the middle of the exchange           */
    ntp64 utc;           /* server's UTC at that moment                     */
    span_ns delay_ns;    /* round trip less server time, >= 0               */
    span_ns root_delay_ns, root_disp_ns; /* server to its reference         */
    span_ns server_ns;   /* time the server held the packet                 */
    uint32_t refid;
    ntp64 ref_time;
    uint8_t stratum, leap;
    int8_t server_precision; /* log2 s */
    int8_t poll;             /* log2 s, ours when asked                     */
};

/* Why a packet was not believed; indexes the counters. */
enum ntp_drop {
    NTP_DROP_SHORT,    /* truncated, or extension fields malformed          */
    NTP_DROP_MODE,     /* not mode 4, or version                            */
    NTP_DROP_ORIGIN,   /* not an answer to the request under way (replays)  */
    NTP_DROP_UID,      /* another unique identifier                         */
    NTP_DROP_UNSIGNED,
    NTP_DROP_FORGED,
    NTP_DROP_NAK,
    NTP_DROP_UNSYNC,   /* leap 3, stratum 0 or > 15                         */
    NTP_DROP_TIMES,    /* zero or nonsensical stamps, root distance         */
    NTP_DROP_KISS,     /* other kiss code                                   */
    NTP_DROP_COUNT
};
const char *ntp_drop_text(enum ntp_drop d);

struct ntp_client_conf {
    int8_t minpoll, maxpoll; /* log2 s; chrony's defaults 6 and 10          */
    bool iburst, nts;
};

struct ntp_client { /* fields readable; changed only by these functions */
    struct ntp_client_conf conf;
    uint32_t tick_hz;
    struct nts_assoc nts;
    mono_ns due;            /* of the next request                          */
    int8_t poll;            /* log2 s, now                                  */
    uint8_t reach;          /* 8-bit register, RFC 5905 section 13          */
    uint8_t burst;          /* quick requests still to come                 */
    bool waiting;           /* a request is under way                       */
    bool stopped;           /* DENY or RSTR kiss, authenticated             */
    uint64_t nonce;         /* its transmit timestamp, random               */
    uint8_t uid[NTS_UID_LEN];
    uint64_t sent_ticks;
    uint8_t nak_run;        /* NAKs in a row without a valid reply          */
    uint32_t tx, rx, valid; /* packets                                      */
    uint32_t drops[NTP_DROP_COUNT];
    mono_ns last_rx;        /* of the last valid reply, -1: none            */
    struct ntp_sample last; /* the last valid reply's                       */
};

/* first: when the first request may go. */
void ntp_client_init(struct ntp_client *n, const struct ntp_client_conf *c,
                     uint32_t tick_hz, mono_ns first);

/* When poll wants to be called next, at the latest. */
mono_ns ntp_client_due(const struct ntp_client *n);

/* Write the next request and schedule the one after. Returns its length;
 * RC_AGAIN: not due. RC_STATE: stopped, or NTS has neither keys nor cookies
 * (or a run of NAKs says that they are worthless): a key exchange is needed.
 * RC_SPACE: only cookies that are still on the card are left, see
 * nts_assoc.h; save and call again. RC_IO: no entropy. */
int ntp_client_poll(struct ntp_client *n, mono_ns now, uint8_t *out,
                    size_t cap) MUST_CHECK;

/* The request left the machine at this counter value. */
void ntp_client_sent(struct ntp_client *n, uint64_t stamp);

/* A datagram from this server. RC_OK: *s is filled and new cookies are kept.
 * RC_BAD, RC_AUTH: dropped and counted; *why says what for. RC_STATE: valid,
 * but no time in it (unsynchronised server) or it tells us to slow down or
 * go away. */
int ntp_client_recv(struct ntp_client *n, mono_ns now, uint64_t stamp,
                    const uint8_t *msg, size_t len, struct ntp_sample *s,
                    enum ntp_drop *why) MUST_CHECK;

/* Fresh keys and cookies have been put into n->nts: ask at once. */
void ntp_client_rekeyed(struct ntp_client *n, mono_ns now);

/* The discipline's wish, clamped to minpoll..maxpoll. */
void ntp_client_set_poll(struct ntp_client *n, int8_t poll);

#endif
