/* Strangers: what of theirs lwIP gets to see, and what becomes of its answers
 * to them. A frame of theirs may cost the time to look at it, never a place in
 * a table or a queue that our own requests need. */
#include <string.h>

#include "core/bucket.h"
#include "core/bytes.h"
#include "core/limit.h"
#include "core/rdnss.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/ip.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/tcp.h"
#include "lwip/priv/nd6_priv.h"
#include "net_hooks.h"
#include "net_private.h"
#include "netif/ethernet.h"
#include "port.h"
#include "services/log.h"

#define EACH    (20 * MONO_MS) /* between answers to strangers ...           */
#define DEPTH   50             /* ... after so many at once                  */
#define ETH     14
#define IP4     20
#define IP6     40
#define MEETING (60 * MONO_S)  /* of all routers, after the link came up      */
#define RIVAL   (600 * MONO_S) /* another host is taken to be there for it   */
#define ROUTERS 4
#define MUTE    4 /* requests for a gateway's Ethernet address in a row       */

static struct {
    struct bucket answers, neighbours;
    const uint8_t *hearing; /* the frame that lwIP has in hand; NULL: none   */
    size_t len;             /* of it                                         */
    struct eth_addr from;
    mono_ns link_up;
    mono_ns rival;  /* when another host last said our address its own       */
    unsigned asked; /* for the gateway's Ethernet address, in a row          */
    struct router {
        ip6_addr_t ip;
        bool leads; /* it has said that it is a way to elsewhere             */
    } router[ROUTERS]; /* met on this link                                    */
    unsigned routers;  /* ever; the first ROUTERS of them fill                */
    bool ended;        /* one that led says that it does not any more         */
} f;

void net_filter_link_up(mono_ns now)
{
    memset(&f, 0, sizeof f);
    f.link_up = now;
}

/* ---- in ------------------------------------------------------------------ */

/* 802.1Q: a tag of VLAN 0 says only how urgent the frame is. */
static bool untagged(uint8_t *b, size_t *len)
{
    if (*len < ETH + 4 || bytes_get16(b + 12) != ETHTYPE_VLAN)
        return true;
    if ((bytes_get16(b + 14) & 0xfff) != 0)
        return false;
    memmove(b + 12, b + 16, *len - 16);
    *len -= 4;
    return true;
}

static bool knows4(struct netif *n, const ip4_addr_t *hop)
{
    struct eth_addr *mac;
    const ip4_addr_t *ip;
    return etharp_find_addr(n, hop, &mac, &ip) >= 0;
}

/* Who asks for our address is told, strangers from their bucket. */
static bool arp_passes(struct netif *n, const uint8_t *b, size_t len)
{
    ip4_addr_t from, target;
    if (len < ETH + SIZEOF_ETHARP_HDR)
        return false;
    memcpy(&from.addr, b + ETH + 14, 4);
    memcpy(&target.addr, b + ETH + 24, 4);
    if (ip4_addr_eq(&from, netif_ip4_addr(n)) && !ip4_addr_isany_val(from) &&
        memcmp(b + ETH + 8, n->hwaddr, 6) != 0) {
        f.rival = port_mono();
        log_limited(&f,
                    "another host has our IPv4 address, too: "
                    "%02x:%02x:%02x:%02x:%02x:%02x",
                    b[ETH + 8], b[ETH + 9], b[ETH + 10], b[ETH + 11],
                    b[ETH + 12], b[ETH + 13]);
    }
    if (!net_neighbour_arp(n, b))
        return false;
    if (bytes_get16(b + ETH + 6) != ARP_REQUEST ||
        !ip4_addr_eq(&target, netif_ip4_addr(n)))
        return true;
    return knows4(n, &from) ||
           bucket_take(&f.neighbours, port_mono(), EACH, DEPTH);
}

bool net_filter_is_mute(struct netif *n, const ip4_addr_t *router)
{
    if (knows4(n, router))
        f.asked = 0;
    return f.asked >= MUTE;
}

void net_filter_leaves(struct netif *n, const uint8_t *b, size_t len)
{
    ip4_addr_t target;
    if (len < ETH + SIZEOF_ETHARP_HDR || bytes_get16(b + 12) != ETHTYPE_ARP ||
        bytes_get16(b + ETH + 6) != ARP_REQUEST)
        return;
    memcpy(&target.addr, b + ETH + 24, 4);
    if (ip4_addr_eq(&target, netif_ip4_gw(n)) && f.asked < MUTE)
        f.asked++;
}

