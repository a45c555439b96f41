/* select: chrony.conf's options and limits, and Gnomon's quorum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/residuals.h"
#include "core/select.h"
#include "core/utc.h"

#define T0  ((ntp64)0xed000000 << 32)
#define MS  1000000
#define LIE 500000000 /* ns */

static struct select_in in[LIMIT_SOURCES];
static struct select_out out;
static struct select_limits limits;
static double score[LIMIT_SOURCES];
static size_t n;

static int setup(void **state)
{
    (void)state;
    memset(in, 0, sizeof in);
    memset(score, 0, sizeof score);
    limits = select_limits_default;
    n = 0;
    return 0;
}

/* Another source: off from the truth, bound, and kinds: 'a'uthenticated
 * 'n'oselect 'p'refer 't'rust 'r'equire. */
static void source(span_ns off, span_ns bound, const char *kinds)
{
    in[n++] = (struct select_in){
        .usable = true,
        .auth = strchr(kinds, 'a') != NULL,
        .noselect = strchr(kinds, 'n') != NULL,
        .prefer = strchr(kinds, 'p') != NULL,
        .trust = strchr(kinds, 't') != NULL,
        .require = strchr(kinds, 'r') != NULL,
        .stratum = 2,
        .est = {.ticks = 1000,
                .utc = utc_add_ns(T0, off),
                .rate_sigma_e12 = 100000,
                .sigma_ns = bound / 10,
                .bound_ns = bound},
        .delay_ns = bound,
    };
}

static void choose_as(int current, int updated, bool scores)
{
    struct select_conf conf = {.need = 1,
                               .current = current,
                               .limits = &limits,
                               .score = scores ? score : NULL,
                               .updated = updated};
    select_sources(in, n, &conf, &out);
}

static void letters(const char *want)
{
    for (size_t i = 0; want[i]; i++)
        if (out.letter[i] != want[i])
            fail_msg("source %zu: '%c', not '%c'", i, out.letter[i], want[i]);
}

static void expect(const char *want)
{
    choose_as(-1, -1, false);
    letters(want);
}

static bool right(void)
{
    span_ns off = utc_diff_ns(out.est.utc, T0);
    return out.ok && off > -10 * MS && off < 10 * MS;
}

/* Says why source i is in the state that it is in. */
static void reason(size_t i, const char *want)
{
    char why[SELECT_REASON];
    (void)select_reason(&in[i], &limits, out.letter[i], why, sizeof why);
    assert_string_equal(why, want);
}

/* chrony 4.9's minstratum and maxstratum: a source beyond them has no say. */
static void strata(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        source(i < 2 ? LIE : 0, MS, "");
        in[i].stratum = (uint8_t)(i < 2 ? 4 + i : i - 1);
    }
    expect("xx*++");
    limits.maxstratum = 3;
    expect("rr*++");
    assert_true(right());
    reason(0, "stratum 4 is above maxstratum 3");
    assert_int_equal(out.state[0], '?');
    assert_int_equal(out.voters, 3);
    limits.minstratum = 2;
    expect("rrr*+");
    reason(2, "stratum 1 is below minstratum 2");
    limits.minstratum = 4;
    expect("rrrrr");
    assert_int_equal(out.why, SELECT_NONE);
    in[0].leap = 3; /* this comes first, as chrony has it */
    expect("srrrr");
}

/* ---- the vote ------------------------------------------------------------ */

static void one_of_three_and_two_of_five(void **state)
{
    static const char *const kinds[] = {"", "a"};
    (void)state;
    for (size_t k = 0; k < LEN(kinds); k++) {
        setup(NULL);
        source(LIE, MS, kinds[k]);
        source(0, MS, kinds[k]);
        source(1000, MS, kinds[k]);
        select_apply_auth(in, n, AUTHSELECT_MIX);
        expect("x*+");
        assert_true(right());
        source(LIE, MS, kinds[k]);
        source(2000, MS, kinds[k]);
        expect("x*+x+");
        assert_true(right());
        in[3].est.bound_ns = 1; /* ever so sure of itself */
        in[0].prefer = in[3].prefer = true;
        expect("x*+x+");
        assert_true(right());
    }
}

