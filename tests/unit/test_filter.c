/* filter: what it makes of samples whose truth the test knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "core/filter.h"
#include "core/utc.h"

#define HZ 1000000u
#define T0 ((ntp64)0xee000000 << 32)

/* A sample at `s` seconds of true time from a crystal `ppm` fast, with the
 * server's answer `off` seconds ahead of the truth. */
static struct ntp_sample sample(double s, double ppm, double off, double delay)
{
    return (struct ntp_sample){
        .at_ticks = 5000000 + (uint64_t)(s * (1 + ppm * 1e-6) * HZ),
        .utc = T0 + (uint64_t)(int64_t)((s + off) * 4294967296.0),
        .delay_ns = (span_ns)(delay * 1e9),
        .root_delay_ns = 2000000,
        .root_disp_ns = 1000000,
        .stratum = 2,
        .server_precision = -25,
    };
}

/* Estimate - truth at `s`, in seconds. */
static double error_at(const struct filter *f, double s, double ppm)
{
    struct estimate e;
    struct ntp_sample truth = sample(s, ppm, 0, 0);
    assert_true(filter_estimate(f, truth.at_ticks, &e));
    assert_true(e.ticks == truth.at_ticks);
    return (double)utc_diff(e.utc, truth.utc) / 4294967296.0;
}

static struct filter fresh(void)
{
    struct filter f;
    filter_init(&f, HZ, 0, FILTER_SIGMA_UNKNOWN);
    return f;
}

static void within(double value, double low, double high)
{
    if (!(value >= low && value <= high))
        fail_msg("%.9f not in %.9f .. %.9f", value, low, high);
}

static void nothing_yet(void **state)
{
    (void)state;
    struct filter f = fresh();
    struct estimate e = {.ticks = 7};
    assert_false(filter_estimate(&f, 5, &e));
    assert_int_equal(e.ticks, 7);
}

static void first_sample(void **state)
{
    (void)state;
    struct filter f = fresh();
    struct ntp_sample s = sample(1, 0, 0, 0.020);
    struct estimate e;
    assert_true(filter_sample(&f, &s));
    assert_true(filter_estimate(&f, s.at_ticks, &e));
    assert_true(e.utc == s.utc);
    assert_int_equal(e.rate_e12, 0);
    within(e.rate_sigma_e12, 59e6, 61e6);
    /* half the round trip and half root delay, root dispersion at least */
    assert_true(e.bound_ns >= 10000000 + 1000000 + 1000000);
    assert_true(e.bound_ns < 50000000);
    /* ten seconds on: unknown frequency, 60 ppm one sigma */
    assert_true(filter_estimate(&f, s.at_ticks + 10 * HZ, &e));
    within((double)e.sigma_ns, 600e3, 12000e3);
}

/* Clean samples: finds 100 ppm either way in seconds. */
static void finds_the_rate(void **state)
{
    (void)state;
    for (double ppm = -100; ppm <= 100; ppm += 50) {
        struct filter f = fresh();
        for (int i = 0; i < 12; i++) {
            struct ntp_sample s = sample(2 * i, ppm, 0, 0.0004);
            assert_true(filter_sample(&f, &s));
        }
        struct estimate e;
        assert_true(filter_estimate(&f, f.ticks, &e));
        within(e.rate_e12 + ppm * 1e6 / (1 + ppm * 1e-6), -2e6, 2e6);
        within(error_at(&f, 22, ppm), -20e-6, 20e-6);
        within(error_at(&f, 86, ppm), -200e-6, 200e-6);
        within(error_at(&f, 10, ppm), -50e-6, 50e-6); /* also back */
    }
}

static void sigma_is_honest(void **state)
{
    (void)state;
    struct filter f = fresh();
    struct estimate e;
    for (int i = 0; i < 40; i++) {
        /* delays and errors as of a path with 1 ms of jitter */
        double up = (i * 7 % 11) * 1e-4, down = (i * 5 % 13) * 1e-4;
        struct ntp_sample s =
            sample(64 * i, 30, (up - down) / 2, 0.020 + up + down);
        assert_true(filter_sample(&f, &s));
        assert_true(filter_estimate(&f, s.at_ticks, &e));
        double err = error_at(&f, 64 * i, 30);
        within(err * 1e9 / (double)e.sigma_ns, -4, 4);
        within(err * 1e9, -(double)e.bound_ns, (double)e.bound_ns);
    }
    within((double)e.sigma_ns, 1e3, 300e3);
    within(e.rate_sigma_e12, 1e3, 1e6);
}

