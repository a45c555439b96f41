#include "net_tcp.h"

#include "core/limit.h"
#include "lwip/tcp.h"
#include "net_private.h"

/* ---- lwIP's callbacks ---------------------------------------------------- */

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct net_tcp *t = arg;
    (void)pcb;
    (void)err; /* always ERR_OK: failures come through on_error */
    t->state = NET_TCP_OPEN;
    return ERR_OK;
}

/* lwIP takes a place away from whoever has less than a new connection: one of
 * a stranger from nobody but those that are closing (TCP_PRIO_MIN). */
#define PRIO_STRANGER 32
#define PRIO_HUMBLE   16 /* not even that: net_tcp_listener.humble          */
static_assert(PRIO_HUMBLE > TCP_PRIO_MIN && PRIO_STRANGER < TCP_PRIO_NORMAL,
              "ours before theirs");

static unsigned unread_limit(const struct tcp_pcb *pcb)
{
    return pcb->prio <= PRIO_STRANGER ? LIMIT_TCP_UNREAD_IN : LIMIT_TCP_UNREAD;
}

/* Refused data stays lwIP's, which takes nothing more meanwhile and offers it
 * again: a peer that sends single bytes may not hold all frames. */
static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                         err_t err)
{
    struct net_tcp *t = arg;
    (void)err;
    if (p && t->rx && pbuf_clen(t->rx) >= unread_limit(pcb))
        return ERR_MEM;
    if (!p)
        t->state = NET_TCP_EOF;
    else if (t->rx)
        pbuf_cat(t->rx, p); /* at most TCP_WND in all: tot_len is 16 bits */
    else
        t->rx = p;
    return ERR_OK;
}

/* lwIP has freed the pcb, or will when this returns. */
static void on_error(void *arg, err_t err)
{
    struct net_tcp *t = arg;
    (void)err;
    t->pcb = NULL;
    t->state = t->state == NET_TCP_CONNECTING ? NET_TCP_REFUSED : NET_TCP_RESET;
}

static void adopt(struct net_tcp *t, struct tcp_pcb *pcb,
                  enum net_tcp_state state)
{
    t->pcb = pcb;
    t->state = state;
    tcp_arg(pcb, t);
    tcp_recv(pcb, on_received);
    tcp_err(pcb, on_error);
    tcp_nagle_disable(pcb);
}

/* ---- a connection -------------------------------------------------------- */

int net_tcp_connect(struct net_tcp *t, const struct addr *to, uint16_t port)
{
    ASSERT(t->state == NET_TCP_CLOSED);
    const ip_addr_t ip = net_to_lwip(to);
    if (!net_has_source(&ip))
        return RC_IO;
    struct tcp_pcb *pcb = tcp_new_ip_type(IP_GET_TYPE(&ip));
    if (!pcb)
        return RC_SPACE;
    adopt(t, pcb, NET_TCP_CONNECTING);
    err_t err = tcp_connect(pcb, &ip, port, on_connected);
    if (err == ERR_OK)
        return RC_OK;
    net_tcp_abort(t);
    return err == ERR_MEM || err == ERR_BUF ? RC_SPACE : RC_IO;
}

int net_tcp_read(struct net_tcp *t, uint8_t *buf, size_t cap)
{
    struct pbuf *rx = t->rx;
    if (!rx) {
        if (t->state == NET_TCP_EOF)
            return 0;
        return t->pcb ? RC_AGAIN : RC_IO;
    }
    u16_t want = cap > rx->tot_len ? rx->tot_len : (u16_t)cap;
    u16_t n = pbuf_copy_partial(rx, buf, want, 0);
    t->rx = pbuf_free_header(rx, n);
    if (t->pcb)
        tcp_recved(t->pcb, n);
    return n;
}

int net_tcp_write(struct net_tcp *t, const uint8_t *buf, size_t len)
{
    if (!t->pcb)
        return RC_IO;
    size_t room = tcp_sndbuf((struct tcp_pcb *)t->pcb);
    if (len > room)
        len = room;
    if (len == 0)
        return RC_AGAIN;
    err_t err = tcp_write(t->pcb, buf, (u16_t)len, TCP_WRITE_FLAG_COPY);
    if (err == ERR_MEM)
        return RC_AGAIN;
    if (err != ERR_OK)
        return RC_IO;
    (void)tcp_output(t->pcb); /* ERR_MEM: TCP's own timer tries again */
    return (int)len;
}

