/* ntp_wire: the header both ways, and fields that lie (RFC 7822). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/bytes.h"
#include "core/ntp_wire.h"

static void header_both_ways(void **state)
{
    (void)state;
    uint8_t pkt[NTP_HEADER];
    for (size_t i = 0; i < sizeof pkt; i++)
        pkt[i] = (uint8_t)(i * 37 + 11);
    pkt[0] = 0xe4; /* leap 3, version 4, mode 4 */
    pkt[3] = 0xe8; /* precision -24 */
    struct ntp_header h;
    assert_int_equal(ntp_wire_parse(pkt, sizeof pkt, &h), RC_OK);
    assert_int_equal(h.leap, 3);
    assert_int_equal(h.version, 4);
    assert_int_equal(h.mode, 4);
    assert_int_equal(h.stratum, pkt[1]);
    assert_int_equal(h.precision, -24);
    assert_int_equal(h.root_delay, bytes_get32(pkt + 4));
    assert_int_equal(h.root_disp, bytes_get32(pkt + 8));
    assert_int_equal(h.refid, bytes_get32(pkt + 12));
    assert_true(h.ref == bytes_get64(pkt + 16));
    assert_true(h.origin == bytes_get64(pkt + 24));
    assert_true(h.receive == bytes_get64(pkt + 32));
    assert_true(h.transmit == bytes_get64(pkt + 40));
    uint8_t again[NTP_HEADER];
    ntp_wire_write(&h, again);
    assert_memory_equal(again, pkt, sizeof pkt);
}

static void short_is_bad(void **state)
{
    (void)state;
    uint8_t pkt[NTP_HEADER] = {0};
    struct ntp_header h = {.poll = 99};
    for (size_t len = 0; len < NTP_HEADER; len++)
        assert_int_equal(ntp_wire_parse(pkt, len, &h), RC_BAD);
    assert_int_equal(h.poll, 99); /* untouched */
}

static void kiss_words(void **state)
{
    (void)state;
    assert_int_equal(NTP_KISS_NTSN, bytes_get32((const uint8_t *)"NTSN"));
    assert_int_equal(NTP_KISS_DENY, bytes_get32((const uint8_t *)"DENY"));
    assert_int_equal(NTP_KISS_RSTR, bytes_get32((const uint8_t *)"RSTR"));
    assert_int_equal(NTP_KISS_RATE, bytes_get32((const uint8_t *)"RATE"));
}

/* How many fields, and how the walk ended. */
static int walk(const uint8_t *pkt, size_t len, size_t *count)
{
    struct ntp_ef ef;
    size_t at = NTP_HEADER;
    int rc;
    *count = 0;
    while ((rc = ntp_wire_next(pkt, len, &at, &ef)) == RC_OK) {
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
    assert_int_equal(ntp_wire_next(pkt, len, &at, &ef), RC_OK);
    assert_int_equal(ef.type, 0x100);
    assert_int_equal(at, NTP_HEADER + 16);
    assert_int_equal(ntp_wire_next(pkt, len, &at, &ef), RC_OK);
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
    assert_int_equal(ntp_wire_next(pkt, sizeof pkt, &at, &ef), RC_BAD);
    at = SIZE_MAX;
    assert_int_equal(ntp_wire_next(pkt, sizeof pkt, &at, &ef), RC_BAD);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_both_ways), cmocka_unit_test(short_is_bad),
        cmocka_unit_test(kiss_words),       cmocka_unit_test(fields_walked),
        cmocka_unit_test(fields_that_lie),  cmocka_unit_test(many_fields_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