/* A sample of long delay hardly counts, whatever it says. */
static void long_delays_weigh_little(void **state)
{
    (void)state;
    struct filter f = fresh();
    for (int i = 0; i < 30; i++) {
        struct ntp_sample s = sample(64 * i, 0, 0, 0.010 + (i % 3) * 1e-5);
        assert_true(filter_sample(&f, &s));
    }
    struct ntp_sample late = sample(64 * 30, 0, -0.150, 0.310);
    assert_true(filter_sample(&f, &late)); /* possible: no outlier */
    within(error_at(&f, 64 * 30, 0), -50e-6, 50e-6);
}

static void outlier_then_jump(void **state)
{
    (void)state;
    struct filter f = fresh();
    int i = 0;
    for (; i < 30; i++) {
        struct ntp_sample s = sample(64 * i, 20, 0, 0.0100);
        assert_true(filter_sample(&f, &s));
    }
    struct estimate before, after;
    assert_true(filter_estimate(&f, f.ticks, &before));
    struct ntp_sample wild = sample(64 * i++, 20, 1.0, 0.0100);
    assert_false(filter_sample(&f, &wild));
    assert_int_equal(f.refused, 1);
    within(error_at(&f, 64 * i, 20), -50e-6, 50e-6);
    for (int n = 0; n < 4; n++, i++) { /* it was no outlier: time jumped */
        struct ntp_sample s = sample(64 * i, 20, 0.005, 0.0100);
        bool taken = filter_sample(&f, &s);
        assert_int_equal(taken, n >= 2); /* the wild one said otherwise */
    }
    within(error_at(&f, 64 * (i - 1), 20), 0.0048, 0.0052);
    assert_true(filter_estimate(&f, f.ticks, &after));
    within(after.rate_e12 - before.rate_e12, -1e6, 1e6);
}

/* Each way takes anything up to 2 ms more, no more: round trips near the
 * greatest are worth as much as those near the least. */
static void jitter_with_two_ends(void **state)
{
    (void)state;
    struct filter f = fresh();
    uint32_t x = 1;
    double sum2 = 0;
    for (int i = 0; i < 600; i++) {
        double way[2];
        for (int k = 0; k < 2; k++) {
            x = x * 1664525u + 1013904223u;
            way[k] = 5e-3 + (x >> 8) * (2e-3 / (1 << 24));
        }
        struct ntp_sample s =
            sample(64.0 * i, 0, (way[0] - way[1]) / 2, way[0] + way[1]);
        (void)filter_sample(&f, &s);
        double e = error_at(&f, 64.0 * i, 0);
        sum2 += i < 300 ? 0 : e * e;
    }
    within(sum2 / 300, 0, 60e-6 * 60e-6);
}

/* 400 samples, 64 s apart, then something happens: polls until the estimate is
 * within 200 us of it again, those soon after one another left out. */
static int settles(double jump, double ppm, struct filter *f,
                   struct estimate *after)
{
    double t = 0, since = 0;
    int polls = 0;
    *f = fresh();
    for (int i = 0; i < 440; i++) {
        double on = i < 400 ? 0 : 1;
        double wait = filter_wonders(f) || (i > 400 && f->refused_run) ? 2 : 64;
        since = on > 0 ? since + wait : 0;
        t += wait;
        double off = on * jump - ppm * 1e-6 * since;
        struct ntp_sample s = sample(t, 20, off, 0.0100 + (i * 7 % 10) * 1e-5);
        (void)filter_sample(f, &s);
        double e = error_at(f, t, 20) - off;
        if (on > 0 && wait > 2 && (e > 200e-6 || e < -200e-6))
            polls++;
    }
    assert_true(filter_estimate(f, f->ticks, after));
    return polls;
}

/* A crystal that runs 50 ppm faster from one moment on, and time that jumps by
 * as much as that comes to until the next sample: they look the same then, and
 * a few samples later each is taken for what it is. */
static void rate_or_phase(void **state)
{
    (void)state;
    struct filter f;
    struct estimate e;
    within(settles(0, 50, &f, &e), 0, 2);
    assert_false(f.two);
    within(e.rate_e12, -71e6, -69e6);
    within(settles(-50e-6 * 64, 0, &f, &e), 0, 1);
    assert_false(f.two);
    within(e.rate_e12, -20.5e6, -19.5e6);
}

/* Two samples say that something has changed, then one that lasted so long
 * that it fits either: the next one like those two is the third of them. One
 * that excludes them makes them outliers. */
