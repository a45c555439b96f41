/* The system timer against a model of it: a counter that runs on while its
 * registers are read and written, and compares that match at one tick only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "hw.h"
#include "systimer.h"

#define BASE 0x20003000u

static struct {
    uint64_t ticks;
    uint32_t compare[4], status;
    uint32_t per_access; /* ticks that go by with each access of a register */
    uint32_t seed;       /* not 0: by chance up to so many, now and then     */
    unsigned accesses;
} m;

static uint32_t chance(void)
{
    m.seed = m.seed * 1664525u + 1013904223u;
    return m.seed >> 8;
}

static void pass(uint64_t n)
{
    while (n-- > 0) {
        m.ticks++;
        for (unsigned i = 0; i < 4; i++)
            if (m.compare[i] == (uint32_t)m.ticks)
                m.status |= 1u << i;
    }
}

static void access_takes_time(void)
{
    m.accesses++;
    pass(m.per_access);
    if (m.seed != 0 && chance() % 4 == 0)
        pass(chance() % 3 == 0 ? chance() % 200 : chance() % 4);
}

uint32_t hw_read(uintptr_t reg)
{
    access_takes_time();
    switch (reg - BASE) {
    case 0x00:
        return m.status;
    case 0x04:
        return (uint32_t)m.ticks;
    case 0x08:
        return (uint32_t)(m.ticks >> 32);
    default:
        fail_msg("read of %lx", (unsigned long)reg);
        return 0;
    }
}

void hw_write(uintptr_t reg, uint32_t value)
{
    access_takes_time();
    uintptr_t off = reg - BASE;
    if (off == 0) {
        assert_int_equal(value & 5, 0); /* C0 and C2 are the GPU's */
        m.status &= ~value;
    } else {
        assert_true(off == 0x10 || off == 0x18); /* C1, C3 */
        m.compare[(off - 0x0c) / 4] = value;
    }
}

static int fresh(void **state)
{
    (void)state;
    memset(&m, 0, sizeof m);
    m.ticks = 5000;
    m.compare[0] = m.compare[1] = m.compare[2] = m.compare[3] = 4999;
    return 0;
}

static bool pending(unsigned n)
{
    return (m.status >> n & 1) != 0;
}

/* Ticks until compare n interrupts; more than most: not at all. */
static uint64_t wait_for(unsigned n, uint64_t most)
{
    uint64_t begin = m.ticks;
    while (!pending(n) && m.ticks - begin <= most)
        pass(1);
    return m.ticks - begin;
}

static void counter_is_whole_at_a_wrap(void **state)
{
    (void)state;
    /* The halves are read at every point of the low half's wrap. */
    for (uint64_t before = 0; before < 8; before++) {
        m.ticks = 0x2fffffffdull - before;
        m.per_access = 1;
        uint64_t earliest = m.ticks, got = systimer_ticks(BASE);
        assert_in_range(got, earliest, m.ticks);
        got = systimer_ticks(BASE);
        assert_in_range(got, earliest, m.ticks);
    }
}

static void counter_never_goes_back(void **state)
{
    (void)state;
    m.ticks = 0xffffff00u;
    m.seed = 7;
    uint64_t last = 0;
    while (m.ticks < 0x100000200ull) {
        uint64_t got = systimer_ticks(BASE);
        assert_true(got >= last && got <= m.ticks);
        last = got;
    }
}

static void fires_at_its_time(void **state)
{
    (void)state;
    systimer_arm(BASE, 1, m.ticks + 1000);
    systimer_arm(BASE, 3, m.ticks + 400);
    uint64_t begin = m.ticks;
    assert_int_equal(wait_for(3, 2000), 400);
    assert_int_equal(wait_for(1, 2000), 600);
    assert_int_equal(m.ticks - begin, 1000);
}

static void fires_over_the_wrap(void **state)
{
    (void)state;
    m.ticks = 0x1fffffff0ull;
    systimer_arm(BASE, 1, m.ticks + 100);
    assert_int_equal(wait_for(1, 200), 100);
}

