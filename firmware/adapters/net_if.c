#include "net.h"

#include <string.h>

#include "core/limit.h"
#include "lwip/mld6.h"
#include "lwip/pbuf.h"
#include "net_private.h"
#include "port.h"

#define PER_POLL 16

/* lwIP holds what TCP has not read, or has got out of order, or could not give
 * to a reader who has enough. */
#define TCP_EACH (LIMIT_TCP_UNREAD + 1 + LIMIT_TCP_DISORDER)
static_assert(LIMIT_RX_FRAMES >=
                  (LIMIT_TLS_SESSIONS + 1) * TCP_EACH +
                      (LIMIT_TCP_OWN - LIMIT_TLS_SESSIONS - 1) *
                          LIMIT_TCP_DISORDER +
                      (LIMIT_KE_SESSIONS + LIMIT_HTTP_CONNECTIONS) *
                          (LIMIT_TCP_UNREAD_IN + 1) +
                      LIMIT_MDNS_STORED + PER_POLL,
              "every open connection, those that are closing, and one turn of "
              "other frames");

struct rx_frame {
    struct pbuf_custom pbuf; /* first: a pbuf of ours is found from its own */
    uint64_t stamp;
    bool used;
    uint8_t b[NET_FRAME_CAP];
};

static struct rx_frame rx[LIMIT_RX_FRAMES];
static struct {
    uint16_t len;
    uint8_t b[NET_FRAME_CAP];
} tx[LIMIT_TX_FRAMES];
static unsigned tx_first, tx_count;
static uint32_t dropped, frames;

uint32_t net_dropped(void)
{
    return dropped;
}

/* ---- out ----------------------------------------------------------------- */

/* The last frame's, before the next one takes its place. */
static void look_on_wire(void)
{
    uint64_t stamp;
    if (port_eth_left(&stamp) == RC_OK)
        net_udp_frame_on_wire(stamp);
}

/* True: the frame is gone, well or badly; false: the MAC is busy. */
static bool hand_over(const uint8_t *frame, size_t len)
{
    uint64_t stamp = 0;
    if (!net_udp_may_leave(frame, len))
        return true;
    look_on_wire();
    int rc = port_eth_send(frame, len, &stamp);
    if (rc == RC_AGAIN)
        return false;
    if (rc != RC_OK)
        dropped++;
    else
        net_udp_frame_left(frame, len, stamp);
    return true;
}

static void drain(void)
{
    while (tx_count && hand_over(tx[tx_first].b, tx[tx_first].len)) {
        tx_first = (tx_first + 1) % LIMIT_TX_FRAMES;
        tx_count--;
    }
}

uint32_t net_if_frame(void)
{
    return frames;
}

bool net_if_busy(void)
{
    return tx_count > 0;
}

void net_if_flush(void)
{
    dropped += tx_count;
    tx_count = 0;
}

static err_t link_output(struct netif *n, struct pbuf *p)
{
    net_filter_leaves(n, p->payload, p->len);
    drain();
    if (tx_count == 0 && !p->next && hand_over(p->payload, p->len))
        return ERR_OK;
    if (tx_count == LIMIT_TX_FRAMES || p->tot_len > PORT_FRAME_MAX) {
        dropped++;
        return ERR_MEM;
    }
    unsigned i = (tx_first + tx_count++) % LIMIT_TX_FRAMES;
    tx[i].len = pbuf_copy_partial(p, tx[i].b, p->tot_len, 0);
    drain();
    return ERR_OK;
}

/* ---- in ------------------------------------------------------------------ */

static void release(struct pbuf *p)
{
    ((struct rx_frame *)(void *)p)->used = false;
}

uint64_t net_rx_stamp(const struct pbuf *p)
{
    for (size_t i = 0; i < LIMIT_RX_FRAMES; i++)
        if (p == &rx[i].pbuf.pbuf)
            return rx[i].stamp;
    return port_ticks(); /* lwIP's own copy: no frame, no better stamp */
}

static struct rx_frame *free_frame(void)
{
    for (size_t i = 0; i < LIMIT_RX_FRAMES; i++)
        if (!rx[i].used)
            return &rx[i];
    return NULL;
}

/* With every frame of ours in lwIP's hands, what comes in is lost, as on any
 * host that is out of buffers. */