static void one_that_says_nothing(void **state)
{
    (void)state;
    for (int good = 0; good < 2; good++) {
        struct filter f = fresh();
        int i = 0;
        for (; i < 200; i++) {
            struct ntp_sample s = sample(64 * i, 0, 0, 0.0200);
            assert_true(filter_sample(&f, &s));
        }
        for (int n = 0; n < 2; n++, i++) {
            struct ntp_sample s = sample(64 * i, 0, 700e-6, 0.0205);
            assert_false(filter_sample(&f, &s));
        }
        struct ntp_sample s = good ? sample(64 * i++, 0, 0, 0.0200)
                                   : sample(64 * i++, 0, 1e-3, 0.0300);
        assert_true(filter_sample(&f, &s));
        assert_int_equal(filter_wonders(&f), !good);
        s = sample(64 * i++, 0, 700e-6, 0.0205);
        assert_int_equal(filter_sample(&f, &s), !good);
    }
}

/* Hours of a full queue say nothing of the crystal: what was known of its rate
 * and of how it walks is not forgotten by them. */
static void a_queue_says_nothing_of_the_crystal(void **state)
{
    (void)state;
    struct filter f = fresh();
    int i = 0;
    for (; i < 400; i++) {
        double out = 1e-4 * (i % 7), back = 1e-4 * (i * 3 % 7);
        struct ntp_sample s =
            sample(64 * i, 0, (out - back) / 2, 0.0200 + out + back);
        assert_true(filter_sample(&f, &s));
    }
    double known = filter_rate_sigma(&f);
    for (int n = 0; n < 150; n++, i++) {
        struct ntp_sample s = sample(64 * i, 0, 0.01, 0.12 + 1e-3 * (n % 7));
        (void)filter_sample(&f, &s);
    }
    printf("# rate's sigma %.2f ppb, %.2f after the queue\n", known * 1e9,
           filter_rate_sigma(&f) * 1e9);
    assert_true(filter_rate_sigma(&f) < 2 * known);
}

/* 400 quiet samples and then as many that take longer by `out` and `back`, and
 * by as much as `queue` more on the way out. Returns the greatest error since
 * then, in seconds. */
static double after_longer(struct filter *f, double out, double back,
                           double queue)
{
    uint32_t x = 1;
    double most = 0;
    *f = fresh();
    for (int i = 0; i < 800; i++) {
        double way[2];
        for (int k = 0; k < 2; k++) {
            x = x * 1664525u + 1013904223u;
            way[k] = (x >> 8) * (2e-3 / (1 << 24));
        }
        if (i >= 400) {
            x = x * 1664525u + 1013904223u;
            way[0] += out + (x >> 8) * (queue / (1 << 24));
            way[1] += back;
        }
        struct ntp_sample s =
            sample(64 * i, 0, (way[0] - way[1]) / 2, 0.0200 + way[0] + way[1]);
        (void)filter_sample(f, &s);
        double e = fabs(error_at(f, 64 * i, 0));
        most = i >= 400 && e > most ? e : most;
    }
    return most;
}

/* Seven hours in which no packet gets through the queue as it used to: no
 * longer route, which both ways would have. What the path took before is not
 * forgotten, and the clock holds over. */
static void full_for_hours(void **state)
{
    (void)state;
    struct filter f;
    double e = after_longer(&f, 30e-3, 0, 0.2);
    printf("# full for seven hours: %.0f us\n", e * 1e6);
    within(e, 0, 6e-3); /* 15 ms, were it taken for a route */
    within(f.path.least, 0.0200, 0.0202);
    within(f.path.lately, 0.0500, 1);
}

/* A route that is longer by too little to be seen at once: that both ways are,
 * the samples say, who come from where they were foreseen to. */
static void longer_by_little(void **state)
{
    (void)state;
    struct filter f;
    double e = after_longer(&f, 0.4e-3, 0.4e-3, 0);
    printf("# a route longer by 0.4 ms: %.0f us\n", e * 1e6);
    within(f.path.least, 0.0208, 0.0212);
}

/* Nobody is asked for ever what cannot be known: a queue that stays full. */
static void wonders_four_times(void **state)
{
    (void)state;
    struct filter f = fresh();
    int i = 0, asked = 0;
    for (; i < 200; i++) {
        struct ntp_sample s = sample(64 * i, 0, 0, 0.0200);
        assert_true(filter_sample(&f, &s));
    }
    struct ntp_sample wild = sample(64 * i++, 0, 700e-6, 0.0205);
    assert_false(filter_sample(&f, &wild));
    for (int n = 0; n < 20; n++, i++) {
        struct ntp_sample s = sample(64 * i, 0, 1e-3, 0.0300);
        assert_true(filter_sample(&f, &s));
        asked += filter_wonders(&f);
    }
    assert_in_range(asked, 1, 3);
}

