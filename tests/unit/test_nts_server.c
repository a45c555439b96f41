/* core/nts_server through core/ntp_server: what each kind of request with
 * fields of NTS gets (RFC 8915 section 5.7, and what chronyd 4.3 and 4.6.1
 * answer to the same bytes: tests/host/test_serve_nts.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/ntp_server.h"
#include "core/utc.h"
#include "entropy.h"
#include "nts_request.h"

#define NOW ((ntp64)0xee000000 << 32)

static struct ntp_server s;
static struct ntp_server_clock c;
static struct nts_cookie_jar jar;
static struct nts_peer p;
static struct ntp_header rq, rp;
static uint8_t out[NTP_SERVER_REQUEST_MAX];
static size_t len;      /* of the reply                                      */
static unsigned unique; /* ids in it                                         */

static int setup(void **state)
{
    (void)state;
    ntp_server_init(&s, INT8_MIN);
    if (jar.nonces)
        nts_cookie_end(&jar);
    assert_int_equal(nts_cookie_begin(&jar), RC_OK);
    s.jar = &jar;
    c = (struct ntp_server_clock){.ref = {.stratum = 2,
                                          .precision = -25,
                                          .refid = 7,
                                          .ref_time = NOW - UTC_S},
                                  .receive = NOW};
    rq = (struct ntp_header){.version = 4,
                             .mode = NTP_MODE_CLIENT,
                             .poll = 6,
                             .transmit = 0x1122334455667788};
    nts_peer_init(&p, 15, &jar);
    return 0;
}

enum what { SILENCE, NAK, AUTHENTIC };

/* What the request as it stands gets, and that any reply is a good one. */
static enum what ask(void)
{
    uint64_t naks = s.naks, authenticated = s.authenticated;
    memset(out, 0xee, sizeof out);
    len = ntp_server_reply(&s, &c, 40000, p.msg, p.w.len, out);
    if (len == 0) {
        assert_true(s.naks == naks && s.authenticated == authenticated);
        return SILENCE;
    }
    ntp_server_stamp(&s, out, c.receive + 2000);
    assert_int_equal(ntp_server_seal(&s, out), RC_OK);
    assert_true(len <= p.w.len);
    assert_int_equal(ntp_wire_parse(out, len, &rp), RC_OK);
    assert_int_equal(rp.mode, NTP_MODE_SERVER);
    if (s.naks > naks) {
        assert_int_equal(rp.refid, NTP_KISS_NTSN);
        assert_true(rp.stratum == 0 && rp.leap == NTP_LEAP_UNKNOWN);
        assert_true(nts_peer_read(&p, out, len, &jar, &unique) == -1);
        return NAK;
    }
    assert_int_equal(s.authenticated, authenticated + 1);
    assert_int_equal(len, p.w.len);
    return AUTHENTIC;
}

static int cookies(void)
{
    return nts_peer_read(&p, out, len, &jar, &unique);
}

static void begin(void)
{
    nts_peer_header(&p, &rq);
    nts_peer_uid(&p, 32);
}

static void ordinary(unsigned placeholders)
{
    begin();
    nts_peer_cookie(&p);
    nts_peer_placeholders(&p, placeholders);
    nts_peer_seal(&p, 0, 0);
}

static void as_long_as_the_request(void **state)
{
    (void)state;
    static const struct {
        uint16_t aead;
        size_t len, more;
    } kind[] = {{15, 228, 104}, {30, 192, 72}};
    for (size_t k = 0; k < LEN(kind); k++) {
        nts_peer_init(&p, kind[k].aead, &jar);
        for (unsigned n = 0; n < 8; n++) {
            ordinary(n);
            assert_int_equal(p.w.len, kind[k].len + n * kind[k].more);
            assert_int_equal(ask(), AUTHENTIC);
            assert_int_equal(cookies(), n + 1);
            assert_int_equal(unique, 1);
            assert_true(rp.origin == rq.transmit && rp.stratum == 2);
        }
    }
}

static void eight_cookies_at_most(void **state)
{
    (void)state;
    nts_peer_init(&p, 30, &jar);
    ordinary(12);
    assert_int_equal(ask(), AUTHENTIC);
    assert_int_equal(cookies(), 8);
}

