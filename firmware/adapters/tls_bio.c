#include "tls_bio.h"

#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>

#include "lwip/tcp.h"
#include "net_private.h"

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct tls_bio *b = arg;
    (void)pcb;
    (void)err; /* always ERR_OK: failures come through on_error */
    b->state = TLS_BIO_OPEN;
    return ERR_OK;
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                         err_t err)
{
    struct tls_bio *b = arg;
    (void)pcb;
    (void)err;
    if (!p)
        b->state = TLS_BIO_EOF;
    else if (b->rx)
        pbuf_cat(b->rx, p); /* at most TCP_WND in all: tot_len is 16 bits */
    else
        b->rx = p;
    return ERR_OK;
}

/* lwIP has freed the pcb, or will when this returns. */
static void on_error(void *arg, err_t err)
{
    struct tls_bio *b = arg;
    (void)err;
    b->pcb = NULL;
    b->state = b->state == TLS_BIO_CONNECTING ? TLS_BIO_REFUSED : TLS_BIO_RESET;
}

int tls_bio_open(struct tls_bio *b, const struct addr *addr, uint16_t port)
{
    ASSERT(b->state == TLS_BIO_CLOSED);
    const ip_addr_t ip = net_to_lwip(addr);
    b->pcb = tcp_new_ip_type(IP_GET_TYPE(&ip));
    if (!b->pcb)
        return RC_SPACE;
    tcp_arg(b->pcb, b);
    tcp_recv(b->pcb, on_received);
    tcp_err(b->pcb, on_error);
    tcp_nagle_disable(b->pcb);
    b->state = TLS_BIO_CONNECTING;
    if (tcp_connect(b->pcb, &ip, port, on_connected) == ERR_OK)
        return RC_OK;
    tls_bio_close(b);
    return RC_IO;
}

void tls_bio_close(struct tls_bio *b)
{
    if (b->pcb) {
        tcp_arg(b->pcb, NULL);
        tcp_recv(b->pcb, NULL);
        tcp_err(b->pcb, NULL);
        if (b->state == TLS_BIO_CONNECTING || tcp_close(b->pcb) != ERR_OK)
            tcp_abort(b->pcb);
    }
    if (b->rx)
        (void)pbuf_free(b->rx);
    b->pcb = NULL;
    b->rx = NULL;
    b->state = TLS_BIO_CLOSED;
}

int tls_bio_send(void *bio, const unsigned char *buf, size_t len)
{
    struct tls_bio *b = bio;
    if (!b->pcb)
        return MBEDTLS_ERR_NET_CONN_RESET;
    size_t room = tcp_sndbuf(b->pcb);
    if (len > room)
        len = room;
    if (len == 0)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    err_t err = tcp_write(b->pcb, buf, (u16_t)len, TCP_WRITE_FLAG_COPY);
    if (err == ERR_MEM)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    if (err != ERR_OK)
        return MBEDTLS_ERR_NET_CONN_RESET;
    (void)tcp_output(b->pcb); /* ERR_MEM: TCP's own timer tries again */
    return (int)len;
}

int tls_bio_recv(void *bio, unsigned char *buf, size_t len)
{
    struct tls_bio *b = bio;
    if (!b->rx) {
        if (b->state == TLS_BIO_EOF)
            return 0;
        return b->pcb ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_NET_CONN_RESET;
    }
    u16_t want = len > b->rx->tot_len ? b->rx->tot_len : (u16_t)len;
    u16_t n = pbuf_copy_partial(b->rx, buf, want, 0);
    b->rx = pbuf_free_header(b->rx, n);
    if (b->pcb)
        tcp_recved(b->pcb, n);
    return n;
}
