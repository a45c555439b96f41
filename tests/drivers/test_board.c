/* The board's small drivers against registers that are an array, with the
 * few side effects that matter. What QEMU can't show: devices that are slow,
 * mute, stuck or full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "bcm2835_irq.h"
#include "bcm2836_local.h"
#include "gpio.h"
#include "hw.h"
#include "mailbox.h"
#include "pl011.h"
#include "pm.h"
#include "rng.h"

#define BASE 0x1000u

static struct {
    uint32_t reg[64];
    uint32_t log_reg[64], log_value[64]; /* writes, in order */
    size_t writes;
} hw;

uint32_t hw_read(uintptr_t reg)
{
    uint32_t off = (uint32_t)(reg - BASE);
    assert_true(off < sizeof hw.reg && off % 4 == 0);
    return hw.reg[off / 4];
}

void hw_write(uintptr_t reg, uint32_t value)
{
    uint32_t off = (uint32_t)(reg - BASE);
    assert_true(off < sizeof hw.reg && off % 4 == 0);
    assert_true(hw.writes < 64);
    hw.log_reg[hw.writes] = off;
    hw.log_value[hw.writes++] = value;
    hw.reg[off / 4] = value;
}

uint32_t hw_bus_addr(const void *p)
{
    return ((uint32_t)(uintptr_t)p & 0x3fffffff) | 0xc0000000;
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
    memset(&hw, 0, sizeof hw);
    return 0;
}

static uint32_t written(uint32_t reg)
{
    for (size_t i = hw.writes; i > 0; i--)
        if (hw.log_reg[i - 1] == reg)
            return hw.log_value[i - 1];
    fail_msg("register %x was not written", (unsigned)reg);
    return 0;
}

/* ---- random numbers -------------------------------------------------------- */

static void rng_waits_then_gives(void **state)
{
    (void)state;
    struct rng r;
    uint32_t w = 0;
    rng_init(&r, BASE);
    hw.reg[1] = 0x40000; /* warming up: no words, count in the low bits */
    assert_int_equal(rng_word(&r, &w), RC_AGAIN);
    hw.reg[1] = 0x01000000;
    hw.reg[2] = 0xdeadbeef;
    assert_int_equal(rng_word(&r, &w), RC_OK);
    assert_int_equal(w, 0xdeadbeef);
}

/* What is behind STATUS, DATA and the threshold is not there on all of them:
 * an emulated BCM2835 answers with an abort. Its line is off anyway. */
static void rng_begins_with_two_writes(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, BASE);
    assert_int_equal(written(0x04), 0x40000);
    assert_int_equal(written(0x00), 1);
    assert_int_equal(hw.writes, 2);
}

static void rng200_waits_then_gives(void **state)
{
    (void)state;
    struct rng r;
    uint32_t w = 0;
    rng200_init(&r, BASE);
    assert_int_equal(written(0) & 0x7fff, 0x7fff);
    assert_int_equal(written(0x10), 0x40000);
    hw.reg[0x24 / 4] = 0x204;
    hw.reg[0x0c / 4] = 16;
    assert_int_equal(rng_word(&r, &w), RC_AGAIN); /* warming up */
    hw.reg[0x0c / 4] = 17;
    hw.reg[0x24 / 4] = 0x200;
    assert_int_equal(rng_word(&r, &w), RC_AGAIN); /* no word waits */
    hw.reg[0x24 / 4] = 0x201;
    hw.reg[0x20 / 4] = 0xdeadbeef;
    assert_int_equal(rng_word(&r, &w), RC_OK);
    assert_int_equal(w, 0xdeadbeef);
    int rc = RC_AGAIN;
    for (unsigned n = 0; rc == RC_AGAIN && n < 10; n++)
        rc = rng_word(&r, &w);
    assert_int_equal(rc, RC_IO); /* stuck, as on the others */
}

