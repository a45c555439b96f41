#include "net.h"

#include <string.h>

#include "core/limit.h"
#include "arch/cc.h"
#include "core/mono.h"
#include "services/log.h"
#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/nd6.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"
#include "net_private.h"
#include "netif/ethernet.h"
#include "entropy.h"
#include "port.h"

/* RFC 7559 section 2. */
#define SOLICIT_FIRST (4 * MONO_S)
#define SOLICIT_SOON  MONO_S /* who has said that he is no router any more   */
#define SOLICIT_MOST  (3600 * MONO_S)

#define TX_RETRY (250 * MONO_US) /* a frame waits for the one before it      */

static struct {
    const struct conf *conf;
    void (*changed)(mono_ns now);
    struct netif netif;
    bool added, link;
    struct addr said4, said6; /* last logged */
    bool router6;             /* there is one, as of the last look            */
    /* Router solicitations: when the next is due, and how long after it the
     * one behind it. */
    mono_ns solicit_at, solicit_gap;
} net;

/* ---- what lwIP asks of its port ------------------------------------------ */

u32_t sys_now(void)
{
    return (u32_t)(port_mono() / MONO_MS);
}

/* Ports, transaction numbers, DHCP's. Without entropy the counter's low bits
 * are all there is; NTS does not rest on these. */
uint32_t net_random(void)
{
    uint8_t b[4];
    if (entropy_draw(b, sizeof b) != RC_OK)
        return (uint32_t)port_ticks() * 2654435761u;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
           b[3];
}

/* ---- addresses ----------------------------------------------------------- */

ip_addr_t net_to_lwip(const struct addr *a)
{
    ip_addr_t ip = {.type = a->family == 4 ? IPADDR_TYPE_V4 : IPADDR_TYPE_V6};
    ASSERT(addr_size(a) > 0); /* network order, as lwIP keeps it: */
    memcpy(&ip.u_addr, a->b, addr_size(a));
    return ip;
}

static struct addr addr_from_ip4(const ip4_addr_t *ip)
{
    return addr_of(4, (const uint8_t *)&ip->addr);
}

static struct addr addr_from_ip6(const ip6_addr_t *ip)
{
    return addr_of(6, (const uint8_t *)ip->addr);
}

struct addr net_from_lwip(const ip_addr_t *ip)
{
    return IP_IS_V4(ip) ? addr_from_ip4(ip_2_ip4(ip))
                        : addr_from_ip6(ip_2_ip6(ip));
}

static bool has4(void)
{
    return net.added && !ip4_addr_isany_val(*netif_ip4_addr(&net.netif));
}

/* That requests leave from: a local network's (fc00::/7) only where there is no
 * other. */
static int global6(void)
{
    int local = -1;
    for (int i = 1; net.added && i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        if (!ip6_addr_ispreferred(netif_ip6_addr_state(&net.netif, i)))
            continue;
        if (!ip6_addr_isuniquelocal(netif_ip6_addr(&net.netif, i)))
            return i;
        local = local < 0 ? i : local;
    }
    return local;
}

bool net_has_source(const ip_addr_t *to)
{
    return IP_IS_V4(to) || ip6_addr_islinklocal(ip_2_ip6(to)) || global6() >= 0;
}

bool net_is_other_host(const struct addr *a)
{
    const ip_addr_t ip = net_to_lwip(a);
    if (!addr_is_unicast(a))
        return false;
    if (!net.added)
        return true;
    if (a->family == 4)
        return !has4() ||
               (!ip4_addr_eq(ip_2_ip4(&ip), netif_ip4_addr(&net.netif)) &&
                !ip4_addr_isbroadcast(ip_2_ip4(&ip), &net.netif));
    for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (!ip6_addr_isinvalid(netif_ip6_addr_state(&net.netif, i)) &&
            ip6_addr_zoneless_eq(ip_2_ip6(&ip), netif_ip6_addr(&net.netif, i)))
            return false;
    return true;
}

