/* History: what each slot keeps, gaps, steps, the rings' ends, weeks of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "core/history.h"

#define MIN (60 * MONO_S)

static struct history h;
static struct history_view v;

static int fresh(void **state)
{
    (void)state;
    memset(&h, 0, sizeof h);
    return 0;
}

/* To 0.1 %, and the last nanosecond. */
static void near(double got, int64_t want)
{
    assert_true(fabs(got - (double)want) <= fabs((double)want) / 1000 + 1);
}

static bool get(enum history_level level, int64_t number, mono_ns now)
{
    return history_read(&h, level, number, history_last(level, now), &v);
}

static void one_slot(void **state)
{
    (void)state;
    history_correction(&h, 5 * MIN, -3000);
    history_correction(&h, 5 * MIN + MONO_S, 4000);
    history_correction(&h, 5 * MIN + 2 * MONO_S, 1000);
    history_state(&h, 5 * MIN,
                  &(struct history_state){-7000000, 139000, 221000, 3});
    history_state(&h, 5 * MIN + 9 * MONO_S,
                  &(struct history_state){6000000, 100000, 300000, 5});
    assert_false(get(HISTORY_MINUTE, 5, 6 * MIN - 1)); /* not over yet */
    assert_true(get(HISTORY_MINUTE, 5, 6 * MIN));
    assert_true(v.corrected && v.known && !v.stepped);
    near(v.least_ns, -3000);
    near(v.most_ns, 4000);
    near(v.last_ns, 1000);
    near(v.rms_ns, 2944); /* sqrt((9 + 16 + 1) / 3) */
    assert_int_equal((int64_t)v.freq_e12, 6000000);
    near(v.skew_e12, 139000);
    near(v.bound_ns, 300000);
    assert_int_equal(v.agree, 3);
    assert_false(get(HISTORY_QUARTER, 0, 15 * MIN - 1));
    assert_true(get(HISTORY_QUARTER, 0, 15 * MIN));
    near(v.rms_ns, 2944);
}

static void gaps_stay(void **state)
{
    (void)state;
    history_correction(&h, 2 * MIN, 100);
    history_correction(&h, 5 * MIN, 200);
    for (int64_t i = 0; i < 6; i++) {
        assert_int_equal(get(HISTORY_MINUTE, i, 6 * MIN), i == 2 || i == 5);
        assert_int_equal(v.corrected, i == 2 || i == 5);
    }
    /* Silence: the open slot is over, and what follows is a gap. */
    assert_true(get(HISTORY_MINUTE, 5, 60 * MIN));
    assert_false(get(HISTORY_MINUTE, 59, 60 * MIN));
    /* A state without corrections is no gap, and has none. */
    history_state(&h, 70 * MIN, &(struct history_state){1, 1, 1, 0});
    assert_true(get(HISTORY_MINUTE, 70, 71 * MIN));
    assert_true(v.known && !v.corrected);
}

static void a_step_is_marked(void **state)
{
    (void)state;
    history_correction(&h, MIN, 100);
    history_step(&h, MIN + 1);
    history_correction(&h, 2 * MIN, 100);
    assert_true(get(HISTORY_MINUTE, 1, 3 * MIN) && v.stepped);
    near(v.most_ns, 100); /* it is no correction */
    assert_true(get(HISTORY_MINUTE, 2, 3 * MIN) && !v.stepped);
    assert_true(get(HISTORY_QUARTER, 0, 15 * MIN) && v.stepped);
}

/* Longer than both rings: what was before is gone, gap or not. */
static void long_silence(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 900; i++)
        history_correction(&h, i * MIN, i);
    mono_ns now = 30 * 24 * 60 * MIN;
    history_correction(&h, now, 7);
    for (int64_t n = 0; n < 2; n++)
        for (int64_t i = 1; i < 700; i++)
            assert_false(get(
                n ? HISTORY_MINUTE : HISTORY_QUARTER,
                now / history_width(n ? HISTORY_MINUTE : HISTORY_QUARTER) - i,
                now + 15 * MIN));
}

