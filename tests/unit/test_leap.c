/* leap: which announcement is believed and until when; the second goes in or
 * out to the tick, once, whenever the caller comes round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/discipline.h"
#include "core/filter.h"
#include "core/leap.h"
#include "core/mono.h"
#include "core/utc.h"

#define HZ     19200000u
#define SEC    ((int64_t)1 << 32)
#define SECOND ((uint64_t)1 << 32)
#define MONTHS 12

static struct leap l;
static struct clk c;
static struct leap_action act;

static int64_t unix_of(int32_t year, unsigned month, unsigned day)
{
    struct utc_civil when = {
        .year = year, .month = (uint8_t)month, .day = (uint8_t)day};
    int64_t s = 0;
    assert_int_equal(utc_unix_of(&when, &s), RC_OK);
    return s;
}

static int64_t midnight(void)
{
    return unix_of(2027, 1, 1);
}

/* Armed by `bits`, the clk so many seconds before midnight, at this rate. */
static void begin(enum leap_mode mode, uint8_t bits, int64_t before,
                  int32_t rate)
{
    leap_init(&l, mode);
    clk_init(&c, HZ, 1000, utc_of_unix(midnight() - before, 0));
    (void)clk_set_rate(&c, 1000, rate);
    assert_true(leap_announce(&l, bits, midnight() - before));
}

static uint64_t ticks_of(double s)
{
    return 1000 + (uint64_t)(s * HZ);
}

static uint8_t bits_at(double s)
{
    return leap_bits(&l, &c, ticks_of(s));
}

static void only_the_last_day_of_june_and_december(void **state)
{
    (void)state;
    static const uint8_t last[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};
    for (unsigned m = 1; m <= MONTHS; m++)
        for (unsigned d = 1; d <= last[m - 1]; d++) {
            int64_t day = unix_of(2027, m, d);
            bool may = (m == 6 && d == 30) || (m == 12 && d == 31);
            for (uint8_t bits = 0; bits < 4; bits++) {
                bool want = may && (bits == 1 || bits == 2);
                leap_init(&l, LEAP_STEP);
                assert_int_equal(leap_announce(&l, bits, day), want);
                clk_init(&c, HZ, 1000, utc_of_unix(day, 0));
                assert_int_equal(bits_at(0), want ? bits : 0);
                leap_init(&l, LEAP_STEP);
                assert_int_equal(leap_announce(&l, bits, day + 86399), want);
            }
        }
}

static void the_last_word_counts(void **state)
{
    (void)state;
    int64_t day = midnight() - 86400;
    leap_init(&l, LEAP_STEP);
    clk_init(&c, HZ, 1000, utc_of_unix(day, 0));
    assert_false(leap_announce(&l, 0, day));
    assert_true(leap_announce(&l, 1, day + 10));
    assert_false(leap_announce(&l, 1, day + 20));
    assert_true(leap_announce(&l, 0, day + 30));
    assert_false(leap_close(&l, utc_of_unix(midnight(), 0)));
    assert_true(leap_announce(&l, 2, day + 40));
    assert_int_equal(bits_at(0), 2);
    /* too near to it: nobody's word is taken */
    assert_false(leap_announce(&l, 0, midnight() - 4));
    assert_int_equal(bits_at(0), 2);
    /* the clock was found to be a day early */
    assert_true(leap_announce(&l, 2, day - 86400));
    assert_int_equal(bits_at(0), 0);
}

static void close_to_it(void **state)
{
    (void)state;
    begin(LEAP_STEP, 1, 3600, 0);
    for (int i = -10; i <= 10; i++)
        assert_int_equal(leap_close(&l, utc_of_unix(midnight() + i, 0)),
                         i > -5 && i < 5);
    assert_true(leap_take(&l, &c, ticks_of(3600.5), &act));
    assert_true(leap_close(&l, utc_of_unix(midnight() - 1, 0)));
    assert_true(leap_close(&l, utc_of_unix(midnight() + 4, 0)));
    assert_false(leap_close(&l, utc_of_unix(midnight() + 6, 0)));
    assert_true(leap_before(&l, ticks_of(3000)));
    assert_true(leap_before(&l, act.ticks - 1));
    assert_false(leap_before(&l, act.ticks));
    leap_init(&l, LEAP_STEP);
    assert_false(leap_close(&l, 0));
    assert_false(leap_before(&l, 0));
}

/* Unix seconds shown at the ticks around the leap, read every 1/8 s; the call
 * comes `late` after it. */
