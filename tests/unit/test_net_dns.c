/* adapters/net_dns on frames made by hand, in simulated time: which name
 * servers are asked, over UDP and TCP, and what comes of it. The tests share
 * one lwIP, which got its address and one name server by DHCP, and has
 * another one from chrony.conf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_peer.h"
#include "lwip/dns.h"
#include "net_segments.h"
#include "adapters/net_udp.h"

static struct conf conf;

static struct {
    unsigned calls;
    struct resolver_answer a;
} found;

static void on_found(void *arg, const struct resolver_answer *a)
{
    (void)arg;
    found.calls++;
    found.a = *a;
}

static bool is_dns(const struct frame *f)
{
    return is_udp4(f, 53);
}

static bool is_arp_for_conf(const struct frame *f)
{
    return at16(f->b + 12) == 0x0806 && f->b[41] == 9;
}

static bool asks_for_aaaa(const struct frame *f)
{
    size_t at = 54;
    while (f->b[at])
        at += f->b[at] + 1u;
    return at16(f->b + at + 1) == DNS_WIRE_AAAA;
}

static void begin(const char *name)
{
    memset(&found, 0, sizeof found);
    forget_sent();
    assert_int_equal(net_resolve(name, on_found, NULL), RC_OK);
}

/* Answers the question in `ask` from `last`, the server's last byte: `flags`,
 * and with them an address of the family. */
static void answer(const struct frame *ask, unsigned last, unsigned flags)
{
    struct frame f;
    struct dns_message m;
    dns_begin(&m, ask->b + 42, ask->len - 42, flags);
    if (flags == 0x8180 && asks_for_aaaa(ask))
        dns_aaaa(&m, NULL, DNS_QUESTION, 9, 60);
    else if (flags == 0x8180)
        dns_a(&m, NULL, DNS_QUESTION, 7, 60);
    udp4(&f, 53, at16(ask->b + 34), m.b, m.len);
    f.b[29] = (uint8_t)last;
    be16(f.b + 24, 0);
    be16(f.b + 24, folded(sum16(0, f.b + 14, 20)));
    arrive(&f, sim.ticks);
}

/* The next question that leaves for the server with this last byte. */
static struct frame question_to(unsigned last)
{
    struct frame *f;
    do
        f = run(5000, is_dns);
    while (f && f->b[33] != last);
    assert_non_null(f);
    return *f;
}

/* chrony.conf's server is asked before DHCP's, which answers when that is not
 * there; and then DHCP's is the first. */
static void test_order(void **state)
{
    (void)state;
    begin("a.example");
    assert_non_null(run(100, is_arp_for_conf)); /* nobody is there */
    struct frame one = question_to(1);
    answer(&one, 1, 0x8180);
    struct frame two = question_to(1);
    assert_int_not_equal(asks_for_aaaa(&one), asks_for_aaaa(&two));
    answer(&two, 1, 0x8180);
    run(10, NULL);
    assert_int_equal(found.calls, 1);
    assert_int_equal(found.a.count, 2);
    assert_int_equal(found.a.addr[0].family, 4);
    assert_memory_equal(found.a.addr[0].b, "\xc0\0\2\7", 4);
    assert_int_equal(found.a.addr[1].family, 6);
    assert_int_equal(found.a.addr[1].b[15], 9);
    assert_int_equal(found.a.ttl_s, 60);
    assert_int_not_equal(at16(one.b + 34), at16(two.b + 34)); /* ports */
    assert_int_not_equal(at16(one.b + 42), at16(two.b + 42)); /* identifiers */
    begin("b.example");
    uint64_t start = sim.ticks;
    one = question_to(1);
    assert_true(sim.ticks - start < HZ / 100);
    answer(&one, 1, 0x8183);
    one = question_to(1);
    answer(&one, 1, 0x8183);
    run(10, NULL);
    assert_int_equal(found.a.why, RESOLVER_NO_NAME);
    begin("A.Example."); /* known */
    run(10, NULL);
    assert_int_equal(found.a.count, 2);
}

static void test_forged(void **state)
{
    (void)state;
    begin("c.example");
    struct frame one = question_to(1), two = question_to(1), forged = one;
    be16(forged.b + 42, at16(one.b + 42) + 1); /* another identifier */
    answer(&forged, 1, 0x8183);
    forged = one;
    be16(forged.b + 34, at16(one.b + 34) ^ 1); /* another port */
    answer(&forged, 1, 0x8183);
    forged = one;
    forged.b[55] ^= 0x20; /* another letter */
    answer(&forged, 1, 0x8183);
    answer(&one, 2, 0x8183); /* another server */
    answer(&two, 1, 0x8180);
    run(10, NULL);
    assert_int_equal(found.calls, 0);
    answer(&one, 1, 0x8180);
    run(10, NULL);
    assert_int_equal(found.calls, 1);
    assert_int_equal(found.a.count, 2);
}