bool net_up(void)
{
    return net.link && (has4() || global6() >= 0);
}

struct addr net_address4(void)
{
    return has4() ? addr_from_ip4(netif_ip4_addr(&net.netif))
                  : (struct addr){0};
}

struct addr net_address6(void)
{
    int i = global6();
    return i >= 0 ? addr_from_ip6(netif_ip6_addr(&net.netif, i))
                  : (struct addr){0};
}

unsigned net_own_addresses(struct addr *out, unsigned cap)
{
    unsigned n = 0;
    if (has4() && n < cap)
        out[n++] = net_address4();
    for (s8_t i = 0; net.added && i < LWIP_IPV6_NUM_ADDRESSES && n < cap; i++)
        if (!ip6_addr_isinvalid(netif_ip6_addr_state(&net.netif, i)))
            out[n++] = addr_from_ip6(netif_ip6_addr(&net.netif, i));
    return n;
}

void net_status(struct status_net *out)
{
    if (!net.conf) { /* a machine that keeps crashing waits before net_init */
        *out = (struct status_net){.link = port_eth_link()};
        return;
    }
    *out = (struct status_net){.link = port_eth_link(),
                               .addr4 = net_address4(),
                               .addr6 = net_address6(),
                               .dhcp = net.conf->static_ip4 ? STATUS_DHCP_OFF
                                                            : net_dhcp_state(),
                               .routes4 = net_dhcp_routes(),
                               .router6 = net_filter_has_router(),
                               .dropped = net_dropped()};
    net_dns_servers(out);
    if (!has4())
        return;
    uint32_t mask = lwip_ntohl(netif_ip4_netmask(&net.netif)->addr);
    for (; mask & UINT32_C(1) << 31; mask <<= 1)
        out->bits4++;
    if (!ip4_addr_isany(netif_ip4_gw(&net.netif)))
        out->gateway4 = addr_from_ip4(netif_ip4_gw(&net.netif));
    out->rival = net_filter_has_rival();
    out->gateway_mute =
        net_filter_is_mute(&net.netif, netif_ip4_gw(&net.netif));
}

/* ---- link and configuration ---------------------------------------------- */

static void static_address(void)
{
    const struct conf *c = net.conf;
    uint32_t mask =
        c->ip4_prefix ? lwip_htonl(UINT32_MAX << (32 - c->ip4_prefix)) : 0;
    ip4_addr_t ip, nm = {.addr = mask}, gw;
    memcpy(&ip.addr, c->ip4, 4);
    memcpy(&gw.addr, c->gateway4, 4);
    netif_set_addr(&net.netif, &ip, &nm, &gw);
}

/* The next link may be another network: nothing learnt here holds there. The
 * DHCP address stays, to be asked for again first (RFC 2131 3.2). */
