/* adapters/net on frames made by hand, in simulated time: DHCP, stamps in
 * and out, name servers of two sources, what a link change forgets, floods,
 * fragments. The tests share one lwIP and go on where the last one ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lwip/dns.h"
#include "lwip/udp.h"
#include "net_wire.h"
#include "adapters/net_private.h"
#include "adapters/net_udp.h"

static struct conf conf;

static bool is_dns(const struct frame *f)
{
    return is_udp4(f, 53);
}

static bool is_arp_for_router(const struct frame *f)
{
    return at16(f->b + 12) == 0x0806 && memcmp(f->b + 38, router_ip, 4) == 0;
}

static bool is_echo_reply(const struct frame *f)
{
    return at16(f->b + 12) == 0x0800 && f->b[23] == 1 && f->b[34] == 0;
}

/* ---- address ------------------------------------------------------------------ */

static void test_down(void **state)
{
    (void)state;
    assert_null(run(1000, is_dhcp)); /* no link: not a word */
    assert_false(net_up());
    assert_int_equal(sim.changes, 0);
}

static struct {
    struct addr addr[LIMIT_DHCP_SERVERS];
    size_t count;
} named;

static void ntp_servers(const struct addr *addr, size_t count)
{
    memcpy(named.addr, addr, count * sizeof *addr);
    named.count = count;
}

/* What people read. */
static void text_of(struct addr a, char out[ADDR_TEXT])
{
    addr_text(&a, out);
}

static void test_dhcp(void **state)
{
    (void)state;
    struct frame f;
    char text[ADDR_TEXT];
    sim.link = true;
    uint64_t start = sim.ticks;
    struct frame *ask = run(100, is_dhcp);
    assert_non_null(ask);
    const uint8_t *name = dhcp_option(ask, 12);
    assert_non_null(name);
    assert_memory_equal(name, "\005clock", 6);
    assert_false(net_up());

    ask = run(10000, is_dhcp); /* the first one was lost: it comes again */
    assert_non_null(ask);
    assert_int_equal(dhcp_option(ask, 53)[1], 1);
    dhcp_answer(&f, ask, 2, router_ip);
    arrive(&f, sim.ticks);
    ask = run(100, is_dhcp);
    assert_non_null(ask);
    assert_int_equal(dhcp_option(ask, 53)[1], 3);
    dhcp_answer(&f, ask, 5, router_ip);
    arrive(&f, sim.ticks);
    run(2, NULL);
    assert_true(net_up());
    text_of(net_address4(), text);
    assert_string_equal(text, "10.9.0.42");
    assert_true(sim.changes >= 2);
    assert_int_equal(named.count, 2); /* 0.0.0.0 is nobody */
    assert_memory_equal(named.addr[0].b, "\x0a\x09\x00\x07", 4);
    assert_memory_equal(named.addr[1].b, "\x0a\x09\x00\x08", 4);
    assert_true(sim.ticks - start < 5 * HZ); /* no conflict check of 7 s */
}

/* ---- stamps -------------------------------------------------------------------- */

static struct {
    struct net_udp sock;
    unsigned got;
    uint64_t stamp;
    unsigned left;
    uint64_t left_stamp;
} u;

static void datagram(void *arg, const struct net_udp_datagram *d)
{
    assert_ptr_equal(arg, &u);
    assert_memory_equal(d->from.b, router_ip, 4);
    assert_memory_equal(d->to.b, own_ip, 4);
    assert_int_equal(d->from_port, 123);
    u.stamp = d->stamp;
    u.got++;
}

static void left(void *arg, uint64_t stamp, const uint8_t *msg, size_t len)
{
    assert_ptr_equal(arg, &u);
    assert_non_null(msg);
    assert_true(len == 48 || len == 4);
    u.left++;
    u.left_stamp = stamp;
}

static struct addr router(void)
{
    return addr_of(4, router_ip);
}

