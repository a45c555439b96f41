/* discipline: step once, then bend; never backwards, never past the line;
 * an error bound that grows while nobody answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/discipline.h"
#include "core/utc.h"

#define HZ  1000000u
#define T0  ((ntp64)0xee000000 << 32)
#define SEC INT64_C(1000000000)

static struct discipline d;
static struct clk c;
static struct select_out sel;
static struct discipline_action act;

static void begin(int32_t limit)
{
    struct discipline_conf conf = {.makestep_s = 1.0, .makestep_limit = limit};
    discipline_init(&d, &conf, HZ, 0, 0);
    clk_init(&c, HZ, 0, (ntp64)1 << 32);
}

static void apply(uint64_t ticks)
{
    if (act.step)
        clk_step(&c, ticks, act.step_by);
    assert_int_equal(clk_set_rate(&c, ticks, act.rate_e12), act.rate_e12);
}

/* Follow until `ticks`, as the caller must. */
static void follow(uint64_t ticks)
{
    while (act.until_ticks < ticks) {
        uint64_t t = act.until_ticks;
        discipline_follow(&d, &c, t, 64 * SEC, &act);
        apply(t);
    }
}

/* Sources agree that it is T0 + ns, with the crystal this rate off. */
static void update(uint64_t ticks, span_ns ns, int32_t rate)
{
    sel = (struct select_out){
        .ok = true,
        .est = {.ticks = ticks,
                .utc = utc_add_ns(T0, ns),
                .rate_e12 = rate,
                .rate_sigma_e12 = 100000,
                .sigma_ns = 10000,
                .bound_ns = 1000000},
        .stratum = 2,
        .leap = 1,
        .root_delay_ns = 4000000,
        .root_disp_ns = 50000,
    };
    discipline_update(&d, &sel, &c, ticks, 64 * SEC, &act);
    apply(ticks);
}

static span_ns clock_error(uint64_t ticks, int32_t rate)
{
    span_ns ns = (span_ns)(ticks * 1000);
    ns += (span_ns)((double)ns * (rate * 1e-12));
    return utc_diff_ns(clk_at(&c, ticks), utc_add_ns(T0, ns));
}

static void before_the_first(void **state)
{
    (void)state;
    begin(3);
    assert_false(d.synced);
    assert_int_equal(d.leap, 3);
    assert_int_equal(discipline_error(&d, &c, 5), INT64_MAX);
    assert_int_equal(discipline_dispersion(&d, 5), INT64_MAX);
    assert_int_equal(discipline_offset(&d, &c, 5), 0);
    discipline_follow(&d, &c, 5, 64 * SEC, &act);
    assert_false(act.step);
    assert_int_equal(act.rate_e12, 0);
    assert_true(act.until_ticks == UINT64_MAX);
    int32_t r, s;
    assert_false(discipline_save(&d, &r, &s));
}

static void first_update_steps(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) { /* years off, or a microsecond: all the same*/
        begin(0);                 /* even when makestep allows none */
        if (i == 1)
            clk_init(&c, HZ, 0, T0 + 4295);
        update(5 * HZ, 5 * SEC, -30000000);
        assert_true(act.first_sync);
        assert_true(act.step);
        assert_in_range(clock_error(5 * HZ, 0) + 1, 0, 2);
        assert_int_equal(act.rate_e12, -30000000);
        assert_true(act.until_ticks == UINT64_MAX);
        assert_true(d.synced);
        assert_int_equal(d.stratum, 3);
        assert_int_equal(d.leap, 1);
        update(6 * HZ, 6 * SEC - 30000, -30000000);
        assert_false(act.first_sync);
        assert_false(act.step);
    }
}

static void makestep_limits(void **state)
{
    (void)state;
    begin(3);
    update(1 * HZ, 1 * SEC, 0);
    update(2 * HZ, 4 * SEC, 0); /* second: 2 s off, allowed */
    assert_true(act.step);
    update(3 * HZ, 5 * SEC + SEC / 2, 0); /* below the threshold */
    assert_false(act.step);
    update(4 * HZ, 99 * SEC, 0); /* fourth: no more */
    assert_false(act.step);
    assert_int_equal(act.rate_e12, CLK_RATE_MAX);
    begin(-1);
    for (int i = 1; i < 10; i++) {
        update((uint64_t)i * HZ, i * 100 * SEC, 0);
        assert_true(act.step); /* always */
    }
}

