/* core/addr against the C library's inet_pton and inet_ntop, which are the
 * specification, and what those do not have: prefixes and order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"

static struct addr parsed(const char *text)
{
    struct addr a;
    assert_int_equal(addr_parse(text, &a), RC_OK);
    return a;
}

static struct addr_prefix prefix(const char *text)
{
    struct addr_prefix p;
    assert_int_equal(addr_prefix_parse(text, &p), RC_OK);
    return p;
}

/* Reads as the C library does, and writes what was read as it does. */
static void same(const char *text)
{
    uint8_t b[16] = {0};
    char got[ADDR_TEXT], want[INET6_ADDRSTRLEN] = "";
    struct addr a = {.family = 9};
    uint8_t family = inet_pton(AF_INET, text, b) == 1    ? 4
                     : inet_pton(AF_INET6, text, b) == 1 ? 6
                                                         : 0;
    assert_int_equal(addr_parse(text, &a), family ? RC_OK : RC_BAD);
    if (!family) {
        assert_int_equal(a.family, 9);
        return;
    }
    assert_int_equal(a.family, family);
    assert_memory_equal(a.b, b, addr_size(&a));
    addr_text(&a, got);
    assert_non_null(
        inet_ntop(family == 4 ? AF_INET : AF_INET6, b, want, sizeof want));
    assert_string_equal(got, want);
}

static void like_inet_pton(void **state)
{
    static const char *const text[] = {
        "0.0.0.0",
        "192.0.2.1",
        "255.255.255.255",
        "256.0.0.1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4 ",
        " 1.2.3.4",
        "01.2.3.4",
        "1.2.3.00",
        "1..3.4",
        "1.2.3.",
        ".1.2.3",
        "1.2.3.4/8",
        "0x1.2.3.4",
        "1.2.3.1000",
        "-1.2.3.4",
        "",
        ":",
        "::",
        ":::",
        "::1",
        "1::",
        "::1::",
        "1::2::3",
        "2001:db8::1",
        "2001:DB8::A:B",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:",
        ":1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1::3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1:2:3::4:5:6:7:8",
        "12345::",
        "::fffff",
        "g::",
        "::g",
        "::ffff:1.2.3.4",
        "::1.2.3.4",
        "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1::1.2.3.4",
        "::1.2.3",
        "::1.2.3.4:5",
        "1.2.3.4::",
        "::ffff:01.2.3.4",
        "fe80::1%eth0",
        "[::1]",
        "2001:db8:0:0:1:0:0:1",
        "2001:db8:0:1:1:1:1:1",
        "0:0:1:0:0:0:1:0",
        "::ffff:0:0",
        "::fffe:1.2.3.4",
        "::1:0",
        "::1:1:1",
        "64:ff9b::1.2.3.4",
        "0000:0000:0000:0000:0000:0000:255.255.255.255",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "00001::",
        "::0.0.0.1",
        "time.example",
        "a.b",
        "1",
        "dead",
        "de:ad"};
    (void)state;
    for (size_t i = 0; i < LEN(text); i++)
        same(text[i]);
}

/* Every pattern of zero groups, with and without what looks like IPv4. */
static void like_inet_ntop(void **state)
{
    (void)state;
    for (unsigned zeros = 0; zeros < 256; zeros++)
        for (unsigned kind = 0; kind < 3; kind++) {
            static const uint8_t group[3][2] = {{0xff, 0xff}, {0, 7}, {0xa, 0}};
            struct addr a = {.family = 6};
            char got[ADDR_TEXT], want[INET6_ADDRSTRLEN];
            for (unsigned i = 0; i < 8; i++)
                if (zeros >> i & 1)
                    memcpy(a.b + 2 * i, group[kind], 2);
            addr_text(&a, got);
            assert_non_null(inet_ntop(AF_INET6, a.b, want, sizeof want));
            assert_string_equal(got, want);
            struct addr again = parsed(got);
            assert_true(addr_equal(&a, &again));
        }
    char none[ADDR_TEXT] = "x";
    addr_text(&(struct addr){0}, none);
    assert_string_equal(none, "");
}

static void prefixes(void **state)
{
    static const char *const good[] = {"0.0.0.0/0", "192.0.2.7/24", "::/0",
                                       "2001:db8::1/128", "10.0.0.0/32"};
    static const char *const bad[] = {
        "192.0.2.0/33",
        "::/129",
        "192.0.2.0/",
        "/24",
        "192.0.2.0/-1",
        "192.0.2.0/08",
        "192.0.2.0/8/8",
        "192.0.2/24",
        "::/1x",
        "",
        "0000:0000:0000:0000:0000:0000:255.255.255.2551/8"};
    (void)state;
    for (size_t i = 0; i < LEN(good); i++) {
        char text[ADDR_PREFIX_TEXT];
        struct addr_prefix p = prefix(good[i]);
        addr_prefix_text(&p, text);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < LEN(bad); i++) {
        struct addr_prefix p = {.bits = 77};
        assert_int_equal(addr_prefix_parse(bad[i], &p), RC_BAD);
        assert_int_equal(p.bits, 77);
    }
    assert_int_equal(prefix("192.0.2.1").bits, 32);
    assert_int_equal(prefix("2001:db8::1").bits, 128);
}

