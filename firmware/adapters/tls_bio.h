/* tls_bio.h -- the bytes below TLS: a connection over lwIP's raw TCP, seen
 * through Mbed TLS's send and receive callbacks. Private to tls*.c.
 *
 *     open -> CONNECTING -> OPEN -> (EOF | RESET) -> close
 *                      \-> REFUSED
 *
 * lwIP's callbacks run from net_poll and only queue; nothing here waits.
 * Received pbufs stay lwIP's until they are read, and the window opens by
 * what was read, so a peer can hold no more than TCP_WND bytes of ours. The
 * caller owns the struct and leaves it where it is while it is open. */
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

struct tls_bio { /* all zero: closed; state is readable                      */
    enum tls_bio_state state;
    struct tcp_pcb *pcb; /* NULL once lwIP has freed it                     */
    struct pbuf *rx;     /* what arrived and was not read                   */
};

/* RC_OK, RC_SPACE: no connection free, RC_IO: no route to it. */
int tls_bio_open(struct tls_bio *b, const struct addr *addr,
                 uint16_t port) MUST_CHECK;
void tls_bio_close(struct tls_bio *b);

/* Mbed TLS's f_send and f_recv, bio a struct tls_bio: bytes moved,
 * MBEDTLS_ERR_SSL_WANT_READ or WANT_WRITE, 0 at the end of the stream,
 * MBEDTLS_ERR_NET_CONN_RESET. */
int tls_bio_send(void *bio, const unsigned char *buf, size_t len) MUST_CHECK;
int tls_bio_recv(void *bio, unsigned char *buf, size_t len) MUST_CHECK;

#endif
