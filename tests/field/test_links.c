/* Networks as they change: routers of IPv6 that say something else than
 * before, DHCP servers that do, links that come and go. adapters/net over one
 * wire by hand (lan.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lan.h"

static const uint8_t plain[] = {SECONDS4, 14, 16, MASK, ROUTER};

/* ---- routers of IPv6 ---------------------------------------------------- */

struct prefix {
    uint8_t number; /* 2001:db8:0:number::/64, but from 0xf0 fd00:0:0:n::/64  */
    uint32_t valid, preferred;
};

struct ra {
    uint8_t router; /* fe80::router, 02:00:00:00:00:router                    */
    uint16_t lifetime;
    uint32_t mtu; /* 0: not said                                              */
    struct prefix p[6];
    uint8_t dns; /* fe80::dns; 0: none                                        */
    bool tagged;
};

static void say6(const struct ra *r)
{
    static const uint8_t all[16] = {0xff, 2, [15] = 1};
    uint8_t m[400] = {134, 0, 0, 0, 64};
    struct frame f;
    struct writer o = writer_of(m + 16, sizeof m - 16);
    be16(m + 6, r->lifetime);
    writer_u16(&o, 0x0101);
    writer_bytes(&o, (uint8_t[6]){2, 0, 0, 0, 0, r->router}, 6);
    if (r->mtu) {
        writer_u32(&o, 0x05010000);
        writer_u32(&o, r->mtu);
    }
    for (const struct prefix *p = r->p; p < r->p + 6 && p->valid; p++) {
        writer_u32(&o, 0x030440c0);
        writer_u32(&o, p->valid);
        writer_u32(&o, p->preferred);
        writer_u32(&o, 0);
        writer_u32(&o, p->number < 0xf0 ? 0x20010db8 : 0xfd000000);
        writer_u32(&o, p->number);
        writer_u32(&o, 0);
        writer_u32(&o, 0);
    }
    if (r->dns) {
        writer_u32(&o, 0x19030000);
        writer_u32(&o, 600);
        writer_u32(&o, 0xfe800000);
        writer_u32(&o, 0);
        writer_u32(&o, 0);
        writer_u32(&o, r->dns);
    }
    size_t len = 16 + o.len;
    ethernet(&f, 0x86dd);
    memcpy(f.b, (uint8_t[6]){0x33, 0x33, 0, 0, 0, 1}, 6);
    f.b[11] = r->router;
    f.b[14] = 0x60;
    be16(f.b + 18, (unsigned)len);
    f.b[20] = 58;
    f.b[21] = 255;
    memcpy(f.b + 22, (uint8_t[16]){0xfe, 0x80, [15] = r->router}, 16);
    memcpy(f.b + 38, all, 16);
    be16(m + 2, folded(sum16(sum16(58 + (uint32_t)len, f.b + 22, 32), m, len)));
    memcpy(f.b + 54, m, len);
    f.len = 54 + len;
    if (r->tagged) {
        memmove(f.b + 16, f.b + 12, f.len - 12);
        be16(f.b + 12, 0x8100);
        be16(f.b + 14, 5 << 13);
        f.len += 4;
    }
    arrive(&f, sim.ticks);
    pass(3);
}

static bool is_udp6(const struct frame *f)
{
    return at16(f->b + 12) == 0x86dd && f->b[20] == 17;
}

/* Which prefix a datagram to afar leaves from, and by which router (its
 * Ethernet address' last byte), as 0xPPRR; 0: none leaves. Prefixes that the
 * world knows are answered. */
static unsigned asked_from(uint8_t known)
{
    static const uint8_t msg[8];
    const struct addr to = {.family = 6, .b = {0x26, 0, [15] = 9}};
    forget_sent();
    if (net_udp_send(&sock, &to, 123, msg, sizeof msg) != RC_OK)
        return 0;
    for (int i = 0; i < 300; i++) {
        const struct frame *f = run(10, any);
        if (!f)
            continue;
        struct frame copy = *f, back = copy;
        if (!is_udp6(&copy)) {
            hear(&copy);
            continue;
        }
        memcpy(back.b, copy.b + 6, 6);
        memcpy(back.b + 6, copy.b, 6);
        memcpy(back.b + 22, copy.b + 38, 16);
        memcpy(back.b + 38, copy.b + 22, 16);
        memcpy(back.b + 54, copy.b + 56, 2);
        memcpy(back.b + 56, copy.b + 54, 2);
        if (copy.b[29] == known)
            arrive(&back, sim.ticks);
        pass(3);
        return (unsigned)copy.b[29] << 8 | copy.b[5];
    }
    return 0;
}

/* The same after some requests that are not answered. */
static unsigned way6(uint8_t known)
{
    unsigned way = 0;
    for (int i = 0; i < 6 && way >> 8 != known; i++)
        way = asked_from(known);
    return way;
}

/* With RFC 4861's router 1 and no other. */
static void plug_in6(void)
{
    plug_in(plain, sizeof plain);
    pass(3);
}
#define DAY 86400

