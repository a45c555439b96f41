/* tls_session.h -- a TLS 1.3 session over TCP once its role has opened it
 * (tls_client.h): bytes in and out, keying material, the end.
 *
 * Nothing blocks. Whoever opened a session is the only one to use it until it
 * is closed. Bytes read come from the peer, which has proved who it is. */
#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include "core/base.h"

struct tls_session;

/* Tells whether the last step, read or write stopped for want of the network.
 * If not, the session can go on at once. */
bool tls_session_waiting(const struct tls_session *s);

/* Tells whether the session has lacked memory of ours since it began. Then it
 * is failing or has failed for that reason, whatever else it seems to be, and
 * nothing is known of the peer. */
bool tls_session_short(const struct tls_session *s);

/* Sends up to len bytes. Returns how many; RC_AGAIN: call again with the same
 * bytes; RC_IO: the session has failed; RC_STATE: it is not open (yet). */
int tls_session_write(struct tls_session *s, const uint8_t *buf,
                      size_t len) MUST_CHECK;

/* Reads up to cap bytes. Returns how many, 0: the peer has closed; RC_AGAIN:
 * nothing yet; RC_IO: the session has failed; RC_STATE: it is not open. */
int tls_session_read(struct tls_session *s, uint8_t *buf,
                     size_t cap) MUST_CHECK;

/* Exports keying material (RFC 8446 section 7.5). Returns RC_OK; RC_BAD: the
 * session has failed; RC_STATE: it is not open. */
int tls_session_export(struct tls_session *s, const char *label,
                       const uint8_t *context, size_t context_len, uint8_t *out,
                       size_t len) MUST_CHECK;

/* Ends a session in order: the peer is told, and TCP still delivers what was
 * written. A session that failed or never was open is aborted instead. Does
 * nothing to one that is closed. */
void tls_session_close(struct tls_session *s);

/* Ends a session of which nothing more is wanted, as after a time-out: TCP
 * resets it, and what lwIP held for it is free at once. */
void tls_session_abort(struct tls_session *s);

#endif
