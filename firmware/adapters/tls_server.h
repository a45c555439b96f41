/* tls_server.h -- the server's role of TLS: our keys and certificates, and
 * sessions over connections that strangers have made (RFC 8915 sections 3, 4).
 *
 *     tls_server_add ... for each pair on the card, at start
 *     accept into *tls_server_tcp(n) -> tls_server_open
 *     -> tls_server_step ... RC_OK
 *     -> tls_session_* on tls_server_session(n) -> tls_session_close
 *
 * There are LIMIT_KE_SESSIONS of them, each with an arena of its own that the
 * client's sessions do not share: n says which. TLS 1.3 and nothing else; a
 * client that does not offer ntske/1 is refused before it costs us arithmetic.
 * The server name that a client asks for chooses among the pairs; without one,
 * or with one that no certificate has, the first pair is taken whose key the
 * client can verify with. */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include "core/status.h"
#include "net_tcp.h"
#include "tls_session.h"

/* Forgets all pairs. Is called once, after tls_platform_init. */
void tls_server_init(void);

/* Reads a certificate with those between it and a root, PEM or DER, and its
 * private key, PEM or DER, unencrypted; a file may hold both. Fills in what is
 * to be known of the pair. Returns RC_OK, and out->trouble is what is odd about
 * it, though it is used; RC_BAD: it is not used, and out->trouble says why;
 * RC_SPACE: likewise, since there is no room. */
int tls_server_add(const uint8_t *cert, size_t cert_len, const uint8_t *key,
                   size_t key_len, struct status_ke_pair *out) MUST_CHECK;

/* Returns how many pairs can be used. */
unsigned tls_server_pairs(void);

/* Returns the connection of session n, to accept into while it is closed. */
struct net_tcp *tls_server_tcp(unsigned n);

/* Begins TLS on the connection that was accepted. Returns RC_OK; RC_SPACE or
 * RC_STATE: it cannot, and the session is closed again. */
int tls_server_open(unsigned n) MUST_CHECK;

/* Does at most one step of the handshake: as tls_session_step; RC_OK means
 * ALPN ntske/1, too. deadline is for TCP, TLS and what follows. */
int tls_server_step(unsigned n, mono_ns now, mono_ns deadline) MUST_CHECK;

/* Ends a session that has failed so that the client still gets the alert that
 * says why. */
void tls_server_refuse(unsigned n);

/* Returns session n, open or not, for what tls_session.h does with it. */
struct tls_session *tls_server_session(unsigned n);

/* Fills in what the arenas hold and have held. */
void tls_server_status(struct status_ke *out);

#endif
