/* tls_client.h -- the client's role of TLS: whom it trusts, whom it wants to
 * talk to, and how certificates are judged (RFC 8915 sections 3 and 4).
 *
 *     tls_client_open -> tls_client_step ... RC_OK
 *     -> tls_session_* on tls_client_session(n) -> tls_session_close
 *
 * There are LIMIT_TLS_SESSIONS of them; n says which, and whoever opened it
 * is the only one to use it until it is closed. */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include "core/addr.h"
#include "core/bootstrap.h"
#include "core/status.h"
#include "tls_session.h"

/* For the TCP connection of one session, and again for its TLS handshake. A
 * server may give less: chrony closes 2 s after it accepted. */
#define TLS_CLIENT_TIMEOUT (INT64_C(5) * 1000000000)

/* Is called once, after tls_platform_init. system_certs: set 0 holds the
 * image's bundle of certificates, too. */
void tls_client_init(bool system_certs);

/* Reads a file of certificates, PEM or DER (chrony's ntstrustedcerts): each
 * that we can use joins the set, as long as there is room. Returns how many
 * of it the set now holds, or RC_BAD: none in it can be used, RC_SPACE: none
 * of it fits. */
int tls_trust(uint32_t certset, const uint8_t *file, size_t len) MUST_CHECK;
/* Says what of that file is not used and why, in one line; "" if all is. */
const char *tls_trust_reason(void);

/* Begins a TCP connection and on it TLS 1.3 with ALPN ntske/1 and a name
 * check on `name`, which the server is told unless it is an address literal;
 * that is looked for among the certificate's addresses. Returns RC_OK;
 * RC_STATE: session n is open already; RC_IO, RC_SPACE, RC_BAD: nothing is
 * open and tls_client_reason says why. */
int tls_client_open(unsigned n, const char *name, const struct addr *addr,
                    uint16_t port, uint32_t certset,
                    const struct cert_clock *clock) MUST_CHECK;

/* Tells whether the TCP connection stands: RC_OK; RC_AGAIN: not yet; RC_IO: it
 * was refused, and tls_client_reason says so. */
int tls_client_connected(unsigned n) MUST_CHECK;

/* Does at most one step of the handshake or verifies one signature, some
 * 40 ms on a Pi 2. Returns
 * RC_AGAIN; RC_OK: it is done, everything verified, ALPN agreed; RC_AUTH,
 * RC_IO, RC_TIMEOUT, RC_BAD, RC_SPACE: it failed and tls_client_reason says
 * why; RC_STATE: there is none under way. */
int tls_client_step(unsigned n, mono_ns now) MUST_CHECK;

/* Returns session n, open or not, for what tls_session.h does with it. Every
 * tls_client_open that was RC_OK needs its close or abort there. */
struct tls_session *tls_client_session(unsigned n);

/* Returns what both ends of the verified chain allow, Unix seconds: the
 * latest notBefore and the earliest notAfter. */
void tls_client_window(unsigned n, int64_t *lo, int64_t *hi);

/* Returns why a session failed, one line for a person ("certificate is for
 * another name (wanted ...)"). To be asked for before the session is closed;
 * the text then stands until the next tls_client_open of that n. */
const char *tls_client_reason(unsigned n);

/* Returns how many handshakes have succeeded since start. */
uint32_t tls_client_handshakes(void);
/* Fills TLS's section of the snapshot. */
void tls_client_status(struct status_tls *out);

#endif
