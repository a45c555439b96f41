/* AES-128-GCM-SIV and POLYVAL. Published vectors: tests/vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/gcm_siv.h"
#include "core/polyval.h"
#include "entropy.h"

static const struct aead *const a = &gcm_siv_128;

static void unhex(const char *s, uint8_t *out)
{
    for (; *s; s += 2) {
        const char two[3] = {s[0], s[1], 0};
        *out++ = (uint8_t)strtoul(two, NULL, 16);
    }
}

/* ---- POLYVAL ------------------------------------------------------------ */

/* RFC 8452 appendix A, its last example. */
static void polyval_of_the_rfc(void **s)
{
    (void)s;
    uint8_t key[16], text[32], want[16], sum[16];
    struct polyval p;
    unhex("25629347589242761d31f826ba4b757b", key);
    unhex("4f4f95668c83dfb6401762bb2d01a262"
          "d1a24ddd2721d006bbe45f20d3c9f362",
          text);
    unhex("f7a3b47b846119fae5b7866cf5e5b77e", want);
    polyval_begin(&p, key);
    polyval_add(&p, text, sizeof text);
    polyval_sum(&p, sum);
    assert_memory_equal(sum, want, 16);
    polyval_begin(&p, key);
    polyval_add(&p, text, 16);
    polyval_add(&p, NULL, 0);
    polyval_add(&p, text + 16, 16);
    polyval_sum(&p, sum);
    assert_memory_equal(sum, want, 16);
}

/* a * b * x^-128, a bit at a time: b goes through x^0 .. x^127 (Horner), the
 * sum is divided by x once for each, adding the modulus where it is odd. */
static void dot_bitwise(const uint8_t x[16], const uint8_t y[16],
                        uint8_t out[16])
{
    uint8_t z[17] = {0};
    for (unsigned bit = 0; bit < 128; bit++) {
        if (x[bit / 8] >> bit % 8 & 1)
            for (int i = 0; i < 16; i++)
                z[i] ^= y[i];
        if (z[0] & 1) { /* 1 + x^121 + x^126 + x^127 + x^128 */
            z[0] ^= 1;
            z[15] ^= 0xc2;
            z[16] ^= 1;
        }
        for (int i = 0; i < 16; i++)
            z[i] = (uint8_t)(z[i] >> 1 | z[i + 1] << 7);
        z[16] >>= 1;
    }
    memcpy(out, z, 16);
}

static void agree(const uint8_t x[16], const uint8_t y[16])
{
    uint8_t want[16], sum[16];
    struct polyval p;
    polyval_begin(&p, x);
    polyval_add(&p, y, 16);
    polyval_sum(&p, sum);
    dot_bitwise(x, y, want);
    assert_memory_equal(sum, want, 16);
}

/* Full of ones is where carries are most, single bits where places are. */
static void polyval_agrees_with_a_bitwise_one(void **s)
{
    (void)s;
    uint8_t x[16], y[16];
    memset(x, 0xff, 16);
    agree(x, x);
    for (unsigned i = 0; i < 128; i++) {
        memset(y, 0, 16);
        y[i / 8] = (uint8_t)(1u << i % 8);
        agree(x, y);
        agree(y, x);
        agree(y, y);
    }
    unsigned seed = 1;
    for (int turn = 0; turn < 3000; turn++) {
        for (int i = 0; i < 16; i++) {
            seed = seed * 1664525 + 1013904223;
            x[i] = (uint8_t)(seed >> 24);
            y[i] = (uint8_t)(seed >> 16) | (turn & 1 ? 0x88 : 0);
        }
        agree(x, y);
    }
}

/* ---- the AEAD ----------------------------------------------------------- */

static bool all_zero(const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (b[i])
            return false;
    return true;
}

/* Every length around the block size comes back; any flipped bit does not,
 * and then no text is shown. */
static void every_flipped_bit_is_found(void **s)
{
    (void)s;
    uint8_t key[16], nonce[12], ad[5] = {1, 2, 3, 4, 5}, text[49], out[80],
                                back[80];
    memset(key, 7, sizeof key);
    memset(nonce, 9, sizeof nonce);
    memset(text, 0xa5, sizeof text);
    for (size_t len = 0; len <= sizeof text; len++) {
        assert_int_equal(a->seal(key, nonce, 12, ad, len % 6, text, len, out),
                         RC_OK);
        assert_int_equal(
            a->open(key, nonce, 12, ad, len % 6, out, len + 16, back), RC_OK);
        assert_memory_equal(back, text, len);
        for (size_t bit = 0; bit < (len + 16) * 8; bit += len == 20 ? 1 : 37) {
            out[bit / 8] ^= (uint8_t)(1u << bit % 8);
            memset(back, 0xff, sizeof back);
            assert_int_equal(
                a->open(key, nonce, 12, ad, len % 6, out, len + 16, back),
                RC_AUTH);
            assert_true(all_zero(back, len));
            out[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void key_nonce_and_data_are_bound(void **s)
{
    (void)s;
    uint8_t key[16] = {1}, n[12] = {2}, ad[300] = {3}, out[16], none[1];
    assert_int_equal(a->seal(key, n, 12, ad, 300, NULL, 0, out), RC_OK);
    assert_int_equal(a->open(key, n, 12, ad, 300, out, 16, none), RC_OK);
    assert_int_equal(a->open(key, n, 12, ad, 299, out, 16, none), RC_AUTH);
    uint8_t *const bound[] = {key, key + 15, n, n + 11, ad, ad + 299};
    for (size_t i = 0; i < LEN(bound); i++) {
        *bound[i] ^= 0x80;
        assert_int_equal(a->open(key, n, 12, ad, 300, out, 16, none), RC_AUTH);
        *bound[i] ^= 0x80;
    }
    /* Data and text are told apart by their lengths. */
    assert_int_equal(a->open(key, n, 12, ad, 284, out, 16, none), RC_AUTH);
    assert_int_equal(a->open(key, n, 12, ad, 300, out, 16, none), RC_OK);
}

static void impossible_lengths_are_refused(void **s)
{
    (void)s;
    uint8_t key[16] = {1}, n[16] = {2}, out[16];
    for (size_t len = 0; len <= 16; len++)
        if (len != 12) {
            assert_int_equal(a->seal(key, n, len, NULL, 0, NULL, 0, out),
                             RC_BAD);
            assert_int_equal(a->open(key, n, len, NULL, 0, out, 16, out),
                             RC_BAD);
        }
    for (size_t len = 0; len < 16; len++)
        assert_int_equal(a->open(key, n, 12, NULL, 0, out, len, out), RC_BAD);
}

static void found_by_its_number(void **s)
{
    (void)s;
    assert_ptr_equal(aead_find(30), a);
    assert_int_equal(a->id, 30);
    assert_true(a->key_len == 16 && a->nonce_len == 12 && a->tag_len == 16);
    assert_null(aead_find(31)); /* AES-256-GCM-SIV */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polyval_of_the_rfc),
        cmocka_unit_test(polyval_agrees_with_a_bitwise_one),
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(key_nonce_and_data_are_bound),
        cmocka_unit_test(impossible_lengths_are_refused),
        cmocka_unit_test(found_by_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