/* Nobody answers: an end comes all the same, and nothing is left open. */
static void test_silent(void **state)
{
    (void)state;
    begin("silent.example");
    run(14000, NULL);
    assert_int_equal(found.calls, 0);
    run(2000, NULL);
    assert_int_equal(found.calls, 1);
    assert_int_equal(found.a.why, RESOLVER_SILENT);
    assert_int_equal(found.a.servers, 2);
}

/* More questions than there is room for: refused, not lost. */
static void test_many(void **state)
{
    (void)state;
    memset(&found, 0, sizeof found);
    unsigned asked = 0;
    for (unsigned i = 0; i < 40; i++) {
        char name[] = "00.many";
        name[0] = (char)('0' + i / 10);
        name[1] = (char)('0' + i % 10);
        int rc = net_resolve(name, on_found, NULL);
        assert_int_equal(rc, i < LIMIT_DNS_QUESTIONS ? RC_OK : RC_SPACE);
        asked += rc == RC_OK;
    }
    run(61000, NULL);
    assert_int_equal(found.calls, asked);
}

/* TC: the same server is asked by TCP. */
static void test_tcp(void **state)
{
    (void)state;
    begin("tcp.example");
    struct frame one = question_to(1), two = question_to(1);
    peer = (struct peer){.port = 53, .seq = 1000};
    answer(&one, 1, 0x8380);
    answer(&two, 1, 0x8180);
    const struct frame *f = segment();
    assert_non_null(f);
    assert_int_equal(flags_of(f), SYN);
    assert_memory_equal(f->b + 30, router_ip, 4);
    tcp_frame(SYN | ACK, "");
    while (f && !(flags_of(f) & PSH))
        f = segment();
    assert_non_null(f);
    const uint8_t *q = f->b + 34 + (size_t)(f->b[46] >> 4) * 4;
    struct dns_message m;
    assert_memory_equal(q + 2, one.b + 42, one.len - 42);
    dns_begin(&m, q + 2, at16(q), 0x8180);
    for (unsigned i = 1; i <= 12; i++)
        if (asks_for_aaaa(&one))
            dns_aaaa(&m, NULL, DNS_QUESTION, i, 60);
        else
            dns_a(&m, NULL, DNS_QUESTION, i, 60);
    uint8_t head[2];
    bytes_put16(head, (uint16_t)m.len);
    tcp_bytes(ACK | PSH, head, 1);
    tcp_bytes(ACK | PSH, head + 1, 1);
    tcp_bytes(ACK | PSH, m.b, 20);
    tcp_bytes(ACK | PSH, m.b + 20, m.len - 20);
    run(10, NULL);
    assert_int_equal(found.calls, 1);
    assert_int_equal(found.a.count, 13);
}

static void test_tcp_refused(void **state)
{
    (void)state;
    begin("refused.example");
    struct frame one = question_to(1), two = question_to(1);
    peer = (struct peer){.port = 53, .seq = 1000};
    answer(&one, 1, 0x8380);
    answer(&two, 1, 0x8180);
    assert_non_null(segment());
    tcp_frame(RST | ACK, "");
    run(5000, NULL);
    assert_int_equal(found.calls, 1);
    assert_int_equal(found.a.count, 1); /* the other family's */
    assert_true(found.a.ttl_s <= RESOLVER_TTL_HALF);
}

static void test_literals(void **state)
{
    (void)state;
    begin("2001:db8::7");
    assert_int_equal(found.calls, 1);
    assert_int_equal(found.a.count, 1);
    assert_int_equal(found.a.addr[0].family, 6);
    begin("not a name");
    assert_int_equal(found.calls, 1);
    assert_int_equal(found.a.count, 0);
}

