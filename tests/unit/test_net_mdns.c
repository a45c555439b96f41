/* adapters/net_mdns on frames made by hand: the name is asked for before it is
 * used, announced, answered for, given up to another host; strangers and
 * floods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adapters/net_mdns.h"
#include "net_wire.h"
#include "mdns_frames.h"

static struct conf conf;

static bool is_mdns(const struct frame *f)
{
    return is_udp4(f, 5353) && f->len > 54;
}

static bool is_answer(const struct frame *f)
{
    return is_mdns(f) && (f->b[44] & 0x80);
}

static bool is_question(const struct frame *f)
{
    return is_mdns(f) && !(f->b[44] & 0x80);
}

static bool is_to_asker(const struct frame *f)
{
    return is_udp4(f, 40000);
}

/* A service taken back: its PTR record with no time to live. */
static bool is_goodbye(const struct frame *f)
{
    return is_answer(f) && frame_has(f, "\0\x0c\0\1\0\0\0\0", 8);
}

static struct status_mdns status(void)
{
    struct status_mdns s;
    net_mdns_status(&s);
    return s;
}

static void ask(const char *name, unsigned type)
{
    uint8_t m[300];
    struct frame f;
    mdns_frame(&f, 5353, m, mdns_question(m, name, type));
    arrive(&f, sim.ticks);
}

static void claim(const char *name)
{
    uint8_t m[300];
    struct frame f;
    mdns_frame(&f, 5353, m, mdns_claim(m, name));
    arrive(&f, sim.ticks);
}

static bool hears(const uint8_t mac[6])
{
    for (size_t i = 0; i < sim.groups; i++)
        if (memcmp(sim.group[i], mac, 6) == 0)
            return true;
    return false;
}

static void asks_then_announces(void **state)
{
    static const uint8_t four[6] = {1, 0, 0x5e, 0, 0, 0xfb},
                         six[6] = {0x33, 0x33, 0, 0, 0, 0xfb};
    (void)state;
    sim.link = true;
    struct frame *f = run(5000, is_question);
    assert_non_null(f);
    assert_true(frame_names(f, "gnomon.local"));
    assert_memory_equal(f->b, four, 6);
    assert_int_equal(f->b[22], 255); /* TTL */
    assert_false(status().sure);
    f = run(5000, is_answer);
    assert_non_null(f);
    assert_true(frame_names(f, "gnomon.local"));
    assert_true(frame_has(f, own_ip, 4));
    assert_true(status().sure);
    assert_true(hears(four));
    assert_true(hears(six));
    assert_true(sim.groups <= 8);
    (void)run(10000, NULL);
}

static void answers(void **state)
{
    (void)state;
    ask("gnomon.local", MDNS_A);
    struct frame *f = run(1000, is_answer);
    assert_non_null(f);
    assert_true(frame_has(f, own_ip, 4));
    (void)run(3000, NULL);
    ask("another.local", MDNS_A);
    assert_null(run(1000, is_answer));
    ask("_ntp._udp.local", MDNS_PTR);
    assert_null(run(1000, is_answer));
}

/* An old resolver, from a port of its own, is answered there. */
static void answers_the_asker(void **state)
{
    uint8_t m[300];
    struct frame f;
    (void)state;
    arp_reply(&f, router_ip);
    arrive(&f, sim.ticks);
    mdns_frame(&f, 40000, m, mdns_question(m, "gnomon.local", MDNS_A));
    arrive(&f, sim.ticks);
    struct frame *to = run(1000, is_to_asker);
    assert_non_null(to);
    assert_true(frame_has(to, own_ip, 4));
}

static void services_come_and_go(void **state)
{
    (void)state;
    net_mdns_serve(NET_MDNS_NTP, 123);
    net_mdns_serve(NET_MDNS_NTP, 123);
    net_mdns_serve(NET_MDNS_NTSKE, 4460);
    (void)run(5000, NULL);
    assert_int_equal(status().services, 2);
    ask("_ntp._udp.local", MDNS_PTR);
    struct frame *f = run(1000, is_answer);
    assert_non_null(f);
    assert_true(frame_names(f, "_ntp._udp") && frame_has(f, "\6gnomon", 7));
    (void)run(3000, NULL);
    net_mdns_serve(NET_MDNS_NTP, 0);
    f = run(10, is_goodbye);
    assert_non_null(f);
    assert_true(frame_names(f, "_ntp._udp") && frame_has(f, "\6gnomon", 7));
    assert_false(frame_names(f, "_ntske._tcp"));
    (void)run(3000, NULL);
    net_mdns_serve(NET_MDNS_NTP, 0);
    assert_null(run(3000, is_mdns));
    net_mdns_serve(NET_MDNS_HTTP, 80);
    net_mdns_serve(NET_MDNS_HTTP, 8080);
    assert_int_equal(status().services, 2);
    (void)run(5000, NULL);
    ask("_ntp._udp.local", MDNS_PTR);
    assert_null(run(1000, is_answer));
    ask("_http._tcp.local", MDNS_PTR);
    assert_non_null(run(1000, is_answer));
    (void)run(3000, NULL);
}

