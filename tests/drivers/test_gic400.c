/* GIC-400 as its architecture has it: set and clear registers, a byte of
 * priority and of targets each, one interrupt served at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gic400.h"
#include "hw.h"

#define BASE 0xff841000u

static struct {
    uint32_t reg[0x2000 / 4];
    bool on[256], waits[256], active[256];
    uint8_t priority[256], target[256];
} gic;

static unsigned most_urgent(void)
{
    unsigned best = 1023, level = gic.reg[0x1004 / 4] & 0xff;
    if ((gic.reg[0] & 1) == 0 || (gic.reg[0x1000 / 4] & 1) == 0)
        return best;
    for (unsigned id = 0; id < 256; id++) {
        bool ours = id < 32 || (gic.target[id] & 1) != 0;
        if (gic.on[id] && gic.waits[id] && !gic.active[id] && ours &&
            gic.priority[id] < level) {
            best = id;
            level = gic.priority[id];
        }
    }
    return best;
}

static uint32_t bytes(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

uint32_t hw_read(uintptr_t reg)
{
    uint32_t o = (uint32_t)(reg - BASE);
    assert_true(o < sizeof gic.reg && o % 4 == 0);
    if (o >= 0x400 && o < 0x500)
        return bytes(gic.priority + o - 0x400);
    if (o >= 0x800 && o < 0x900)
        return bytes(gic.target + o - 0x800);
    if (o == 0x100c) {
        unsigned id = most_urgent();
        if (id < 256)
            gic.active[id] = true;
        return id;
    }
    return gic.reg[o / 4];
}

static void set(bool *flags, uint32_t first, uint32_t v, bool to)
{
    for (uint32_t i = 0; i < 32; i++)
        if ((v >> i & 1) != 0)
            flags[first + i] = to;
}

void hw_write(uintptr_t reg, uint32_t v)
{
    uint32_t o = (uint32_t)(reg - BASE);
    assert_true(o < sizeof gic.reg && o % 4 == 0);
    if (o >= 0x100 && o < 0x120)
        set(gic.on, (o - 0x100) * 8, v, true);
    else if (o >= 0x180 && o < 0x1a0)
        set(gic.on, (o - 0x180) * 8, v, false);
    else if (o >= 0x280 && o < 0x2a0)
        set(gic.waits, (o - 0x280) * 8, v, false);
    else if (o >= 0x400 && o < 0x500)
        memcpy(gic.priority + o - 0x400, &v, 4);
    else if (o >= 0x800 && o < 0x900)
        memcpy(gic.target + o - 0x800, &v, 4);
    else if (o == 0x1010)
        gic.active[v & 255] = false;
    else
        gic.reg[o / 4] = v;
}

/* A boot loader's: some are on, some wait. */
static int left_over(void **state)
{
    (void)state;
    memset(&gic, 0, sizeof gic);
    gic.on[153] = gic.waits[153] = gic.on[40] = true;
    gic.target[153] = 0x0f;
    memset(gic.priority, 0xa0, sizeof gic.priority);
    gic400_init(BASE);
    return 0;
}

static void nothing_comes_unasked(void **state)
{
    (void)state;
    gic.waits[40] = true;
    assert_int_equal(gic400_take(BASE), GIC400_NONE);
    gic400_enable(BASE, 40, false);
    assert_int_equal(gic400_take(BASE), 40);
    assert_int_equal(gic400_take(BASE), GIC400_NONE);
    gic400_end(BASE, 40);
    assert_int_equal(gic400_take(BASE), 40); /* its line is still up */
}

static void the_urgent_one_comes_first(void **state)
{
    (void)state;
    gic400_enable(BASE, GIC400_PPI_VIRTUAL, true);
    gic400_enable(BASE, GIC400_PPI_PHYSICAL, false);
    gic400_enable(BASE, 189, false);
    gic.waits[27] = gic.waits[30] = gic.waits[189] = true;
    assert_int_equal(gic400_take(BASE), 27);
    assert_int_equal(gic400_take(BASE), 30);
    assert_int_equal(gic400_take(BASE), 189);
    assert_int_equal(gic400_take(BASE), GIC400_NONE);
}

static void neighbours_are_left_alone(void **state)
{
    (void)state;
    gic.target[188] = 2;
    gic.priority[190] = 0x77;
    gic400_enable(BASE, 189, false);
    assert_int_equal(gic.target[188], 2);
    assert_int_equal(gic.target[189], 1);
    assert_int_equal(gic.priority[190], 0x77);
    assert_true(gic.on[189]);
    assert_false(gic.on[188] || gic.on[190]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_comes_unasked, left_over),
        cmocka_unit_test_setup(the_urgent_one_comes_first, left_over),
        cmocka_unit_test_setup(neighbours_are_left_alone, left_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