/* A match stands until somebody arms anew, as an interrupt does. */
static void stays_until_armed_anew(void **state)
{
    (void)state;
    systimer_arm(BASE, 1, m.ticks + 10);
    pass(50);
    assert_true(pending(1));
    systimer_arm(BASE, 1, m.ticks + 10);
    assert_false(pending(1));
    pass(10);
    assert_true(pending(1));
    systimer_disarm(BASE, 1);
    pass(100000);
    assert_false(pending(1));
}

static void an_older_match_is_not_taken_for_this(void **state)
{
    (void)state;
    systimer_arm(BASE, 3, m.ticks + 5);
    pass(7); /* it fired, and nobody looked */
    systimer_arm(BASE, 3, m.ticks + 300);
    assert_int_equal(wait_for(3, 1000), 300);
    /* Nor one that comes while the new compare is being written. */
    for (unsigned old = 1; old < 60; old++) {
        fresh(NULL);
        m.compare[3] = (uint32_t)m.ticks + old;
        m.per_access = 3;
        uint64_t at = m.ticks + 300;
        systimer_arm(BASE, 3, at);
        wait_for(3, 1000);
        assert_int_equal(m.ticks, at);
    }
}

/* Equality only: what is due or past must come now, not in 71 minutes. */
static void a_late_one_comes_at_once(void **state)
{
    (void)state;
    for (uint32_t per_access = 0; per_access < 40; per_access++)
        for (int64_t ahead = -3; ahead < 300; ahead++) {
            fresh(NULL);
            m.per_access = per_access;
            uint64_t at = (uint64_t)((int64_t)m.ticks + ahead);
            systimer_arm(BASE, 1, at);
            wait_for(1, 1000);
            assert_true(pending(1));
            assert_true(m.ticks >= at);
            assert_true(m.accesses < 60);
            /* As late as the accesses took, and a round of them again. */
            uint64_t from = at > 5000 ? at : 5000;
            assert_in_range(m.ticks - from, 0,
                            (m.accesses + 10) * per_access + 4);
        }
}

/* A machine that stands still between two accesses, as emulators do. */
static void none_is_lost_whatever_an_access_takes(void **state)
{
    (void)state;
    for (uint32_t run = 1; run <= 20000; run++) {
        fresh(NULL);
        m.ticks = 0xfffffe00u + run % 1024;
        m.seed = run;
        uint64_t at = m.ticks + chance() % 400;
        unsigned n = run % 2 == 0 ? 1 : 3;
        systimer_arm(BASE, n, at);
        wait_for(n, 2000);
        assert_true(pending(n));
        assert_true(m.ticks >= at);
    }
}

/* The low half alone would match 71 minutes too early, or be in the past. */
static void one_beyond_the_reach_is_armed_again(void **state)
{
    (void)state;
    uint64_t at = m.ticks + 0x180000000ull;
    systimer_arm(BASE, 1, at);
    unsigned rounds = 0;
    while (m.ticks < at) {
        /* As pass() would, faster. */
        m.ticks += (uint32_t)(m.compare[1] - (uint32_t)m.ticks);
        m.status |= 2;
        rounds++;
        assert_true(m.ticks <= at);
        if (m.ticks < at)
            systimer_arm(BASE, 1, at);
    }
    assert_true(m.ticks == at && pending(1));
    assert_int_equal(rounds, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(counter_is_whole_at_a_wrap, fresh),
        cmocka_unit_test_setup(counter_never_goes_back, fresh),
        cmocka_unit_test_setup(fires_at_its_time, fresh),
        cmocka_unit_test_setup(fires_over_the_wrap, fresh),
        cmocka_unit_test_setup(stays_until_armed_anew, fresh),
        cmocka_unit_test_setup(an_older_match_is_not_taken_for_this, fresh),
        cmocka_unit_test_setup(a_late_one_comes_at_once, fresh),
        cmocka_unit_test_setup(none_is_lost_whatever_an_access_takes, fresh),
        cmocka_unit_test_setup(one_beyond_the_reach_is_armed_again, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
