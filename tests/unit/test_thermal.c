/* thermal: the law of a crystal learned from perfect samples, when it is used,
 * and what the card keeps of it. Worlds with noise: tests/sim/test_warmth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "core/thermal.h"
#include "core/utc.h"

#define HZ     1000000
#define READ_S 10
#define DAY    86400

struct board {
    struct thermal h;
    double t, off; /* true s; UTC less the counter's nominal line, s          */
    double line;   /* what was foreseen, summed by the caller                 */
    int32_t rate_e12;
    double per_c, per_c2; /* the crystal is so much faster per C beyond 40    */
};

static uint64_t ticks_at(double t)
{
    return 1000 + (uint64_t)(t * HZ);
}

static double outside(double t)
{
    return 40 + 4 * sin(t * 6.283185307179586 / DAY);
}

/* Runs for so many seconds, told `sensor` of the temperature. */
static void run(struct board *b, double seconds, double (*sensor)(double),
                bool samples)
{
    for (double end = b->t + seconds; b->t < end; b->t += READ_S) {
        double d = outside(b->t) - 40;
        b->off -= READ_S * (b->per_c * d + b->per_c2 * d * d);
        b->line += READ_S * (b->rate_e12 * 1e-12);
        uint64_t ticks = ticks_at(b->t + READ_S);
        if (sensor)
            b->rate_e12 +=
                thermal_read(&b->h, ticks, (int32_t)(sensor(b->t) * 1000));
        if (samples && (long)b->t % 60 == 0)
            thermal_sample(&b->h, ticks,
                           utc_of_unix(1000, 0) +
                               (uint64_t)utc_ticks_ntp((int64_t)ticks, HZ) +
                               (uint64_t)(int64_t)(b->off * 4294967296.0),
                           1e-10, 0);
    }
}

static struct board board(double per_c, double per_c2)
{
    struct board b = {.per_c = per_c, .per_c2 = per_c2};
    thermal_init(&b.h, HZ);
    return b;
}

static void near(double is, double wanted, double within)
{
    if (fabs(is - wanted) > within)
        fail_msg("%.0f is not near %.0f", is, wanted);
}

static double constant(double t)
{
    (void)t;
    return 40;
}

static double inverted(double t)
{
    return 80 - outside(t);
}

static void a_line_is_learned(void **state)
{
    (void)state;
    struct board b = board(2e-7, 0);
    struct thermal_law law;
    assert_false(thermal_law(&b.h, &law));
    run(&b, DAY, outside, true);
    assert_true(b.h.used);
    assert_true(thermal_law(&b.h, &law));
    near(law.slope_e12, -200000, 4000);
    assert_in_range(law.slope_sigma_e12, 1, 40000);
    assert_true(b.h.hi - b.h.lo > 7.8);
}

/* At 3 C below the middle and 3 C above it. */
static void a_parabola_is_learned(void **state)
{
    (void)state;
    struct board b = board(0, -3.5e-8);
    struct thermal_law law;
    run(&b, 2 * DAY + DAY / 8, outside, true);
    assert_true(b.h.used && thermal_law(&b.h, &law));
    near(law.slope_e12, 198000, 15000);
    run(&b, DAY / 2, outside, true);
    assert_true(thermal_law(&b.h, &law));
    near(law.slope_e12, -198000, 15000);
}

/* Without samples the rate goes where the crystal goes, and the phase is the
 * sum of what the caller was told. */
static void it_foresees_while_nobody_answers(void **state)
{
    (void)state;
    struct board b = board(2e-7, 0);
    run(&b, DAY, outside, true);
    double off = b.off, line = b.line, rate = 0;
    rate = b.rate_e12 * 1e-12 + b.per_c * (outside(b.t) - 40);
    run(&b, 6 * 3600, outside, false);
    double moved = b.off - off, foreseen = b.line - line - rate * 21600;
    assert_true(fabs(moved) > 9e-3);
    assert_true(fabs(moved - foreseen) < 0.03 * fabs(moved));
    double phase = (double)thermal_phase(&b.h, ticks_at(b.t)) / 4294967296.0;
    assert_true(fabs(phase - b.line) < 2e-9);
    /* and a moment ago it was what it was */
    double ago =
        (double)thermal_phase(&b.h, ticks_at(b.t - 100)) / 4294967296.0;
    assert_true(fabs(phase - ago - 100e-12 * b.rate_e12) < 3e-8);
}

