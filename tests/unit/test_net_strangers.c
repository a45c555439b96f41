/* adapters/net_filter on frames made by hand: whatever strangers send, the way
 * to the router is known, and their answers take no place of ours. The tests
 * share one lwIP and one network: 10.9.0.0/24 and 2001:db8::/64, the router
 * 10.9.0.1 and fe80::1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "core/limit.h"
#include "net_wire.h"
#include "adapters/net_udp.h"

static struct conf conf;
static struct net_udp sock;

static const uint8_t own_link6[16] = {0xfe, 0x80, 0, 0,    0,    0, 0, 0,
                                      0,    0,    0, 0xff, 0xfe, 0, 0, 42};
static const uint8_t router_link6[16] = {0xfe, 0x80, [15] = 1};
static const struct addr far4 = {.family = 4, .b = {192, 0, 2, 1}};
static const struct addr far6 = {.family = 6, .b = {0x20, 1, 0x0d, 0xb8, 1}};

/* ---- frames of many senders ---------------------------------------------- */

/* Sender i: his Ethernet address, and one of 250 of our network's. */
static void from_sender(struct frame *f, unsigned i)
{
    memcpy(f->b + 6, (uint8_t[6]){2, 1, 0, 0, (uint8_t)(i >> 8), (uint8_t)i},
           6);
}

static void from4(struct frame *f, unsigned i, bool far)
{
    uint8_t *ip = f->b + 14;
    from_sender(f, i);
    if (far)
        memcpy(ip + 12, (uint8_t[2]){198, 51}, 2);
    ip[14] = far ? (uint8_t)(i >> 8) : 0;
    ip[15] = (uint8_t)(i % 250 < 42 ? 2 + i % 40 : i % 250);
    be16(ip + 10, 0);
    be16(ip + 10, folded(sum16(0, ip, 20)));
}

static void ping(struct frame *f, unsigned i)
{
    ethernet(f, 0x0800);
    f->b[34] = 8;
    memcpy(f->b + 42, "pong", 4);
    be16(f->b + 36, folded(sum16(0, f->b + 34, 12)));
    ipv4(f, 1, 12, 0);
    from4(f, i, false);
}

static void far_ping(struct frame *f, unsigned i)
{
    ping(f, i);
    from4(f, i, true);
}

static void closed_port(struct frame *f, unsigned i)
{
    udp4(f, 4000 + i % 1000, 9, "x", 1);
    from4(f, i, false);
}

static void syn(struct frame *f, unsigned i)
{
    ethernet(f, 0x0800);
    uint8_t *t = f->b + 34;
    be16(t, 2000 + i % 1000);
    be16(t + 2, 22);
    t[12] = 5 << 4;
    t[13] = 2;
    ipv4(f, 6, 20, 0);
    from4(f, i, false);
    uint32_t sum = sum16(6 + 20, f->b + 26, 8);
    be16(t + 16, folded(sum16(sum, t, 20)));
}

static void fragment(struct frame *f, unsigned i)
{
    udp4(f, 123, 5000, "fragment", 8);
    ipv4(f, 17, 16, i % 2 ? 0x2000 : 2);
    from4(f, i, false);
}

static void arp(struct frame *f, unsigned i, unsigned operation)
{
    arp_reply(f, router_ip);
    be16(f->b + 20, operation);
    from_sender(f, i);
    memcpy(f->b + 22, f->b + 6, 6);
    f->b[31] = (uint8_t)(i % 250 < 42 ? 2 + i % 40 : i % 250);
}

static void arp_request(struct frame *f, unsigned i)
{
    arp(f, i, 1);
}

static void arp_answer(struct frame *f, unsigned i)
{
    arp(f, i, 2);
}

