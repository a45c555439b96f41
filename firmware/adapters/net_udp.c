#include "net_udp.h"

#include <string.h>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/limit.h"
#include "lwip/ip.h"
#include "lwip/udp.h"
#include "net_private.h"
#include "port.h"

#define PORT_LOW   1024 /* RFC 6056: the whole range that is not reserved  */
#define PORT_TRIES 8
#define ETH        14
#define IP6        40
#define UDP        8

static_assert(ETH + IP6 + UDP + NET_UDP_MAX == PORT_FRAME_MAX,
              "the longest datagram fills a frame");

static_assert(MEM_SIZE >= LIMIT_SOURCES * (LIMIT_NTP_PACKET + 128),
              "each source's request may wait for an address resolution");

static struct net_udp *first; /* of the open ones */

/* The datagram that was handed to the MAC last. */
static struct {
    struct net_udp *from; /* NULL: nobody wants to know more of it           */
    size_t len;
    uint8_t msg[NET_UDP_LEFT];
} last;

/* ---- stamps of what left ------------------------------------------------- */

/* Where a frame's UDP header is, 0: there is none. Ethernet, then IPv4 with
 * any options or IPv6 without extension headers, then UDP: all that lwIP
 * makes of a datagram. */
static size_t udp_header(const uint8_t *f, size_t len)
{
    size_t ip;
    if (len < ETH + 20)
        return 0;
    uint16_t type = bytes_get16(f + 12);
    if (type == 0x0800 && f[ETH + 9] == IP_PROTO_UDP)
        ip = (size_t)(f[ETH] & 15) * 4;
    else if (type == 0x86dd && f[ETH + 6] == IP_PROTO_UDP)
        ip = IP6;
    else
        return 0;
    return len < ETH + ip + UDP ? 0 : ETH + ip;
}

bool net_udp_may_leave(const uint8_t *frame, size_t len)
{
    size_t at = udp_header(frame, len);
    if (at == 0)
        return true;
    for (const struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next)
        if (pcb->local_port == bytes_get16(frame + at))
            return true;
    return false;
}

void net_udp_frame_left(const uint8_t *frame, size_t len, uint64_t stamp)
{
    size_t at = udp_header(frame, len);
    last.from = NULL;
    if (at == 0)
        return;
    const uint8_t *msg = frame + at + UDP;
    size_t msg_len = bytes_get16(frame + at + 4);
    ASSERT(msg_len >= UDP && at + msg_len <= len); /* lwIP wrote it */
    for (struct net_udp *u = first; u; u = u->next) {
        const struct udp_pcb *pcb = u->pcb;
        if (pcb->local_port != bytes_get16(frame + at))
            continue;
        if (u->left) {
            last.from = u;
            last.len = msg_len - UDP;
            if (last.len > sizeof last.msg)
                last.len = sizeof last.msg;
            memcpy(last.msg, msg, last.len);
        }
        if (u->sent)
            u->sent(u->arg, stamp, msg, msg_len - UDP);
        return; /* no two sockets share a port */
    }
}

void net_udp_frame_on_wire(uint64_t stamp)
{
    struct net_udp *u = last.from;
    last.from = NULL;
    if (u)
        u->left(u->arg, stamp, last.msg, last.len);
}

/* ---- sockets ------------------------------------------------------------- */

static void on_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                        const ip_addr_t *from, u16_t port)
{
    struct net_udp *u = arg;
    (void)pcb;
    const struct net_udp_datagram d = {
        .from = net_from_lwip(from),
        .to = net_from_lwip(ip_current_dest_addr()),
        .from_port = port,
        .stamp = net_rx_stamp(p),
        .msg = p->payload,
        .len = p->len,
    };
    if (!p->next) /* always: a frame is one pbuf, and nothing is reassembled */
        u->received(u->arg, &d);
    (void)pbuf_free(p);
}

static int bind_random(struct udp_pcb *pcb)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        uint8_t r[2];
        if (crypto_random(r, sizeof r) != RC_OK)
            return RC_STATE;
        uint16_t port = bytes_get16(r);
        if (port >= PORT_LOW && udp_bind(pcb, IP_ANY_TYPE, port) == ERR_OK)
            return RC_OK;
    }
    return RC_SPACE;
}

int net_udp_open(struct net_udp *u, uint16_t port)
{
    ASSERT(!u->pcb && u->received);
    struct udp_pcb *pcb = udp_new_ip_type(IPADDR_TYPE_ANY);
    if (!pcb)
        return RC_SPACE;
    int rc = port == 0                                    ? bind_random(pcb)
             : udp_bind(pcb, IP_ANY_TYPE, port) == ERR_OK ? RC_OK
                                                          : RC_SPACE;
    if (rc != RC_OK) {
        udp_remove(pcb);
        return rc;
    }
    pcb->tos = (uint8_t)(u->dscp << 2);
    udp_recv(pcb, on_datagram, u);
    u->pcb = pcb;
    u->next = first;
    first = u;
    return RC_OK;
}

void net_udp_connect(struct net_udp *u, const struct addr *peer, uint16_t port)
{
    const ip_addr_t ip = net_to_lwip(peer);
    ASSERT(u->pcb);
    err_t err = udp_connect(u->pcb, &ip, port);
    ASSERT(err == ERR_OK); /* it is bound */
}

static struct pbuf *packed(const uint8_t *msg, size_t len)
{
    ASSERT(len <= NET_UDP_MAX);
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
    if (p)
        memcpy(p->payload, msg, len);
    return p;
}

static int sent_as(struct pbuf *p, err_t err)
{
    (void)pbuf_free(p);
    return err == ERR_OK ? RC_OK : err == ERR_MEM ? RC_SPACE : RC_IO;
}

int net_udp_send(struct net_udp *u, const struct addr *to, uint16_t port,
                 const uint8_t *msg, size_t len)
{
    const ip_addr_t ip = net_to_lwip(to);
    ASSERT(u->pcb);
    if (!net_has_source(&ip))
        return RC_IO;
    struct pbuf *p = packed(msg, len);
    if (!p)
        return RC_SPACE;
    return sent_as(p, udp_sendto(u->pcb, p, &ip, port));
}

int net_udp_reply(struct net_udp *u, const struct net_udp_datagram *d,
                  const uint8_t *msg, size_t len)
{
    const ip_addr_t to = net_to_lwip(&d->from), from = net_to_lwip(&d->to);
    ASSERT(u->pcb);
    struct netif *n = ip_current_netif();
    if (!n || ip_addr_ismulticast(&from) || ip_addr_isbroadcast(&from, n))
        return net_udp_send(u, &d->from, d->from_port, msg, len);
    struct pbuf *p = packed(msg, len);
    if (!p)
        return RC_SPACE;
    return sent_as(p,
                   udp_sendto_if_src(u->pcb, p, &to, d->from_port, n, &from));
}

void net_udp_close(struct net_udp *u)
{
    if (!u->pcb)
        return;
    if (last.from == u)
        last.from = NULL;
    for (struct net_udp **at = &first; *at; at = &(*at)->next)
        if (*at == u) {
            *at = u->next;
            break;
        }
    udp_remove(u->pcb);
    u->pcb = NULL;
    u->next = NULL;
}
