/* The directives of serving: allow, deny, port, ratelimit, local and their
 * kind, and what a bad word in one of them costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/cmdmon.h"
#include "core/conf.h"

static struct conf c;

static int parse(const char *text)
{
    return conf_parse(&c, text, strlen(text));
}

static void error_is(const char *line, const char *text)
{
    assert_int_equal(parse(line), 1);
    assert_int_equal(c.reports[0].level, CONF_ERROR);
    assert_string_equal(c.reports[0].text, text);
}

static bool served(const char *text)
{
    struct addr who;
    assert_int_equal(addr_parse(text, &who), RC_OK);
    return access_allows(&c.allow, &who);
}

static void defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_false(access_opens(&c.allow));
    assert_int_equal(c.port, 123);
    assert_false(c.ratelimit.on || c.local.on || c.noclientlog);
    assert_false(access_opens(&c.cmdallow));
    assert_int_equal(c.cmdport, 323);
    assert_false(c.ntsratelimit.on || c.cmdratelimit.on);
    assert_int_equal(c.opencommands, CMDMON_OPEN);
}

static void allow_and_deny(void **state)
{
    (void)state;
    assert_int_equal(parse("allow 192.168.0.0/16\nallow 2001:db8:1::/48\n"
                           "deny 192.168.7\nallow 192.168.7.9\n"),
                     0);
    assert_true(served("192.168.1.1"));
    assert_false(served("192.168.7.1"));
    assert_true(served("192.168.7.9"));
    assert_true(served("2001:db8:1::5"));
    assert_false(served("2001:db8:2::5"));
    assert_int_equal(parse("allow"), 0);
    assert_true(served("10.0.0.1") && served("2001:db8::1"));
    assert_int_equal(parse("allow\ndeny all\n"), 0);
    assert_false(served("10.0.0.1") || served("2001:db8::1"));
    assert_int_equal(parse("allow 10/8\ndeny 10.1\nallow all 10/8"), 0);
    assert_true(served("10.1.0.1"));
    assert_int_equal(parse("ALLOW ALL"), 0);
    assert_true(served("10.1.0.1"));
}

static void bad_subnets(void **state)
{
    (void)state;
    error_is("allow 10.0.0.0/33",
             "allow: `10.0.0.0/33' is not a subnet; line not used: its hosts "
             "are not served");
    error_is(
        "deny 10.0.0.0/8 10.1.0.0/16",
        "deny: does not know what to do with `10.1.0.0/16'; line not used: "
        "its hosts are not shut out");
    error_is("allow pc.example",
             "allow: `pc.example' is a name, and none is looked up here; write "
             "its address; line not used: its hosts are not served");
    /* The rest applies. */
    assert_int_equal(parse("allow nonsense/\nallow 10/8\n"), 1);
    assert_true(served("10.0.0.1"));
}

static void too_many_subnets(void **state)
{
    (void)state;
    static char text[65 * 24];
    size_t n = 0;
    for (unsigned i = 0; i < 65; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "allow 10.0.%u\n", i);
    assert_int_equal(parse(text), 1);
    assert_int_equal(c.reports[0].line, 65);
    assert_string_equal(c.reports[0].text,
                        "allow: there are 64 subnets already; line not used: "
                        "its hosts are not served");
    assert_true(served("10.0.63.1"));
}

/* Both families want a place: with one left, neither is opened. */
static void too_many_for_both(void **state)
{
    (void)state;
    static char text[65 * 24];
    size_t n = 0;
    for (unsigned i = 0; i < 63; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "deny 10.0.%u\n", i);
    (void)snprintf(text + n, sizeof text - n, "allow\n");
    assert_int_equal(parse(text), 1);
    assert_false(served("192.0.2.1") || served("2001:db8::1"));
}

static void ipv4_as_ipv6(void **state)
{
    (void)state;
    (void)parse("allow ::ffff:10.1.2.3\ndeny ::ffff:10.0.0.0/104\n"
                "allow ::/0\nallow ::1:10.0.0.1\n");
    assert_int_equal(c.report_count, 2);
    assert_int_equal(c.reports[0].level, CONF_NOTE);
    assert_string_equal(c.reports[0].text,
                        "allow: `::ffff:10.1.2.3' is IPv4 written as IPv6, "
                        "where no packet comes from: write it as IPv4");
    assert_int_equal(c.reports[1].line, 2);
}

static void ratelimit(void **state)
{
    (void)state;
    assert_int_equal(parse("ratelimit"), 0);
    assert_true(c.ratelimit.on);
    assert_int_equal(c.ratelimit.interval, 3);
    assert_int_equal(c.ratelimit.burst, 8);
    assert_int_equal(c.ratelimit.leak, 2);
    assert_int_equal(c.ratelimit.kod, 0);
    assert_int_equal(parse("ratelimit kod 2 burst 16 interval -4 leak 1"), 0);
    assert_int_equal(c.ratelimit.interval, -4);
    assert_int_equal(c.ratelimit.burst, 16);
    assert_int_equal(c.ratelimit.leak, 1);
    assert_int_equal(c.ratelimit.kod, 2);
    error_is(
        "ratelimit interval 13",
        "interval: `13' is outside -19 .. 12; line not used: requests are not "
        "limited");
    assert_false(c.ratelimit.on);
    error_is("ratelimit burst", "burst: its value is missing; line not used: "
                                "requests are not limited");
    error_is("ratelimit speed 3", "ratelimit: unknown option `speed'; line not "
                                  "used: requests are not limited");
}