static void lying_majority_wins_the_vote(void **state)
{
    (void)state;
    source(0, MS, "");
    source(LIE, MS, "");
    source(LIE, MS, "");
    expect("x*+");
    assert_false(right());
    assert_int_equal(out.agree, 2);
    in[2].est.utc = utc_add_ns(T0, 2 * LIE); /* they do not agree */
    expect("xxx");
    assert_int_equal(out.why, SELECT_SPLIT);
}

/* ---- authselectmode ------------------------------------------------------- */

static void minority(enum authselect mode)
{
    setup(NULL);
    source(0, MS, "a");
    source(LIE, MS, "");
    source(LIE, MS, "");
    source(500, MS / 2, "");
    select_apply_auth(in, n, mode);
}

static void auth_minority(void **state)
{
    (void)state;
    minority(AUTHSELECT_MIX);
    expect("+xx*"); /* inside what the authenticated one says, and nearer */
    assert_true(right());
    assert_int_equal(out.voters, 1);
    in[0].usable = false; /* required, and gone: plain ones do not do */
    expect("MWWx");
    assert_int_equal(out.why, SELECT_REQUIRED);
}

static void auth_modes(void **state)
{
    (void)state;
    minority(AUTHSELECT_REQUIRE);
    expect("*NNN");
    assert_true(right());
    minority(AUTHSELECT_PREFER);
    expect("*NNN");
    assert_true(right());
    minority(AUTHSELECT_IGNORE);
    expect("xxxx"); /* two against two */
    assert_int_equal(out.why, SELECT_SPLIT);
    source(LIE, MS, "");
    expect("x*+x+");
    assert_false(right());
}

static void auth_options_in_force(void **state)
{
    (void)state;
    source(0, MS, "");
    source(0, MS, "n");
    select_apply_auth(in, n, AUTHSELECT_PREFER);
    assert_false(in[0].noselect); /* nobody to be preferred */
    select_apply_auth(in, n, AUTHSELECT_MIX);
    assert_false(in[0].trust || in[0].require);
    select_apply_auth(in, n, AUTHSELECT_REQUIRE);
    assert_true(in[0].noselect);
    setup(NULL);
    source(0, MS, "an"); /* noselect: no authenticated source */
    source(0, MS, "");
    select_apply_auth(in, n, AUTHSELECT_PREFER);
    assert_false(in[1].noselect);
    select_apply_auth(in, n, AUTHSELECT_MIX);
    assert_false(in[0].trust || in[1].trust);
    setup(NULL);
    source(0, MS, "a");
    source(0, MS, "a");
    select_apply_auth(in, n, AUTHSELECT_MIX); /* only one kind */
    assert_false(in[0].trust || in[0].require);
    source(0, MS, "p");
    select_apply_auth(in, n, AUTHSELECT_MIX);
    assert_true(in[0].trust && in[0].require && in[1].trust);
    assert_false(in[2].trust || in[2].require);
    assert_true(in[2].prefer);
}

/* ---- options --------------------------------------------------------------- */

static void prefer(void **state)
{
    (void)state;
    source(0, 5 * MS, "p");
    source(0, MS, "");
    source(0, 6 * MS, "p");
    expect("*P+");
    in[0].usable = false;
    in[0].stale = true;
    expect("SP*");
    in[2].usable = false;
    expect("S*M"); /* none left to prefer */
}

static void trust(void **state)
{
    (void)state;
    source(0, MS, "t");
    source(LIE, MS, "");
    source(LIE, MS, "");
    source(1000, MS / 2, "");
    source(1000, MS, ""); /* overlaps, but claims more than the trusted */
    expect("+xx*T");
    assert_int_equal(out.state[4], '?');
    assert_true(right());
    source(LIE, MS, "t"); /* two trusted ones at odds: nobody is right */
    expect("xxxxxx");
    assert_int_equal(out.why, SELECT_SPLIT);
    /* trust alone is no require */
    in[0].usable = in[4].usable = in[5].usable = false;
    expect("M*+xMM");
}

