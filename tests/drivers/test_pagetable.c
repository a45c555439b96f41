/* The page tables as the processor walks them: not in its data cache, where
 * they were written, but in memory, where an ARM1176 looks. What was not
 * cleaned is not there. The linker is told a memory map (tests/build.mk). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "hw.h"
#include "mmu.h"
#include "mmu_private.h"

#define PAGE    0x1000u
#define DEVICES 0x20000000u
#define NOTE    0x0b000000u
#define RANDOM  0xa5a5a5a7u /* what memory comes up with: it looks mapped */

static struct {
    uintptr_t at;
    size_t len;
    uint32_t words[4096];
} memory[4];
static size_t parts;
static uint32_t table;

void hw_dma_clean(const void *p, size_t len)
{
    assert_true(parts < LEN(memory) && len <= sizeof memory[0].words);
    assert_int_equal(table, 0); /* before it is walked */
    memory[parts].at = (uintptr_t)p;
    memory[parts].len = len;
    memcpy(memory[parts].words, p, len);
    parts++;
}

void mmu_enable(const uint32_t *l1)
{
    assert_int_equal(table, 0);
    assert_int_equal((uintptr_t)l1 % 16384, 0);
    table = (uint32_t)(uintptr_t)l1;
}

static uint32_t word(uint32_t at)
{
    for (size_t i = 0; i < parts; i++)
        if (at - memory[i].at < memory[i].len)
            return memory[i].words[(at - memory[i].at) / 4];
    return RANDOM;
}

enum { NONE = 0, READ = 1, WRITE = 2, EXEC = 4, CACHED = 8, DEVICE = 16 };

/* TEX, C and B with TEX remap off, and access as AP and APX give it to a
 * program without an operating system. */
static unsigned access_of(unsigned tex, unsigned cb, unsigned ap, bool xn)
{
    assert_true(ap == 1 || ap == 5); /* nothing for user mode */
    unsigned a = READ | (ap == 1 ? WRITE : 0u) | (xn ? 0u : EXEC);
    if (tex == 1 && cb == 3)
        return a | CACHED;
    if (tex == 0 && cb == 1)
        return a | DEVICE;
    assert_true(tex == 1 && cb == 0);
    return a;
}

static unsigned walk(uint32_t va)
{
    uint32_t e = word(table + (va >> 20) * 4);
    if ((e & 3) == 0)
        return NONE;
    if ((e & 3) == 2) { /* a section of domain 0, nothing reserved set */
        assert_int_equal(e & 0x000f03e0, 0);
        assert_int_equal(e >> 20, va >> 20);
        return access_of(e >> 12 & 7, e >> 2 & 3, (e >> 10 & 3) | (e >> 13 & 4),
                         (e & 0x10) != 0);
    }
    assert_int_equal(e & 0x3ff, 1);
    uint32_t p = word((e & ~0x3ffu) + (va >> 12 & 0xff) * 4);
    if ((p & 3) == 0)
        return NONE;
    assert_int_equal(p & 0xc02, 2); /* small; neither shared nor not global */
    assert_int_equal(p >> 12, va >> 12);
    return access_of(p >> 6 & 7, p >> 2 & 3, (p >> 4 & 3) | (p >> 7 & 4),
                     (p & 1) != 0);
}

static const struct {
    uint32_t from, to;
    unsigned access;
} wanted[] = {
    {0x00008000, 0x000b0000, READ | EXEC | CACHED},  /* code      */
    {0x000b0000, 0x000f3000, READ | CACHED},         /* constants */
    {0x000f3000, 0x00284000, READ | WRITE | CACHED}, /* data      */
    {0x00294000, 0x002a4000, READ | WRITE | CACHED}, /* main stack, ... */
    {0x002b4000, 0x002b6000, READ | WRITE | CACHED},
    {0x002c6000, 0x002c7000, READ | WRITE | CACHED},
    {NOTE, NOTE + 0x100000, READ | WRITE},
    {DEVICES, DEVICES + 0x1000000, READ | WRITE | DEVICE},
};

static unsigned wanted_at(uint32_t va)
{
    for (size_t i = 0; i < LEN(wanted); i++)
        if (va >= wanted[i].from && va < wanted[i].to)
            return wanted[i].access;
    return NONE; /* NULL, guards, all else */
}

static void every_page_is_as_it_should_be(void **state)
{
    (void)state;
    const struct mmu_range ranges[] = {
        {NOTE, 0x100000, MMU_UNCACHED},
        {DEVICES, 0x1000000, MMU_DEVICE},
    };
    mmu_init(ranges, LEN(ranges));
    assert_int_not_equal(table, 0);
    for (uint64_t va = 0; va < 1ull << 32; va += PAGE) {
        unsigned is = walk((uint32_t)va), want = wanted_at((uint32_t)va);
        if (is != want)
            fail_msg("%08x: access %x, wanted %x", (unsigned)va, is, want);
        /* An ARM1176 has no WXN that would see to it. */
        assert_false((is & (WRITE | EXEC)) == (WRITE | EXEC));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_is_as_it_should_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
