/* NTS extension fields of our requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "core/bytes.h"
#include "core/ntp_ef.h"
#include "core/nts_client.h"
#include "entropy.h"

static const uint8_t c2s[32] = {1, 2, 3}, s2c[32] = {4, 5, 6};
static uint8_t uid[NTS_UID_LEN], scratch[16];
static struct nts_assoc a;

static int setup(void **s)
{
    (void)s;
    entropy_dead = false;
    a = (struct nts_assoc){0};
    return nts_assoc_keys(&a, 15, c2s, s2c);
}

static struct nts_cookie cookie_of(size_t len)
{
    struct nts_cookie c = {.len = (uint16_t)len};
    memset(c.b, 0xc0, len);
    return c;
}

/* Checks the field at `at` and returns the next one's place. */
static size_t field_at(const uint8_t *p, size_t at, unsigned type, size_t size)
{
    assert_int_equal(bytes_get16(p + at), type);
    assert_int_equal(bytes_get16(p + at + 2), size);
    return at + size;
}

static void request_of_228_bytes(void **s)
{
    (void)s;
    uint8_t p[2048] = {0x23}, mine[NTS_UID_LEN];
    struct nts_cookie c = cookie_of(100);
    int n = nts_client_request(&a, &c, 0, mine, p, sizeof p);
    assert_int_equal(n, 228); /* as chrony's with such a cookie */
    size_t at = field_at(p, 48, NTS_EF_UNIQUE_ID, 36);
    assert_memory_equal(p + 52, mine, sizeof mine);
    at = field_at(p, at, NTS_EF_COOKIE, 104);
    assert_memory_equal(p + 88, c.b, 100);
    assert_int_equal(at, 188);
    assert_int_equal(field_at(p, at, NTS_EF_AUTHENTICATOR, 40), 228);
    assert_memory_equal(p + 192, "\0\x10\0\x10", 4);
    assert_int_equal(
        a.aead->open(c2s, p + 196, 16, p, 188, p + 212, 16, scratch), RC_OK);
    assert_int_equal(p[0], 0x23);
}

/* AEAD 30 and chrony 4.6.1's cookies of 64 bytes: a nonce of 12, and no
 * padding after it, for 12 is the longest there is (5.6). */
static void request_of_188_bytes_with_aead_30(void **s)
{
    (void)s;
    uint8_t p[2048] = {0x23}, mine[NTS_UID_LEN];
    struct nts_cookie c = cookie_of(64);
    assert_int_equal(nts_assoc_keys(&a, 30, c2s, s2c), RC_OK);
    int n = nts_client_request(&a, &c, 0, mine, p, sizeof p);
    assert_int_equal(n, 188);
    assert_int_equal(field_at(p, 152, NTS_EF_AUTHENTICATOR, 36), 188);
    assert_memory_equal(p + 156, "\0\x0c\0\x10", 4);
    assert_int_equal(
        a.aead->open(c2s, p + 160, 12, p, 152, p + 172, 16, scratch), RC_OK);
}

static void requests_never_repeat_themselves(void **s)
{
    (void)s;
    uint8_t p[2][300] = {{0}}, u[2][NTS_UID_LEN];
    struct nts_cookie c = cookie_of(100);
    for (int i = 0; i < 2; i++)
        assert_int_equal(nts_client_request(&a, &c, 0, u[i], p[i], 300), 228);
    assert_memory_not_equal(u[0], u[1], NTS_UID_LEN);
    assert_memory_not_equal(p[0] + 196, p[1] + 196, 16); /* nonce */
}

static void placeholders_look_like_the_cookie(void **s)
{
    (void)s;
    uint8_t p[2048] = {0};
    struct nts_cookie c = cookie_of(104);
    int n = nts_client_request(&a, &c, 7, uid, p, sizeof p);
    assert_int_equal(n, 48 + 36 + 8 * 108 + 40);
    size_t at = field_at(p, 84, NTS_EF_COOKIE, 108);
    for (int i = 0; i < 7; i++) {
        assert_true(p[at + 4] == 0 && p[at + 107] == 0);
        at = field_at(p, at, NTS_EF_PLACEHOLDER, 108);
    }
    field_at(p, at, NTS_EF_AUTHENTICATOR, 40);
    assert_int_equal(nts_client_request(&a, &c, 100, uid, p, sizeof p), n);
}

static void a_request_is_no_longer_than_a_packet(void **s)
{
    (void)s;
    uint8_t p[4096] = {0};
    for (size_t len = 1; len <= LIMIT_COOKIE; len++) {
        struct nts_cookie c = cookie_of(len);
        size_t size = 4 + (len + 3) / 4 * 4;
        size = size < 16 ? 16 : size; /* RFC 7822 */
        size_t fit = (LIMIT_NTP_PACKET - 124) / size;
        fit = fit > 8 ? 8 : fit;
        int n = nts_client_request(&a, &c, 7, uid, p, sizeof p);
        assert_int_equal(n, 124 + fit * size);
        field_at(p, 84, NTS_EF_COOKIE, size);
    }
}

static void no_room(void **s)
{
    (void)s;
    uint8_t p[300] = {0};
    struct nts_cookie c = cookie_of(100);
    assert_int_equal(nts_client_request(&a, &c, 3, uid, p, 228), 228);
    for (size_t cap = 0; cap < 228; cap++)
        assert_int_equal(nts_client_request(&a, &c, 0, uid, p, cap), RC_SPACE);
}

static void without_entropy_nothing_is_sent(void **s)
{
    (void)s;
    uint8_t p[300] = {0};
    struct nts_cookie c = cookie_of(100);
    entropy_dead = true;
    int rc = 228;
    for (int i = 0; i < 3000 && rc == 228; i++)
        rc = nts_client_request(&a, &c, 0, uid, p, sizeof p);
    assert_int_equal(rc, RC_IO);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        TEST(request_of_228_bytes),
        TEST(request_of_188_bytes_with_aead_30),
        TEST(requests_never_repeat_themselves),
        TEST(placeholders_look_like_the_cookie),
        TEST(a_request_is_no_longer_than_a_packet),
        TEST(no_room),
        TEST(without_entropy_nothing_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