/* A slew ends on the line, from either side, and never overshoots. */
static void slews_to_the_line(void **state)
{
    (void)state;
    for (span_ns off = -2000000; off <= 2000000; off += 500000) {
        begin(3);
        uint64_t t = HZ;
        update(t, SEC, 0);
        t = 2000 * HZ;
        update(t, 2000 * SEC + off, 0);
        assert_false(act.step);
        assert_int_equal(d.last_offset_ns > off - 3, 1);
        assert_int_equal(d.last_offset_ns < off + 3, 1);
        if (off == 0)
            continue;
        assert_true(act.until_ticks - t <= 64 * HZ);
        span_ns left = off;
        ntp64 last = clk_at(&c, t);
        uint64_t end = t + 600 * HZ;
        for (; act.until_ticks != UINT64_MAX; t += HZ / 10) {
            assert_true(t < end);
            follow(t);
            span_ns now = discipline_offset(&d, &c, t);
            assert_true(off > 0 ? now <= left + 2 : now >= left - 2);
            assert_true(off > 0 ? now >= -100 : now <= 100);
            assert_true(utc_diff(clk_at(&c, t), last) >= 0);
            left = now;
            last = clk_at(&c, t);
        }
        assert_in_range(discipline_offset(&d, &c, t + 64 * HZ) + 500, 0, 1000);
    }
}

/* Where sources disagree for good by far more than the line moves, it is
 * followed slowly; news is still followed soon. */
static void steady_where_sources_differ(void **state)
{
    (void)state;
    int32_t rate[2];
    for (int i = 0; i < 2; i++) {
        begin(3);
        update(HZ, SEC, 0);
        update(4000 * HZ, 4000 * SEC, 0);
        d.spread_ns = i ? 4000000 : 0;
        d.est.utc = utc_add_ns(clk_at(&c, 4000 * HZ), 10000);
        discipline_follow(&d, &c, 4000 * HZ, 64 * SEC, &act);
        rate[i] = act.rate_e12;
        assert_true(act.rate_e12 > 0);
        d.est.utc = utc_add_ns(d.est.utc, 5000000);
        discipline_follow(&d, &c, 4000 * HZ, 64 * SEC, &act);
        assert_true(act.until_ticks - 4000 * HZ <= 14 * HZ);
    }
    assert_in_range(rate[0] / rate[1], 7, 9);
}

static void rate_is_bounded(void **state)
{
    (void)state;
    const int32_t rate[] = {-100000000, 0, 100000000, 480000000};
    for (size_t i = 0; i < LEN(rate); i++) {
        begin(1);
        update(HZ, SEC, rate[i]);
        for (int k = 2; k < 50; k++) {
            span_ns ns = k * 100 * SEC;
            update((uint64_t)k * 100 * HZ, ns + (k % 3 - 1) * 800000000,
                   rate[i]);
            assert_false(act.step);
            assert_true(act.rate_e12 <= CLK_RATE_MAX);
            assert_true(act.rate_e12 >= -CLK_RATE_MAX);
        }
    }
}

/* Nobody answers: the rate stays, and the bound grows by what is unknown. */
static void hold_over(void **state)
{
    (void)state;
    begin(3);
    update(HZ, SEC, 20000000);
    span_ns e0 = discipline_error(&d, &c, HZ);
    assert_in_range(e0, 2000000 + 50000, 2000000 + 50000 + 100);
    uint64_t hour = HZ + 3600ull * HZ;
    span_ns e1 = discipline_error(&d, &c, hour);
    /* an hour of 1 ppm of drift, 3.6 ms, and three times 0.1 ppm of sigma,
     * 0.36 ms, and what an unknown crystal walks, 1.97 ms: as squares */
    assert_in_range(e1 - e0, 7000000, 7020000);
    assert_in_range(discipline_dispersion(&d, hour) - 50000, 7000000, 7020000);
    assert_true(discipline_dispersion(&d, HZ * 86401ull) < SEC);
    assert_in_range(discipline_offset(&d, &c, hour) + 20, 0, 40);
    assert_int_equal(c.rate_e12, 20000000);
}

