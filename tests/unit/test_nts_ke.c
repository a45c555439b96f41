/* The NTS key exchange over bytes: what servers send, what they should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/aead.h"
#include "core/nts_ke.h"
#include "entropy.h"

static const uint16_t offer[] = {AEAD_AES_SIV_CMAC_256};
static uint8_t big[80000];
static struct nts_ke_client k;

/* ---- answers put together by hand --------------------------------------- */

static struct writer answer(void)
{
    return writer_of(big, sizeof big);
}

static void rec(struct writer *w, unsigned type, const char *body, size_t len)
{
    writer_u16(w, (uint16_t)type);
    writer_u16(w, (uint16_t)len);
    writer_bytes(w, body, len);
}

#define PROTOCOL(w) rec(w, 0x8001, "\0\0", 2)
#define AEAD15(w)   rec(w, 0x8004, "\0\017", 2)
#define COOKIE(w)   rec(w, 5, "cookie-cookie-12", 16)
#define END(w)      rec(w, 0x8000, "", 0)

static void begin(void)
{
    uint8_t out[64];
    assert_true(nts_ke_client_request(&k, offer, 1, out, sizeof out) > 0);
}

static size_t fed;

static enum nts_ke_status feed(const struct writer *w)
{
    assert_false(w->full);
    begin();
    fed = w->len;
    return nts_ke_client_feed(&k, w->p, w->len);
}

/* The last answer again, in small pieces. */
static enum nts_ke_status by_sevens(void)
{
    enum nts_ke_status s = NTS_KE_MORE;
    begin();
    for (size_t at = 0; at < fed; at += 7)
        s = nts_ke_client_feed(&k, big + at, fed - at < 7 ? fed - at : 7);
    return s;
}

/* A good answer with one more record in it. */
static enum nts_ke_status with(unsigned type, const char *body, size_t len)
{
    struct writer w = answer();
    PROTOCOL(&w);
    rec(&w, type, body, len);
    AEAD15(&w);
    COOKIE(&w);
    END(&w);
    return feed(&w);
}

/* ---- request ------------------------------------------------------------ */

static void request_as_in_the_rfc(void **s)
{
    (void)s;
    static const uint8_t want[] = {0x80, 1, 0, 2,  0,    0, 0x80, 4,
                                   0,    2, 0, 15, 0x80, 0, 0,    0};
    uint8_t out[64];
    assert_int_equal(nts_ke_client_request(&k, offer, 1, out, sizeof out),
                     sizeof want);
    assert_memory_equal(out, want, sizeof want);
    for (size_t cap = 0; cap < sizeof want; cap++)
        assert_int_equal(nts_ke_client_request(&k, offer, 1, out, cap),
                         RC_SPACE);
}

static void request_with_aead_30_says_compliant(void **s)
{
    (void)s;
    static const uint16_t two[] = {30, 15};
    static const uint8_t want[] = {0x80, 1, 0,  2, 0, 0, 0x80, 4,    0, 4, 0,
                                   30,   0, 15, 4, 0, 0, 0,    0x80, 0, 0, 0};
    uint8_t out[64];
    assert_int_equal(nts_ke_client_request(&k, two, 2, out, sizeof out),
                     sizeof want);
    assert_memory_equal(out, want, sizeof want);
}

static void exporter_context(void **s)
{
    (void)s;
    uint8_t c[5];
    nts_ke_exporter_context(c, 15, false);
    assert_memory_equal(c, "\0\0\0\x0f\0", 5);
    nts_ke_exporter_context(c, 30, true);
    assert_memory_equal(c, "\0\0\0\x1e\1", 5);
    assert_int_equal(nts_ke_exporter_aead(30, true), 30);
    assert_int_equal(nts_ke_exporter_aead(30, false), 15); /* chrony < 4.6.1 */
    assert_int_equal(nts_ke_exporter_aead(15, true), 15);
    assert_int_equal(nts_ke_exporter_aead(15, false), 15);
}

/* ---- good answers ------------------------------------------------------- */

static void smallest_answer(void **s)
{
    (void)s;
    struct writer w = answer();
    PROTOCOL(&w);
    AEAD15(&w);
    COOKIE(&w);
    END(&w);
    assert_int_equal(feed(&w), NTS_KE_DONE);
    assert_int_equal(k.result.aead, 15);
    assert_int_equal(k.result.count, 1);
    assert_int_equal(k.result.cookie[0].len, 16);
    assert_memory_equal(k.result.cookie[0].b, "cookie-cookie-12", 16);
    assert_int_equal(k.result.port, 0);
    assert_string_equal(k.result.server, "");
}