/* Its two siblings, with chrony's own defaults. */
static void other_ratelimits(void **state)
{
    (void)state;
    assert_int_equal(parse("ntsratelimit\ncmdratelimit\n"), 0);
    assert_true(c.ntsratelimit.on && c.cmdratelimit.on && !c.ratelimit.on);
    assert_int_equal(c.ntsratelimit.interval, 6);
    assert_int_equal(c.cmdratelimit.interval, -4);
    assert_int_equal(c.cmdratelimit.burst, 8);
    assert_int_equal(c.cmdratelimit.leak, 2);
    assert_int_equal(parse("cmdratelimit burst 1 leak 4 interval 12\n"
                           "ntsratelimit interval -19"),
                     0);
    assert_int_equal(c.cmdratelimit.burst, 1);
    assert_int_equal(c.ntsratelimit.interval, -19);
    error_is("cmdratelimit kod 2",
             "cmdratelimit: unknown option `kod'; line not used: commands are "
             "not limited");
    error_is("ntsratelimit leak 5",
             "leak: `5' is outside 1 .. 4; line not used: key exchanges are "
             "not limited");
}

static void commands(void **state)
{
    (void)state;
    assert_int_equal(parse("cmdallow 10/8\ncmddeny 10.1\nallow 10.1.1.1\n"
                           "cmdport 3230\nopencommands tracking Sources\n"),
                     0);
    const struct addr in = {4, {10, 2}}, out = {4, {10, 1, 1, 1}};
    assert_true(access_allows(&c.cmdallow, &in));
    assert_false(access_allows(&c.cmdallow, &out));
    assert_true(served("10.1.1.1") && !served("10.2.0.0"));
    assert_int_equal(c.cmdport, 3230);
    assert_int_equal(c.opencommands,
                     1u << CMDMON_TRACKING | 1u << CMDMON_SOURCES);
    assert_int_equal(parse("cmdallow all\nopencommands\n"), 0);
    assert_int_equal(c.opencommands, 0);
    assert_true(access_allows(&c.cmdallow, &out));
    error_is("opencommands tracking makestep",
             "opencommands: `makestep' is not a report of chronyc's; line not "
             "used: every report but clients is given");
    assert_int_equal(c.opencommands, CMDMON_OPEN);
    error_is("cmdallow 10.0.0.0/33",
             "cmdallow: `10.0.0.0/33' is not a subnet; line not used: its "
             "hosts get no report");
    error_is("cmddeny gnomon.example",
             "cmddeny: `gnomon.example' is a name, and none is looked up here; "
             "write its address; line not used: its hosts are not shut out");
    error_is("cmdport 65536", "cmdport: `65536' is outside 0 .. 65535; line "
                              "not used");
    assert_int_equal(parse("bindcmdaddress 0.0.0.0\n"), 0);
    assert_int_equal(c.reports[0].level, CONF_IGNORED);
    assert_string_equal(c.reports[0].text,
                        "bindcmdaddress: ignored: there is one interface, and "
                        "no socket but UDP's; cmdallow opens it");
}

static void local(void **state)
{
    (void)state;
    assert_int_equal(parse("local"), 0);
    assert_true(c.local.on);
    assert_int_equal(c.local.stratum, 10);
    assert_true(c.local.distance_s == 1 && c.local.activate_s == 0);
    assert_int_equal(parse("local stratum 8"), 0);
    assert_int_equal(c.local.stratum, 8);
    assert_int_equal(parse("local orphan distance 0.1 activate 0.5 waitsynced "
                           "10 waitunsynced 300 stratum 5"),
                     0);
    assert_int_equal(c.local.stratum, 5);
    assert_true(c.local.distance_s == 0.1 && c.local.activate_s == 0.5);
    assert_true(c.local.waitsynced_s == 10 && c.local.waitunsynced_s == 300);
    assert_int_equal(c.reports[0].level, CONF_NOTE);
    assert_int_equal(parse("local stratum 16"), 1);
    assert_false(c.local.on);
    assert_int_equal(parse("local distance -1"), 1);
}

static void the_rest(void **state)
{
    (void)state;
    assert_int_equal(parse("port 0\nnoclientlog\nclientloglimit 4194304\n"), 0);
    assert_int_equal(c.port, 0);
    assert_true(c.noclientlog);
    assert_int_equal(c.reports[0].level, CONF_NOTE);
    assert_string_equal(c.reports[0].text,
                        "clientloglimit: the table here always has room for "
                        "1024 clients");
    assert_int_equal(parse("port 65536"), 1);
    assert_int_equal(c.port, 123);
}

/* Whom the page is shown is another list, and its own port. */
static void http(void **state)
{
    const struct addr near = {4, {10, 1, 2, 3}}, far = {4, {10, 2, 2, 3}};
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_int_equal(c.httpport, 80);
    assert_int_equal(c.httpallow.count, 0);
    assert_int_equal(parse("httpport 0\nhttpallow 10.1\nallow 10.2"), 0);
    assert_int_equal(c.httpport, 0);
    assert_true(access_allows(&c.httpallow, &near));
    assert_false(access_allows(&c.httpallow, &far));
    assert_false(access_allows(&c.allow, &near));
    assert_int_equal(parse("httpallow all"), 0);
    assert_true(access_allows(&c.httpallow, &far));
    error_is("httpallow pc.example",
             "httpallow: `pc.example' is a name, and none is looked up here; "
             "write its address; line not used: its hosts see no page");
    error_is("httpport 65536",
             "httpport: `65536' is outside 0 .. 65535; line not used");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(allow_and_deny),
        cmocka_unit_test(http),
        cmocka_unit_test(bad_subnets),
        cmocka_unit_test(too_many_subnets),
        cmocka_unit_test(too_many_for_both),
        cmocka_unit_test(ipv4_as_ipv6),
        cmocka_unit_test(ratelimit),
        cmocka_unit_test(local),
        cmocka_unit_test(other_ratelimits),
        cmocka_unit_test(commands),
        cmocka_unit_test(the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