bool net_filter_has_rival(void)
{
    return f.rival != 0 && port_mono() - f.rival < RIVAL;
}

static const struct nd6_neighbor_cache_entry *neighbour(const ip6_addr_t *ip)
{
    for (size_t i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++)
        if (neighbor_cache[i].state != ND6_NO_ENTRY &&
            ip6_addr_eq(ip, &neighbor_cache[i].next_hop_address))
            return &neighbor_cache[i];
    return NULL;
}

static bool solicitation_passes(struct netif *n, const ip6_addr_t *from,
                                const uint8_t *icmp)
{
    ip6_addr_t target = {.zone = 0};
    memcpy(target.addr, icmp + 8, 16);
    ip6_addr_assign_zone(&target, IP6_UNICAST, n);
    if (netif_get_ip6_addr_match(n, &target) < 0)
        return false;
    return neighbour(from) ||
           bucket_take(&f.neighbours, port_mono(), EACH, DEPTH);
}

static bool answers_solicitations(const struct nd6_neighbor_cache_entry *e)
{
    return (e->state != ND6_INCOMPLETE && e->state != ND6_PROBE) ||
           e->counter.probes_sent <= LWIP_ND6_MAX_MULTICAST_SOLICIT;
}

static bool router_alive(void)
{
    for (size_t i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
        const struct nd6_router_list_entry *r = &default_router_list[i];
        if (r->neighbor_entry && r->invalidation_timer > 1 &&
            answers_solicitations(r->neighbor_entry))
            return true;
    }
    return false;
}

bool net_filter_has_router(void)
{
    return router_alive();
}

/* The routers of a link are met when it has come up; later ones are heard
 * when none of those answers any more. Otherwise anybody could be one, and
 * give us prefixes until no place is left for the true ones. */
static struct router *met(const ip6_addr_t *from)
{
    unsigned n = f.routers < ROUTERS ? f.routers : ROUTERS;
    for (unsigned i = 0; i < n; i++)
        if (ip6_addr_eq(&f.router[i].ip, from))
            return &f.router[i];
    bool meeting = port_mono() - f.link_up < MEETING && n < ROUTERS;
    if (!meeting && router_alive())
        return NULL;
    struct router *new = &f.router[f.routers++ % ROUTERS];
    *new = (struct router){.ip = *from};
    return new;
}

static bool router_passes(const ip6_addr_t *from, unsigned lifetime_s)
{
    struct router *r = met(from);
    if (!r)
        return false;
    f.ended = f.ended || (r->leads && lifetime_s == 0);
    r->leads = r->leads || lifetime_s > 0;
    return true;
}

/* It may not have been the router who said it: it is asked. */
bool net_filter_router_ended(void)
{
    bool ended = f.ended;
    f.ended = false;
    return ended;
}

static bool icmp6_passes(struct netif *n, const uint8_t *b, size_t len)
{
    const uint8_t *icmp = b + ETH + IP6;
    ip6_addr_t from = {.zone = 0};
    if (len < ETH + IP6 + 8)
        return false;
    memcpy(from.addr, b + ETH + 8, 16);
    ip6_addr_assign_zone(&from, IP6_UNICAST, n);
    switch (icmp[0]) {
    case ICMP6_TYPE_RD: /* a router's advice that we can do without          */
        return false;
    case ICMP6_TYPE_PTB: /* RFC 8201 section 4                               */
        return bytes_get32(icmp + 4) >= IP6_MIN_MTU_LENGTH;
    case ICMP6_TYPE_NS:
        return len >= ETH + IP6 + 24 && solicitation_passes(n, &from, icmp);
    case ICMP6_TYPE_NA:
        return net_neighbour_advertised(n, b, len);
    case ICMP6_TYPE_RA:
        if (!ip6_addr_islinklocal(&from) || b[ETH + 7] != ND6_HOPLIM ||
            !router_passes(&from, bytes_get16(icmp + 6)))
            return false;
        net_own6_advertised(n, icmp, len - ETH - IP6);
        return true;
    default:
        return true;
    }
}

