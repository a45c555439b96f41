/* Whom the board tells: syslog lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/conf.h"

static struct conf c;

static int parse(const char *text)
{
    return conf_parse(&c, text, strlen(text));
}

static void log_servers(void **state)
{
    static const struct {
        const char *word, *address;
        uint16_t port;
    } row[] = {
        {"192.0.2.1", "192.0.2.1", 514},
        {"192.0.2.1:5514", "192.0.2.1", 5514},
        {"2001:db8::1", "2001:db8::1", 514},
        {"2001:db8::", "2001:db8::", 514},
        {"[2001:db8::1]", "2001:db8::1", 514},
        {"[2001:db8::1]:5514", "2001:db8::1", 5514},
    };
    (void)state;
    for (size_t i = 0; i < LEN(row); i++) {
        char line[80], text[ADDR_TEXT];
        snprintf(line, sizeof line, "syslog %s", row[i].word);
        assert_int_equal(parse(line), 0);
        assert_int_equal(c.syslog_count, 1);
        addr_text(&c.syslog[0].addr, text);
        assert_string_equal(text, row[i].address);
        assert_int_equal(c.syslog[0].port, row[i].port);
    }
}

static void no_log_servers(void **state)
{
#define LOSS "; line not used: the log is not sent there"
    static const struct {
        const char *word, *why;
    } row[] = {
        {"logs.example.net",
         "syslog: `logs.example.net' is a name, and none is "
         "looked up here; write its address" LOSS},
        {"logs:514", "syslog: `logs:514' is a name, and none is looked up "
                     "here; write its address" LOSS},
        {"127.0.0.1", "syslog: `127.0.0.1' is no other host's address" LOSS},
        {"224.0.0.1", "syslog: `224.0.0.1' is no other host's address" LOSS},
        {"[::1", "syslog: `[::1' is not ADDRESS or ADDRESS:PORT" LOSS},
        {"[2001:db8::1]514",
         "syslog: `[2001:db8::1]514' is not ADDRESS or ADDRESS:PORT" LOSS},
        {"192.0.2.1:x", "port: `x' is not a number" LOSS},
        {"192.0.2.1:", "port: `' is not a number" LOSS},
    };
    (void)state;
    for (size_t i = 0; i < LEN(row); i++) {
        char line[80];
        snprintf(line, sizeof line, "syslog %s", row[i].word);
        assert_int_equal(parse(line), 1);
        assert_string_equal(c.reports[0].text, row[i].why);
        assert_int_equal(c.syslog_count, 0);
    }
    assert_int_equal(parse("syslog"), 1);
    assert_int_equal(parse("syslog 192.0.2.1 udp"), 1);
}

static void mdns(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_true(c.mdns);
    assert_int_equal(parse("mdns off"), 0);
    assert_false(c.mdns);
    assert_int_equal(parse("mdns off\nmdns on"), 0);
    assert_true(c.mdns);
    assert_int_equal(parse("mdns maybe"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_servers),
        cmocka_unit_test(no_log_servers),
        cmocka_unit_test(mdns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