static void send_to_router(void)
{
    static const uint8_t msg[48];
    const struct addr to = router();
    assert_int_equal(net_udp_send(&u.sock, &to, 123, msg, sizeof msg), RC_OK);
}

static void test_rx_stamp(void **state)
{
    (void)state;
    struct frame f;
    u.sock = (struct net_udp){.arg = &u, .received = datagram, .sent = left};
    assert_int_equal(net_udp_open(&u.sock, 5000), RC_OK);
    udp4(&f, 123, 5000, "x", 1);
    arrive(&f, 0x123456789abc);
    poll_once(); /* long after: the loop was held up */
    assert_int_equal(u.got, 1);
    assert_true(u.stamp == 0x123456789abc);
}

/* The stamp is of the frame's leaving, after ARP and after a busy MAC. */
static void test_tx_stamp(void **state)
{
    (void)state;
    struct frame f;
    send_to_router();
    assert_int_equal(u.left, 0); /* waits for the router's address */
    assert_non_null(run(3000, is_arp_for_router));
    arp_reply(&f, router_ip);
    arrive(&f, sim.ticks);
    sim.busy = true;
    run(20, NULL);
    assert_int_equal(u.left, 0); /* waits for the MAC */
    sim.busy = false;
    uint64_t free_at = sim.ticks;
    run(20, NULL);
    assert_int_equal(u.left, 1);
    assert_true(u.left_stamp >= free_at);
    send_to_router();
    assert_int_equal(u.left, 2); /* nothing to wait for any more */
    assert_true(u.left_stamp == sim.ticks);
}

static void test_tx_queue(void **state)
{
    (void)state;
    u.left = 0;
    forget_sent();
    uint32_t before = net_dropped();
    sim.busy = true;
    for (int i = 0; i < 20; i++) {
        const uint8_t msg[4] = {(uint8_t)i, (uint8_t)i, (uint8_t)i, (uint8_t)i};
        const struct addr to = router();
        int rc = net_udp_send(&u.sock, &to, 123, msg, sizeof msg);
        assert_true(rc == RC_OK || rc == RC_SPACE);
    }
    sim.busy = false;
    run(20, NULL);
    assert_true(u.left >= 8);
    assert_int_equal(u.left + net_dropped() - before, 20);
    unsigned next = 0;
    for (unsigned i = 0; i < sim.out_count; i++) /* none overtook another */
        if (is_udp4(&sim.out[i], 123)) {
            assert_int_equal(sim.out[i].b[42], next);
            next++;
        }
    assert_int_equal(next, u.left);
}

/* ---- names ---------------------------------------------------------------------- */

static struct {
    unsigned calls;
    size_t count;
    struct addr addr;
} found;

static void on_found(void *arg, const struct addr *addr, size_t count)
{
    (void)arg;
    found.calls++;
    found.count = count;
    found.addr = *addr;
}

#define NO_DATA   0 /* the name exists, without such an address */
#define NO_DOMAIN 3 /* RFC 1035 4.1.1: no such name             */

/* Answer the question in `ask`: one record, or with none `code`. */
static void dns_answer(const struct frame *ask, const uint8_t *data,
                       unsigned len, unsigned code)
{
    struct frame f;
    uint8_t m[512];
    size_t q = ask->len - 42;
    memcpy(m, ask->b + 42, q);
    be16(m + 2, 0x8180 | code);
    be16(m + 6, len ? 1 : 0);
    if (len) {
        uint8_t *r = m + q;
        memcpy(r,
               (uint8_t[12]){0xc0, 12, 0, len == 4 ? 1 : 28, 0, 1, 0, 0, 0, 60,
                             0, (uint8_t)len},
               12);
        memcpy(r + 12, data, len);
        q += 12 + len;
    }
    udp4(&f, 53, at16(ask->b + 34), m, q);
    arrive(&f, sim.ticks);
}