/* chrony 4.6.1's, record 1024 between the AEAD and the port; anywhere else
 * is as good. */
static void answer_with_aead_30(void **s)
{
    (void)s;
    static const uint16_t both[] = {30, 15};
    for (int place = 0; place < 4; place++) {
        struct writer w = answer();
        uint8_t out[64];
        if (place == 1)
            rec(&w, 1024, "", 0);
        PROTOCOL(&w);
        rec(&w, 0x8004, "\0\036", 2);
        if (place == 2)
            rec(&w, 1024, "", 0);
        COOKIE(&w);
        if (place == 3)
            rec(&w, 1024, "", 0);
        END(&w);
        int n = nts_ke_client_request(&k, both, 2, out, sizeof out);
        assert_true(n > 0);
        assert_int_equal(nts_ke_client_feed(&k, w.p, w.len), NTS_KE_DONE);
        assert_int_equal(k.result.aead, 30);
        assert_int_equal(k.result.compliant, place > 0);
    }
    assert_int_equal(with(1024, "", 0), NTS_KE_DONE);
    assert_int_equal(k.result.aead, 15);
    assert_int_equal(with(1024, "x", 1), NTS_KE_MALFORMED);
}

/* ntpd-rs 1.4's order: port, server, protocol, AEAD not critical. */
static void any_order_in_any_pieces(void **s)
{
    (void)s;
    struct writer w = answer();
    rec(&w, 0x8007, "\x10\x92", 2);
    rec(&w, 0x8006, "ntp.example.com", 15);
    COOKIE(&w);
    PROTOCOL(&w);
    rec(&w, 4, "\0\017", 2);
    COOKIE(&w);
    END(&w);
    for (size_t piece = 1; piece <= w.len; piece++) {
        enum nts_ke_status st = NTS_KE_MORE;
        begin();
        for (size_t at = 0; at < w.len; at += piece) {
            assert_int_equal(st, NTS_KE_MORE);
            size_t n = w.len - at < piece ? w.len - at : piece;
            st = nts_ke_client_feed(&k, w.p + at, n);
        }
        assert_int_equal(st, NTS_KE_DONE);
        assert_int_equal(k.result.port, 4242);
        assert_string_equal(k.result.server, "ntp.example.com");
        assert_int_equal(k.result.count, 2);
    }
}

static void bytes_after_the_end_change_nothing(void **s)
{
    (void)s;
    struct writer w = answer();
    PROTOCOL(&w);
    AEAD15(&w);
    COOKIE(&w);
    END(&w);
    size_t end = w.len;
    rec(&w, 0x8002, "\0\1", 2);
    COOKIE(&w);
    assert_int_equal(feed(&w), NTS_KE_DONE);
    assert_int_equal(k.result.count, 1);
    assert_int_equal(nts_ke_client_feed(&k, w.p + end, 6), NTS_KE_DONE);
    assert_int_equal(nts_ke_client_feed(&k, NULL, 0), NTS_KE_DONE);
}

static void every_truncation_wants_more(void **s)
{
    (void)s;
    struct writer w = answer();
    PROTOCOL(&w);
    AEAD15(&w);
    COOKIE(&w);
    END(&w);
    for (size_t len = 0; len < w.len; len++) {
        begin();
        assert_int_equal(nts_ke_client_feed(&k, w.p, len), NTS_KE_MORE);
    }
}

static void unknown_records(void **s)
{
    (void)s;
    assert_int_equal(with(0x1234, "whatever", 8), NTS_KE_DONE);
    assert_int_equal(with(0x9234, "whatever", 8), NTS_KE_CRITICAL);
    assert_int_equal(k.result.code, 0x1234);
    assert_int_equal(with(0x0400, "", 0), NTS_KE_DONE); /* 1024 */
    assert_int_equal(with(0x8400, "", 0), NTS_KE_DONE);
}

/* ---- cookies ------------------------------------------------------------ */

static void odd_cookies_are_passed_over(void **s)
{
    (void)s;
    static const char body[5000];
    static const size_t lens[] = {0, LIMIT_COOKIE + 1, 4096, 4097, 5000};
    for (size_t i = 0; i < LEN(lens); i++) {
        assert_int_equal(with(5, body, lens[i]), NTS_KE_DONE);
        assert_int_equal(k.result.dropped, 1);
        assert_int_equal(k.result.count, 1);
        assert_int_equal(by_sevens(), NTS_KE_DONE);
        assert_int_equal(k.result.dropped, 1);
        assert_int_equal(k.result.count, 1);
    }
    assert_int_equal(with(5, body, LIMIT_COOKIE), NTS_KE_DONE);
    assert_int_equal(k.result.dropped, 0);
    assert_int_equal(k.result.count, 2);
    assert_int_equal(k.result.cookie[0].len, LIMIT_COOKIE);
    assert_int_equal(with(5, "x", 1), NTS_KE_DONE);
    assert_int_equal(k.result.count, 2);
}