/* Another host has the name: once it is asked for again (a link that was
 * away), we are the second. */
static void gives_way(void **state)
{
    (void)state;
    sim.link = false;
    (void)run(100, NULL);
    sim.link = true;
    assert_non_null(run(20000, is_question));
    claim("gnomon.local");
    struct frame *f = run(5000, is_question);
    while (f && !frame_names(f, "gnomon-2.local"))
        f = run(5000, is_question);
    assert_non_null(f);
    assert_string_equal(status().name, "gnomon-2");
    claim("gnomon-2.local");
    (void)run(20000, NULL);
    assert_string_equal(status().name, "gnomon-3");
    assert_true(status().sure);
    ask("gnomon-3.local", MDNS_A);
    assert_non_null(run(1000, is_answer));
    (void)run(3000, NULL);
    ask("gnomon.local", MDNS_A);
    assert_null(run(1000, is_answer));
}

static void only_of_this_network(void **state)
{
    static const uint8_t elsewhere[4] = {198, 51, 100, 7};
    uint8_t m[300];
    struct frame f;
    (void)state;
    mdns_frame(&f, 5353, m, mdns_question(m, "gnomon-3.local", MDNS_A));
    memcpy(f.b + 26, elsewhere, 4);
    be16(f.b + 24, 0);
    be16(f.b + 24, folded(sum16(0, f.b + 14, 20)));
    arrive(&f, sim.ticks);
    assert_null(run(1000, is_answer));
    (void)run(3000, NULL);
}

/* Ten questions in each pass, each to be answered to its asker. */
static void flood(void **state)
{
    uint8_t m[300];
    struct frame f;
    unsigned answered = 0;
    uint64_t began = sim.ticks;
    (void)state;
    mdns_frame(&f, 40000, m, mdns_question(m, "gnomon-3.local", MDNS_A));
    for (int ms = 0; ms < 1000; ms++) {
        for (int i = 0; i < 10; i++)
            arrive(&f, sim.ticks);
        forget_sent();
        (void)run(1, NULL);
        for (unsigned i = 0; i < sim.out_count; i++)
            answered += is_to_asker(&sim.out[i]);
    }
    assert_in_range(answered, 1, 40 + (sim.ticks - began) / (HZ / 20));
    (void)run(5000, NULL);
    ask("gnomon-3.local", MDNS_A);
    assert_non_null(run(1000, is_answer));
}

/* A name that may be another's is not taken back. */
static void nothing_while_it_asks(void **state)
{
    (void)state;
    sim.link = false;
    (void)run(100, NULL);
    sim.link = true;
    assert_non_null(run(20000, is_question));
    claim("gnomon-3.local");
    (void)run(1, NULL);
    assert_false(status().sure);
    net_mdns_serve(NET_MDNS_HTTP, 0);
    assert_null(run(10, is_goodbye));
    (void)run(20000, NULL);
    assert_true(status().sure);
}

static void leaves(void **state)
{
    static const uint8_t a[] = {0, 1, 0x80, 1, 0, 0, 0, 0, 0, 4};
    (void)state;
    net_mdns_leave();
    struct frame *f = run(10, is_goodbye);
    assert_non_null(f);
    assert_true(frame_names(f, "_ntske._tcp") && frame_has(f, a, sizeof a) &&
                frame_has(f, own_ip, 4));
    assert_false(status().on);
    (void)run(3000, NULL);
    ask("gnomon-4.local", MDNS_A);
    ask("_ntske._tcp.local", MDNS_PTR);
    net_mdns_serve(NET_MDNS_NTP, 123);
    sim.link = false;
    (void)run(100, NULL);
    sim.link = true;
    net_mdns_leave();
    assert_null(run(20000, is_mdns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_then_announces),
        cmocka_unit_test(answers),
        cmocka_unit_test(answers_the_asker),
        cmocka_unit_test(services_come_and_go),
        cmocka_unit_test(gives_way),
        cmocka_unit_test(only_of_this_network),
        cmocka_unit_test(flood),
        cmocka_unit_test(nothing_while_it_asks),
        cmocka_unit_test(leaves),
    };
    int errors =
        conf_parse(&conf, "hostname gnomon.lab\naddress 10.9.0.42/24\n", 41);
    assert_int_equal(errors, 0);
    sim.ticks = HZ;
    net_init(&conf, changed);
    net_mdns_init(conf.hostname);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