static void test_dns(void **state)
{
    (void)state;
    static const uint8_t four[4] = {192, 0, 2, 7},
                         six[16] = {0x20, 1, 0x0d, 0xb8, [15] = 9};
    memset(&found, 0, sizeof found);
    assert_int_equal(net_resolve("a.example", on_found, NULL), RC_OK);
    struct frame ask = *run(5000, is_dns);
    assert_memory_equal(ask.b + 30, router_ip, 4);
    dns_answer(&ask, four, 4, 0);
    run(10, NULL);
    assert_int_equal(found.calls, 1);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.addr.family, 4);
    assert_memory_equal(found.addr.b, four, 4);

    assert_int_equal(net_resolve("b.example", on_found, NULL), RC_OK);
    struct frame again = *run(5000, is_dns);
    assert_int_not_equal(at16(again.b + 34), at16(ask.b + 34)); /* port */
    assert_int_not_equal(at16(again.b + 42), at16(ask.b + 42)); /* id */
    dns_answer(&again, NULL, 0, NO_DATA); /* no IPv4: IPv6 is asked for */
    ask = *run(5000, is_dns);
    assert_int_equal(at16(ask.b + ask.len - 4), 28);
    dns_answer(&ask, six, 16, 0);
    run(10, NULL);
    assert_int_equal(found.calls, 2);
    assert_int_equal(found.addr.family, 6);
    assert_memory_equal(found.addr.b, six, 16);

    assert_int_equal(net_resolve("no.example", on_found, NULL), RC_OK);
    ask = *run(5000, is_dns);
    dns_answer(&ask, NULL, 0, NO_DOMAIN);
    run(10, NULL);
    assert_int_equal(found.calls, 3);
    assert_int_equal(found.count, 0);
}

/* Nobody answers: an end comes all the same. */
static void test_dns_silent(void **state)
{
    (void)state;
    memset(&found, 0, sizeof found);
    assert_int_equal(net_resolve("silent.example", on_found, NULL), RC_OK);
    run(60000, NULL);
    assert_int_equal(found.calls, 1);
    assert_int_equal(found.count, 0);
}

/* More questions than lwIP holds: refused, not lost. */
static void test_dns_many(void **state)
{
    (void)state;
    memset(&found, 0, sizeof found);
    unsigned asked = 0;
    for (char name[] = "a.many"; name[0] <= 'p'; name[0]++) {
        int rc = net_resolve(name, on_found, NULL);
        assert_true(rc == RC_OK || rc == RC_SPACE);
        asked += rc == RC_OK;
    }
    assert_true(asked >= 4 && asked < 16);
    run(60000, NULL);
    assert_int_equal(found.calls, asked);
    assert_int_equal(net_resolve("a.many", on_found, NULL), RC_OK);
    run(60000, NULL);
}

static void test_dns_forged(void **state)
{
    (void)state;
    static const uint8_t four[4] = {192, 0, 2, 7}, bad[4] = {6, 6, 6, 6};
    memset(&found, 0, sizeof found);
    assert_int_equal(net_resolve("c.example", on_found, NULL), RC_OK);
    struct frame ask = *run(5000, is_dns), forged = ask;
    be16(forged.b + 42, at16(ask.b + 42) + 1); /* another id */
    dns_answer(&forged, bad, 4, 0);
    forged = ask;
    be16(forged.b + 34, at16(ask.b + 34) ^ 1); /* another port */
    dns_answer(&forged, bad, 4, 0);
    run(10, NULL);
    assert_int_equal(found.calls, 0);
    dns_answer(&ask, four, 4, 0);
    run(10, NULL);
    assert_int_equal(found.calls, 1);
    assert_memory_equal(found.addr.b, four, 4);
}

static bool server_is(unsigned i, const char *text)
{
    char have[48];
    (void)ipaddr_ntoa_r(dns_getserver((u8_t)i), have, sizeof have);
    return strcmp(have, text) == 0;
}

