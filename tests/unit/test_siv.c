/* AES-SIV and the primitives below it. More vectors: tests/vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <mbedtls/platform.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto.h"
#include "core/siv.h"
#include "entropy.h"
#include "adapters/crypto_mbed.h"

#define BYTES(...)                                                             \
    (const uint8_t[])                                                          \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

/* "00ff" into bytes; returns how many. */
static size_t hex(const char *s, uint8_t *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    for (; *s; s++) {
        if (*s == ' ')
            continue;
        const char *hi = strchr(digits, s[0]), *lo = strchr(digits, s[1]);
        out[n++] = (uint8_t)((hi - digits) << 4 | (lo - digits));
        s++;
    }
    return n;
}

static void check_siv(const char *key_hex, const char *const *ad_hex,
                      size_t ad_count, const char *text_hex,
                      const char *sealed_hex)
{
    uint8_t key[32], ad[4][64], text[64], sealed[80], out[80];
    struct siv_part parts[4];
    assert_int_equal(hex(key_hex, key), 32);
    for (size_t i = 0; i < ad_count; i++)
        parts[i] = (struct siv_part){ad[i], hex(ad_hex[i], ad[i])};
    size_t len = hex(text_hex, text);
    size_t sealed_len = hex(sealed_hex, sealed);
    assert_int_equal(sealed_len, len + SIV_TAG);
    assert_int_equal(siv_seal(key, parts, ad_count, text, len, out), RC_OK);
    assert_memory_equal(out, sealed, sealed_len);
    assert_int_equal(siv_open(key, parts, ad_count, sealed, sealed_len, out),
                     RC_OK);
    assert_memory_equal(out, text, len);
}

static void rfc5297_a1(void **s)
{
    (void)s;
    const char *ad[] = {"101112131415161718191a1b1c1d1e1f2021222324252627"};
    check_siv("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0"
              "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
              ad, 1, "112233445566778899aabbccddee",
              "85632d07c6e8f37f950acd320a2ecc93"
              "40c02b9690c4dc04daef7f6afe5c");
}

static void rfc5297_a2(void **s)
{
    (void)s;
    const char *ad[] = {"00112233445566778899aabbccddeeff"
                        "deaddadadeaddadaffeeddccbbaa9988"
                        "7766554433221100",
                        "102030405060708090a0",
                        "09f911029d74e35bd84156c5635688c0"};
    check_siv("7f7e7d7c7b7a79787776757473727170"
              "404142434445464748494a4b4c4d4e4f",
              ad, 3,
              "7468697320697320736f6d6520706c61"
              "696e7465787420746f20656e63727970"
              "74207573696e67205349562d414553",
              "7bdb6e3b432667eb06f4d14bff2fbd0f"
              "cb900f2fddbe404326601965c889bf17"
              "dba77ceb094fa663b7a3f748ba8af829"
              "ea64ad544a272e9c485b62a3fd5c0d");
}

static void aes_of_fips197(void **s)
{
    (void)s;
    struct crypto_aes a;
    uint8_t key[32], in[16], want[16], out[16];
    hex("000102030405060708090a0b0c0d0e0f"
        "101112131415161718191a1b1c1d1e1f",
        key);
    hex("00112233445566778899aabbccddeeff", in);
    assert_int_equal(crypto_aes_begin(&a, key, 16), RC_OK);
    crypto_aes_block(&a, in, out);
    crypto_aes_end(&a);
    hex("69c4e0d86a7b0430d8cdb78070b4c55a", want);
    assert_memory_equal(out, want, 16);
    assert_int_equal(crypto_aes_begin(&a, key, 32), RC_OK);
    crypto_aes_block(&a, in, out);
    crypto_aes_end(&a);
    hex("8ea2b7ca516745bfeafc49904b496089", want);
    assert_memory_equal(out, want, 16);
}