static void require(void **state)
{
    (void)state;
    source(LIE, MS, "r");
    source(0, MS, "");
    source(0, MS, "");
    expect("xWW");
    assert_int_equal(out.why, SELECT_REQUIRED);
    assert_int_equal(out.state[1], '-');
    in[0].est.utc = T0;
    expect("*++");
    in[0].usable = false;
    expect("MWW");
    in[0].noselect = true; /* as chronyd 4.3 does */
    expect("NWW");
}

static void noselect(void **state)
{
    (void)state;
    source(0, MS, "n");
    source(LIE, MS, "");
    expect("N*"); /* it has no vote, either */
    assert_int_equal(out.voters, 1);
    assert_int_equal(out.state[0], '?');
}

/* ---- limits ---------------------------------------------------------------- */

static void minsources(void **state)
{
    (void)state;
    source(0, MS, "");
    source(0, MS, "");
    source(LIE, MS, "");
    limits.minsources = 3;
    expect("WWx");
    assert_int_equal(out.why, SELECT_FEW);
    in[2].est.utc = T0;
    expect("*++");
    /* Those without a say count as selectable: NTS, and plain within. */
    in[0].trust = true;
    in[1].est.bound_ns = in[2].est.bound_ns = MS / 2;
    expect("+*+");
    assert_int_equal(out.selectable, 3);
}

static void maxdistance(void **state)
{
    (void)state;
    source(0, MS, "");
    source(0, INT64_C(3000000000), "");
    source(0, INT64_C(3000000001), "");
    source(0, -1, "");
    source(0, INT64_MAX, "");
    expect("*Dddd");
    assert_int_equal(out.voters, 2);
    assert_int_equal(out.state[2], '?');
    limits.maxdistance_ns = MS - 1;
    expect("ddddd");
    assert_int_equal(out.why, SELECT_NONE);
}

static void maxjitter(void **state)
{
    (void)state;
    source(0, MS, "");
    source(0, MS, "");
    in[0].jitter_ns = 1000000001;
    in[1].jitter_ns = 1000000000;
    expect("~*");
    assert_int_equal(out.state[0], '~');
    limits.maxjitter_ns = MS;
    expect("~~");
}

static void combinelimit(void **state)
{
    (void)state;
    limits.reselectdist_ns = 0;
    source(0, MS, "");
    source(0, 3 * MS, "");
    source(0, 3 * MS + 1, "");
    expect("*+D");
    limits.combinelimit = 4;
    expect("*++");
    limits.combinelimit = 0;
    expect("*DD");
    limits.combinelimit = 3;
    in[1].est.rate_e12 = 3600001; /* 3 * (0.1 + 0.1 + 1) ppm */
    expect("*DD");
    in[1].est.rate_e12 = 3600000;
    expect("*+D");
}

static void stratumweight(void **state)
{
    (void)state;
    source(0, MS, "");
    source(0, 2 * MS, "");
    in[0].stratum = 4;
    expect("+*"); /* 1 ms each */
    limits.stratumweight_ns = 0;
    expect("*+");
}

/* ---- staying --------------------------------------------------------------- */

static void reselectdist(void **state)
{
    (void)state;
    source(0, MS, "");
    source(0, MS - 50000, "");
    expect("+*");
    choose_as(0, -1, false);
    letters("*+"); /* 100 us are added to the other */
    limits.reselectdist_ns = 10000;
    choose_as(0, -1, false);
    letters("+*");
}

