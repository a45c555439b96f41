/* NTS extension fields of replies, good and bad, put together here field by
 * field; real ones are in tests/vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/ntp_ef.h"
#include "core/nts_client.h"
#include "entropy.h"

static const uint8_t c2s[32] = {1, 2, 3}, s2c[32] = {4, 5, 6};
static uint8_t uid[NTS_UID_LEN], scratch[2048];
static struct nts_assoc a;
static struct nts_reply got;

static int setup(void **s)
{
    (void)s;
    a = (struct nts_assoc){0};
    for (size_t i = 0; i < sizeof uid; i++)
        uid[i] = (uint8_t)(i + 1);
    return nts_assoc_keys(&a, 15, c2s, s2c);
}

/* ---- replies put together ----------------------------------------------- */

static uint8_t pkt[2048];
static struct writer w;

static void field(unsigned type, const void *body, size_t len)
{
    writer_u16(&w, (uint16_t)type);
    writer_u16(&w, (uint16_t)(len + 4));
    writer_bytes(&w, body, len);
}

static void header(void)
{
    memset(pkt, 0, sizeof pkt);
    w = writer_of(pkt, sizeof pkt);
    uint8_t *h = writer_room(&w, 48);
    h[0] = 0x24;
    h[1] = 2;
}

/* An authenticator over all before it, with room to lie about lengths. */
static void authenticator_of(const uint8_t *key, size_t nonce_len,
                             const void *text, size_t text_len, size_t extra)
{
    static const uint8_t zero[256];
    uint8_t nonce[256], sealed[1024];
    size_t ad_len = w.len, sealed_len = text_len + 16;
    memset(nonce, 0x77, sizeof nonce);
    assert_int_equal(a.aead->seal(key, nonce, nonce_len, pkt, ad_len, text,
                                  text_len, sealed),
                     RC_OK);
    size_t np = (nonce_len + 3) / 4 * 4, sp = (sealed_len + 3) / 4 * 4;
    writer_u16(&w, NTS_EF_AUTHENTICATOR);
    writer_u16(&w, (uint16_t)(8 + np + sp + extra));
    writer_u16(&w, (uint16_t)nonce_len);
    writer_u16(&w, (uint16_t)sealed_len);
    writer_bytes(&w, nonce, nonce_len);
    writer_bytes(&w, zero, np - nonce_len);
    writer_bytes(&w, sealed, sealed_len);
    writer_bytes(&w, zero, sp - sealed_len + extra);
}

static void authenticator(const void *text, size_t len)
{
    authenticator_of(s2c, 16, text, len, 0);
}

static enum nts_verdict judge(void)
{
    return nts_client_reply(&a, uid, pkt, w.len, scratch, sizeof scratch, &got);
}

/* Text of `count` cookies of `len` bytes each; the text's length. */
static size_t cookies(uint8_t *text, size_t count, size_t len)
{
    struct writer t = writer_of(text, 1000);
    for (size_t i = 0; i < count; i++) {
        writer_u16(&t, NTS_EF_COOKIE);
        writer_u16(&t, (uint16_t)(len + 4));
        memset(writer_room(&t, len), (int)i + 1, len);
    }
    assert_false(t.full);
    return t.len;
}

static void good(size_t count, size_t len)
{
    uint8_t text[1000];
    header();
    field(NTS_EF_UNIQUE_ID, uid, 32);
    authenticator(text, cookies(text, count, len));
}

static void a_good_reply(void **s)
{
    (void)s;
    struct nts_assoc before = a;
    good(4, 100);
    assert_int_equal(judge(), NTS_OK);
    assert_int_equal(got.count, 4);
    assert_int_equal(got.dropped, 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(got.cookie[i].len, 100);
        assert_int_equal(got.cookie[i].b[0], i + 1);
        assert_int_equal(got.cookie[i].b[99], i + 1);
    }
    assert_memory_equal(&a, &before, sizeof a);
}

