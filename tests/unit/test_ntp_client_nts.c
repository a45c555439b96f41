/* ntp_client with NTS: RFC 8915 section 5.7's rules, a server of our own
 * that lies, and replies that chronyd gave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../vectors/chrony_vectors.h"
#include "ntp_peer.h"

static struct peer p;

static void begin(size_t cookies)
{
    peer_begin(&p, true);
    peer_keys(&p, 1, cookies, 100);
}

static void ask(void)
{
    assert_true(peer_poll(&p) > NTP_HEADER);
}

/* Refused for `why`, nothing else changed. */
static void refused(int rc, enum ntp_drop why)
{
    struct ntp_client before = p.n;
    assert_int_equal(peer_give(&p), rc);
    assert_int_equal(p.why, why);
    assert_int_equal(p.n.drops[why], before.drops[why] + 1);
    peer_unchanged(&p, &before);
}

static void heard(size_t cookies)
{
    peer_good_nts(&p, cookies);
    assert_int_equal(peer_give(&p), RC_OK);
}

/* ---- requests -------------------------------------------------------------- */

struct layout {
    size_t uids, cookies, placeholders, auths, cookie_len;
    bool auth_last;
};

static struct layout layout(void)
{
    struct layout l = {0};
    struct ntp_ef ef;
    size_t at = NTP_HEADER;
    int rc;
    while ((rc = ntp_ef_next(p.req, p.req_len, &at, &ef)) == RC_OK) {
        l.uids += ef.type == NTS_EF_UNIQUE_ID && ef.len == 4 + NTS_UID_LEN;
        l.cookies += ef.type == NTS_EF_COOKIE;
        l.auths += ef.type == NTS_EF_AUTHENTICATOR;
        l.auth_last = ef.type == NTS_EF_AUTHENTICATOR;
        if (ef.type == NTS_EF_COOKIE)
            l.cookie_len = ef.len;
        if (ef.type == NTS_EF_PLACEHOLDER) {
            l.placeholders++;
            assert_int_equal(ef.len, l.cookie_len);
        }
    }
    assert_int_equal(rc, RC_AGAIN);
    return l;
}

static void request_fields(void **state)
{
    (void)state;
    for (size_t have = 1; have <= 8; have++) {
        begin(have);
        ask();
        struct layout l = layout();
        assert_int_equal(l.uids, 1);
        assert_int_equal(l.cookies, 1);
        assert_int_equal(l.auths, 1);
        assert_true(l.auth_last);
        assert_int_equal(l.placeholders, 8 - have);
        assert_true(p.req_len <= LIMIT_NTP_PACKET);
        assert_int_equal(p.req[0], 0x23);
        for (size_t k = 1; k < 40; k++)
            assert_int_equal(p.req[k], 0);
    }
}

static void request_is_sealed(void **state)
{
    (void)state;
    begin(3);
    ask();
    uint8_t none[64];
    size_t auth = p.req_len - 40; /* head, lengths, nonce, tag */
    const struct nts_assoc *a = &p.n.nts;
    assert_int_equal(a->aead->open(a->c2s, p.req + auth + 8, 16, p.req, auth,
                                   p.req + auth + 24, 16, none),
                     RC_OK);
}

static void long_cookies_fit(void **state)
{
    (void)state;
    for (size_t len = 1; len <= LIMIT_COOKIE; len++) {
        peer_begin(&p, true);
        peer_keys(&p, 1, 1, len);
        ask();
        assert_true(p.req_len <= LIMIT_NTP_PACKET);
        size_t n = layout().placeholders;
        if (len <= 104) /* limit.h says so */
            assert_int_equal(n, 7);
        else
            assert_true(n >= 3 && n <= 7);
    }
}

static void no_cookie_twice(void **state)
{
    (void)state;
    static uint8_t sent[60][100], uid[60][NTS_UID_LEN];
    begin(8);
    for (size_t i = 0; i < LEN(sent); i++) {
        ask();
        memcpy(uid[i], p.req + 52, NTS_UID_LEN);
        memcpy(sent[i], p.req + NTP_HEADER + 36 + 4, 100);
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(sent[k], sent[i], 100);
            assert_memory_not_equal(uid[k], uid[i], NTS_UID_LEN);
        }
        if (i % 3 != 1)
            heard(1 + layout().placeholders);
    }
    assert_in_range(p.n.nts.count, 7, 8);
}

