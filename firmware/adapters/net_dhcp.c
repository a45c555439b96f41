/* What lwIP's DHCP client leaves to its user: NTP servers (option 42), routes
 * (option 121), the sense of a lease's times, refusals that are none. */
#include <string.h>

#include "core/bytes.h"
#include "core/dhcp_reply.h"
#include "core/dhcp_routes.h"
#include "core/limit.h"
#include "core/mono.h"
#include "lwip/dhcp.h"
#include "lwip/inet_chksum.h"
#include "lwip/prot/dhcp.h"
#include "net.h"
#include "net_hooks.h"
#include "net_private.h"
#include "port.h"
#include "services/log.h"

#define OPTION_ROUTES 121
#define OPTION_MOST   512 /* bytes of it that are kept                        */
#define FOREVER       UINT32_MAX
#define LEASE_UNSAID  3600 /* s: no option 51, which an ACK must have         */
#define LEASE_LEAST   8
#define ETH           14
#define NAMED         6 /* bytes of option 54                                 */
#define REFUSED_AGAIN (10 * MONO_S)
#define MUTE          (30 * MONO_S) /* a gateway, before DHCP is asked       */
#define ASK_AGAIN     (300 * MONO_S)
#define OTHERS        (5 * MONO_S) /* for another server to offer            */

static_assert(LWIP_DHCP_MAX_NTP_SERVERS == LIMIT_DHCP_SERVERS,
              "one size for both");

static struct {
    void (*hears)(const struct addr *addr, size_t count);
    struct dhcp_routes routes; /* of the last lease                          */
    bool said_bad;
    uint8_t state;   /* lwIP's, as of the last look                          */
    unsigned offers; /* since the last lease that were taken up              */
    bool had, refused; /* a lease; and since the last one                     */
    mono_ns refused_at;
    ip4_addr_t useless; /* the server that offered last, and gave nothing     */
    mono_ns others; /* until then others' offers are preferred; 0: none yet */
    mono_ns mute;   /* the gateway has been since then; 0: it is not        */
    mono_ns asked_again; /* for a lease, because it is; 0: never             */
    /* Option 121 of the message in hand; a long one comes in pieces (RFC 3396).
     */
    uint32_t frame;
    size_t len; /* may be more than there is place for                       */
    uint8_t b[OPTION_MOST];
} d;

void net_ntp_servers(void (*told)(const struct addr *addr, size_t count))
{
    memset(&d, 0, sizeof d);
    d.hears = told;
}

/* ---- how far it has come ------------------------------------------------- */

static void gave_nothing(const struct dhcp *l)
{
    ip4_addr_copy(d.useless, *ip_2_ip4(&l->server_ip_addr));
    d.others = 0;
}

/* Another router may have taken the place of the one that gave the lease,
 * behind a switch, where no link goes down: the time to renew it may be hours
 * away. The address stays until somebody says no (RFC 2131 section 3.2). */
static void watch_gateway(struct netif *n, const struct dhcp *lease)
{
    const ip4_addr_t *gateway = netif_ip4_gw(n);
    mono_ns now = port_mono();
    if (!lease || lease->state != DHCP_STATE_BOUND || ip4_addr_isany(gateway) ||
        !net_filter_is_mute(n, gateway)) {
        d.mute = 0;
        return;
    }
    if (d.mute == 0)
        d.mute = now;
    if (now - d.mute < MUTE ||
        (d.asked_again > 0 && now - d.asked_again < ASK_AGAIN))
        return;
    d.asked_again = now;
    log_line("no answer from the gateway: DHCP is asked again");
    dhcp_network_changed_link_up(n);
}

void net_dhcp_watch(struct netif *n)
{
    const struct dhcp *lease = netif_dhcp_data(n);
    uint8_t state = lease ? lease->state : DHCP_STATE_OFF;
    if (state == DHCP_STATE_BOUND) {
        d.offers = 0;
        d.refused = false;
        d.had = true;
        ip4_addr_set_zero(&d.useless);
    } else if (state == DHCP_STATE_REQUESTING && state != d.state) {
        d.offers++;
    } else if (lease && d.state == DHCP_STATE_REQUESTING && state != d.state) {
        gave_nothing(lease);
    }
    d.state = state;
    watch_gateway(n, lease);
}

/* lwIP takes the first offer, each time the same server's, where one is faster
 * than the others and then does not confirm it. */
static bool offer_passes(const struct dhcp_reply *r)
{
    mono_ns now = port_mono();
    if (!r->named || memcmp(&d.useless.addr, r->server, 4) != 0)
        return true;
    if (d.others == 0)
        d.others = now + OTHERS;
    return now >= d.others;
}

/* Whoever does not say who he is, as RFC 2131 section 4.3.1 wants it, is where
 * his offer came from: lwIP would not hear it. */
static void name_server(uint8_t *frame, size_t *len)
{
    uint8_t *ip = frame + ETH, *udp = ip + (size_t)(ip[0] & 15) * 4;
    uint8_t *options = udp + DHCP_REPLY_OPTIONS;
    if (*len + NAMED > NET_FRAME_CAP)
        return;
    memmove(options + NAMED, options, *len - (size_t)(options - frame));
    options[0] = DHCP_OPTION_SERVER_ID;
    options[1] = 4;
    memcpy(options + 2, ip + 12, 4);
    *len += NAMED;
    bytes_put16(ip + 2, (uint16_t)(bytes_get16(ip + 2) + NAMED));
    bytes_put16(udp + 4, (uint16_t)(bytes_get16(udp + 4) + NAMED));
    bytes_put16(udp + 6, 0); /* no checksum (RFC 768) */
    bytes_put16(ip + 10, 0);
    uint16_t sum = inet_chksum(ip, (u16_t)(udp - ip));
    memcpy(ip + 10, &sum, sizeof sum);
}

