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
 * steered clock: nothing has to be undone in a filter when we steer.
 *
 * Requests say nothing about us (version, mode and a random transmit
 * timestamp, all else zero; RFC 9109). When they go:
 *   until the first valid reply: after 1 s (2 s without iburst) three times,
 *     then doubling up to minpoll;
 *   from it on a ramp, 4 polls per octave from 2 s (4 s) up to minpoll, for
 *     that is what finds the frequency soon;
 *   then every 2^poll s, poll in minpoll .. maxpoll as set_poll wishes; after
 *     8 unanswered ones at twice, after 16 at four times that.
 *   Each interval is lengthened by up to 4 % at random. Less than a second
 *   only while the server answers within 10 ms.
 *
 * Kiss codes (RFC 5905 section 7.4) count once for each request, and none of
 * them stops a source for good:
 *   RATE ends the ramp and doubles the interval, the first one up to maxpoll,
 *     those after it without a valid reply in between up to 2^11 s. A valid
 *     reply halves an interval beyond maxpoll, and every eighth one an
 *     interval that a kiss has made longer than the discipline wants.
 *   DENY and RSTR mean that the server refuses us: reach becomes 0, and it is
 *     asked again hours later, each time twice as long, up to a bound. With
 *     NTS one is enough, for it is authentic. Without, anybody on the path can
 *     send one: it is worth no more than a NAK, and only NTP_CLIENT_NAKS
 *     requests in a row that met one and no valid reply are a refusal.
 *   Any other is ignored.
 * A kiss without NTS does not end the wait for the real reply either.
 *
 * Interleaved mode (conf.xleave, RFC 9769 section 2): a request names the last
 * reply by its receive timestamp and has a random receive timestamp beside the
 * transmit timestamp. A reply whose origin is the former is interleaved: its
 * transmit timestamp is when the last reply really left, and the sample is of
 * that exchange, one poll back (at_ticks). A reply to the latter is basic, of
 * a server that cannot or has forgotten, and is measured as such. The first
 * request, and each after one that met no valid reply, is basic. The exchange
 * that a basic reply has measured already is not measured again: its
 * interleaved sample fails test A, as in chrony.
 */
#ifndef NTP_CLIENT_H
#define NTP_CLIENT_H

#include "nts_client.h"

struct ntp_sample {
    uint64_t at_ticks; /* counter at the middle of the exchange           */
    ntp64 utc;         /* server's UTC at that moment                     */
    span_ns delay_ns;  /* round trip less server time, >= 0               */
    span_ns root_delay_ns, root_disp_ns; /* server to its reference         */
    span_ns server_ns; /* time the server held the packet                 */
    uint32_t refid;
    ntp64 ref_time;
    uint8_t stratum, leap;
    int8_t server_precision; /* log2 s */
    int8_t poll;             /* log2 s, ours when asked                     */
    bool interleaved;        /* of the exchange before                      */
    uint8_t failed;          /* NTP_TEST_: not to be measured with          */
};

/* chrony's tests A to D of a valid reply (chronyc(1), ntpdata): */
#define NTP_TEST_A                                                             \
    1u                /* delay above maxdelay, held for more than 4 s, or
                       * interleaved after basic: told by ntp_client         */
#define NTP_TEST_B 2u /* maxdelayratio: delay_limit.h                         */
#define NTP_TEST_C 4u /* maxdelaydevratio: delay_limit.h                      */
#define NTP_TEST_D 8u /* synchronised to us                                  */

/* Why a packet was not believed; indexes the counters. */
enum ntp_drop {
    NTP_DROP_SHORT,  /* truncated, or extension fields malformed          */
    NTP_DROP_MODE,   /* not mode 4, or no version that we take            */
    NTP_DROP_ORIGIN, /* not an answer to the request under way (replays)  */
    NTP_DROP_UID,    /* another unique identifier                         */
    NTP_DROP_UNSIGNED,
    NTP_DROP_FORGED,
    NTP_DROP_NAK,
    NTP_DROP_UNSYNC,   /* leap 3                                             */
    NTP_DROP_STRATUM,  /* 16 or more                                         */
    NTP_DROP_TIMES,    /* zero or nonsensical stamps                        */
    NTP_DROP_DISTANCE, /* root distance of 16 s or more (RFC 5905)          */
    NTP_DROP_RATE,     /* kiss code: ask less often                         */
    NTP_DROP_DENY,     /* kiss code DENY or RSTR: do not ask                */
    NTP_DROP_INIT,     /* INIT or STEP: it is about to have a time          */
    NTP_DROP_ZERO,     /* stratum 0 without a kiss code                     */
    NTP_DROP_KISS,     /* other kiss code                                   */
    NTP_DROP_COUNT
};
/* Return the reason in words, for the log and ntpdata. */
const char *ntp_drop_text(enum ntp_drop d);

