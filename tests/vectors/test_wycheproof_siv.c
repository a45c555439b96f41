/* AES-SIV against Project Wycheproof's vectors (see wycheproof_siv.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "../unit/entropy.h"
#include "core/siv.h"

struct wycheproof {
    int id;
    bool valid;
    const char *key, *nonce, *ad, *text, *sealed;
};
#include "wycheproof_siv.h"

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
        out[MOST + SIV_TAG];
    size_t key_len = hex(v->key, key);
    size_t nonce_len = hex(v->nonce, nonce);
    size_t ad_len = hex(v->ad, ad);
    size_t len = hex(v->text, text);
    size_t sealed_len = hex(v->sealed, sealed);
    assert_int_equal(key_len, SIV_KEY);
    assert_int_equal(sealed_len, len + SIV_TAG);
    int rc = siv_cmac_256.open(key, nonce, nonce_len, ad, ad_len, sealed,
                               sealed_len, out);
    if (rc != (v->valid ? RC_OK : RC_AUTH))
        fail_msg("test %d: open says %d", v->id, rc);
    if (!v->valid)
        return;
    assert_memory_equal(out, text, len);
    rc = siv_cmac_256.seal(key, nonce, nonce_len, ad, ad_len, text, len, out);
    assert_int_equal(rc, RC_OK);
    if (memcmp(out, sealed, sealed_len) != 0)
        fail_msg("test %d: seal differs", v->id);
}

static void wycheproof(void **s)
{
    (void)s;
    size_t valid = 0;
    for (size_t i = 0; i < LEN(wycheproof_siv); i++) {
        check(&wycheproof_siv[i]);
        valid += wycheproof_siv[i].valid;
    }
    print_message("%d vectors, %d of them valid\n", (int)LEN(wycheproof_siv),
                  (int)valid);
    assert_true(valid >= 40 && LEN(wycheproof_siv) - valid >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(wycheproof)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
