/* tls_bio.h -- the bytes below TLS: one connection over lwIP's raw TCP, seen
 * through Mbed TLS's send and receive callbacks. Private to tls*.c.
 *
 *     open -> CONNECTING -> OPEN -> (EOF | RESET) -> close
 *                      \-> REFUSED
 *
 * lwIP's callbacks run from net_poll and only queue; nothing here waits.
 * Received pbufs stay lwIP's until they are read, and the window opens by
 * what was read, so a peer can hold no more than TCP_WND bytes of ours. */
#ifndef TLS_BIO_H
#define TLS_BIO_H

#include "net.h"

enum tls_bio_state {
    TLS_BIO_CLOSED,
    TLS_BIO_CONNECTING,
    TLS_BIO_OPEN,
    TLS_BIO_EOF,     /* the peer will send no more; queued bytes remain     */
    TLS_BIO_REFUSED, /* reset before it was open                            */
    TLS_BIO_RESET,   /* reset, or given up by TCP                           */
};

/* RC_OK, RC_SPACE: no connection free, RC_IO: no route to it. */
int tls_bio_open(const struct net_addr *addr, uint16_t port) MUST_CHECK;
enum tls_bio_state tls_bio_state(void);
void tls_bio_close(void);

/* Mbed TLS's f_send and f_recv: bytes moved, MBEDTLS_ERR_SSL_WANT_READ or
 * WANT_WRITE, 0 at the end of the stream, MBEDTLS_ERR_NET_CONN_RESET. */
int tls_bio_send(void *unused, const unsigned char *buf,
                 size_t len) MUST_CHECK;
int tls_bio_recv(void *unused, unsigned char *buf, size_t len) MUST_CHECK;

#endif