static void pool_refills(void **state)
{
    (void)state;
    begin(8);
    for (int lost = 0; lost < 5; lost++)
        ask();
    assert_int_equal(p.n.nts.count, 3);
    ask();
    assert_int_equal(layout().placeholders, 5);
    heard(6);
    assert_int_equal(p.n.nts.count, 8);
    ask();
    peer_good(&p);
    peer_uid(&p);
    peer_seal(&p, 12, 64); /* more than asked for: never more than 8 */
    assert_int_equal(peer_give(&p), RC_OK);
    assert_int_equal(p.n.nts.count, 8);
}

static void out_of_cookies(void **state)
{
    (void)state;
    peer_begin(&p, true);
    assert_int_equal(peer_poll(&p), RC_STATE); /* no keys at all */
    assert_true(ntp_client_due(&p.n) > p.now);
    peer_keys(&p, 1, 1, 100);
    ask();
    assert_int_equal(peer_poll(&p), RC_STATE);
    assert_int_equal(peer_poll(&p), RC_STATE);
    assert_int_equal(p.n.tx, 1);
    assert_int_equal(p.n.reach, 0);
    peer_keys(&p, 9, 8, 100);
    ntp_client_rekeyed(&p.n, p.now);
    assert_int_equal(ntp_client_due(&p.n), p.now);
    ask();
    heard(1);
}

/* Cookies that are still on the card: RC_SPACE, and not a byte changes. */
static void card_first(void **state)
{
    (void)state;
    uint8_t record[2560];
    begin(3);
    int len = nts_assoc_write(&p.n.nts, 0, record, sizeof record);
    assert_true(len > 0);
    peer_begin(&p, true); /* a reboot */
    assert_int_equal(nts_assoc_read(&p.n.nts, record, (size_t)len), RC_OK);
    struct ntp_client before = p.n;
    assert_int_equal(peer_poll(&p), RC_SPACE);
    peer_unchanged(&p, &before);
    len = nts_assoc_write(&p.n.nts, 1, record, sizeof record);
    assert_true(len > 0);
    assert_int_equal(peer_poll(&p), RC_SPACE); /* not durable yet */
    nts_assoc_record_durable(&p.n.nts);
    assert_true(peer_poll(&p) > NTP_HEADER);
    heard(1);
}

/* ---- replies ---------------------------------------------------------------- */

static void cookies_are_kept(void **state)
{
    (void)state;
    begin(8);
    ask();
    assert_int_equal(p.n.nts.count, 7);
    heard(1);
    assert_int_equal(p.n.nts.count, 8);
    assert_int_equal(bytes_get32(p.n.nts.cookies[7].b), 0x00c00c1e);
    assert_int_equal(p.s.delay_ns, 4 * MS);
    assert_int_equal(p.n.valid, 1);
}

static void replay(void **state)
{
    (void)state;
    begin(8);
    ask();
    heard(1);
    refused(RC_BAD, NTP_DROP_ORIGIN);
    ask();
    refused(RC_BAD, NTP_DROP_ORIGIN); /* the old one again */
    heard(1);
}

static void other_uid(void **state)
{
    (void)state;
    begin(8);
    ask();
    peer_good(&p);
    peer_uid(&p);
    p.rep[NTP_HEADER + 4 + 31] ^= 1;
    peer_seal(&p, 1, 100); /* authentic but for that */
    refused(RC_AUTH, NTP_DROP_UID);
    peer_good(&p);
    peer_seal(&p, 1, 100); /* none */
    refused(RC_AUTH, NTP_DROP_UID);
    heard(1);
}

static void unsigned_reply(void **state)
{
    (void)state;
    begin(8);
    ask();
    peer_good(&p); /* plain NTP: no fall-back (RFC 8915 section 8.7) */
    refused(RC_AUTH, NTP_DROP_UNSIGNED);
    peer_good(&p);
    peer_uid(&p);
    refused(RC_AUTH, NTP_DROP_UNSIGNED);
    heard(1);
}