struct ntp_client_conf {
    int8_t minpoll, maxpoll; /* log2 s; chrony's defaults 6 and 10          */
    bool iburst, nts, xleave;
    uint8_t version;     /* of requests, 1 .. 4; 0, or with nts: 4      */
    uint8_t minstratum;  /* what the server says is raised to it        */
    span_ns maxdelay_ns; /* 0: chrony's default, 3 s                    */
    span_ns offset_ns;   /* correction, added to what the server says   */
};

struct ntp_exchange { /* one that was answered, for the reply after it */
    bool known;
    bool measured; /* as basic                                    */
    uint64_t sent_ticks, received_ticks;
    ntp64 receive; /* theirs                                      */
    span_ns root_delay_ns, root_disp_ns;
};

struct ntp_client { /* fields readable; changed only by these functions */
    struct ntp_client_conf conf;
    uint32_t tick_hz;
    struct nts_assoc nts;
    mono_ns due;        /* of the next request                          */
    int8_t poll;        /* log2 s, now                                  */
    uint8_t reach;      /* 8-bit register, RFC 5905 section 13          */
    uint8_t burst;      /* quick requests still to come                 */
    int8_t slow;        /* least poll since RATE kisses, log2 s         */
    uint8_t rate_run;   /* those since the last valid reply, up to 255  */
    uint8_t rate_good;  /* valid replies since slow has changed         */
    uint8_t unanswered; /* requests since the last sample, up to 255    */
    bool prepared;      /* a request is written, its answer not judged  */
    bool waiting;       /* ... and has left: an answer may come         */
    bool nak_seen;      /* ... and met a NAK or kiss: no more do count  */
    bool refused;       /* DENY or RSTR: not asked before due           */
    bool elsewhere;     /* and left for the name's next address meanwhile */
    bool moved;         /* due is not what poll says: until an answer   */
    uint8_t deny_run;   /* requests in a row that met such, no NTS      */
    uint8_t refusals;   /* since the last valid reply, up to 255; by a
                         * name's addresses one after the other: one     */
    uint64_t nonce;     /* its transmit timestamp, random               */
    uint64_t nonce_rx;  /* its receive timestamp, 0: basic              */
    uint8_t uid[NTS_UID_LEN];
    uint64_t sent_ticks;
    uint64_t left_ticks; /* on the wire; until that is known, as sent_ticks */
    uint8_t nak_run;     /* requests in a row that met a NAK and no valid
                             * reply                                        */
    uint32_t tx, rx, valid; /* packets; valid: gave a sample                */
    bool asked_again;       /* the last valid reply was refused by the filter */
    uint8_t again_run;      /* such, in a row                               */
    uint32_t drops[NTP_DROP_COUNT];
    struct ntp_exchange before; /* the last one, if nothing failed since    */
    mono_ns asked;          /* when the last request was due                */
    mono_ns missed;         /* when reach was last shifted without one      */
    uint16_t jitter;        /* of its interval: 65536 would be 4 %          */
    mono_ns last_rx;        /* of the last valid reply, -1: none            */
    struct ntp_sample last; /* the last valid reply's                       */
};

/* Begin an association; *n may hold anything. first: when the first request may
 * go. */
void ntp_client_init(struct ntp_client *n, const struct ntp_client_conf *c,
                     uint32_t tick_hz, mono_ns first);

/* Return when ntp_client_poll wants to be called next, at the latest. */
mono_ns ntp_client_due(const struct ntp_client *n);

/* How many requests in a row meet a NAK and no valid reply before new keys
 * are wanted, or those of the other exporter context tried
 * (nts_assoc_set_alt). */
#define NTP_CLIENT_NAKS 3
/* Tell whether new keys are wanted, because NTP_CLIENT_NAKS requests in a row
 * met a NAK and no valid reply. Anybody on the path can send a NAK, so the old
 * keys go on being used until a key exchange has succeeded (RFC 8915 section
 * 5.7); a valid reply ends the want. */
