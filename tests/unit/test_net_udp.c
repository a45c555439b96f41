/* adapters/net_udp on frames made by hand: random ports, whose stamp it is,
 * one peer or many, answers from the address that was asked, IPv6, what is
 * free again after a close. The tests share one lwIP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adapters/net_udp.h"
#include "core/bytes.h"
#include "core/limit.h"
#include "net_wire.h"

static struct conf conf;

static struct user {
    struct net_udp sock;
    unsigned got, left, on_wire;
    struct net_udp_datagram last;
    uint64_t left_stamp;
    uint8_t left_msg[8];
    bool answers, closes;
} one, two;

static void received(void *arg, const struct net_udp_datagram *d)
{
    struct user *me = arg;
    me->got++;
    me->last = *d;
    if (me->answers)
        assert_int_equal(net_udp_reply(&me->sock, d, d->msg, d->len), RC_OK);
    if (me->closes)
        net_udp_close(&me->sock);
}

static void sent(void *arg, uint64_t stamp, const uint8_t *msg, size_t len)
{
    struct user *me = arg;
    me->left++;
    me->left_stamp = stamp;
    memcpy(me->left_msg, msg, len < 8 ? len : 8);
}

static void left(void *arg, uint64_t stamp, const uint8_t *msg, size_t len)
{
    struct user *me = arg;
    assert_true(len <= NET_UDP_LEFT);
    me->on_wire++;
    me->left_stamp = stamp;
    memcpy(me->left_msg, msg, len < 8 ? len : 8);
}

static int open_as(struct user *me, uint16_t port)
{
    net_udp_close(&me->sock);
    *me =
        (struct user){.sock = {.arg = me, .received = received, .sent = sent}};
    return net_udp_open(&me->sock, port);
}

static int send_from(struct user *me, const char *text)
{
    const struct addr to = addr_of(4, router_ip);
    return net_udp_send(&me->sock, &to, 123, (const uint8_t *)text,
                        strlen(text));
}

/* The port that the last frame came from. */
static unsigned last_port(void)
{
    assert_true(sim.out_count > 0);
    return at16(sim.out[sim.out_count - 1].b + 34);
}

/* The code point is the upper six bits of IPv4's second byte (RFC 2474). */
static void test_class(void **state)
{
    (void)state;
    for (uint8_t dscp = 0; dscp < 64; dscp = (uint8_t)(dscp + 23)) {
        forget_sent();
        net_udp_close(&one.sock);
        one = (struct user){
            .sock = {
                .arg = &one, .received = received, .sent = sent, .dscp = dscp}};
        assert_int_equal(net_udp_open(&one.sock, 0), RC_OK);
        assert_int_equal(send_from(&one, "x"), RC_OK);
        assert_true(last_port() >= 1024);
        assert_int_equal(sim.out[sim.out_count - 1].b[15], dscp << 2);
    }
}

static void test_random_ports(void **state)
{
    (void)state;
    unsigned last = 0, same = 0;
    for (int i = 0; i < 50; i++) {
        forget_sent();
        assert_int_equal(open_as(&one, 0), RC_OK);
        assert_int_equal(send_from(&one, "x"), RC_OK);
        assert_true(last_port() >= 1024);
        same += last_port() == last;
        last = last_port();
    }
    assert_int_equal(same, 0);
    entropy_dead = true; /* the generator is seeded again now and then */
    int rc = RC_OK;
    for (int i = 0; i < 5000 && rc == RC_OK; i++)
        rc = open_as(&one, 0);
    entropy_dead = false;
    assert_int_equal(rc, RC_STATE);
    assert_int_equal(open_as(&one, 0), RC_OK);
}

static void test_stamps(void **state)
{
    (void)state;
    assert_int_equal(open_as(&one, 123), RC_OK);
    assert_int_equal(open_as(&two, 0), RC_OK);
    sim.ticks += 1000;
    assert_int_equal(send_from(&one, "first"), RC_OK);
    assert_int_equal(one.left, 1);
    assert_true(one.left_stamp == sim.ticks);
    assert_memory_equal(one.left_msg, "first", 5);
    assert_int_equal(two.left, 0);
    sim.ticks += 1000;
    assert_int_equal(send_from(&two, "other"), RC_OK);
    assert_int_equal(one.left, 1);
    assert_int_equal(two.left, 1);
    assert_true(two.left_stamp == sim.ticks);
    assert_memory_equal(two.left_msg, "other", 5);

    two.sock.sent = NULL; /* who wants no stamps gets none */
    assert_int_equal(send_from(&two, "third"), RC_OK);
    assert_int_equal(two.left, 1);

    sim.busy = true; /* closed before it leaves: it does not */
    assert_int_equal(send_from(&one, "late"), RC_OK);
    net_udp_close(&one.sock);
    sim.busy = false;
    forget_sent();
    run(20, NULL);
    assert_int_equal(sim.out_count, 0);
    assert_int_equal(one.left, 1);
}