/* RFC 2131 section 4.3.2: a server that was not chosen is silent. One that
 * says no to everybody, as some are set up to, must not undo what ours does. */
static bool is_anothers(const struct dhcp *l, const struct dhcp_reply *r)
{
    return r->named &&
           (l->state == DHCP_STATE_REQUESTING ||
            l->state == DHCP_STATE_RENEWING) &&
           memcmp(&ip_2_ip4(&l->server_ip_addr)->addr, r->server, 4) != 0;
}

bool net_dhcp_passes(const struct netif *n, uint8_t *frame, size_t *len)
{
    const struct dhcp *l = netif_dhcp_data(n);
    struct dhcp_reply r;
    mono_ns now = port_mono();
    if (dhcp_reply_read(&r, frame, *len) != RC_OK || !l || r.xid != l->xid ||
        memcmp(r.client, n->hwaddr, sizeof r.client) != 0)
        return true;
    if (r.type == DHCP_REPLY_OFFER && !r.named)
        name_server(frame, len);
    if (r.type == DHCP_REPLY_OFFER)
        return offer_passes(&r);
    if (r.type != DHCP_REPLY_NAK)
        return true;
    bool late = d.refused_at == 0 || now - d.refused_at >= REFUSED_AGAIN;
    if (is_anothers(l, &r))
        return false;
    d.refused = true;
    if (late)
        d.refused_at = now;
    return late;
}

enum status_dhcp net_dhcp_state(void)
{
    const struct netif *n = netif_default;
    if (n && !ip4_addr_isany_val(*netif_ip4_addr(n)))
        return STATUS_DHCP_LEASE;
    if (d.refused)
        return STATUS_DHCP_REFUSED;
    if (d.offers > 1)
        return STATUS_DHCP_UNCONFIRMED;
    return d.had ? STATUS_DHCP_ENDED : STATUS_DHCP_SILENT;
}

bool net_dhcp_routes(void)
{
    return d.routes.count > 0;
}

/* ---- routes -------------------------------------------------------------- */

void net_dhcp_option(unsigned option, unsigned len, const struct pbuf *p,
                     unsigned at)
{
    if (option != OPTION_ROUTES)
        return;
    if (d.frame != net_if_frame())
        d.len = 0;
    d.frame = net_if_frame();
    if (d.len + len <= sizeof d.b)
        (void)pbuf_copy_partial(p, d.b + d.len, (u16_t)len, (u16_t)at);
    d.len += len;
}

/* With routes, the router of option 3 is none (RFC 3442): the gateway is the
 * one of their default route. */
static void take_routes(struct dhcp *lease)
{
    d.routes.count = 0;
    if (d.frame != net_if_frame() || d.len == 0)
        return;
    if (d.len > sizeof d.b ||
        dhcp_routes_parse(d.b, d.len, &d.routes) != RC_OK) {
        if (!d.said_bad)
            log_at(LOG_WARNING, NULL,
                   "DHCP: routes (option 121) that make no sense: ignored");
        d.said_bad = true;
        return;
    }
    ip4_addr_set_zero(&lease->offered_gw_addr);
    for (size_t i = 0; i < d.routes.count; i++)
        if (d.routes.r[i].bits == 0)
            memcpy(&lease->offered_gw_addr.addr, d.routes.r[i].via, 4);
}

const struct ip4_addr *net_next_hop(const struct ip4_addr *to)
{
    static ip4_addr_t via;
    const struct dhcp_route *r =
        dhcp_routes_find(&d.routes, (const uint8_t *)&to->addr);
    if (!r)
        return NULL;
    memcpy(&via.addr, r->via, 4);
    return ip4_addr_isany_val(via) ? to : &via;
}

/* ---- the lease ----------------------------------------------------------- */

/* RFC 2131 section 4.4.5: T1 before T2 before the end, by default at a half
 * and at seven eighths. What a server says otherwise would let the lease run
 * out without a word. */
unsigned net_dhcp_t0(struct dhcp *l)
{
    uint32_t t0 = l->offered_t0_lease;
    if (t0 == 0)
        t0 = LEASE_UNSAID;
    if (t0 < LEASE_LEAST)
        t0 = LEASE_LEAST;
    l->offered_t0_lease = t0;
    if (l->offered_t2_rebind == 0 || l->offered_t2_rebind >= t0)
        l->offered_t2_rebind = t0 - (t0 + 7) / 8;
    if (l->offered_t1_renew == 0 || l->offered_t1_renew >= l->offered_t2_rebind)
        l->offered_t1_renew =
            t0 / 2 < l->offered_t2_rebind ? t0 / 2 : l->offered_t2_rebind / 2;
    return t0;
}

/* Called for a lease without an end, too, for which lwIP would leave the end
 * of the one before. */
unsigned net_dhcp_t1(struct dhcp *l)
{
    if (l->offered_t0_lease == FOREVER)
        l->t0_timeout = 0;
    return l->offered_t1_renew;
}

/* The next message may not say how long. */
unsigned net_dhcp_t2(struct dhcp *l)
{
    l->offered_t0_lease = 0;
    return l->offered_t2_rebind;
}

/* lwIP's name for it; from dhcp.c, with every lease, before it is taken. */
void dhcp_set_ntp_servers(u8_t count, const ip4_addr_t *addr)
{
    struct addr list[LIMIT_DHCP_SERVERS] = {{0}};
    size_t n = 0;
    take_routes(netif_dhcp_data(netif_default));
    for (size_t i = 0; i < count && n < LEN(list); i++) {
        const struct addr a = addr_of(4, (const uint8_t *)&addr[i].addr);
        if (addr_is_unicast(&a))
            list[n++] = a;
    }
    if (d.hears)
        d.hears(list, n);
}
