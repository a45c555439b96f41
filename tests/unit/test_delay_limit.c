/* chrony's tests B and C. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/delay_limit.h"
#include "core/ntp_client.h"

#define US 1000

static void off_by_default(void **state)
{
    (void)state;
    const struct delay_limits off = {0, 0}, less = {0.9, 0.9};
    const struct delay_known k = {100, 10 * US, 0};
    assert_int_equal(delay_limit(&off, &k, 1000000 * US, 0), 0);
    assert_int_equal(delay_limit(&less, &k, 1000000 * US, 0), 0);
}

static void ratio(void **state)
{
    (void)state;
    const struct delay_limits l = {2, 0};
    const struct delay_known k = {1, 10 * US, 0}, none = {0, 0, 0};
    assert_int_equal(delay_limit(&l, &k, 20 * US, 0), 0);
    assert_int_equal(delay_limit(&l, &k, 20 * US + 1, 0), NTP_TEST_B);
    assert_int_equal(delay_limit(&l, &none, 20 * US, 0), 0);
}

static void devratio(void **state)
{
    (void)state;
    const struct delay_limits l = {0, 10};
    const struct delay_known k = {6, 50 * US, 3 * US}, few = {5, 50 * US, US};
    assert_int_equal(delay_limit(&l, &k, 110 * US, 0), 0);
    assert_int_equal(delay_limit(&l, &k, 111 * US, 0), NTP_TEST_C);
    assert_int_equal(delay_limit(&l, &few, 111 * US, 0), 0);
    /* More off than the delay explains: time has jumped, let it be heard. */
    for (int sign = -1; sign <= 1; sign += 2) {
        assert_int_equal(delay_limit(&l, &k, 112 * US, sign * 61 * US),
                         NTP_TEST_C);
        assert_int_equal(delay_limit(&l, &k, 112 * US, sign * 62 * US), 0);
    }
}

static void both(void **state)
{
    (void)state;
    const struct delay_limits l = {2, 10};
    const struct delay_known k = {6, 50 * US, 3 * US};
    assert_int_equal(delay_limit(&l, &k, 200 * US, INT64_MIN), NTP_TEST_B);
    assert_int_equal(delay_limit(&l, &k, INT64_MAX, 0),
                     NTP_TEST_B | NTP_TEST_C);
    assert_int_equal(delay_limit(&l, &k, 0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_by_default),
        cmocka_unit_test(ratio),
        cmocka_unit_test(devratio),
        cmocka_unit_test(both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
