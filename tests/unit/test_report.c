/* core/report: the text of REPORT.TXT, and by what it is known again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/mono.h"
#include "core/report.h"

static char out[REPORT_BYTES + 1];
static struct logring ring;

static const uint8_t *sector(unsigned i)
{
    return (const uint8_t *)out + i * REPORT_SECTOR;
}

static int read_back(struct report_head *h)
{
    return report_head_read(h, sector(0), sector(REPORT_SECTORS - 1));
}

static void build(uint8_t number, bool last, unsigned lines)
{
    struct report r;
    struct report_head h = {.number = number, .last = last};
    memset(&ring, 0, sizeof ring);
    for (unsigned i = 0; i < lines; i++) {
        char text[LIMIT_LOG_LINE];
        memset(text, 'a' + (int)(i % 26), sizeof text);
        text[150 + i * 7 % 70] = 0;
        logring_add(&ring, i * MONO_S, LOG_INFO, text);
    }
    memset(out, 0x55, sizeof out);
    report_begin(&r, out, &h);
    report_add(&r, "Board           : a\n\tb\xff\n");
    report_add(&r, "no end");
    report_log(&r, &ring);
    report_end(&r);
    assert_int_equal(out[REPORT_BYTES], 0x55); /* not a byte beyond */
    out[REPORT_BYTES] = 0;
}

static void head_is_read_back(void **state)
{
    (void)state;
    struct report_head h;
    for (uint8_t n = 0; n <= REPORT_MOST; n++)
        for (int last = 0; last < 2; last++) {
            build(n, last, 3);
            assert_int_equal(read_back(&h), RC_OK);
            assert_int_equal(h.number, n);
            assert_int_equal(h.last, last);
        }
}

static void known_by_either_end(void **state)
{
    (void)state;
    struct report_head h = {.number = 77};
    build(1, true, 3);
    memset(out + REPORT_BYTES - 100, 0, 100);
    assert_int_equal(read_back(&h), RC_OK);
    assert_true(h.number == 1 && h.last);
    build(1, true, 3);
    memset(out, 0, 100);
    assert_int_equal(read_back(&h), RC_OK);
    assert_true(h.number == REPORT_MOST && !h.last);
    memset(out + REPORT_BYTES - 1, 0, 1);
    h.number = 77;
    assert_int_equal(read_back(&h), RC_BAD);
    assert_int_equal(h.number, 77);
    build(1, true, 3); /* a number that is none */
    memset(out + 14, '4', 1);
    memset(out + REPORT_BYTES - 1, 0, 1);
    assert_int_equal(read_back(&h), RC_BAD);
}

/* Text alone, lines in CR LF, no line longer than an editor likes. */
static void is_text_for_any_pc(void **state)
{
    (void)state;
    for (unsigned lines = 0; lines < 300; lines += 23) {
        build(2, false, lines);
        unsigned length = 0;
        for (unsigned i = 0; i < REPORT_BYTES; i++) {
            assert_true((out[i] >= ' ' && out[i] <= '~') || out[i] == '\r' ||
                        out[i] == '\n');
            assert_true(out[i] != '\n' || out[i - 1] == '\r');
            length = out[i] == '\n' ? 0 : length + 1;
            assert_true(length < 1100);
        }
        assert_non_null(strstr(out, "\r\n?b?\r\nno end\r\n"));
        assert_string_equal(out + REPORT_BYTES - 24,
                            "\r\nEND OF GNOMON REPORT\r\n");
    }
}

/* A log that is too long loses its middle. */
static void keeps_both_ends_of_the_log(void **state)
{
    (void)state;
    build(1, false, 20);
    assert_null(strstr(out, "left out"));
    assert_non_null(strstr(out, "[   19.000000]"));
    build(1, false, 250);
    assert_non_null(strstr(out, "[    0.000000]"));
    assert_non_null(strstr(out, "[  249.000000]"));
    assert_non_null(strstr(out, " lines left out)\r\n"));
    unsigned shown = 0;
    for (const char *p = out; (p = strstr(p, "\r\n[")) != NULL; p++)
        shown++;
    assert_in_range(shown, 130, 249);
}

static void what_has_no_room_is_left_out(void **state)
{
    (void)state;
    static char text[2 * REPORT_BYTES];
    struct report r;
    const struct report_head h = {.number = 1};
    memset(text, 'x', sizeof text - 1);
    report_begin(&r, out, &h);
    report_add(&r, text);
    report_add(&r, text);
    report_log(&r, &ring);
    report_end(&r);
    struct report_head back;
    assert_int_equal(read_back(&back), RC_OK);
    assert_non_null(strstr(out + REPORT_BYTES - 24, "END OF"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_is_read_back),
        cmocka_unit_test(known_by_either_end),
        cmocka_unit_test(is_text_for_any_pc),
        cmocka_unit_test(keeps_both_ends_of_the_log),
        cmocka_unit_test(what_has_no_room_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
