#include "net_mdns.h"

#include <string.h>

#include "core/bucket.h"
#include "core/bytes.h"
#include "core/fmt.h"
#include "core/limit.h"
#include "core/mono.h"
#include "lwip/apps/mdns.h"
#include "lwip/apps/mdns_priv.h"
#include "lwip/prot/dns.h"
#include "lwip/prot/ip.h"
#include "lwip/udp.h"
#include "net_private.h"
#include "port.h"
#include "services/log.h"

#define ETH   14
#define IP6   40
#define PORT  5353
#define EACH  (50 * MONO_MS) /* between questions that are heard ...          */
#define DEPTH 40             /* ... after so many at once                     */
#define MOST  999u           /* HOSTNAME-999, and from the beginning          */
#define OURS  (DNS_RRCLASS_IN | 0x8000) /* nobody else has such a record     */
#define LAST  1400 /* bytes of a goodbye: of all that there can be  */

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
        log_at(LOG_ERROR, NULL, "mDNS: out of memory: no name on the network");
        md.on = false;
        return;
    }
    md.netif = n;
    for (size_t i = 0; i < LEN(md.port); i++)
        announce(i);
}

/* ---- goodbye: RFC 6762 section 10.1, which lwIP leaves to do ------------- */

struct goodbye {
    uint8_t b[LAST];
    size_t len;
};

static void put(struct goodbye *g, const void *bytes, size_t n)
{
    ASSERT(n <= sizeof g->b - g->len);
    memcpy(g->b + g->len, bytes, n);
    g->len += n;
}

/* "NAME._ntp._udp.local", or without the host or the service (-1). */
static void put_name(struct goodbye *g, const char *host, int kind)
{
    const char *label[] = {host, NULL, NULL, "local"};
    if (kind >= 0) {
        label[1] = kinds[kind].type;
        label[2] = kinds[kind].proto == DNSSD_PROTO_UDP ? "_udp" : "_tcp";
    }
    for (size_t i = 0; i < LEN(label); i++) {
        uint8_t n = label[i] ? (uint8_t)strlen(label[i]) : 0;
        if (n > 0) {
            put(g, &n, 1);
            put(g, label[i], n);
        }
    }
    put(g, "", 1);
}

/* The fixed part of a record with no time to live. Returns where its data
 * begin: end_record. */
static size_t begin_record(struct goodbye *g, uint16_t type, uint16_t class)
{
    uint8_t fixed[10] = {0};
    bytes_put16(fixed, type);
    bytes_put16(fixed + 2, class);
    put(g, fixed, sizeof fixed);
    return g->len;
}

static void end_record(struct goodbye *g, size_t data)
{
    bytes_put16(g->b + data - 2, (uint16_t)(g->len - data));
    bytes_put16(g->b + 6, (uint16_t)(bytes_get16(g->b + 6) + 1));
}

static void put_service(struct goodbye *g, int kind)
{
    uint8_t at[6] = {0};
    put_name(g, NULL, kind);
    size_t data = begin_record(g, DNS_RRTYPE_PTR, DNS_RRCLASS_IN);
    put_name(g, md.name, kind);
    end_record(g, data);
    put_name(g, md.name, kind);
    data = begin_record(g, DNS_RRTYPE_SRV, OURS);
    bytes_put16(at + 4, md.port[kind]);
    put(g, at, sizeof at);
    put_name(g, md.name, -1);
    end_record(g, data);
}

static void put_address(struct goodbye *g, uint16_t type, const void *address,
                        size_t len)
{
    put_name(g, md.name, -1);
    size_t data = begin_record(g, type, OURS);
    put(g, address, len);
    end_record(g, data);
}

static void put_addresses(struct goodbye *g)
{
    if (!ip4_addr_isany_val(*netif_ip4_addr(md.netif)))
        put_address(g, DNS_RRTYPE_A, netif_ip4_addr(md.netif), 4);
    for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(md.netif, i)))
            put_address(g, DNS_RRTYPE_AAAA, netif_ip6_addr(md.netif, i)->addr,
                        16);
}

/* Once, over both families; what does not get through is forgotten by its old
 * time to live. A name that may be another's is left to that host. */
static void say_goodbye(const struct goodbye *g)
{
    static const ip_addr_t groups[] = {DNS_MQUERY_IPV4_GROUP_INIT,
                                       DNS_MQUERY_IPV6_GROUP_INIT};
    for (size_t i = 0; i < LEN(groups) && md.sure; i++) {
        struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)g->len, PBUF_RAM);
        if (!p)
            return;
        (void)pbuf_take(p, g->b, (u16_t)g->len);
        (void)udp_sendto_if(get_mdns_pcb(), p, &groups[i], PORT, md.netif);
        (void)pbuf_free(p);
    }
}

/* An answer with no records yet. */
static void begin_goodbye(struct goodbye *g)
{
    static const uint8_t header[12] = {[2] = 0x84};
    g->len = 0;
    put(g, header, sizeof header);
}

void net_mdns_serve(enum net_mdns_kind kind, uint16_t port)
{
    struct goodbye g;
    if (!md.on || md.port[kind] == port)
        return;
    if (md.slot[kind] >= 0) {
        begin_goodbye(&g);
        put_service(&g, (int)kind);
        if (mdns_resp_del_service(md.netif, (u8_t)md.slot[kind]) != ERR_OK)
            return;
        say_goodbye(&g);
    }
    md.slot[kind] = -1;
    md.port[kind] = port;
    announce(kind);
}

void net_mdns_leave(void)
{
    struct goodbye g;
    if (md.on && md.netif) {
        begin_goodbye(&g);
        for (size_t i = 0; i < LEN(md.slot); i++)
            if (md.slot[i] >= 0)
                put_service(&g, (int)i);
        put_addresses(&g);
        say_goodbye(&g);
        mdns_resp_restart_delay(md.netif, MDNS_TTL_120 * 1000); /* no timer */
    }
    md.on = false;
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
