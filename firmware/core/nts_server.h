/* nts_server.h -- the server's half of NTS for NTP (RFC 8915 section 5): what a
 * request's extension fields ask for, and those of the reply.
 *
 *     nts_server_read(req, len, &r)           the fields, found and weighed
 *     nts_server_open(jar, req, &r, scratch, &session)
 *     nts_server_put(jar, &session, req, &r, out, len)   or nts_server_put_nak
 *     nts_server_seal(&session, out)          when the transmit stamp is in out
 *
 * The header is the caller's (ntp_server.h). A request is looked through once
 * and never copied, a reply is made where it leaves from, and is exactly as
 * long as its request. As chronyd: fields that make no request of NTS get
 * silence, a cookie that does not open or an authenticator that does not fit
 * it a NAK, and there are eight cookies at most, however many are asked for.
 * Unlike chronyd, a unique identifier under the 32 bytes of section 5.3 gets
 * silence.
 *
 * Everything in a request is outside input. The caller owns all memory; a
 * session holds keys until nts_server_seal or nts_server_forget. */
#ifndef NTS_SERVER_H
#define NTS_SERVER_H

#include "nts_auth.h"
#include "nts_cookie.h"

#define NTS_SERVER_UID_MIN 32

struct nts_request { /* a request's fields, in place                        */
    bool nts;        /* there is one of NTS; else the rest is of no use     */
    const uint8_t *cookie;
    size_t cookie_len;
    unsigned cookies; /* asked for: the cookie and its placeholders         */
    size_t uid_end;   /* where in the packet the last unique id ends       */
    struct ntp_ef auth;
};

struct nts_session { /* of one reply                                        */
    struct nts_cookie_keys keys;
    uint8_t nonce[CRYPTO_BLOCK];
    size_t auth_at, text_len, len; /* of the reply                          */
    unsigned cookies;              /* in it                                 */
};

/* Read the extension fields of a packet of version 4. Returns RC_OK; RC_BAD:
 * malformed, or fields of NTS that make no request, which get silence. */
int nts_server_read(const uint8_t *req, size_t len,
                    struct nts_request *r) MUST_CHECK;

/* Open the cookie and verify the authenticator of a request that was read.
 * scratch has room for as many bytes as the request has. Returns RC_OK;
 * RC_AUTH: it gets a NAK; RC_BAD: silence, because of what it holds
 * encrypted. */
int nts_server_open(struct nts_cookie_jar *jar, const uint8_t *req,
                    const struct nts_request *r, uint8_t *scratch,
                    struct nts_session *s) MUST_CHECK;

/* Put the fields of the reply behind its header, but for the seal. out has
 * room for len bytes, as many as the request has. Returns len, or 0: a reply
 * would be longer, and nothing is to be sent. */
size_t nts_server_put(struct nts_cookie_jar *jar, struct nts_session *s,
                      const uint8_t *req, const struct nts_request *r,
                      uint8_t *out, size_t len);
/* Put the fields of a NAK behind its header: the unique identifier, and nothing
 * is sealed. Returns its length, or 0. */
size_t nts_server_put_nak(const uint8_t *req, const struct nts_request *r,
                          uint8_t *out, size_t len);

/* Authenticate the reply, which must not change after it, and forget the
 * session. Returns RC_OK, or RC_SPACE, and it must not be sent. */
int nts_server_seal(struct nts_session *s, uint8_t *out) MUST_CHECK;
/* Wipe the session's keys, which is what nts_server_seal ends with. */
void nts_server_forget(struct nts_session *s);

#endif
