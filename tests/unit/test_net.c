/* adapters/net on frames made by hand, in simulated time: DHCP, stamps in
 * and out, name servers of two sources, what a link change forgets, floods,
 * fragments. The tests share one lwIP and go on where the last one ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lwip/udp.h"
#include "net_wire.h"
#include "adapters/net_private.h"
#include "adapters/net_udp.h"

static struct conf conf;

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
    assert_int_equal(at16(ask->b + 18), 0); /* no count of our packets */
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

static bool is_neighbour_advertisement(const struct frame *f)
{
    return at16(f->b + 12) == 0x86dd && f->b[20] == 58 && f->b[54] == 136;
}

/* Asks for our link-local address, its options as given. */
static void solicitation(struct frame *f, uint8_t host, const uint8_t *options,
                         size_t len)
{
    static const uint8_t own[16] = {0xfe, 0x80, 0, 0,    0,    0, 0, 0,
                                    0,    0,    0, 0xff, 0xfe, 0, 0, 42};
    uint8_t m[24 + 32] = {135};
    memcpy(m + 8, own, 16);
    memcpy(m + 24, options, len);
    ethernet(f, 0x86dd);
    uint8_t *ip = f->b + 14;
    ip[0] = 0x60;
    be16(ip + 4, 24 + (unsigned)len);
    ip[6] = 58;
    ip[7] = 255;
    memcpy(ip + 8, own, 8);
    ip[23] = host;
    memcpy(ip + 24, own, 16);
    uint32_t sum = sum16(58 + 24 + (uint32_t)len, ip + 8, 32);
    be16(m + 2, folded(sum16(sum, m, 24 + len)));
    memcpy(f->b + 54, m, 24 + len);
    f->len = 54 + 24 + len;
}

/* A nonce (RFC 7527) in front of the address is not the address; an option
 * without a length is none, and neither is a short one. */
static void test_solicitation_options(void **state)
{
    (void)state;
    static const uint8_t nonce[] = {14, 1, 9, 9, 9, 9, 9, 9,
                                    1,  1, 2, 0, 0, 0, 0, 1};
    static const uint8_t empty[] = {1, 0, 9, 9, 9, 9, 9, 9};
    struct frame f;
    (void)run(5000, NULL); /* duplicate address detection */
    solicitation(&f, 0x77, nonce, sizeof nonce);
    arrive(&f, sim.ticks);
    struct frame *reply = run(10, is_neighbour_advertisement);
    assert_non_null(reply);
    assert_memory_equal(reply->b, router_mac, 6);
    solicitation(&f, 0x78, empty, sizeof empty);
    arrive(&f, sim.ticks);
    assert_null(run(10, is_neighbour_advertisement));
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

static bool heard(const uint8_t mac[6])
{
    for (size_t i = 0; i < sim.groups; i++)
        if (memcmp(sim.group[i], mac, 6) == 0)
            return true;
    return false;
}

/* A chip's filter lets in what IPv6 needs, IPv4's all hosts, and no other
 * group. The addresses
 * of one interface end alike and share a group; it is told once, and stays as
 * long as one of them does. */
static void test_groups(void **state)
{
    (void)state;
    static const uint8_t all_nodes[6] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t solicited[6] = {0x33, 0x33, 0xff, 0, 0, 42};
    static const uint8_t all_hosts[6] = {0x01, 0x00, 0x5e, 0, 0, 1};
    static const uint8_t dns[16] = {0x20, 1, 0x0d, 0xb8, [15] = 0x53};
    struct frame f;
    assert_true(heard(all_nodes) && heard(solicited) && heard(all_hosts));
    assert_int_equal(sim.groups, 3);
    advertisement(&f, dns, 600);
    arrive(&f, sim.ticks);
    run(3000, NULL);
    assert_true(net_address6().family == 6);
    assert_true(heard(all_nodes) && heard(solicited));
    assert_int_equal(sim.groups, 3);
    sim.link = false;
    run(100, NULL);
    assert_true(heard(all_nodes) && heard(solicited)); /* the link-local's */
    sim.link = true;
    sim.mac[0] = 2;
    sim.mac[5] = 43; /* another chip */
    run(3000, NULL);
    static const uint8_t another[6] = {0x33, 0x33, 0xff, 0, 0, 43};
    assert_true(heard(all_nodes) && heard(another));
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
        cmocka_unit_test(test_down),
        cmocka_unit_test(test_dhcp),
        cmocka_unit_test(test_rx_stamp),
        cmocka_unit_test(test_tx_stamp),
        cmocka_unit_test(test_tx_queue),
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_solicitation_options),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_no_buffers),
        cmocka_unit_test(test_short_frames),
        cmocka_unit_test(test_link_change),
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
