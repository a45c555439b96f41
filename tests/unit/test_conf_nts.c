/* The directives of the key exchange that is served: pairs of key and
 * certificate by their order, and what a line too few or too many costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

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

static void defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_int_equal(c.pair_count, 0);
    assert_int_equal(c.ntsport, 4460);
    assert_int_equal(c.maxntsconnections, LIMIT_KE_SESSIONS);
    assert_string_equal(c.ntsntpserver, "");
}

/* The i-th key goes with the i-th certificate, wherever the lines stand. */
static void pairs(void **state)
{
    (void)state;
    assert_int_equal(parse("ntsserverkey /etc/a.key\nntsserverkey b.key\n"
                           "allow\nntsservercert a.crt\n"
                           "ntsservercert b.crt\n"),
                     0);
    assert_int_equal(c.pair_count, 2);
    assert_string_equal(c.pair[0].key, "/etc/a.key");
    assert_string_equal(c.pair[0].cert, "a.crt");
    assert_int_equal(c.pair[0].key_at.line, 1);
    assert_int_equal(c.pair[0].cert_at.line, 4);
    assert_string_equal(c.pair[1].key, "b.key");
    assert_string_equal(c.pair[1].cert, "b.crt");
}

static void halves(void **state)
{
    (void)state;
    error_is("ntsserverkey a\nntsservercert a\nntsserverkey b\n",
             "ntsserverkey: no ntsservercert line belongs to it: not served");
    assert_int_equal(c.reports[0].line, 3);
    assert_int_equal(c.pair_count, 2);
    assert_true(c.pair[0].key_at.line && c.pair[0].cert_at.line);
    error_is("ntsservercert a\n",
             "ntsservercert: no ntsserverkey line belongs to it: not served");
    error_is("ntsserverkey\nntsservercert a\n",
             "ntsserverkey: its argument is missing; line not used: its pair "
             "is not served");
    assert_int_equal(c.pair_count, 1);
    /* A line that is wrong does not shift those behind it. */
    assert_int_equal(parse("ntsserverkey\nntsserverkey b\nntsservercert a\n"
                           "ntsservercert b\n"),
                     1);
    assert_string_equal(c.pair[0].key, "");
    assert_string_equal(c.pair[1].key, "b");
    assert_string_equal(c.pair[1].cert, "b");
}

static void nine(void **state)
{
    (void)state;
    char text[1024] = "";
    for (int i = 0; i < 9; i++)
        strcat(text, "ntsserverkey k\nntsservercert c\n");
    assert_int_equal(parse(text), 2);
    assert_int_equal(c.pair_count, LIMIT_KE_PAIRS);
    assert_string_equal(c.reports[0].text,
                        "ntsserverkey: there is room for 8 pairs; line not "
                        "used: its pair is not served");
    assert_int_equal(c.reports[0].line, 17);
    text[0] = 0;
    for (int i = 0; i < 300; i++)
        strcat(strlen(text) > 900 ? strcpy(text, "") : text,
               "ntsserverkey k\n");
    (void)parse(text); /* no more than that happens */
}

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(parse("ntsport 4461\nmaxntsconnections 4\n"
                           "ntsprocesses 1\nntsntpserver ntp.example.net\n"),
                     0);
    assert_int_equal(c.notes, 0);
    assert_int_equal(c.ntsport, 4461);
    assert_int_equal(c.maxntsconnections, 4);
    assert_string_equal(c.ntsntpserver, "ntp.example.net");
    assert_int_equal(parse("maxntsconnections 100\nntsprocesses 3\n"), 0);
    assert_int_equal(c.maxntsconnections, 16);
    assert_int_equal(c.notes, 2);
    assert_string_equal(c.reports[0].text, "maxntsconnections: `100' is "
                                           "outside 1 .. 16: 16 is taken");
    assert_string_equal(c.reports[1].text,
                        "ntsprocesses: one processor does it all here");
    error_is("maxntsconnections 0\n",
             "maxntsconnections: `0' is outside 1 .. 16; line not used");
    error_is("ntsport 70000\n",
             "ntsport: `70000' is outside 0 .. 65535; line not used");
    error_is("ntsntpserver a b\n",
             "ntsntpserver: does not know what to do with `b'; line not used");
    error_is("ntsntpserver @\n", "ntsntpserver: `@' is neither a host name nor "
                                 "an address; line not used");
    error_is("ntsprocesses x\n",
             "ntsprocesses: `x' is not a number; line not used");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults), cmocka_unit_test(pairs),
        cmocka_unit_test(halves),   cmocka_unit_test(nine),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests_name("conf_nts", tests, NULL, NULL);
}
