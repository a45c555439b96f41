/* select: who is believed, who is not, and what comes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/select.h"
#include "core/utc.h"

#define T0 ((ntp64)0xfffffffe << 32) /* the era ends in two seconds */

static struct select_in in[LIMIT_SOURCES];
static struct select_out out;

/* Source i: so many ns off the truth, and how sure it is. */
static void source(size_t i, span_ns off, span_ns bound)
{
    in[i] = (struct select_in){
        .usable = true,
        .stratum = 2,
        .est = {.ticks = 1000,
                .utc = utc_add_ns(T0, off),
                .rate_sigma_e12 = 1000000,
                .sigma_ns = bound / 10,
                .bound_ns = bound},
        .delay_ns = bound,
        .root_delay_ns = 1000,
        .root_disp_ns = 2000,
    };
}

static void choose(size_t n, size_t need, int current)
{
    struct select_conf conf = {.need = need, .current = current};
    select_sources(in, n, &conf, &out);
}

static span_ns error(void)
{
    return utc_diff_ns(out.est.utc, T0);
}

static void states(const char *want)
{
    for (size_t i = 0; want[i]; i++)
        if (out.state[i] != want[i])
            fail_msg("source %zu: '%c', not '%c'", i, out.state[i], want[i]);
}

static void none(void **state)
{
    (void)state;
    choose(0, 1, -1);
    assert_false(out.ok);
    assert_int_equal(out.why, SELECT_NONE);
    source(0, 0, 1000);
    in[0].usable = false;
    choose(1, 1, -1);
    assert_false(out.ok);
    assert_int_equal(out.selected, -1);
    states("?");
}

static void one(void **state)
{
    (void)state;
    source(0, 500, 1000000);
    in[0].est.rate_e12 = 12345;
    choose(1, 1, -1);
    assert_true(out.ok);
    states("*");
    assert_int_equal(out.selected, 0);
    assert_int_equal(out.stratum, 2);
    assert_in_range(error() - 495, 0, 10);
    assert_in_range(out.est.rate_e12 - 12344, 0, 2);
    assert_int_equal(out.est.ticks, 1000);
    assert_int_equal(out.root_delay_ns, 1001000);
    assert_true(out.root_disp_ns >= 2000 + 100000);
    choose(1, 2, -1); /* a quorum of two */
    assert_false(out.ok);
    assert_int_equal(out.why, SELECT_FEW);
    states("-");
    assert_int_equal(out.letter[0], 'W');
}

static void three_agree(void **state)
{
    (void)state;
    source(0, -300000, 1000000);
    source(1, 0, 1000000);
    source(2, 300000, 1000000);
    choose(3, 2, -1);
    assert_true(out.ok);
    assert_int_equal(out.agree, 3);
    states("*++");
    assert_in_range(error() + 10, 0, 20); /* the mean of equals */
    /* what two of them agree on: one may lie */
    assert_in_range(utc_diff_ns(out.lo, T0) + 1000002, 0, 4);
    assert_in_range(utc_diff_ns(out.hi, T0) - 999998, 0, 4);
    assert_in_range(out.est.bound_ns, 990000, 1010000);
    assert_true(out.est.rate_sigma_e12 < 600000); /* 1 / sqrt 3 */
    assert_true(out.est.sigma_ns < 60000);
}

static void falseticker(void **state)
{
    (void)state;
    source(0, 500000000, 1000000); /* half a second off, and first */
    for (size_t i = 1; i < 4; i++)
        source(i, (span_ns)i * 1000, 1000000);
    choose(4, 1, 0);
    assert_true(out.ok);
    assert_int_equal(out.state[0], 'x');
    assert_int_equal(out.agree, 3);
    assert_true(error() < 10000);
    /* a liar that claims to be ever so exact gets nowhere either */
    source(0, 500000000, 1);
    choose(4, 1, 0);
    assert_int_equal(out.state[0], 'x');
    assert_true(error() < 10000);
}

static void no_majority(void **state)
{
    (void)state;
    source(0, 0, 1000000);
    source(1, 5000000, 1000000);
    choose(2, 1, -1);
    assert_false(out.ok);
    assert_int_equal(out.why, SELECT_SPLIT);
    states("xx");
    source(2, 0, 1000000);
    source(3, 5000000, 1000000);
    choose(4, 1, -1); /* two against two */
    assert_int_equal(out.why, SELECT_SPLIT);
}

/* A is vague, B and C are exact and cannot both be right: the bound must
 * hold for either. One more settles it. */