/* RFC 4493 section 4: one key, four messages. */
static void cmac_of_rfc4493_reused(void **s)
{
    (void)s;
    static const char *const macs[] = {
        "bb1d6929e95937287fa37d129b756746", "070a16b46b4d4144f79bdd9dd04a287c",
        "dfa66747de9ae63030ca32611497c827", "51f0bebf7e3b9d92fc49741779363cfe"};
    static const size_t lens[] = {0, 16, 40, 64};
    uint8_t key[16], msg[64], want[16], mac[16];
    struct cmac_key c;
    hex("2b7e151628aed2a6abf7158809cf4f3c", key);
    hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
        msg);
    assert_int_equal(cmac_begin(&c, key, 16), RC_OK);
    for (size_t i = 0; i < LEN(lens); i++) {
        hex(macs[i], want);
        cmac_sum(&c, msg, lens[i], NULL, mac);
        assert_memory_equal(mac, want, 16);
    }
    cmac_end(&c);
}

/* xorend is the same as adding to the message by hand, at every length. */
static void cmac_xorend(void **s)
{
    (void)s;
    uint8_t key[16] = {7}, msg[100], end[16], by_hand[100], mac[16], want[16];
    struct cmac_key c;
    for (size_t i = 0; i < sizeof msg; i++)
        msg[i] = (uint8_t)(i * 37 + 5);
    memset(end, 0xa5, sizeof end);
    assert_int_equal(cmac_begin(&c, key, 16), RC_OK);
    for (size_t len = 16; len <= sizeof msg; len++) {
        memcpy(by_hand, msg, len);
        for (size_t i = 0; i < 16; i++)
            by_hand[len - 16 + i] ^= end[i];
        cmac_sum(&c, msg, len, end, mac);
        cmac_sum(&c, by_hand, len, NULL, want);
        assert_memory_equal(mac, want, 16);
    }
    cmac_end(&c);
}

/* A key that is kept does what one that is made each time does. */
static void one_key_many_messages(void **s)
{
    (void)s;
    uint8_t key[32] = {9, 8, 7}, msg[80], nonce[16] = {3}, out[2][96], back[80];
    struct siv_key k;
    for (size_t i = 0; i < sizeof msg; i++)
        msg[i] = (uint8_t)(i * 11 + 1);
    assert_int_equal(siv_key_begin(&k, key), RC_OK);
    for (size_t len = 0; len <= sizeof msg; len++) {
        const struct siv_part ad[] = {{msg, len}, {nonce, sizeof nonce}};
        siv_key_seal(&k, ad, 2, msg, len, out[0]);
        assert_int_equal(siv_seal(key, ad, 2, msg, len, out[1]), RC_OK);
        assert_memory_equal(out[0], out[1], len + SIV_TAG);
        assert_int_equal(siv_key_open(&k, ad, 2, out[1], len + SIV_TAG, back),
                         RC_OK);
        assert_memory_equal(back, msg, len);
        out[1][len] ^= 1;
        assert_int_equal(siv_key_open(&k, ad, 2, out[1], len + SIV_TAG, back),
                         RC_AUTH);
    }
    assert_int_equal(siv_key_open(&k, NULL, 0, out[0], SIV_TAG - 1, back),
                     RC_BAD);
    siv_key_end(&k);
}

static void *nothing_left(size_t n, size_t size)
{
    (void)n, (void)size;
    return NULL;
}

static void nothing_to_free(void *p)
{
    assert_null(p);
}

