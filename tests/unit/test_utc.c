/* utc: against RFC 5905 figure 4, the C library (as oracle) and by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "core/mono.h"
#include "core/utc.h"

#define BUILD INT64_C(1795392000) /* 2026-11-23 */
#define YEAR  INT64_C(31557600)

static int64_t unix_of(int32_t y, unsigned mo, unsigned d, unsigned h,
                       unsigned mi, unsigned s)
{
    struct utc_civil c = {.year = y,
                          .month = (uint8_t)mo,
                          .day = (uint8_t)d,
                          .hour = (uint8_t)h,
                          .minute = (uint8_t)mi,
                          .second = (uint8_t)s};
    int64_t t = INT64_MIN;
    assert_int_equal(utc_unix_of(&c, &t), RC_OK);
    return t;
}

/* RFC 5905 figure 4: date, NTP era, seconds into it. Its 1 Jan -4712 is a
 * date of the Julian calendar; its 1 Jan 1 has a digit wrong (...939,144). */
static void rfc5905_dates(void **state)
{
    (void)state;
    static const struct {
        int32_t y;
        unsigned m, d;
        int64_t era;
        uint32_t s;
    } row[] = {
        {1899, 12, 31, -1, 4294880896u},   {1900, 1, 1, 0, 0},
        {1970, 1, 1, 0, 2208988800u},      {1972, 1, 1, 0, 2272060800u},
        {1999, 12, 31, 0, 3155587200u},    {2036, 2, 8, 1, 63104},
        {-4713, 11, 24, -49, 1795583104u}, {1, 1, 1, -14, 202934144u},
        {1582, 10, 15, -3, 2874597888u},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        int64_t u = unix_of(row[i].y, row[i].m, row[i].d, 0, 0, 0);
        assert_int_equal(u, row[i].era * 4294967296 + row[i].s -
                                INT64_C(2208988800));
        ntp64 t = utc_of_unix(u, 0);
        assert_int_equal(t >> 32, row[i].s);
        assert_int_equal(utc_unix_s(t, u), u);
    }
}

static void ordinary_years(void **state)
{
    (void)state;
    static const struct {
        int32_t y;
        unsigned mo, d, h, mi, s;
        int64_t u;
    } row[] = {
        {2026, 11, 23, 1, 2, 3, 1795395723},
        {2036, 2, 7, 6, 28, 15, 2085978495}, /* last second of era 0 */
        {2036, 2, 7, 6, 28, 16, 2085978496},
        {2038, 1, 19, 3, 14, 7, INT32_MAX},
        {2038, 1, 19, 3, 14, 8, INT64_C(2147483648)},
        {2106, 2, 7, 6, 28, 16, INT64_C(4294967296)},
        {2100, 2, 28, 23, 59, 59, INT64_C(4107542399)},
        {2100, 3, 1, 0, 0, 0, INT64_C(4107542400)}, /* no 29 February */
        {2000, 2, 29, 0, 0, 0, 951782400},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        assert_int_equal(unix_of(row[i].y, row[i].mo, row[i].d, row[i].h,
                                 row[i].mi, row[i].s),
                         row[i].u);
        struct utc_civil c = utc_civil_of(row[i].u);
        assert_int_equal(c.year, row[i].y);
        assert_int_equal(c.month, row[i].mo);
        assert_int_equal(c.day, row[i].d);
        assert_int_equal(c.second, row[i].s);
        ntp64 t = utc_of_unix(row[i].u, 0);
        assert_int_equal(utc_unix_s(t, row[i].u - 60 * YEAR), row[i].u);
        assert_int_equal(utc_unix_s(t, row[i].u + 60 * YEAR), row[i].u);
    }
}

