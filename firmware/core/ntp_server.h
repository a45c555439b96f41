/* ntp_server.h -- the server half of NTP (RFC 5905 section 9.2, RFC 9769): a
 * request's bytes and what our clock says of itself in, a reply's bytes or
 * silence out.
 *
 *     ntp_server_reply(&s, &clock, from_port, req, len, out)   > 0: a reply
 *     ntp_server_stamp(&s, out, utc of its leaving)
 *     ntp_server_seal(&s, out)                                 the last thing
 *     when its frame has left: ntp_server_left(&s, out, len, utc)
 *
 * Behaves as chronyd: versions 1 to 4 are echoed, later ones get silence;
 * mode 3 is answered with 4, mode 1 with 2, mode 0 of version 1 with 4. What
 * chronyd drops (other modes, fields that are malformed, a MAC of a key that
 * we cannot have) gets silence, so that two servers never answer each other.
 * A reply is as long as a header and never longer than its request; one to a
 * request of NTS (nts_server.h) is exactly as long as that. The transmit stamp
 * lies in what is authenticated, so whoever puts it adds the time that
 * ntp_server_seal will take.
 *
 * Of a client nothing is kept by its address. Interleaved mode finds the
 * previous reply by its receive stamp in a ring of the latest ones: receive
 * stamps have their lowest bit set and are not repeated, transmit stamps have
 * it clear, so that a request tells by its origin what it wants.
 *
 * Everything in a request is outside input. The caller owns the struct. */
#ifndef NTP_SERVER_H
#define NTP_SERVER_H

#include "limit.h"
#include "ntp_reference.h"
#include "ntp_wire.h"
#include "nts_server.h"
#include "nts_sessions.h"

#define NTP_SERVER_REQUEST_MAX (NTP_HEADER + 1092) /* longer: silence        */

/* chrony's local line: the clock that is served where no source is heard. */
struct ntp_local {
    bool on;
    uint8_t stratum;
    double distance_s;   /* root distance from which on it is served        */
    double activate_s;   /* not before the distance was once this; 0: at once */
    double waitsynced_s; /* so long after the last update at the least      */
    double waitunsynced_s; /* so long after boot, if never synchronised      */
};

/* Whether local's clock is served, which is remembered. All zero at first. */
struct ntp_local_state {
    bool activated;
};

/* Puts local's words in place of those of a clock that is not set, or whose
 * root distance is beyond its own. `since_ns`: since the last update, or since
 * boot where there was none. Returns true if it did. */
bool ntp_local_apply(const struct ntp_local *l, struct ntp_local_state *state,
                     span_ns since_ns, ntp64 now, struct ntp_reference *ref);

enum ntp_server_silence {
    NTP_SILENCE_FORM, /* no request that anybody answers                     */
    NTP_SILENCE_NTS,  /* fields of NTS that make no request, or NTS is off   */
};

struct ntp_server_stamps { /* of one reply                                   */
    ntp64 receive;  /* in it                                                */
    ntp64 transmit; /* when it left; 0: not known, or told already           */
};

struct ntp_server {
    struct ntp_server_stamps ring[LIMIT_SERVER_STAMPS];
    uint32_t next, held; /* where the next pair goes; how many there are   */
    uint16_t noise[32];  /* random bits for what is below the precision    */
    uint8_t noise_left;  /* words of it not used                          */
    int8_t precision;    /* of the last reply, for its other stamp         */
    int8_t min_poll;     /* log2 s that every reply asks for at the least  */
    struct nts_cookie_jar *jar; /* the caller's; NULL: NTS is not served    */
    struct nts_sessions *sessions; /* the caller's; NULL: no limit           */
    bool sealing;               /* the last reply is not sealed yet         */
    struct nts_session session; /* then: its keys                          */
    uint64_t interleaved, authenticated, naks; /* replies                  */
    enum ntp_server_silence silence; /* why there was no reply              */
};

struct ntp_server_clock { /* at the request's arrival                        */
    struct ntp_reference ref;
    ntp64 receive; /* UTC of it                                             */
};

/* Makes a server that has answered nobody. */
void ntp_server_init(struct ntp_server *s, int8_t min_poll);

/* Forgets the stamps of replies, because the clock was stepped. */
void ntp_server_forget(struct ntp_server *s);

/* Returns the seconds between the oldest and the latest stamp that is kept. */
uint32_t ntp_server_span_s(const struct ntp_server *s);

/* Answers a request of len bytes that came from this port. Returns the length
 * of the reply in out (room for NTP_SERVER_REQUEST_MAX bytes), which never is
 * more than len, or 0: silence, and s->silence says why. */
size_t ntp_server_reply(struct ntp_server *s, const struct ntp_server_clock *c,
                        uint16_t from_port, const uint8_t *req, size_t len,
                        uint8_t *out);

/* Answers with RATE (RFC 5905 section 7.4) what ntp_server_reply would have
 * answered, but for a NAK, in whose place there is silence. Same result. */
size_t ntp_server_kiss(struct ntp_server *s, const struct ntp_server_clock *c,
                       uint16_t from_port, const uint8_t *req, size_t len,
                       uint8_t *out);

/* Tells whether a request that is beyond its address's limit is an NTS
 * client's, who is within it by its own session (nts_sessions.h): then
 * ntp_server_reply may answer. Costs no more than to open the cookie. */
bool ntp_server_vouches(struct ntp_server *s, const uint8_t *req, size_t len,
                        const struct clientlog_limit *limit, mono_ns now);

/* Puts the time at which a reply leaves into it, unless it is an interleaved
 * one, which tells when the previous one left. */
void ntp_server_stamp(struct ntp_server *s, uint8_t *out, ntp64 transmit);

/* Returns how many cookies the reply holds that is to be sealed, and in *aead
 * for which AEAD; 0: it is a plain one or a NAK. */
unsigned ntp_server_cookies(const struct ntp_server *s, uint16_t *aead);

/* Authenticates a reply where its request was, after ntp_server_stamp; nothing
 * may be written into it any more. Returns RC_OK, or RC_SPACE: there is no
 * library memory, and it must not be sent. */
int ntp_server_seal(struct ntp_server *s, uint8_t *out) MUST_CHECK;

/* Notes when a reply left, for interleaved mode: when it was handed over. */
void ntp_server_left(struct ntp_server *s, const uint8_t *msg, size_t len,
                     ntp64 transmit);

/* Notes when that reply began to leave on the wire, which a driver learns after
 * ntp_server_left. Has no effect once a client was told the former. */
void ntp_server_on_wire(struct ntp_server *s, const uint8_t *msg, size_t len,
                        ntp64 transmit);

#endif