static void a_sensor_that_says_nothing_moves_nothing(void **state)
{
    (void)state;
    double (*const sensors[])(double) = {NULL, constant};
    for (size_t i = 0; i < 2; i++) {
        struct board b = board(2e-7, 0);
        run(&b, 2 * DAY, sensors[i], true);
        assert_false(b.h.used);
        assert_int_equal(b.rate_e12, 0);
        assert_int_equal(thermal_phase(&b.h, ticks_at(b.t)), 0);
    }
    struct board b = board(0, 0); /* a crystal that does not care */
    run(&b, 2 * DAY, outside, true);
    assert_false(b.h.used);
    assert_int_equal(b.rate_e12, 0);
}

/* A sign is learned like any other; a law that turns is dropped. */
static void the_samples_judge_it(void **state)
{
    (void)state;
    struct board b = board(2e-7, 0);
    struct thermal_law law;
    run(&b, DAY, inverted, true);
    assert_true(b.h.used && thermal_law(&b.h, &law));
    near(law.slope_e12, 200000, 4000);
    run(&b, 8 * 3600, outside, true);
    assert_false(b.h.used);
    int32_t rate = b.rate_e12;
    run(&b, 3600, outside, false);
    assert_int_equal(b.rate_e12, rate);
}

static void a_jump_of_the_sensor_moves_nothing(void **state)
{
    (void)state;
    struct board b = board(2e-7, 0);
    run(&b, DAY, outside, true);
    assert_true(b.h.used);
    uint64_t ticks = ticks_at(b.t + READ_S);
    int32_t now = b.h.millidegrees;
    assert_int_equal(thermal_read(&b.h, ticks, now + 10000), 0);
    assert_int_equal(thermal_read(&b.h, ticks + 10 * HZ, now + 10000), 0);
    assert_int_equal(thermal_read(&b.h, ticks + 20 * HZ, 999999999), 0);
    assert_int_equal(thermal_read(&b.h, ticks + 30 * HZ, INT32_MIN), 0);
    assert_int_equal(b.h.millidegrees, now + 10000);
}

static void the_card_keeps_it(void **state)
{
    (void)state;
    struct board b = board(2e-7, 0), next = board(2e-7, 0);
    uint8_t r[THERMAL_RECORD];
    assert_false(thermal_save(&b.h, r));
    run(&b, DAY, outside, true);
    assert_true(thermal_save(&b.h, r));
    assert_int_equal(thermal_restore(&next.h, r, sizeof r), RC_OK);
    assert_true(next.h.used);
    struct thermal_law was, is;
    assert_true(thermal_law(&b.h, &was) && thermal_law(&next.h, &is));
    near(is.slope_e12, was.slope_e12, 10);
    /* switched on where it is 10 C colder than it was; half of that beyond what
     * was learned: a rate for what the crystal does till there */
    int32_t by = thermal_read(&next.h, ticks_at(1), 30000);
    double c = 40 - (b.h.lo - 1);
    near(by, 2e5 * c, 5e4);
    assert_int_equal(thermal_phase(&next.h, ticks_at(1)), 0);
}

static void what_is_no_record_changes_nothing(void **state)
{
    (void)state;
    struct board b = board(2e-7, 0);
    uint8_t r[THERMAL_RECORD + 1] = {0};
    run(&b, DAY, outside, true);
    assert_true(thermal_save(&b.h, r));
    struct thermal h, empty;
    thermal_init(&empty, HZ);
    thermal_init(&h, HZ);
    assert_int_equal(thermal_restore(&h, r, sizeof r), RC_BAD);
    assert_int_equal(thermal_restore(&h, r, 0), RC_BAD);
    const size_t bad[] = {0, 1, 2, 6, 10, 14, 18};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t was = r[bad[i]];
        r[bad[i]] = 0x7f;
        assert_int_equal(thermal_restore(&h, r, THERMAL_RECORD), RC_BAD);
        r[bad[i]] = was;
    }
    assert_memory_equal(&h, &empty, sizeof h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_learned),
        cmocka_unit_test(a_parabola_is_learned),
        cmocka_unit_test(it_foresees_while_nobody_answers),
        cmocka_unit_test(a_sensor_that_says_nothing_moves_nothing),
        cmocka_unit_test(the_samples_judge_it),
        cmocka_unit_test(a_jump_of_the_sensor_moves_nothing),
        cmocka_unit_test(the_card_keeps_it),
        cmocka_unit_test(what_is_no_record_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
