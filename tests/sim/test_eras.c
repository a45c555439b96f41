/* Dates and counters at which arithmetic of too few bits fails, and leap
 * seconds: the worlds of world.h, three servers at 10 ms + exp(1 ms), a day
 * each, three fixed seeds and a printed random one. A leap, an era or a wrap
 * must be invisible: the same envelope as on an ordinary day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/leap.h"
#include "core/utc.h"
#include "world.h"

#define FIXED  3
#define RUNS   (FIXED + 1)
#define DAY    86400.0
#define HALF   43200.0 /* when it happens                                   */
#define MAX_US 1000.0  /* chrony's greatest error on such a path, b1: 495   */

static uint64_t random_seed;

static struct scenario day(double epoch)
{
    struct path way = {.base = 1e-2, .exp = 1e-3};
    return (struct scenario){.name = "day", .hz = 19200000, .ppm = 10,
                             .start = 0.01, .wander = 1e-9, .days = 1,
                             .from = 3600, .to = 1e9, .servers = 3,
                             .epoch = epoch, .ticks0 = 1e6, .leap_at = 1e12,
                             .leap_tell = 3, .up = way, .down = way};
}

static double unix_of(int32_t year, uint8_t month, uint8_t d, uint8_t hour,
                      uint8_t minute, uint8_t second)
{
    struct utc_civil c = {.year = year, .month = month, .day = d,
                          .hour = hour, .minute = minute, .second = second};
    int64_t s;
    assert_int_equal(utc_unix_of(&c, &s), RC_OK);
    return (double)s;
}

static struct figures run(const struct scenario *c, size_t i)
{
    return world_run(c, i < FIXED ? 2001 + i : random_seed, 6);
}

/* Nothing is seen of what happens in the middle of the day. But for the
 * leap itself the clock does not run backwards. */
static void ordinary(const char *name, const struct scenario *c,
                     unsigned leaps)
{
    for (size_t i = 0; i < RUNS; i++) {
        struct figures f = run(c, i);
        printf("# %s: RMS %.0f us, max %.0f us, %u refused\n", name, f.rms,
               f.max, f.refused);
        assert_int_equal(f.steps, 1); /* the first sync */
        assert_int_equal(f.back, 0);
        assert_int_equal(f.leaps, leaps);
        assert_int_equal(f.dishonest, 0);
        assert_true(f.max < MAX_US);
    }
}

static void eras(void **state)
{
    (void)state;
    struct scenario c = day(unix_of(2036, 2, 7, 6, 28, 16) - HALF);
    ordinary("NTP era 1, 2036-02-07", &c, 0);
    c.epoch = 2147483648.0 - HALF;
    ordinary("32-bit Unix time, 2038-01-19", &c, 0);
    c.epoch = 4294967296.0 - HALF;
    ordinary("unsigned 32-bit Unix time, 2106-02-07", &c, 0);
    c.epoch = unix_of(2100, 3, 1, 0, 0, 0) - HALF;
    ordinary("no leap day, 2100-03-01", &c, 0);
}

static void counters(void **state)
{
    (void)state;
    const double hz[] = {1e6, 19.2e6, 54e6, 62.5e6};
    const double at[] = {4294967296.0, 9223372036854775808.0};
    for (size_t i = 0; i < LEN(hz); i++)
        for (size_t k = 0; k < LEN(at); k++) {
            struct scenario c = day(0);
            char name[64];
            c.hz = hz[i];
            c.ticks0 = at[k] - HALF * hz[i];
            if (c.ticks0 < 0) /* 32 bits wrap 71 minutes from then at 1 MHz */
                c.ticks0 = 0;
            snprintf(name, sizeof name, "%.1f MHz across 2^%.0f", hz[i] / 1e6,
                     log2(at[k]));
            ordinary(name, &c, 0);
        }
}

/* The last day of 2028, its end at HALF. */
static struct scenario leaping(double by, enum leap_mode mode)
{
    struct scenario c = day(unix_of(2029, 1, 1, 0, 0, 0) - HALF);
    c.leap = by;
    c.leap_at = by > 0 ? HALF : HALF - 1;
    c.leap_mode = mode;
    return c;
}

