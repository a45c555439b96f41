/* The time floor's record on the card, and the operator's way to write a
 * time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/bytes.h"
#include "core/floor_record.h"

static void round_trip(void **state)
{
    (void)state;
    const struct floor_record in = {.floor = 1795392000,
                                    .freq_e12 = -1234567,
                                    .freq_sigma_e12 = 400000,
                                    .by_operator = true,
                                    .act = FLOOR_ACT_RESET,
                                    .before = 4102444800};
    struct floor_record out = {0};
    uint8_t b[FLOOR_RECORD_LEN];
    floor_record_write(&in, b);
    assert_int_equal(floor_record_read(&out, b, sizeof b), RC_OK);
    assert_int_equal(out.floor, in.floor);
    assert_int_equal(out.freq_e12, in.freq_e12);
    assert_int_equal(out.freq_sigma_e12, in.freq_sigma_e12);
    assert_true(out.by_operator);
    assert_int_equal(out.act, FLOOR_ACT_RESET);
    assert_int_equal(out.before, in.before);
    /* as version 1 had it */
    b[0] = 1;
    assert_int_equal(floor_record_read(&out, b, 17), RC_OK);
    assert_int_equal(out.floor, in.floor);
    assert_int_equal(out.freq_e12, in.freq_e12);
    assert_false(out.by_operator);
    assert_int_equal(out.act, FLOOR_ACT_NONE);
}

static void damaged(void **state)
{
    (void)state;
    const struct floor_record in = {.floor = 1795392000};
    struct floor_record out = {.floor = 7};
    uint8_t good[FLOOR_RECORD_LEN], b[FLOOR_RECORD_LEN];
    floor_record_write(&in, good);
    for (size_t n = 0; n < sizeof good; n++)
        assert_int_equal(floor_record_read(&out, good, n), RC_BAD);
    static const struct {
        size_t at;
        uint8_t byte;
    } wrong[] = {{0, 0}, {0, 1},  {0, 3},  {1, 0x80},
                 {3, 1}, {17, 2}, {18, 3}, {19, 0xff}};
    for (size_t i = 0; i < LEN(wrong); i++) {
        memcpy(b, good, sizeof b);
        b[wrong[i].at] = wrong[i].byte;
        assert_int_equal(floor_record_read(&out, b, sizeof b), RC_BAD);
    }
    assert_int_equal(out.floor, 7);
}

static void times(void **state)
{
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-11-23T04:05:06",
                                      "2026-11-23 04:05:06Z",
                                      "2026-11-23T04:05:06Z ",
                                      "2026-02-29T00:00:00Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-11-23T24:00:00Z",
                                      "2026-11-23T23:59:60Z",
                                      "1969-12-31T23:59:59Z",
                                      "+026-11-23T04:05:06Z",
                                      "2026-11-23T04:05:06z"};
    int64_t t = 7;
    (void)state;
    for (size_t i = 0; i < LEN(bad); i++)
        assert_int_equal(floor_record_time(bad[i], &t), RC_BAD);
    assert_int_equal(t, 7);
    assert_int_equal(floor_record_time("2026-11-23T00:00:00Z", &t), RC_OK);
    assert_int_equal(t, 1795392000);
    assert_int_equal(floor_record_time("9999-12-31T23:59:59Z", &t), RC_OK);
    assert_int_equal(t, FLOOR_RECORD_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(damaged),
        cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