static void rng_words_are_used_once(void **state)
{
    (void)state;
    struct rng r;
    uint32_t words[] = {3, 1, 4, 0, 0, 0, 0}, w = 0;
    rng_words_init(&r, words, LEN(words));
    assert_int_equal(rng_word(&r, &w), RC_OK);
    assert_int_equal(w, 3);
    assert_int_equal(words[0], 0);
    assert_int_equal(rng_word(&r, &w), RC_OK);
    assert_int_equal(rng_word(&r, &w), RC_OK);
    assert_int_equal(rng_word(&r, &w), RC_OK);
    int rc = RC_AGAIN;
    for (unsigned n = 0; rc == RC_AGAIN && n < 10; n++)
        rc = rng_word(&r, &w);
    assert_int_equal(rc, RC_IO); /* nobody has filled these */
    rng_words_init(&r, words, 0);
    assert_int_equal(rng_word(&r, &w), RC_IO);
    uint32_t zeros[RNG_STUCK] = {0};
    rng_words_init(&r, zeros, LEN(zeros));
    for (rc = RC_AGAIN; rc == RC_AGAIN;)
        rc = rng_word(&r, &w);
    assert_int_equal(rc, RC_IO);
}

static void rng_stuck_is_an_error_until_it_moves(void **state)
{
    (void)state;
    struct rng r;
    uint32_t w = 0;
    rng_init(&r, BASE);
    hw.reg[1] = 0x01000000;
    hw.reg[2] = 0xffffffff;
    assert_int_equal(rng_word(&r, &w), RC_OK);
    int rc = RC_AGAIN;
    unsigned n = 0;
    while (rc == RC_AGAIN && n < 10) {
        rc = rng_word(&r, &w);
        n++;
    }
    assert_int_equal(rc, RC_IO);
    assert_int_equal(n, RNG_STUCK);
    assert_int_equal(rng_word(&r, &w), RC_IO);
    hw.reg[2] = 5;
    assert_int_equal(rng_word(&r, &w), RC_OK);
    assert_int_equal(w, 5);
}

/* ---- power manager ----------------------------------------------------------- */

static void pm_keeps_password_and_other_bits(void **state)
{
    (void)state;
    hw.reg[0x1c / 4] = 0x00000112;
    pm_reset(BASE);
    assert_int_equal(written(0x1c), 0x5a000122);
    pm_watchdog(BASE, PM_WATCHDOG_MAX_MS);
    uint32_t ticks = written(0x24) & 0xffffff;
    assert_int_equal(written(0x24) >> 24, 0x5a);
    assert_true(ticks < 1u << 20);
    assert_in_range(ticks, 15 * 65536, 15 * 65536 + 64);
}

/* ---- UART ---------------------------------------------------------------------- */

static void pl011_divisor(void **state)
{
    (void)state;
    struct pl011 u;
    pl011_init(&u, BASE, 48000000, 115200); /* 26.0417: 26 and 2.67/64 */
    assert_int_equal(written(0x24), 26);
    assert_int_equal(written(0x28), 3);
    pl011_init(&u, BASE, 3000000, 115200); /* 1.6276: 1 and 40.2/64 */
    assert_int_equal(written(0x24), 1);
    assert_int_equal(written(0x28), 40);
}

static void pl011_full_ring_takes_no_more(void **state)
{
    (void)state;
    static struct pl011 u;
    static char text[PL011_TX_RING + 10];
    memset(text, 'x', sizeof text);
    pl011_init(&u, BASE, 48000000, 115200);
    hw.reg[0x18 / 4] = 0x30; /* TX full, RX empty */
    assert_int_equal(pl011_write(&u, text, sizeof text), PL011_TX_RING);
    assert_int_equal(pl011_write(&u, text, 1), 0);
    pl011_service(&u);
    assert_false(pl011_idle(&u));
    assert_int_equal(written(0x38) & 0x20, 0x20); /* asks for an interrupt */
    hw.reg[0x18 / 4] = 0x10;
    u.tx_out = u.tx_in - 3;
    hw.writes = 0;
    pl011_service(&u);
    assert_true(pl011_idle(&u));
    assert_int_equal(written(0), 'x');
    assert_int_equal(written(0x38) & 0x20, 0); /* and no more */
}

