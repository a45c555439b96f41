/* CDC-ECM on dongles whose second configuration it is (RTL8152, RTL8153), over
 * the models of one, of the DWC2 and of hubs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dwc2_model.h"
#include "rtl815x_model.h"
#include "smsc_bench.h"

#define MS 1000000LL

static int start(void **state)
{
    (void)state;
    rtl815x_split_notes = false;
    return bench_start(&rtl8153_model, mdev_hub);
}

static void is_up_with_its_own_address(void)
{
    comes_up();
    assert_int_equal(chip.configuration, 2);
    assert_memory_equal(u.eth.mac, "\x00\xe0\x4c\x68\x12\xab", 6);
    echoes();
    assert_null(usb_trouble(&u));
    assert_int_equal(u.core.resets, 0);
    no_faults();
}

static void its_second_configuration_is_taken(void **state)
{
    (void)state;
    for (unsigned hubs = 0; hubs <= 2; hubs++) {
        start(NULL);
        plug_in_a_pi(hubs);
        is_up_with_its_own_address();
    }
}

static void the_slower_one_too(void **state)
{
    (void)state;
    bench_start(&rtl8152_model, mdev_hub);
    plug_in_a_pi(1);
    is_up_with_its_own_address();
    run(200 * MS);
    assert_int_equal(u.eth.mbps, 100);
}

/* A configuration that cannot be read does not hide the others. */
static struct usb_chip_kind odd;

static size_t first_is_none(const struct usb_chip *c, unsigned index,
                            uint8_t *b)
{
    if (index == 1)
        return rtl8153_model.config(c, index, b);
    memset(b, 0, 9);
    return 9; /* zeros */
}

static void a_bad_first_configuration_is_passed_over(void **state)
{
    (void)state;
    odd = rtl8153_model;
    odd.config = first_is_none;
    bench_start(&odd, mdev_hub);
    plug_in_a_pi(1);
    is_up_with_its_own_address();
}

/* ---- notifications ------------------------------------------------------- */

static void follows_the_cable(void)
{
    static const uint32_t mbps[] = {1000, 100, 10};
    plug_in_a_pi(1);
    comes_up();
    for (size_t i = 0; i < LEN(mbps); i++) {
        partner(false, 0, false, false);
        assert_true(wait_until(false, 200 * MS) >= 0);
        run(3000 * MS);
        assert_false(up());
        partner(true, mbps[i], true, true);
        assert_true(wait_until(true, 500 * MS) >= 0);
        run(100 * MS);
        assert_int_equal(u.eth.mbps, mbps[i]);
        echo(100);
    }
    assert_int_equal(u.core.resets, 0);
    no_faults();
}

static void cable_and_speed_are_followed(void **state)
{
    (void)state;
    follows_the_cable();
}

static void notes_in_two_packets(void **state)
{
    (void)state;
    rtl815x_split_notes = true;
    follows_the_cable();
}

static void a_halted_notification_endpoint_is_cleared(void **state)
{
    (void)state;
    plug_in_a_pi(1);
    comes_up();
    partner(false, 0, false, false);
    assert_true(wait_until(false, 200 * MS) >= 0);
    lan.halt_in[3] = true;
    run(100 * MS);
    partner(true, 100, true, true);
    assert_true(wait_until(true, 1000 * MS) >= 0);
    echo(100);
    no_faults();
}

static void time_on_the_wire_is_taken_off(void **state)
{
    static const uint32_t mbps[] = {1000, 100, 10};
    (void)state;
    wire_time_is_taken_off(mbps, LEN(mbps));
}

#define T(f) cmocka_unit_test_setup(f, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(its_second_configuration_is_taken),
        T(the_slower_one_too),
        T(a_bad_first_configuration_is_passed_over),
        T(cable_and_speed_are_followed),
        T(notes_in_two_packets),
        T(a_halted_notification_endpoint_is_cleared),
        T(time_on_the_wire_is_taken_off),
        T(a_silent_chip_is_reset_through_its_hub),
        T(it_never_gives_up),
        T(a_deaf_chip_is_reset),
        T(frames_lost_and_doubled),
        T(a_refused_keyboard_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