/* Three wide boxes in a row that miss what is known very well by a hair: not
 * that time has jumped into the middle of them. */
static void missed_by_a_hair(void **state)
{
    (void)state;
    struct filter f = fresh();
    int i = 0;
    for (; i < 200; i++) {
        struct ntp_sample s = sample(64 * i, 0, 0, 0.0200);
        assert_true(filter_sample(&f, &s));
    }
    for (int n = 0; n < 3; n++, i++) {
        struct ntp_sample s = sample(64 * i, 0, 520e-6, 0.0210);
        bool taken = filter_sample(&f, &s);
        assert_int_equal(taken, n == 2);
    }
    within(error_at(&f, 64 * (i - 1), 0), 0, 100e-6);
}

static void only_forward(void **state)
{
    (void)state;
    struct filter f = fresh();
    struct ntp_sample s = sample(10, 0, 0, 0.001);
    assert_true(filter_sample(&f, &s));
    assert_false(filter_sample(&f, &s)); /* the same again */
    s = sample(9, 0, 0, 0.001);
    assert_false(filter_sample(&f, &s));
    assert_int_equal(f.samples, 1);
}

/* A lying server's numbers: any at all, nothing undefined, nothing stops. */
static void hostile_numbers(void **state)
{
    (void)state;
    struct filter f = fresh();
    uint64_t x = 88172645463325252u, ticks = 0;
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        ticks += x >> (8 + i % 50);
        struct ntp_sample s = {.at_ticks = ticks,
                               .utc = x * 2654435761u,
                               .delay_ns = (span_ns)(x >> 20 & 0xffffffff),
                               .root_delay_ns = (span_ns)(x >> 18),
                               .root_disp_ns = (span_ns)(x >> 18),
                               .server_precision = (int8_t)x};
        struct estimate e;
        (void)filter_sample(&f, &s);
        assert_true(filter_estimate(&f, ticks + (x >> 30), &e));
        assert_in_range(e.rate_e12 + 500000000, 0, 1000000000);
        assert_true(e.sigma_ns >= 0 && e.rate_sigma_e12 >= 0);
    }
}

static void years_of_silence(void **state)
{
    (void)state;
    struct filter f = fresh();
    struct estimate e;
    for (int i = 0; i < 30; i++) {
        struct ntp_sample s = sample(64 * i, 10, 0, 0.01);
        assert_true(filter_sample(&f, &s));
    }
    double year = 365 * 86400.0;
    struct ntp_sample s = sample(10 * year, 10, 0, 0.01);
    assert_true(filter_estimate(&f, s.at_ticks, &e));
    double err = error_at(&f, 10 * year, 10) * 1e9;
    within(err, -(double)e.bound_ns, (double)e.bound_ns);
    assert_true(filter_sample(&f, &s));
    within(error_at(&f, 10 * year, 10), -0.001, 0.001);
}

static void line_extrapolates(void **state)
{
    (void)state;
    struct estimate e = {.ticks = 1000, .utc = T0, .rate_e12 = 100000000};
    assert_true(estimate_at(&e, 1000, HZ) == T0);
    int64_t day = utc_diff_ns(estimate_at(&e, 1000 + 86400ull * HZ, HZ), T0);
    within((double)(day - INT64_C(86408640000000)), -10, 10); /* 100 ppm */
    int64_t back = utc_diff_ns(estimate_at(&e, 0, HZ), T0);
    within((double)back, -1000101, -1000099);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_yet),
        cmocka_unit_test(first_sample),
        cmocka_unit_test(finds_the_rate),
        cmocka_unit_test(sigma_is_honest),
        cmocka_unit_test(long_delays_weigh_little),
        cmocka_unit_test(outlier_then_jump),
        cmocka_unit_test(jitter_with_two_ends),
        cmocka_unit_test(rate_or_phase),
        cmocka_unit_test(missed_by_a_hair),
        cmocka_unit_test(one_that_says_nothing),
        cmocka_unit_test(wonders_four_times),
        cmocka_unit_test(a_queue_says_nothing_of_the_crystal),
        cmocka_unit_test(full_for_hours),
        cmocka_unit_test(longer_by_little),
        cmocka_unit_test(only_forward),
        cmocka_unit_test(hostile_numbers),
        cmocka_unit_test(years_of_silence),
        cmocka_unit_test(line_extrapolates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
