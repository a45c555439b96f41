/* core/fmt against the C library's snprintf, which is the specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/fmt.h"

#define SAME(...)                                                              \
    do {                                                                       \
        char a[120], b[120];                                                   \
        int n = snprintf(a, sizeof(a), __VA_ARGS__);                           \
        assert_int_equal(fmt(b, sizeof(b), __VA_ARGS__), n);                   \
        assert_string_equal(b, a);                                             \
    } while (0)

static void like_printf(void **state)
{
    (void)state;
    SAME("plain 100%%");
    SAME("%d %i %u %5d|%-5d|%05d|%+d|% d", -1, 2, 3u, 4, 5, 6, 7, 8);
    SAME("%d %d %u", INT32_MAX, INT32_MIN, UINT32_MAX);
    SAME("%lld %lld %llu", (long long)INT64_MAX, (long long)INT64_MIN,
         (unsigned long long)UINT64_MAX);
    SAME("%hhu %hu %ld %zu", (unsigned char)255, (unsigned short)65535, -1L,
         sizeof(int));
    SAME("%x %X %08x %3o %.3d", 0xbeefu, 0xbeefu, 0x12u, 0377u, 7);
    SAME("%s|%10s|%-10s|%.2s|%*.*s", "abc", "abc", "abc", "abc", 6, 1, "xyz");
    SAME("%c%c%5c|%-3c|", 'a', 'b', 'c', 'd');
    SAME("%f %.3f %+.3f %10.1f %-9.2f| %.0f", 1.5, -0.125001, 3.14159, 64.2,
         2.0, 2.7);
    SAME("%.9f %.3f", 0.000006523, 1e9);
    SAME("%+.3f %08.2f", -0.0004, -1.25);
}

static void cuts(void **state)
{
    char b[8];
    (void)state;
    assert_int_equal(fmt(b, sizeof(b), "%s", "0123456789"), 7);
    assert_string_equal(b, "0123456");
    assert_int_equal(fmt(b, 1, "abc"), 0);
    assert_string_equal(b, "");
    assert_int_equal(fmt(b, sizeof(b), "%500d", 1), 7);
    struct fmt_text t = fmt_text_of(b, sizeof(b));
    fmt_add(&t, "abcd");
    assert_false(t.cut);
    fmt_add(&t, "efgh");
    assert_true(t.cut);
    assert_string_equal(b, "abcdefg");
    assert_int_equal(t.len, 7);
}

static void odd_numbers(void **state)
{
    char b[40];
    (void)state;
    (void)fmt(b, sizeof(b), "%f", 0.0 / 0.0);
    assert_string_equal(b, "nan");
    (void)fmt(b, sizeof(b), "%.0f", 1e300); /* saturates */
    assert_string_equal(b, "9000000000000000000");
    (void)fmt(b, sizeof(b), "%.3f", -1.0 / 0.0);
    assert_string_equal(b, "-9000000000000000.000");
}

static void spans(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *text;
    } row[] = {{3000000000, "3 s"},  {10500000000, "10.5 s"},
               {200000000, "0.2 s"}, {3500000, "3.5 ms"},
               {100000, "0.1 ms"},   {10000, "10 us"},
               {100, "0.1 us"},      {0, "0 us"}};
    for (size_t i = 0; i < LEN(row); i++) {
        char out[16];
        struct fmt_text t = fmt_text_of(out, sizeof out);
        fmt_add_span(&t, row[i].ns);
        assert_string_equal(out, row[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_printf),
        cmocka_unit_test(cuts),
        cmocka_unit_test(odd_numbers),
        cmocka_unit_test(spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
