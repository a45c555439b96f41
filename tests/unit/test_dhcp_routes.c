/* core/dhcp_routes: option 121 as RFC 3442 writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/dhcp_routes.h"

/* The RFC's examples of a destination's octets: 0, 8, 16, 24, 27, 32 bits. */
static void test_widths(void **state)
{
    (void)state;
    static const uint8_t b[] = {
        0,  10, 9,   0,   1,                /* default */
        8,  10, 10,  9,   0,   2,           /* 10/8 */
        16, 10, 17,  10,  9,   0,  3,       /* 10.17/16 */
        24, 10, 27,  129, 10,  9,  0, 4,    /* 10.27.129/24 */
        27, 10, 229, 0,   138, 10, 9, 0, 5, /* bits beyond: .128/27 */
        32, 10, 198, 122, 47,  0,  0, 0, 0, /* on the link */
    };
    static const struct {
        uint8_t to[4], via;
    } want[] = {
        {{192, 0, 2, 1}, 1},     {{10, 1, 2, 3}, 2},
        {{10, 17, 2, 3}, 3},     {{10, 27, 129, 9}, 4},
        {{10, 27, 130, 9}, 2},   {{10, 229, 0, 150}, 5},
        {{10, 229, 0, 160}, 2},  {{10, 198, 122, 47}, 0},
        {{10, 198, 122, 48}, 2},
    };
    struct dhcp_routes routes;
    assert_int_equal(dhcp_routes_parse(b, sizeof b, &routes), RC_OK);
    assert_int_equal(routes.count, 6);
    for (size_t i = 0; i < LEN(want); i++) {
        const struct dhcp_route *r = dhcp_routes_find(&routes, want[i].to);
        assert_non_null(r);
        assert_int_equal(r->via[3], want[i].via);
    }
    for (size_t len = 0; len < sizeof b; len++) { /* cut anywhere */
        bool whole =
            len == 5 || len == 11 || len == 18 || len == 26 || len == 35;
        assert_int_equal(dhcp_routes_parse(b, len, &routes),
                         whole ? RC_OK : RC_BAD);
    }
}

static void test_many(void **state)
{
    (void)state;
    uint8_t b[7 * 60];
    struct dhcp_routes routes = {.count = 0};
    for (uint8_t i = 0; i < 60; i++)
        memcpy(b + i * 7, (uint8_t[7]){16, 172, i, 10, 9, 0, i}, 7);
    assert_int_equal(dhcp_routes_parse(b, sizeof b, &routes), RC_OK);
    assert_int_equal(routes.count, LIMIT_DHCP_ROUTES);
    assert_null(dhcp_routes_find(&routes, (const uint8_t[4]){172, 59, 0, 1}));
    b[0] = 33;
    assert_int_equal(dhcp_routes_parse(b, sizeof b, &routes), RC_BAD);
    assert_int_equal(routes.count, LIMIT_DHCP_ROUTES); /* as it was */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
