/* The LAN78xx driver against a model of the chip, over the model of the DWC2
 * and the hubs of a Raspberry Pi 3B+. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lan78xx_model.h"
#include "smsc_bench.h"

#define MS       1000000LL
#define HW_CFG   0x010
#define USB_CFG0 0x080
#define BURST    0x090
#define DELAY    0x094
#define RFE_CTL  0x0b0
#define MAC_CR   0x100

static int start(void **state)
{
    (void)state;
    return bench_start(&lan78xx_model, mdev_hub_2514);
}

static void is_set_up_for_time(void **state)
{
    (void)state;
    plug_in_a_pi(2);
    comes_up();
    assert_int_equal(lan78xx_reg(&chip, HW_CFG) & 0x10, 0);      /* MEF */
    assert_int_equal(lan78xx_reg(&chip, USB_CFG0) & 0x60, 0x40); /* BIR */
    assert_int_equal(lan78xx_reg(&chip, BURST), 0);
    assert_int_equal(lan78xx_reg(&chip, DELAY), 1);
    assert_int_equal(lan78xx_reg(&chip, RFE_CTL) & 0x7b80, 0);
    assert_int_equal(lan78xx_reg(&chip, MAC_CR) & 0x21800, 0x1800);
}

/* The model counts a fault whenever it is otherwise while the PHY negotiates;
 * this is the same from outside. */
static void offers_100_full_and_no_eee(void **state)
{
    (void)state;
    plug_in_a_pi(2);
    comes_up();
    struct lan78xx_offer offer = lan78xx_offer(&chip);
    assert_int_equal(offer.anar, 0x0101);
    assert_int_equal(offer.gbcr, 0);
    assert_int_equal(offer.eee, 0);
    no_faults();
}

static void follows_the_cable(void **state)
{
    static const struct {
        uint32_t mbps;
        bool full, negotiates, link;
    } ends[] = {{100, true, true, true},   {1000, true, true, true},
                {100, false, true, false}, {10, true, true, false},
                {10, false, false, false}, {100, true, true, true}};
    (void)state;
    plug_in_a_pi(2);
    comes_up();
    for (size_t i = 0; i < LEN(ends); i++) {
        partner(false, 0, false, false);
        run(3000 * MS);
        assert_false(up());
        partner(true, ends[i].mbps, ends[i].full, ends[i].negotiates);
        run(2000 * MS);
        assert_int_equal(up(), ends[i].link);
        if (ends[i].link) {
            assert_int_equal(u.eth.mbps, 100);
            echo(100);
        }
    }
    assert_int_equal(u.core.resets, 0);
    assert_int_equal(lan78xx_counts(&chip).not_following, 0);
    no_faults();
}

static void a_phy_that_forgets_begins_anew(void **state)
{
    (void)state;
    plug_in_a_pi(2);
    comes_up();
    partner(true, 1000, true, true);
    run(2000 * MS);
    lan78xx_forget(&chip);
    run(5000 * MS);
    assert_int_equal(u.core.resets, 1);
    comes_up();
    assert_int_equal(u.eth.mbps, 100);
    assert_int_equal(lan78xx_offer(&chip).gbcr, 0);
    assert_int_equal(lan78xx_offer(&chip).eee, 0);
    echo(100);
    no_faults();
}

/* Lengths whose first byte could be padding, and the other way round. */
static void no_length_is_taken_for_padding(void **state)
{
    (void)state;
    plug_in_a_pi(2);
    comes_up();
    chip.pack = 10;
    for (stride = 1; stride < 50; stride += 8)
        for (chip.cut = 3; chip.cut < 700; chip.cut += 23) {
            burst(10);
            expect(10);
        }
    no_faults();
}

static void time_on_the_wire_is_taken_off(void **state)
{
    static const uint32_t mbps[] = {100, 1000};
    (void)state;
    wire_time_is_taken_off(mbps, LEN(mbps));
}

#define T(f) cmocka_unit_test_setup(f, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(is_set_up_for_time),
        T(offers_100_full_and_no_eee),
        T(follows_the_cable),
        T(a_phy_that_forgets_begins_anew),
        T(no_length_is_taken_for_padding),
        T(time_on_the_wire_is_taken_off),
        SMSC_SHARED(T),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
