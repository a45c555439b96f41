#include "net_mdns.h"

#include <string.h>

#include "core/bucket.h"
#include "core/bytes.h"
#include "core/fmt.h"
#include "core/limit.h"
#include "core/mono.h"
#include "lwip/apps/mdns.h"
#include "lwip/prot/ip.h"
#include "net_private.h"
#include "port.h"
#include "services/log.h"

#define ETH   14
#define IP6   40
#define PORT  5353
#define EACH  (50 * MONO_MS) /* between questions that are heard ...          */
#define DEPTH 40             /* ... after so many at once                     */
#define MOST  999u           /* HOSTNAME-999, and from the beginning          */

static struct {
    struct netif *netif; /* NULL: there has been no link                     */
    bool on;
    char wanted[MDNS_LABEL_MAXLEN + 1], name[MDNS_LABEL_MAXLEN + 1];
    unsigned number; /* of the name: 1 has none                              */
    bool sure;       /* nobody else has it                                   */
    uint16_t port[LIMIT_MDNS_SERVICES];
    s8_t slot[LIMIT_MDNS_SERVICES]; /* lwIP's; < 0: not announced            */
    struct bucket questions;
} md;

static const struct {
    const char *type;
    enum mdns_sd_proto proto;
} kinds[LIMIT_MDNS_SERVICES] = {
    [NET_MDNS_HTTP] = {"_http", DNSSD_PROTO_TCP},
    [NET_MDNS_NTP] = {"_ntp", DNSSD_PROTO_UDP},
    [NET_MDNS_NTSKE] = {"_ntske", DNSSD_PROTO_TCP},
};

static void announce(size_t kind)
{
    if (!md.netif || md.port[kind] == 0)
        return;
    md.slot[kind] =
        mdns_resp_add_service(md.netif, md.name, kinds[kind].type,
                              kinds[kind].proto, md.port[kind], NULL, NULL);
}

/* The next name, of the host and of what it serves. */
static void rename_all(void)
{
    char number[8] = "";
    md.number = md.number < MOST ? md.number + 1 : 1;
    if (md.number > 1)
        (void)fmt(number, sizeof number, "-%u", md.number);
    size_t room = sizeof md.name - 1 - strlen(number);
    (void)fmt(md.name, sizeof md.name, "%.*s%s", (int)room, md.wanted, number);
    bool good = mdns_resp_rename_netif(md.netif, md.name) == ERR_OK;
    for (size_t i = 0; i < LEN(md.slot); i++)
        if (md.slot[i] >= 0 &&
            mdns_resp_rename_service(md.netif, (u8_t)md.slot[i], md.name) !=
                ERR_OK)
            good = false;
    ASSERT(good); /* they are there, and the name is no longer than a label */
}

static void probed(struct netif *n, u8_t result, s8_t slot)
{
    static const char same;
    (void)n;
    (void)slot;
    if (result == MDNS_PROBING_CONFLICT) {
        char taken[sizeof md.name];
        memcpy(taken, md.name, sizeof taken);
        md.sure = false;
        rename_all();
        log_limited(&same, "mDNS: another host is %s.local; trying %s.local",
                    taken, md.name);
        return;
    }
    if (!md.sure)
        log_line("mDNS: this is %s.local", md.name);
    md.sure = true;
}

void net_mdns_init(const char *hostname)
{
    memset(&md, 0, sizeof md);
    size_t len = strcspn(hostname, ".");
    if (len >= sizeof md.wanted)
        len = sizeof md.wanted - 1;
    memcpy(md.wanted, hostname, len);
    memcpy(md.name, md.wanted, sizeof md.name);
    md.number = 1;
    memset(md.slot, -1, sizeof md.slot);
    md.on = true;
    mdns_resp_init();
    mdns_resp_register_name_result_cb(probed);
}

void net_mdns_network(struct netif *n)
{
    if (!md.on)
        return;
    if (md.netif) {
        mdns_resp_restart(n);
        return;
    }
    if (mdns_resp_add_netif(n, md.name) != ERR_OK) {
        log_line("mDNS: out of memory: no name on the network");
        md.on = false;
        return;
    }
    md.netif = n;
    for (size_t i = 0; i < LEN(md.port); i++)
        announce(i);
}

void net_mdns_serve(enum net_mdns_kind kind, uint16_t port)
{
    if (!md.on || md.port[kind] == port)
        return;
    if (md.slot[kind] >= 0 &&
        mdns_resp_del_service(md.netif, (u8_t)md.slot[kind]) != ERR_OK)
        return;
    md.slot[kind] = -1;
    md.port[kind] = port;
    announce(kind);
}

void net_mdns_status(struct status_mdns *out)
{
    *out = (struct status_mdns){.on = md.on, .sure = md.sure};
    memcpy(out->name, md.name, sizeof md.name);
    for (size_t i = 0; i < LEN(md.slot); i++)
        if (md.slot[i] >= 0)
            out->services++;
}

/* ---- strangers ----------------------------------------------------------- */

static bool near6(const struct netif *n, const uint8_t *from)
{
    if (from[0] == 0xfe && (from[1] & 0xc0) == 0x80)
        return true;
    for (s8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(n, i)) &&
            memcmp(netif_ip6_addr(n, i)->addr, from, 8) == 0)
            return true;
    return false;
}

static bool near4(const struct netif *n, const uint8_t *from)
{
    ip4_addr_t ip;
    memcpy(&ip.addr, from, 4);
    return (!ip4_addr_isany_val(*netif_ip4_addr(n)) &&
            ip4_addr_net_eq(&ip, netif_ip4_addr(n), netif_ip4_netmask(n))) ||
           ip4_addr_islinklocal(&ip);
}

bool net_mdns_passes(const struct netif *n, const uint8_t *b, size_t len)
{
    bool six = bytes_get16(b + 12) == 0x86dd;
    size_t udp = six ? ETH + IP6 : ETH + (size_t)(b[ETH] & 15) * 4;
    if (len < ETH + IP6 || len < udp + 8 ||
        b[ETH + (six ? 6 : 9)] != IP_PROTO_UDP ||
        bytes_get16(b + udp + 2) != PORT)
        return true;
    return md.on && (six ? near6(n, b + ETH + 8) : near4(n, b + ETH + 12)) &&
           bucket_take(&md.questions, port_mono(), EACH, DEPTH);
}