static void forget_network(void)
{
    net_if_flush();
    etharp_cleanup_netif(&net.netif);
    nd6_cleanup_netif(&net.netif);
    net_own6_forget();
    net_dns_forget();
    for (s8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        netif_ip6_addr_set_state(&net.netif, i, IP6_ADDR_INVALID);
}

/* Another Ethernet chip may have been plugged in. */
static void watch_mac(void)
{
    uint8_t mac[6];
    port_eth_mac(mac);
    if (memcmp(mac, net.netif.hwaddr, sizeof mac) == 0)
        return;
    memcpy(net.netif.hwaddr, mac, sizeof mac);
    netif_create_ip6_linklocal_address(&net.netif, 1);
}

static void first_link(void)
{
    struct netif *added =
        netif_add(&net.netif, NULL, NULL, NULL, NULL, net_if_init, netif_input);
    ASSERT(added == &net.netif);
    net.added = true;
    netif_set_default(&net.netif);
    netif_set_hostname(&net.netif, net.conf->hostname);
    netif_create_ip6_linklocal_address(&net.netif, 1);
    netif_set_ip6_autoconfig_enabled(&net.netif, 1);
    netif_set_up(&net.netif);
}

/* lwIP solicits three times when the link comes up. A switch port may pass
 * nothing for half a minute, or the router may start later than we do: as long
 * as there is none, it goes on, ever more seldom (RFC 7559). */
static void solicit(mono_ns now)
{
    if (net_filter_router_ended()) {
        net.solicit_at = mono_min(net.solicit_at, now + SOLICIT_SOON);
        net.solicit_gap = SOLICIT_FIRST;
    }
    if (!net.link || now < net.solicit_at)
        return;
    if (net_filter_has_router()) {
        net.solicit_at = now + SOLICIT_FIRST;
        net.solicit_gap = SOLICIT_FIRST;
        return;
    }
    net.netif.rs_count = 1;
    mono_ns jitter =
        net.solicit_gap / 1000 * ((mono_ns)(net_random() % 201) - 100);
    net.solicit_at = now + net.solicit_gap + jitter;
    net.solicit_gap =
        net.solicit_gap * 2 < SOLICIT_MOST ? net.solicit_gap * 2 : SOLICIT_MOST;
}

static void watch_link(mono_ns now)
{
    bool link = port_eth_link();
    if (link == net.link)
        return;
    net.link = link;
    log_at(link ? LOG_NOTICE : LOG_WARNING, NULL, "network link %s",
           link ? "up" : "down");
    if (link) {
        bool first = !net.added;
        net_filter_link_up(now);
        net_neighbour_forget();
        net.solicit_at = now + 3 * SOLICIT_FIRST; /* behind lwIP's           */
        net.solicit_gap = 4 * SOLICIT_FIRST;
        if (first)
            first_link();
        watch_mac();
        netif_set_link_up(&net.netif);
        net_mdns_network(&net.netif);
        if (first && net.conf->static_ip4)
            static_address();
        else if (first && dhcp_start(&net.netif) != ERR_OK)
            log_at(LOG_ERROR, NULL, "DHCP does not start: out of memory");
    } else {
        netif_set_link_down(&net.netif);
        forget_network();
    }
    net.changed(now);
}

static bool say_change(const char *family, struct addr *said, struct addr is)
{
    char text[ADDR_TEXT];
    if (addr_equal(said, &is))
        return false;
    *said = is;
    addr_text(&is, text);
    log_at(text[0] ? LOG_NOTICE : LOG_WARNING, NULL, "%s address %s", family,
           text[0] ? text : "lost");
    return true;
}

static void watch_address(mono_ns now)
{
    bool changed4 = say_change("IPv4", &net.said4, net_address4());
    bool changed6 = say_change("IPv6", &net.said6, net_address6());
    bool router6 = net_filter_has_router(), way6 = router6 && !net.router6;
    net.router6 = router6;
    if (changed4 || changed6)
        net_mdns_network(&net.netif);
    if (changed4 || changed6 || way6)
        net.changed(now);
}

void net_init(const struct conf *conf, void (*changed)(mono_ns now))
{
    memset(&net, 0, sizeof net);
    net.conf = conf;
    net.changed = changed;
    net_ntp_servers(NULL);
    lwip_init();
    net_dns_init(conf);
}

mono_ns net_poll(mono_ns now)
{
    watch_link(now);
    bool more = net.added && net_if_poll(&net.netif);
    sys_check_timeouts();
    if (net.added) {
        net_dhcp_watch(&net.netif);
        solicit(now);
        watch_address(now);
    }
    mono_ns next = net_dns_poll(now);
    if (net.added)
        next = mono_min(next, net_neighbour_poll(&net.netif, now));
    if (more)
        return now + TX_RETRY;
    u32_t ms = sys_timeouts_sleeptime();
    if (ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE)
        next = mono_min(next, now + ms * MONO_MS);
    return next;
}
