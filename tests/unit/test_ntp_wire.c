/* ntp_wire: the header both ways. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_both_ways),
        cmocka_unit_test(short_is_bad),
        cmocka_unit_test(kiss_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