/* Each bit of a good reply matters but those after the authenticator. */
static void every_bit_forged(void **state)
{
    (void)state;
    begin(8);
    ask();
    peer_good_nts(&p, 1);
    size_t len = p.rep_len;
    struct ntp_client before = p.n;
    for (size_t bit = 0; bit < len * 8; bit++) {
        p.rep[bit / 8] ^= (uint8_t)(1 << bit % 8);
        int rc = peer_give(&p);
        assert_true(rc == RC_BAD || rc == RC_AUTH);
        peer_unchanged(&p, &before);
        p.rep[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(peer_give(&p), RC_OK);
}

static void every_length(void **state)
{
    (void)state;
    begin(8);
    ask();
    peer_good_nts(&p, 1);
    size_t len = p.rep_len;
    struct ntp_client before = p.n;
    for (p.rep_len = 0; p.rep_len < len; p.rep_len++) {
        int rc = peer_give(&p);
        assert_true(rc == RC_BAD || rc == RC_AUTH);
        peer_unchanged(&p, &before);
    }
    assert_int_equal(peer_give(&p), RC_OK);
}

static void wrong_keys(void **state)
{
    (void)state;
    begin(8);
    ask();
    p.n.nts.s2c[0] ^= 1;
    peer_good_nts(&p, 1);
    p.n.nts.s2c[0] ^= 1;
    refused(RC_AUTH, NTP_DROP_FORGED);
    heard(1);
}

/* Authentic, but nonsense in it: no sample; the cookies are good, or a slow
 * path would use them up. */
static void authentic_nonsense(void **state)
{
    (void)state;
    begin(8);
    for (int i = 0; i < 20; i++) {
        ask();
        struct ntp_header h = peer_header(&p);
        h.transmit = 0;
        peer_reply(&p, &h);
        peer_uid(&p);
        peer_seal(&p, 1, 100);
        assert_int_equal(peer_give(&p), RC_STATE);
        assert_int_equal(p.why, NTP_DROP_TIMES);
        assert_int_equal(p.n.nts.count, 8);
    }
    assert_int_equal(p.n.reach, 0);
    ask();
    heard(1);
}

static bool asks_again_soon(void)
{
    ask();
    heard(1);
    ntp_client_again(&p.n, p.now);
    return ntp_client_due(&p.n) <= p.now + INT64_C(2100000000);
}

/* A refused sample is asked for again in 2 s, but not for ever: a server that
 * the filter goes on refusing is not worth a request every 2 s. */
static void refused_samples_are_not_hunted(void **state)
{
    (void)state;
    begin(8);
    for (int i = 0; i < 40; i++) { /* the ramp is over */
        ask();
        heard(1);
    }
    unsigned soon = 0;
    for (int i = 0; i < 30; i++)
        soon += asks_again_soon();
    assert_in_range(soon, 3, 10);
    assert_false(asks_again_soon());
    ask();
    heard(1); /* taken */
    ask();
    heard(1);
    assert_true(asks_again_soon());
}

static void unsynchronised_feeds_cookies(void **state)
{
    (void)state;
    begin(8);
    for (int i = 0; i < 20; i++) {
        ask();
        struct ntp_header h = peer_header(&p);
        h.leap = 3;
        h.stratum = 16;
        peer_reply(&p, &h);
        peer_uid(&p);
        peer_seal(&p, 1, 100);
        assert_int_equal(peer_give(&p), RC_STATE);
        assert_int_equal(p.why, NTP_DROP_STRATUM);
        assert_int_equal(p.n.nts.count, 8);
        assert_int_equal(peer_give(&p), RC_BAD); /* answered is answered */
    }
    assert_int_equal(p.n.reach, 0);
}

/* ---- kisses ------------------------------------------------------------------ */

static void kiss(uint32_t code, bool uid, bool seal)
{
    struct ntp_header h = peer_header(&p);
    h.leap = 3;
    h.stratum = 0;
    h.refid = code;
    peer_reply(&p, &h);
    if (uid)
        peer_uid(&p);
    if (seal)
        peer_seal(&p, 0, 0);
}

static void kisses_must_be_authentic(void **state)
{
    (void)state;
    const uint32_t code[] = {NTP_KISS_DENY, NTP_KISS_RSTR, NTP_KISS_RATE};
    for (size_t i = 0; i < LEN(code); i++) {
        begin(8);
        ask();
        kiss(code[i], true, false);
        refused(RC_AUTH, NTP_DROP_UNSIGNED);
        kiss(code[i], true, true);
        p.rep[p.rep_len - 1] ^= 1;
        refused(RC_AUTH, NTP_DROP_FORGED);
        kiss(code[i], true, true);
        assert_int_equal(peer_give(&p), RC_STATE);
        assert_int_equal(p.why, i < 2 ? NTP_DROP_DENY : NTP_DROP_RATE);
        assert_int_equal(p.n.refused, code[i] != NTP_KISS_RATE);
        if (code[i] == NTP_KISS_RATE)
            assert_true(ntp_client_due(&p.n) >= p.now + 64 * S);
    }
}

/* One unauthenticated NAK changes counters only. */
static void one_nak(void **state)
{
    (void)state;
    begin(8);
    ask();
    struct ntp_client before = p.n;
    for (int i = 0; i < 50; i++) {
        kiss(NTP_KISS_NTSN, true, false);
        assert_int_equal(peer_give(&p), RC_AUTH);
        assert_int_equal(p.why, NTP_DROP_NAK);
    }
    assert_int_equal(p.n.nak_run, 1); /* fifty, but to one request */
    assert_int_equal(p.n.nts.naks, 50);
    before.nak_run = 1;
    before.nak_seen = true;
    before.nts.naks = 50;
    peer_unchanged(&p, &before);
    heard(1); /* the real answer after it */
    assert_int_equal(p.n.nak_run, 0);
    assert_int_equal(p.n.nts.naks, 0);
}

static void nak_for_another(void **state)
{
    (void)state;
    begin(8);
    ask();
    kiss(NTP_KISS_NTSN, true, false);
    p.rep[NTP_HEADER + 10] ^= 1;
    refused(RC_AUTH, NTP_DROP_UID);
    kiss(NTP_KISS_NTSN, false, false);
    refused(RC_AUTH, NTP_DROP_UNSIGNED);
    kiss(NTP_KISS_NTSN, true, false);
    p.rep[24] ^= 1;
    refused(RC_BAD, NTP_DROP_ORIGIN);
    assert_int_equal(p.n.nak_run, 0);
}

/* Keys that are given up with a request under way: its answer is nobody's. */
static void keys_given_up(void **state)
{
    (void)state;
    begin(8);
    ask();
    peer_good(&p);
    peer_uid(&p);
    peer_seal(&p, 1, 100);
    ntp_client_unkeyed(&p.n);
    refused(RC_BAD, NTP_DROP_ORIGIN);
    assert_int_equal(peer_poll(&p), RC_STATE);
    peer_keys(&p, 3, 8, 100);
    ntp_client_rekeyed(&p.n, p.now);
    ask();
    heard(1);
}

static void run_of_naks(void **state)
{
    (void)state;
    begin(8);
    for (int i = 0; i < NTP_CLIENT_NAKS; i++) {
        ask();
        kiss(NTP_KISS_NTSN, true, false);
        assert_int_equal(peer_give(&p), RC_AUTH);
    }
    assert_true(ntp_client_refused(&p.n)); /* or so a stranger says */
    ask(); /* with the old keys, until there are others */
    assert_int_equal(p.n.tx, NTP_CLIENT_NAKS + 1);
    heard(1);
    assert_false(ntp_client_refused(&p.n)); /* they were good */
    for (int i = 0; i < NTP_CLIENT_NAKS; i++) {
        ask();
        kiss(NTP_KISS_NTSN, true, false);
        assert_int_equal(peer_give(&p), RC_AUTH);
    }
    assert_true(ntp_client_refused(&p.n));
    peer_keys(&p, 7, 8, 100);
    ntp_client_rekeyed(&p.n, p.now);
    assert_false(ntp_client_refused(&p.n));
    ask();
    heard(1);
    /* broken by valid replies, a run never gets there */
    for (int i = 0; i < 20; i++) {
        ask();
        kiss(NTP_KISS_NTSN, true, false);
        assert_int_equal(peer_give(&p), RC_AUTH);
        if (i % 2)
            heard(2);
        assert_false(ntp_client_refused(&p.n));
    }
}

static void nak_it(void)
{
    ask();
    kiss(NTP_KISS_NTSN, true, false);
    assert_int_equal(peer_give(&p), RC_AUTH);
}

/* AEAD 30 without record 1024: nobody said which exporter context. */
static void other_context(void **state)
{
    (void)state;
    uint8_t right[AEAD_KEY_MAX], wrong[AEAD_KEY_MAX];
    memset(right, 0x5a, sizeof right);
    for (int second = 0; second < 2; second++) {
        begin(8);
        memcpy(wrong, p.n.nts.c2s, sizeof wrong);
        nts_assoc_set_alt(&p.n.nts, right, right);
        for (int i = 0; i < NTP_CLIENT_NAKS; i++) {
            assert_memory_equal(p.n.nts.c2s, wrong, 32);
            nak_it();
        }
        assert_memory_equal(p.n.nts.c2s, right, 32);
        assert_false(p.n.nts.alt);
        if (second == 0) {
            ask();
            heard(5);
            continue;
        }
        for (int i = 0; i < NTP_CLIENT_NAKS; i++)
            nak_it();
        assert_memory_equal(p.n.nts.c2s, right, 32); /* once only */
        assert_int_equal(p.n.nak_run, NTP_CLIENT_NAKS);
    }
    begin(8); /* proved keys are not given up for a stranger's NAKs */
    nts_assoc_set_alt(&p.n.nts, right, right);
    ask();
    heard(1);
    assert_false(p.n.nts.alt);
    for (int i = 0; i < NTP_CLIENT_NAKS; i++)
        nak_it();
    assert_memory_equal(p.n.nts.c2s, wrong, 32);
}

/* ---- others' packets ---------------------------------------------------------- */

static int from_chrony(const uint8_t *uid, const uint8_t *s2c,
                       const uint8_t *rep, size_t len)
{
    peer_begin(&p, true);
    int rc = nts_assoc_keys(&p.n.nts, AEAD_AES_SIV_CMAC_256, s2c, s2c);
    assert_int_equal(rc, RC_OK);
    p.n.prepared = p.n.waiting = true; /* as if this had been asked */
    p.n.nonce = bytes_get64(rep + 24);
    p.n.sent_ticks = 5000000;
    memcpy(p.n.uid, uid, NTS_UID_LEN);
    p.now = 5 * S;
    memcpy(p.rep, rep, len);
    p.rep_len = len;
    return peer_give(&p);
}

static void chrony_replies(void **state)
{
    (void)state;
    assert_int_equal(from_chrony(chrony_one_uid, chrony_s2c, chrony_one_reply,
                                 sizeof chrony_one_reply),
                     RC_OK);
    assert_int_equal(p.n.nts.count, 1);
    assert_int_equal(p.s.stratum, 1);
    assert_int_equal(p.s.refid, 0x7f7f0101);
    assert_int_equal(p.s.server_precision, -26);
    assert_int_equal(from_chrony(chrony_four_uid, chrony_s2c, chrony_four_reply,
                                 sizeof chrony_four_reply),
                     RC_OK);
    assert_int_equal(p.n.nts.count, 4);
    assert_int_equal(from_chrony(chrony_nak_uid, chrony_s2c, chrony_nak_reply,
                                 sizeof chrony_nak_reply),
                     RC_AUTH);
    assert_int_equal(p.why, NTP_DROP_NAK);
    assert_int_equal(from_chrony(chrony_one_uid, chrony_s2c, chrony_four_reply,
                                 sizeof chrony_four_reply),
                     RC_AUTH);
    assert_int_equal(p.why, NTP_DROP_UID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_fields),
        cmocka_unit_test(request_is_sealed),
        cmocka_unit_test(long_cookies_fit),
        cmocka_unit_test(no_cookie_twice),
        cmocka_unit_test(pool_refills),
        cmocka_unit_test(out_of_cookies),
        cmocka_unit_test(card_first),
        cmocka_unit_test(cookies_are_kept),
        cmocka_unit_test(replay),
        cmocka_unit_test(other_uid),
        cmocka_unit_test(unsigned_reply),
        cmocka_unit_test(every_bit_forged),
        cmocka_unit_test(every_length),
        cmocka_unit_test(wrong_keys),
        cmocka_unit_test(authentic_nonsense),
        cmocka_unit_test(refused_samples_are_not_hunted),
        cmocka_unit_test(unsynchronised_feeds_cookies),
        cmocka_unit_test(kisses_must_be_authentic),
        cmocka_unit_test(one_nak),
        cmocka_unit_test(nak_for_another),
        cmocka_unit_test(keys_given_up),
        cmocka_unit_test(run_of_naks),
        cmocka_unit_test(other_context),
        cmocka_unit_test(chrony_replies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
