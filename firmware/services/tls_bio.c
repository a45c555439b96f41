#include "tls_bio.h"

#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>

#include "lwip/tcp.h"

static struct {
    enum tls_bio_state state;
    struct tcp_pcb *pcb; /* NULL once lwIP has freed it                     */
    struct pbuf *rx;     /* what arrived and was not read                   */
} bio;

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg;
    (void)pcb;
    (void)err; /* always ERR_OK: failures come through on_error */
    bio.state = TLS_BIO_OPEN;
    return ERR_OK;
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                         err_t err)
{
    (void)arg;
    (void)pcb;
    (void)err;
    if (!p)
        bio.state = TLS_BIO_EOF;
    else if (bio.rx)
        pbuf_cat(bio.rx, p); /* at most TCP_WND in all: tot_len is 16 bits */
    else
        bio.rx = p;
    return ERR_OK;
}

/* lwIP has freed the pcb, or will when this returns. */
static void on_error(void *arg, err_t err)
{
    (void)arg;
    (void)err;
    bio.pcb = NULL;
    bio.state = bio.state == TLS_BIO_CONNECTING ? TLS_BIO_REFUSED
                                                : TLS_BIO_RESET;
}

int tls_bio_open(const struct net_addr *addr, uint16_t port)
{
    ASSERT(bio.state == TLS_BIO_CLOSED);
    ip_addr_t ip;
    net_addr_to_lwip(addr, &ip);
    bio.pcb = tcp_new_ip_type(IP_GET_TYPE(&ip));
    if (!bio.pcb)
        return RC_SPACE;
    tcp_recv(bio.pcb, on_received);
    tcp_err(bio.pcb, on_error);
    tcp_nagle_disable(bio.pcb);
    bio.state = TLS_BIO_CONNECTING;
    if (tcp_connect(bio.pcb, &ip, port, on_connected) == ERR_OK)
        return RC_OK;
    tls_bio_close();
    return RC_IO;
}

enum tls_bio_state tls_bio_state(void)
{
    return bio.state;
}

void tls_bio_close(void)
{
    if (bio.pcb) {
        tcp_recv(bio.pcb, NULL);
        tcp_err(bio.pcb, NULL);
        if (bio.state == TLS_BIO_CONNECTING || tcp_close(bio.pcb) != ERR_OK)
            tcp_abort(bio.pcb);
    }
    if (bio.rx)
        (void)pbuf_free(bio.rx);
    bio.pcb = NULL;
    bio.rx = NULL;
    bio.state = TLS_BIO_CLOSED;
}

int tls_bio_send(void *unused, const unsigned char *buf, size_t len)
{
    (void)unused;
    if (!bio.pcb)
        return MBEDTLS_ERR_NET_CONN_RESET;
    size_t room = tcp_sndbuf(bio.pcb);
    if (len > room)
        len = room;
    if (len == 0)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    err_t err = tcp_write(bio.pcb, buf, (u16_t)len, TCP_WRITE_FLAG_COPY);
    if (err == ERR_MEM)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    if (err != ERR_OK)
        return MBEDTLS_ERR_NET_CONN_RESET;
    (void)tcp_output(bio.pcb); /* ERR_MEM: TCP's own timer tries again */
    return (int)len;
}

int tls_bio_recv(void *unused, unsigned char *buf, size_t len)
{
    (void)unused;
    if (!bio.rx) {
        if (bio.state == TLS_BIO_EOF)
            return 0;
        return bio.pcb ? MBEDTLS_ERR_SSL_WANT_READ
                       : MBEDTLS_ERR_NET_CONN_RESET;
    }
    u16_t want = len > bio.rx->tot_len ? bio.rx->tot_len : (u16_t)len;
    u16_t n = pbuf_copy_partial(bio.rx, buf, want, 0);
    bio.rx = pbuf_free_header(bio.rx, n);
    if (bio.pcb)
        tcp_recved(bio.pcb, n);
    return n;
}