/* The device tells of the last frame, soon or not at all. */
static void test_on_wire(void **state)
{
    (void)state;
    char big[NET_UDP_LEFT * 2 + 1] = "";
    assert_int_equal(open_as(&one, 123), RC_OK);
    assert_int_equal(open_as(&two, 0), RC_OK);
    one.sock.left = two.sock.left = left;
    memset(big, 'b', sizeof big - 1);
    assert_int_equal(send_from(&one, big), RC_OK);
    run(1, NULL);
    assert_int_equal(one.on_wire, 0);
    sim.left_at = 77;
    run(1, NULL);
    assert_int_equal(one.on_wire, 1);
    assert_true(one.left_stamp == 77);
    assert_memory_equal(one.left_msg, "bbbb", 4);

    sim.left_at = 78; /* another time for the same frame: nobody's */
    run(1, NULL);
    assert_int_equal(one.on_wire + two.on_wire, 1);

    assert_int_equal(send_from(&one, "first"), RC_OK);
    sim.left_at = 79; /* told of before the next one takes its place */
    assert_int_equal(send_from(&two, "other"), RC_OK);
    assert_int_equal(one.on_wire, 2);
    assert_memory_equal(one.left_msg, "first", 5);
    assert_int_equal(two.on_wire, 0);

    net_udp_close(&two.sock); /* whose frame it was */
    sim.left_at = 80;
    run(1, NULL);
    assert_int_equal(one.on_wire, 2);
    assert_int_equal(two.on_wire, 0);

    one.sock.left = NULL;
    assert_int_equal(send_from(&one, "third"), RC_OK);
    sim.left_at = 81;
    run(1, NULL);
    assert_int_equal(one.on_wire, 2);
}

static void test_peer(void **state)
{
    (void)state;
    struct frame f;
    static const uint8_t other[4] = {10, 9, 0, 9};
    const struct addr peer = addr_of(4, router_ip);
    const struct addr stranger = addr_of(4, other);
    assert_int_equal(open_as(&one, 5000), RC_OK);
    udp4(&f, 123, 5000, "abc", 3);
    arrive(&f, 77);
    run(2, NULL);
    assert_int_equal(one.got, 1); /* anybody, as long as it is nobody's */
    assert_true(one.last.stamp == 77);
    assert_int_equal(one.last.len, 3);
    assert_int_equal(one.last.from_port, 123);
    assert_true(addr_equal(&one.last.from, &peer));
    assert_memory_equal(one.last.to.b, own_ip, 4);
    net_udp_connect(&one.sock, &stranger, 123);
    arrive(&f, 78);
    net_udp_connect(&one.sock, &peer, 124); /* another port */
    run(2, NULL);
    assert_int_equal(one.got, 1);
    net_udp_connect(&one.sock, &peer, 123);
    arrive(&f, 79);
    run(2, NULL);
    assert_int_equal(one.got, 2);
}

static void test_close_in_callback(void **state)
{
    (void)state;
    struct frame f;
    assert_int_equal(open_as(&one, 5000), RC_OK);
    one.answers = one.closes = true;
    udp4(&f, 123, 5000, "abc", 3);
    forget_sent();
    arrive(&f, 1);
    arrive(&f, 2);
    run(2, NULL);
    assert_int_equal(one.got, 1);
    assert_int_equal(one.left, 1);
    assert_true(is_udp4(&sim.out[0], 123)); /* the second: ICMP */
    net_udp_close(&one.sock);               /* a second time: nothing */
}

static void test_pool(void **state)
{
    (void)state;
    static struct user many[LIMIT_SOURCES + LIMIT_DNS_QUERIES + 32];
    unsigned open = 0;
    net_udp_close(&one.sock);
    net_udp_close(&two.sock);
    assert_int_equal(open_as(&one, 123), RC_OK);
    assert_int_equal(open_as(&two, 123), RC_SPACE); /* in use */
    while (open < LEN(many) && open_as(&many[open], 0) == RC_OK)
        open++;
    assert_true(open >= LIMIT_SOURCES + LIMIT_DNS_QUERIES +
                            2); /* and there is an end */
    assert_true(open < LEN(many));
    for (unsigned i = 0; i < open; i++)
        net_udp_close(&many[i].sock);
    assert_int_equal(open_as(&two, 0), RC_OK);
    int rc = RC_OK;
    sim.busy = true; /* buffers, too, come to an end and back */
    for (int i = 0; i < 100 && rc == RC_OK; i++)
        rc = send_from(&two, "x");
    assert_int_equal(rc, RC_SPACE);
    sim.busy = false;
    run(20, NULL);
    assert_int_equal(send_from(&two, "x"), RC_OK);
}

