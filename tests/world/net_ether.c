/* net_ether.c -- the wire, and what of ARP, IPv4, UDP, DHCP (RFC 2131) and
 * DNS (RFC 1035) a board needs to find its servers. One machine, 10.0.0.1,
 * is router, DHCP and DNS server; 10.0.0.66 is the attacker's. */
#include <string.h>
#include <strings.h>

#include "core/bytes.h"
#include "port.h"
#include "world.h"

#define EVENTS   512
#define NEAR_NS  (100 * MONO_US) /* to what is on the same wire */
#define ROUTER   SIM_ROUTER
#define EVIL     SIM_EVIL
#define SERVER_0 SIM_SERVER_0
#define NOBODY   100 /* so far from a server there is none */

struct event {
    uint64_t at, order;
    void (*call)(void *); /* NULL: a frame                                   */
    void *arg;
    bool out;   /* from the board                                  */
    size_t len; /* 0 and no call: free                             */
};
static struct {
    struct event e[EVENTS];
    uint8_t bytes[EVENTS][PORT_FRAME_MAX]; /* apart, for the search's sake   */
    size_t top;                            /* none in use from here on       */
    uint64_t order;
    uint8_t mac[6]; /* the board's */
} net;
static const uint8_t macs[2][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};

static const uint8_t *own_mac(void)
{
    return macs[w->router];
}

int64_t sim_true_ns(void)
{
    int64_t ns = (int64_t)(w->ticks * (1000000000u / SIM_HZ));
    return w->boot_ns + ns - ns / 1000000 * SIM_PPM;
}

uint64_t sim_ticks_of(int64_t ns)
{
    return (uint64_t)ns / (1000000000u / SIM_HZ);
}

/* ---- what is to happen --------------------------------------------------- */

void simnet_start(void)
{
    memset(&net, 0, sizeof net);
    simnet6_start();
}

static uint8_t *bytes_of(const struct event *e)
{
    return net.bytes[e - net.e];
}

static void done(struct event *e)
{
    e->call = NULL;
    e->len = 0;
    while (net.top && !net.e[net.top - 1].call && !net.e[net.top - 1].len)
        net.top--;
}

static struct event *add(int64_t delay_ns)
{
    for (size_t i = 0; i < EVENTS; i++) {
        struct event *e = &net.e[i];
        if (e->call || e->len)
            continue;
        if (i >= net.top)
            net.top = i + 1;
        e->at = w->ticks + sim_ticks_of(delay_ns);
        e->order = net.order++;
        return e;
    }
    sim_broken("too many events");
}

/* The first that is due; of frames to the board only, or of the others. */
static struct event *first(bool to_board)
{
    struct event *f = NULL;
    for (size_t i = 0; i < net.top; i++) {
        struct event *e = &net.e[i];
        if ((!e->call && !e->len) || (!e->call && !e->out) != to_board)
            continue;
        if (!f || e->at < f->at || (e->at == f->at && e->order < f->order))
            f = e;
    }
    return f;
}

uint64_t simnet_next(void)
{
    const struct event *a = first(true), *b = first(false);
    uint64_t at = a ? a->at : UINT64_MAX, flood = simflood_next();
    at = b && b->at < at ? b->at : at;
    return flood < at ? flood : at;
}

void simnet_later(int64_t ns, void (*call)(void *), void *arg)
{
    struct event *e = add(ns);
    e->call = call;
    e->arg = arg;
}

static void frame(const uint8_t *b, size_t len, bool out, int64_t delay_ns)
{
    struct event *e = add(delay_ns);
    if (len > PORT_FRAME_MAX)
        sim_broken("a frame too long");
    e->out = out;
    e->len = len;
    memcpy(bytes_of(e), b, len);
}

void simnet_frame(const uint8_t *b, size_t len)
{
    frame(b, len, false, 0);
}

void simnet_frame_late(const uint8_t *b, size_t len, int64_t delay_ns)
{
    frame(b, len, false, delay_ns);
}

void simnet_board_mac(uint8_t mac[6])
{
    memcpy(mac, net.mac, 6);
}

/* RFC 4291 appendix A. */
void simnet_board_link6(uint8_t addr[16])
{
    const uint8_t *m = net.mac;
    memcpy(addr,
           (uint8_t[16]){0xfe, 0x80, 0, 0, 0, 0, 0, 0, m[0] ^ 2u, m[1], m[2],
                         0xff, 0xfe, m[3], m[4], m[5]},
           16);
}