static void placeholders_may_be_encrypted(void **state)
{
    (void)state;
    begin();
    nts_peer_cookie(&p);
    nts_peer_placeholders(&p, 1);
    nts_peer_seal(&p, 3, 0);
    assert_int_equal(ask(), AUTHENTIC);
    assert_int_equal(cookies(), 5);
    begin();
    nts_peer_cookie(&p);
    size_t at = nts_auth_begin(&p.w, p.aead);
    (void)ntp_ef_put(&p.w, NTS_EF_PLACEHOLDER, p.cookie_len + 4);
    assert_int_equal(nts_auth_seal(&p.w, at, p.aead, p.c2s, p.uid), RC_OK);
    assert_int_equal(ask(), SILENCE);
}

/* Others between them, and what would have been shorter is padded. */
static void unknown_fields(void **state)
{
    (void)state;
    nts_peer_header(&p, &rq);
    (void)ntp_ef_put(&p.w, 0x7777, 40);
    nts_peer_uid(&p, 32);
    (void)ntp_ef_put(&p.w, 0x7778, 12);
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 0);
    assert_int_equal(ask(), AUTHENTIC);
    assert_int_equal(cookies(), 1);
    assert_int_equal(unique, 1);
    ordinary(0);
    p.w.len -= nts_auth_size(p.aead, 0);
    nts_peer_seal(&p, 0, 400);
    assert_int_equal(p.w.len, 400);
    assert_int_equal(ask(), AUTHENTIC);
    assert_int_equal(cookies(), 1);
}

static void unique_ids(void **state)
{
    (void)state;
    for (size_t n = 12; n <= 64; n += 4) {
        nts_peer_header(&p, &rq);
        nts_peer_uid(&p, n);
        nts_peer_cookie(&p);
        nts_peer_seal(&p, 0, 0);
        assert_int_equal(ask(), n < 32 ? SILENCE : AUTHENTIC);
        if (n >= 32)
            assert_true(cookies() == 1 && unique == 1);
    }
}

static void no_request_of_nts(void **state)
{
    (void)state;
    begin(); /* no authenticator, no cookie */
    assert_int_equal(ask(), SILENCE);
    begin(); /* no authenticator */
    nts_peer_cookie(&p);
    assert_int_equal(ask(), SILENCE);
    begin(); /* no cookie */
    nts_peer_seal(&p, 0, 0);
    assert_int_equal(ask(), SILENCE);
    begin();
    nts_peer_placeholders(&p, 1);
    nts_peer_seal(&p, 0, 0);
    assert_int_equal(ask(), SILENCE);
    nts_peer_header(&p, &rq); /* no unique id */
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 0);
    assert_int_equal(ask(), SILENCE);
    begin();
    nts_peer_cookie(&p);
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 0);
    assert_int_equal(ask(), SILENCE);
    begin();
    nts_peer_cookie(&p);
    (void)ntp_ef_put(&p.w, NTS_EF_PLACEHOLDER, 96);
    nts_peer_seal(&p, 0, 0);
    assert_int_equal(ask(), SILENCE);
    begin(); /* something after the authenticator */
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 0);
    (void)ntp_ef_put(&p.w, 0x7777, 24);
    assert_int_equal(ask(), SILENCE);
    begin(); /* a cookie that nobody makes so long */
    (void)ntp_ef_put(&p.w, NTS_EF_COOKIE, 260);
    nts_peer_seal(&p, 0, 0);
    assert_int_equal(ask(), SILENCE);
    assert_int_equal(s.silence, NTP_SILENCE_NTS);
}

static void modes_and_versions(void **state)
{
    (void)state;
    for (unsigned mode = 0; mode < 8; mode++)
        for (unsigned version = 0; version < 8; version++) {
            rq.mode = (uint8_t)mode;
            rq.version = (uint8_t)version;
            ordinary(0);
            assert_int_equal(ask(),
                             mode == 3 && version == 4 ? AUTHENTIC : SILENCE);
        }
}

static void not_served(void **state)
{
    (void)state;
    s.jar = NULL;
    ordinary(2);
    assert_int_equal(ask(), SILENCE);
    assert_int_equal(s.silence, NTP_SILENCE_NTS);
}

