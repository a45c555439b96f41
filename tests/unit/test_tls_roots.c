/* adapters/tls_roots beside Debian's ca-certificates: each certificate there is
 * one of ours, and what counts in it has come through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* ca_istrue and its like              */
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>

#include "adapters/tls_roots.h"
#include "adapters/tls_trust_private.h"
#include "core/x509_names.h"
#include "mbed_doors.h"

#define FOLDER "/usr/share/ca-certificates/mozilla"

static bool same(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
    return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

#define KEY_IDS                                                                \
    (MBEDTLS_X509_EXT_SUBJECT_KEY_IDENTIFIER |                                 \
     MBEDTLS_X509_EXT_AUTHORITY_KEY_IDENTIFIER)

/* All that follows the issuer, but for the extensions' order and number. */
static bool as_good_as(const mbedtls_x509_crt *ours,
                       const mbedtls_x509_crt *whole)
{
    return same(&whole->pk_raw, &ours->pk_raw) &&
           same(&whole->subject_raw, &ours->subject_raw) &&
           same(&whole->issuer_raw, &ours->issuer_raw) &&
           memcmp(&whole->valid_from, &ours->valid_from,
                  sizeof whole->valid_from) == 0 &&
           memcmp(&whole->valid_to, &ours->valid_to, sizeof whole->valid_to) ==
               0 &&
           whole->version == ours->version &&
           whole->ca_istrue == ours->ca_istrue &&
           whole->max_pathlen == ours->max_pathlen &&
           whole->key_usage == ours->key_usage &&
           (whole->ext_types & ~KEY_IDS) == ours->ext_types;
}

/* Two may have one subject and one key, and other dates. */
static bool is_ours(const mbedtls_x509_crt *whole)
{
    uint8_t der[TLS_ROOT_MAX];
    bool found = false;
    for (uint32_t i = 0; i < tls_roots_count && !found; i++) {
        if (tls_roots[i].subject_hash !=
            x509_names_hash((struct der_view){whole->subject_raw.p,
                                              whole->subject_raw.len}))
            continue;
        mbedtls_x509_crt ours;
        mbedtls_x509_crt_init(&ours);
        size_t len = tls_root_der(i, der);
        assert_true(len <= TLS_ROOT_MAX);
        assert_int_equal(tls_trust_parse(&ours, der, len, false), 0);
        assert_int_equal(ours.raw.len, len);
        found = as_good_as(&ours, whole);
        mbedtls_x509_crt_free(&ours);
    }
    return found;
}

static void read_one(const char *name)
{
    static uint8_t pem[16384];
    char path[512];
    mbedtls_x509_crt whole;
    snprintf(path, sizeof path, FOLDER "/%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t len = fread(pem, 1, sizeof pem - 1, f);
    fclose(f);
    pem[len] = 0;
    mbedtls_x509_crt_init(&whole);
    if (mbedtls_x509_crt_parse(&whole, pem, len + 1) != 0)
        fail_msg("%s cannot be read", name);
    if (!is_ours(&whole))
        fail_msg("%s is missing", name);
    mbedtls_x509_crt_free(&whole);
}

static void all_of_debian(void **state)
{
    (void)state;
    unsigned count = 0;
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder));)
        if (strstr(e->d_name, ".crt")) {
            read_one(e->d_name);
            count++;
        }
    closedir(folder);
    assert_true(count > 100);
    assert_int_equal(count, tls_roots_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_debian),
    };
    return cmocka_run_group_tests_name("tls_roots", tests, NULL, NULL);
}