static void pl011_endless_input_ends(void **state)
{
    (void)state;
    static struct pl011 u;
    pl011_init(&u, BASE, 48000000, 115200);
    hw.reg[0x18 / 4] = 0x20; /* never empty */
    hw.reg[0] = 0x741;       /* framing, parity errors above the byte */
    pl011_service(&u);
    pl011_service(&u);
    assert_int_equal(u.rx_lost, PL011_RX_RING);
    unsigned n = 0;
    while (pl011_read(&u) == 0x41)
        n++;
    assert_int_equal(n, PL011_RX_RING);
    assert_int_equal(pl011_read(&u), RC_AGAIN);
}

/* ---- mailbox -------------------------------------------------------------------- */

static void mailbox_full_for_ever_times_out(void **state)
{
    (void)state;
    struct mailbox m;
    hw.reg[0x38 / 4] = 0x80000000;
    hw.reg[0x18 / 4] = 0x40000000;
    mailbox_begin(&m, BASE);
    (void)mailbox_tag(&m, MAILBOX_BOARD_REVISION, 1, NULL, 0);
    mailbox_send(&m, 1000);
    assert_int_equal(mailbox_done(&m, 1000), RC_AGAIN);
    assert_int_equal(mailbox_done(&m, 1000 + MAILBOX_TIMEOUT), RC_AGAIN);
    assert_int_equal(mailbox_done(&m, 1001 + MAILBOX_TIMEOUT), RC_TIMEOUT);
    assert_int_equal(hw.writes, 0);
}

static void mailbox_takes_its_own_answer_only(void **state)
{
    (void)state;
    struct mailbox m;
    hw.reg[0x18 / 4] = 0x40000000;
    mailbox_begin(&m, BASE);
    const uint32_t uart[] = {MAILBOX_CLOCK_UART, 0};
    size_t known = mailbox_tag(&m, MAILBOX_CLOCK_RATE, 2, uart, 2);
    size_t unknown = mailbox_tag(&m, MAILBOX_BOARD_SERIAL, 2, NULL, 0);
    mailbox_send(&m, 0);
    assert_int_equal(mailbox_done(&m, 0), RC_AGAIN);
    uint32_t sent = written(0x20);
    assert_int_equal(sent & 15, 8);
    assert_int_equal(m.msg[0], m.used * 4);

    hw.reg[0x18 / 4] = 0;
    hw.reg[0] = 0x12345678; /* somebody else's */
    assert_int_equal(mailbox_done(&m, 1), RC_AGAIN);
    m.msg[1] = 0x80000000;
    m.msg[known + 2] = 0x80000008;
    m.msg[known + 4] = 48000000;
    hw.reg[0] = sent;
    assert_int_equal(mailbox_done(&m, 2), RC_OK);
    assert_true(mailbox_answered(&m, known, 8));
    assert_int_equal(mailbox_value(&m, known, 1), 48000000);
    assert_false(mailbox_answered(&m, unknown, 0));
}

