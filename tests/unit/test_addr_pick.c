/* Which of a name's addresses a source uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/addr_pick.h"

static struct addr at(unsigned last)
{
    return addr_of(4, (const uint8_t[4]){192, 0, 2, (uint8_t)last});
}

static unsigned pick(struct addr_pick *p, const struct addr *list, size_t count,
                     const struct addr *used, size_t used_count)
{
    struct addr out = {0};
    addr_pick_next(p, list, count, used, used_count, &out);
    return out.b[3];
}

/* Each has its turn, in whatever order they are listed, and then again. */
static void turns(void **state)
{
    (void)state;
    struct addr_pick p = {0};
    struct addr list[] = {at(1), at(2), at(3)}, other[] = {at(3), at(1), at(2)};
    assert_int_equal(pick(&p, list, 3, NULL, 0), 1);
    assert_int_equal(pick(&p, list, 3, NULL, 0), 1);
    addr_pick_bad(&p, &list[0]);
    assert_int_equal(pick(&p, list, 3, NULL, 0), 2);
    addr_pick_bad(&p, &list[1]);
    assert_int_equal(pick(&p, other, 3, NULL, 0), 3);
    addr_pick_bad(&p, &list[2]);
    assert_int_equal(pick(&p, list, 3, NULL, 0), 1); /* anew */
    addr_pick_bad(&p, &list[0]);
    assert_int_equal(pick(&p, list, 3, NULL, 0), 2);
    addr_pick_good(&p, &list[0]);
    assert_int_equal(pick(&p, list, 3, NULL, 0), 1);
}

/* The one in use stays while it is the name's and good. */
static void stays(void **state)
{
    (void)state;
    struct addr_pick p = {0};
    struct addr list[] = {at(1), at(2), at(3)}, own = at(2), used = at(2);
    addr_pick_next(&p, list, 3, NULL, 0, &own);
    assert_int_equal(own.b[3], 2);
    addr_pick_next(&p, list, 1, NULL, 0, &own); /* the name has changed */
    assert_int_equal(own.b[3], 1);
    own = at(2);
    addr_pick_next(&p, list, 3, &used, 1, &own);
    assert_int_equal(own.b[3], 1);
    own = at(2);
    addr_pick_next(&p, &used, 1, &used, 1, &own);
    assert_int_equal(own.b[3], 2);
    addr_pick_bad(&p, &own);
    addr_pick_next(&p, list, 3, NULL, 0, &own);
    assert_int_equal(own.b[3], 1);
}

/* What others use is taken last of all. */
static void others(void **state)
{
    (void)state;
    struct addr_pick p = {0};
    struct addr list[] = {at(1), at(2), at(3)}, used[] = {at(9), at(1), at(2)};
    assert_int_equal(pick(&p, list, 3, used, 3), 3);
    addr_pick_bad(&p, &list[2]);
    assert_int_equal(pick(&p, list, 3, used, 3), 3); /* once more */
    assert_int_equal(pick(&p, list, 2, used, 3), 1);
    addr_pick_bad(&p, &list[0]);
    assert_int_equal(pick(&p, list, 2, used, 3), 2);
    addr_pick_bad(&p, &list[1]);
    assert_int_equal(pick(&p, list, 2, used, 3), 1);
}

static void many(void **state)
{
    (void)state;
    struct addr_pick p = {0};
    for (unsigned i = 1; i <= 100; i++) {
        struct addr a = at(i);
        addr_pick_bad(&p, &a);
        addr_pick_bad(&p, &a);
    }
    struct addr list[] = {at(100), at(86), at(84)};
    assert_int_equal(p.count, LIMIT_DNS_ADDRESSES);
    assert_int_equal(pick(&p, list, 3, NULL, 0), 84); /* forgotten */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns),
        cmocka_unit_test(stays),
        cmocka_unit_test(others),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
