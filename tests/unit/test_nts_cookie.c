/* core/nts_cookie: what a cookie looks like and holds, whose cookies are
 * opened, rotations, the record. A power cut at each write: test_nts_cookie in
 * tests/power. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/bytes.h"
#include "core/nts_cookie.h"
#include "entropy.h"

static struct nts_cookie_jar jar;
static struct nts_cookie_keys keys;
static uint8_t c2s[32], s2c[32];

static int setup(void **state)
{
    (void)state;
    entropy_dead = false;
    for (size_t i = 0; i < 32; i++) {
        c2s[i] = (uint8_t)(i + 1);
        s2c[i] = (uint8_t)(200 - i);
    }
    memset(&jar, 0, sizeof jar);
    return nts_cookie_begin(&jar);
}

static int teardown(void **state)
{
    (void)state;
    nts_cookie_end(&jar);
    return 0;
}

/* The lengths are promised to clients for ever. */
static void lengths(void **state)
{
    (void)state;
    uint8_t out[NTS_COOKIE_MAX];
    assert_int_equal(nts_cookie_len(15), 100);
    assert_int_equal(nts_cookie_len(30), 68);
    assert_int_equal(nts_cookie_len(16), 0);
    assert_int_equal(nts_cookie_make(&jar, 15, c2s, s2c, out), 100);
    assert_int_equal(nts_cookie_make(&jar, 30, c2s, s2c, out), 68);
    assert_int_equal(nts_cookie_make(&jar, 17, c2s, s2c, out), RC_BAD);
}

static void what_is_sealed_comes_out(void **state)
{
    (void)state;
    static const uint16_t aead[] = {15, 30};
    uint8_t out[NTS_COOKIE_MAX];
    for (size_t i = 0; i < LEN(aead); i++) {
        int len = nts_cookie_make(&jar, aead[i], c2s, s2c, out);
        assert_int_equal(nts_cookie_open(&jar, out, (size_t)len, &keys), RC_OK);
        assert_int_equal(keys.aead->id, aead[i]);
        assert_memory_equal(keys.c2s, c2s, keys.aead->key_len);
        assert_memory_equal(keys.s2c, s2c, keys.aead->key_len);
    }
}

/* By hand: id, AES-SIV of both keys, the boot's bytes and the serial. */
static void layout(void **state)
{
    (void)state;
    uint8_t record[NTS_COOKIE_RECORD], out[NTS_COOKIE_MAX], text[80];
    nts_cookie_write(&jar, 0, record);
    for (uint64_t serial = 1; serial <= 3; serial++) {
        int len = nts_cookie_make(&jar, 15, c2s, s2c, out);
        assert_memory_equal(out, record + 11, 4);
        assert_int_equal(
            siv_open(record + 15, NULL, 0, out + 4, (size_t)len - 4, text),
            RC_OK);
        assert_memory_equal(text, c2s, 32);
        assert_memory_equal(text + 32, s2c, 32);
        assert_memory_equal(text + 64, jar.boot, 8);
        assert_true(bytes_get64(text + 72) == serial);
    }
}

/* What is made of a session's keys, over a rotation, is as what is made of
 * them anew. */
static void renewed(void **state)
{
    (void)state;
    uint8_t out[NTS_COOKIE_MAX], first[NTS_COOKIE_MAX];
    struct nts_cookie_keys session;
    for (unsigned aead = 15; aead <= 30; aead += 15) {
        int len = nts_cookie_make(&jar, (uint16_t)aead, c2s, s2c, first);
        assert_int_equal(nts_cookie_open(&jar, first, (size_t)len, &session),
                         RC_OK);
        for (unsigned i = 0; i < 12; i++) {
            if (i % 4 == 3)
                assert_int_equal(nts_cookie_rotate(&jar), RC_OK);
            assert_int_equal(nts_cookie_renew(&jar, &session, out), len);
            assert_int_equal(nts_cookie_open(&jar, out, (size_t)len, &keys),
                             RC_OK);
            assert_true(keys.serial == jar.cookies);
            assert_memory_equal(keys.c2s, c2s, keys.aead->key_len);
            assert_memory_equal(keys.s2c, s2c, keys.aead->key_len);
        }
    }
}

/* The order in which a client got its cookies is told of this boot alone. */
static void serials(void **state)
{
    (void)state;
    uint8_t record[NTS_COOKIE_RECORD], out[NTS_COOKIE_MAX];
    int64_t since;
    for (uint64_t serial = 1; serial <= 20; serial++) {
        uint16_t aead = serial % 3 ? 15 : 30;
        int len = nts_cookie_make(&jar, aead, c2s, s2c, out);
        assert_int_equal(nts_cookie_open(&jar, out, (size_t)len, &keys), RC_OK);
        assert_true(keys.serial == serial);
    }
    nts_cookie_write(&jar, 0, record);
    nts_cookie_end(&jar);
    assert_int_equal(nts_cookie_begin(&jar), RC_OK);
    assert_int_equal(nts_cookie_read(&jar, record, sizeof record, &since),
                     RC_OK);
    assert_int_equal(nts_cookie_open(&jar, out, 100, &keys), RC_OK);
    assert_true(keys.serial == 0);
}

/* No two cookies of a client are alike in any part but the key's id, and
 * none counts. */