static void bad_cookies(void **state)
{
    (void)state;
    static const size_t lens[] = {12, 64, 68, 96, 104, 256};
    for (size_t i = 0; i < LEN(lens); i++) {
        begin();
        (void)ntp_ef_put(&p.w, NTS_EF_COOKIE, lens[i]);
        nts_peer_seal(&p, 0, 0);
        assert_int_equal(ask(), NAK);
        assert_int_equal(len, 84);
        assert_memory_equal(out + 52, p.uid, 32);
    }
    ordinary(0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(), AUTHENTIC);
        assert_int_equal(nts_cookie_rotate(&jar), RC_OK);
    }
    assert_int_equal(ask(), NAK);
}

/* Each bit of a request: never is what was changed authentic, but for what
 * neither the header's nor anybody's meaning depends on. */
static void every_flipped_bit(void **state)
{
    (void)state;
    ordinary(1);
    for (size_t i = 0; i < 8 * p.w.len; i++) {
        p.msg[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_not_equal(ask(), AUTHENTIC);
        p.msg[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_int_equal(ask(), AUTHENTIC);
    size_t whole = p.w.len;
    for (p.w.len = 49; p.w.len < whole; p.w.len++)
        assert_int_equal(ask(), SILENCE);
}

/* Lengths inside the authenticator that do not fit it. */
static void lengths_that_overrun(void **state)
{
    (void)state;
    static const uint16_t bad[][2] = {
        {16, 17}, {17, 16}, {20, 16}, {0xffff, 16}, {16, 0xffff},     {0, 16},
        {0, 0},   {16, 0},  {16, 12}, {32, 0},      {0xfffc, 0xfffc}, {12, 16}};
    for (size_t i = 0; i < LEN(bad); i++) {
        ordinary(0);
        uint8_t *auth = p.msg + p.w.len - nts_auth_size(p.aead, 0);
        bytes_put16(auth + 4, bad[i][0]);
        bytes_put16(auth + 6, bad[i][1]);
        assert_int_equal(ask(), NAK);
    }
}

/* A shorter nonce is good if padding makes up for it (section 5.6). */
static void short_nonce(void **state)
{
    (void)state;
    for (unsigned padded = 0; padded < 2; padded++) {
        begin();
        nts_peer_cookie(&p);
        size_t at = p.w.len, body = padded ? 4 + 16 + 16 : 4 + 8 + 16;
        uint8_t *f = ntp_ef_put(&p.w, NTS_EF_AUTHENTICATOR, body);
        assert_non_null(f);
        bytes_put16(f, 8);
        bytes_put16(f + 2, 16);
        memcpy(f + 4, p.uid, 8);
        assert_int_equal(
            p.aead->seal(p.c2s, p.uid, 8, p.msg, at, NULL, 0, f + 12), RC_OK);
        assert_int_equal(ask(), padded ? AUTHENTIC : NAK);
    }
}

static void interleaved(void **state)
{
    (void)state;
    ordinary(0);
    assert_int_equal(ask(), AUTHENTIC);
    ntp64 left = c.receive + 9000;
    ntp_server_left(&s, out, len, left);
    rq.origin = rp.receive;
    rq.receive = 77;
    rq.transmit = 88;
    c.receive += UTC_S;
    ordinary(0);
    assert_int_equal(ask(), AUTHENTIC);
    assert_int_equal(cookies(), 1);
    assert_true(rp.origin == 77 && rp.transmit == (left & ~(ntp64)1));
    assert_int_equal(s.interleaved, 1);
}

/* RATE is authenticated, and stands in no NAK's place. */
static void kisses(void **state)
{
    (void)state;
    ordinary(1);
    len = ntp_server_kiss(&s, &c, 40000, p.msg, p.w.len, out);
    assert_int_equal(len, p.w.len);
    ntp_server_stamp(&s, out, c.receive + 2000);
    assert_int_equal(ntp_server_seal(&s, out), RC_OK);
    assert_int_equal(cookies(), 2);
    assert_int_equal(bytes_get32(out + 12), NTP_KISS_RATE);
    p.msg[120] ^= 1;
    assert_int_equal(ntp_server_kiss(&s, &c, 40000, p.msg, p.w.len, out), 0);
}

/* A reply without NTS needs no random bytes but those of its stamps, and keys
 * do not outlive the seal. */
static void nothing_is_left(void **state)
{
    (void)state;
    ordinary(0);
    assert_int_equal(ask(), AUTHENTIC);
    const uint8_t *keys = (const uint8_t *)&s.session.keys;
    for (size_t i = 0; i < sizeof s.session.keys; i++)
        assert_int_equal(keys[i], 0);
    uint64_t nonces = jar.nonces;
    p.w.len = NTP_HEADER;
    assert_int_equal(ntp_server_reply(&s, &c, 40000, p.msg, 48, out), 48);
    assert_int_equal(jar.nonces, nonces);
}

/* 400 days of requests, one an hour and some bad ones between, from the summer
 * of 2035 into the next era: keys change every week, the clock is lost and
 * found, a leap second is announced and crossed, counters pass 2^32. */
static void four_hundred_days(void **state)
{
    (void)state;
    const uint64_t from = (UINT64_C(1) << 32) - 50;
    uint64_t asked = 0, silent = 0, told = 0;
    ntp64 newest = 0;
    s.authenticated = s.naks = s.interleaved = jar.nonces = jar.cookies = from;
    static struct nts_sessions sessions;
    s.sessions = &sessions;
    c.receive = utc_of_unix(2066000000, 0); /* 2035-06-20 */
    for (unsigned hour = 0; hour < 400 * 24; hour++, asked++) {
        c.receive += 3600 * (uint64_t)UTC_S;
        bool lost = hour / 24 % 100 == 99, last_hour = hour % 4000 == 0;
        if (last_hour)
            c.receive -= (uint64_t)UTC_S; /* a second was inserted */
        c.ref.leap = hour % 4000 > 3975 && !lost ? 1 : 0;
        c.ref.stratum = lost ? NTP_STRATUM_UNSET : 2;
        if (hour % 168 == 167)
            assert_int_equal(nts_cookie_rotate(&jar), RC_OK);
        if (hour % 200 == 0)
            nts_peer_init(&p, hour % 400 ? 30 : 15, &jar);
        rq.origin = hour > 0 && hour % 2 ? newest : 0;
        rq.receive = hour;
        ordinary(hour % 8);
        if (hour % 50 == 49) { /* no request, or a cookie nobody made */
            p.msg[hour % 100 == 49 ? 51 : 130] ^= 4;
            uint64_t naks = s.naks;
            enum what got = ask();
            assert_int_equal(got, hour % 100 == 49 ? SILENCE : NAK);
            assert_int_equal(s.naks - naks, got == NAK);
            silent += got == SILENCE;
            continue;
        }
        assert_int_equal(ask(), AUTHENTIC);
        assert_int_equal(cookies(), hour % 8 + 1);
        assert_int_equal(rp.leap, lost ? 3 : c.ref.leap);
        assert_int_equal(rp.stratum, lost ? 0 : 2);
        assert_true(newest == 0 || utc_diff(rp.receive, newest) > 0);
        newest = rp.receive;
        ntp_server_left(&s, out, len, c.receive + 9000);
        told += 1;
    }
    assert_true(c.receive >> 32 < 0x10000000); /* era 1 */
    assert_true(s.authenticated - from == told && s.naks - from > 90);
    assert_true(asked == told + silent + (s.naks - from));
    assert_true(s.interleaved - from > 4000);
    assert_true(s.held == LIMIT_SERVER_STAMPS);
    assert_true(jar.cookies > UINT64_C(1) << 32);
    s.sessions = NULL;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest all[] = {
        TEST(as_long_as_the_request),
        TEST(eight_cookies_at_most),
        TEST(placeholders_may_be_encrypted),
        TEST(unknown_fields),
        TEST(unique_ids),
        TEST(no_request_of_nts),
        TEST(modes_and_versions),
        TEST(not_served),
        TEST(bad_cookies),
        TEST(every_flipped_bit),
        TEST(lengths_that_overrun),
        TEST(short_nonce),
        TEST(interleaved),
        TEST(kisses),
        TEST(nothing_is_left),
        TEST(four_hundred_days),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