static void more_cookies_than_slots(void **s)
{
    (void)s;
    struct writer w = answer();
    PROTOCOL(&w);
    AEAD15(&w);
    for (int i = 0; i < 20; i++)
        rec(&w, 5, "abcdefghijklmnopqrstuvwxyz" + i, 4);
    END(&w);
    assert_int_equal(feed(&w), NTS_KE_DONE);
    assert_int_equal(k.result.count, LIMIT_COOKIES);
    assert_int_equal(k.result.dropped, 20 - LIMIT_COOKIES);
    assert_memory_equal(k.result.cookie[7].b, "hijk", 4);
}

static void no_cookies(void **s)
{
    (void)s;
    struct writer w = answer();
    PROTOCOL(&w);
    AEAD15(&w);
    rec(&w, 5, "", 0);
    END(&w);
    assert_int_equal(feed(&w), NTS_KE_NO_COOKIES);
}

/* ---- refusals ----------------------------------------------------------- */

static void errors_and_warnings(void **s)
{
    (void)s;
    struct writer w = answer();
    rec(&w, 0x8002, "\0\1", 2);
    END(&w);
    assert_int_equal(feed(&w), NTS_KE_SERVER_ERROR);
    assert_int_equal(k.result.code, NTS_ERROR_BAD_REQUEST);
    assert_int_equal(with(0x8002, "\0\2", 2), NTS_KE_SERVER_ERROR);
    assert_int_equal(k.result.code, NTS_ERROR_INTERNAL);
    assert_int_equal(with(2, "\xab\xcd", 2), NTS_KE_SERVER_ERROR);
    assert_int_equal(with(0x8003, "\0\7", 2), NTS_KE_WARNING);
    assert_int_equal(k.result.code, 7);
    assert_int_equal(with(0x8002, "\0", 1), NTS_KE_MALFORMED);
    assert_int_equal(with(0x8003, "\0\0\0", 3), NTS_KE_MALFORMED);
}

static void protocol_not_agreed(void **s)
{
    (void)s;
    struct writer w = answer();
    rec(&w, 0x8001, "", 0); /* chrony's and the RFC's way to say no */
    END(&w);
    assert_int_equal(feed(&w), NTS_KE_NO_PROTOCOL);
    w = answer();
    rec(&w, 0x8001, "\0\1", 2);
    AEAD15(&w);
    COOKIE(&w);
    END(&w);
    assert_int_equal(feed(&w), NTS_KE_NO_PROTOCOL);
    w = answer();
    AEAD15(&w);
    COOKIE(&w);
    END(&w);
    assert_int_equal(feed(&w), NTS_KE_NO_PROTOCOL);
}

static enum nts_ke_status with_aead(const char *body, size_t len)
{
    struct writer w = answer();
    PROTOCOL(&w);
    rec(&w, 0x8004, body, len);
    COOKIE(&w);
    END(&w);
    return feed(&w);
}

static void aead_not_agreed(void **s)
{
    (void)s;
    assert_int_equal(with_aead("\0\017", 2), NTS_KE_DONE);
    assert_int_equal(with_aead("", 0), NTS_KE_NO_AEAD);
    assert_int_equal(with_aead("\0\036", 2), NTS_KE_NO_AEAD); /* not offered */
    assert_int_equal(k.result.code, 30);
    assert_int_equal(with_aead("\0\017\0\036", 4), NTS_KE_MALFORMED);
    assert_int_equal(with_aead("\0\017\0", 3), NTS_KE_MALFORMED);
    assert_int_equal(with_aead("\017", 1), NTS_KE_MALFORMED);
    struct writer w = answer();
    PROTOCOL(&w);
    COOKIE(&w);
    END(&w);
    assert_int_equal(feed(&w), NTS_KE_NO_AEAD);
}

