/* core/dhcp_reply: a server's message in a frame, and everything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "core/dhcp_reply.h"

#define HEAD    (14 + 20 + 8)
#define OPTIONS (HEAD + 240)

static const uint8_t nak[] = {53, 1, 6, 54, 4, 10, 0, 0, 1, 255};

static size_t frame_of(uint8_t *f, const uint8_t *options, size_t n)
{
    memset(f, 0, OPTIONS);
    bytes_put16(f + 12, 0x0800);
    f[14] = 0x45;
    f[23] = 17;
    bytes_put16(f + 34, 67);
    bytes_put16(f + 36, 68);
    bytes_put16(f + 38, (uint16_t)(8 + 240 + n));
    f[HEAD] = 2;
    f[HEAD + 1] = 1;
    f[HEAD + 2] = 6;
    bytes_put32(f + HEAD + 4, 0x12345678);
    memcpy(f + HEAD + 28, "\2\3\4\5\6\7", 6);
    bytes_put32(f + HEAD + 236, 0x63825363);
    memcpy(f + OPTIONS, options, n);
    return OPTIONS + n;
}

static void test_nak(void **state)
{
    (void)state;
    uint8_t f[400];
    struct dhcp_reply r;
    size_t len = frame_of(f, nak, sizeof nak);
    assert_int_equal(dhcp_reply_read(&r, f, len), RC_OK);
    assert_int_equal(r.type, DHCP_REPLY_NAK);
    assert_int_equal(r.xid, 0x12345678);
    assert_true(r.named);
    assert_memory_equal(r.server, "\12\0\0\1", 4);
    assert_memory_equal(r.client, "\2\3\4\5\6\7", 6);
}

/* Cut anywhere, the frame has a type only once option 53 is whole. */
static void test_cut(void **state)
{
    (void)state;
    uint8_t f[400];
    struct dhcp_reply r;
    size_t len = frame_of(f, nak, sizeof nak);
    for (size_t n = 0; n < len; n++) {
        int rc = dhcp_reply_read(&r, f, n);
        assert_int_equal(rc, n < OPTIONS ? RC_BAD : RC_OK);
        assert_int_equal(r.type, n < OPTIONS + 3 ? 0 : DHCP_REPLY_NAK);
        assert_int_equal(r.named, n >= OPTIONS + 9);
    }
}

static void test_options(void **state)
{
    (void)state;
    uint8_t f[400];
    struct dhcp_reply r;
    static const uint8_t late[] = {0, 0, 56, 2, 'n', 'o', 0, 53, 1, 5, 255};
    static const uint8_t behind[] = {255, 53, 1, 6};
    static const uint8_t odd[] = {53, 2, 6, 6, 54, 3, 1, 2, 3, 255};
    size_t len = frame_of(f, late, sizeof late);
    assert_int_equal(dhcp_reply_read(&r, f, len), RC_OK);
    assert_int_equal(r.type, DHCP_REPLY_ACK);
    assert_false(r.named);
    len = frame_of(f, behind, sizeof behind);
    assert_int_equal(dhcp_reply_read(&r, f, len), RC_OK);
    assert_int_equal(r.type, DHCP_REPLY_NONE);
    len = frame_of(f, odd, sizeof odd);
    assert_int_equal(dhcp_reply_read(&r, f, len), RC_OK);
    assert_int_equal(r.type, DHCP_REPLY_NONE);
    assert_false(r.named);
    len = frame_of(f, nak, sizeof nak); /* Ethernet's padding is no option */
    bytes_put16(f + 38, 8 + 240);
    assert_int_equal(dhcp_reply_read(&r, f, len), RC_OK);
    assert_int_equal(r.type, DHCP_REPLY_NONE);
}

static void test_others(void **state)
{
    (void)state;
    static const struct {
        uint8_t at, value;
    } change[] = {
        {12, 0x86}, {14, 0x65}, {14, 0x44},    {20, 0x20},     {21, 1}, {23, 6},
        {37, 67},   {HEAD, 1},  {HEAD + 1, 6}, {HEAD + 2, 16}, {38, 0},
    };
    for (size_t i = 0; i < LEN(change); i++) {
        uint8_t f[400];
        struct dhcp_reply r;
        size_t len = frame_of(f, nak, sizeof nak);
        f[change[i].at] = change[i].value;
        assert_int_equal(dhcp_reply_read(&r, f, len), RC_BAD);
        assert_int_equal(r.type, DHCP_REPLY_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nak),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests_name("dhcp_reply", tests, NULL, NULL);
}
