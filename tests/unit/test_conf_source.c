/* The options of server and pool lines: chrony's meanings, ranges and
 * defaults; what is ignored says why; what may not be ignored is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/conf.h"

static struct conf c;

static int parse(const char *options)
{
    char text[256];
    snprintf(text, sizeof text, "# one\nserver a.example %s\n", options);
    return conf_parse(&c, text, strlen(text));
}

static void report_is(enum conf_level level, const char *text)
{
    assert_true(c.report_count > 0);
    assert_int_equal(c.reports[0].level, level);
    assert_int_equal(c.reports[0].line, 2);
    assert_string_equal(c.reports[0].text, text);
}

static void defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    const struct conf_source *s = &c.sources[0];
    assert_true(s->maxdelay_s == 3.0 && s->maxdelayratio == 0.0 &&
                s->maxdelaydevratio == 0.0 && s->offset_s == 0.0);
    assert_int_equal(s->minstratum, 0);
    assert_false(s->xleave);
}

static void honoured(void **state)
{
    (void)state;
    assert_int_equal(parse("maxdelay 0.25 maxdelayratio 2.5 xleave "
                           "maxdelaydevratio 1e1 offset -5e-1 minstratum 4"),
                     0);
    assert_int_equal(c.report_count, 0);
    const struct conf_source *s = &c.sources[0];
    assert_true(s->maxdelay_s == 0.25 && s->maxdelayratio == 2.5 &&
                s->maxdelaydevratio == 10.0 && s->offset_s == -0.5);
    assert_int_equal(s->minstratum, 4);
    assert_true(s->xleave);
}

static void ranges(void **state)
{
    static const struct {
        const char *options, *text;
    } row[] = {
        {"maxdelay", "maxdelay: its value is missing"},
        {"maxdelay 3s", "maxdelay: `3s' is not a number"},
        {"port 0", "port: `0' is outside 1 .. 65535"},
        {"version 5", "version: `5' is outside 1 .. 4"},
        {"presend 33", "presend: `33' is outside -32 .. 32"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        assert_int_equal(parse(row[i].options), 1);
        char text[160];
        snprintf(text, sizeof text, "%s; line not used: one server fewer",
                 row[i].text);
        report_is(CONF_ERROR, text);
        assert_int_equal(c.source_count, 0);
    }
}

/* As chrony: a number beyond its range costs no server. */
static void clamped(void **state)
{
    static const struct {
        const char *options, *text;
    } row[] = {
        {"maxdelay 1000.1",
         "maxdelay: `1000.1' is outside 0 .. 1000: 1000 is taken"},
        {"maxdelay -1", "maxdelay: `-1' is outside 0 .. 1000: 0 is taken"},
        {"maxdelayratio 1e9",
         "maxdelayratio: `1e9' is outside 0 .. 1000000: 1000000 is taken"},
        {"maxdelaydevratio -1",
         "maxdelaydevratio: `-1' is outside 0 .. 1000000: 0 is taken"},
        {"offset 2e9", "offset: `2e9' is outside -1000000000 .. 1000000000: "
                       "1000000000 is taken"},
        {"minstratum 16", "minstratum: `16' is outside 0 .. 15: 15 is taken"},
        {"minpoll -8", "minpoll: `-8' is outside -7 .. 24: -7 is taken"},
        {"maxpoll 30", "maxpoll: `30' is outside -7 .. 24: 24 is taken"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        assert_int_equal(parse(row[i].options), 0);
        report_is(CONF_NOTE, row[i].text);
        assert_int_equal(c.source_count, 1);
    }
    assert_int_equal(parse("maxntsretry 12"), 0);
    assert_int_equal(c.sources[0].maxntsretry, 12);
    assert_int_equal(parse(""), 0);
    assert_int_equal(c.sources[0].maxntsretry, 19);
    assert_int_equal(parse("maxpoll 30"), 0);
    assert_int_equal(c.sources[0].maxpoll, 24);
    assert_int_equal(parse("minpoll -9 maxdelay 1e6"), 0);
    assert_int_equal(c.sources[0].minpoll, -7);
    assert_true(c.sources[0].maxdelay_s == 1000.0);
}

static void version(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_int_equal(c.sources[0].version, 4);
    assert_int_equal(parse("version 3"), 0);
    assert_int_equal(c.sources[0].version, 3);
    assert_int_equal(c.report_count, 0);
}

static void family(void **state)
{
    (void)state;
    assert_int_equal(parse("nts"), 0);
    assert_int_equal(c.sources[0].family, 0);
    assert_int_equal(parse("ipv4"), 0);
    assert_int_equal(c.sources[0].family, 4);
    assert_int_equal(parse("ipv4 IPv6"), 0); /* the last, as in chrony */
    assert_int_equal(c.sources[0].family, 6);
    assert_int_equal(c.report_count, 0);
}

/* A slip in one option: what was meant, and what it costs. */
static void nearest(void **state)
{
    static const struct {
        const char *wrong, *near;
    } row[] = {{"ibrust", "iburst"},   {"minpol 4", "minpoll"},
               {"NTS1", "nts"},        {"max-poll 4", "maxpoll"},
               {"prefered", "prefer"}, {"noslect", "noselect"}};
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char text[160];
        assert_int_equal(parse(row[i].wrong), 1);
        snprintf(text, sizeof text,
                 "server: unknown option `%.*s' (%s?); line not used: one "
                 "server fewer",
                 (int)strcspn(row[i].wrong, " "), row[i].wrong, row[i].near);
        report_is(CONF_ERROR, text);
        assert_int_equal(c.source_count, 0);
    }
    assert_int_equal(parse("zzzzzzzz"), 1);
    report_is(CONF_ERROR, "server: unknown option `zzzzzzzz'; line not used: "
                          "one server fewer");
}