static void ambiguous(void **state)
{
    (void)state;
    source(0, 0, 10000000);
    source(1, -5000000, 1000000);
    source(2, 5000000, 1000000);
    choose(3, 1, -1);
    assert_true(out.ok);
    assert_int_equal(out.agree, 2);
    assert_true(error() + out.est.bound_ns >= 5000000);
    assert_true(error() - out.est.bound_ns <= -5000000);
    source(3, 5000100, 1000000);
    choose(4, 1, -1);
    assert_true(out.ok);
    states("-x");
    assert_int_equal(out.agree, 3);
    assert_in_range(error(), 4900000, 5100000);
}

static span_ns stated(void)
{
    return out.root_delay_ns / 2 + out.root_disp_ns;
}

/* A liar that is exact and not far off is selected. What is stated covers all
 * that two of the three may mean, not what the liar claims of itself. */
static void as_a_majority_vouches(void **state)
{
    (void)state;
    source(0, 6000000, 5500000);
    source(1, -4000000, 8000000);
    source(2, 3000000, 9000000);
    choose(3, 1, -1);
    assert_true(out.ok);
    assert_int_equal(out.selected, 0);
    assert_in_range(stated() - out.est.bound_ns + 1, 0, 2);
    assert_true(error() <= stated() && -error() <= stated());
    assert_true(error() - stated() <= -5999998); /* where 1 and 2 begin */
    assert_true(error() + stated() >= 11499998); /* where 0 and 2 end   */
    /* and where two agree on less than any says, no more than that */
    source(0, -900000, 1000000);
    source(1, 900000, 1000000);
    choose(2, 1, -1);
    assert_true(out.ok);
    assert_in_range(stated(), 99990, 100010);
    assert_in_range(error() + 10, 0, 20);
}

/* Two of five may lie, and of these three it may be any two. */
static void silent_ones_may_be_the_honest(void **state)
{
    (void)state;
    source(0, -8000000, 5000000);
    source(1, -8100000, 5000000);
    source(2, 1000000, 5000000);
    in[3] = in[4] = (struct select_in){.usable = false};
    choose(5, 3, -1);
    assert_true(out.ok);
    assert_true(error() + stated() >= 5999998); /* where 2 ends */
    choose(3, 1, -1); /* the majority of three: two that agree */
    assert_true(out.ok);
    assert_true(error() + stated() < 5000000);
    /* Who contradicts it is one of the two. */
    source(2, 90000000, 5000000);
    choose(5, 1, -1);
    assert_true(out.ok);
    assert_true(error() + stated() <= 0);
}

static void nearest_wins(void **state)
{
    (void)state;
    source(0, 0, 30000000);
    source(1, 0, 1000000);
    source(2, 0, 2000000);
    choose(3, 1, -1);
    states("-*+"); /* 30 ms is too far to be combined */
    assert_int_equal(out.selected, 1);
    source(0, 0, 1000000);
    in[0].stratum = 9; /* chrony's stratum weight: 1 ms each */
    choose(3, 1, -1);
    assert_int_equal(out.selected, 1);
}

/* ---- the majority's lines ------------------------------------------------ */

static struct select_bias bias[LIMIT_SOURCES];

/* So many rounds in which each of three has a new sample in turn, and is then
 * surer of its line than the others. Returns the greatest move of the clock
 * from one to the next in the last round. */
static span_ns rounds(int n)
{
    span_ns most = 0, before = out.ok ? error() : 0;
    for (int i = 0; i < 3 * n; i++) {
        for (size_t k = 0; k < 3; k++)
            in[k].est.sigma_ns = (int)k == i % 3 ? 20000 : 60000;
        struct select_conf conf = {
            .need = 1, .current = out.selected, .bias = bias, .updated = i % 3};
        select_sources(in, 3, &conf, &out);
        assert_true(out.ok);
        span_ns move = error() > before ? error() - before : before - error();
        if (i >= 3 * (n - 1) && move > most)
            most = move;
        before = error();
    }
    return most;
}

static void apart_for_good(void)
{
    memset(bias, 0, sizeof bias);
    out.selected = -1;
    source(0, -4000000, 14000000);
    source(1, 4000000, 15000000);
    source(2, -500000, 13000000);
}

/* By the asymmetry of their paths; all have a say in where the clock is. */
static void static_differences(void **state)
{
    (void)state;
    apart_for_good();
    assert_true(rounds(60) < 100);
    assert_in_range(error() + 300000, 0, 100000);
    assert_in_range(out.spread_ns, 3000000, 4000000);
    states("++*");
    span_ns was = error();
    in[1].usable = false; /* who goes does not move it at once either */
    assert_true(rounds(1) < 10000);
    assert_in_range(error() - was + 25000, 0, 50000);
    in[1].usable = true;
    assert_true(rounds(1) < 10000);
}