static void duplicates(void **s)
{
    (void)s;
    assert_int_equal(with(0x8001, "\0\0", 2), NTS_KE_MALFORMED);
    assert_int_equal(with_aead("", 0), NTS_KE_NO_AEAD);
    assert_int_equal(with(4, "\0\017", 2), NTS_KE_MALFORMED);
    static const struct {
        unsigned type;
        const char *body;
        size_t len;
    } twice[] = {{6, "a.example", 9}, {7, "\0\173", 2}, {4, "", 0}};
    for (size_t i = 0; i < LEN(twice); i++) {
        struct writer w = answer();
        PROTOCOL(&w);
        rec(&w, twice[i].type, twice[i].body, twice[i].len);
        rec(&w, twice[i].type, twice[i].body, twice[i].len);
        assert_int_equal(feed(&w), NTS_KE_MALFORMED);
    }
}

static void malformed_bodies(void **s)
{
    (void)s;
    static const char body[5000];
    assert_int_equal(with(7, "\0\0", 2), NTS_KE_MALFORMED); /* port 0 */
    assert_int_equal(with(7, "\1", 1), NTS_KE_MALFORMED);
    assert_int_equal(with(7, "\1\1\1", 3), NTS_KE_MALFORMED);
    assert_int_equal(with(6, "", 0), NTS_KE_MALFORMED);
    assert_int_equal(with(6, "a\0b", 3), NTS_KE_MALFORMED);
    assert_int_equal(with(6, body, 300), NTS_KE_MALFORMED);
    assert_int_equal(with(0x8000, "x", 1), NTS_KE_MALFORMED);
    struct writer w = answer();
    rec(&w, 0x8001, "\0\0\0", 3);
    assert_int_equal(feed(&w), NTS_KE_MALFORMED);
    for (unsigned type = 0; type < 8; type++) /* too long to be looked at */
        if (type != NTS_RECORD_COOKIE)
            assert_int_equal(with(type, body, 5000), NTS_KE_MALFORMED);
    assert_int_equal(with(1024, body, 5000), NTS_KE_MALFORMED);
    assert_int_equal(with(0x1234, body, 5000), NTS_KE_DONE);
    assert_int_equal(with(0x9234, body, 5000), NTS_KE_CRITICAL);
}

/* The RFC wants 65536 bytes accepted, and an end there must be. */
static void an_endless_answer_ends(void **s)
{
    (void)s;
    static const char junk[65536];
    struct writer w = answer();
    PROTOCOL(&w);
    AEAD15(&w);
    COOKIE(&w);
    while (w.len < 61000)
        rec(&w, 0x4000, junk, 1000);
    struct writer longest = w;
    rec(&longest, 0x4000, junk, 65536 - 8 - w.len);
    END(&longest);
    assert_int_equal(longest.len, 65536);
    assert_int_equal(feed(&longest), NTS_KE_DONE);
    longest = w;
    rec(&longest, 0x4000, junk, 65536 - 4 - w.len);
    END(&longest);
    assert_int_equal(feed(&longest), NTS_KE_TOO_LONG);
}

static void a_failed_exchange_stays_failed(void **s)
{
    (void)s;
    assert_int_equal(with(0x8002, "\0\0", 2), NTS_KE_SERVER_ERROR);
    struct writer w = answer();
    PROTOCOL(&w);
    AEAD15(&w);
    COOKIE(&w);
    END(&w);
    assert_int_equal(nts_ke_client_feed(&k, w.p, w.len), NTS_KE_SERVER_ERROR);
}

static void every_status_has_its_own_words(void **s)
{
    (void)s;
    for (int i = NTS_KE_MORE; i <= NTS_KE_TOO_LONG; i++)
        for (int j = NTS_KE_MORE; j < i; j++)
            assert_string_not_equal(nts_ke_status_text((enum nts_ke_status)i),
                                    nts_ke_status_text((enum nts_ke_status)j));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_as_in_the_rfc),
        cmocka_unit_test(request_with_aead_30_says_compliant),
        cmocka_unit_test(exporter_context),
        cmocka_unit_test(smallest_answer),
        cmocka_unit_test(answer_with_aead_30),
        cmocka_unit_test(any_order_in_any_pieces),
        cmocka_unit_test(bytes_after_the_end_change_nothing),
        cmocka_unit_test(every_truncation_wants_more),
        cmocka_unit_test(unknown_records),
        cmocka_unit_test(odd_cookies_are_passed_over),
        cmocka_unit_test(more_cookies_than_slots),
        cmocka_unit_test(no_cookies),
        cmocka_unit_test(errors_and_warnings),
        cmocka_unit_test(protocol_not_agreed),
        cmocka_unit_test(aead_not_agreed),
        cmocka_unit_test(duplicates),
        cmocka_unit_test(malformed_bodies),
        cmocka_unit_test(an_endless_answer_ends),
        cmocka_unit_test(a_failed_exchange_stays_failed),
        cmocka_unit_test(every_status_has_its_own_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