/* With the key left out the source would be asked without authentication. */
static void a_key_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("iburst key 5"), 1);
    report_is(CONF_ERROR, "server: option `key': there are no symmetric keys "
                          "here; nts authenticates; line not used: one server "
                          "fewer");
    assert_int_equal(c.source_count, 0);
}

static void ignored_with_a_reason(void **state)
{
    static const char *const options[] = {"asymmetry 0.1",
                                          "auto_offline",
                                          "burst",
                                          "copy",
                                          "extfield F323",
                                          "filter 5",
                                          "maxdelayquant 0.2",
                                          "maxsamples 10",
                                          "maxunreach 100",
                                          "mindelay 1e-4",
                                          "minsamples 6",
                                          "offline",
                                          "polltarget 12",
                                          "presend 9"};
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        assert_int_equal(parse(options[i]), 0);
        assert_int_equal(c.source_count, 1);
        assert_int_equal(c.report_count, 1);
        assert_int_equal(c.reports[0].level, CONF_IGNORED);
        char start[64];
        snprintf(start, sizeof start, "server: option `%.*s' ignored: ",
                 (int)strcspn(options[i], " "), options[i]);
        assert_memory_equal(c.reports[0].text, start, strlen(start));
        assert_true(strlen(c.reports[0].text) > strlen(start) + 5);
        assert_true(strlen(c.reports[0].text) < 159); /* not cut */
    }
}

/* Servers that share a name are told apart by the port that is asked first. */
static void labels(void **state)
{
    (void)state;
    static const char text[] = "server 10.0.2.2 nts ntsport 4461\n"
                               "server 10.0.2.2 nts ntsport 4462 port 11123\n"
                               "server 10.0.2.2 port 11123\n"
                               "server fd00::2 nts\n"
                               "server fd00::2 port 124\n"
                               "server a.example nts\n"
                               "server b.example nts\n"
                               "server c.example nts\n"
                               "server C.example nts port 124\n";
    static const char *const want[] = {
        "10.0.2.2:4461",  "10.0.2.2:4462", "10.0.2.2:11123",
        "[fd00::2]:4460", "[fd00::2]:124", "a.example",
        "b.example",      "c.example:123", "C.example:124"};
    (void)!conf_parse(&c, text, strlen(text));
    assert_int_equal(c.source_count, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_string_equal(c.sources[i].label, want[i]);
    /* The longest name has room. */
    char longest[2 * 300] = "server ";
    size_t n = strlen(longest);
    memset(longest + n, 'n', 62);
    longest[n + 62] = '.';
    memcpy(longest + n + 63, longest + n, 63);
    memcpy(longest + n + 126, longest + n, 63);
    memcpy(longest + n + 189, longest + n, 62);
    size_t len = n + 251;
    memcpy(longest + len, " port 65535\n", 12);
    len += 12;
    memcpy(longest + len, longest, n + 251);
    len += n + 251;
    longest[len++] = '\n';
    (void)!conf_parse(&c, longest, len);
    assert_int_equal(c.source_count, 2);
    assert_int_equal(strlen(c.sources[0].label), 251 + 6);
    assert_string_equal(c.sources[0].label + 251, ":65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults), cmocka_unit_test(honoured),
        cmocka_unit_test(ranges),   cmocka_unit_test(clamped),
        cmocka_unit_test(version),  cmocka_unit_test(family),
        cmocka_unit_test(nearest),  cmocka_unit_test(a_key_is_refused),
        cmocka_unit_test(labels),   cmocka_unit_test(ignored_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
