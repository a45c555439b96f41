/* How long a machine that keeps crashing waits, and when it is forgiven. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "port.h"
#include "services/crashloop.h"
#include "services/log.h"

static unsigned stable, said;

void port_stable(void)
{
    stable++;
}

void log_line(const char *f, ...)
{
    assert_non_null(strstr(f, "crashes in a row are history"));
    said++;
}

static void waits_grow(void **state)
{
    (void)state;
    static const int s[] = {0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 640};
    for (uint32_t n = 0; n < LEN(s); n++)
        assert_true(crashloop_wait(n) == s[n] * MONO_S);
    assert_true(crashloop_wait(UINT32_MAX) == 640 * MONO_S);
}

static void a_minute_forgives(void **state)
{
    (void)state;
    stable = said = 0;
    mono_ns begun = 640 * MONO_S; /* the wait does not count */
    crashloop_init(begun, 9);
    assert_true(crashloop_poll(begun) == begun + CRASHLOOP_STABLE);
    (void)crashloop_poll(begun + CRASHLOOP_STABLE - 1);
    assert_int_equal(stable, 0);
    assert_int_equal(said, 0);
    assert_true(crashloop_poll(begun + CRASHLOOP_STABLE) == MONO_NEVER);
    assert_true(crashloop_poll(begun + 2 * CRASHLOOP_STABLE) == MONO_NEVER);
    assert_int_equal(stable, 1);
    assert_int_equal(said, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_grow),
        cmocka_unit_test(a_minute_forgives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
