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

static unsigned stable, said, announced;

void port_stable(void)
{
    stable++;
}

void log_at(enum log_severity severity, const void *limit, const char *f, ...)
{
    (void)severity;
    (void)limit;
    said += strstr(f, "crashes in a row are history") != NULL;
    announced += strstr(f, "starting in %u s") != NULL;
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
    mono_ns begun = 320 * MONO_S; /* the wait does not count */
    crashloop_init(0, 9);
    assert_int_equal(announced, 1);
    assert_true(crashloop_waits());
    assert_true(crashloop_poll(0) == begun);
    assert_true(crashloop_poll(begun - 1) == begun);
    assert_true(crashloop_waits());
    assert_true(crashloop_poll(begun) == begun + CRASHLOOP_STABLE);
    assert_false(crashloop_waits());
    (void)crashloop_poll(begun + CRASHLOOP_STABLE - 1);
    assert_int_equal(stable, 0);
    assert_int_equal(said, 0);
    assert_true(crashloop_poll(begun + CRASHLOOP_STABLE) == MONO_NEVER);
    assert_true(crashloop_poll(begun + 2 * CRASHLOOP_STABLE) == MONO_NEVER);
    assert_int_equal(stable, 1);
    assert_int_equal(said, 1);
}

static void no_crash_no_wait(void **state)
{
    (void)state;
    stable = said = announced = 0;
    crashloop_init(7 * MONO_S, CRASHLOOP_FREE);
    assert_false(crashloop_waits());
    assert_int_equal(announced, 0);
    assert_true(crashloop_poll(7 * MONO_S) == 7 * MONO_S + CRASHLOOP_STABLE);
    crashloop_init(0, 0);
    assert_true(crashloop_poll(CRASHLOOP_STABLE) == MONO_NEVER);
    assert_int_equal(stable, 1);
    assert_int_equal(said, 0); /* there was nothing to forgive */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_grow),
        cmocka_unit_test(a_minute_forgives),
        cmocka_unit_test(no_crash_no_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
