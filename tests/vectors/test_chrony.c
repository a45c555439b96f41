/* Real bytes of chronyd (see record_chrony.py): its NTS-KE answer, replies to
 * requests made by Python under keys exported by OpenSSL, a NAK, and an
 * exchange between two chronyds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "../unit/entropy.h"
#include "chrony_vectors.h"
#include "core/bytes.h"
#include "core/nts_client.h"
#include "core/nts_ke.h"

#define UID_AT   52 /* body of the first field after the header */
#define TABLE(a) a, sizeof a

static uint8_t scratch[2048];
static struct nts_assoc a;
static struct nts_reply got;

static void key_exchange(void **s)
{
    (void)s;
    static struct nts_ke_client k;
    static const uint16_t offer[] = {15};
    uint8_t out[64];
    for (size_t cut = 0; cut <= sizeof chrony_response; cut++) {
        assert_true(nts_ke_client_request(&k, offer, 1, out, sizeof out) > 0);
        enum nts_ke_status st = nts_ke_client_feed(&k, chrony_response, cut);
        assert_int_equal(st, cut < sizeof chrony_response ? NTS_KE_MORE
                                                          : NTS_KE_DONE);
        assert_int_equal(nts_ke_client_feed(&k, chrony_response + cut,
                                            sizeof chrony_response - cut),
                         NTS_KE_DONE);
    }
    assert_int_equal(k.result.aead, 15);
    assert_int_equal(k.result.port, 31123);
    assert_int_equal(k.result.count, 8);
    assert_int_equal(k.result.dropped, 0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(k.result.cookie[i].len, 100);
    /* the recorded requests used cookies of this answer */
    assert_memory_equal(k.result.cookie[0].b, chrony_one_request + 88, 100);
    assert_memory_equal(k.result.cookie[1].b, chrony_four_request + 88, 100);
}

static enum nts_verdict reply(const uint8_t *c2s, const uint8_t *s2c,
                              const uint8_t *uid, const uint8_t *pkt,
                              size_t len)
{
    a = (struct nts_assoc){0};
    assert_int_equal(nts_assoc_keys(&a, 15, c2s, s2c), RC_OK);
    return nts_client_reply(&a, uid, pkt, len, scratch, sizeof scratch, &got);
}

static enum nts_verdict ours(const uint8_t *uid, const uint8_t *pkt, size_t n)
{
    return reply(chrony_c2s, chrony_s2c, uid, pkt, n);
}

static void replies(void **s)
{
    (void)s;
    assert_int_equal(ours(chrony_one_uid, TABLE(chrony_one_reply)), NTS_OK);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.cookie[0].len, 100);
    assert_int_equal(ours(chrony_four_uid, TABLE(chrony_four_reply)), NTS_OK);
    assert_int_equal(got.count, 4);
    assert_int_equal(got.dropped, 0);
    for (size_t i = 1; i < 4; i++)
        assert_memory_not_equal(got.cookie[i].b, got.cookie[0].b, 100);
}

static void replies_to_others_and_spoilt(void **s)
{
    (void)s;
    uint8_t p[sizeof chrony_one_reply];
    assert_int_equal(ours(chrony_four_uid, TABLE(chrony_one_reply)), NTS_UID);
    assert_int_equal(
        reply(chrony_s2c, chrony_c2s, chrony_one_uid, TABLE(chrony_one_reply)),
        NTS_FORGED);
    for (size_t bit = 0; bit < sizeof p * 8; bit++) {
        memcpy(p, chrony_one_reply, sizeof p);
        p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(ours(chrony_one_uid, TABLE(p)), NTS_OK);
    }
}

static void nak(void **s)
{
    (void)s;
    assert_int_equal(ours(chrony_nak_uid, TABLE(chrony_nak_reply)), NTS_NAK);
    assert_int_equal(ours(chrony_one_uid, TABLE(chrony_nak_reply)), NTS_UID);
}

static void chrony_to_chrony(void **s)
{
    (void)s;
    assert_int_equal(reply(chrony_client_c2s, chrony_client_s2c,
                           chrony_client_request + UID_AT,
                           TABLE(chrony_client_reply)),
                     NTS_OK);
    assert_int_equal(got.count, 1);
}

/* Our request has the shape of chrony's own, field by field, and both verify
 * under the client's key over all that precedes the authenticator. */
static void same_shape(const uint8_t *theirs, const uint8_t *mine, size_t len,
                       const uint8_t *c2s)
{
    const uint8_t *both[] = {theirs, mine};
    for (size_t at = 48; at < len; at += bytes_get16(theirs + at + 2))
        assert_memory_equal(theirs + at, mine + at, 4);
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *auth = both[i] + len - 36;
        assert_memory_equal(auth, "\0\x10\0\x10", 4);
        assert_int_equal(a.aead->open(c2s, auth + 4, 16, both[i], len - 40,
                                      auth + 20, 16, scratch),
                         RC_OK);
    }
}

static void our_request_looks_like_chronys(void **s)
{
    (void)s;
    static uint8_t p[1024];
    uint8_t uid[NTS_UID_LEN];
    a = (struct nts_assoc){0};
    assert_int_equal(
        nts_assoc_keys(&a, 15, chrony_client_c2s, chrony_client_s2c), RC_OK);
    struct nts_cookie c = {.len = 100};
    memcpy(c.b, chrony_client_request + 88, 100);
    assert_int_equal(nts_client_request(&a, &c, 0, uid, p, sizeof p),
                     sizeof chrony_client_request);
    same_shape(chrony_client_request, p, sizeof chrony_client_request,
               chrony_client_c2s);
    assert_int_equal(nts_assoc_keys(&a, 15, chrony_c2s, chrony_s2c), RC_OK);
    assert_int_equal(nts_client_request(&a, &c, 3, uid, p, sizeof p),
                     sizeof chrony_four_request);
    same_shape(chrony_four_request, p, sizeof chrony_four_request, chrony_c2s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_exchange),
        cmocka_unit_test(replies),
        cmocka_unit_test(replies_to_others_and_spoilt),
        cmocka_unit_test(nak),
        cmocka_unit_test(chrony_to_chrony),
        cmocka_unit_test(our_request_looks_like_chronys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
