/* core/syslog: RFC 5424's fields, and texts that would break them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/mono.h"
#include "core/syslog.h"

static char out[SYSLOG_MAX];

static const struct syslog_line good = {
    .hostname = "gnomon",
    .timed = true,
    .unix_s = 1795392000,
    .ns = 500000999,
    .synced = true,
    .bound_ns = 173001,
    .uptime = 1500 * MONO_MS,
    .number = 6,
    .severity = LOG_NOTICE,
    .text = "synchronised: 3 of 3 sources agree, \"nts1\" [selected]",
};

static void a_line(void **state)
{
    (void)state;
    size_t len = syslog_format(&good, out, sizeof out);
    assert_string_equal(
        out, "<101>1 2026-11-23T00:00:00.500000Z gnomon gnomon - - "
             "[timeQuality tzKnown=\"1\" isSynced=\"1\" syncAccuracy=\"174\"]"
             "[meta sequenceId=\"7\" sysUpTime=\"150\"] "
             "synchronised: 3 of 3 sources agree, \"nts1\" [selected]");
    assert_int_equal(len, strlen(out));
}

static void before_the_clock_is_set(void **state)
{
    (void)state;
    struct syslog_line l = good;
    l.timed = l.synced = false;
    l.severity = LOG_ERROR;
    l.hostname = "";
    (void)syslog_format(&l, out, sizeof out);
    const char want[] = "<99>1 - - gnomon - - [timeQuality tzKnown=\"1\" "
                        "isSynced=\"0\"][meta sequenceId=\"7\" ";
    assert_memory_equal(out, want, sizeof want - 1);
    /* Logged then, sent when it is set: the quality is that of the sender. */
    l.synced = true;
    l.bound_ns = INT64_MAX;
    (void)syslog_format(&l, out, sizeof out);
    assert_non_null(strstr(out, "1 - - gnomon - - [timeQuality tzKnown=\"1\" "
                                "isSynced=\"1\"][meta"));
}

static void severities(void **state)
{
    static const char *const pri[] = {"<99>1 ", "<100>1 ", "<101>1 ",
                                      "<102>1 "};
    (void)state;
    struct syslog_line l = good;
    for (unsigned i = 0; i < LEN(pri); i++) {
        l.severity = (uint8_t)(LOG_ERROR + i);
        (void)syslog_format(&l, out, sizeof out);
        assert_memory_equal(out, pri[i], strlen(pri[i]));
    }
}

static void one_line_of_ascii(void **state)
{
    (void)state;
    struct syslog_line l = good;
    l.hostname = "a host\n\xc3";
    l.text = "evil\r\n<0>1 - x\x1b[31m\x7f\xe2\x80\xa8<script>";
    (void)syslog_format(&l, out, sizeof out);
    assert_non_null(strstr(out, "Z a?host?\? gnomon "));
    assert_non_null(strstr(out, "] evil?\?<0>1 - x?[31m?\?\?\?<script>"));
    for (const char *c = out; *c; c++)
        assert_in_range(*c, ' ', '~');
}

static void longest(void **state)
{
    char text[LIMIT_LOG_LINE], host[64];
    (void)state;
    memset(text, 't', sizeof text);
    memset(host, 'h', sizeof host);
    text[sizeof text - 1] = host[sizeof host - 1] = 0;
    struct syslog_line l = good;
    l.text = text;
    l.hostname = host;
    l.bound_ns = INT64_MAX - 1;
    l.uptime = INT64_MAX;
    l.number = UINT32_MAX;
    size_t len = syslog_format(&l, out, sizeof out);
    assert_true(len < sizeof out - 1);
    assert_string_equal(out + len - (sizeof text - 1), text);
    assert_non_null(strstr(out, "sequenceId=\"2\""));
    assert_int_equal(syslog_format(&l, out, 20), 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line),     cmocka_unit_test(before_the_clock_is_set),
        cmocka_unit_test(severities), cmocka_unit_test(one_line_of_ascii),
        cmocka_unit_test(longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
