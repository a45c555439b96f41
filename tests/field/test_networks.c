/* Networks as they are: tagged frames, ports that pass nothing for half a
 * minute, what DHCP servers say. adapters/net over one wire by hand
 * (lan.h), each case after pulling the plug. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lan.h"

/* ---- tags ---------------------------------------------------------------- */

static bool is_echo_reply(const struct frame *f)
{
    return at16(f->b + 12) == 0x0800 && f->b[23] == 1 && f->b[34] == 0;
}

static bool pings(int tag)
{
    struct frame f;
    pass(1);
    ethernet(&f, 0x0800);
    f.b[34] = 8;
    be16(f.b + 36, folded(sum16(0, f.b + 34, 12)));
    ipv4(&f, 1, 12, 0);
    if (tag >= 0) {
        memmove(f.b + 16, f.b + 12, f.len - 12);
        be16(f.b + 12, 0x8100);
        be16(f.b + 14, (unsigned)tag);
        f.len += 4;
    }
    arrive(&f, sim.ticks);
    return run(10, is_echo_reply) != NULL;
}

static void test_tags(void **state)
{
    (void)state;
    plug_in(OPTIONS(SECONDS4, 14, 16, MASK, ROUTER));
    pass(3);
    assert_true(net_up());
    assert_true(pings(-1));
    assert_true(pings(0));       /* a priority tag of priority 0 ...          */
    assert_true(pings(5 << 13)); /* ... and of 5: untagged                   */
    assert_true(pings(1 << 12)); /* may be dropped under load, and is not    */
    assert_false(pings(100));
    assert_false(pings(5 << 13 | 1));
    assert_false(pings(0xfff));
    struct frame f = {.len = 16};
    be16(f.b + 12, 0x8100); /* cut off behind the tag's first half */
    arrive(&f, sim.ticks);
    pass(1);
}

/* ---- a port that passes nothing at first --------------------------------- */

static void test_slow_port(void **state)
{
    (void)state;
    static const unsigned slow_s[] = {0, 5, 35, 50};
    for (unsigned i = 0; i < LEN(slow_s); i++) {
        plug_in(OPTIONS(SECONDS4, 14, 16, MASK, ROUTER));
        lan.router6 = true;
        lan.blocked = true;
        pass(slow_s[i]);
        lan.blocked = false;
        pass(slow_s[i] < 40 ? 75 - slow_s[i] : 75);
        assert_int_equal(net_address6().family, 6);
        assert_int_equal(net_address4().family, 4);
        unsigned solicited = lan.solicited;
        pass(600); /* found: not asked for again */
        assert_true(lan.solicited <= solicited + 1);
    }
}

/* No IPv6 router at all: asked for ever more seldom, at last once an hour. */
static void test_no_router6(void **state)
{
    (void)state;
    plug_in(OPTIONS(SECONDS4, 14, 16, MASK, ROUTER));
    pass(1800);
    assert_in_range(lan.solicited, 8, 14);
    unsigned before = lan.solicited;
    pass(2 * 3600);
    assert_in_range(lan.solicited - before, 1, 4);
}

/* ---- leases -------------------------------------------------------------- */

/* Option 51 and T1 (58), T2 (59) in seconds; 0: not said. */
static void lease(uint32_t t0, uint32_t t1, uint32_t t2, unsigned seconds,
                  unsigned acks_low, unsigned acks_high)
{
    static uint8_t o[40];
    const uint32_t t[3] = {t0, t1, t2};
    static const uint8_t code[3] = {51, 58, 59}, rest[] = {MASK, ROUTER};
    size_t n = sizeof rest;
    memcpy(o, rest, n);
    for (unsigned i = 0; i < 3; i++) {
        if (!t[i])
            continue;
        o[n] = code[i];
        o[n + 1] = 4;
        bytes_put32(o + n + 2, t[i]);
        n += 6;
    }
    plug_in(o, n);
    pass(3);
    assert_true(net_up());
    lan.acks = 0;
    pass(seconds);
    print_message("lease %u, T1 %u, T2 %u: %u renewals in %u s, lost %u "
                  "times\n",
                  t0, t1, t2, lan.acks, seconds, lan.lost);
    assert_int_equal(lan.lost, 0);
    assert_in_range(lan.acks, acks_low, acks_high);
}

