#include "ntp_udp.h"

#include "adapters/net_udp.h"
#include "core/limit.h"

static struct {
    void (*sent)(unsigned slot, uint64_t stamp);
    void (*left)(unsigned slot, uint64_t stamp);
    void (*received)(unsigned slot, uint64_t stamp, const uint8_t *msg,
                     size_t len);
    struct net_udp socket[LIMIT_SOURCES];
} udp;

static unsigned slot_of(const void *socket)
{
    return (unsigned)((const struct net_udp *)socket - udp.socket);
}

static void on_sent(void *socket, uint64_t stamp, const uint8_t *msg,
                    size_t len)
{
    (void)msg; /* a socket carries one request */
    (void)len;
    udp.sent(slot_of(socket), stamp);
}

static void on_wire(void *socket, uint64_t stamp, const uint8_t *msg,
                    size_t len)
{
    (void)msg;
    (void)len;
    udp.left(slot_of(socket), stamp);
}

static void on_received(void *socket, const struct net_udp_datagram *d)
{
    if (d->len <= LIMIT_NTP_PACKET)
        udp.received(slot_of(socket), d->stamp, d->msg, d->len);
}

void ntp_udp_init(uint8_t dscp, void (*sent)(unsigned slot, uint64_t stamp),
                  void (*left)(unsigned slot, uint64_t stamp),
                  void (*received)(unsigned slot, uint64_t stamp,
                                   const uint8_t *msg, size_t len))
{
    udp.sent = sent;
    udp.left = left;
    udp.received = received;
    for (unsigned i = 0; i < LIMIT_SOURCES; i++)
        udp.socket[i] = (struct net_udp){
            .arg = &udp.socket[i],
            .received = on_received,
            .sent = on_sent,
            .left = on_wire,
            .dscp = dscp,
        };
}

int ntp_udp_send(unsigned slot, const struct addr *to, uint16_t port,
                 const uint8_t *msg, size_t len)
{
    ASSERT(slot < LIMIT_SOURCES && len <= LIMIT_NTP_PACKET);
    struct net_udp *u = &udp.socket[slot];
    net_udp_close(u);
    int rc = net_udp_open(u, 0);
    if (rc != RC_OK)
        return rc;
    net_udp_connect(u, to, port);
    return net_udp_send(u, to, port, msg, len);
}
