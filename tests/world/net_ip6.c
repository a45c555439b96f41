/* net_ip6.c -- the same servers over IPv6: a router that advertises a prefix
 * (RFC 4861), and each server's second address, 2001:db8:1::1 for nts1.test. A
 * packet from there goes to the board as IPv6 when the board's last one from
 * that port came so: what is behind the addresses does not know families. */
#include <string.h>

#include "core/bytes.h"
#include "world.h"

#define HEAD    54 /* Ethernet's and IPv6's                             */
#define SOURCE  22 /* in a frame                                        */
#define TARGET  38
#define ADVERTS (600 * MONO_S)
#define ICMP    58
#define RS      133
#define RA      134
#define NS      135
#define NA      136

static const uint8_t router[16] = {0xfe, 0x80, [15] = 1};
static const uint8_t router_mac[6] = {0x02, 0, 0, 0, 0, 1};
static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
static const uint8_t prefix[16] = {0x20, 1, 0xd, 0xb8};
static const uint8_t servers[16] = {0x20, 1, 0xd, 0xb8, 0, 1};

static struct {
    uint8_t board[16];         /* its address within our prefix           */
    bool advertised;           /* and goes on being                       */
    uint8_t via[2][65536 / 8]; /* UDP, TCP: the port's last came by IPv6  */
} ip6;

void simnet6_start(void)
{
    memset(&ip6, 0, sizeof ip6);
}

/* ---- to the board -------------------------------------------------------- */

static void send6(const uint8_t from[16], const uint8_t to[16], uint8_t next,
                  uint8_t *payload, size_t len, int64_t delay_ns)
{
    static const uint8_t group[6] = {0x33, 0x33, 0, 0, 0, 1};
    uint8_t f[1600] = {0}, mac[6];
    size_t sum_at = next == 6 ? 16 : next == 17 ? 6 : 2;
    uint32_t pseudo = next + (uint32_t)len;
    if (len + HEAD > sizeof f)
        sim_broken("a packet too long");
    simnet_board_mac(mac);
    memcpy(f, to[0] == 0xff ? group : mac, 6);
    memcpy(f + 6, router_mac, 6);
    bytes_put16(f + 12, 0x86dd);
    f[14] = 0x60;
    bytes_put16(f + 18, (uint16_t)len);
    f[20] = next;
    f[21] = next == ICMP ? 255 : 60;
    memcpy(f + SOURCE, from, 16);
    memcpy(f + TARGET, to, 16);
    for (size_t i = SOURCE; i < HEAD; i += 2)
        pseudo += bytes_get16(f + i);
    bytes_put16(payload + sum_at, 0);
    bytes_put16(payload + sum_at, simnet_sum(pseudo, payload, len));
    memcpy(f + HEAD, payload, len);
    simnet_frame_late(f, HEAD + len, delay_ns);
}

void simnet6_address(unsigned server, uint8_t addr[16])
{
    memcpy(addr, servers, 16);
    addr[15] = (uint8_t)(server + 1);
}

bool simnet6_send(unsigned server, uint8_t protocol, uint8_t *payload,
                  size_t len, int64_t delay_ns)
{
    uint16_t port = bytes_get16(payload + 2);
    uint8_t from[16];
    if (!(ip6.via[protocol == 6][port / 8] >> port % 8 & 1))
        return false;
    simnet6_address(server, from);
    send6(from, ip6.board, protocol, payload, len, delay_ns);
    return true;
}

bool simnet6_is(uint8_t protocol, uint16_t port)
{
    return ip6.via[protocol == 6][port / 8] >> port % 8 & 1;
}

void simnet6_by_ip4(uint8_t protocol, uint16_t port)
{
    ip6.via[protocol == 6][port / 8] &= (uint8_t) ~(1u << port % 8);
}

/* ---- the router ---------------------------------------------------------- */

static void advertise(void *again)
{
    uint8_t m[56] = {RA, 0, 0, 0, 64};
    bytes_put16(m + 6, 1800);
    memcpy(m + 16, (uint8_t[4]){3, 4, 64, 0xc0}, 4); /* prefix information */
    bytes_put32(m + 20, 86400);
    bytes_put32(m + 24, 86400);
    memcpy(m + 32, prefix, 16);
    memcpy(m + 48, (uint8_t[2]){1, 1}, 2); /* link-layer address */
    memcpy(m + 50, router_mac, 6);
    if (w->ip6)
        send6(router, all_nodes, ICMP, m, sizeof m, 100 * MONO_US);
    if (again)
        simnet_later(ADVERTS, advertise, again);
}

static void neighbour(const uint8_t *f, size_t len)
{
    static const uint8_t nobody[16];
    uint8_t m[32] = {NA, 0, 0, 0, 0xe0}; /* router, solicited, override */
    if (len < HEAD + 24 || memcmp(f + HEAD + 8, router, 16) != 0 ||
        memcmp(f + SOURCE, nobody, 16) == 0)
        return;
    memcpy(m + 8, router, 16);
    memcpy(m + 24, (uint8_t[2]){2, 1}, 2);
    memcpy(m + 26, router_mac, 6);
    send6(router, f + SOURCE, ICMP, m, sizeof m, 100 * MONO_US);
}

/* ---- from the board ------------------------------------------------------ */

int simnet6_server(const uint8_t *f, size_t len)
{
    if (len < HEAD || bytes_get16(f + 12) != 0x86dd ||
        memcmp(f + TARGET, servers, 15) != 0)
        return -1;
    unsigned server = f[TARGET + 15] - 1u;
    return server < SIM_SERVERS ? (int)server : -1;
}

void simnet6_arrived(const uint8_t *f, size_t len)
{
    if (!w->ip6 || len < HEAD + 8 || bytes_get16(f + 18) > len - HEAD)
        return;
    size_t n = bytes_get16(f + 18);
    const uint8_t *p = f + HEAD;
    int server = simnet6_server(f, len);
    if (f[20] == ICMP && p[0] == RS) {
        advertise(ip6.advertised ? NULL : &ip6);
        ip6.advertised = true;
    } else if (f[20] == ICMP && p[0] == NS) {
        neighbour(f, len);
    } else if (server >= 0 && memcmp(f + SOURCE, prefix, 8) == 0 &&
               !(w->dead6 >> server & 1) && (f[20] == 17 || f[20] == 6)) {
        uint16_t port = bytes_get16(p);
        memcpy(ip6.board, f + SOURCE, 16);
        ip6.via[f[20] == 6][port / 8] |= (uint8_t)(1u << port % 8);
        simnet_at_server((unsigned)server, f[20], p, n);
    }
}
