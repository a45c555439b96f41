#include "ntp_udp.h"

#include <string.h>

#include "core/limit.h"
#include "core/bytes.h"
#include "core/crypto.h"
#include "lwip/udp.h"

#define PORT_LOW   1024 /* RFC 6056: the whole range that is not reserved */
#define PORT_TRIES 8

static struct {
    const struct ntp_udp_ops *ops;
    struct udp_pcb *pcb[LIMIT_SOURCES];
} udp;

/* A frame of ours? Ethernet, then IPv4 with any options or IPv6 without
 * extension headers, then UDP: what lwIP makes of udp_sendto. */
static uint16_t udp_source_port(const uint8_t *f, size_t len)
{
    const size_t eth = 14;
    size_t ip;
    if (len < eth + 20)
        return 0;
    uint16_t type = bytes_get16(f + 12);
    if (type == 0x0800 && f[eth + 9] == IP_PROTO_UDP)
        ip = (size_t)(f[eth] & 15) * 4;
    else if (type == 0x86dd && f[eth + 6] == IP_PROTO_UDP)
        ip = 40;
    else
        return 0;
    return len < eth + ip + 8 ? 0 : bytes_get16(f + eth + ip);
}

static void frame_left(const uint8_t *frame, size_t len, uint64_t stamp)
{
    uint16_t port = udp_source_port(frame, len);
    for (unsigned i = 0; port && i < LIMIT_SOURCES; i++)
        if (udp.pcb[i] && udp.pcb[i]->local_port == port)
            udp.ops->sent(i, stamp);
}

void ntp_udp_init(const struct ntp_udp_ops *ops)
{
    udp.ops = ops;
    net_watch_tx(frame_left);
}

static void on_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                        const ip_addr_t *from, u16_t port)
{
    (void)pcb;
    (void)from; /* connected: lwIP has checked both */
    (void)port;
    unsigned slot = (unsigned)((struct udp_pcb **)arg - udp.pcb);
    uint8_t msg[LIMIT_NTP_PACKET];
    uint16_t len = pbuf_copy_partial(p, msg, sizeof msg, 0);
    bool whole = p->tot_len <= sizeof msg;
    uint64_t stamp = net_rx_stamp(p);
    pbuf_free(p);
    if (whole)
        udp.ops->received(slot, stamp, msg, len);
}

static int bind_random(struct udp_pcb *pcb)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        uint8_t r[2];
        if (crypto_random(r, sizeof r) != RC_OK)
            return RC_BAD;
        uint16_t port = bytes_get16(r);
        if (port >= PORT_LOW && udp_bind(pcb, IP_ANY_TYPE, port) == ERR_OK)
            return RC_OK;
    }
    return RC_SPACE;
}

void ntp_udp_close(unsigned slot)
{
    ASSERT(slot < LIMIT_SOURCES);
    if (udp.pcb[slot])
        udp_remove(udp.pcb[slot]);
    udp.pcb[slot] = NULL;
}

static int open_to(unsigned slot, const struct addr *to, uint16_t port)
{
    ntp_udp_close(slot);
    struct udp_pcb *pcb = udp_new_ip_type(IPADDR_TYPE_ANY);
    if (!pcb)
        return RC_SPACE;
    int rc = bind_random(pcb);
    ip_addr_t ip;
    net_addr_to_lwip(to, &ip);
    if (rc == RC_OK && udp_connect(pcb, &ip, port) != ERR_OK)
        rc = RC_IO;
    if (rc != RC_OK) {
        udp_remove(pcb);
        return rc;
    }
    udp.pcb[slot] = pcb;
    udp_recv(pcb, on_datagram, &udp.pcb[slot]);
    return RC_OK;
}

int ntp_udp_send(unsigned slot, const struct addr *to, uint16_t port,
                 const uint8_t *msg, size_t len)
{
    ASSERT(slot < LIMIT_SOURCES && len <= LIMIT_NTP_PACKET);
    int rc = open_to(slot, to, port);
    if (rc != RC_OK)
        return rc;
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
    if (!p)
        return RC_SPACE;
    memcpy(p->payload, msg, len);
    err_t err = udp_send(udp.pcb[slot], p);
    pbuf_free(p);
    return err == ERR_OK ? RC_OK : err == ERR_MEM ? RC_SPACE : RC_IO;
}