static void test_leases(void **state)
{
    (void)state;
    lease(60, 0, 0, 600, 18, 22);
    lease(30, 0, 0, 600, 36, 44);
    lease(10, 0, 0, 600, 100, 150);
    lease(1, 0, 0, 60, 5, 60);
    lease(89, 0, 0, 890, 18, 22);
    lease(0, 0, 0, 7200, 2, 5); /* no option 51 */
    lease(86400, 0, 0, 90000, 2, 2);
    lease(600, 700, 800, 3000, 9, 11);
    lease(600, 500, 400, 3000, 9, 11);
    lease(600, 600, 600, 3000, 9, 11);
    lease(600, UINT32_MAX, UINT32_MAX, 3000, 9, 11);
    lease(600, 60, 0, 3000, 45, 52);
    lease(UINT32_MAX, 0, 0, 100000, 0, 0);
}

/* A server that misses two of three requests: asked again in time. */
static void test_lossy_renewal(void **state)
{
    (void)state;
    plug_in(OPTIONS(SECONDS4, 0, 60, MASK, ROUTER));
    pass(3);
    for (unsigned i = 0; i < 20; i++) {
        lan.deaf_dhcp = true;
        pass(45);
        lan.deaf_dhcp = false;
        pass(10);
    }
    assert_int_equal(lan.lost, 0);
}

/* ---- routes -------------------------------------------------------------- */

/* By which router a datagram leaves for there: its last byte; 0: none. */
static unsigned way_to(uint8_t a, uint8_t b)
{
    static const uint8_t msg[8];
    const struct addr to = {.family = 4, .b = {a, b, 1, 9}};
    memset(lan.hop, 0, sizeof lan.hop);
    sim.link = false; /* so that nothing is known */
    pass(1);
    sim.link = true;
    pass(2);
    memset(lan.hop, 0, sizeof lan.hop);
    if (net_udp_send(&sock, &to, 123, msg, sizeof msg) != RC_OK)
        return 0;
    pass(1);
    return lan.hop[3];
}

#define ROUTE_DEFAULT(x) 0, 10, 9, 0, x
#define ROUTE_172(x)     12, 172, 16, 10, 9, 0, x
#define ROUTE_172_20(x)  16, 172, 20, 10, 9, 0, x
#define LEASE            SECONDS4, 14, 16, MASK

static void test_routes(void **state)
{
    (void)state;
    plug_in(OPTIONS(LEASE, ROUTER));
    pass(3);
    const uint8_t *list = dhcp_option(&lan.ask, 55);
    assert_non_null(list);
    const uint8_t *routes = memchr(list + 1, 121, list[0]);
    assert_non_null(routes); /* it is asked for */
    assert_int_equal(way_to(192, 0), 1);

    plug_in(OPTIONS(LEASE, 121, 5, ROUTE_DEFAULT(7)));
    pass(3);
    assert_int_equal(way_to(192, 0), 7);

    /* Option 3 is not looked at beside it. */
    plug_in(OPTIONS(LEASE, ROUTER, 121, 12, ROUTE_DEFAULT(7), ROUTE_172(8)));
    pass(3);
    assert_int_equal(way_to(192, 0), 7);
    assert_int_equal(way_to(172, 17), 8);
    assert_int_equal(way_to(172, 32), 7);

    plug_in(
        OPTIONS(LEASE, 121, 7, ROUTE_172(8), ROUTER, 121, 7, ROUTE_172_20(9)));
    pass(3); /* in pieces (RFC 3396); no way to anywhere else */
    assert_int_equal(way_to(172, 17), 8);
    assert_int_equal(way_to(172, 20), 9);
    assert_int_equal(way_to(192, 0), 0);

    /* A network on the link that is not of our prefix. */
    plug_in(OPTIONS(LEASE, 121, 12, ROUTE_DEFAULT(7), 12, 172, 16, 0, 0, 0, 0));
    pass(3);
    assert_int_equal(way_to(172, 17), 9); /* it is asked for itself */

    /* A lease without it: those of the last one hold no longer. */
    plug_in(OPTIONS(LEASE, ROUTER));
    pass(3);
    assert_int_equal(way_to(172, 17), 1);
}

static void test_bad_routes(void **state)
{
    (void)state;
    plug_in(OPTIONS(LEASE, ROUTER, 121, 4, 0, 10, 9, 0));
    pass(3);
    assert_int_equal(way_to(192, 0), 1);
    plug_in(OPTIONS(LEASE, ROUTER, 121, 9, 33, 1, 2, 3, 4, 10, 9, 0, 7));
    pass(3);
    assert_int_equal(way_to(192, 0), 1);
    plug_in(OPTIONS(LEASE, ROUTER, 121, 7, ROUTE_DEFAULT(7), 8, 172));
    pass(3);
    assert_int_equal(way_to(192, 0), 1);
    plug_in(OPTIONS(LEASE, ROUTER, 121, 0));
    pass(3);
    assert_int_equal(way_to(192, 0), 1);
}