static void every_bit_up_to_the_tag_counts(void **s)
{
    (void)s;
    good(1, 20);
    for (size_t bit = 0; bit < w.len * 8; bit++) {
        pkt[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(judge(), NTS_OK);
        assert_int_equal(got.count, 0);
        pkt[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(judge(), NTS_OK);
    pkt[1] ^= 1;
    assert_int_equal(judge(), NTS_FORGED);
}

static void every_truncation_is_refused(void **s)
{
    (void)s;
    good(2, 100);
    for (size_t len = 0, whole = w.len; len < whole; len++) {
        w.len = len;
        enum nts_verdict v = judge();
        assert_true(v == NTS_BAD ||
                    (v == NTS_UNSIGNED && (len == 48 || len == 84)));
    }
}

static void other_keys_forge(void **s)
{
    (void)s;
    header();
    field(NTS_EF_UNIQUE_ID, uid, 32);
    authenticator_of(c2s, 16, NULL, 0, 0); /* our own request reflected */
    assert_int_equal(judge(), NTS_FORGED);
}

static void unique_identifier(void **s)
{
    (void)s;
    uint8_t other[36];
    memcpy(other, uid, 32);
    other[31] ^= 1;
    header();
    field(NTS_EF_UNIQUE_ID, other, 32);
    authenticator(NULL, 0);
    assert_int_equal(judge(), NTS_UID);
    header(); /* ours and more */
    memcpy(other, uid, 32);
    field(NTS_EF_UNIQUE_ID, other, 36);
    authenticator(NULL, 0);
    assert_int_equal(judge(), NTS_UID);
    header(); /* its beginning */
    field(NTS_EF_UNIQUE_ID, uid, 28);
    authenticator(NULL, 0);
    assert_int_equal(judge(), NTS_UID);
    header();
    authenticator(NULL, 0);
    assert_int_equal(judge(), NTS_UID);
    header(); /* twice */
    field(NTS_EF_UNIQUE_ID, uid, 32);
    field(NTS_EF_UNIQUE_ID, uid, 32);
    authenticator(NULL, 0);
    assert_int_equal(judge(), NTS_BAD);
    header(); /* only after the authenticator, only inside it */
    authenticator(NULL, 0);
    field(NTS_EF_UNIQUE_ID, uid, 32);
    assert_int_equal(judge(), NTS_UID);
    uint8_t text[36] = {1, 4, 0, 36};
    memcpy(text + 4, uid, 32);
    header();
    authenticator(text, sizeof text);
    assert_int_equal(judge(), NTS_UID);
}

static void unsigned_replies(void **s)
{
    (void)s;
    header();
    assert_int_equal(judge(), NTS_UNSIGNED);
    field(NTS_EF_UNIQUE_ID, uid, 32);
    assert_int_equal(judge(), NTS_UNSIGNED);
    field(NTS_EF_COOKIE, c2s, 32);
    assert_int_equal(judge(), NTS_UNSIGNED);
    assert_int_equal(got.count, 0);
}

static void nak(void **s)
{
    (void)s;
    header();
    pkt[1] = 0;
    memcpy(pkt + 12, "NTSN", 4);
    assert_int_equal(judge(), NTS_UNSIGNED); /* anybody could say that */
    field(NTS_EF_UNIQUE_ID, uid, 32);
    assert_int_equal(w.len, 84); /* chrony's */
    assert_int_equal(judge(), NTS_NAK);
    pkt[1] = 1;
    assert_int_equal(judge(), NTS_UNSIGNED);
    pkt[1] = 0;
    memcpy(pkt + 12, "RATE", 4);
    assert_int_equal(judge(), NTS_UNSIGNED);
    memcpy(pkt + 12, "NTSN", 4);
    pkt[60] ^= 1;
    assert_int_equal(judge(), NTS_UID);
    pkt[60] ^= 1;
    authenticator(NULL, 0); /* then it is judged like any other */
    assert_int_equal(judge(), NTS_OK);
    pkt[w.len - 1] ^= 1;
    assert_int_equal(judge(), NTS_FORGED);
}

/* ---- the negative list of other implementations' histories -------------- */

static void nonce_of_any_length_but_none(void **s)
{
    (void)s;
    for (size_t n = 1; n <= 200; n += n < 40 ? 1 : 40) {
        header();
        field(NTS_EF_UNIQUE_ID, uid, 32);
        authenticator_of(s2c, n, NULL, 0, 0);
        assert_int_equal(judge(), NTS_OK);
    }
    pkt[84 + 4] = pkt[84 + 5] = 0;
    assert_int_equal(judge(), NTS_BAD);
}

static void lengths_beyond_the_authenticator(void **s)
{
    (void)s;
    static const uint16_t lies[] = {17, 20, 36, 252, 0x7fff, 0xfffc, 0xffff};
    for (size_t i = 0; i < LEN(lies); i++) {
        good(0, 0);
        bytes_put16(pkt + 84 + 4, lies[i]); /* nonce */
        assert_int_equal(judge(), NTS_BAD);
        good(0, 0);
        bytes_put16(pkt + 84 + 6, lies[i]); /* ciphertext */
        assert_int_equal(judge(), NTS_BAD);
        good(0, 0);
        bytes_put16(pkt + 84 + 4, lies[i]);
        bytes_put16(pkt + 84 + 6, lies[i]);
        assert_int_equal(judge(), NTS_BAD);
    }
    for (uint16_t n = 0; n < 16; n++) { /* shorter than a tag */
        good(0, 0);
        bytes_put16(pkt + 84 + 6, n);
        assert_int_equal(judge(), NTS_BAD);
    }
}

static void additional_padding_is_passed_over(void **s)
{
    (void)s;
    for (size_t extra = 0; extra <= 200; extra += 4) {
        header();
        field(NTS_EF_UNIQUE_ID, uid, 32);
        authenticator_of(s2c, 16, NULL, 0, extra);
        assert_int_equal(judge(), NTS_OK);
    }
}

static void field_lengths(void **s)
{
    (void)s;
    static const uint16_t bad[] = {0,  1,  3,  4,  8,  12, 13,     14,    15,
                                   17, 18, 34, 35, 37, 38, 0xfffc, 0xffff};
    for (size_t i = 0; i < LEN(bad); i++) {
        good(1, 100);
        bytes_put16(pkt + 50, bad[i]);
        assert_int_equal(judge(), NTS_BAD);
    }
    good(1, 100); /* the authenticator's own */
    bytes_put16(pkt + 86, (uint16_t)(w.len - 84 + 4));
    assert_int_equal(judge(), NTS_BAD);
    header();
    field(NTS_EF_UNIQUE_ID, uid, 32);
    field(0x4242, uid, 20); /* the last, without a MAC: at least 28 */
    assert_int_equal(judge(), NTS_BAD);
    header();
    field(NTS_EF_UNIQUE_ID, uid, 32);
    field(0x4242, uid, 24);
    assert_int_equal(judge(), NTS_UNSIGNED);
}

static void unknown_fields_are_passed_over_but_bound(void **s)
{
    (void)s;
    uint8_t text[300];
    header();
    field(0x4242, c2s, 12);
    field(NTS_EF_UNIQUE_ID, uid, 32);
    field(NTS_EF_PLACEHOLDER, c2s, 16);
    field(0x0104 | 0x2000, c2s, 32);
    authenticator(text, cookies(text, 2, 60));
    assert_int_equal(judge(), NTS_OK);
    assert_int_equal(got.count, 2);
    pkt[53] ^= 1;
    assert_int_equal(judge(), NTS_FORGED);
}

static void cookies_in_the_open_are_not_taken(void **s)
{
    (void)s;
    header();
    field(NTS_EF_UNIQUE_ID, uid, 32);
    field(NTS_EF_COOKIE, c2s, 32);
    authenticator(NULL, 0);
    field(NTS_EF_COOKIE, s2c, 32);
    assert_int_equal(judge(), NTS_OK);
    assert_int_equal(got.count, 0);
    assert_int_equal(got.dropped, 0);
}

/* What follows the authenticator is nobody's word, in whatever shape. */
static void nothing_after_the_authenticator_counts(void **s)
{
    (void)s;
    good(1, 100);
    size_t end = w.len;
    for (size_t tail = 0; tail < 64; tail++) {
        w.len = end;
        memset(writer_room(&w, tail), 0xff, tail);
        assert_int_equal(judge(), NTS_OK);
        assert_int_equal(got.count, 1);
    }
    w.len = end;
    authenticator(NULL, 0);
    pkt[w.len - 1] ^= 1;
    assert_int_equal(judge(), NTS_OK);
}

static void odd_cookies_are_counted(void **s)
{
    (void)s;
    uint8_t text[1000];
    struct writer t = writer_of(text, sizeof text);
    static const uint16_t lens[] = {0, 4, LIMIT_COOKIE, LIMIT_COOKIE + 4, 100};
    for (size_t i = 0; i < LEN(lens); i++) {
        writer_u16(&t, NTS_EF_COOKIE);
        writer_u16(&t, (uint16_t)(lens[i] + 4));
        memset(writer_room(&t, lens[i]), 7, lens[i]);
    }
    header();
    field(NTS_EF_UNIQUE_ID, uid, 32);
    authenticator(text, t.len);
    assert_int_equal(judge(), NTS_OK);
    assert_int_equal(got.count, 3);
    assert_int_equal(got.dropped, 2);
    assert_int_equal(got.cookie[0].len, 4);
    assert_int_equal(got.cookie[1].len, LIMIT_COOKIE);
    good(12, 60);
    assert_int_equal(judge(), NTS_OK);
    assert_int_equal(got.count, LIMIT_COOKIES);
    assert_int_equal(got.dropped, 4);
}

static void encrypted_fields_may_be_short_but_whole(void **s)
{
    (void)s;
    static const struct {
        uint8_t text[12];
        size_t len;
        enum nts_verdict v;
    } t[] = {
        {{0x42, 0x42, 0, 4}, 4, NTS_OK},
        {{0x42, 0x42, 0, 4, 2, 4, 0, 8, 1, 2, 3, 4}, 12, NTS_OK},
        {{0x42, 0x42, 0, 0}, 4, NTS_BAD},
        {{0x42, 0x42, 0, 3}, 4, NTS_BAD},
        {{0x42, 0x42, 0, 8}, 4, NTS_BAD},
        {{2, 4, 0, 8, 1, 2, 3, 4, 2, 4, 0, 8}, 12, NTS_BAD},
        {{2, 4, 0, 5, 1}, 5, NTS_BAD},
        {{2, 4, 0}, 3, NTS_BAD},
        {{2, 4, 0xff, 0xff}, 4, NTS_BAD},
    };
    for (size_t i = 0; i < LEN(t); i++) {
        header();
        field(NTS_EF_UNIQUE_ID, uid, 32);
        authenticator(t[i].text, t[i].len);
        assert_int_equal(judge(), t[i].v);
        assert_int_equal(got.count, t[i].v == NTS_OK && i == 1);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        TEST(a_good_reply),
        TEST(every_bit_up_to_the_tag_counts),
        TEST(every_truncation_is_refused),
        TEST(other_keys_forge),
        TEST(unique_identifier),
        TEST(unsigned_replies),
        TEST(nak),
        TEST(nonce_of_any_length_but_none),
        TEST(lengths_beyond_the_authenticator),
        TEST(additional_padding_is_passed_over),
        TEST(field_lengths),
        TEST(unknown_fields_are_passed_over_but_bound),
        TEST(cookies_in_the_open_are_not_taken),
        TEST(nothing_after_the_authenticator_counts),
        TEST(odd_cookies_are_counted),
        TEST(encrypted_fields_may_be_short_but_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