/* Every day from 1800 to 2400, and odd seconds, as the C library has them. */
static void civil_as_libc(void **state)
{
    (void)state;
    for (int64_t day = -62091; day < 157055; day++) {
        int64_t u = day * 86400 + (day * 7919 % 86400 + 86400) % 86400;
        time_t tt = (time_t)u;
        struct tm tm;
        gmtime_r(&tt, &tm);
        struct utc_civil c = utc_civil_of(u);
        if (c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 ||
            c.day != tm.tm_mday || c.hour != tm.tm_hour ||
            c.minute != tm.tm_min || c.second != tm.tm_sec ||
            c.weekday != tm.tm_wday)
            fail_msg("%lld", (long long)u);
        int64_t back = 0;
        assert_int_equal(utc_unix_of(&c, &back), RC_OK);
        assert_int_equal(back, u);
    }
}

static void days_that_do_not_exist(void **state)
{
    (void)state;
    static const struct utc_civil bad[] = {
        {2026, 0, 1, 0, 0, 0, 0},  {2026, 13, 1, 0, 0, 0, 0},
        {2026, 1, 0, 0, 0, 0, 0},  {2026, 1, 32, 0, 0, 0, 0},
        {2026, 2, 29, 0, 0, 0, 0}, {2100, 2, 29, 0, 0, 0, 0},
        {2024, 2, 30, 0, 0, 0, 0}, {2026, 4, 31, 0, 0, 0, 0},
        {2026, 1, 1, 24, 0, 0, 0}, {2026, 1, 1, 0, 60, 0, 0},
        {2026, 1, 1, 0, 0, 60, 0}, {2026, 255, 255, 255, 255, 255, 0},
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        int64_t u = 42;
        assert_int_equal(utc_unix_of(&bad[i], &u), RC_BAD);
        assert_int_equal(u, 42);
    }
}

static void pivot_window(void **state)
{
    (void)state;
    int64_t first = BUILD - UTC_ERA_S / 2;
    int64_t last = first + UTC_ERA_S - 1;
    assert_int_equal(utc_unix_s(utc_of_unix(first, 0), BUILD), first);
    assert_int_equal(utc_unix_s(utc_of_unix(last, 0), BUILD), last);
    /* a second outside comes out one era off */
    assert_int_equal(utc_unix_s(utc_of_unix(first - 1, 0), BUILD), last);
    assert_int_equal(utc_unix_s(utc_of_unix(last + 1, 0), BUILD), first);
    /* a firmware built in era 1 */
    int64_t later = INT64_C(2100000000);
    assert_int_equal(utc_unix_s(utc_of_unix(later, 5), later), later);
    assert_int_equal(utc_unix_s(utc_of_unix(BUILD, 5), later), BUILD);
}

/* What clocks say that have lost count: the past, not the next century. */
static void decades_before_the_pivot(void **state)
{
    (void)state;
    static const struct utc_civil past[] = {
        {.year = 1970, .month = 1, .day = 1},
        {.year = 1980, .month = 1, .day = 6},
        {.year = 1999, .month = 8, .day = 22},
        {.year = 2000, .month = 1, .day = 1},
        {.year = 2007, .month = 4, .day = 13},
        {.year = 2016, .month = 1, .day = 1},
        {.year = 2019, .month = 4, .day = 6},
        {.year = 2026, .month = 11, .day = 22},
    };
    for (size_t i = 0; i < LEN(past); i++) {
        int64_t u;
        assert_int_equal(utc_unix_of(&past[i], &u), RC_OK);
        assert_true(u < BUILD);
        assert_int_equal(utc_unix_s(utc_of_unix(u, 7), BUILD), u);
        assert_int_equal(utc_unix_s(utc_of_unix(u, 7), BUILD + 9 * YEAR), u);
    }
    /* 2106 for a clock whose floor has come along */
    int64_t end = INT64_C(4294967296);
    for (int64_t u = end - 1; u <= end; u++)
        assert_int_equal(utc_unix_s(utc_of_unix(u, 0), end - 60 * YEAR), u);
}

