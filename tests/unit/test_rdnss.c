/* core/rdnss: option 25 of router advertisements, as RFC 8106 writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/rdnss.h"

static uint8_t ra[256];
static size_t len;

static int begin(void **state)
{
    (void)state;
    memset(ra, 0, sizeof ra);
    ra[0] = 134;
    len = 16;
    return 0;
}

/* An option of so many servers, the first one ...:first. */
static void option(uint8_t type, uint32_t lifetime_s, uint8_t first, uint8_t n)
{
    uint8_t *o = ra + len;
    o[0] = type;
    o[1] = (uint8_t)(1 + 2 * n);
    o[4] = (uint8_t)(lifetime_s >> 24);
    o[5] = (uint8_t)(lifetime_s >> 16);
    o[6] = (uint8_t)(lifetime_s >> 8);
    o[7] = (uint8_t)lifetime_s;
    for (uint8_t i = 0; i < n; i++)
        o[8 + 16 * i + 15] = (uint8_t)(first + i);
    len += 8u + 16u * n;
}

static uint32_t lifetime(uint8_t last)
{
    const uint8_t server[16] = {[15] = last};
    return rdnss_lifetime(ra, len, server);
}

static void found(void **state)
{
    (void)state;
    assert_int_equal(lifetime(1), 0);
    option(3, 77, 1, 1); /* a prefix: no name server */
    option(25, 600, 1, 3);
    option(25, RDNSS_FOREVER, 4, 1);
    assert_int_equal(lifetime(1), 600);
    assert_int_equal(lifetime(3), 600);
    assert_int_equal(lifetime(4), RDNSS_FOREVER);
    assert_int_equal(lifetime(5), 0);
    option(25, 7, 1, 1); /* once more */
    assert_int_equal(lifetime(1), 7);
}

static void odd(void **state)
{
    (void)state;
    option(25, 600, 1, 2);
    for (len = 0; len < 16 + 8 + 32; len++) /* cut off */
        assert_int_equal(lifetime(1), 0);
    ra[17] = 0; /* an option without a length */
    assert_int_equal(lifetime(1), 0);
    ra[17] = 2; /* half an address */
    assert_int_equal(lifetime(1), 0);
    ra[17] = 255;
    assert_int_equal(lifetime(1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(found, begin),
        cmocka_unit_test_setup(odd, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
