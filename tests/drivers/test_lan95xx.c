/* The LAN95xx driver against a model of the chip, over the model of the DWC2
 * and a tree of hubs as a Raspberry Pi has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lan95xx_model.h"
#include "smsc_bench.h"

#define MS      1000000LL
#define HW_CFG  0x014
#define BURST   0x038
#define DELAY   0x06c
#define MAC_CR  0x100
#define COE_CR  0x130
#define FULL    0x00100000u
#define RCVOWN  0x00800000u
#define PROMISC 0x00040000u

static int start(void **state)
{
    (void)state;
    return bench_start(&lan95xx_model, mdev_hub);
}

static void is_set_up_for_time(void **state)
{
    (void)state;
    plug_in_a_pi(1);
    comes_up();
    assert_int_equal(lan95xx_reg(&chip, HW_CFG) & 0x1622, 0x1000);
    assert_int_equal(lan95xx_reg(&chip, BURST), 0);
    assert_int_equal(lan95xx_reg(&chip, DELAY), 1);
    assert_int_equal(lan95xx_reg(&chip, COE_CR), 0);
    assert_int_equal(lan95xx_reg(&chip, MAC_CR) & PROMISC, 0);
}

static void follows_cable_speed_and_duplex(void **state)
{
    static const struct {
        uint32_t mbps;
        bool full, negotiates, is_full;
    } ends[] = {{100, true, true, true},   {100, false, true, false},
                {10, true, true, true},    {10, false, true, false},
                {1000, true, true, true},  /* which can do 100 as well */
                {100, true, false, false}, /* forced: parallel detection */
                {10, true, false, false}};
    (void)state;
    plug_in_a_pi(1);
    comes_up();
    for (size_t i = 0; i < LEN(ends); i++) {
        partner(false, 0, false, false);
        assert_true(wait_until(false, 1300 * MS) >= 0);
        run(3000 * MS);
        assert_false(up());
        partner(true, ends[i].mbps, ends[i].full, ends[i].negotiates);
        assert_true(wait_until(true, 1000 * MS) >= 0);
        assert_int_equal(u.eth.mbps, ends[i].mbps == 10 ? 10 : 100);
        assert_int_equal(lan95xx_reg(&chip, MAC_CR) & (FULL | RCVOWN),
                         ends[i].is_full ? FULL : RCVOWN);
        echo(100);
    }
    assert_int_equal(u.core.resets, 0);
    no_faults();
}

/* Between two looks the cable goes from one switch to another. */
static void a_short_loss_is_noticed(void **state)
{
    (void)state;
    plug_in_a_pi(1);
    comes_up();
    chip.negotiation_ns = 1000000;
    partner(false, 0, false, false);
    partner(true, 10, false, true);
    run(1500 * MS);
    assert_true(up());
    assert_int_equal(u.eth.mbps, 10);
    assert_int_equal(lan95xx_reg(&chip, MAC_CR) & (FULL | RCVOWN), RCVOWN);
    echo(100);
    no_faults();
}

static void time_on_the_wire_is_taken_off(void **state)
{
    static const uint32_t mbps[] = {100, 10};
    (void)state;
    wire_time_is_taken_off(mbps, LEN(mbps));
}

#define T(f) cmocka_unit_test_setup(f, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(is_set_up_for_time),
        T(follows_cable_speed_and_duplex),
        T(a_short_loss_is_noticed),
        T(time_on_the_wire_is_taken_off),
        SMSC_SHARED(T),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