static void scores(void **state)
{
    (void)state;
    int turns = 0;
    source(0, 2 * MS, "");
    source(0, MS, "");
    choose_as(-1, 0, true);
    letters("+*");
    assert_true(score[0] == 1.0 && score[1] == 1.0);
    in[1].est.bound_ns = 4 * MS;
    for (; turns < 10; turns++) { /* 4 / 2.1: four samples to pass 10 */
        choose_as(1, turns & 1, true);
        if (out.selected == 0)
            break;
        assert_true(score[0] > 1.0 && score[0] <= 10.0);
    }
    assert_int_equal(turns, 3);
    assert_true(score[0] == 1.0);
    choose_as(1, -1, true); /* no new sample, no new score */
    assert_true(score[0] == 1.0);
    in[0].est.bound_ns = 80 * MS;
    choose_as(1, 1, true); /* worse does not go below 1 */
    assert_true(score[0] == 1.0);
    in[1].usable = false; /* gone: no waiting */
    choose_as(1, 0, true);
    letters("*M");
}

/* ---- quorum ---------------------------------------------------------------- */

static void quorum(void **state)
{
    (void)state;
    assert_int_equal(select_quorum(in, 0, NULL), 1);
    source(0, MS, "");
    assert_int_equal(select_quorum(in, n, NULL), 1);
    source(0, MS, "");
    source(0, MS, "n");
    assert_int_equal(select_quorum(in, n, NULL), 2);
    in[1].usable = false; /* silent ones count, too */
    assert_int_equal(select_quorum(in, n, NULL), 2);
    setup(NULL);
    for (int i = 0; i < 3; i++)
        source(0, MS, "a");
    for (int i = 0; i < 5; i++)
        source(LIE, MS, "");
    in[1].usable = in[2].usable = false;
    select_apply_auth(in, n, AUTHSELECT_MIX);
    assert_int_equal(select_quorum(in, n, NULL), 2); /* of three with NTS */
    struct select_conf conf = {.need = 2, .current = -1};
    select_sources(in, n, &conf, &out);
    assert_false(out.ok);
    in[1].usable = true;
    select_sources(in, n, &conf, &out);
    assert_true(right());
    /* Trusted, but silent: then it takes a majority of all. */
    setup(NULL);
    source(0, MS, "t");
    for (int i = 0; i < 3; i++)
        source(LIE, MS, "");
    in[0].usable = false;
    assert_int_equal(select_quorum(in, n, NULL), 3);
}

/* ---- residuals ------------------------------------------------------------- */

static void residuals(void **state)
{
    (void)state;
    struct residuals r = {0};
    assert_int_equal(residuals_spread_ns(&r), 0);
    assert_int_equal(residuals_runs(&r), 0);
    for (unsigned i = 0; i < 100; i++)
        residuals_add(&r, 10 * i, i & 2 ? 1e-6 : -1e-6);
    assert_int_equal(r.count, RESIDUALS);
    assert_int_equal(residuals_span_ticks(&r), 10 * (RESIDUALS - 1));
    assert_in_range(residuals_spread_ns(&r), 1482, 1483);
    assert_int_equal(residuals_runs(&r), 8);
    for (unsigned i = 0; i < 3; i++) /* a server's step */
        residuals_add(&r, 1000 + i, 100);
    assert_in_range(residuals_spread_ns(&r), 1482, 1483);
    for (unsigned i = 0; i < RESIDUALS / 2 + 1; i++)
        residuals_add(&r, 2000 + i, i & 1 ? 2 : -2);
    assert_true(residuals_spread_ns(&r) > INT64_C(1000000000));
    residuals_add(&r, 3000, 1e300);
    for (unsigned i = 0; i < RESIDUALS; i++)
        residuals_add(&r, 4000 + i, -1e300);
    assert_true(residuals_spread_ns(&r) == INT64_C(1000000000000000000));
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup(t, setup)
    const struct CMUnitTest tests[] = {
        TEST(strata),
        TEST(one_of_three_and_two_of_five),
        TEST(lying_majority_wins_the_vote),
        TEST(auth_minority),
        TEST(auth_modes),
        TEST(auth_options_in_force),
        TEST(prefer),
        TEST(trust),
        TEST(require),
        TEST(noselect),
        TEST(minsources),
        TEST(maxdistance),
        TEST(maxjitter),
        TEST(combinelimit),
        TEST(stratumweight),
        TEST(reselectdist),
        TEST(scores),
        TEST(quorum),
        TEST(residuals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
