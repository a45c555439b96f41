/* Who our neighbours are does not change because somebody says so: lwIP takes
 * any ARP packet and any advertisement for the newest word. The neighbour that
 * we know is asked first, and only when it does not answer is the address up
 * for whoever answers next (in the spirit of RFC 5227 section 2.4). A router
 * that takes over an address from one that is gone is followed after some
 * seconds; who takes over one that still answers is not. This is order, not
 * security: whoever answers first is believed, and whoever can also silence
 * the other is believed in the end. */
#include <string.h>

#include "core/bytes.h"
#include "core/mono.h"
#include "lwip/etharp.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/prot/nd6.h"
#include "net_hooks.h"
#include "net_private.h"
#include "netif/ethernet.h"
#include "port.h"

#define ASK_EACH MONO_S
#define ASK_MOST 3
#define ETH      14
#define NA       (ETH + 40) /* its ICMPv6 header                             */
#define NA_TYPES 24         /* bytes of it before the options                */

/* ---- ARP ----------------------------------------------------------------- */

static struct claim { /* to the address of lwIP's entry of the same number   */
    ip4_addr_t ip;
    struct eth_addr mac; /* of the neighbour that we know                  */
    uint8_t asked; /* how often it was asked without an answer             */
    bool open;     /* it never answered: the next who says so has it       */
    mono_ns next;  /* not asked before                                     */
} claims[ARP_TABLE_SIZE];

void net_neighbour_forget(void)
{
    memset(claims, 0, sizeof claims);
}

static struct eth_addr *mac_of(struct netif *n, const ip4_addr_t *ip,
                               struct claim **claim)
{
    struct eth_addr *mac;
    const ip4_addr_t *same;
    ssize_t i = etharp_find_addr(n, ip, &mac, &same);
    if (i < 0)
        return NULL;
    *claim = &claims[i];
    if (!ip4_addr_eq(&claims[i].ip, ip) || !eth_addr_eq(&claims[i].mac, mac))
        claims[i] = (struct claim){.ip = *ip, .mac = *mac};
    return mac;
}

/* Whoever is at `mac` alone is asked. */
static void ask(struct netif *n, const ip4_addr_t *ip, struct eth_addr *mac)
{
    struct pbuf *p = pbuf_alloc(PBUF_LINK, SIZEOF_ETHARP_HDR, PBUF_RAM);
    if (!p)
        return;
    uint8_t *b = p->payload;
    memset(b, 0, SIZEOF_ETHARP_HDR);
    memcpy(b, (const uint8_t[6]){0, 1, 8, 0, 6, 4}, 6);
    bytes_put16(b + 6, ARP_REQUEST);
    memcpy(b + 8, n->hwaddr, 6);
    memcpy(b + 14, &netif_ip4_addr(n)->addr, 4);
    memcpy(b + 24, &ip->addr, 4);
    (void)ethernet_output(n, p, (const struct eth_addr *)n->hwaddr, mac,
                          ETHTYPE_ARP);
    (void)pbuf_free(p);
}

bool net_neighbour_arp(struct netif *n, const uint8_t *frame)
{
    ip4_addr_t ip;
    struct claim *c;
    memcpy(&ip.addr, frame + ETH + 14, 4);
    struct eth_addr *mac = mac_of(n, &ip, &c);
    if (!mac)
        return true;
    if (memcmp(mac->addr, frame + ETH + 8, 6) == 0 || c->open) {
        c->asked = 0;
        c->open = false;
        return true;
    }
    mono_ns now = port_mono();
    if (c->asked == 0 && now - c->next >= 0) {
        c->asked = 1;
        c->next = now + ASK_EACH;
        ask(n, &ip, mac);
    }
    return false;
}

static void ask_again(struct netif *n, struct claim *c, mono_ns now)
{
    struct claim *same;
    const ip4_addr_t ip = c->ip;
    struct eth_addr *mac = mac_of(n, &ip, &same);
    if (!mac || same != c) {
        *c = (struct claim){.asked = 0};
        return;
    }
    c->next = now + ASK_EACH;
    if (c->asked < ASK_MOST) {
        c->asked++;
        ask(n, &ip, mac);
    } else {
        c->asked = 0;
        c->open = true;
        (void)etharp_request(n, &ip); /* everybody */
    }
}

mono_ns net_neighbour_poll(struct netif *n, mono_ns now)
{
    mono_ns next = MONO_NEVER;
    for (size_t i = 0; i < ARP_TABLE_SIZE; i++) {
        struct claim *c = &claims[i];
        if (c->asked > 0 && now - c->next >= 0)
            ask_again(n, c, now);
        if (c->asked > 0)
            next = mono_min(next, c->next);
    }
    return next;
}

/* ---- neighbour discovery ------------------------------------------------- */

static struct nd6_neighbor_cache_entry *entry(const ip6_addr_t *ip)
{
    for (size_t i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++)
        if (neighbor_cache[i].state != ND6_NO_ENTRY &&
            ip6_addr_eq(ip, &neighbor_cache[i].next_hop_address))
            return &neighbor_cache[i];
    return NULL;
}

/* The target's link-layer address option (RFC 4861 section 4.6.1), or NULL. */
static const uint8_t *target_mac(const uint8_t *options, size_t len)
{
    while (len >= 8 && options[1] != 0) {
        size_t size = (size_t)options[1] * 8;
        if (options[0] == ND6_OPTION_TYPE_TARGET_LLADDR)
            return options + 2;
        if (size > len)
            break;
        options += size;
        len -= size;
    }
    return NULL;
}

/* Unreachability detection asks the neighbour that we know, by itself alone,
 * and starts over from a question to all when it does not answer (section
 * 7.3.3). */
bool net_neighbour_advertised(struct netif *n, const uint8_t *frame, size_t len)
{
    ip6_addr_t target = {.zone = 0};
    if (len < NA + NA_TYPES)
        return false;
    memcpy(target.addr, frame + NA + 8, 16);
    ip6_addr_assign_zone(&target, IP6_UNICAST, n);
    struct nd6_neighbor_cache_entry *e = entry(&target);
    const uint8_t *mac = target_mac(frame + NA + NA_TYPES, len - NA - NA_TYPES);
    if (!e || e->state == ND6_INCOMPLETE || !mac ||
        memcmp(mac, e->lladdr, 6) == 0)
        return true;
    if (e->state != ND6_PROBE) {
        e->state = ND6_PROBE;
        e->counter.probes_sent = 0;
    }
    return false;
}
