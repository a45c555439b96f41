/* The server's side of the key exchange, against our client and by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "core/nts_ke.h"
#include "core/nts_ke_server.h"
#include "entropy.h"

static const uint16_t offer[] = {15};
static struct nts_ke_client k;

static void begin(void)
{
    uint8_t out[64];
    assert_true(nts_ke_client_request(&k, offer, 1, out, sizeof out) > 0);
}

static void client_and_server_agree(void **s)
{
    (void)s;
    uint8_t req[64], out[2048], cookie[8][100];
    int n = nts_ke_client_request(&k, offer, 1, req, sizeof req);
    struct nts_ke_request r;
    for (size_t len = 0; len < (size_t)n; len++)
        assert_int_equal(nts_ke_server_read(req, len, &r), RC_AGAIN);
    assert_int_equal(nts_ke_server_read(req, (size_t)n, &r), RC_OK);
    assert_int_equal(r.aead, 15);
    struct nts_ke_answer a = {
        .server = "ntp2.example", .port = 1123, .count = 8};
    for (size_t i = 0; i < 8; i++) {
        memset(cookie[i], (int)i, sizeof cookie[i]);
        a.cookie[i].b = cookie[i];
        a.cookie[i].len = sizeof cookie[i];
    }
    n = nts_ke_server_answer(&r, &a, out, sizeof out);
    assert_true(n > 0);
    assert_int_equal(nts_ke_client_feed(&k, out, (size_t)n), NTS_KE_DONE);
    assert_int_equal(k.result.count, 8);
    assert_int_equal(k.result.dropped, 0);
    assert_int_equal(k.result.port, 1123);
    assert_string_equal(k.result.server, "ntp2.example");
    for (size_t i = 0; i < 8; i++)
        assert_memory_equal(k.result.cookie[i].b, cookie[i], 100);
    assert_int_equal(nts_ke_server_answer(&r, &a, out, (size_t)n - 1),
                     RC_SPACE);
}

/* Record 1024 is echoed where it matters, and both then name 30. */
static void agree_on_30(bool compliant)
{
    static const uint16_t both[] = {30, 15};
    uint8_t req[64], out[256], cookie[64] = {0};
    struct nts_ke_request r;
    struct nts_ke_answer a = {.count = 1, .cookie = {{cookie, 64}}};
    int n = nts_ke_client_request(&k, both, 2, req, sizeof req);
    assert_int_equal(nts_ke_server_read(req, (size_t)n, &r), RC_OK);
    assert_true(r.compliant);
    r.compliant = compliant;
    n = nts_ke_server_answer(&r, &a, out, sizeof out);
    assert_int_equal(nts_ke_client_feed(&k, out, (size_t)n), NTS_KE_DONE);
    assert_int_equal(k.result.aead, 30);
    assert_int_equal(k.result.compliant, compliant);
    assert_int_equal(nts_ke_exporter_aead(k.result.aead, k.result.compliant),
                     nts_ke_exporter_aead(r.aead, r.compliant));
}

static void client_and_server_agree_on_30(void **s)
{
    (void)s;
    agree_on_30(true);
    agree_on_30(false);
}

static int serve(const char *req, size_t len, struct nts_ke_request *r)
{
    return nts_ke_server_read((const uint8_t *)req, len, r);
}
#define SERVE(req, r) serve(req, sizeof(req) - 1, r)
#define PROT          "\x80\1\0\2\0\0"
#define AEAD          "\x80\4\0\2\0\x0f"
#define EOM           "\x80\0\0\0"