bool ntp_client_refused(const struct ntp_client *n);

/* Write the next request and schedule the one after. cap is at least
 * LIMIT_NTP_PACKET. Returns its length.
 * RC_AGAIN: not due.
 * RC_STATE: NTS has no keys or no cookies: a key exchange is needed. Counts as
 *   an unanswered poll; due moves on.
 * RC_SPACE: only cookies that are still on the card are left, see
 *   nts_assoc.h; save and call again. Nothing changed, due is still past.
 * RC_IO: no entropy, or the AEAD failed; due is a second later. */
int ntp_client_poll(struct ntp_client *n, mono_ns now, uint8_t *out,
                    size_t cap) MUST_CHECK;

/* Note that the request was handed over at this counter value. Until this is
 * called no reply is taken. Called again for the same request, the last one
 * counts. */
void ntp_client_sent(struct ntp_client *n, uint64_t stamp);

/* Note that the request began to leave on the wire at this counter value, which
 * a driver learns after ntp_client_sent, and maybe after the reply. It counts
 * for the interleaved sample alone, for which both sides know it. */
void ntp_client_left(struct ntp_client *n, uint64_t stamp);

/* Judge a datagram that came from this server. Returns RC_OK: *s is filled and
 * new cookies are kept; if s->failed it is only to be shown, not measured
 * with. RC_BAD, RC_AUTH: dropped and counted; nothing else changed, we still
 * wait for the real answer. RC_STATE: valid (its cookies are kept), but no
 * time in it: an unsynchronised server, one that tells us to slow down or go
 * away, or an authentic reply whose times cannot be. But for RC_OK *why says
 * what for. */
int ntp_client_recv(struct ntp_client *n, mono_ns now, uint64_t stamp,
                    const uint8_t *msg, size_t len, struct ntp_sample *s,
                    enum ntp_drop *why) MUST_CHECK;

/* Give keys and cookies up: they are wiped, and no answer is waited for that
 * only they could judge. */
void ntp_client_unkeyed(struct ntp_client *n);

/* Ask at once, because the source is at another address now, which has refused
 * nothing yet. Should it refuse us too, the wait is longer than the last. */
void ntp_client_elsewhere(struct ntp_client *n, mono_ns now);

/* Ask soon, for the network is another one: what was not answered on the old
 * one may be on this. Not within 16 s of the last request, and not sooner than
 * kisses allow. */
void ntp_client_soon(struct ntp_client *n, mono_ns now);

/* Shift reach when a whole interval has passed in which a request was due and
 * none was written, as without keys, address or link: a source that is not
 * asked must not look reachable. Returns true when that was so. due stays, so
 * that the next request goes as soon as it can. */
bool ntp_client_unasked(struct ntp_client *n, mono_ns now);

/* Ask at once, because fresh keys and cookies have been put into n->nts. */
void ntp_client_rekeyed(struct ntp_client *n, mono_ns now);

/* Make the cookies last until new keys may be had, at `until`, while nothing
 * valid answers: from the second unanswered request on, the next ones go at
 * equal distances up to then, if that is later than they would. Called after
 * each request. A valid reply ends it. So does a NAK, as long as there are not
 * so many that new keys are wanted: it brings the next request forward, for
 * these cookies may be worth nothing. */
void ntp_client_spare(struct ntp_client *n, mono_ns until);

/* Ask again after the shortest interval, 2^minpoll s, unless the request that
 * has just been written is answered: for a server that may have to be left for
 * another. Not sooner than kisses allow. */
void ntp_client_repeat(struct ntp_client *n);

/* Ask again in 2 s, at most 8 times in a row, because the filter has refused
 * the last sample. */
void ntp_client_again(struct ntp_client *n, mono_ns now);

/* Do not let the next request name the last reply: for when our address or the
 * server's is another one now, which that would link to the old one. */
void ntp_client_basic(struct ntp_client *n);

/* Set the poll interval (log2 s) that the discipline wants, clamped to minpoll
 * .. maxpoll, and never below what RATE kisses ask for. It counts from the
 * last request, so that a shorter interval may be over already; the ramp, a
 * request put off and one asked again stay when they are. */
void ntp_client_set_poll(struct ntp_client *n, int8_t poll);

#endif
