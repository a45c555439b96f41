/* nts_auth: the authenticator sealed and opened by either side, in place and
 * not, with both AEADs; what a client and what a server do with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "core/ntp_wire.h"
#include "core/nts_auth.h"
#include "entropy.h"

static const uint8_t key[AEAD_KEY_MAX] = {1, 2, 3}, other[AEAD_KEY_MAX] = {9};
static const uint8_t nonce[AEAD_NONCE_MAX] = {7, 7, 7, 7, 7, 7, 7, 7,
                                              7, 7, 7, 7, 7, 7, 7, 7};
static uint8_t pkt[2048], scratch[2048];
static struct writer w;
static const struct aead *aead;

static int aead_15(void **s)
{
    (void)s;
    aead = aead_find(15);
    return aead == NULL;
}

static int aead_30(void **s)
{
    (void)s;
    aead = aead_find(30);
    return aead == NULL;
}

/* Header, a field in the open, and `cookies` of 20 bytes encrypted. */
static int seal(size_t cap, size_t cookies)
{
    uint8_t cookie[20];
    memset(pkt, 0xee, sizeof pkt);
    w = writer_of(pkt, cap);
    uint8_t *h = writer_room(&w, NTP_HEADER);
    if (h)
        memset(h, 0x24, NTP_HEADER);
    ntp_ef_put_bytes(&w, NTS_EF_UNIQUE_ID, key, 32);
    size_t at = nts_auth_begin(&w, aead);
    for (size_t i = 0; i < cookies; i++) {
        memset(cookie, (int)i + 1, sizeof cookie);
        ntp_ef_put_bytes(&w, NTS_EF_COOKIE, cookie, sizeof cookie);
    }
    return nts_auth_seal(&w, at, aead, key, nonce);
}

/* The last field, that must be an authenticator, taken apart. */
static int find(struct nts_auth *a)
{
    struct ntp_ef ef = {0};
    size_t at = NTP_HEADER;
    int rc;
    while ((rc = ntp_ef_next(pkt, w.len, &at, &ef)) == RC_OK)
        ;
    if (rc != RC_AGAIN || ef.type != NTS_EF_AUTHENTICATOR)
        return RC_BAD;
    return nts_auth_parse(&ef, a);
}

static int open_with(const uint8_t *k)
{
    struct nts_auth a;
    int rc = find(&a);
    return rc == RC_OK ? nts_auth_open(aead, k, pkt, &a, scratch) : rc;
}

static void count_cookies(const uint8_t *text, int len, size_t want)
{
    struct ntp_ef ef;
    size_t at = 0, n = 0;
    while (ntp_ef_next_encrypted(text, (size_t)len, &at, &ef) == RC_OK) {
        n++;
        assert_true(ef.type == NTS_EF_COOKIE && ef.len == 24);
        assert_true(ef.body[0] == n && ef.body[19] == n);
    }
    assert_int_equal(n, want);
    assert_int_equal(at, len);
}

static void sealed_and_opened(void **s)
{
    (void)s;
    for (size_t n = 0; n <= 8; n++) {
        assert_int_equal(seal(sizeof pkt, n), RC_OK);
        assert_int_equal(w.len, 84 + nts_auth_size(aead, n * 24));
        assert_int_equal(pkt[w.len], 0xee);
        count_cookies(scratch, open_with(key), n);
        assert_int_equal(open_with(other), RC_AUTH);
    }
}

/* The same bytes as an AEAD makes that is not asked to work in place. */
static void in_place_is_the_same(void **s)
{
    (void)s;
    uint8_t text[3 * 24] = {0}, sealed[sizeof text + 16];
    for (size_t i = 0; i < 3; i++) {
        memcpy(text + 24 * i, "\2\4\0\x18", 4);
        memset(text + 24 * i + 4, (int)i + 1, 20);
    }
    assert_int_equal(seal(sizeof pkt, 3), RC_OK);
    struct nts_auth a;
    assert_int_equal(find(&a), RC_OK);
    assert_int_equal(a.ad_len, 84);
    assert_int_equal(a.nonce_len, aead->nonce_len);
    assert_memory_equal(a.nonce, nonce, a.nonce_len);
    assert_int_equal(a.sealed_len, sizeof sealed);
    assert_int_equal(a.padding, 0);
    assert_int_equal(aead->seal(key, nonce, aead->nonce_len, pkt, 84, text,
                                sizeof text, sealed),
                     RC_OK);
    assert_memory_equal(a.sealed, sealed, sizeof sealed);

    const uint8_t *here;
    uint8_t open_part[84];
    memcpy(open_part, pkt, sizeof open_part);
    int len = nts_auth_open_here(aead, key, pkt, &a, &here);
    assert_int_equal(len, sizeof text);
    assert_true(here >= pkt + 84 && here + len <= pkt + w.len);
    assert_memory_equal(here, text, sizeof text);
    assert_memory_equal(pkt, open_part, sizeof open_part);
}