size_t net_tcp_room(const struct net_tcp *t)
{
    return t->pcb ? tcp_sndbuf((struct tcp_pcb *)t->pcb) : 0;
}

bool net_tcp_delivered(const struct net_tcp *t)
{
    const struct tcp_pcb *pcb = t->pcb;
    return !pcb || (!pcb->unsent && !pcb->unacked);
}

/* From now on lwIP tells us nothing of it. Returns the pcb, if there is one
 * still. */
static struct tcp_pcb *let_go(struct net_tcp *t)
{
    struct tcp_pcb *pcb = t->pcb;
    if (pcb) {
        tcp_arg(pcb, NULL);
        tcp_recv(pcb, NULL);
        tcp_err(pcb, NULL);
    }
    if (t->rx)
        (void)pbuf_free(t->rx);
    *t = (struct net_tcp){0};
    return pcb;
}

/* A peer that does not take what we have written keeps our memory no longer. */
#define LINGER 8 /* lwIP's half seconds */
static err_t on_lingered(void *arg, struct tcp_pcb *pcb)
{
    (void)arg;
    tcp_abort(pcb);
    return ERR_ABRT;
}

void net_tcp_close(struct net_tcp *t)
{
    bool connecting = t->state == NET_TCP_CONNECTING;
    /* What was not read is let go of by us, or lwIP would say it with a reset,
     * which the peer may hear before it has read our last words. */
    if (t->rx && t->pcb)
        tcp_recved(t->pcb, ((struct pbuf *)t->rx)->tot_len);
    struct tcp_pcb *pcb = let_go(t);
    if (!pcb)
        return;
    tcp_poll(pcb, on_lingered, LINGER);
    /* Where no pcb is free, a new connection takes the place of one that has
     * been waiting longest for its peer's last word. */
    tcp_setprio(pcb, TCP_PRIO_MIN);
    if (connecting || tcp_close(pcb) != ERR_OK)
        tcp_abort(pcb);
}

void net_tcp_abort(struct net_tcp *t)
{
    struct tcp_pcb *pcb = let_go(t);
    if (pcb)
        tcp_abort(pcb);
}

/* ---- a listener ---------------------------------------------------------- */

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct net_tcp_listener *l = arg;
    if (err != ERR_OK || !pcb) /* a pool is empty: lwIP has dropped it */
        return ERR_VAL;
    const struct addr from = net_from_lwip(&pcb->remote_ip);
    struct net_tcp *t = l->accept(l->arg, &from, pcb->remote_port);
    if (!t) {
        tcp_abort(pcb);
        return ERR_ABRT; /* by which lwIP knows that pcb is gone */
    }
    ASSERT(t->state == NET_TCP_CLOSED);
    adopt(t, pcb, NET_TCP_OPEN);
    return ERR_OK;
}

int net_tcp_listen(struct net_tcp_listener *l, uint16_t port)
{
    ASSERT(!l->pcb && l->accept);
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
    if (!pcb)
        return RC_SPACE;
    struct tcp_pcb *small = NULL; /* what lwIP makes of one that listens */
    tcp_setprio(pcb, l->humble ? PRIO_HUMBLE : PRIO_STRANGER);
    if (tcp_bind(pcb, IP_ANY_TYPE, port) == ERR_OK)
        small = tcp_listen_with_backlog(pcb, LIMIT_TCP_BEGUN);
    if (!small) {
        tcp_abort(pcb);
        return RC_SPACE;
    }
    l->pcb = small;
    tcp_arg(small, l);
    tcp_accept(small, on_accept);
    return RC_OK;
}

void net_tcp_unlisten(struct net_tcp_listener *l)
{
    if (!l->pcb)
        return;
    err_t err = tcp_close(l->pcb); /* a listener's never fails */
    ASSERT(err == ERR_OK);
    l->pcb = NULL;
}