static void cookies_are_unlinkable(void **state)
{
    (void)state;
    static uint8_t all[200][NTS_COOKIE_MAX];
    for (size_t i = 0; i < LEN(all); i++) {
        assert_int_equal(nts_cookie_make(&jar, 15, c2s, s2c, all[i]), 100);
        for (size_t j = 0; j < i; j++)
            for (size_t at = 4; at < 100; at += 16)
                assert_memory_not_equal(all[i] + at, all[j] + at, 16);
    }
    unsigned bits = 0;
    for (unsigned i = 0; i < 128; i++)
        bits += (all[0][4 + i / 8] ^ all[1][4 + i / 8]) >> i % 8 & 1;
    assert_in_range(bits, 36, 92);
}

static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    uint8_t out[NTS_COOKIE_MAX];
    size_t len = (size_t)nts_cookie_make(&jar, 15, c2s, s2c, out);
    for (size_t i = 0; i < 8 * len; i++) {
        out[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(nts_cookie_open(&jar, out, len, &keys), RC_AUTH);
        out[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t n = 0; n < 300; n++)
        if (n != 100) {
            uint8_t any[300] = {0};
            memcpy(any, out, 100);
            assert_int_equal(nts_cookie_open(&jar, any, n, &keys),
                             n == 68 ? RC_AUTH : RC_BAD);
        }
}

/* A cookie is good for two rotations and not for a third. */
static void rotations(void **state)
{
    (void)state;
    uint8_t out[12][NTS_COOKIE_MAX];
    for (unsigned now = 0; now < 12; now++) {
        assert_int_equal(nts_cookie_make(&jar, 15, c2s, s2c, out[now]), 100);
        for (unsigned made = 0; made <= now; made++)
            assert_int_equal(nts_cookie_open(&jar, out[made], 100, &keys),
                             now - made <= 2 ? RC_OK : RC_AUTH);
        assert_int_equal(nts_cookie_rotate(&jar), RC_OK);
    }
}

/* Whoever has only the record from before a rotation opens what is made after
 * it. */
static void the_next_key_is_known_before(void **state)
{
    (void)state;
    uint8_t record[NTS_COOKIE_RECORD], out[NTS_COOKIE_MAX];
    int64_t since = 0;
    struct nts_cookie_jar other = {0};
    for (unsigned i = 0; i < 9; i++) {
        nts_cookie_write(&jar, 5000000000 + i, record);
        assert_int_equal(nts_cookie_rotate(&jar), RC_OK);
        assert_int_equal(nts_cookie_make(&jar, 30, c2s, s2c, out), 68);
        assert_int_equal(nts_cookie_begin(&other), RC_OK);
        assert_int_equal(nts_cookie_open(&other, out, 68, &keys), RC_AUTH);
        assert_int_equal(nts_cookie_read(&other, record, sizeof record, &since),
                         RC_OK);
        assert_int_equal(since, 5000000000 + i);
        assert_int_equal(nts_cookie_open(&other, out, 68, &keys), RC_OK);
        nts_cookie_end(&other);
    }
}

static void damaged_records(void **state)
{
    (void)state;
    uint8_t record[NTS_COOKIE_RECORD + 1] = {0}, out[NTS_COOKIE_MAX];
    int64_t since = 77;
    nts_cookie_write(&jar, 5, record);
    assert_int_equal(nts_cookie_make(&jar, 15, c2s, s2c, out), 100);
    for (size_t n = 0; n <= sizeof record; n++)
        if (n != NTS_COOKIE_RECORD)
            assert_int_equal(nts_cookie_read(&jar, record, n, &since), RC_BAD);
    static const struct {
        size_t at;
        uint8_t is;
    } bad[] = {{0, 0}, {0, 2},  {1, 4}, {1, 255}, {1, 1}, {1, 3},
               {2, 1}, {2, 19}, {2, 2}, {2, 0},   {14, 1}};
    for (size_t i = 0; i < LEN(bad); i++) {
        nts_cookie_write(&jar, 5, record);
        record[bad[i].at] = bad[i].is;
        assert_int_equal(
            nts_cookie_read(&jar, record, NTS_COOKIE_RECORD, &since), RC_BAD);
    }
    assert_int_equal(since, 77);
    assert_int_equal(nts_cookie_open(&jar, out, 100, &keys), RC_OK);
}

static void no_entropy(void **state)
{
    (void)state;
    uint8_t out[NTS_COOKIE_MAX], junk[64];
    struct nts_cookie_jar other = {0};
    assert_int_equal(nts_cookie_make(&jar, 15, c2s, s2c, out), 100);
    entropy_dead = true;
    while (crypto_random(junk, sizeof junk) == RC_OK)
        continue;
    assert_int_equal(nts_cookie_begin(&other), RC_IO);
    assert_int_equal(nts_cookie_rotate(&jar), RC_IO);
    assert_int_equal(nts_cookie_open(&jar, out, 100, &keys), RC_OK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest all[] = {
        TEST(lengths),
        TEST(what_is_sealed_comes_out),
        TEST(layout),
        TEST(serials),
        TEST(renewed),
        TEST(cookies_are_unlinkable),
        TEST(every_flipped_bit_is_found),
        TEST(rotations),
        TEST(the_next_key_is_known_before),
        TEST(damaged_records),
        TEST(no_entropy),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
