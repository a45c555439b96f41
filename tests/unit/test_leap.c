/* leap: on which days an announcement is believed, when it is taken, once,
 * and which samples are left out around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/leap.h"
#include "core/utc.h"

#define SECOND ((int64_t)1 << 32)
#define PIVOT  INT64_C(1795392000) /* 2026-11-23 */

static struct leap l;

static ntp64 at(int32_t year, uint8_t month, uint8_t day, uint8_t hour,
                uint8_t minute, uint8_t second)
{
    struct utc_civil c = {.year = year, .month = month, .day = day,
                          .hour = hour, .minute = minute, .second = second};
    int64_t s = 0;
    assert_int_equal(utc_unix_of(&c, &s), RC_OK);
    return utc_of_unix(s, 0);
}

static bool believed(uint8_t bits, ntp64 now)
{
    leap_init(&l, LEAP_SYSTEM);
    leap_announce(&l, bits, now, PIVOT);
    assert_int_equal(leap_bits(&l), l.armed ? bits : 0);
    return l.armed != 0;
}

static void days(void **state)
{
    (void)state;
    assert_true(believed(1, at(2028, 12, 31, 0, 0, 0)));
    assert_true(believed(2, at(2028, 12, 31, 23, 59, 59)));
    assert_true(believed(1, at(2029, 6, 30, 12, 0, 0)));
    assert_true(believed(1, at(2037, 12, 31, 12, 0, 0))); /* NTP era 1 */
    assert_false(believed(1, at(2028, 12, 30, 23, 59, 59)));
    assert_false(believed(1, at(2029, 1, 1, 0, 0, 0)));
    assert_false(believed(1, at(2029, 6, 29, 12, 0, 0)));
    assert_false(believed(1, at(2029, 3, 31, 12, 0, 0)));
    assert_false(believed(0, at(2028, 12, 31, 12, 0, 0)));
    assert_false(believed(3, at(2028, 12, 31, 12, 0, 0)));
}

static void inserted_once(void **state)
{
    (void)state;
    ntp64 midnight = at(2029, 1, 1, 0, 0, 0);
    assert_true(believed(1, midnight - 3600 * (uint64_t)SECOND));
    assert_true(leap_moment(&l) == midnight);
    assert_true(leap_take(&l, midnight - 1, 70) == 0);
    assert_true(leap_take(&l, midnight + 5, 77) == -SECOND);
    assert_int_equal(leap_bits(&l), 0);
    assert_true(leap_take(&l, midnight + 5, 78) == 0);
    /* the last second comes again, and servers still announce */
    leap_announce(&l, 1, midnight - (uint64_t)SECOND / 2, PIVOT);
    assert_true(leap_take(&l, midnight, 79) == 0);
    /* half a year on it is news */
    leap_announce(&l, 1, at(2029, 6, 30, 0, 0, 0), PIVOT);
    assert_int_equal(leap_bits(&l), 1);
}

static void deleted_a_second_early(void **state)
{
    (void)state;
    ntp64 midnight = at(2029, 1, 1, 0, 0, 0);
    assert_true(believed(2, midnight - 3600 * (uint64_t)SECOND));
    assert_true(leap_moment(&l) == midnight - (uint64_t)SECOND);
    assert_true(leap_take(&l, leap_moment(&l) - 1, 70) == 0);
    assert_true(leap_take(&l, leap_moment(&l), 77) == SECOND);
}

static void taken_back(void **state)
{
    (void)state;
    ntp64 midnight = at(2029, 1, 1, 0, 0, 0);
    assert_true(believed(1, midnight - 3600 * (uint64_t)SECOND));
    leap_announce(&l, 0, midnight - 1800 * (uint64_t)SECOND, PIVOT);
    assert_true(leap_take(&l, midnight, 77) == 0);
}

static void ignored(void **state)
{
    (void)state;
    ntp64 midnight = at(2029, 1, 1, 0, 0, 0);
    leap_init(&l, LEAP_IGNORE);
    leap_announce(&l, 1, midnight - 3600 * (uint64_t)SECOND, PIVOT);
    assert_int_equal(leap_bits(&l), 0);
    assert_true(leap_take(&l, midnight, 77) == 0);
    assert_false(leap_close(&l, midnight, 77));
}

static void samples_near_it(void **state)
{
    (void)state;
    ntp64 midnight = at(2029, 1, 1, 0, 0, 0);
    assert_true(believed(1, midnight - 3600 * (uint64_t)SECOND));
    assert_false(leap_close(&l, midnight - 6 * (uint64_t)SECOND, 1));
    assert_true(leap_close(&l, midnight - 4 * (uint64_t)SECOND, 1));
    assert_true(leap_take(&l, midnight, 100) != 0);
    assert_true(leap_close(&l, midnight + 4 * (uint64_t)SECOND, 200));
    assert_false(leap_close(&l, midnight + 6 * (uint64_t)SECOND, 200));
    /* an interleaved sample of an exchange before the leap */
    assert_true(leap_close(&l, midnight + 60 * (uint64_t)SECOND, 99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days),
        cmocka_unit_test(inserted_once),
        cmocka_unit_test(deleted_a_second_early),
        cmocka_unit_test(taken_back),
        cmocka_unit_test(ignored),
        cmocka_unit_test(samples_near_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