static void spans(void **state)
{
    (void)state;
    ntp64 a = (ntp64)5 << 32, b = (ntp64)0xfffffffe << 32; /* over the era */
    assert_int_equal(utc_diff_ns(a, b), INT64_C(7000000000));
    assert_int_equal(utc_diff_ns(b, a), INT64_C(-7000000000));
    assert_int_equal(utc_span_ns(1), 0);
    assert_int_equal(utc_span_ns(3), 1); /* 0.70 ns */
    assert_int_equal(utc_span_ns(-3), -1);
    assert_int_equal(utc_span_ns(INT64_MIN), INT64_C(-2147483648000000000));
    assert_int_equal(utc_span_ntp(1), 4); /* 4.29 */
    assert_int_equal(utc_span_ntp(-1), -4);
    assert_int_equal(utc_span_ntp(-1500000000), -(INT64_C(3) << 31));
    assert_int_equal(utc_span_ntp(INT64_C(2147483648000000000)), INT64_MAX);
    assert_int_equal(utc_span_ntp(INT64_MAX), INT64_MAX);
    assert_int_equal(utc_span_ntp(INT64_MIN), INT64_MIN);
    for (int64_t ns = -5000000000; ns < 5000000000; ns += 123456789)
        assert_int_equal(utc_span_ns(utc_span_ntp(ns)), ns);
    assert_int_equal(utc_add_ns(b, 7000000000) >> 32, 5);
    assert_int_equal(utc_short_ns(0x00018000), 1500000000);
    assert_int_equal(utc_short_ns(1), 15259);
    assert_int_equal(utc_short_ns(UINT32_MAX), INT64_C(65535999984741));
}

static void ticks_against_int128(void **state)
{
    (void)state;
    static const uint32_t hz[] = {1, 1000000, 19200000, 62500000, 99999989};
    uint64_t x = 88172645463325252u;
    for (unsigned i = 0; i < 200000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        uint32_t f = hz[i % LEN(hz)];
        int64_t t = (int64_t)x >> (i % 50);
        __int128 n = (__int128)t * ((int64_t)1 << 32), q = n / f;
        if (n % f < 0)
            q--;
        assert_true(utc_ticks_ntp(t, f) == (int64_t)(uint64_t)q);
    }
}

static void nanoseconds_come_back(void **state)
{
    (void)state;
    for (uint32_t ns = 0; ns < MONO_S; ns += 997)
        assert_int_equal(utc_unix_ns(utc_of_unix(BUILD, ns)), ns);
    assert_int_equal(utc_unix_ns(utc_of_unix(BUILD, 999999999)), 999999999);
    assert_int_equal(utc_unix_s(utc_of_unix(BUILD, 999999999), BUILD), BUILD);
    assert_int_equal(utc_unix_ns(utc_of_unix(BUILD, UINT32_MAX)), 999999999);
}

static void texts(void **state)
{
    (void)state;
    char t[UTC_TEXT];
    assert_int_equal(utc_text(1795395723, 123456789, t), 30);
    assert_string_equal(t, "2026-11-23 01:02:03.123456 UTC");
    utc_text(1795395723, 999999999, t); /* cut: not yet 01:02:04 */
    assert_string_equal(t, "2026-11-23 01:02:03.999999 UTC");
    utc_text(0, 1000, t);
    assert_string_equal(t, "1970-01-01 00:00:00.000001 UTC");
    assert_int_equal(utc_text_chronyc(1795395723, t), 24);
    assert_string_equal(t, "Mon Nov 23 01:02:03 2026");
    utc_text_chronyc(INT64_C(2085978496), t);
    assert_string_equal(t, "Thu Feb 07 06:28:16 2036");
    utc_text(INT64_MAX, UINT32_MAX, t); /* clamped, whole */
    assert_true(strlen(t) < UTC_TEXT && strstr(t, "UTC"));
    utc_text(INT64_MIN, 0, t);
    assert_true(strlen(t) < UTC_TEXT && strstr(t, "UTC"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc5905_dates),
        cmocka_unit_test(ordinary_years),
        cmocka_unit_test(civil_as_libc),
        cmocka_unit_test(days_that_do_not_exist),
        cmocka_unit_test(pivot_window),
        cmocka_unit_test(decades_before_the_pivot),
        cmocka_unit_test(spans),
        cmocka_unit_test(ticks_against_int128),
        cmocka_unit_test(nanoseconds_come_back),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