/* An ICMPv6 message of `len` bytes, from fe80::1:i or 2001:db8::1:i. */
static void icmp6(struct frame *f, unsigned i, const uint8_t *to, uint8_t *m,
                  size_t len, bool link)
{
    ethernet(f, 0x86dd);
    uint8_t *ip = f->b + 14;
    ip[0] = 0x60;
    be16(ip + 4, (unsigned)len);
    ip[6] = 58;
    ip[7] = 255;
    memcpy(ip + 8, link ? router_link6 : far6.b, 16);
    ip[12] = link ? ip[12] : 0;
    ip[21] = 1;
    be16(ip + 22, i);
    memcpy(ip + 24, to, 16);
    be16(m + 2, 0);
    uint32_t sum = sum16(58 + (uint32_t)len, ip + 8, 32);
    be16(m + 2, folded(sum16(sum, m, len)));
    memcpy(f->b + 54, m, len);
    f->len = 54 + len;
    from_sender(f, i);
}

static void solicitation(struct frame *f, unsigned i)
{
    uint8_t m[32] = {135};
    memcpy(m + 8, own_link6, 16);
    m[24] = 1;
    m[25] = 1;
    be16(m + 30, i);
    icmp6(f, i, own_link6, m, sizeof m, i % 2);
}

static void neighbour(struct frame *f, unsigned i)
{
    uint8_t m[32] = {136, [4] = 0x60};
    memcpy(m + 8, i % 3 ? router_link6 : own_link6, 16);
    m[21] = i % 3 ? 1 : m[21];
    m[24] = 2;
    m[25] = 1;
    be16(m + 30, i);
    icmp6(f, i, i % 3 ? own_link6 : (const uint8_t[16]){0xff, 2, [15] = 1}, m,
          sizeof m, true);
}

static void echo6(struct frame *f, unsigned i)
{
    uint8_t m[16] = {128};
    icmp6(f, i, own_link6, m, sizeof m, i % 2);
}

/* A router of another prefix each. */
static void router6(struct frame *f, unsigned i)
{
    uint8_t m[16 + 32 + 8] = {134, 0, 0, 0, 64, 0, 7, 8};
    memcpy(m + 16, (uint8_t[4]){3, 4, 64, 0xc0}, 4);
    be16(m + 22, 3600);
    be16(m + 26, 3600);
    memcpy(m + 32, (uint8_t[4]){0x20, 1, 0x0d, 0xb8}, 4);
    m[36] = 1;
    be16(m + 38, i);
    m[48] = 1;
    m[49] = 1;
    be16(m + 54, i);
    icmp6(f, i, (const uint8_t[16]){0xff, 2, [15] = 1}, m, sizeof m, true);
}

/* "I have the router's address": an answer, or a question that nobody asked
 * (a gratuitous one); an advertisement to us alone, or to all. */
static void claims4(struct frame *f, unsigned i)
{
    arp(f, i, 1 + i % 2);
    memcpy(f->b + 28, router_ip, 4);
    if (i % 2 == 0) {
        memset(f->b, 0xff, 6);
        memcpy(f->b + 38, router_ip, 4);
    }
}

static void claims6(struct frame *f, unsigned i)
{
    uint8_t m[32] = {136, [4] = i % 2 ? 0xe0 : 0xa0};
    memcpy(m + 8, router_link6, 16);
    m[24] = 2;
    m[25] = 1;
    m[26] = 2;
    m[27] = 1;
    be16(m + 30, i);
    icmp6(f, i, i % 2 ? own_link6 : (const uint8_t[16]){0xff, 2, [15] = 1}, m,
          sizeof m, true);
}

static void solicits_router(struct frame *f, unsigned i)
{
    uint8_t m[8] = {133};
    icmp6(f, i, (const uint8_t[16]){0xff, 2, [15] = 2}, m, sizeof m, true);
}

/* "For far6 go through me." */
static void redirect(struct frame *f, unsigned i)
{
    uint8_t m[48] = {137};
    memcpy(m + 8, router_link6, 16);
    m[22] = 9;
    memcpy(m + 24, far6.b, 16);
    m[40] = 2;
    m[41] = 1;
    icmp6(f, i, own_link6, m, sizeof m, true);
}

