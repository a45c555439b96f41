/* ntp_ef: extension fields read, and fields that lie (RFC 7822); written, and
 * read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/ntp_ef.h"
#include "core/ntp_wire.h"

/* How many fields, and how the walk ended. */
static int walk(const uint8_t *pkt, size_t len, size_t *count)
{
    struct ntp_ef ef;
    size_t at = NTP_HEADER;
    int rc;
    *count = 0;
    while ((rc = ntp_ef_next(pkt, len, &at, &ef)) == RC_OK) {
        assert_true(ef.len >= 16 && ef.offset + ef.len <= len);
        assert_ptr_equal(ef.body, pkt + ef.offset + 4);
        (*count)++;
    }
    return rc;
}

/* Fields of these lengths as told, really `real` bytes each. */
static size_t fields(uint8_t *pkt, const uint16_t *told, const size_t *real,
                     size_t n)
{
    size_t at = NTP_HEADER;
    for (size_t i = 0; i < n; i++) {
        memset(pkt + at, 0x5a, real[i]);
        if (real[i] >= 4) {
            bytes_put16(pkt + at, (uint16_t)(0x100 + i));
            bytes_put16(pkt + at + 2, told[i]);
        }
        at += real[i];
    }
    return at;
}

static void fields_walked(void **state)
{
    (void)state;
    uint8_t pkt[512];
    size_t n;
    size_t len =
        fields(pkt, (uint16_t[]){16, 36, 28}, (size_t[]){16, 36, 28}, 3);
    assert_int_equal(walk(pkt, len, &n), RC_AGAIN);
    assert_int_equal(n, 3);
    assert_int_equal(walk(pkt, NTP_HEADER, &n), RC_AGAIN); /* none */
    assert_int_equal(n, 0);
    struct ntp_ef ef;
    size_t at = NTP_HEADER;
    assert_int_equal(ntp_ef_next(pkt, len, &at, &ef), RC_OK);
    assert_int_equal(ef.type, 0x100);
    assert_int_equal(at, NTP_HEADER + 16);
    assert_int_equal(ntp_ef_next(pkt, len, &at, &ef), RC_OK);
    assert_int_equal(ef.type, 0x101);
    assert_int_equal(ef.len, 36);
}

static void fields_that_lie(void **state)
{
    (void)state;
    uint8_t pkt[512];
    size_t n;
    static const uint16_t lies[] = {0,  1,  2,  4,  12,  15,    17,   18,
                                    29, 30, 31, 36, 255, 32768, 65535};
    for (size_t i = 0; i < LEN(lies); i++) {
        size_t len = fields(pkt, &lies[i], (size_t[]){32}, 1);
        assert_int_equal(walk(pkt, len, &n), RC_BAD);
        assert_int_equal(n, 0);
    }
    for (size_t rest = 1; rest < 28; rest++) { /* MACs and crypto-NAKs too */
        size_t len = fields(pkt, (uint16_t[]){32, (uint16_t)rest},
                            (size_t[]){32, rest}, 2);
        assert_int_equal(walk(pkt, len, &n), RC_BAD);
        assert_int_equal(n, 1);
    }
    struct ntp_ef ef;
    size_t at = sizeof pkt + 1; /* beyond the end */
    assert_int_equal(ntp_ef_next(pkt, sizeof pkt, &at, &ef), RC_BAD);
    at = SIZE_MAX;
    assert_int_equal(ntp_ef_next(pkt, sizeof pkt, &at, &ef), RC_BAD);
}

static void many_fields_end(void **state)
{
    (void)state;
    static uint8_t pkt[65535];
    size_t n, at = NTP_HEADER;
    for (; at + 44 <= sizeof pkt; at += 16)
        bytes_put16(pkt + at + 2, 16);
    bytes_put16(pkt + at + 2, 28);
    assert_int_equal(walk(pkt, at + 28, &n), RC_AGAIN);
    assert_true(n > 4000);
}

