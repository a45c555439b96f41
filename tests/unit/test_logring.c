/* The ring of log lines: stamps, cutting, overtaken readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/logring.h"

static struct logring r;

static void stamps(void **state)
{
    uint32_t at = 0, missed;
    (void)state;
    memset(&r, 0, sizeof(r));
    assert_null(logring_read(&r, &at, &missed));
    logring_add(&r, 123456999, LOG_INFO, "first");
    logring_add(&r, 98765000001000, LOG_INFO, "second");
    assert_string_equal(logring_read(&r, &at, &missed), "[    0.123456] first");
    assert_string_equal(logring_read(&r, &at, &missed),
                        "[98765.000001] second");
    assert_null(logring_read(&r, &at, &missed));
    assert_int_equal(at, 2);
}

static void cut_and_clean(void **state)
{
    uint32_t at = 0, missed;
    char text[300];
    (void)state;
    memset(&r, 0, sizeof(r));
    memset(text, 'x', sizeof(text));
    text[299] = 0;
    logring_add(&r, 0, LOG_INFO, text);
    assert_int_equal(strlen(logring_read(&r, &at, &missed)),
                     LIMIT_LOG_LINE - 1);
    logring_add(&r, 0, LOG_INFO, "a\x1b[31m\r\nb\x80");
    assert_string_equal(logring_read(&r, &at, &missed),
                        "[    0.000000] a?[31m??b?");
}

static void overtaken(void **state)
{
    uint32_t at = 0, missed, start = UINT32_MAX - 100; /* numbers wrap */
    char text[32];
    (void)state;
    memset(&r, 0, sizeof(r));
    r.next = at = start;
    for (uint32_t i = 0; i < LIMIT_LOG_LINES + 44; i++) {
        sprintf(text, "%u", (unsigned)i);
        logring_add(&r, 0, LOG_INFO, text);
    }
    assert_int_equal(r.kept, LIMIT_LOG_LINES);
    assert_string_equal(logring_read(&r, &at, &missed), "[    0.000000] 44");
    assert_int_equal(missed, 44);
    for (uint32_t i = 45; i < LIMIT_LOG_LINES + 44; i++) {
        sprintf(text, "[    0.000000] %u", (unsigned)i);
        assert_string_equal(logring_read(&r, &at, &missed), text);
        assert_int_equal(missed, 0);
    }
    assert_null(logring_read(&r, &at, &missed));
    assert_int_equal(logring_oldest(&r), start + 44);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stamps),
        cmocka_unit_test(cut_and_clean),
        cmocka_unit_test(overtaken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
