/* Memory that a device sees through no cache: what the processor has written
 * is stale there until its line is cleaned, what the device has written is
 * stale here until its line is forgotten. Lines are as long as the SoC's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "cp15.h"
#include "dma.h"
#include "hw.h"
#include "soc.h"

#define BYTES 1024u

/* cached: as the processor sees it. ram: as a device does. */
static _Alignas(64) uint8_t cached[BYTES];
static uint8_t ram[BYTES];
static uint32_t line; /* of the processor that is played */

static size_t line_of(uintptr_t at)
{
    size_t off = at - (uintptr_t)cached;
    assert_true(off < BYTES);
    return off / line * line;
}

void cpu_cache_clean(uintptr_t at)
{
    size_t off = line_of(at);
    memcpy(ram + off, cached + off, line);
}
void cpu_cache_discard(uintptr_t at)
{
    size_t off = line_of(at);
    memcpy(cached + off, ram + off, line);
}
void cpu_cache_flush(uintptr_t at)
{
    cpu_cache_clean(at);
}

static const uint32_t midrs[] = {0x410fb767, 0x410fc075, 0x410fd034,
                                 0x410fd083};

static void fill(uint8_t *p, uint8_t first)
{
    for (size_t i = 0; i < BYTES; i++)
        p[i] = (uint8_t)(first + i);
}

/* Whether every byte of a buffer gets to the device, and back. */
static bool moves(size_t at, size_t len)
{
    fill(cached, 1);
    memset(ram, 0, BYTES);
    hw_dma_clean(cached + at, len);
    bool there = memcmp(ram + at, cached + at, len) == 0;

    fill(ram, 7);
    hw_dma_discard(cached + at, len);
    return there && memcmp(cached + at, ram + at, len) == 0;
}

static void every_line_of_a_buffer_moves(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(midrs); i++) {
        const struct soc *s = soc_of_midr(midrs[i]);
        line = midrs[i] == midrs[0] ? 32 : 64; /* ARM DDI 0301, 0464 ... */
        dma_init(s->bus_alias, s->cache_line);
        for (size_t len = 64; len <= 512; len += 64)
            for (size_t at = 0; at + len <= BYTES; at += 64)
                assert_true(moves(at, len));
    }
}

/* The model tells a wrong step from the right one: 64 on lines of 32, which
 * was in use once, leaves every other line stale. */
static void a_wrong_step_is_found(void **state)
{
    (void)state;
    line = 32;
    dma_init(0x40000000, 64);
    assert_false(moves(0, 64));
    assert_false(moves(64, 512));
}

/* What shares a line with a buffer's end is somebody's, and is not lost. */
static void neighbours_are_kept(void **state)
{
    (void)state;
    for (line = 32; line <= 64; line *= 2) {
        dma_init(0, line);
        fill(cached, 1);
        memset(ram, 0, BYTES);
        hw_dma_discard(cached + 64 + 8, 128);
        for (size_t i = 64; i < 64 + 8; i++)
            assert_int_equal(cached[i], (uint8_t)(1 + i));
        for (size_t i = 64 + 8 + 128; i < 64 + 8 + 192; i++)
            assert_int_equal(cached[i], (uint8_t)(1 + i));
    }
}

static void the_alias_is_the_socs(void **state)
{
    (void)state;
    const void *p = (const void *)(uintptr_t)0x123440;
    static const uint32_t bus[] = {0x40123440, 0xc0123440, 0xc0123440,
                                   0xc0123440};
    for (size_t i = 0; i < LEN(midrs); i++) {
        const struct soc *s = soc_of_midr(midrs[i]);
        dma_init(s->bus_alias, s->cache_line);
        assert_int_equal(hw_bus_addr(p), bus[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_a_buffer_moves),
        cmocka_unit_test(a_wrong_step_is_found),
        cmocka_unit_test(neighbours_are_kept),
        cmocka_unit_test(the_alias_is_the_socs),
    };
    return cmocka_run_group_tests_name("dma", tests, NULL, NULL);
}