static void test_tagged(void **state)
{
    (void)state;
    plug_in6();
    say6(&(struct ra){1, 1800, .p = {{1, DAY, DAY}}, .tagged = true});
    assert_int_equal(asked_from(1), 0x101);
}

/* A router that loses its provider's prefix gives another one, and may not
 * know of the old one any more (RFC 8978). */
static void test_renumbered(void **state)
{
    (void)state;
    plug_in6();
    for (uint8_t n = 1; n < 12; n++) {
        say6(&(struct ra){1, 1800, .p = {{n, 30 * DAY, 7 * DAY}}});
        assert_int_equal(way6(n), n << 8 | 1);
        pass(600);
    }
    /* A polite one: with the old one's end. */
    for (uint8_t n = 21; n < 29; n++) {
        say6(&(struct ra){1, 1800,
                          .p = {{n, DAY, DAY}, {(uint8_t)(n - 1), 7200, 0}}});
        assert_int_equal(way6(n), n << 8 | 1);
        pass(600);
    }
}

/* Networks of things (Thread) have routers for themselves alone, of lifetime
 * 0, each with a prefix of its own. */
static void test_other_routers(void **state)
{
    (void)state;
    plug_in6();
    for (uint8_t n = 2; n < 8; n++)
        say6(&(struct ra){n, 0, .p = {{(uint8_t)(0xf0 + n), DAY, DAY}}});
    say6(&(struct ra){1, 1800, .p = {{1, DAY, DAY}, {0xf9, DAY, DAY}}});
    assert_int_equal(asked_from(1), 0x101);
    for (uint8_t n = 2; n < 8; n++)
        say6(&(struct ra){n, 0, .p = {{(uint8_t)(0xf0 + n), DAY, DAY}}});
    assert_int_equal(asked_from(1), 0x101);
    pass(100);
    for (uint8_t n = 2; n < 8; n++)
        say6(&(struct ra){n, 0, .p = {{(uint8_t)(0xf0 + n), DAY, DAY}}});
    assert_int_equal(asked_from(1), 0x101);
}

static void test_router_ends(void **state)
{
    (void)state;
    plug_in6();
    for (int i = 0; i < 3; i++) {
        say6(&(struct ra){1, 1800, .p = {{1, DAY, DAY}}});
        assert_int_equal(asked_from(1), 0x101);
        say6(&(struct ra){1, 0, .p = {{1, DAY, DAY}}});
        assert_int_equal(asked_from(1), 0);
    }
    /* Another one takes its place, and it comes back. */
    say6(&(struct ra){2, 1800, .p = {{1, DAY, DAY}}});
    assert_int_equal(asked_from(1), 0x102);
    say6(&(struct ra){2, 0, .p = {{1, DAY, DAY}}});
    say6(&(struct ra){1, 1800, .p = {{1, DAY, DAY}}});
    assert_int_equal(asked_from(1), 0x101);
}

/* A router that is switched off without a word, and another one in its place,
 * which is heard only when it is asked. */
static void test_router_gone(void **state)
{
    (void)state;
    plug_in6();
    say6(&(struct ra){1, 1800, .p = {{1, DAY, DAY}}});
    assert_int_equal(asked_from(1), 0x101);
    pass(700);
    lan.gone = 1;
    unsigned minutes = 0, solicited = lan.solicited, way = 0;
    for (; minutes < 60 && way != 0x202; minutes++) {
        if (lan.solicited > solicited)
            say6(&(struct ra){2, 1800, .p = {{2, DAY, DAY}}});
        solicited = lan.solicited;
        way = asked_from(2);
        pass(60);
    }
    print_message("another router after %u min\n", minutes);
    assert_in_range(minutes, 1, 10);
}

static void test_mtu(void **state)
{
    (void)state;
    plug_in6();
    static const uint32_t mtu[] = {1280, 0, 68, 1279, 9000, UINT32_MAX};
    for (unsigned i = 0; i < LEN(mtu); i++) {
        say6(&(struct ra){1, 1800, mtu[i], .p = {{1, DAY, DAY}}});
        assert_int_equal(asked_from(1), 0x101);
    }
}

/* ---- name servers -------------------------------------------------------- */

static unsigned found;

static void on_found(void *arg, const struct resolver_answer *a)
{
    (void)arg;
    found += a->count;
}

/* Of many a router at home: its link-local address, and nothing else. */
static void test_link_local_dns(void **state)
{
    (void)state;
    plug_in6();
    say6(&(struct ra){1, 1800, .p = {{1, DAY, DAY}}, .dns = 1});
    assert_int_equal(net_resolve("a.example", on_found, NULL), RC_OK);
    unsigned asked = 0;
    for (int i = 0; i < 200; i++) {
        const struct frame *f = run(10, any);
        if (!f)
            continue;
        struct frame copy = *f;
        asked += is_udp6(&copy) && at16(copy.b + 56) == 53 &&
                 copy.b[38] == 0xfe && copy.b[22] == 0xfe;
        hear(&copy);
    }
    print_message("%u questions\n", asked);
    assert_true(asked >= 2);
    pass(20);
}