/* A heap that strangers' TLS sessions have filled stops no reply of NTP. */
static void cmac_needs_no_heap(void **s)
{
    (void)s;
    struct cmac_key c;
    uint8_t key[32] = {1}, mac[16];
    (void)mbedtls_platform_set_calloc_free(nothing_left, nothing_to_free);
    for (size_t len = 16; len <= 32; len += 16) {
        assert_int_equal(cmac_begin(&c, key, len), RC_OK);
        cmac_sum(&c, key, 32, NULL, mac);
        cmac_end(&c);
    }
    (void)mbedtls_platform_set_calloc_free(calloc, free);
}

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
    const struct aead *a = aead_find(AEAD_AES_SIV_CMAC_256);
    uint8_t key[32], nonce[16], ad[5] = {1, 2, 3, 4, 5}, text[49], out[80],
                                back[80];
    memset(key, 7, sizeof key);
    memset(nonce, 9, sizeof nonce);
    memset(text, 0xa5, sizeof text);
    for (size_t len = 0; len <= sizeof text; len++) {
        assert_int_equal(a->seal(key, nonce, 16, ad, len % 6, text, len, out),
                         RC_OK);
        assert_int_equal(
            a->open(key, nonce, 16, ad, len % 6, out, len + 16, back), RC_OK);
        assert_memory_equal(back, text, len);
        for (size_t bit = 0; bit < (len + 16) * 8; bit += len == 20 ? 1 : 37) {
            out[bit / 8] ^= (uint8_t)(1u << bit % 8);
            memset(back, 0xff, sizeof back);
            assert_int_equal(
                a->open(key, nonce, 16, ad, len % 6, out, len + 16, back),
                RC_AUTH);
            assert_true(all_zero(back, len));
            out[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void nonce_and_data_are_bound(void **s)
{
    (void)s;
    const struct aead *a = &siv_cmac_256;
    uint8_t key[32] = {1}, n[40] = {2}, ad[300] = {3}, out[16], none[1];
    assert_int_equal(a->seal(key, n, 16, ad, 300, NULL, 0, out), RC_OK);
    assert_int_equal(a->open(key, n, 16, ad, 300, out, 16, none), RC_OK);
    assert_int_equal(a->open(key, n, 15, ad, 300, out, 16, none), RC_AUTH);
    assert_int_equal(a->open(key, n, 16, ad, 299, out, 16, none), RC_AUTH);
    assert_int_equal(a->open(key, ad, 300, n, 16, out, 16, none), RC_AUTH);
    ad[299] ^= 1;
    assert_int_equal(a->open(key, n, 16, ad, 300, out, 16, none), RC_AUTH);
    ad[299] ^= 1;
    key[31] ^= 1; /* the half that only encrypts: nothing is encrypted */
    assert_int_equal(a->open(key, n, 16, ad, 300, out, 16, none), RC_OK);
    key[0] ^= 1;
    assert_int_equal(a->open(key, n, 16, ad, 300, out, 16, none), RC_AUTH);
}

static void impossible_lengths_are_refused(void **s)
{
    (void)s;
    const struct aead *a = &siv_cmac_256;
    uint8_t key[32] = {1}, n[1] = {2}, out[16];
    assert_int_equal(a->seal(key, n, 0, NULL, 0, NULL, 0, out), RC_BAD);
    assert_int_equal(a->seal(key, n, 1, NULL, 0, NULL, 0, out), RC_OK);
    assert_int_equal(a->open(key, n, 0, NULL, 0, out, 16, out), RC_BAD);
    for (size_t len = 0; len < 16; len++)
        assert_int_equal(a->open(key, n, 1, NULL, 0, out, len, out), RC_BAD);
}

static void only_known_numbers_are_found(void **s)
{
    (void)s;
    assert_ptr_equal(aead_find(15), &siv_cmac_256);
    assert_int_equal(siv_cmac_256.key_len, 32);
    assert_int_equal(aead_find(30)->id, 30);
    for (uint32_t id = 0; id <= UINT16_MAX; id++)
        assert_true(aead_known((uint16_t)id) ==
                    (aead_find((uint16_t)id) != NULL));
    assert_null(aead_find(0));
    assert_null(aead_find(16));
    assert_null(aead_find(0xffff));
}

static void no_entropy_no_random(void **s)
{
    (void)s;
    uint8_t a[3000], b[3000];
    entropy_dead = true;
    assert_int_equal(crypto_random(a, 1), RC_IO);
    entropy_dead = false;
    assert_int_equal(crypto_random(a, sizeof a), RC_OK);
    assert_int_equal(crypto_random(b, sizeof b), RC_OK);
    assert_memory_not_equal(a, b, sizeof a);
    assert_false(all_zero(a + sizeof a - 16, 16));
    entropy_dead = true;
    int rc = RC_OK, calls = 0;
    for (; rc == RC_OK && calls < 3 * CRYPTO_RESEED; calls++)
        rc = crypto_random(a, 16);
    assert_int_equal(rc, RC_IO); /* a reseed came due and failed */
    assert_true(calls <= CRYPTO_RESEED + 1);
    assert_int_equal(crypto_random(a, 16), RC_IO);
    entropy_dead = false;
    assert_int_equal(crypto_random(a, 16), RC_OK);
    entropy_dead = true;
    assert_int_equal(crypto_mbed_seed(), RC_IO);
    assert_int_equal(crypto_random(a, 16), RC_IO);
    entropy_dead = false;
    assert_int_equal(crypto_mbed_seed(), RC_OK);
}

static void equal_and_wipe(void **s)
{
    (void)s;
    uint8_t b[4] = {1, 2, 3, 4};
    assert_true(crypto_equal(b, BYTES(1, 2, 3, 4), 4));
    assert_false(crypto_equal(b, BYTES(1, 2, 3, 5), 4));
    assert_true(crypto_equal(b, BYTES(9), 0));
    crypto_wipe(b, 3);
    assert_true(crypto_equal(b, BYTES(0, 0, 0, 4), 4));
}

/* Texts that begin alike are what each is by itself; counter mode by the block
 * is what it is at once, past the end of the counter's low byte. */
static void common_beginning(void **st)
{
    (void)st;
    uint8_t key[SIV_KEY], out[SIV_TAG + 100], want[SIV_TAG + 100], sum[16];
    struct siv_key k;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(7 * i);
    assert_int_equal(siv_key_begin(&k, key), RC_OK);
    for (size_t blocks = 0; blocks <= 4; blocks++)
        for (size_t len = 16 * blocks + 16; len <= 100; len++) {
            for (size_t i = 0; i < len; i++)
                out[SIV_TAG + i] = want[SIV_TAG + i] = (uint8_t)(i * len);
            siv_key_sum(&k, out + SIV_TAG, blocks, sum);
            siv_key_seal_on(&k, sum, blocks, len, out);
            siv_key_seal(&k, NULL, 0, want + SIV_TAG, len, want);
            assert_memory_equal(out, want, SIV_TAG + len);
        }
    siv_key_end(&k);
    struct crypto_aes a;
    uint8_t q[16] = {1, 2, 3, [14] = 0xff, [15] = 0xfd}, x[16];
    uint8_t text[96] = {9, 8, 7}, sealed[96];
    assert_int_equal(crypto_aes_begin(&a, key, 16), RC_OK);
    crypto_aes_count(&a, q, text, sealed, 6);
    assert_true(q[13] == 1 && q[14] == 0 && q[15] == 3);
    q[13] = 0, q[14] = 0xff, q[15] = 0xfd;
    for (unsigned n = 0; n < 6; n++) {
        crypto_aes_block(&a, q, x);
        for (unsigned i = 0; i < 16; i++)
            assert_int_equal(sealed[16 * n + i], text[16 * n + i] ^ x[i]);
        if (++q[15] == 0 && ++q[14] == 0)
            q[13]++;
    }
    crypto_aes_end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc5297_a1),
        cmocka_unit_test(rfc5297_a2),
        cmocka_unit_test(aes_of_fips197),
        cmocka_unit_test(common_beginning),
        cmocka_unit_test(cmac_of_rfc4493_reused),
        cmocka_unit_test(cmac_needs_no_heap),
        cmocka_unit_test(cmac_xorend),
        cmocka_unit_test(one_key_many_messages),
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(nonce_and_data_are_bound),
        cmocka_unit_test(impossible_lengths_are_refused),
        cmocka_unit_test(only_known_numbers_are_found),
        cmocka_unit_test(no_entropy_no_random),
        cmocka_unit_test(equal_and_wipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
