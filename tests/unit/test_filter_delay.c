/* filter_delay: what is a longer way and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "core/filter_delay.h"

#define LEAST 20e-3

static struct filter_delay d;
static uint32_t now, seed;

static int begin(void **state)
{
    (void)state;
    d = (struct filter_delay){0};
    now = 0;
    seed = 1;
    return 0;
}

static double uniform(void)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8 | 1) / 16777216.0;
}

/* n round trips, both ways exponential with this mean, above LEAST + more. */
static void trips(unsigned n, double mean, double more)
{
    for (unsigned i = 0; i < n; i++)
        filter_delay_add(&d, LEAST + more - mean * log(uniform() * uniform()),
                         now += 64, 1e-6);
}

static void least_and_spread(void **state)
{
    (void)state;
    trips(256, 1e-3, 0);
    assert_int_equal(d.n, FILTER_DELAYS);
    assert_true(d.least >= LEAST && d.least < LEAST + 0.4e-3);
    assert_true(d.least - d.lo < LEAST); /* sure of no more than is true */
    assert_true(fabs(d.median - LEAST - 1.68e-3) < 0.4e-3);
    assert_true(d.usual);
    assert_int_equal(d.routes, 0);
}

/* Two ways that end as sharply as they begin, and others that only look like
 * it. */
static void two_ends(void **state)
{
    (void)state;
    trips(256, 0.5e-3, 0);
    assert_false(d.ends);
    for (unsigned i = 0; i < 256; i++)
        filter_delay_add(&d, LEAST + 1e-3 * (uniform() + uniform()), now += 64,
                         1e-6);
    assert_true(d.ends);
    assert_true(d.most + d.hi > LEAST + 2e-3 && d.most < LEAST + 2e-3);
    for (unsigned i = 0; i < 256; i++) /* one way alone has them */
        filter_delay_add(&d, LEAST + 1e-3 * uniform(), now += 64, 1e-6);
    assert_false(d.ends);
    trips(128, 0.5e-3, 0); /* two routes */
    for (unsigned i = 0; i < 128; i++)
        trips(1, 0.5e-3, i % 2 ? 8e-3 : 0);
    assert_false(d.ends);
}

static void longer_and_shorter(void **state)
{
    (void)state;
    trips(256, 0.5e-3, 0);
    trips(19, 0.5e-3, 8e-3);
    assert_false(d.usual);
    assert_true(d.lately < LEAST + 1e-3);
    trips(1, 0.5e-3, 8e-3);
    assert_true(d.lately > LEAST + 8e-3 && d.lately_lo < 1e-3);
    assert_true(d.least < LEAST + 1e-3); /* nobody has said so */
    filter_delay_forget(&d, 1e-6);
    assert_int_equal(d.routes, 1);
    assert_true(d.least > LEAST + 8e-3);
    trips(1, 0.5e-3, 0); /* a shorter one at once */
    assert_true(d.least < LEAST + 8e-3);
}

static void in_turns(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 6; i++) {
        trips(80, 0.5e-3, 0);
        trips(19, 0.5e-3, 8e-3);
        assert_true(d.lately < LEAST + 1e-3);
        assert_false(d.usual); /* not even where half are of the longer way */
        trips(1, 0.5e-3, 8e-3);
        assert_true(d.lately > LEAST + 8e-3);
        filter_delay_forget(&d, 1e-6);
        assert_int_equal(d.routes, i);
        trips(60, 0.5e-3, 8e-3);
    }
}

static void full_queue(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        trips(100, 0.5e-3, 0);
        for (unsigned k = 0; k < 100; k++)
            filter_delay_add(&d, LEAST + 0.3 * uniform(), now += 64, 1e-6);
        assert_true(d.lately < LEAST + 1e-3);
    }
    assert_true(d.least < LEAST + 1e-3);
}

/* One in ten comes by a shorter way: that one counts. */
static void seldom_short(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        trips(1, 20e-6, 0);
        trips(9, 20e-6, 4e-3);
        assert_true(d.lately < LEAST + 1e-4);
    }
    assert_true(d.least < LEAST + 1e-4);
}

static void a_day_at_most(void **state)
{
    (void)state;
    trips(1, 0, 0);
    now += 86400;
    trips(1, 0, 5e-3);
    assert_int_equal(d.n, 1);
    assert_true(d.least > LEAST + 4e-3);
}

/* More round trips than are remembered, none of them short: what a path takes
 * at least is known for a day, and what the latest say stands beside it. */
static void full_for_hours(void **state)
{
    (void)state;
    trips(256, 0.5e-3, 0);
    double least = d.least;
    for (unsigned i = 0; i < 400; i++)
        filter_delay_add(&d, LEAST + 30e-3 + 0.1 * (uniform() + uniform()),
                         now += 64, 1e-6);
    assert_true(d.least <= least && d.least + d.lo > LEAST);
    assert_true(d.lately > LEAST + 30e-3 && d.lately_lo < 30e-3);
    filter_delay_forget(&d, 1e-6);
    assert_true(d.least == d.lately && d.lo == d.lately_lo);
}

/* A day of them leaves less of the least one open than 256 do. */
static void the_least_of_a_day(void **state)
{
    (void)state;
    double day = 0, late = 0, sure = 0;
    for (unsigned i = 0; i < 40; i++) {
        trips(1350, 0.5e-3, 0);
        assert_true(d.least <= d.lately && d.lo <= 2 * d.lately_lo);
        day += d.least - LEAST;
        late += d.lately - LEAST;
        sure += d.lo;
    }
    assert_true(day < late / 2 && sure < late * 1.1 && sure > day);
}

static void any_number(void **state)
{
    (void)state;
    const double odd[] = {0, 1e300, 1e-300, 3600, 0};
    for (unsigned i = 0; i < 1000; i++) {
        filter_delay_add(&d, odd[i % LEN(odd)], now += 64, 1e-6);
        assert_true(d.least >= 0 && isfinite(d.median) && isfinite(d.lo));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(least_and_spread, begin),
        cmocka_unit_test_setup(two_ends, begin),
        cmocka_unit_test_setup(longer_and_shorter, begin),
        cmocka_unit_test_setup(in_turns, begin),
        cmocka_unit_test_setup(full_queue, begin),
        cmocka_unit_test_setup(seldom_short, begin),
        cmocka_unit_test_setup(a_day_at_most, begin),
        cmocka_unit_test_setup(full_for_hours, begin),
        cmocka_unit_test_setup(the_least_of_a_day, begin),
        cmocka_unit_test_setup(any_number, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