/* Masks as providers give them: a host alone with its router, two hosts, none
 * said; and routers that are not of the network, or several. */
static void test_masks(void **state)
{
    (void)state;
    plug_in(OPTIONS(SECONDS4, 14, 16, 1, 4, 255, 255, 255, 255, ROUTER));
    pass(3);
    assert_int_equal(way_to(192, 0), 1);
    assert_int_equal(way_to(10, 9), 1); /* his neighbours, too */
    plug_in(OPTIONS(SECONDS4, 14, 16, 1, 4, 255, 255, 255, 254, ROUTER));
    pass(3);
    assert_int_equal(way_to(192, 0), 1);
    plug_in(OPTIONS(SECONDS4, 14, 16, ROUTER));
    pass(3);
    assert_int_equal(way_to(192, 0), 1);
    plug_in(OPTIONS(LEASE, 3, 4, 10, 8, 0, 5));
    pass(3);
    assert_int_equal(way_to(192, 0), 5);
    plug_in(OPTIONS(LEASE, 3, 8, 10, 9, 0, 6, 10, 9, 0, 7));
    pass(3);
    assert_int_equal(way_to(192, 0), 6);
    plug_in(OPTIONS(LEASE, 3, 4, 0, 0, 0, 0)); /* as good as none */
    pass(3);
    assert_int_equal(way_to(192, 0), 0);
}

/* ---- what a person is told ----------------------------------------------- */

static void test_told(void **state)
{
    (void)state;
    struct status_net n;
    static const uint8_t msg[8];
    const struct addr far = {.family = 4, .b = {192, 0, 2, 9}};
    plug_in(OPTIONS(LEASE, ROUTER));
    pass(20);
    net_status(&n);
    assert_int_equal(n.dhcp, STATUS_DHCP_LEASE);
    assert_true(n.bits4 == 24 && n.gateway4.b[3] == 1);
    assert_false(n.routes4 || n.router6 || n.gateway_mute);
    /* The gateway is asked for, and says nothing. */
    lan.blocked = true;
    for (int i = 0; i < 6; i++) {
        (void)!net_udp_send(&sock, &far, 123, msg, sizeof msg);
        pass(2);
    }
    net_status(&n);
    assert_true(n.gateway_mute);
    lan.blocked = false;
    (void)!net_udp_send(&sock, &far, 123, msg, sizeof msg);
    pass(2);
    net_status(&n);
    assert_false(n.gateway_mute);
    plug_in(OPTIONS(LEASE, ROUTER, 6, 16, 10, 9, 0, 53, 10, 9, 0, 54, 10, 9, 0,
                    55, 10, 9, 0, 56));
    pass(20);
    net_status(&n); /* as many as a resolver is expected to ask */
    assert_int_equal(n.nameservers, 3);
    assert_true(n.nameserver[0].b[3] == 53 && n.nameserver[2].b[3] == 55);
    plug_in(OPTIONS(LEASE, 121, 7, ROUTE_172(8)));
    lan.router6 = true;
    pass(20);
    net_status(&n);
    assert_true(n.routes4 && !n.gateway4.family && n.router6);
    assert_true(n.nameservers >= 1);
}

/* Two boards with one address: each hears what is for the other. */
static void test_rival(void **state)
{
    (void)state;
    struct status_net n;
    struct frame f;
    plug_in(OPTIONS(LEASE, ROUTER));
    pass(20);
    net_status(&n);
    assert_false(n.rival);
    for (int other = 0; other < 2; other++) {
        ethernet(&f, 0x0806);
        memset(f.b, 0xff, 6);
        memcpy(f.b + 14, (uint8_t[8]){0, 1, 8, 0, 6, 4, 0, 1}, 8);
        memcpy(f.b + 22, other ? router_mac : own_mac, 6);
        memcpy(f.b + 28, own_ip, 4);
        memset(f.b + 32, 0, 6);
        memcpy(f.b + 38, own_ip, 4);
        f.len = 60;
        arrive(&f, sim.ticks);
        pass(1);
        net_status(&n);
        assert_int_equal(n.rival, other); /* our own, by a switch's loop */
    }
    pass(700);
    net_status(&n);
    assert_false(n.rival);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags),          cmocka_unit_test(test_slow_port),
        cmocka_unit_test(test_no_router6),    cmocka_unit_test(test_leases),
        cmocka_unit_test(test_lossy_renewal), cmocka_unit_test(test_routes),
        cmocka_unit_test(test_bad_routes),    cmocka_unit_test(test_told),
        cmocka_unit_test(test_masks),         cmocka_unit_test(test_rival),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