/* RFC 8106 servers come after DHCP's, whose place lwIP would give them. */
static void test_rdnss(void **state)
{
    (void)state;
    struct frame f;
    char text[ADDR_TEXT];
    static const uint8_t dns1[16] = {0x20, 1, 0x0d, 0xb8, [15] = 0x53},
                         dns2[16] = {0x20, 1, 0x0d, 0xb8, [15] = 0x54};
    assert_true(server_is(0, "10.9.0.1"));
    advertisement(&f, dns1, 600);
    arrive(&f, sim.ticks);
    run(3000, NULL);
    text_of(net_address6(), text);
    assert_string_equal(text, "2001:db8::ff:fe00:2a");
    assert_true(server_is(0, "10.9.0.1"));
    assert_true(server_is(1, "2001:DB8::53"));
    advertisement(&f, dns2, 600); /* another one takes its place */
    arrive(&f, sim.ticks);
    run(10, NULL);
    assert_true(server_is(0, "10.9.0.1"));
    assert_true(server_is(1, "2001:DB8::54"));
    advertisement(&f, dns2, 0); /* and is withdrawn */
    arrive(&f, sim.ticks);
    run(10, NULL);
    assert_true(server_is(0, "10.9.0.1"));
    assert_true(server_is(1, "0.0.0.0"));
}

/* ---- strangers -------------------------------------------------------------------- */

static void test_echo(void **state)
{
    (void)state;
    struct frame f;
    ethernet(&f, 0x0800);
    f.b[34] = 8;
    memcpy(f.b + 42, "pong", 4);
    be16(f.b + 36, folded(sum16(0, f.b + 34, 12)));
    ipv4(&f, 1, 12, 0);
    arrive(&f, sim.ticks);
    struct frame *reply = run(10, is_echo_reply);
    assert_non_null(reply);
    assert_memory_equal(reply->b + 42, "pong", 4);
}

static void test_fragments(void **state)
{
    (void)state;
    struct frame f;
    u.got = 0;
    uint8_t data[16] = {0};
    for (int turn = 0; turn < 100; turn++) {
        udp4(&f, 123, 5000, data, sizeof data);
        ipv4(&f, 17, 24, 0x2000); /* more fragments */
        arrive(&f, sim.ticks);
        udp4(&f, 123, 5000, data, sizeof data);
        ipv4(&f, 17, 24, 3); /* the last one */
        arrive(&f, sim.ticks);
        poll_once();
    }
    assert_int_equal(u.got, 0);
    udp4(&f, 123, 5000, data, sizeof data);
    arrive(&f, sim.ticks);
    poll_once();
    assert_int_equal(u.got, 1); /* and no buffer is missing */
}

static void test_flood(void **state)
{
    (void)state;
    struct frame f;
    u.got = 0;
    udp4(&f, 123, 5000, "x", 1);
    for (unsigned i = 0; i < LEN(sim.in); i++)
        arrive(&f, sim.ticks);
    mono_ns next = poll_once();
    assert_true(u.got > 0 && u.got <= 16); /* the loop gets its turn */
    assert_true(next <= mono_of_ticks(sim.ticks, HZ) + MONO_MS);
    run(10, NULL);
    assert_int_equal(u.got, LEN(sim.in));
}

/* Who keeps his pbufs, as TCP does: each frame has a stamp of its own. */
static struct {
    struct pbuf *p[64];
    unsigned got;
} kept;

static void keep(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                 const ip_addr_t *from, u16_t port)
{
    (void)arg;
    (void)pcb;
    (void)from;
    (void)port;
    kept.p[kept.got++] = p;
}