static bool discard(void)
{
    static uint8_t waste[NET_FRAME_CAP];
    uint64_t stamp;
    if (port_eth_recv(waste, sizeof waste, &stamp) < 0)
        return false;
    dropped++;
    return true;
}

static bool take_one(struct netif *n)
{
    struct rx_frame *f = free_frame();
    if (!f)
        return discard();
    int got = port_eth_recv(f->b, PORT_FRAME_MAX, &f->stamp);
    if (got <= 0)
        return false;
    size_t len = (size_t)got;
    if (!net_filter_passes(n, f->b, &len))
        return true;
    f->used = true;
    frames++;
    f->pbuf.custom_free_function = release;
    struct pbuf *p = pbuf_alloced_custom(PBUF_RAW, (u16_t)len, PBUF_REF,
                                         &f->pbuf, f->b, sizeof f->b);
    ASSERT(p == &f->pbuf.pbuf);
    net_filter_hearing(f->b, len);
    if (n->input(p, n) != ERR_OK)
        (void)pbuf_free(p);
    net_filter_hearing(NULL, 0);
    return true;
}

bool net_if_poll(struct netif *n)
{
    look_on_wire();
    drain();
    for (int i = 0; i < PER_POLL; i++)
        if (!take_one(n))
            return tx_count > 0;
    return true;
}

/* ---- multicast ----------------------------------------------------------- */

static struct {
    uint8_t mac[LIMIT_GROUPS][6];
    uint8_t users[LIMIT_GROUPS]; /* two groups may share an address          */
    size_t count;
} groups;

static void leave(size_t i)
{
    if (--groups.users[i] > 0)
        return;
    groups.count--;
    groups.users[i] = groups.users[groups.count];
    memmove(groups.mac[i], groups.mac[groups.count], 6);
}

static void join(const uint8_t mac[6])
{
    ASSERT(groups.count < LIMIT_GROUPS); /* lwIP has no more to join */
    memcpy(groups.mac[groups.count], mac, 6);
    groups.users[groups.count++] = 1;
}

static err_t group_changed(const uint8_t mac[6],
                           enum netif_mac_filter_action action)
{
    size_t i = 0;
    while (i < groups.count && memcmp(groups.mac[i], mac, 6) != 0)
        i++;
    if (i == groups.count && action == NETIF_ADD_MAC_FILTER)
        join(mac);
    else if (i < groups.count && action == NETIF_ADD_MAC_FILTER)
        groups.users[i]++;
    else if (i < groups.count)
        leave(i);
    port_eth_groups((const uint8_t(*)[6])groups.mac, groups.count);
    return ERR_OK;
}

/* RFC 2464 section 7: 33-33 and the group's last four bytes. */
static err_t group6(struct netif *n, const ip6_addr_t *group,
                    enum netif_mac_filter_action action)
{
    uint8_t mac[6] = {0x33, 0x33};
    (void)n;
    memcpy(mac + 2, &group->addr[3], 4);
    return group_changed(mac, action);
}

/* RFC 1112 section 6.4: 01-00-5e and the group's last 23 bits. */
static err_t group4(struct netif *n, const ip4_addr_t *group,
                    enum netif_mac_filter_action action)
{
    uint8_t mac[6] = {0x01, 0x00, 0x5e};
    (void)n;
    memcpy(mac + 3, (const uint8_t *)&group->addr + 1, 3);
    mac[3] &= 0x7f;
    return group_changed(mac, action);
}

/* Every node is in this one without asking (RFC 4291 section 2.8). */
static void hear_all_nodes(struct netif *n)
{
    ip6_addr_t all;
    ip6_addr_set_allnodes_linklocal(&all);
    (void)group6(n, &all, NETIF_ADD_MAC_FILTER);
}

err_t net_if_init(struct netif *n)
{
    n->name[0] = 'e';
    n->name[1] = 'n';
    n->mtu = 1500;
    n->hwaddr_len = 6;
    port_eth_mac(n->hwaddr);
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
               NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
    n->output = net_filter_output4;
    n->output_ip6 = net_filter_output6;
    n->linkoutput = link_output;
    n->mld_mac_filter = group6;
    n->igmp_mac_filter = group4;
    memset(&groups, 0, sizeof groups);
    hear_all_nodes(n);
    return ERR_OK;
}
