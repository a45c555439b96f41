/* core/pem: blocks of a file, and base64 as editors and pages leave it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/pem.h"

static struct der_view view(const char *text)
{
    return (struct der_view){(const uint8_t *)text, strlen(text)};
}

static void base64(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
        int len;
    } row[] = {
        {"", "", 0},
        {"Zg==", "f", 1},
        {"Zm8=", "fo", 2},
        {"Zm9v", "foo", 3},
        {"\r\nZm9v\r\nYmFy\r\n", "foobar", 6},
        {"Zm9v\rYmFy\r", "foobar", 6}, /* CR alone */
        {"  Zm9v\n\t Ym Fy \n", "foobar", 6},
        {"+/+/", "\xfb\xff\xbf", 3},
        {"Zm9", "", RC_BAD},
        {"Z===", "", RC_BAD},
        {"Zg=A", "", RC_BAD},
        {"Zh==", "", RC_BAD}, /* bits that are none */
        {"Zm9v-", "", RC_BAD},
        {"Zm9v\302\240", "foo", 3}, /* what pages and mail put in */
        {"Zm9v\302\255\nYm\342\200\213Fy", "foobar", 6},
        {"> Zm9v\n> YmFy\n> ", "foobar", 6},
        {"\\nZm9v\\r\\nYmFy\\n", "foobar", 6},
        {"Zm9v\302", "", RC_BAD},
        {"Zm9v\\", "", RC_BAD},
        {"====", "", RC_BAD},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        uint8_t out[8];
        int n = pem_decode(view(row[i].text), out, sizeof out);
        if (n != row[i].len)
            fail_msg("%s: %d", row[i].text, n);
        if (n > 0)
            assert_memory_equal(out, row[i].bytes, (size_t)n);
    }
    uint8_t out[2];
    assert_int_equal(pem_decode(view("Zm8="), out, 2), 2);
    assert_int_equal(pem_decode(view("Zm9v"), out, 2), RC_SPACE);
}

static void blocks(void **state)
{
    (void)state;
    struct der_view file = view("x\r-----BEGIN A-----\rZm9v\r-----END A-----\r"
                                "-----BEGIN B-----\nZg==\n-----END B-----\n"
                                "-----BEGIN C-----\nZg");
    struct pem p;
    uint8_t out[8];
    assert_int_equal(pem_next(&file, &p), RC_OK);
    assert_true(pem_is(p.label, "A"));
    assert_int_equal(pem_decode(p.body, out, sizeof out), 3);
    assert_int_equal(pem_next(&file, &p), RC_OK);
    assert_true(pem_is(p.label, "B"));
    assert_int_equal(pem_decode(p.body, out, sizeof out), 1);
    assert_int_equal(pem_next(&file, &p), RC_BAD);
    file = view("no more");
    assert_int_equal(pem_next(&file, &p), RC_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64),
        cmocka_unit_test(blocks),
    };
    return cmocka_run_group_tests_name("pem", tests, NULL, NULL);
}
