/* adapters/net with an address from chrony.conf instead of DHCP, without
 * entropy, and with another Ethernet chip after a link change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lwip/netif.h"
#include "net_wire.h"

/* What people read. */
static void text_of(struct addr a, char out[ADDR_TEXT])
{
    addr_text(&a, out);
}

static struct conf conf;

static void test_static(void **state)
{
    (void)state;
    char text[ADDR_TEXT];
    static const uint8_t gateway[4] = {10, 9, 0, 1};
    sim.link = true;
    assert_null(run(3000, is_dhcp));
    assert_true(net_up());
    text_of(net_address4(), text);
    assert_string_equal(text, "10.9.0.42");
    assert_int_equal(netif_default->netmask.u_addr.ip4.addr, 0x00ffffff);
    assert_memory_equal(&netif_default->gw.u_addr.ip4.addr, gateway, 4);
}

/* A strange but legal machine: lwIP's numbers come from the counter. */
static void test_no_entropy(void **state)
{
    (void)state;
    entropy_dead = true;
    unsigned same = 0;
    uint32_t last = net_random();
    for (int i = 0; i < 100; i++) {
        sim.ticks++;
        uint32_t next = net_random();
        same += next == last;
        last = next;
    }
    entropy_dead = false;
    assert_int_equal(same, 0);
}

static bool from_new_mac(const struct frame *f)
{
    return memcmp(f->b + 6, sim.mac, 6) == 0;
}

static void test_other_chip(void **state)
{
    (void)state;
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 77};
    sim.link = false;
    run(10, NULL);
    assert_false(net_up());
    memcpy(sim.mac, mac, 6);
    sim.link = true;
    forget_sent();
    struct frame *f = run(3000, from_new_mac);
    assert_non_null(f);
    assert_true(net_up());
    for (unsigned i = 0; i < sim.out_count; i++)
        assert_true(from_new_mac(&sim.out[i]));
    const uint8_t *ll =
        (const uint8_t *)netif_default->ip6_addr[0].u_addr.ip6.addr;
    assert_int_equal(ll[15], 77); /* EUI-64 of the new one */
}

static int start(void **state)
{
    (void)state;
    static const char text[] = "address 10.9.0.42/24\n"
                               "gateway 10.9.0.1\n";
    assert_int_equal(conf_parse(&conf, text, sizeof text - 1), 0);
    sim.ticks = 5 * HZ;
    net_init(&conf, changed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_static),
        cmocka_unit_test(test_no_entropy),
        cmocka_unit_test(test_other_chip),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
