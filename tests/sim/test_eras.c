/* Leap seconds and the ends of eras and counters, in the world of world.h:
 * three servers 2 ms away, three fixed seeds and a printed random one. The
 * error is looked at once a second against UTC as counted, leap included, so
 * a leap missed or done twice is an error of a second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/utc.h"
#include "world.h"

#define RUNS  4
#define HOUR  3600.0
#define NOON  43200.0 /* from the beginning to midnight                      */
#define SMALL 250     /* us; a greatest error of about 100 is seen           */
#define ALL   7
#define LAST  4

static uint64_t random_seed;

static double unix_of(int32_t year, uint8_t month, uint8_t day)
{
    struct utc_civil c = {.year = year, .month = month, .day = day};
    int64_t s;
    assert_int_equal(utc_unix_of(&c, &s), RC_OK);
    return (double)s;
}

static struct scenario quiet(double epoch)
{
    struct scenario c = {.name = "era",
                         .hz = 19.2e6,
                         .ppm = 30,
                         .start = -5,
                         .wander = 1e-9,
                         .days = 1,
                         .from = HOUR,
                         .to = 1e9,
                         .servers = 3,
                         .epoch = epoch};
    c.up = c.down = (struct path){.base = 1e-3, .exp = 2e-4};
    return c;
}

/* The second half of a day that may end with a leap second, and the first of
 * the next. */
static struct scenario leap_day(double second)
{
    struct scenario c = quiet(unix_of(2026, 12, 31) + NOON);
    c.leap = second;
    c.leap_at = second > 0 ? NOON : NOON - 1;
    c.leap_say = c.leap_do = ALL;
    c.leap_mode = LEAP_STEP;
    return c;
}

static struct figures run(const char *what, const struct scenario *c, size_t i)
{
    struct figures f = world_run(c, i + 1 < RUNS ? 31 + i : random_seed, 6, 6);
    printf("# %s: max %.0f us, 1 ms for good at %.0f s, %u leap, shown %.0f s,"
           " %u s outside the bound\n",
           what, f.max, f.under_1ms, f.leaps, f.announced, f.dishonest);
    assert_int_equal(f.steps, 1); /* the first sync */
    return f;
}

/* Done to the second, whatever some server does. */
static void right(const char *what, const struct scenario *c, double max)
{
    for (size_t i = 0; i < RUNS; i++) {
        struct figures f = run(what, c, i);
        assert_int_equal(f.leaps, 1);
        /* once a second: the second that is counted twice may show up */
        assert_true(f.back <= (c->leap > 0 ? 1u : 0u));
        assert_int_equal(f.dishonest, 0);
        assert_true(f.max < max);
        assert_true(f.announced > NOON - 60 && f.announced < NOON + 2);
    }
}

static void inserted_and_deleted(void **state)
{
    (void)state;
    struct scenario c = leap_day(1);
    right("inserted", &c, SMALL);
    c.leap_mode = LEAP_SYSTEM;
    right("inserted, system", &c, SMALL);
    c.servers = 1;
    right("inserted, one server", &c, SMALL);
    c = leap_day(-1);
    right("deleted", &c, SMALL);
    c = leap_day(1);
    c.epoch = unix_of(2035, 6, 30) + NOON;
    right("inserted in June", &c, SMALL);
}

static void two_of_three_announce(void **state)
{
    (void)state;
    struct scenario c = leap_day(1);
    c.leap_say = 3;
    right("two of three announce", &c, SMALL);
}

static void a_server_is_late(void **state)
{
    (void)state;
    struct scenario c = leap_day(1);
    const double late[] = {1, 4, 10, 60, 600};
    for (size_t i = 0; i < LEN(late); i++) {
        c.leap_late = late[i];
        right("one is late", &c, SMALL);
    }
    c.leap_do = ALL - LAST;
    right("one never does it", &c, SMALL);
    c = leap_day(-1);
    c.leap_late = 60;
    right("one deletes it late", &c, SMALL);
}

/* Two hours either side of it: the announcement holds, and so does the bound. */
static void nobody_answers(void **state)
{
    (void)state;
    for (double second = -1; second < 2; second += 2) {
        struct scenario c = leap_day(second);
        c.dead_from = NOON - 2 * HOUR;
        c.dead_to = NOON + 2 * HOUR;
        right("outage", &c, 3000);
    }
}

