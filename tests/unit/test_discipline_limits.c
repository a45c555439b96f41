/* maxslewrate, maxupdateskew, maxdrift, maxclockerror and maxchange, chrony's
 * meanings, in the discipline; and what chrony.conf makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/conf.h"
#include "core/discipline.h"
#include "core/utc.h"

#define HZ  1000000u
#define T0  ((ntp64)0xee000000 << 32)
#define SEC INT64_C(1000000000)
#define PPM INT64_C(1000000)

static struct discipline d;
static struct clk c;
static struct discipline_action act;
static struct conf conf;

static void begin(const struct discipline_conf *limits)
{
    struct discipline_conf dc = *limits;
    dc.makestep_s = 1;
    dc.makestep_limit = 0;
    discipline_init(&d, &dc, HZ, 0, 0);
    clk_init(&c, HZ, 0, T0);
}

/* After `s` seconds sources agree that we are behind by ns. */
static void update(uint64_t s, span_ns ns, int64_t rate, int64_t sigma)
{
    uint64_t ticks = s * HZ;
    struct select_out sel = {.ok = true,
                             .stratum = 1,
                             .est = {.ticks = ticks,
                                     .utc = utc_add_ns(clk_at(&c, ticks), ns),
                                     .rate_e12 = (int32_t)rate,
                                     .rate_sigma_e12 = (int32_t)sigma,
                                     .sigma_ns = 1000,
                                     .bound_ns = 1000000}};
    discipline_update(&d, &sel, &c, ticks, 64 * SEC, &act);
    if (act.step)
        clk_step(&c, ticks, act.step_by);
    (void)clk_set_rate(&c, ticks, act.rate_e12);
}

static void maxslewrate(void **state)
{
    (void)state;
    begin(&(struct discipline_conf){.max_slew_e12 = 20 * PPM});
    update(1, 0, 10 * PPM, PPM);
    update(2000, SEC / 10, 10 * PPM, PPM);
    assert_int_equal(act.rate_e12, 30 * PPM); /* the line's 10 and 20 */
    update(2001, -SEC / 10, 10 * PPM, PPM);
    assert_int_equal(act.rate_e12, -10 * PPM);
}

static void maxupdateskew(void **state)
{
    (void)state;
    begin(&(struct discipline_conf){.max_skew_e12 = 5 * PPM});
    update(1, 0, 10 * PPM, PPM);
    update(65, 0, 40 * PPM, 6 * PPM);
    assert_int_equal(d.est.rate_e12, 10 * PPM);
    update(129, 0, 40 * PPM, 4 * PPM);
    assert_int_equal(d.est.rate_e12, 40 * PPM);
}

static void maxdrift(void **state)
{
    (void)state;
    begin(&(struct discipline_conf){.max_drift_e12 = 50 * PPM});
    update(1, 0, 80 * PPM, PPM);
    assert_int_equal(d.est.rate_e12, 50 * PPM);
    update(65, 0, -80 * PPM, PPM);
    assert_int_equal(d.est.rate_e12, -50 * PPM);
}

static void maxclockerror(void **state)
{
    (void)state;
    begin(&(struct discipline_conf){.max_clock_error_e12 = 100 * PPM});
    update(1, 0, 0, 1);
    assert_true(discipline_dispersion(&d, 101 * HZ) >= 100 * 100 * 1000);
    /* 1 ppm stands for a crystal whose rate may change by 5 unseen */
    begin(&(struct discipline_conf){0});
    update(1, 0, 0, 1);
    assert_in_range(discipline_dispersion(&d, 101 * HZ), 499999, 520000);
    begin(&(struct discipline_conf){.max_clock_error_e12 = PPM / 5});
    update(1, 0, 0, 1);
    assert_in_range(discipline_dispersion(&d, 101 * HZ), 99999, 120000);
}

static void maxchange_ignores_then_gives_up(void **state)
{
    (void)state;
    begin(&(struct discipline_conf){
        .maxchange_s = 0.1, .maxchange_start = 1, .maxchange_ignore = 2});
    update(1, 3600 * SEC, 0, PPM); /* the first may be anything */
    assert_true(act.step && d.synced && !act.ignored);
    update(65, SEC / 20, 0, PPM);
    assert_false(act.ignored);
    ntp64 line = d.est.utc;
    for (uint64_t i = 2; i < 4; i++) {
        update(1 + 640 * i, SEC / 5, 0, PPM);
        assert_true(act.ignored && d.synced);
        assert_true(d.est.utc == line);
    }
    update(6401, SEC / 20, 0, PPM); /* one that is small is followed */
    assert_true(!act.ignored && d.est.utc != line);
    update(7041, -SEC / 5, 0, PPM);
    assert_true(act.ignored && d.gave_up && !d.synced);
    update(7681, 0, 0, PPM); /* and that is that */
    assert_true(act.ignored && !act.step && !d.synced);
    assert_true(discipline_error(&d, &c, 7681 * HZ) == INT64_MAX);
}

static void maxchange_for_ever(void **state)
{
    (void)state;
    begin(
        &(struct discipline_conf){.maxchange_s = 0.1, .maxchange_ignore = -1});
    update(1, 3600 * SEC, 0, PPM); /* to set the clock is no correction */
    assert_true(act.first_sync && d.synced && !act.ignored);
    for (uint64_t i = 1; i < 100; i++) {
        update(64 * i, SEC, 0, PPM);
        assert_true(act.ignored && !act.step && !d.gave_up);
    }
    update(6464, SEC / 20, 0, PPM);
    assert_true(!act.ignored && d.synced);
}

static int parse(const char *text)
{
    return conf_parse(&conf, text, strlen(text));
}

static void in_chrony_conf(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_true(conf.maxupdateskew_ppm > 999 && conf.maxupdateskew_ppm < 1001);
    assert_true(conf.maxchange_s <= 0);
    assert_int_equal(parse("maxslewrate 100\nmaxupdateskew 5\nmaxdrift 200\n"
                           "maxclockerror 2.5\nmaxchange 0.5 3 -1\n"),
                     0);
    assert_int_equal(conf.report_count, 0);
    assert_true(conf.maxslewrate_ppm > 99 && conf.maxslewrate_ppm < 101);
    assert_true(conf.maxclockerror_ppm > 2.4 && conf.maxclockerror_ppm < 2.6);
    assert_true(conf.maxdrift_ppm > 199 && conf.maxdrift_ppm < 201);
    assert_int_equal(conf.maxchange_start, 3);
    assert_int_equal(conf.maxchange_ignore, -1);
    assert_int_equal(parse("maxslewrate 1000\n"), 0);
    assert_int_equal(conf.reports[0].level, CONF_NOTE);
    assert_int_equal(parse("maxslewrate 0\nmaxdrift x\nmaxchange 1 2\n"
                           "maxchange 1 2 x\nmaxupdateskew -1\n"),
                     5);
    assert_string_equal(
        conf.reports[0].text,
        "maxslewrate: `0' is not more than nothing; line not used");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maxslewrate),
        cmocka_unit_test(maxupdateskew),
        cmocka_unit_test(maxdrift),
        cmocka_unit_test(maxclockerror),
        cmocka_unit_test(maxchange_ignores_then_gives_up),
        cmocka_unit_test(maxchange_for_ever),
        cmocka_unit_test(in_chrony_conf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
