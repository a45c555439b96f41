/* offset_interval: the truth is never outside, whatever the path does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/offset_interval.h"

static void first_and_next(void **state)
{
    (void)state;
    struct offset_interval s;
    offset_interval_first(&s, 1, 0.5);
    assert_true(s.lo <= 0.5 && s.hi >= 1.5);
    offset_interval_step(&s, 0, 0, 0, 1.4, 0.3); /* 1.1 .. 1.7 */
    assert_true(s.lo > 1.099 && s.lo < 1.101);
    assert_true(s.hi > 1.499 && s.hi < 1.501);
}

static void grows_and_goes_along(void **state)
{
    (void)state;
    struct offset_interval s, at;
    offset_interval_first(&s, 0, 1e-3);
    at = offset_interval_at(&s, 100, 1e-5, 1e-6);
    assert_true(at.lo < 0 && at.hi > 2e-3);       /* moved by 1 ms */
    assert_true(at.hi - at.lo > 2e-3 + 2 * 3e-4); /* and 3 sigma at least */
    at = offset_interval_at(&s, -100, 1e-5, 1e-6);
    assert_true(at.lo < -2e-3 && at.hi > 0);
}

static void jump(void **state)
{
    (void)state;
    struct offset_interval s;
    offset_interval_first(&s, 0, 1e-3);
    offset_interval_step(&s, 1, 0, 0, 5, 1e-3);
    assert_true(s.lo > 4.99 && s.hi < 5.01);
}

/* Round trips of any asymmetry, a crystal within its sigma. */
static void truth_is_inside(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    printf("# seed %u\n", seed);
    srand(seed);
    for (int run = 0; run < 1000; run++) {
        struct offset_interval s;
        double rate = (rand() % 2001 - 1000) * 1e-9, truth = 0;
        for (int i = 0; i < 50; i++) {
            double up = rand() % 1000 * 1e-4, down = rand() % 1000 * 1e-4;
            double dt = rand() % 64, z;
            truth += i > 0 ? rate * dt : 0;
            z = truth + (up - down) / 2;
            if (i == 0)
                offset_interval_first(&s, z, (up + down) / 2 + 1e-9);
            else
                offset_interval_step(&s, dt, 0, 1e-6, z,
                                     (up + down) / 2 + 1e-9);
            assert_true(s.lo <= truth && truth <= s.hi);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_and_next),
        cmocka_unit_test(grows_and_goes_along),
        cmocka_unit_test(jump),
        cmocka_unit_test(truth_is_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
