/* core/arena: blocks apart, whole again when all are back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"

static _Alignas(ARENA_ALIGN) uint8_t memory[4096];

static struct arena fresh(void)
{
    struct arena a;
    memset(memory, 0xee, sizeof memory);
    arena_init(&a, memory, sizeof memory);
    return a;
}

static void all_of_it(void **state)
{
    (void)state;
    struct arena a = fresh();
    void *p = arena_get(&a, sizeof memory - 16);
    assert_non_null(p);
    assert_null(arena_get(&a, 1));
    assert_int_equal(a.used, sizeof memory);
    assert_int_equal(a.peak, sizeof memory);
    arena_put(&a, p);
    assert_int_equal(a.used, 0);
    assert_null(arena_get(&a, sizeof memory - 15));
    assert_null(arena_get(&a, SIZE_MAX));
    assert_non_null(arena_get(&a, 0));
}

static void zero_and_wiped(void **state)
{
    (void)state;
    struct arena a = fresh();
    uint8_t *p = arena_get(&a, 100);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    memset(p, 0x55, 100);
    arena_put(&a, p);
    for (unsigned i = 0; i < sizeof memory; i++)
        assert_int_not_equal(memory[i], 0x55);
    assert_false(arena_owns(&a, memory + sizeof memory));
    assert_true(arena_owns(&a, p));
}

static void gaps_are_used_and_merge(void **state)
{
    (void)state;
    struct arena a = fresh();
    void *p[4];
    for (unsigned i = 0; i < 4; i++)
        p[i] = arena_get(&a, 1000);
    assert_null(arena_get(&a, 1000));
    arena_put(&a, p[1]);
    assert_ptr_equal(arena_get(&a, 1000), p[1]);
    arena_put(&a, p[2]);
    arena_put(&a, p[1]);
    assert_ptr_equal(arena_get(&a, 2000), p[1]); /* as one */
    arena_put(&a, p[1]);
    arena_put(&a, p[0]);
    arena_put(&a, p[3]);
    assert_non_null(arena_get(&a, sizeof memory - 16));
}

/* Whatever is asked for and given back, blocks keep what is in them. */
static void at_random(void **state)
{
    (void)state;
    struct arena a = fresh();
    struct {
        uint8_t *p;
        size_t len;
        uint8_t fill;
    } block[24] = {{NULL, 0, 0}};
    uint32_t x = 1;
    unsigned refused = 0;
    for (unsigned turn = 0; turn < 20000; turn++) {
        x = x * 1664525u + 1013904223u;
        unsigned i = (x >> 8) % LEN(block);
        if (block[i].p) {
            for (size_t k = 0; k < block[i].len; k++)
                assert_int_equal(block[i].p[k], block[i].fill);
            arena_put(&a, block[i].p);
            block[i].p = NULL;
            continue;
        }
        block[i].len = (x >> 16) % 400;
        block[i].fill = (uint8_t)turn;
        block[i].p = arena_get(&a, block[i].len);
        if (block[i].p)
            memset(block[i].p, block[i].fill, block[i].len);
        else
            refused++;
    }
    assert_true(refused > 0);
    for (unsigned i = 0; i < LEN(block); i++)
        if (block[i].p)
            arena_put(&a, block[i].p);
    assert_int_equal(a.used, 0);
    assert_non_null(arena_get(&a, sizeof memory - 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(zero_and_wiped),
        cmocka_unit_test(gaps_are_used_and_merge),
        cmocka_unit_test(at_random),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