/* Two weeks, with a gap each day: each slot is what was told in it. */
static void weeks(void **state)
{
    (void)state;
    const int64_t end = 14 * 24 * 60;
    for (int64_t i = 0; i < end; i++)
        if (i % 1440 >= 20) {
            history_correction(&h, i * MIN + 30 * MONO_S, i + 1);
            history_state(&h, i * MIN + 40 * MONO_S,
                          &(struct history_state){i, i, i, 4});
        }
    mono_ns now = end * MIN;
    int64_t last = history_last(HISTORY_MINUTE, now), seen = 0;
    for (int64_t i = -5; i <= last + 5; i++) {
        bool kept = i > last - history_slots(HISTORY_MINUTE) && i <= last;
        bool is = get(HISTORY_MINUTE, i, now);
        assert_int_equal(is, kept && i % 1440 >= 20);
        seen += is;
        if (is) {
            near(v.last_ns, i + 1);
            assert_int_equal((int64_t)v.freq_e12, i);
        }
    }
    assert_int_equal(seen, history_slots(HISTORY_MINUTE));
    last = history_last(HISTORY_QUARTER, now);
    seen = 0;
    for (int64_t i = 0; i <= last; i++) {
        bool is = get(HISTORY_QUARTER, i, now);
        seen += is;
        if (is)
            near(v.most_ns, i * 15 + 15);
        if (i % 96 == 0) /* of 00:00 .. 00:15 there is nothing */
            assert_false(is);
        else if (is && i % 96 == 1) /* 00:15 .. 00:30 began at 00:20 */
            near(v.least_ns, i * 15 + 6);
        else if (is)
            near(v.least_ns, i * 15 + 1);
    }
    assert_int_equal(seen, history_slots(HISTORY_QUARTER) - 6);
}

/* A reader's slots stay what they are while time goes on for a minute. */
static void a_reader_in_no_hurry(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 1000; i++)
        history_correction(&h, i * MIN, i);
    int64_t last = history_last(HISTORY_MINUTE, 1000 * MIN - 1);
    int64_t first = last - history_slots(HISTORY_MINUTE) + 1;
    assert_true(history_read(&h, HISTORY_MINUTE, first, last, &v));
    struct history_view before = v;
    history_correction(&h, 1000 * MIN, 5);
    history_correction(&h, 1001 * MIN, 5);
    assert_true(history_read(&h, HISTORY_MINUTE, first, last, &v));
    assert_memory_equal(&before, &v, sizeof v);
}

static void extremes(void **state)
{
    (void)state;
    history_correction(&h, 0, INT64_MAX);
    history_correction(&h, 0, INT64_MIN);
    history_state(&h, 0,
                  &(struct history_state){INT64_MIN, INT64_MAX, INT64_MAX, 16});
    assert_true(get(HISTORY_MINUTE, 0, MIN));
    assert_true(v.least_ns < -8e18 && v.most_ns > 8e18 && v.rms_ns > 8e18);
    assert_int_equal((int64_t)v.freq_e12, INT32_MIN);
    assert_true(v.bound_ns > 8e18);
    history_state(&h, 2 * MIN, &(struct history_state){0, -1, -1, 0});
    assert_true(get(HISTORY_MINUTE, 2, 3 * MIN));
    assert_int_equal((int64_t)v.bound_ns, 0);
    assert_int_equal((int64_t)v.skew_e12, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_slot, fresh),
        cmocka_unit_test_setup(gaps_stay, fresh),
        cmocka_unit_test_setup(a_step_is_marked, fresh),
        cmocka_unit_test_setup(long_silence, fresh),
        cmocka_unit_test_setup(weeks, fresh),
        cmocka_unit_test_setup(a_reader_in_no_hurry, fresh),
        cmocka_unit_test_setup(extremes, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