static void test_no_buffers(void **state)
{
    (void)state;
    struct frame f;
    struct udp_pcb *pcb = udp_new_ip_type(IPADDR_TYPE_V4);
    assert_int_equal(udp_bind(pcb, IP4_ADDR_ANY, 5001), ERR_OK);
    udp_recv(pcb, keep, NULL);
    uint32_t before = net_dropped();
    udp4(&f, 123, 5001, "x", 1);
    for (unsigned i = 0; i < 60; i++)
        arrive(&f, i);
    run(10, NULL);
    assert_true(kept.got >= 8);
    assert_int_equal(kept.got + net_dropped() - before, 60);
    for (unsigned i = 0; i < kept.got; i++) {
        assert_true(net_rx_stamp(kept.p[i]) == i);
        pbuf_free(kept.p[i]);
    }
    udp_remove(pcb);
    u.got = 0;
    udp4(&f, 123, 5000, "x", 1);
    arrive(&f, 1);
    run(10, NULL);
    assert_int_equal(u.got, 1);
}

static void test_short_frames(void **state)
{
    (void)state;
    struct frame f, cut;
    u.got = 0;
    udp4(&f, 123, 5000, "x", 1);
    for (size_t len = 1; len < f.len; len++) {
        cut = f;
        cut.len = len;
        arrive(&cut, sim.ticks);
        poll_once();
    }
    assert_int_equal(u.got, 0);
}

/* ---- the plug ----------------------------------------------------------------------- */

static void test_link_change(void **state)
{
    (void)state;
    struct frame f;
    char text[ADDR_TEXT];
    static const uint8_t dns[16] = {0x20, 1, 0x0d, 0xb8, [15] = 0x53};
    advertisement(&f, dns, 600);
    arrive(&f, sim.ticks);
    run(3000, NULL);
    unsigned before = sim.changes;
    u.left = 0;
    sim.busy = true;
    send_to_router(); /* on its way when the plug goes */
    sim.link = false;
    run(100, NULL);
    assert_false(net_up());
    assert_true(sim.changes > before);
    text_of(net_address6(), text);
    assert_string_equal(text, "");
    sim.busy = false;
    sim.link = true;
    forget_sent();
    struct frame *ask = run(1000, is_dhcp);
    assert_non_null(ask);
    assert_int_equal(dhcp_option(ask, 53)[1], 3); /* INIT-REBOOT */
    assert_memory_equal(dhcp_option(ask, 50) + 1, own_ip, 4);
    assert_int_equal(u.left, 0); /* not what was meant for the last network */
    dhcp_answer(&f, ask, 6, router_ip); /* not yours here */
    arrive(&f, sim.ticks);
    run(10, NULL);
    assert_false(net_up());
    ask = run(30000, is_dhcp);
    assert_non_null(ask);
    assert_int_equal(dhcp_option(ask, 53)[1], 1);
    dhcp_answer(&f, ask, 2, router_ip);
    arrive(&f, sim.ticks);
    ask = run(100, is_dhcp);
    assert_non_null(ask);
    dhcp_answer(&f, ask, 5, router_ip);
    arrive(&f, sim.ticks);
    run(2, NULL);
    assert_true(net_up());
    forget_sent();
    send_to_router(); /* another router may have that address now */
    assert_int_equal(u.left, 0);
    assert_non_null(run(2000, is_arp_for_router));
}

static int start(void **state)
{
    (void)state;
    assert_int_equal(conf_parse(&conf, "hostname clock\n", 15), 0);
    sim.ticks = 5 * HZ;
    net_init(&conf, changed);
    net_ntp_servers(ntp_servers);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_down),         cmocka_unit_test(test_dhcp),
        cmocka_unit_test(test_rx_stamp),     cmocka_unit_test(test_tx_stamp),
        cmocka_unit_test(test_tx_queue),     cmocka_unit_test(test_dns),
        cmocka_unit_test(test_dns_forged),   cmocka_unit_test(test_dns_silent),
        cmocka_unit_test(test_dns_many),     cmocka_unit_test(test_rdnss),
        cmocka_unit_test(test_echo),         cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_flood),        cmocka_unit_test(test_no_buffers),
        cmocka_unit_test(test_short_frames), cmocka_unit_test(test_link_change),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