static void slewed(void **state)
{
    (void)state;
    for (double second = -1; second < 2; second += 2) {
        struct scenario c = leap_day(second);
        c.leap_mode = LEAP_SLEW;
        for (size_t i = 0; i < RUNS; i++) {
            struct figures f = run("slewed", &c, i);
            assert_int_equal(f.leaps, 1);
            assert_int_equal(f.back, 0);
            assert_int_equal(f.dishonest, 0);
            assert_true(f.max < 1e6 + SMALL);
            /* 1 s at 500 ppm, less what the crystal is off */
            assert_true(f.under_1ms > c.leap_at + 1850);
            assert_true(f.under_1ms < c.leap_at + 2250);
        }
    }
}

/* The servers' word, within an hour, without a step or a way back. */
static void servers_decide(const char *what, const struct scenario *c,
                           unsigned leaps)
{
    for (size_t i = 0; i < RUNS; i++) {
        struct figures f = run(what, c, i);
        assert_int_equal(f.leaps, leaps);
        assert_true(f.back <= leaps);
        assert_true(f.max < 1e6 + SMALL);
        assert_true(f.under_1ms > 0);
        assert_true(f.under_1ms < c->leap_at + HOUR);
        assert_true(f.dishonest < 600); /* until it is seen for a jump */
    }
}

static void ignored(void **state)
{
    (void)state;
    struct scenario c = leap_day(1);
    c.leap_mode = LEAP_IGNORE;
    servers_decide("ignored", &c, 0);
    c = leap_day(1);
    c.leap_say = 0;
    servers_decide("unannounced", &c, 0);
}

static void all_announce_and_none_does(void **state)
{
    (void)state;
    struct scenario c = leap_day(1);
    c.leap_do = 0;
    servers_decide("announced, not done", &c, 1);
}

static void undisturbed(const char *what, const struct scenario *c)
{
    for (size_t i = 0; i < RUNS; i++) {
        struct figures f = run(what, c, i);
        assert_int_equal(f.leaps, 0);
        assert_int_equal(f.back, 0);
        assert_int_equal(f.dishonest, 0);
        assert_true(f.announced < 0.5);
        assert_true(f.max < SMALL);
    }
}

static void not_believed(void **state)
{
    (void)state;
    struct scenario c = leap_day(1);
    c.leap_do = 0;
    c.leap_say = LAST;
    undisturbed("one of three announces", &c);
    c.leap_say = ALL;
    c.epoch = unix_of(2026, 11, 30) + NOON;
    undisturbed("at the end of November", &c);
}

/* A day to either side of where a count of seconds ends, and counters that
 * pass 2^32 (at 1 MHz every 71 minutes) and 2^63. */
static void eras(void **state)
{
    (void)state;
    const double end[] = {2085978496, 2147483648, 4294967296};
    const struct {
        double hz, ticks0;
    } counter[] = {{62.5e6, 0},
                   {1e6, 4294967296 - HOUR * 1e6},
                   {54e6, 9223372036854775808.0 - 86400 * 54e6}};
    for (size_t e = 0; e < LEN(end); e++)
        for (size_t k = 0; k < LEN(counter); k++) {
            struct scenario c = quiet(end[e] - 86400);
            c.days = 2;
            c.hz = counter[k].hz;
            c.ticks0 = counter[k].ticks0;
            undisturbed("end of an era", &c);
        }
}

/* The text of the seconds there; utc_unix_s's pivot is a floor ten years
 * before them. */
static void eras_in_words(void **state)
{
    (void)state;
    const struct {
        int64_t end;
        const char *before, *after;
    } row[] = {{2085978496, "2036-02-07 06:28:15.500000 UTC",
                "2036-02-07 06:28:16.500000 UTC"},
               {2147483648, "2038-01-19 03:14:07.500000 UTC",
                "2038-01-19 03:14:08.500000 UTC"},
               {4294967296, "2106-02-07 06:28:15.500000 UTC",
                "2106-02-07 06:28:16.500000 UTC"}};
    for (size_t i = 0; i < LEN(row); i++) {
        struct clk c;
        char text[UTC_TEXT];
        clk_init(&c, 1000000, 5, utc_of_unix(row[i].end - 1, 500000000));
        for (unsigned k = 0; k < 2; k++) {
            ntp64 utc = clk_at(&c, 6 + k * 1000000);
            utc_text(utc_unix_s(utc, row[i].end - 315360000), 500000000, text);
            assert_string_equal(text, k ? row[i].after : row[i].before);
        }
    }
}

int main(void)
{
    random_seed = world_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inserted_and_deleted),
        cmocka_unit_test(two_of_three_announce),
        cmocka_unit_test(a_server_is_late),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(slewed),
        cmocka_unit_test(ignored),
        cmocka_unit_test(all_announce_and_none_does),
        cmocka_unit_test(not_believed),
        cmocka_unit_test(eras),
        cmocka_unit_test(eras_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
