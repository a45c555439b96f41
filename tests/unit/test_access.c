/* core/access: chrony's allow and deny. What is expected of chrony's own
 * examples was measured on chronyd 4.3 and 4.9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/access.h"

static struct access a;

static int setup(void **state)
{
    (void)state;
    memset(&a, 0, sizeof a);
    return 0;
}

static int add(const char *subnet, bool allow, bool all)
{
    struct addr_prefix net;
    assert_int_equal(access_parse(subnet, &net), RC_OK);
    return access_add(&a, &net, allow, all);
}

static void allow(const char *subnet)
{
    assert_int_equal(add(subnet, true, false), RC_OK);
}

static void deny(const char *subnet)
{
    assert_int_equal(add(subnet, false, false), RC_OK);
}

static bool served(const char *text)
{
    struct addr who;
    assert_int_equal(addr_parse(text, &who), RC_OK);
    return access_allows(&a, &who);
}

static void nobody_at_first(void **state)
{
    (void)state;
    assert_false(served("127.0.0.1"));
    assert_false(served("::1"));
    assert_false(access_opens(&a));
    deny("10.0.0.0/8");
    assert_false(access_opens(&a));
    struct addr none = {0};
    allow("0/0");
    assert_true(access_opens(&a));
    assert_false(access_allows(&a, &none));
}

static void most_specific_wins(void **state)
{
    (void)state;
    deny("10.1.2.3");
    allow("10.1.0.0/16");
    deny("10.0.0.0/8");
    allow("2001:db8::/32");
    deny("2001:db8:1::/48");
    assert_true(served("10.1.2.4"));
    assert_false(served("10.1.2.3"));
    assert_false(served("10.2.0.1"));
    assert_false(served("11.0.0.1"));
    assert_true(served("2001:db8:2::1"));
    assert_false(served("2001:db8:1::1"));
    assert_false(served("::ffff:10.1.2.4"));
}

static void later_of_two_about_one(void **state)
{
    (void)state;
    allow("10.1.2.99/24");
    deny("10.1.2");
    assert_int_equal(a.count, 1);
    assert_false(served("10.1.2.1"));
    allow("10.1.2.0/24");
    assert_true(served("10.1.2.1"));
}

/* As chronyd does: allow 127/8, deny 127.0.0.2, allow 127. */
static void all_forgets_the_parts(void **state)
{
    (void)state;
    allow("127.0.0.0/8");
    deny("127.0.0.2");
    allow("127");
    assert_false(served("127.0.0.2"));
    assert_int_equal(add("127.0.0.0/8", true, true), RC_OK);
    assert_true(served("127.0.0.2"));
    deny("10.0.0.1"); /* is no part of it */
    assert_int_equal(add("127/8", false, true), RC_OK);
    assert_int_equal(a.count, 2);
}

static void forms(void **state)
{
    (void)state;
    static const struct {
        const char *text, *is; /* NULL: refused */
    } row[] = {
        {"1.2.3.4", "1.2.3.4/32"},
        {"1.2.3.4/24", "1.2.3.0/24"},
        {"1.2.3", "1.2.3.0/24"},
        {"1.2", "1.2.0.0/16"},
        {"1", "1.0.0.0/8"},
        {"0/0", "0.0.0.0/0"},
        {"1.2/12", "1.0.0.0/12"},
        {"2001:db8::1/32", "2001:db8::/32"},
        {"::/0", "::/0"},
        {"fe80::1", "fe80::1/128"},
        {"1.2.3.4/33", NULL},
        {"1.2.3/33", NULL},
        {"256.1", NULL},
        {"1.2.3.4.5", NULL},
        {"1..2", NULL},
        {"01.2.3", NULL},
        {"1.2.3/", NULL},
        {"/8", NULL},
        {"", NULL},
        {"1.2.3.0/255.255.255.0", NULL},
        {"host.example", NULL},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct addr_prefix p = {.bits = 99};
        char text[ADDR_PREFIX_TEXT];
        int rc = access_parse(row[i].text, &p);
        if (!row[i].is) {
            if (rc != RC_BAD)
                fail_msg("%s is accepted", row[i].text);
            continue;
        }
        assert_int_equal(rc, RC_OK);
        addr_prefix_text(&p, text);
        assert_string_equal(text, row[i].is);
    }
}

static void a_full_list_says_so(void **state)
{
    (void)state;
    char text[20];
    for (unsigned i = 0; i < LIMIT_ACCESS_RULES; i++) {
        (void)snprintf(text, sizeof text, "10.0.%u.0/24", i);
        allow(text);
    }
    assert_int_equal(add("10.1.0.0/16", true, false), RC_SPACE);
    assert_false(served("10.1.0.1"));
    deny("10.0.3"); /* is there already */
    assert_false(served("10.0.3.1"));
    assert_int_equal(add("10/8", true, true), RC_OK); /* makes room */
    assert_int_equal(a.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nobody_at_first, setup),
        cmocka_unit_test_setup(most_specific_wins, setup),
        cmocka_unit_test_setup(later_of_two_about_one, setup),
        cmocka_unit_test_setup(all_forgets_the_parts, setup),
        cmocka_unit_test_setup(forms, setup),
        cmocka_unit_test_setup(a_full_list_says_so, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
