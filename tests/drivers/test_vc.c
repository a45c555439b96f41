/* What the machine asks of the VideoCore firmware, and what becomes of it
 * where an answer is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "hw.h"
#include "machine.h"
#include "vc.h"
#include "vc_model.h"

#define BOX  0x3f00b880u
#define SENT 0xc0000000u

static struct vc_model model;
static struct vc vc;
static bool back; /* a message waits to be read */
static mono_ns now;

mono_ns machine_now(void)
{
    return now += 1000;
}

uint32_t hw_bus_addr(const void *p)
{
    assert_ptr_equal(p, vc.box.msg);
    return SENT;
}

uint32_t hw_read(uintptr_t reg)
{
    if (reg == BOX + 0x18) /* status: empty */
        return back ? 0 : 0x40000000;
    if (reg == BOX && back) {
        back = false;
        return SENT | 8;
    }
    return 0;
}

void hw_write(uintptr_t reg, uint32_t value)
{
    assert_int_equal(reg, BOX + 0x20);
    assert_int_equal(value, SENT | 8);
    back = vc_model_answer(&model, vc.box.msg);
}

void hw_dma_clean(const void *p, size_t len)
{
    (void)p;
    (void)len;
}
void hw_dma_discard(void *p, size_t len)
{
    (void)p;
    (void)len;
}

static int fresh(void **state)
{
    (void)state;
    vc_model_init(&model);
    back = false;
    return 0;
}

static mono_ns ask(void)
{
    mono_ns start = now;
    vc_ask(&vc, BOX, MAILBOX_CLOCK_EMMC, 250000000);
    return now - start;
}

static void all_is_told(void **state)
{
    (void)state;
    (void)ask();
    assert_false(vc.mute);
    assert_int_equal(vc.revision, 0xa02082);
    assert_memory_equal(vc.mac, model.mac, 6);
    assert_false(vc.mac_made);
    assert_int_equal(vc.clock[VC_UART].hz, 48000000); /* rounded */
    assert_string_equal(vc.clock[VC_UART].from, "measured");
    assert_int_equal(vc.clock[VC_SD].hz, 250000000);
    assert_int_equal(vc.clock[VC_ARM].hz, 400000000);
    assert_int_equal(vc.sd, VC_ON);
    assert_int_equal(vc.usb, VC_ON);
}

/* One tag that a firmware does not know loses its own answer and no other,
 * whatever the message's status. */
static void each_tag_unknown_in_turn(void **state)
{
    (void)state;
    static const uint32_t tags[] = {MAILBOX_FIRMWARE_REVISION,
                                    MAILBOX_BOARD_REVISION,
                                    MAILBOX_BOARD_MAC,
                                    MAILBOX_BOARD_SERIAL,
                                    MAILBOX_ARM_MEMORY,
                                    MAILBOX_SET_POWER,
                                    MAILBOX_CLOCK_RATE,
                                    MAILBOX_CLOCK_MAX,
                                    MAILBOX_TEMPERATURE,
                                    MAILBOX_THROTTLED,
                                    MAILBOX_CLOCK_MEASURED,
                                    MAILBOX_SET_CLOCK,
                                    MAILBOX_SET_PIN};
    static const uint8_t made[] = {0x02, 0x00, 0x12, 0xab, 0x34, 0xcd};
    for (size_t i = 0; i < LEN(tags) * 3; i++) {
        (void)fresh(NULL);
        model.unknown = tags[i / 3];
        model.ignorance = (enum vc_ignorance)(i % 3);
        (void)ask();
        uint32_t u = model.unknown;
        assert_false(vc.mute);
        assert_memory_equal(vc.mac, u == MAILBOX_BOARD_MAC ? made : model.mac,
                            6);
        assert_int_equal(vc.mac_made, u == MAILBOX_BOARD_MAC);
        assert_int_equal(vc.revision,
                         u == MAILBOX_BOARD_REVISION ? 0 : 0xa02082);
        assert_int_equal(vc.clock[VC_UART].hz, 48000000);
        assert_int_equal(vc.clock[VC_SD].hz, 250000000);
        assert_int_equal(vc.usb, u == MAILBOX_SET_POWER ? VC_UNTOLD : VC_ON);
    }
}

/* Every way in which rates are missing: each of them told, 0 or unknown. */
static void each_clock_zero(void **state)
{
    (void)state;
    for (unsigned zeros = 0; zeros < 1 << VC_RATES; zeros++) {
        (void)fresh(NULL);
        for (unsigned c = 0; c < 16; c++)
            for (unsigned k = 0; k < VC_RATES; k++)
                if ((zeros >> k & 1) != 0)
                    model.hz[c][k] = 0;
        (void)ask();
        assert_memory_equal(vc.mac, model.mac, 6);
        assert_int_equal(vc.clock[VC_UART].hz, 48000000);
        assert_int_equal(vc.clock[VC_SD].hz, 250000000);
        assert_int_equal(vc.clock[VC_SD].told, zeros != 7);
        assert_int_equal(vc.clock[VC_ARM].hz, zeros == 7 ? 0 : 400000000);
    }
}

static void a_clock_that_is_off_is_set_and_measured_again(void **state)
{
    (void)state;
    model.off[MAILBOX_CLOCK_EMMC] = model.off[MAILBOX_CLOCK_ARM] = true;
    model.hz[MAILBOX_CLOCK_EMMC][VC_NOMINAL] = 0; /* nobody asked for it */
    model.hz[MAILBOX_CLOCK_EMMC][VC_MAXIMUM] = 400000000;
    (void)ask();
    assert_true(vc.clock[VC_SD].was_off);
    assert_int_equal(vc.clock[VC_SD].hz, 250000000);
    assert_string_equal(vc.clock[VC_SD].from, "measured");
    assert_true(model.off[MAILBOX_CLOCK_ARM]); /* none of ours */
}