/* Two days at a rate that changes by so much every two hours, then so long
 * alone: what is stated beyond what was at first. */
static span_ns after_two_days(int32_t by_e12, uint64_t alone_s)
{
    begin(3);
    for (uint64_t s = 1; s <= 172800; s += 64) {
        int32_t rate = s / 7200 % 2 ? by_e12 : 0;
        update(s * HZ, (span_ns)s * SEC, rate);
    }
    uint64_t last = d.est.ticks;
    return discipline_dispersion(&d, last + alone_s * HZ) -
           discipline_dispersion(&d, last);
}

/* Nobody knows a crystal whose rate stayed for two days to be as bad as any;
 * one that was 3 ppm off for hours at a time may be off for as long. */
static void hold_over_by_what_it_did(void **state)
{
    (void)state;
    span_ns calm = after_two_days(0, 7200);
    assert_in_range(calm, 7200000, 7700000); /* 1 ppm and 3 times 0.1 */
    assert_true(after_two_days(3000000, 7200) > 3 * 7200 * 1000);
    assert_true(after_two_days(3000000, 14400) > 3 * 14400 * 1000);
}

static void frequency_out_and_in(void **state)
{
    (void)state;
    int32_t r = 1, s = 1;
    begin(3);
    discipline_prior(&d, &r, &s);
    assert_int_equal(r, 0);
    assert_int_equal(s, FILTER_SIGMA_UNKNOWN);
    update(HZ, SEC, -17000000);
    assert_true(discipline_save(&d, &r, &s));
    assert_int_equal(r, -17000000);
    assert_int_equal(s, 100000);
    discipline_prior(&d, &r, &s); /* for a source that joins */
    assert_int_equal(r, -17000000);
    assert_in_range(s, 100000, 1000000);
    d.est.rate_sigma_e12 = 2000000;
    assert_false(discipline_save(&d, &r, &s));

    struct discipline_conf conf = {.makestep_s = 1};
    discipline_init(&d, &conf, HZ, -17000000, 100000); /* the next boot */
    assert_int_equal(d.est.rate_e12, -17000000);
    discipline_prior(&d, &r, &s);
    assert_int_equal(r, -17000000);
    assert_int_equal(s, 1000000); /* another day: 1 ppm at least */
    const int32_t bad[] = {CLK_RATE_MAX + 1, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < LEN(bad); i++) { /* garbage on the card */
        discipline_init(&d, &conf, HZ, bad[i], 100000);
        assert_int_equal(d.est.rate_e12, 0);
    }
    discipline_init(&d, &conf, HZ, 5, -5);
    assert_int_equal(d.est.rate_e12, 0);
}

static void figures_for_tracking(void **state)
{
    (void)state;
    begin(3);
    update(1 * HZ, 1 * SEC, 5000);
    assert_int_equal(d.rms_offset_ns, 0);
    update(65 * HZ, 65 * SEC + 100000, 6000);
    assert_true(d.update_s == 64);
    assert_int_equal(d.resid_e12, 1000);
    assert_in_range(d.rms_offset_ns, 99000, 101000);
    for (int i = 2; i < 200; i++) {
        follow((uint64_t)(1 + 64 * i) * HZ);
        update((uint64_t)(1 + 64 * i) * HZ,
               (1 + 64 * i) * SEC + (i % 2 ? 100000 : -100000), 6000);
    }
    assert_in_range(d.rms_offset_ns, 50000, 250000);
    assert_int_equal(d.updates, 200);
    assert_int_equal(d.root_delay_ns, 4000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first),
        cmocka_unit_test(first_update_steps),
        cmocka_unit_test(makestep_limits),
        cmocka_unit_test(slews_to_the_line),
        cmocka_unit_test(steady_where_sources_differ),
        cmocka_unit_test(rate_is_bounded),
        cmocka_unit_test(hold_over),
        cmocka_unit_test(hold_over_by_what_it_did),
        cmocka_unit_test(frequency_out_and_in),
        cmocka_unit_test(figures_for_tracking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