/* "Packets to far6 may have 0 bytes." */
static void too_big(struct frame *f, unsigned i)
{
    uint8_t m[48] = {2, [8] = 0x60};
    memcpy(m + 32, far6.b, 16);
    icmp6(f, i, own_link6, m, sizeof m, false);
}

static void multicast_query(struct frame *f, unsigned i)
{
    uint8_t m[24] = {130};
    icmp6(f, i, (const uint8_t[16]){0xff, 2, [15] = 1}, m, sizeof m, true);
}

/* ---- what must go on ----------------------------------------------------- */

static void nobody(void *arg, const struct net_udp_datagram *d)
{
    (void)arg;
    (void)d;
}

static bool is_request6(const struct frame *f)
{
    return at16(f->b + 12) == 0x86dd && f->b[20] == 17 &&
           at16(f->b + 56) == 123;
}

static bool is_request4(const struct frame *f)
{
    return is_udp4(f, 123);
}

static bool asks_for_router(const struct frame *f)
{
    return (at16(f->b + 12) == 0x0806 &&
            memcmp(f->b + 38, router_ip, 4) == 0) ||
           (at16(f->b + 12) == 0x86dd && f->b[20] == 58 && f->b[54] == 135 &&
            memcmp(f->b + 62, router_link6, 16) == 0);
}

static uint8_t router_now[6] = {2, 0, 0, 0, 0, 1}; /* who is the router     */
static unsigned asked_alone; /* how often the router was asked by itself      */

/* The router answers who asks for it. */
static void answer_as_router(const struct frame *ask)
{
    struct frame f;
    bool alone = (ask->b[0] & 1) == 0;
    if (alone && memcmp(ask->b, router_now, 6) != 0)
        return; /* another one is asked, who is gone */
    asked_alone += alone;
    if (at16(ask->b + 12) == 0x0806) {
        arp_reply(&f, router_ip);
        memcpy(f.b + 22, router_now, 6);
    } else {
        uint8_t m[32] = {136, [4] = 0xe0};
        memcpy(m + 8, router_link6, 16);
        m[24] = 2;
        m[25] = 1;
        memcpy(m + 26, router_now, 6);
        icmp6(&f, 0, ask->b + 22, m, sizeof m, true);
        memcpy(f.b + 22, router_link6, 16);
        be16(f.b + 56, 0);
        uint32_t sum = sum16(58 + sizeof m, f.b + 22, 32);
        be16(f.b + 56, folded(sum16(sum, f.b + 54, sizeof m)));
    }
    memcpy(f.b + 6, router_now, 6);
    arrive(&f, sim.ticks);
}

static void pass(unsigned ms)
{
    uint64_t end = sim.ticks + ms * (HZ / 1000);
    while (sim.ticks < end) {
        const struct frame *ask = run(
            (unsigned)((end - sim.ticks) / (HZ / 1000)) + 1, asks_for_router);
        if (!ask)
            break;
        answer_as_router(ask);
    }
}

/* A request in each family leaves within 10 ms, by way of the router. */
static void assert_served(void)
{
    static const uint8_t msg[48];
    forget_sent();
    assert_int_equal(net_udp_send(&sock, &far4, 123, msg, sizeof msg), RC_OK);
    assert_int_equal(net_udp_send(&sock, &far6, 123, msg, sizeof msg), RC_OK);
    pass(10);
    bool left4 = false, left6 = false;
    for (unsigned i = 0; i < sim.out_count; i++) {
        const struct frame *f = &sim.out[i];
        if (!is_request4(f) && !is_request6(f))
            continue;
        assert_memory_equal(f->b, router_now, 6);
        left4 = left4 || is_request4(f);
        left6 = left6 || is_request6(f);
    }
    assert_true(left4);
    assert_true(left6);
}

static unsigned answers; /* to anybody but the router                        */

static void count_answers(void)
{
    for (unsigned i = 0; i < sim.out_count; i++)
        answers += memcmp(sim.out[i].b, (uint8_t[2]){2, 1}, 2) == 0;
    forget_sent();
}

