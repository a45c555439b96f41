/* lan.h -- a network by hand for tests of adapters/net: its DHCP server, its
 * router of each family, and what they do otherwise. Include it once. */
#ifndef FIELD_LAN_H
#define FIELD_LAN_H

#include "../unit/net_wire.h"
#include "adapters/net_udp.h"
#include "core/bytes.h"
#include "core/limit.h"

static struct conf conf;
static struct net_udp sock;

/* ---- the network --------------------------------------------------------- */

static struct {
    const uint8_t *options; /* behind the message's type and the server's    */
    size_t len;
    bool deaf_dhcp, blocked, router6, refuses, unnamed, overloads;
    bool
        silent_first; /* another server, 10.9.0.2, offers first, no more      */
    uint8_t server;   /* whose address' last byte this is                     */
    uint8_t gone;     /* whose address' last byte it is that nobody has       */
    uint8_t own;      /* the last byte of the address that it gives; 0: 42    */
    unsigned offers, acks, solicited;
    struct frame ask; /* the last DISCOVER or REQUEST                        */
    mono_ns last_ask;
    unsigned lost;  /* times that there was no address, once there was one */
    uint8_t hop[4]; /* whose Ethernet address was asked for last            */
} lan;

static mono_ns now(void)
{
    return mono_of_ticks(sim.ticks, HZ);
}

static void say_dhcp(const struct frame *ask, uint8_t type, uint8_t server)
{
    struct frame f;
    uint8_t m[548] = {2, 1, 6};
    memcpy(m + 4, ask->b + 42 + 4, 4);
    if (type != 6)
        memcpy(m + 16, own_ip, 4);
    if (type != 6 && lan.own)
        m[19] = lan.own;
    memcpy(m + 28, own_mac, 6);
    bytes_put32(m + 236, 0x63825363);
    struct writer o = writer_of(m + 240, sizeof m - 240);
    writer_bytes(&o, (uint8_t[3]){53, 1, type}, 3);
    if (!lan.unnamed)
        writer_bytes(&o, (uint8_t[6]){54, 4, 10, 9, 0, server}, 6);
    if (lan.overloads && type != 6) { /* RFC 2132 section 9.3: in `file` */
        writer_bytes(&o, (uint8_t[3]){52, 1, 1}, 3);
        memcpy(m + 108, lan.options, lan.len);
        m[108 + lan.len] = 255;
    } else if (type != 6) {
        writer_bytes(&o, lan.options, lan.len);
    }
    writer_u8(&o, 255);
    udp4(&f, 67, 68, m, sizeof m);
    memset(f.b, 0xff, 6);
    memset(f.b + 30, 0xff, 4);
    be16(f.b + 24, 0);
    be16(f.b + 24, folded(sum16(0, f.b + 14, 20)));
    arrive(&f, sim.ticks);
}

static void answer_dhcp(const struct frame *ask)
{
    uint8_t kind = dhcp_option(ask, 53)[1];
    uint8_t server = lan.server ? lan.server : 1, own = lan.own ? lan.own : 42;
    const uint8_t *to = dhcp_option(ask, 54), *wants = dhcp_option(ask, 50);
    lan.ask = *ask;
    lan.last_ask = now();
    if (lan.deaf_dhcp || (kind != 1 && kind != 3))
        return;
    if (kind == 1 && lan.silent_first)
        say_dhcp(ask, 2, 2);
    if (kind == 1) {
        lan.offers++;
        say_dhcp(ask, 2, server);
        return;
    }
    if (to && to[4] != server)
        return;
    /* A renewal is for the server that gave the lease, to it alone. */
    if (!(ask->b[0] & 1) && ask->b[33] != server)
        return;
    if (lan.refuses || (wants ? wants[4] : ask->b[42 + 15]) != own) {
        say_dhcp(ask, 6, server);
        return;
    }
    lan.acks++;
    say_dhcp(ask, 5, server);
}

/* The router fe80::1 says where it is. */
static void advertise_self(struct frame *f, const struct frame *ask)
{
    uint8_t m[32] = {136, [4] = 0xe0};
    memcpy(m + 8, ask->b + 62, 16);
    m[24] = 2;
    m[25] = 1;
    memcpy(m + 26, router_mac, 6);
    ethernet(f, 0x86dd);
    f->b[14] = 0x60;
    be16(f->b + 18, sizeof m);
    f->b[20] = 58;
    f->b[21] = 255;
    memcpy(f->b + 22, ask->b + 62, 16);
    memcpy(f->b + 38, ask->b + 22, 16);
    uint32_t sum = sum16(58 + sizeof m, f->b + 22, 32);
    be16(m + 2, folded(sum16(sum, m, sizeof m)));
    memcpy(f->b + 54, m, sizeof m);
    f->len = 54 + sizeof m;
}

static void hear(const struct frame *f)
{
    struct frame a;
    static const uint8_t dns[16] = {0x20, 1, 0x0d, 0xb8, [15] = 0x53};
    if (lan.blocked)
        return;
    if (is_dhcp(f)) {
        answer_dhcp(f);
    } else if (at16(f->b + 12) == 0x0806 && at16(f->b + 20) == 1) {
        memcpy(lan.hop, f->b + 38, 4);
        if (memcmp(f->b + 28, f->b + 38, 4) == 0)
            return; /* its own: an announcement */
        if (lan.gone && f->b[41] == lan.gone)
            return;
        arp_reply(&a, f->b + 38);
        arrive(&a, sim.ticks);
    } else if (at16(f->b + 12) == 0x86dd && f->b[20] == 58 && f->b[54] == 135 &&
               f->b[62] == 0xfe && f->b[77] == 1 && lan.gone != 1) {
        advertise_self(&a, f);
        arrive(&a, sim.ticks);
    } else if (at16(f->b + 12) == 0x86dd && f->b[20] == 58 && f->b[54] == 133) {
        lan.solicited++;
        if (!lan.router6)
            return;
        advertisement(&a, dns, 600);
        arrive(&a, sim.ticks);
    }
}

static bool any(const struct frame *f)
{
    (void)f;
    return true;
}

static void pass(unsigned seconds)
{
    uint64_t end = sim.ticks + (uint64_t)seconds * HZ;
    while (sim.ticks < end) {
        uint64_t left = (end - sim.ticks) / (HZ / 1000);
        bool had = net_address4().family != 0;
        const struct frame *f =
            run(left < 1000 ? (unsigned)left + 1 : 1000, any);
        if (f) {
            struct frame copy = *f;
            hear(&copy);
        }
        lan.lost += had && net_address4().family == 0;
    }
}

/* Another network, whose DHCP server says this. */
static void plug_in(const uint8_t *options, size_t len)
{
    sim.link = false;
    pass(2);
    memset(&lan, 0, sizeof lan);
    lan.options = options;
    lan.len = len;
    sim.link = true;
}
#define OPTIONS(...)                                                           \
    (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define MASK     1, 4, 255, 255, 255, 0
#define ROUTER   3, 4, 10, 9, 0, 1
#define SECONDS4 51, 4, 0, 0

static void nobody(void *arg, const struct net_udp_datagram *d)
{
    (void)arg;
    (void)d;
}

static int start(void **state)
{
    (void)state;
    assert_int_equal(conf_parse(&conf, "", 0), 0);
    sim.ticks = 5 * HZ;
    net_init(&conf, changed);
    sock = (struct net_udp){.received = nobody};
    return net_udp_open(&sock, 5000);
}

#endif