static void absurd_rates_are_none(void **state)
{
    (void)state;
    for (unsigned k = 0; k < VC_RATES; k++) {
        model.hz[MAILBOX_CLOCK_UART][k] = 17;
        model.hz[MAILBOX_CLOCK_EMMC][k] = 0xffffffff;
    }
    (void)ask();
    assert_int_equal(vc.clock[VC_UART].hz, 48000000);
    assert_int_equal(vc.clock[VC_SD].hz, 250000000);
    assert_false(vc.clock[VC_SD].told);
}

static void no_answer_at_all_ends_in_half_a_second(void **state)
{
    (void)state;
    model.silent = true;
    assert_in_range(ask(), 0, 600000000);
    assert_true(vc.mute);
    assert_int_equal(model.messages, 1); /* and is not asked again */
    assert_int_equal(vc.revision, 0);
    assert_int_equal(vc.clock[VC_UART].hz, 48000000);
    assert_int_equal(vc.clock[VC_SD].hz, 250000000);
    assert_int_equal(vc.sd, VC_UNTOLD);
    vc_pin(&vc, 130, true);
    vc_poll(&vc, now);
    assert_int_equal(model.messages, 1);
    assert_true(vc_due(&vc, now) == INT64_MAX);
}

static void an_address_of_everybody_is_none(void **state)
{
    (void)state;
    model.mac[0] |= 1;
    (void)ask();
    assert_true(vc.mac_made);
    (void)fresh(NULL);
    memset(model.mac, 0, 6);
    model.serial = 0;
    (void)ask();
    assert_false(vc.mac_made);
    assert_int_equal(vc.mac[0] | vc.mac[5], 0);
}

static void power_is_judged_by_its_bits(void **state)
{
    (void)state;
    static const struct {
        uint32_t said;
        enum vc_power means;
    } answers[] = {{1, VC_ON}, {0, VC_OFF}, {2, VC_NO_SUCH}, {3, VC_NO_SUCH}};
    for (size_t i = 0; i < LEN(answers); i++) {
        model.power = answers[i].said;
        (void)ask();
        assert_int_equal(vc.sd, answers[i].means);
        assert_int_equal(vc.usb, answers[i].means);
    }
}

static void the_cards_supply_is_set_at_start(void **state)
{
    (void)state;
    (void)ask();
    assert_true(vc_pin_now(&vc, 132, false));
    assert_int_equal(model.pin[132], 1 << 8);
    model.unknown = MAILBOX_SET_PIN;
    for (unsigned i = 0; i < 3; i++) {
        model.ignorance = (enum vc_ignorance)i;
        assert_false(vc_pin_now(&vc, 132, false));
    }
    model.silent = true;
    mono_ns start = now;
    assert_false(vc_pin_now(&vc, 132, false));
    assert_in_range(now - start, 0, 600000000);
}

/* ---- while it runs -------------------------------------------------------- */

/* So many passes, a millisecond apart. */
static void passes(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        now += 1000000;
        vc_poll(&vc, now);
    }
}

static void the_expanders_led_follows(void **state)
{
    (void)state;
    (void)ask();
    vc_pin(&vc, 130, false); /* also where it may have been lit before */
    passes(5);
    assert_int_equal(model.pin[130], 1 << 8);
    vc_pin(&vc, 130, true);
    passes(5);
    assert_int_equal(model.pin[130], 2 << 8 | 1);
    vc_pin(&vc, 130, true); /* no change, no message */
    passes(5);
    assert_int_equal(model.pin[130], 2 << 8 | 1);
}

/* A firmware that leaves an LED's message unanswered holds nobody up. */
static void a_late_firmware_costs_no_wait(void **state)
{
    (void)state;
    (void)ask();
    model.silent = true;
    vc_pin(&vc, 130, true);
    mono_ns start = now;
    vc_poll(&vc, start);
    vc_poll(&vc, start + 1);
    assert_true(now == start); /* no turn was taken in there */
    passes(600);
    assert_true(vc.mute);
}

static void figures_come_every_ten_seconds(void **state)
{
    (void)state;
    (void)ask();
    passes(10);
    assert_true(vc.temperature_told && vc.throttled_told);
    assert_int_equal(vc.millidegrees, 48312);
    assert_int_equal(vc.throttled, 0x50000);
    unsigned before = model.messages;
    passes(9000);
    assert_int_equal(model.messages, before);
    assert_in_range(vc_due(&vc, now) - now, 1, 2000000000);
    passes(2000);
    assert_int_equal(model.messages, before + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_is_told, fresh),
        cmocka_unit_test_setup(each_tag_unknown_in_turn, fresh),
        cmocka_unit_test_setup(each_clock_zero, fresh),
        cmocka_unit_test_setup(a_clock_that_is_off_is_set_and_measured_again,
                               fresh),
        cmocka_unit_test_setup(absurd_rates_are_none, fresh),
        cmocka_unit_test_setup(no_answer_at_all_ends_in_half_a_second, fresh),
        cmocka_unit_test_setup(an_address_of_everybody_is_none, fresh),
        cmocka_unit_test_setup(power_is_judged_by_its_bits, fresh),
        cmocka_unit_test_setup(the_cards_supply_is_set_at_start, fresh),
        cmocka_unit_test_setup(the_expanders_led_follows, fresh),
        cmocka_unit_test_setup(a_late_firmware_costs_no_wait, fresh),
        cmocka_unit_test_setup(figures_come_every_ten_seconds, fresh),
    };
    return cmocka_run_group_tests_name("vc", tests, NULL, NULL);
}