/* One second of it, and requests in the middle and behind. */
static void flood(const char *name, void (*make)(struct frame *, unsigned))
{
    unsigned asked = 0;
    answers = 0;
    pass(3000); /* buckets are full, and nothing of the last is under way    */
    char before[ADDR_TEXT], after[ADDR_TEXT];
    struct addr a = net_address6();
    addr_text(&a, before);
    forget_sent();
    for (unsigned ms = 0; ms < 1000; ms++) {
        for (unsigned k = 0; k < 10; k++) {
            struct frame f;
            make(&f, 1 + ms * 10 + k);
            arrive(&f, sim.ticks);
        }
        poll_once();
        sim.ticks += HZ / 1000;
        for (unsigned i = 0; i < sim.out_count; i++)
            if (asks_for_router(&sim.out[i]))
                asked++;
        count_answers();
        if (ms % 300 == 299)
            assert_served();
    }
    assert_served();
    a = net_address6();
    addr_text(&a, after);
    assert_string_equal(before, after);
    print_message("%-28s %5u answers, router asked for %u times\n", name,
                  answers, asked);
    assert_true(answers <= 150);
    assert_true(asked <= 4);
}

static void test_up(void **state)
{
    (void)state;
    static const uint8_t dns[16] = {0x20, 1, 0x0d, 0xb8, [15] = 0x53};
    struct frame f;
    sim.link = true;
    struct frame *ask = run(100, is_dhcp);
    assert_non_null(ask);
    dhcp_answer(&f, ask, 2, router_ip);
    arrive(&f, sim.ticks);
    ask = run(100, is_dhcp);
    assert_non_null(ask);
    dhcp_answer(&f, ask, 5, router_ip);
    arrive(&f, sim.ticks);
    pass(3000);
    advertisement(&f, dns, 600);
    arrive(&f, sim.ticks);
    pass(5000);
    assert_int_equal(net_address6().family, 6);
    sock = (struct net_udp){.received = nobody};
    assert_int_equal(net_udp_open(&sock, 5000), RC_OK);
    assert_served();
    pass(60000); /* later than a link's first minute */
    assert_served();
}

static void test_floods4(void **state)
{
    (void)state;
    flood("ping, near", ping);
    flood("ping, far", far_ping);
    flood("UDP to a closed port", closed_port);
    flood("SYN to a closed port", syn);
    flood("fragments", fragment);
    flood("ARP requests for us", arp_request);
    flood("ARP answers", arp_answer);
}

static void test_floods6(void **state)
{
    (void)state;
    flood("ping, IPv6", echo6);
    flood("neighbour solicitations", solicitation);
    flood("neighbour advertisements", neighbour);
    flood("router advertisements", router6);
    flood("router solicitations", solicits_router);
    flood("redirects", redirect);
    flood("packet too big", too_big);
    flood("multicast queries", multicast_query);
}

/* As long as the router answers, nobody else has its address. */
static void test_claims(void **state)
{
    (void)state;
    flood("router's address claimed, 4", claims4);
    flood("router's address claimed, 6", claims6);
    uint64_t begin = sim.ticks;
    asked_alone = 0;
    for (unsigned s = 0; s < 30; s++) {
        struct frame f;
        for (unsigned k = 0; k < 10; k++) {
            claims4(&f, 1 + k);
            arrive(&f, sim.ticks);
            claims6(&f, 1 + k);
            arrive(&f, sim.ticks);
            pass(100);
        }
        assert_served();
    }
    unsigned seconds = (unsigned)((sim.ticks - begin) / HZ);
    assert_in_range(asked_alone, seconds, 2 * seconds + 2);
}

