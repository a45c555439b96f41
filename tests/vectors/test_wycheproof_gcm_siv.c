/* AES-128-GCM-SIV against RFC 8452's vectors and Project Wycheproof's (see
 * wycheproof_gcm_siv.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "../unit/entropy.h"
#include "core/gcm_siv.h"

struct wycheproof {
    int id;
    bool valid, rfc8452;
    const char *key, *nonce, *ad, *text, *sealed;
};
#include "wycheproof_gcm_siv.h"

#define MOST 1024

static uint8_t digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t hex(const char *s, uint8_t out[MOST])
{
    size_t n = strlen(s) / 2;
    assert_true(n <= MOST);
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(digit(s[2 * i]) << 4 | digit(s[2 * i + 1]));
    return n;
}

static void check(const struct wycheproof *v)
{
    static uint8_t key[MOST], nonce[MOST], ad[MOST], text[MOST], sealed[MOST],
        out[MOST + GCM_SIV_TAG];
    const struct aead *a = aead_find(AEAD_AES_128_GCM_SIV);
    size_t key_len = hex(v->key, key);
    size_t nonce_len = hex(v->nonce, nonce);
    size_t ad_len = hex(v->ad, ad);
    size_t len = hex(v->text, text);
    size_t sealed_len = hex(v->sealed, sealed);
    assert_int_equal(key_len, a->key_len);
    assert_int_equal(sealed_len, len + a->tag_len);
    int rc =
        a->open(key, nonce, nonce_len, ad, ad_len, sealed, sealed_len, out);
    if (rc != (v->valid ? RC_OK : RC_AUTH))
        fail_msg("test %d: open says %d", v->id, rc);
    if (!v->valid)
        return;
    assert_memory_equal(out, text, len);
    rc = a->seal(key, nonce, nonce_len, ad, ad_len, text, len, out);
    assert_int_equal(rc, RC_OK);
    if (memcmp(out, sealed, sealed_len) != 0)
        fail_msg("test %d: seal differs", v->id);
}

static void rfc8452_appendix_c1(void **s)
{
    (void)s;
    size_t count = 0;
    for (size_t i = 0; i < LEN(wycheproof_gcm_siv); i++)
        if (wycheproof_gcm_siv[i].rfc8452) {
            check(&wycheproof_gcm_siv[i]);
            count++;
        }
    assert_int_equal(count, 24); /* all of AES-128 */
}

static void wycheproof(void **s)
{
    (void)s;
    size_t valid = 0;
    for (size_t i = 0; i < LEN(wycheproof_gcm_siv); i++) {
        check(&wycheproof_gcm_siv[i]);
        valid += wycheproof_gcm_siv[i].valid;
    }
    print_message("%d vectors, %d of them valid\n",
                  (int)LEN(wycheproof_gcm_siv), (int)valid);
    assert_true(valid >= 35 && LEN(wycheproof_gcm_siv) - valid >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc8452_appendix_c1),
        cmocka_unit_test(wycheproof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
