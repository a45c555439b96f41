/* tls_session_private.h -- what the roles of a TLS session build on. For
 * tls_*.c alone. */
#ifndef TLS_SESSION_PRIVATE_H
#define TLS_SESSION_PRIVATE_H

#include <mbedtls/ssl.h>

#include "net_tcp.h"
#include "tls_session.h"

enum tls_phase {
    TLS_CLOSED,
    TLS_HANDSHAKE, /* TCP's included: our key share is made meanwhile        */
    TLS_OPEN,
    TLS_FAILED, /* until it is closed                                        */
};

struct tls_session { /* all zero: closed                                     */
    enum tls_phase phase;
    unsigned arena; /* its own (tls_platform.h); set by the role             */
    unsigned refused; /* of its blocks, before it began                      */
    mbedtls_ssl_context ssl;
    struct net_tcp tcp;
    mono_ns deadline; /* of the handshake; 0: not yet known                  */
    bool waiting;
    int error;        /* why it failed, Mbed TLS's code; 0: reason says it    */
    char reason[128]; /* for a person; kept until the next session            */
};

#define TLS_SESSION_ALPN "ntske/1" /* RFC 8915 section 4                     */

/* Makes what both roles want of TLS: version 1.3, the protocol's name, P-256
 * first (the cheapest for us, and what a client makes a key share for), our
 * random numbers, and no verification by Mbed TLS: tls_verify does that, one
 * signature a step, and clients have no certificate. The endpoint is
 * MBEDTLS_SSL_IS_CLIENT or _SERVER. Returns RC_OK; RC_STATE: no memory. */
int tls_session_configure(mbedtls_ssl_config *f, int endpoint) MUST_CHECK;

/* Makes a closed session, whose arena is set, ready to connect or to be
 * accepted into. */
void tls_session_prepare(struct tls_session *s);

/* Begins the handshake over s->tcp, which is CONNECTING or OPEN before the
 * first step; conf stays
 * the role's while the session lives. Returns RC_OK; RC_SPACE: the arena is
 * full, and the session has failed. */
int tls_session_begin(struct tls_session *s,
                      const mbedtls_ssl_config *conf) MUST_CHECK;

/* Does at most one step of the handshake, some 20 ms on a Pi 2; timeout is
 * for TCP and TLS together and runs from the first step. Returns RC_AGAIN;
 * RC_OK: the session is open; RC_AUTH: the peer's certificate was refused,
 * RC_IO, RC_TIMEOUT, RC_BAD: it has failed, error or reason says why; RC_SPACE:
 * for want of memory, which says nothing of the peer; RC_STATE: there is no
 * handshake under way. */
int tls_session_step(struct tls_session *s, mono_ns now,
                     mono_ns timeout) MUST_CHECK;

/* Notes that the session has failed, and why unless it is NULL. Returns rc, or
 * RC_SPACE: it lacked memory, which is the reason then. */
int tls_session_fail(struct tls_session *s, int rc, const char *why);

#endif