/* A forged request costs no more than its own ciphertext: what a NAK repeats
 * is still there. */
static void a_forgery_leaves_the_open_part(void **s)
{
    (void)s;
    assert_int_equal(seal(sizeof pkt, 2), RC_OK);
    struct nts_auth a;
    assert_int_equal(find(&a), RC_OK);
    const uint8_t *here;
    uint8_t before[84];
    memcpy(before, pkt, sizeof before);
    assert_int_equal(nts_auth_open_here(aead, other, pkt, &a, &here), RC_AUTH);
    assert_memory_equal(pkt, before, sizeof before);
    for (size_t i = 0; i < 48; i++)
        assert_int_equal(here[i], 0); /* no unauthenticated text */
}

static void every_bit_counts(void **s)
{
    (void)s;
    assert_int_equal(seal(sizeof pkt, 1), RC_OK);
    for (size_t bit = 0; bit < w.len * 8; bit++) {
        pkt[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(open_with(key) < 0);
        pkt[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(open_with(key), 24);
}

static void no_room(void **s)
{
    (void)s;
    assert_int_equal(seal(sizeof pkt, 2), RC_OK);
    size_t whole = w.len;
    assert_int_equal(seal(whole, 2), RC_OK);
    for (size_t cap = 0; cap < whole; cap++) {
        assert_int_equal(seal(cap, 2), RC_SPACE);
        assert_int_equal(pkt[cap], 0xee);
    }
}

/* Fields by hand: lengths that lie, and what is behind the ciphertext. */
static void taken_apart(void **s)
{
    (void)s;
    static const struct {
        uint16_t nonce, sealed;
        size_t body;
        int rc;
        size_t padding;
    } row[] = {
        {16, 16, 36, RC_OK, 0},     {13, 17, 40, RC_OK, 0},
        {12, 16, 36, RC_OK, 4},     {0, 16, 36, RC_OK, 16},
        {0, 0, 12, RC_OK, 8},       {16, 0, 20, RC_OK, 0},
        {16, 16, 32, RC_BAD, 0},    {17, 16, 36, RC_BAD, 0},
        {16, 17, 36, RC_BAD, 0},    {0xffff, 0, 36, RC_BAD, 0},
        {0, 0xffff, 36, RC_BAD, 0}, {0xfffd, 0xfffd, 36, RC_BAD, 0},
        {33, 0, 36, RC_BAD, 0},     {0x8000, 0x8000, 36, RC_BAD, 0},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        uint8_t body[64] = {0};
        bytes_put16(body, row[i].nonce);
        bytes_put16(body + 2, row[i].sealed);
        struct ntp_ef ef = {.type = NTS_EF_AUTHENTICATOR,
                            .offset = 48,
                            .len = 4 + row[i].body,
                            .body = body};
        struct nts_auth a;
        assert_int_equal(nts_auth_parse(&ef, &a), row[i].rc);
        if (row[i].rc != RC_OK)
            continue;
        assert_int_equal(a.padding, row[i].padding);
        assert_ptr_equal(a.nonce, body + 4);
        assert_ptr_equal(a.sealed, body + 4 + (row[i].nonce + 3) / 4 * 4);
    }
}

/* A ciphertext shorter than a tag, a nonce that cannot be: nothing is
 * written. */
static void what_no_aead_makes(void **s)
{
    (void)s;
    static const uint16_t nonces[] = {0, 16, 12};
    for (size_t i = 0; i < LEN(nonces); i++)
        for (uint16_t len = 0; len < 16; len++) {
            uint8_t p[128], before[128];
            memset(p, 0x55, sizeof p);
            bytes_put16(p + 52, nonces[i]);
            bytes_put16(p + 54, len);
            memcpy(before, p, sizeof p);
            struct ntp_ef ef = {NTS_EF_AUTHENTICATOR, 48, 40, p + 52};
            struct nts_auth a;
            const uint8_t *here;
            assert_int_equal(nts_auth_parse(&ef, &a), RC_OK);
            assert_int_equal(nts_auth_open(aead, key, p, &a, scratch), RC_BAD);
            assert_int_equal(nts_auth_open_here(aead, key, p, &a, &here),
                             RC_BAD);
            assert_memory_equal(p, before, sizeof p);
        }
}

int main(void)
{
#define TEST(f)                                                                \
    cmocka_unit_test_setup(f, aead_15), cmocka_unit_test_setup(f, aead_30)
    const struct CMUnitTest tests[] = {
        TEST(sealed_and_opened),
        TEST(in_place_is_the_same),
        TEST(a_forgery_leaves_the_open_part),
        TEST(every_bit_counts),
        TEST(no_room),
        TEST(taken_apart),
        TEST(what_no_aead_makes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