/* Each tag by its own bit and length; the message's status means nothing. */
static void mailbox_status_loses_no_answer(void **state)
{
    (void)state;
    static const uint32_t statuses[] = {0x80000000, 0x80000001, 0};
    for (size_t i = 0; i < LEN(statuses); i++) {
        struct mailbox m;
        hw.reg[0x18 / 4] = 0;
        mailbox_begin(&m, BASE);
        size_t mac = mailbox_tag(&m, MAILBOX_BOARD_MAC, 2, NULL, 0);
        size_t empty = mailbox_tag(&m, MAILBOX_BOARD_REVISION, 1, NULL, 0);
        mailbox_send(&m, 0);
        assert_int_equal(mailbox_done(&m, 0), RC_AGAIN);
        m.msg[1] = statuses[i];
        m.msg[mac + 2] = 0x80000006;
        m.msg[empty + 2] = 0x80000000; /* as QEMU, where it knows no tag */
        hw.reg[0] = written(0x20);
        assert_int_equal(mailbox_done(&m, 0), RC_OK);
        assert_true(mailbox_answered(&m, mac, 6));
        assert_false(mailbox_answered(&m, mac, 8));
        assert_false(mailbox_answered(&m, empty, 4));
    }
}

/* ---- GPIO, interrupts --------------------------------------------------------------- */

static void gpio_touches_its_pin_only(void **state)
{
    (void)state;
    hw.reg[1] = 0x3fffffff;
    gpio_function(BASE, 14, GPIO_ALT0);
    assert_int_equal(written(4), 0x3fffffff & ~(3u << 12));
    gpio_set(BASE, 53);
    assert_int_equal(written(0x20), 1u << 21);
    gpio_clear(BASE, 18);
    assert_int_equal(written(0x28), 1u << 18);
}

static void irq_numbers_reach_their_bank(void **state)
{
    (void)state;
    bcm2835_irq_enable(BASE, 9);
    assert_int_equal(written(0x10), 1u << 9);
    bcm2835_irq_enable(BASE, 57);
    assert_int_equal(written(0x14), 1u << 25);
    hw.reg[1] = 1u << 9;
    hw.reg[2] = 1u << 25;
    assert_true(bcm2835_irq_pending(BASE) == (1ull << 9 | 1ull << 57));
}

static void irq_begins_with_nothing_on(void **state)
{
    (void)state;
    bcm2835_irq_init(BASE);
    assert_int_equal(written(0x0c), 0); /* FIQ */
    for (uint32_t off = 0x1c; off <= 0x24; off += 4)
        assert_int_equal(written(off), 0xffffffff);
    assert_int_equal(hw.writes, 4); /* nothing where BCM2835 has nothing */
}

static void local_lets_timers_and_gpu_through(void **state)
{
    (void)state;
    bcm2836_local_init(BASE);
    assert_int_equal(written(0x08), 0x80000000);
    assert_int_equal(written(0x40), 0xb);
    hw.reg[0x60 / 4] = 0x108;
    assert_int_equal(bcm2836_local_pending(BASE),
                     BCM2836_LOCAL_GPU | BCM2836_LOCAL_VIRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(rng_waits_then_gives, fresh),
        cmocka_unit_test_setup(rng_begins_with_two_writes, fresh),
        cmocka_unit_test_setup(rng200_waits_then_gives, fresh),
        cmocka_unit_test_setup(rng_words_are_used_once, fresh),
        cmocka_unit_test_setup(rng_stuck_is_an_error_until_it_moves, fresh),
        cmocka_unit_test_setup(pm_keeps_password_and_other_bits, fresh),
        cmocka_unit_test_setup(pl011_divisor, fresh),
        cmocka_unit_test_setup(pl011_full_ring_takes_no_more, fresh),
        cmocka_unit_test_setup(pl011_endless_input_ends, fresh),
        cmocka_unit_test_setup(mailbox_full_for_ever_times_out, fresh),
        cmocka_unit_test_setup(mailbox_takes_its_own_answer_only, fresh),
        cmocka_unit_test_setup(mailbox_status_loses_no_answer, fresh),
        cmocka_unit_test_setup(gpio_touches_its_pin_only, fresh),
        cmocka_unit_test_setup(irq_numbers_reach_their_bank, fresh),
        cmocka_unit_test_setup(irq_begins_with_nothing_on, fresh),
        cmocka_unit_test_setup(local_lets_timers_and_gpu_through, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