static void server_chooses_the_first_it_has(void **s)
{
    (void)s;
    struct nts_ke_request r;
    /* chrony 4.6 offers 30, 15 and record 1024; ntpd-rs 17, 15 */
    assert_int_equal(SERVE(PROT "\x80\4\0\4\0\x1e\0\x0f"
                                "\4\0\0\0" EOM,
                           &r),
                     RC_OK);
    assert_int_equal(r.aead, 30);
    assert_true(r.compliant);
    assert_int_equal(SERVE(PROT "\x80\4\0\4\0\x0f\0\x1e" EOM, &r), RC_OK);
    assert_int_equal(r.aead, 15);
    assert_false(r.compliant);
    assert_int_equal(SERVE(PROT "\0\4\0\4\0\x11\0\x0f" EOM, &r), RC_OK);
    assert_int_equal(r.aead, 15);
    assert_int_equal(SERVE("\0\6\0\4ntp."
                           "\0\7\0\2\0\x7b" PROT AEAD EOM,
                           &r),
                     RC_OK);
    assert_int_equal(SERVE("\x12\x34\0\1x" PROT AEAD EOM "junk", &r), RC_OK);
}

static void server_has_nothing_in_common(void **s)
{
    (void)s;
    struct nts_ke_request r;
    struct nts_ke_answer a = {.port = 123};
    uint8_t out[64];
    assert_int_equal(SERVE(PROT "\x80\4\0\2\0\x11" EOM, &r), RC_OK);
    int n = nts_ke_server_answer(&r, &a, out, sizeof out);
    begin();
    assert_int_equal(nts_ke_client_feed(&k, out, (size_t)n), NTS_KE_NO_AEAD);
    assert_int_equal(SERVE("\x80\1\0\2\0\5" EOM, &r), RC_OK);
    n = nts_ke_server_answer(&r, &a, out, sizeof out);
    begin();
    assert_int_equal(nts_ke_client_feed(&k, out, (size_t)n),
                     NTS_KE_NO_PROTOCOL);
}

static void server_refuses(void **s)
{
    (void)s;
    struct nts_ke_request r;
    uint8_t out[16];
    assert_int_equal(SERVE(PROT AEAD "\x92\x34\0\1x" EOM, &r), RC_BAD);
    assert_int_equal(r.error, NTS_ERROR_CRITICAL);
    int n = nts_ke_server_error(r.error, out, sizeof out);
    assert_int_equal(n, 10);
    assert_memory_equal(out, "\x80\2\0\2\0\0\x80\0\0\0", 10);
#define REFUSED(req)                                                           \
    do {                                                                       \
        assert_int_equal(SERVE(req, &r), RC_BAD);                              \
        assert_int_equal(r.error, NTS_ERROR_BAD_REQUEST);                      \
    } while (0)
    REFUSED(EOM);
    REFUSED(PROT EOM); /* AEADs are a must with NTPv4 */
    REFUSED(AEAD EOM);
    REFUSED(PROT PROT AEAD EOM);
    REFUSED(PROT AEAD AEAD EOM);
    REFUSED("\x80\1\0\0" AEAD EOM); /* at least one protocol */
    REFUSED(PROT "\x80\4\0\0" EOM); /* at least one AEAD */
    REFUSED(PROT "\x80\4\0\3\0\x0f\0" EOM);
    REFUSED(PROT AEAD "\0\5\0\1c" EOM);      /* cookie, error, warning: not */
    REFUSED(PROT AEAD "\x80\2\0\2\0\0" EOM); /* a client's to send */
    REFUSED(PROT AEAD "\x80\3\0\2\0\0" EOM);
    REFUSED(PROT AEAD "\x80\0\0\1x");
    REFUSED("\0\1\0\2\0\0" AEAD EOM);   /* the critical bit is a must here */
    REFUSED(PROT AEAD "\0\0\0\0");      /* ... and here */
    REFUSED(PROT AEAD "\4\0\0\1x" EOM); /* record 1024 holds nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_and_server_agree),
        cmocka_unit_test(client_and_server_agree_on_30),
        cmocka_unit_test(server_chooses_the_first_it_has),
        cmocka_unit_test(server_has_nothing_in_common),
        cmocka_unit_test(server_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