int simnet_in(uint8_t *buf, size_t cap, uint64_t *stamp)
{
    struct event *e = first(true);
    if (!e || e->at > w->ticks)
        return RC_AGAIN;
    int len = e->len <= cap && w->link ? (int)e->len : RC_AGAIN;
    if (len > 0) {
        memcpy(buf, bytes_of(e), e->len);
        *stamp = e->at;
    }
    done(e);
    return len;
}

/* ---- frames to the board ------------------------------------------------- */

/* RFC 1071, on top of a sum begun elsewhere. */
uint16_t simnet_sum(uint32_t sum, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += bytes_get16(p + i);
    if (len % 2)
        sum += (uint32_t)p[len - 1] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void send_ip(uint32_t from, uint32_t to, uint8_t protocol,
                    const uint8_t *payload, size_t len, int64_t delay_ns)
{
    uint8_t f[PORT_FRAME_MAX] = {0};
    if (len + 34 > sizeof f)
        sim_broken("a packet too long");
    memcpy(f, net.mac, 6);
    memcpy(f + 6, own_mac(), 6);
    bytes_put16(f + 12, 0x0800);
    f[14] = 0x45;
    bytes_put16(f + 16, (uint16_t)(20 + len));
    f[22] = 64;
    f[23] = protocol;
    bytes_put32(f + 26, from);
    bytes_put32(f + 30, to);
    bytes_put16(f + 24, simnet_sum(0, f + 14, 20));
    memcpy(f + 34, payload, len);
    frame(f, len + 34, false, delay_ns);
}

static void server_packet(unsigned server, uint8_t protocol, uint8_t *payload,
                          size_t len, int64_t delay_ns)
{
    uint32_t from = SERVER_0 + server, to = w->address;
    size_t sum_at = protocol == 6 ? 16 : 6;
    if (simpath_too_long(protocol, len, bytes_get16(payload + 2)))
        return;
    if (simnet6_send(server, protocol, payload, len, delay_ns))
        return;
    uint32_t pseudo = (from >> 16) + (from & 0xffff) + (to >> 16) +
                      (to & 0xffff) + protocol + (uint32_t)len;
    bytes_put16(payload + sum_at, 0);
    bytes_put16(payload + sum_at, simnet_sum(pseudo, payload, len));
    send_ip(from, to, protocol, payload, len, delay_ns);
}

void simnet_ip(unsigned server, uint8_t protocol, uint8_t *payload, size_t len,
               int64_t delay_ns)
{
    int64_t extra[2] = {0};
    unsigned copies = protocol == 17 ? simpath_copies(server, extra) : 1;
    for (unsigned i = 0; i < copies; i++)
        server_packet(server, protocol, payload, len, delay_ns + extra[i]);
}

void simnet_udp(uint32_t from, uint16_t from_port, uint32_t to,
                uint16_t to_port, uint8_t *msg, size_t len)
{
    uint8_t u[1400];
    bytes_put16(u, from_port);
    bytes_put16(u + 2, to_port);
    bytes_put16(u + 4, (uint16_t)(len + 8));
    bytes_put16(u + 6, 0); /* no checksum, RFC 768 */
    memcpy(u + 8, msg, len);
    send_ip(from, to, 17, u, len + 8, NEAR_NS);
}

/* The router answers for every address but the board's own and those, from
 * 10.0.0.128, that belong to nobody. */
static void arp(const uint8_t *f, size_t len)
{
    uint32_t target = len < 42 ? w->address : bytes_get32(f + 38);
    if (w->arp_dead || target == w->address || bytes_get16(f + 20) != 1 ||
        (target & 0xffffff80) == 0x0a000080)
        return;
    uint8_t a[42];
    memcpy(a, f + 6, 6);
    memcpy(a + 6, own_mac(), 6);
    memcpy(a + 12, f + 12, 8);
    bytes_put16(a + 20, 2);
    memcpy(a + 22, own_mac(), 6);
    memcpy(a + 28, f + 38, 4);
    memcpy(a + 32, f + 22, 10);
    frame(a, sizeof a, false, NEAR_NS);
}

/* RFC 5227 section 3: "this address is mine." */
static void announce(void)
{
    uint8_t a[42] = {0};
    memset(a, 0xff, 6);
    memcpy(a + 6, own_mac(), 6);
    memcpy(a + 12, (uint8_t[10]){8, 6, 0, 1, 8, 0, 6, 4, 0, 1}, 10);
    memcpy(a + 22, own_mac(), 6);
    bytes_put32(a + 28, ROUTER);
    bytes_put32(a + 38, ROUTER);
    frame(a, sizeof a, false, NEAR_NS);
}

/* ---- DNS ----------------------------------------------------------------- */

static uint32_t address_of(uint32_t asked, const uint8_t *name)
{
    if (w->dns_lie >= 0)
        return SERVER_0 + (uint32_t)w->dns_lie;
    if (asked == EVIL)
        return SERVER_0 + SIM_SERVERS - 1;
    if (name[0] == 4 && strncasecmp((const char *)name + 1, "nts", 3) == 0 &&
        name[4] >= '1' && name[4] < '1' + SIM_SERVERS &&
        strncasecmp((const char *)name + 5, "\4test", 6) == 0) {
        unsigned n = (unsigned)(name[4] - '1'), alias = w->server[n].alias;
        return SERVER_0 + (alias ? alias - 1 : n);
    }
    return 0;
}

static void a_record(struct writer *o, uint32_t ip)
{
    writer_u16(o, 0xc00c); /* the question's name */
    writer_u16(o, 1);
    writer_u16(o, 1);
    writer_u32(o, w->dns_ttl_s ? w->dns_ttl_s : 30);
    writer_u16(o, 4);
    writer_u32(o, ip);
}

static void aaaa_record(struct writer *o, uint32_t ip)
{
    uint8_t addr[16];
    simnet6_address(ip - SERVER_0, addr);
    writer_u16(o, 0xc00c);
    writer_u16(o, 28);
    writer_u16(o, 1);
    writer_u32(o, w->dns_ttl_s ? w->dns_ttl_s : 30);
    writer_u16(o, 16);
    writer_bytes(o, addr, 16);
}

/* One question; A gets an address, AAAA with w->ip6, all else an empty
 * answer. */
static void dns(uint32_t asked, uint16_t port, const uint8_t *m, size_t len)
{
    uint8_t a[600];
    size_t end = 12;
    while (end < len && m[end])
        end += 1u + m[end];
    end += 5;
    if (end > len || len > sizeof a - 64 || w->dns_lie == SIM_DNS_DEAD)
        return;
    memcpy(a, m, end);
    uint32_t ip = address_of(asked, m + 12);
    if (w->dns_lie == SIM_DNS_FAILS || w->dns_lie == SIM_DNS_NONE)
        ip = 0;
    bool found = ip && !w->only6 && bytes_get16(m + end - 4) == 1;
    bytes_put16(a + 2, ip                            ? 0x8180
                       : w->dns_lie == SIM_DNS_FAILS ? 0x8182
                                                     : 0x8183);
    bool found6 = ip && (w->ip6 || w->names6) && bytes_get16(m + end - 4) == 28;
    bytes_put16(a + 6, found ? 1 + w->dns_dead_first : found6);
    bytes_put32(a + 8, 0);
    bool pool = w->dns_lie != SIM_DNS_FAILS && end > 8 &&
                strncasecmp((const char *)m + 12, "\4pool", 5) == 0;
    if (pool && bytes_get16(m + end - 4) == 1) {
        bytes_put16(a + 2, 0x8180);
        bytes_put16(a + 6, 4);
    }
    struct writer o = writer_of(a + end, 64);
    for (unsigned i = 0; i < 4 && pool && bytes_get16(m + end - 4) == 1; i++)
        a_record(&o, SERVER_0 + i);
    if (found && w->dns_dead_first)
        a_record(&o, ip + NOBODY);
    if (found)
        a_record(&o, ip);
    if (found6)
        aaaa_record(&o, ip);
    simnet_udp(asked, 53, w->address, port, a, end + o.len);
}

/* ---- frames from the board ----------------------------------------------- */

static void udp(uint32_t to, const uint8_t *u, size_t len)
{
    if (len < 8 || bytes_get16(u + 4) < 8 || bytes_get16(u + 4) > len)
        return;
    uint16_t from = bytes_get16(u), port = bytes_get16(u + 2);
    const uint8_t *msg = u + 8;
    size_t n = bytes_get16(u + 4) - 8u;
    if (port == 67 && n > 240)
        simdhcp_message(msg, n);
    else if (port == 53 && n > 12 && (to == ROUTER || to == EVIL))
        dns(to, from, msg, n);
    else
        simflood_heard(to, from, port, msg, n);
}

void simnet_at_server(unsigned server, uint8_t protocol, const uint8_t *p,
                      size_t len)
{
    if (protocol == 6)
        simtcp_segment(server, p, len);
    else if (len >= 8 && bytes_get16(p + 4) >= 8 && bytes_get16(p + 4) <= len &&
             bytes_get16(p + 2) == w->server[server].ntp_port)
        simntp_request(server, bytes_get16(p), p + 8, bytes_get16(p + 4) - 8u);
}

static void arrived(const uint8_t *f, size_t len)
{
    uint16_t type = len < 34 ? 0 : bytes_get16(f + 12);
    memcpy(net.mac, f + 6, 6);
    if (!(f[0] & 1) && memcmp(f, own_mac(), 6) != 0) { /* to somebody else */
        if (type == 0x0800 && f[23] == 17 && len >= 42)
            simflood_heard(bytes_get32(f + 30), bytes_get16(f + 34),
                           bytes_get16(f + 36), f + 42,
                           bytes_get16(f + 16) - 28u);
        return;
    }
    if (type == 0x0806)
        arp(f, len);
    if (type == 0x86dd)
        simnet6_arrived(f, len);
    if (type != 0x0800 || f[14] != 0x45 || bytes_get16(f + 16) > len - 14)
        return;
    uint32_t to = bytes_get32(f + 30), server = to - SERVER_0;
    uint32_t from = bytes_get32(f + 26);
    size_t n = bytes_get16(f + 16) - 20u;
    bool lease = f[23] == 17 && n >= 8 && bytes_get16(f + 36) == 67;
    if (from != w->address && !lease)
        return;
    if (server >= SIM_SERVERS) {
        if (f[23] == 17)
            udp(to, f + 34, n);
    } else if ((f[23] == 17 || f[23] == 6) && !(w->dead4 >> server & 1)) {
        simnet6_by_ip4(f[23], bytes_get16(f + 34));
        simnet_at_server(server, f[23], f + 34, n);
    }
}

/* The server that a frame of the board's is for, or -1. */
static int server_of(const uint8_t *f, size_t len)
{
    if (len < 34 || bytes_get16(f + 12) != 0x0800)
        return simnet6_server(f, len);
    uint32_t server = bytes_get32(f + 30) - SERVER_0;
    return server < SIM_SERVERS ? (int)server : -1;
}

void simnet_out(const uint8_t *f, size_t len)
{
    int64_t extra[2] = {0}, way = NEAR_NS;
    int server = server_of(f, len);
    unsigned copies = 1;
    if (server >= 0 && f[f[12] == 0x86 ? 20 : 23] == 17) {
        copies = simpath_copies((unsigned)server, extra);
        way = w->server[server].up_ns;
    } else if (server >= 0) {
        way = SIM_LINK_NS;
    }
    if (server >= 0) {
        bool six = f[12] == 0x86;
        size_t head = six ? 54 : 34;
        if (simpath_too_long(f[six ? 20 : 23], len - head,
                             bytes_get16(f + head)))
            return;
    }
    for (unsigned i = 0; i < copies && len >= 14; i++)
        frame(f, len, true, way + extra[i]);
}

void simnet_run(void)
{
    struct event *e;
    simflood_run();
    if (w->announces)
        announce();
    w->announces = false;
    /* What arrives where no link is, is gone, whoever is there to take it. */
    while (!w->link && (e = first(true)) && e->at <= w->ticks)
        done(e);
    while ((e = first(false)) && e->at <= w->ticks) {
        uint8_t f[PORT_FRAME_MAX];
        void (*call)(void *) = e->call;
        size_t len = e->len;
        void *arg = e->arg;
        memcpy(f, bytes_of(e), len);
        done(e);
        if (call)
            call(arg);
        else
            arrived(f, len);
    }
}