/* What came encrypted has no least length but its head's. */
static void encrypted_fields_walked(void **state)
{
    (void)state;
    static const uint8_t text[] = {0x42, 0x42, 0, 4, 2,    4,    0, 8,
                                   1,    2,    3, 4, 0x42, 0x43, 0, 4};
    struct ntp_ef ef;
    size_t at = 0;
    assert_int_equal(ntp_ef_next_encrypted(text, sizeof text, &at, &ef), RC_OK);
    assert_true(ef.type == 0x4242 && ef.offset == 0 && ef.len == 4);
    assert_int_equal(ntp_ef_next_encrypted(text, sizeof text, &at, &ef), RC_OK);
    assert_true(ef.type == 0x0204 && ef.offset == 4 && ef.len == 8);
    assert_ptr_equal(ef.body, text + 8);
    assert_int_equal(ntp_ef_next_encrypted(text, sizeof text, &at, &ef), RC_OK);
    assert_int_equal(ntp_ef_next_encrypted(text, sizeof text, &at, &ef),
                     RC_AGAIN);
    for (size_t len = 1; len < sizeof text; len++) { /* cut anywhere */
        int rc = RC_OK;
        for (at = 0; rc == RC_OK;)
            rc = ntp_ef_next_encrypted(text, len, &at, &ef);
        assert_int_equal(rc, len == 4 || len == 12 ? RC_AGAIN : RC_BAD);
    }
    static const uint8_t lies[][8] = {{2, 4, 0, 0},       {2, 4, 0, 3},
                                      {2, 4, 0, 5},       {2, 4, 0, 12},
                                      {2, 4, 0xff, 0xfc}, {2, 4, 0xff, 0xff}};
    for (size_t i = 0; i < LEN(lies); i++) {
        at = 0;
        assert_int_equal(ntp_ef_next_encrypted(lies[i], 8, &at, &ef), RC_BAD);
        assert_int_equal(at, 0);
    }
}

static void written_and_read_back(void **state)
{
    (void)state;
    uint8_t pkt[NTP_HEADER + 300], body[40];
    memset(body, 0xbb, sizeof body);
    for (size_t len = 0; len <= sizeof body; len++) {
        memset(pkt, 0xee, sizeof pkt);
        struct writer w = writer_of(pkt, sizeof pkt);
        (void)writer_room(&w, NTP_HEADER);
        ntp_ef_put_bytes(&w, NTS_EF_COOKIE, body, len);
        size_t size = len <= 12 ? 16 : 4 + (len + 3) / 4 * 4;
        assert_int_equal(ntp_ef_size(len), size);
        assert_int_equal(w.len, NTP_HEADER + size);
        uint8_t *zeros = ntp_ef_put(&w, NTS_EF_PLACEHOLDER, 100);
        assert_ptr_equal(zeros, pkt + NTP_HEADER + size + 4);
        struct ntp_ef ef;
        size_t at = NTP_HEADER;
        assert_int_equal(ntp_ef_next(pkt, w.len, &at, &ef), RC_OK);
        assert_true(ef.type == NTS_EF_COOKIE && ef.len == size);
        assert_memory_equal(ef.body, body, len);
        for (size_t i = len; i < size - 4; i++)
            assert_int_equal(ef.body[i], 0); /* padding */
        assert_int_equal(ntp_ef_next(pkt, w.len, &at, &ef), RC_OK);
        assert_true(ef.type == NTS_EF_PLACEHOLDER && ef.len == 104);
        for (size_t i = 0; i < 100; i++)
            assert_int_equal(ef.body[i], 0);
        assert_int_equal(ntp_ef_next(pkt, w.len, &at, &ef), RC_AGAIN);
        assert_int_equal(pkt[w.len], 0xee);
    }
}

static void no_room_sticks(void **state)
{
    (void)state;
    uint8_t pkt[64], body[32] = {1};
    for (size_t cap = 0; cap < 36; cap++) {
        struct writer w = writer_of(pkt, cap);
        memset(pkt, 0xee, sizeof pkt);
        ntp_ef_put_bytes(&w, NTS_EF_UNIQUE_ID, body, sizeof body);
        assert_true(w.full && w.len == 0);
        assert_null(ntp_ef_put(&w, NTS_EF_COOKIE, 1));
        for (size_t i = 0; i < sizeof pkt; i++)
            assert_int_equal(pkt[i], 0xee);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_walked),
        cmocka_unit_test(fields_that_lie),
        cmocka_unit_test(many_fields_end),
        cmocka_unit_test(encrypted_fields_walked),
        cmocka_unit_test(written_and_read_back),
        cmocka_unit_test(no_room_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