/* Whoever names such a server, in chrony.conf, in a key exchange or in DNS. */
static void test_no_host(void **state)
{
    (void)state;
    static const char *const no_host[] = {"255.255.255.255",
                                          "224.0.1.1",
                                          "0.0.0.0",
                                          "127.0.0.1",
                                          "10.9.0.42",
                                          "10.9.0.255",
                                          "::1",
                                          "::",
                                          "ff02::101",
                                          "fe80::ff:fe00:2a",
                                          "::ffff:192.0.2.1"};
    char why[RESOLVER_WHY];
    for (size_t i = 0; i < LEN(no_host); i++) {
        begin(no_host[i]);
        assert_int_equal(found.calls, 1);
        assert_int_equal(found.a.count, 0);
        resolver_why_text(&found.a, why);
        assert_string_equal(why, "its address is no other host's, and not "
                                 "asked");
    }
    begin("10.9.0.41");
    assert_int_equal(found.a.count, 1);
    begin("10.9.1.255"); /* another network's broadcast is a host for us */
    assert_int_equal(found.a.count, 1);
}

static bool server_is(unsigned i, const char *text)
{
    char have[48];
    (void)ipaddr_ntoa_r(dns_getserver((u8_t)i), have, sizeof have);
    return strcmp(have, text) == 0;
}

/* RFC 8106 servers take no place of DHCP's, nor of another router's. */
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
    struct addr six = net_address6();
    addr_text(&six, text);
    assert_string_equal(text, "2001:db8::ff:fe00:2a");
    for (int turn = 0; turn < 2; turn++) {
        assert_true(server_is(0, "10.9.0.1"));
        assert_true(server_is(3, "2001:DB8::53"));
        advertisement(&f, dns2, 600); /* and again */
        arrive(&f, sim.ticks);
        run(10, NULL);
        assert_true(server_is(4, "2001:DB8::54"));
    }
    advertisement(&f, dns1, 0); /* withdrawn */
    arrive(&f, sim.ticks);
    run(10, NULL);
    assert_true(server_is(0, "10.9.0.1"));
    assert_true(server_is(3, "0.0.0.0"));
    assert_true(server_is(4, "2001:DB8::54"));
    for (int i = 0; i < 3; i++) { /* each advertisement counts anew */
        advertisement(&f, dns1, 60);
        arrive(&f, sim.ticks);
        run(40000, NULL);
        assert_true(server_is(3, "2001:DB8::53"));
    }
    run(19000, NULL);
    assert_true(server_is(3, "2001:DB8::53"));
    run(2000, NULL); /* RFC 8106 section 5.1: its lifetime is over */
    assert_true(server_is(3, "0.0.0.0"));
    assert_true(server_is(4, "2001:DB8::54"));
    run(500000, NULL);
    assert_true(server_is(4, "0.0.0.0"));
    assert_true(server_is(0, "10.9.0.1"));
}

/* The next link may be another network. */
static void test_link_change(void **state)
{
    (void)state;
    sim.link = false;
    run(100, NULL);
    for (unsigned i = 0; i < 5; i++)
        assert_true(server_is(i, "0.0.0.0"));
    begin("a.example"); /* what was known is not any more */
    run(100, NULL);
    assert_int_equal(found.calls, 1);
    assert_int_equal(found.a.why, RESOLVER_NO_ROUTE);
}

static void nobody(void *arg, const struct net_udp_datagram *d)
{
    (void)arg;
    (void)d;
}

static int start(void **state)
{
    (void)state;
    struct frame f, *ask;
    static const char text[] = "nameserver 10.9.0.9\n";
    assert_int_equal(conf_parse(&conf, text, sizeof text - 1), 0);
    sim.ticks = 5 * HZ;
    net_init(&conf, changed);
    sim.link = true;
    for (uint8_t answered = 2; answered <= 5; answered += 3) {
        ask = run(10000, is_dhcp);
        assert_non_null(ask);
        dhcp_answer(&f, ask, answered, router_ip);
        arrive(&f, sim.ticks);
    }
    run(10, NULL);
    struct net_udp u = {.received = nobody};
    const struct addr to = addr_of(4, router_ip);
    assert_int_equal(net_udp_open(&u, 0), RC_OK);
    assert_int_equal(net_udp_send(&u, &to, 9, f.b, 1), RC_OK);
    net_udp_close(&u);
    arp_reply(&f, router_ip);
    arrive(&f, sim.ticks);
    run(10, NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),    cmocka_unit_test(test_forged),
        cmocka_unit_test(test_silent),   cmocka_unit_test(test_many),
        cmocka_unit_test(test_tcp),      cmocka_unit_test(test_tcp_refused),
        cmocka_unit_test(test_literals), cmocka_unit_test(test_no_host),
        cmocka_unit_test(test_rdnss),    cmocka_unit_test(test_link_change),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