/* ---- IPv6 ------------------------------------------------------------------- */

static const uint8_t router6[16] = {0xfe, 0x80, [15] = 1};
static const uint8_t local6[16] = {0xfe, 0x80, [11] = 0xff, 0xfe, 0, 0, 42};
static const uint8_t global6[16] = {0x20, 1, 0x0d, 0xb8, [11] = 0xff,
                                    0xfe, 0, 0,    42};

static void ipv6(struct frame *f, unsigned proto, unsigned sum_at,
                 const uint8_t to[16], const uint8_t *msg, size_t len)
{
    ethernet(f, 0x86dd);
    uint8_t *ip = f->b + 14;
    ip[0] = 0x60;
    be16(ip + 4, (unsigned)len);
    ip[6] = (uint8_t)proto;
    ip[7] = 255;
    memcpy(ip + 8, router6, 16);
    memcpy(ip + 24, to, 16);
    memcpy(ip + 40, msg, len);
    uint32_t sum = sum16((uint32_t)(proto + len), ip + 8, 32);
    be16(ip + 40 + sum_at, folded(sum16(sum, ip + 40, len)));
    f->len = 54 + len;
}

static bool is_udp6(const struct frame *f)
{
    return at16(f->b + 12) == 0x86dd && f->b[20] == 17;
}

/* Returns the answer. */
static const struct frame *ask6(const uint8_t to[16])
{
    struct frame f;
    uint8_t m[11] = {0, 99, 0, 123, 0, 11, 0, 0, 'a', 'b', 'c'};
    ipv6(&f, 17, 6, to, m, sizeof m);
    arrive(&f, 4242);
    forget_sent();
    return run(100, is_udp6);
}

static void expect_answer6(const struct frame *f, const uint8_t from[16])
{
    assert_non_null(f);
    const uint8_t *b = f->b;
    assert_memory_equal(b + 22, from, 16);
    assert_memory_equal(b + 38, router6, 16);
    assert_int_equal(at16(b + 54), 123);
    assert_int_equal(at16(b + 56), 99);
    assert_memory_equal(b + 62, "abc", 3);
}

static void test_ip6(void **state)
{
    (void)state;
    struct frame f;
    static const uint8_t dns[16] = {0x20, 1, 0x0d, 0xb8, [15] = 0x53};
    advertisement(&f, dns, 600);
    arrive(&f, sim.ticks);
    run(3000, NULL);
    assert_int_equal(net_address6().family, 6);
    uint8_t who[32] = {135}; /* neighbour solicitation: it knows us, we it */
    memcpy(who + 8, local6, 16);
    who[24] = who[25] = 1;
    memcpy(who + 26, router_mac, 6);
    ipv6(&f, 58, 2, local6, who, sizeof who);
    arrive(&f, sim.ticks);

    assert_int_equal(open_as(&one, 123), RC_OK);
    one.answers = true;
    const struct frame *answer = ask6(local6);
    assert_int_equal(one.got, 1);
    assert_true(one.last.stamp == 4242);
    assert_int_equal(one.last.from.family, 6);
    assert_memory_equal(one.last.from.b, router6, 16);
    assert_memory_equal(one.last.to.b, local6, 16);
    expect_answer6(answer, local6);
    assert_int_equal(one.left, 1);
    assert_true(one.left_stamp == answer->stamp);
    assert_memory_equal(one.left_msg, "abc", 3);
    /* from which no request to the router would go */
    expect_answer6(ask6(global6), global6);
    assert_int_equal(one.left, 2);
}

static int start(void **state)
{
    (void)state;
    struct frame f;
    static const char text[] = "address 10.9.0.42/24\n"
                               "gateway 10.9.0.1\n";
    assert_int_equal(conf_parse(&conf, text, sizeof text - 1), 0);
    sim.ticks = 5 * HZ;
    net_init(&conf, changed);
    sim.link = true;
    run(100, NULL);
    arp_reply(&f, router_ip);
    arrive(&f, sim.ticks);
    assert_int_equal(open_as(&one, 0), RC_OK);
    assert_int_equal(send_from(&one, "who has it?"), RC_OK);
    run(10, NULL);
    arrive(&f, sim.ticks);
    run(10, NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_class),  cmocka_unit_test(test_random_ports),
        cmocka_unit_test(test_stamps), cmocka_unit_test(test_on_wire),
        cmocka_unit_test(test_peer),   cmocka_unit_test(test_close_in_callback),
        cmocka_unit_test(test_pool),   cmocka_unit_test(test_ip6),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