/* Another router takes its addresses over and says so once: some seconds. */
static void test_moves(void **state)
{
    (void)state;
    static const uint8_t msg[48];
    struct frame f;
    pass(5000);
    assert_served();
    memcpy(router_now, (uint8_t[6]){2, 1, 0, 0, 0, 2}, 6);
    claims4(&f, 2);
    arrive(&f, sim.ticks);
    claims6(&f, 2);
    arrive(&f, sim.ticks);
    pass(6000);
    assert_true(net_udp_send(&sock, &far6, 123, msg, sizeof msg) <= RC_OK);
    pass(1500);
    assert_served();
    pass(60000);
    assert_served();
    memcpy(router_now, router_mac, 6);
    claims4(&f, 2);
    memcpy(f.b + 22, router_mac, 6);
    arrive(&f, sim.ticks); /* and back; IPv6 finds out by itself */
    for (unsigned s = 0; s < 50; s++) {
        assert_true(net_udp_send(&sock, &far6, 123, msg, sizeof msg) <= RC_OK);
        pass(1000);
    }
    assert_served();
}

static bool is_echo(const struct frame *f)
{
    return (at16(f->b + 12) == 0x0800 && f->b[23] == 1) ||
           (at16(f->b + 12) == 0x86dd && f->b[20] == 58 && f->b[54] == 129);
}

/* Whoever is not known is answered at the address that he wrote from. */
static void test_answered(void **state)
{
    (void)state;
    void (*const make[])(struct frame *, unsigned) = {ping, echo6};
    for (unsigned i = 0; i < LEN(make); i++) {
        struct frame f;
        pass(2000);
        make[i](&f, 77);
        arrive(&f, sim.ticks);
        const struct frame *reply = run(5, is_echo);
        assert_non_null(reply);
        assert_memory_equal(reply->b, f.b + 6, 6);
    }
}

/* The answers of one busy MAC do not fill the queue of frames. */
static void test_busy(void **state)
{
    (void)state;
    struct frame f;
    pass(3000);
    forget_sent();
    sim.busy = true;
    for (unsigned i = 1; i < 60; i++) {
        ping(&f, i);
        arrive(&f, sim.ticks);
        poll_once();
    }
    static const uint8_t msg[48];
    for (unsigned i = 0; i < LIMIT_TX_FRAMES - 1; i++)
        assert_int_equal(net_udp_send(&sock, &far4, 123, msg, sizeof msg),
                         RC_OK);
    sim.busy = false;
    pass(20);
    unsigned requests = 0;
    for (unsigned i = 0; i < sim.out_count; i++)
        requests += is_request4(&sim.out[i]);
    assert_int_equal(requests, LIMIT_TX_FRAMES - 1);
}

static bool is_arp_answer(const struct frame *f)
{
    return at16(f->b + 12) == 0x0806 && at16(f->b + 20) == 2;
}

/* Address conflict detection (RFC 5227): a probe is answered. */
static void test_probe(void **state)
{
    (void)state;
    struct frame f;
    pass(2000);
    arp(&f, 5, 1);
    memset(f.b + 28, 0, 4);
    arrive(&f, sim.ticks);
    assert_non_null(run(5, is_arp_answer));
}

/* A router that falls silent makes place for the next. */
static void test_next_router(void **state)
{
    (void)state;
    static const uint8_t msg[48];
    struct frame f;
    pass(2000);
    for (unsigned s = 0; s < 90; s++) {
        assert_true(net_udp_send(&sock, &far6, 123, msg, sizeof msg) <= RC_OK);
        run(1000, NULL); /* nobody answers */
        forget_sent();
    }
    router6(&f, 9);
    arrive(&f, sim.ticks);
    run(1500, NULL);
    assert_int_equal(net_udp_send(&sock, &far6, 123, msg, sizeof msg), RC_OK);
    const struct frame *left = run(100, is_request6);
    assert_non_null(left);
    assert_memory_equal(left->b, ((uint8_t[6]){0, 0, 0, 0, 0, 9}), 6);
}

static int start(void **state)
{
    (void)state;
    assert_int_equal(conf_parse(&conf, "", 0), 0);
    sim.ticks = 5 * HZ;
    net_init(&conf, changed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_up),          cmocka_unit_test(test_floods4),
        cmocka_unit_test(test_floods6),     cmocka_unit_test(test_answered),
        cmocka_unit_test(test_claims),      cmocka_unit_test(test_moves),
        cmocka_unit_test(test_busy),        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_next_router),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