bool net_filter_passes(struct netif *n, uint8_t *frame, size_t *len)
{
    if (*len < ETH || !untagged(frame, len))
        return false;
    uint16_t type = bytes_get16(frame + 12);
    if (type == ETHTYPE_ARP)
        return arp_passes(n, frame, *len);
    if (type == ETHTYPE_IPV6 && *len >= ETH + IP6) {
        net_own6_heard(n, frame + ETH);
        if (frame[ETH + 6] == IP6_NEXTH_ICMP6)
            return icmp6_passes(n, frame, *len);
    }
    if (type == ETHTYPE_IP && !net_dhcp_passes(n, frame, len))
        return false;
    return (type != ETHTYPE_IP && type != ETHTYPE_IPV6) ||
           net_mdns_passes(n, frame, *len);
}

void net_filter_hearing(const uint8_t *frame, size_t len)
{
    f.hearing = frame;
    f.len = len;
    if (frame)
        memcpy(f.from.addr, frame + 6, sizeof f.from.addr);
}

uint32_t net_filter_rdnss(const ip6_addr_t *server)
{
    if (!f.hearing || f.len < ETH + IP6)
        return 0;
    return rdnss_lifetime(f.hearing + ETH + IP6, f.len - ETH - IP6,
                          (const uint8_t *)server->addr);
}

/* ---- out ----------------------------------------------------------------- */

static bool is_reset(const struct pbuf *p, size_t at)
{
    const uint8_t *b = p->payload;
    return p->len >= at + TCP_HLEN && (b[at + 13] & TCP_RST);
}

static bool is_answer4(const struct pbuf *p)
{
    const uint8_t *b = p->payload;
    return b[9] == IP_PROTO_ICMP ||
           (b[9] == IP_PROTO_TCP && is_reset(p, (size_t)(b[0] & 15) * 4));
}

static bool is_answer6(const struct pbuf *p)
{
    const uint8_t *b = p->payload;
    if (b[6] == IP6_NEXTH_ICMP6 && p->len > IP6)
        return b[IP6] < ICMP6_TYPE_EREQ || b[IP6] == ICMP6_TYPE_EREP;
    return b[6] == IP6_NEXTH_TCP && is_reset(p, IP6);
}

/* To a sender whose frame is in hand and who is no neighbour of ours: back to
 * where his frame came from. An answer to anybody else who is not known: to
 * nobody. */
static err_t to_stranger(struct netif *n, struct pbuf *p, bool back,
                         uint16_t type)
{
    if (!back || (f.from.addr[0] & 1))
        return ERR_RTE;
    return ethernet_output(n, p, (const struct eth_addr *)n->hwaddr, &f.from,
                           type);
}

static bool may_answer(void)
{
    return !net_if_busy() && bucket_take(&f.answers, port_mono(), EACH, DEPTH);
}

/* As etharp_output finds it. */
static const ip4_addr_t *next_hop(struct netif *n, const ip4_addr_t *to)
{
    if (ip4_addr_net_eq(to, netif_ip4_addr(n), netif_ip4_netmask(n)) ||
        ip4_addr_islinklocal(to))
        return to;
    const ip4_addr_t *via = net_next_hop(to);
    return via ? via : netif_ip4_gw(n);
}

err_t net_filter_output4(struct netif *n, struct pbuf *p, const ip4_addr_t *to)
{
    bool answer = is_answer4(p);
    bool back = f.hearing && ip4_addr_eq(to, ip4_current_src_addr());
    if (answer && !may_answer())
        return ERR_MEM;
    if ((answer || back) && !knows4(n, next_hop(n, to)))
        return to_stranger(n, p, back, ETHTYPE_IP);
    return etharp_output(n, p, to);
}

static bool knows6(const ip6_addr_t *to)
{
    for (size_t i = 0; i < LWIP_ND6_NUM_DESTINATIONS; i++) {
        if (!ip6_addr_eq(to, &destination_cache[i].destination_addr))
            continue;
        const struct nd6_neighbor_cache_entry *e =
            neighbour(&destination_cache[i].next_hop_addr);
        return e && e->state != ND6_INCOMPLETE;
    }
    return false;
}

err_t net_filter_output6(struct netif *n, struct pbuf *p, const ip6_addr_t *to)
{
    bool answer = is_answer6(p);
    bool back = f.hearing && ip6_addr_eq(to, ip6_current_src_addr());
    if (answer && !may_answer())
        return ERR_MEM;
    if ((answer || back) && !knows6(to))
        return to_stranger(n, p, back, ETHTYPE_IPV6);
    if (!answer && !back && p->len >= IP6)
        net_own6_leaves(n, p->payload);
    return ethip6_output(n, p, to);
}