static void inserted(void **state)
{
    (void)state;
    struct scenario c = leaping(1, LEAP_SYSTEM);
    ordinary("inserted", &c, 1);
    c = leaping(1, LEAP_STEP);
    c.leap_tell = 2;
    ordinary("inserted, announced by two of three", &c, 1);
    c = leaping(1, LEAP_STEP);
    c.dead_from = HALF - 3600;
    c.dead_to = HALF + 3600;
    c.to = HALF + 1800; /* nobody there for an hour before and after */
    c.from = HALF - 7200;
    for (size_t i = 0; i < RUNS; i++) {
        struct figures f = run(&c, i);
        assert_int_equal(f.leaps, 1);
        assert_int_equal(f.dishonest, 0);
        assert_true(f.max < 5 * MAX_US);
    }
}

static void deleted(void **state)
{
    (void)state;
    struct scenario c = leaping(-1, LEAP_SYSTEM);
    ordinary("deleted", &c, 1);
}

static void june(void **state)
{
    (void)state;
    struct scenario c = leaping(1, LEAP_SYSTEM);
    c.epoch = unix_of(2035, 7, 1, 0, 0, 0) - HALF;
    ordinary("inserted on 30 June", &c, 1);
}

/* One of three announces what the others do not do; and on a day on which
 * UTC has no leap, all do. */
static void not_believed(void **state)
{
    (void)state;
    struct scenario c = leaping(1, LEAP_SYSTEM);
    c.leap = 1e-12; /* announced, not done */
    c.leap_tell = 1;
    ordinary("announced by one of three", &c, 0);
    c.leap_tell = 3;
    c.epoch = unix_of(2029, 3, 1, 0, 0, 0) - HALF;
    ordinary("announced by all on 28 February", &c, 0);
}

/* The last server leaps a minute late: out for that time, never followed. */
static void late(void **state)
{
    (void)state;
    const double by[] = {1, 60, 3600};
    for (size_t i = 0; i < LEN(by); i++) {
        struct scenario c = leaping(1, LEAP_SYSTEM);
        c.leap_late = by[i];
        ordinary("one server is late", &c, 1);
    }
}

/* 1 s at 500 ppm less what the crystal takes; never backwards, within the
 * bound that is stated all the while, and right again afterwards. */
static void slewed(void **state)
{
    (void)state;
    for (int by = -1; by <= 1; by += 2) {
        struct scenario c = leaping(by, LEAP_SLEW), after = c;
        after.from = HALF + 2200;
        for (size_t i = 0; i < RUNS; i++) {
            struct figures f = run(&c, i);
            assert_int_equal(f.back, 0);
            assert_int_equal(f.dishonest, 0);
            assert_int_equal(f.leaps, 1);
            assert_true(f.max > 0.99e6 && f.max < 1.01e6);
            f = run(&after, i);
            assert_true(f.max < MAX_US);
        }
    }
}

/* As if it had not been announced: a second wrong until measured, then
 * slewed away, never stepped. */
static void ignored(void **state)
{
    (void)state;
    struct scenario c = leaping(1, LEAP_IGNORE), after = c;
    after.from = HALF + 3600;
    for (size_t i = 0; i < RUNS; i++) {
        struct figures f = run(&c, i);
        assert_int_equal(f.leaps, 0);
        assert_int_equal(f.steps, 1);
        assert_int_equal(f.back, 0);
        assert_true(f.max > 0.99e6 && f.max < 1.01e6);
        f = run(&after, i);
        assert_true(f.max < MAX_US);
    }
}

int main(void)
{
    const char *given = getenv("SIM_SEED");
    random_seed = given ? strtoull(given, NULL, 0)
                        : (uint64_t)time(NULL) * 2654435761u;
    printf("# random seed: SIM_SEED=%llu\n", (unsigned long long)random_seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eras),         cmocka_unit_test(counters),
        cmocka_unit_test(inserted),     cmocka_unit_test(deleted),
        cmocka_unit_test(june),         cmocka_unit_test(not_believed),
        cmocka_unit_test(late),         cmocka_unit_test(slewed),
        cmocka_unit_test(ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