static void shows(uint8_t bits, int32_t rate, double late)
{
    begin(LEAP_STEP, bits, 10, rate);
    uint64_t first = leap_due(&l, &c, ticks_of(0));
    int64_t begins = midnight() - (bits == 2 ? 1 : 0);
    int64_t by = bits == 2 ? SEC : -SEC;
    assert_int_equal(clk_at(&c, first) >> 32, (uint64_t)begins + UTC_NTP_UNIX);
    assert_int_equal(clk_at(&c, first - 1) >> 32,
                     (uint64_t)begins - 1 + UTC_NTP_UNIX);
    uint64_t taken = 0, call = first + (uint64_t)(late * HZ);
    struct clk plain = c;
    for (uint64_t t = first - 2 * HZ; t < first + 4 * HZ; t += HZ / 8) {
        ntp64 want = clk_at(&plain, t);
        if (t >= first)
            want += (uint64_t)by;
        assert_true(leap_utc(&l, &c, t) - want + 1 <= 2);
        if (t >= call && leap_take(&l, &c, t, &act)) {
            assert_int_equal(act.ticks, first);
            assert_int_equal(act.by, by);
            assert_true(act.step);
            clk_step(&c, act.ticks, act.by);
            taken++;
            assert_true(leap_utc(&l, &c, t) - want + 1 <= 2);
        }
        if (t < first)
            assert_false(leap_take(&l, &c, t, &act));
    }
    assert_int_equal(taken, 1);
    assert_int_equal(leap_bits(&l, &c, first + 3 * HZ), 0);
    assert_true(leap_due(&l, &c, first + 4 * HZ) == UINT64_MAX);
}

static void to_the_tick(void **state)
{
    (void)state;
    const int32_t rate[] = {0, 37000000, -499999999, 500000000};
    for (size_t i = 0; i < LEN(rate); i++)
        for (uint8_t bits = 1; bits <= 2; bits++) {
            shows(bits, rate[i], 0);
            shows(bits, rate[i], 0.03);
            shows(bits, rate[i], 3);
        }
}

/* The words: 23:59:58, 59, 59, 00 and 23:59:58, 00. */
static void in_words(void **state)
{
    (void)state;
    static const char *const want[2][5] = {{"58", "59", "59", "00", "01"},
                                           {"57", "58", "00", "01", "02"}};
    for (uint8_t bits = 1; bits <= 2; bits++) {
        begin(LEAP_SYSTEM, bits, 10, 0);
        double at = bits == 1 ? 8.25 : 7.25;
        for (unsigned i = 0; i < 5; i++) {
            uint64_t t = ticks_of(at + i);
            char text[UTC_TEXT];
            if (leap_take(&l, &c, t, &act))
                clk_step(&c, act.ticks, act.by);
            ntp64 utc = leap_utc(&l, &c, t);
            utc_text(utc_unix_s(utc, midnight()), utc_unix_ns(utc), text);
            assert_memory_equal(text + 17, want[bits - 1][i], 2);
        }
    }
}

static void once(void **state)
{
    (void)state;
    begin(LEAP_STEP, 1, 10, 0);
    assert_true(leap_take(&l, &c, ticks_of(10.02), &act));
    clk_step(&c, act.ticks, act.by);
    assert_false(leap_take(&l, &c, ticks_of(10.5), &act));
    /* the old word, still in some server's last reply: near, after midnight,
     * and when the clock is then stepped back to before it */
    assert_false(leap_announce(&l, 1, midnight() - 1));
    assert_false(leap_announce(&l, 1, midnight() + 20));
    assert_false(leap_announce(&l, 1, midnight() - 600));
    assert_int_equal(bits_at(13), 0);
    /* half a year later is another one */
    assert_true(leap_announce(&l, 1, unix_of(2027, 6, 30)));
}

static void stepped_over(void **state)
{
    (void)state;
    begin(LEAP_STEP, 1, 3600, 0);
    clk_step(&c, ticks_of(5), 3700 * SEC);
    assert_true(leap_utc(&l, &c, ticks_of(5)) == clk_at(&c, ticks_of(5)));
    assert_int_equal(bits_at(5.5), 0);
    assert_false(leap_take(&l, &c, ticks_of(6), &act));
    assert_int_equal(bits_at(6), 0);
    /* but a little over it: at the step, where the clk begins */
    begin(LEAP_STEP, 1, 3600, 0);
    clk_step(&c, ticks_of(5), 3597 * SEC);
    assert_true(leap_take(&l, &c, ticks_of(6), &act));
    assert_int_equal(act.ticks, ticks_of(5));
}