/* ---- DHCP ---------------------------------------------------------------- */

static const uint8_t minute[] = {SECONDS4, 0, 60, MASK, ROUTER};

static uint8_t last_byte(void)
{
    return net_address4().b[3];
}

/* It gives another address from now on: refuses the old one at renewal. */
static void test_refused_renewal(void **state)
{
    (void)state;
    plug_in(minute, sizeof minute);
    pass(5);
    assert_int_equal(last_byte(), 42);
    lan.own = 50;
    pass(45);
    assert_int_equal(last_byte(), 50);
    pass(300);
    assert_int_equal(last_byte(), 50);
    assert_in_range(lan.lost, 0, 1);
    lan.own = 0;
    pass(100);
    assert_int_equal(last_byte(), 42);
}

/* Another machine is the DHCP server from now on. */
static void test_other_server(void **state)
{
    (void)state;
    plug_in(minute, sizeof minute);
    pass(5);
    lan.server = 9;
    pass(600);
    print_message("server gone: lost %u times, %u renewals\n", lan.lost,
                  lan.acks);
    assert_int_equal(lan.lost, 0);
    lan.server = 11; /* which does not know of our address */
    lan.own = 60;
    pass(120);
    assert_int_equal(last_byte(), 60);
}

/* Another router, behind a switch: the link stays up. Before: 21 hours. */
static void test_other_router4(void **state)
{
    (void)state;
    static const uint8_t msg[8];
    static const uint8_t day[] = {51, 4, 0, 1, 0x51, 0x80, MASK, ROUTER};
    static const uint8_t other[] = {SECONDS4, 0, 60, MASK, 3, 4, 10, 9, 0, 7};
    const struct addr far = {.family = 4, .b = {192, 0, 2, 9}};
    plug_in(day, sizeof day);
    pass(5);
    assert_int_equal(last_byte(), 42);
    pass(700);
    lan.gone = 1;
    lan.server = 7;
    lan.own = 50;
    lan.options = other;
    lan.len = sizeof other;
    unsigned minutes = 0;
    for (; minutes < 60 && last_byte() != 50; minutes++) {
        (void)!net_udp_send(&sock, &far, 123, msg, sizeof msg);
        pass(60);
    }
    print_message("another router found after %u min\n", minutes);
    assert_in_range(minutes, 1, 12);
}

static void test_overloaded(void **state)
{
    (void)state;
    plug_in(minute, sizeof minute);
    lan.overloads = true;
    pass(5);
    lan.lost = 0;
    pass(120);
    assert_true(net_up());
    assert_int_equal(lan.lost, 0);
    assert_in_range(lan.acks, 3, 6);
}

/* The one that is first to offer never confirms. */
static void test_silent_first(void **state)
{
    (void)state;
    plug_in(minute, sizeof minute);
    sim.link = false;
    pass(2);
    lan.silent_first = true;
    lan.own = 50; /* so that the old one cannot be confirmed */
    sim.link = true;
    pass(60);
    print_message("%u offers\n", lan.offers);
    assert_int_equal(last_byte(), 50);
}

static void test_unnamed(void **state)
{
    (void)state;
    plug_in(minute, sizeof minute);
    lan.unnamed = true;
    lan.own = 51;
    pass(30);
    assert_int_equal(last_byte(), 51);
}

static void test_long_lease(void **state)
{
    (void)state;
    plug_in(OPTIONS(51, 4, 0xff, 0xff, 0xff, 0xfe, MASK, ROUTER));
    pass(5);
    assert_true(net_up());
    lan.acks = lan.lost = 0;
    pass(200000);
    assert_int_equal(lan.acks, 0);
    assert_int_equal(lan.lost, 0);
}

static void test_flaps(void **state)
{
    (void)state;
    plug_in(minute, sizeof minute);
    lan.router6 = true;
    for (int i = 0; i < 360; i++) {
        sim.link = !sim.link;
        pass(5);
    }
    sim.link = true;
    pass(10);
    assert_int_equal(last_byte(), 42);
    assert_int_equal(net_address6().family, 6);
}

/* For longer than the lease, on another network then. */
static void test_away(void **state)
{
    (void)state;
    plug_in(minute, sizeof minute);
    pass(5);
    sim.link = false;
    pass(86400);
    lan.own = 70;
    sim.link = true;
    pass(20);
    assert_int_equal(last_byte(), 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tagged),
        cmocka_unit_test(test_renumbered),
        cmocka_unit_test(test_other_routers),
        cmocka_unit_test(test_router_ends),
        cmocka_unit_test(test_router_gone),
        cmocka_unit_test(test_mtu),
        cmocka_unit_test(test_link_local_dns),
        cmocka_unit_test(test_refused_renewal),
        cmocka_unit_test(test_other_server),
        cmocka_unit_test(test_other_router4),
        cmocka_unit_test(test_overloaded),
        cmocka_unit_test(test_silent_first),
        cmocka_unit_test(test_unnamed),
        cmocka_unit_test(test_long_lease),
        cmocka_unit_test(test_flaps),
        cmocka_unit_test(test_away),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
