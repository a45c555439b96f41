/* What is chosen at start: a SoC's row by MIDR, a board's by its revision
 * code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "model.h"
#include "soc.h"

static void a_soc_by_midr(void **state)
{
    (void)state;
    /* As QEMU's machines and the cores' manuals have them. */
    static const struct {
        uint32_t midr, alias, line, uart;
        const char *name;
    } cores[] = {
        {0x410fb767, 0x40000000, 32, 0x20201000, "BCM2835"},
        {0x410fc075, 0xc0000000, 64, 0x3f201000, "BCM2836"},
        {0x410fd034, 0xc0000000, 64, 0x3f201000, "BCM2837"},
        {0x410fd083, 0xc0000000, 64, 0xfe201000, "BCM2711"},
    };
    for (size_t i = 0; i < LEN(cores); i++) {
        const struct soc *s = soc_of_midr(cores[i].midr);
        assert_non_null(s);
        assert_string_equal(s->name, cores[i].name);
        assert_int_equal(s->bus_alias, cores[i].alias);
        assert_int_equal(s->cache_line, cores[i].line);
        assert_int_equal(s->uart, cores[i].uart);
        /* Every device lies in a range that is mapped. */
        const uintptr_t at[] = {s->system_timer, s->mailbox, s->pm,    s->rng,
                                s->gpio,         s->uart,    s->sd,    s->dwc2,
                                s->genet,        s->irq_gpu, s->local, s->gic};
        for (size_t k = 0; k < LEN(at); k++) {
            bool mapped = at[k] == 0;
            for (size_t r = 0; r < SOC_RANGES; r++)
                mapped |= at[k] - s->range[r].base < s->range[r].size;
            assert_true(mapped);
        }
    }
    assert_null(soc_of_midr(0x414fd0b1)); /* BCM2712 */
    assert_null(soc_of_midr(0));
}

static void a_board_by_revision(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        const char *name;
    } boards[] = {
        {0x0002, "Raspberry Pi Model B Rev 1"},
        {0x000e, "Raspberry Pi Model B"},
        {0x0100000e, "Raspberry Pi Model B"}, /* overvoltage */
        {0x0007, "Raspberry Pi Model A"},
        {0x0010, "Raspberry Pi Model B Plus"},
        {0x0015, "Raspberry Pi Model A Plus"},
        {0x0011, "Raspberry Pi Compute Module"},
        {0x900021, "Raspberry Pi Model A Plus"},
        {0x900032, "Raspberry Pi Model B Plus"},
        {0x900093, "Raspberry Pi Zero"},
        {0x9000c1, "Raspberry Pi Zero W"},
        {0xa01041, "Raspberry Pi 2 Model B"},
        {0x2a22042, "Raspberry Pi 2 Model B"}, /* with the warranty bit */
        {0xa02082, "Raspberry Pi 3 Model B"},
        {0xa020d3, "Raspberry Pi 3 Model B Plus"},
        {0x9020e0, "Raspberry Pi 3 Model A Plus"},
        {0x902120, "Raspberry Pi Zero 2 W"},
        {0xa020a0, "Raspberry Pi Compute Module 3"},
        {0xa02100, "Raspberry Pi Compute Module 3 Plus"},
        {0xc03111, "Raspberry Pi 4 Model B"},
        {0xc03130, "Raspberry Pi 400"},
        {0xb03140, "Raspberry Pi Compute Module 4"},
    };
    for (size_t i = 0; i < LEN(boards); i++) {
        assert_true(board_model_known(boards[i].code));
        assert_string_equal(board_model_of(boards[i].code)->name,
                            boards[i].name);
    }
}

static void what_is_not_known_drives_nothing(void **state)
{
    (void)state;
    static const uint32_t codes[] = {1,        0x000a,   0x000c,     0x0016,
                                     0xc04170, 0x900ff1, 0xffffffff, 0x900051};
    for (size_t i = 0; i < LEN(codes); i++) {
        const struct board_model *m = board_model_of(codes[i]);
        assert_false(board_model_known(codes[i]));
        assert_int_equal(m->led, MODEL_LED_NONE);
        assert_int_equal(m->eth, MODEL_ETH_NONE);
        assert_int_equal(m->header, 0);
    }
    /* Not told: the same, but for the chip that needs no pin. */
    const struct board_model *m = board_model_of(0);
    assert_int_equal(m->led, MODEL_LED_NONE);
    assert_int_equal(m->eth, MODEL_ETH_USB);
    assert_int_equal(m->header, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_soc_by_midr),
        cmocka_unit_test(a_board_by_revision),
        cmocka_unit_test(what_is_not_known_drives_nothing),
    };
    return cmocka_run_group_tests_name("soc", tests, NULL, NULL);
}