/* It was selected, and walks off, within what its interval allows. */
static void walks_away(void **state)
{
    (void)state;
    apart_for_good();
    in[0].est.bound_ns = 5000000;
    (void)rounds(60);
    assert_int_equal(out.selected, 0);
    span_ns was = error();
    in[0].est.utc = utc_add_ns(in[0].est.utc, 1000000);
    (void)rounds(1);
    assert_int_equal(out.letter[0], 'D');
    assert_true(out.selected > 0);
    assert_in_range(error() - was + 200000, 0, 400000); /* its place is */
    in[0].est.utc = utc_add_ns(in[0].est.utc, -1000000);
    (void)rounds(1);
    assert_int_equal(out.letter[0], '*'); /* the nearest again */
    in[0].est.rate_e12 = 50000000; /* 50 ppm, and not yet anywhere else */
    (void)rounds(1);
    assert_int_equal(out.letter[0], 'D');
    assert_true(out.est.rate_e12 < 1000);
}

static void leap_by_majority(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        source(i, 0, 1000000);
    in[0].leap = 1;
    choose(3, 1, -1);
    assert_int_equal(out.leap, 0);
    in[2].leap = 1;
    choose(3, 1, -1);
    assert_int_equal(out.leap, 1);
    in[1].trust = true; /* now the others have no say */
    choose(3, 1, -1);
    assert_true(out.ok);
    assert_int_equal(out.leap, 0);
    in[1].leap = 2;
    choose(3, 1, -1);
    assert_int_equal(out.leap, 2);
}

/* Any numbers at all: no more than one '*', and the truth of the majority. */
static void hostile_numbers(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int round = 0; round < 20000; round++) {
        for (size_t i = 0; i < LIMIT_SOURCES; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            source(i, 0, (span_ns)(x >> (x % 64)));
            in[i].est.utc = x * 2654435761u >> (x >> 8 & 31);
            in[i].stratum = (uint8_t)x;
            in[i].leap = (uint8_t)x;
            in[i].trust = (x & 0x300) == 0;
            in[i].prefer = (x & 0xc00) == 0;
        }
        choose(LIMIT_SOURCES, 1, (int)(x % 17) - 1);
        size_t stars = 0;
        for (size_t i = 0; i < LIMIT_SOURCES; i++) {
            assert_non_null(strchr("*+-x?~", out.state[i]));
            stars += out.state[i] == '*';
        }
        assert_int_equal(stars, out.ok);
        if (out.ok)
            assert_true(out.agree * 2 > out.voters);
    }
}

/* Up to seven of fifteen lie, each as it likes: never believed. */
static void minority_never_wins(void **state)
{
    (void)state;
    uint64_t x = 42;
    for (int round = 0; round < 5000; round++) {
        for (size_t i = 0; i < 15; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            span_ns bound = (span_ns)(1000 + x % 1000000);
            span_ns off = (span_ns)(x >> 40) % (bound + 1);
            if (i < 7)
                off = (span_ns)(x % 4000000000) - 2000000000;
            source(i, x & 1 ? off : -off, bound);
        }
        choose(15, 1, (int)(x % 7));
        assert_true(out.ok);
        assert_true(utc_diff_ns(out.lo, T0) <= 1);
        assert_true(utc_diff_ns(out.hi, T0) >= -1);
        assert_true(error() <= out.est.bound_ns + 2);
        assert_true(-error() <= out.est.bound_ns + 2);
    }
}

static void reasons(void **state)
{
    (void)state;
    for (int w = SELECT_OK; w <= SELECT_REQUIRED; w++)
        assert_true(strlen(select_why_text((enum select_why)w)) > 5);
    assert_string_equal(select_why_text((enum select_why)99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none),
        cmocka_unit_test(one),
        cmocka_unit_test(three_agree),
        cmocka_unit_test(falseticker),
        cmocka_unit_test(no_majority),
        cmocka_unit_test(ambiguous),
        cmocka_unit_test(as_a_majority_vouches),
        cmocka_unit_test(silent_ones_may_be_the_honest),
        cmocka_unit_test(nearest_wins),
        cmocka_unit_test(static_differences),
        cmocka_unit_test(walks_away),
        cmocka_unit_test(leap_by_majority),
        cmocka_unit_test(hostile_numbers),
        cmocka_unit_test(minority_never_wins),
        cmocka_unit_test(reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