static bool within(const char *address, const char *text)
{
    struct addr a = parsed(address);
    struct addr_prefix p = prefix(text);
    return addr_in_prefix(&a, &p);
}

static void in_prefix(void **state)
{
    (void)state;
    assert_true(within("192.0.2.255", "192.0.2.0/24"));
    assert_false(within("192.0.3.0", "192.0.2.0/24"));
    assert_true(within("192.0.3.255", "192.0.2.0/23"));
    assert_true(within("192.0.2.1", "192.0.2.99/25")); /* its low bits aside */
    assert_false(within("192.0.2.128", "192.0.2.99/25"));
    assert_true(within("192.0.2.1", "192.0.2.1"));
    assert_false(within("192.0.2.2", "192.0.2.1"));
    assert_true(within("255.1.2.3", "0.0.0.0/0"));
    assert_false(within("::1", "0.0.0.0/0")); /* one family each */
    assert_false(within("0.0.0.1", "::/0"));
    assert_true(within("2001:db8:0:7fff::", "2001:db8::/49"));
    assert_false(within("2001:db8:0:8000::", "2001:db8::/49"));
    assert_true(within("2001:db8::1", "2001:db8::1/128"));
    assert_false(within("2001:db8::2", "2001:db8::1/128"));
    assert_false(addr_in_prefix(&(struct addr){0}, &(struct addr_prefix){0}));
}

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static void order(void **state)
{
    static const char *const sorted[] = {
        "0.0.0.0", "10.0.0.1",   "192.0.2.1",   "192.0.2.2",    "255.0.0.0",
        "::",      "2001:db8::", "2001:db8::1", "2001:db8:1::", "fe80::"};
    (void)state;
    for (size_t i = 0; i < LEN(sorted); i++)
        for (size_t k = 0; k < LEN(sorted); k++) {
            struct addr a = parsed(sorted[i]), b = parsed(sorted[k]);
            assert_int_equal(sign(addr_compare(&a, &b)), (i > k) - (i < k));
            assert_int_equal(addr_equal(&a, &b), i == k);
        }
    struct addr none = {0}, some = parsed("0.0.0.0");
    assert_true(addr_compare(&none, &some) < 0 && addr_equal(&none, &none));
    /* what stands behind an IPv4 address's four bytes says nothing */
    struct addr odd = some;
    odd.b[9] = 1;
    assert_true(addr_equal(&some, &odd));
}

static void unicast(void **state)
{
    static const char *const hosts[] = {
        "10.0.0.1",    "1.0.0.0", "126.9.9.9",  "128.0.0.1", "223.255.255.255",
        "169.254.0.9", "fe80::1", "2001:db8::", "::2",       "fd00::1",
        "100::1"};
    static const char *const others[] = {
        "0.0.0.0",   "0.1.2.3",   "127.0.0.1",       "127.9.9.9", "224.0.1.1",
        "239.1.2.3", "240.0.0.1", "255.255.255.255", "::",        "::1",
        "ff02::1",   "ff0e::101", "::ffff:10.0.0.1"};
    const struct addr none = {0};
    (void)state;
    for (size_t i = 0; i < LEN(hosts); i++) {
        struct addr a = parsed(hosts[i]);
        assert_true(addr_is_unicast(&a));
    }
    for (size_t i = 0; i < LEN(others); i++) {
        struct addr a = parsed(others[i]);
        assert_false(addr_is_unicast(&a));
    }
    assert_false(addr_is_unicast(&none));
}

static void reference_ids(void **state)
{
    (void)state;
    struct addr a = parsed("127.0.0.3"), b = parsed("2001:db8::1"), none = {0};
    assert_int_equal(addr_refid(&a), 0x7f000003);
    assert_int_equal(addr_refid(&b), UINT32_C(0x39ab9b37));
    b = parsed("::1"); /* what chronyd 4.3 says of a source there */
    assert_int_equal(addr_refid(&b), UINT32_C(0xcf404dc8));
    assert_int_equal(addr_refid(&none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_inet_pton), cmocka_unit_test(like_inet_ntop),
        cmocka_unit_test(prefixes),       cmocka_unit_test(in_prefix),
        cmocka_unit_test(order),          cmocka_unit_test(reference_ids),
        cmocka_unit_test(unicast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