static void slew_and_ignore(void **state)
{
    (void)state;
    begin(LEAP_SLEW, 1, 10, 0);
    assert_true(leap_utc(&l, &c, ticks_of(10.1)) == clk_at(&c, ticks_of(10.1)));
    assert_true(leap_take(&l, &c, ticks_of(10.1), &act));
    assert_false(act.step);
    assert_int_equal(act.by, -SEC);
    begin(LEAP_IGNORE, 2, 10, 0);
    assert_int_equal(bits_at(8.9), 2);
    assert_true(leap_take(&l, &c, ticks_of(9.1), &act));
    assert_false(act.step);
    assert_int_equal(act.by, 0);
}

/* From its first tick on, for two seconds, nobody shall take the time: as in
 * chronyd, in every mode, and however late the loop comes round. */
static void in_progress(void **state)
{
    (void)state;
    static const enum leap_mode modes[] = {LEAP_SYSTEM, LEAP_STEP, LEAP_SLEW,
                                           LEAP_IGNORE};
    static const double late[] = {0, 0.3, 1.9, 2.1};
    for (size_t m = 0; m < LEN(modes); m++)
        for (size_t i = 0; i < 2 * LEN(late); i++) {
            uint8_t bits = i % 2 ? 2 : 1;
            double first = bits == 2 ? 9 : 10, take = first + late[i / 2];
            begin(modes[m], bits, 10, 0);
            for (double t = first - 2.05; t < first + 4; t += 0.1) {
                bool over = t > first && t < first + 2;
                if (l.second && t > take) {
                    assert_true(leap_take(&l, &c, ticks_of(t), &act));
                    if (act.step)
                        clk_step(&c, act.ticks, act.by);
                }
                assert_int_equal(bits_at(t), over ? 3 : t < first ? bits : 0);
            }
        }
}

/* Hours ahead: asked again every 30 s of the clk, no more. */
static void due_in_time(void **state)
{
    (void)state;
    begin(LEAP_STEP, 1, 86400, -400000000);
    uint64_t t = ticks_of(0);
    unsigned calls = 0;
    for (; !leap_take(&l, &c, t, &act); calls++) {
        uint64_t due = leap_due(&l, &c, t);
        assert_true(due > t && due - t <= (uint64_t)(30.1 * HZ));
        t = due;
    }
    assert_int_equal(act.ticks, t);
    assert_in_range(calls, 2880, 2882);
}

/* A filter and a discipline that are told: samples after the leap agree with
 * those before it. */
static void nothing_is_void(void **state)
{
    (void)state;
    static struct filter f;
    struct discipline d;
    struct discipline_conf conf = {.makestep_s = 1, .makestep_limit = 3};
    struct estimate before, after;
    struct ntp_sample s = {
        .delay_ns = 2000000, .stratum = 1, .server_precision = -24};
    ntp64 t0 = utc_of_unix(midnight() - 300, 0);
    filter_init(&f, HZ, 0, FILTER_SIGMA_UNKNOWN);
    for (uint64_t k = 0; k < 20; k++) {
        s.at_ticks = 1000 + k * 30 * HZ;
        s.utc = t0 + k * 30 * SECOND - (k >= 10 ? SECOND : 0);
        if (k == 10) {
            assert_true(filter_estimate(&f, s.at_ticks, &before));
            filter_shift(&f, -SEC);
            assert_true(filter_estimate(&f, s.at_ticks, &after));
            assert_int_equal(utc_diff(after.utc, before.utc), -SEC);
            assert_int_equal(after.bound_ns, before.bound_ns);
        }
        assert_true(filter_sample(&f, &s));
        assert_in_range(f.resid_s * 1e6 + 1000, 0, 2000);
    }
    assert_int_equal(f.refused, 0);

    discipline_init(&d, &conf, HZ, 0, 0);
    clk_init(&c, HZ, 1000, t0);
    d.synced = true;
    d.est = before;
    span_ns was = discipline_offset(&d, &c, before.ticks);
    discipline_shift(&d, -SEC);
    assert_int_equal(discipline_offset(&d, &c, before.ticks) - was, -MONO_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_last_day_of_june_and_december),
        cmocka_unit_test(the_last_word_counts),
        cmocka_unit_test(close_to_it),
        cmocka_unit_test(to_the_tick),
        cmocka_unit_test(in_words),
        cmocka_unit_test(once),
        cmocka_unit_test(stepped_over),
        cmocka_unit_test(slew_and_ignore),
        cmocka_unit_test(in_progress),
        cmocka_unit_test(due_in_time),
        cmocka_unit_test(nothing_is_void),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
