#include "tls_pairs_private.h"

#include <mbedtls/oid.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/psa_util.h>
#include <string.h>

#include "core/fmt.h"
#include "core/limit.h"
#include "core/pem.h"
#include "core/utc.h"
#include "tls_platform.h"
#include "tls_server.h"
#include "tls_trust_private.h"
#include "tls_verify_private.h"

static struct {
    unsigned count;
    struct tls_pair pair[LIMIT_KE_PAIRS];
    uint8_t der[LIMIT_KE_CERT]; /* of one block of a file                   */
} all;

unsigned tls_pairs_count(void)
{
    return all.count;
}

struct tls_pair *tls_pairs_at(unsigned i)
{
    ASSERT(i < all.count);
    return &all.pair[i];
}

unsigned tls_server_pairs(void)
{
    return all.count;
}

/* ---- words --------------------------------------------------------------- */

/* What is wrong, of which file. */
static int bad(struct status_ke_pair *out, const char *file, const char *why)
{
    (void)fmt(out->trouble, sizeof out->trouble, "%.80s: %s", file, why);
    return RC_BAD;
}

static int full(struct status_ke_pair *out)
{
    (void)fmt(out->trouble, sizeof out->trouble,
              "no room: keys and certificates take more than %u KB together",
              LIMIT_KE_PAIRS_ARENA / 1024u);
    return RC_SPACE;
}

static bool no_room(int rc)
{
    return rc == MBEDTLS_ERR_X509_ALLOC_FAILED ||
           rc == MBEDTLS_ERR_PK_ALLOC_FAILED ||
           rc == MBEDTLS_ERR_MPI_ALLOC_FAILED ||
           rc == MBEDTLS_ERR_ASN1_ALLOC_FAILED ||
           -(-rc & 0x7f) == MBEDTLS_ERR_MPI_ALLOC_FAILED;
}

/* ---- a block of a file --------------------------------------------------- */

/* Returns the length of its DER in all.der, or RC_BAD. */
static int decode(struct der_view base64)
{
    int len = pem_decode(base64, all.der, sizeof all.der);
    return len > 0 ? len : RC_BAD;
}

/* Copies text of a file, as far as it can be shown. */
static void show(struct der_view v, char *out, size_t cap)
{
    size_t n = 0;
    for (; n < v.len && n + 1 < cap; n++)
        out[n] = v.p[n] >= ' ' && v.p[n] <= '~' ? (char)v.p[n] : '?';
    out[n] = 0;
}

/* The file has no block of the kind that is wanted; first.p is the label of the
 * one that it begins with, NULL: it has none. */
static int bad_kind(struct status_ke_pair *out, const char *file,
                    const char *wanted, struct der_view first)
{
    char why[96], label[32];
    show(first, label, sizeof label);
    (void)fmt(why, sizeof why,
              first.p ? "holds no %s, but a %s" : "holds no %s", wanted, label);
    return bad(out, file, why);
}

/* PKCS#12 (.p12, .pfx) and PKCS#7 (.p7b, .p7c): within their first bytes they
 * name a content type of pkcs-7, as no key and no certificate does. */
static bool is_container(struct der_view file)
{
    static const uint8_t pkcs7[] = {0x2a, 0x86, 0x48, 0x86,
                                    0xf7, 0x0d, 0x01, 0x07};
    for (size_t i = 0; i < 20 && i + sizeof pkcs7 <= file.len; i++)
        if (memcmp(file.p + i, pkcs7, sizeof pkcs7) == 0)
            return true;
    return false;
}

static const char container[] = "is PKCS#12 or PKCS#7: write what it holds as "
                                "PEM (openssl pkcs12, openssl pkcs7)";

static bool has(struct der_view v, const char *words)
{
    struct der_view before;
    return pem_cut(&v, words, &before);
}

/* ---- the certificate and those above it ---------------------------------- */

/* Adds what all.der holds, or der, to the chain. */
static int add_certificate(struct tls_pair *p, unsigned n, const uint8_t *der,
                           size_t len, struct status_ke_pair *out)
{
    struct x509_cert c;
    char why[128], more[96];
    if (n == LIMIT_KE_CHAIN) {
        (void)fmt(why, sizeof why, "more than %d certificates", LIMIT_KE_CHAIN);
        return bad(out, out->cert, why);
    }
    bool whole = x509_cert_read(&c, der, len) == RC_OK;
    int rc = whole ? tls_trust_parse(&p->chain, der, c.len, true)
                   : MBEDTLS_ERR_X509_INVALID_FORMAT;
    if (rc == 0)
        return RC_OK;
    if (!whole) {
        (void)fmt(more, sizeof more, "is damaged");
    } else if (!x509_cert_refuse(&c, more, sizeof more)) {
        if (no_room(rc))
            return full(out);
        (void)fmt(more, sizeof more, "is damaged");
    }
    (void)fmt(why, sizeof why, "certificate %u in it %s", n + 1, more);
    return bad(out, out->cert, why);
}

static int read_certificates(struct tls_pair *p, struct der_view file,
                             struct status_ke_pair *out)
{
    struct pem block;
    struct der_view first = {0};
    unsigned n = 0;
    if (pem_utf16(file.p, file.len))
        return bad(out, out->cert, "is UTF-16: save it as ASCII");
    if (is_container(file))
        return bad(out, out->cert, container);
    if (!has(file, "-----BEGIN ")) /* one, DER */
        return file.len == 0 ? bad(out, out->cert, "is empty")
               : file.p[0] != DER_SEQUENCE
                   ? bad_kind(out, out->cert, "certificate", first)
                   : add_certificate(p, 0, file.p, file.len, out);
    int rc;
    while ((rc = pem_next(&file, &block)) == RC_OK) {
        first = first.p ? first : block.label;
        if (!pem_is(block.label, "CERTIFICATE") &&
            !pem_is(block.label, "X509 CERTIFICATE"))
            continue; /* a key, its parameters: chrony passes over them, too */
        int len = decode(block.body);
        rc = add_certificate(p, n, all.der, len < 0 ? 0 : (size_t)len, out);
        if (rc != RC_OK)
            return rc;
        n++;
    }
    if (rc == RC_BAD)
        return bad(out, out->cert, "ends in the middle of a certificate");
    return n ? RC_OK : bad_kind(out, out->cert, "certificate", first);
}

/* ---- the key ------------------------------------------------------------- */

#define KEY_MAX 2600 /* RSA-4096 as PKCS#8 has 2375 bytes                     */

static const char encrypted[] =
    "is encrypted, and nobody here can type its password; "
    "openssl pkey -in IT -out NEW decrypts it";

static int parse_key(struct tls_pair *p, const uint8_t *der, size_t len,
                     struct status_ke_pair *out)
{
    static const uint8_t ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
    /* pkcs5PBES2 */
    static const uint8_t pbes2[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                    0x0d, 0x01, 0x05, 0x0d};
    int rc =
        mbedtls_pk_parse_key(&p->key, der, len, NULL, 0, mbedtls_psa_get_random,
                             MBEDTLS_PSA_RANDOM_STATE);
    if (rc == 0)
        return RC_OK;
    if (no_room(rc) && len < KEY_MAX)
        return full(out);
    for (size_t i = 0; i < 32 && i + sizeof pbes2 <= len; i++) {
        if (memcmp(der + i, ed25519, sizeof ed25519) == 0)
            return bad(out, out->key,
                       "is an Ed25519 key, which Gnomon cannot use: make one "
                       "of P-256");
        if (memcmp(der + i, pbes2, sizeof pbes2) == 0)
            return bad(out, out->key, encrypted);
    }
    if (-(-rc & 0xff80) == MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE)
        return bad(out, out->key,
                   "is on a curve that Gnomon has not: make one of P-256");
    if (len >= KEY_MAX)
        return bad(out, out->key, "is longer than RSA-4096: make one of P-256");
    return bad(out, out->key, "holds a key that is damaged");
}

/* The first private key of a PEM file. */
static int read_pem_key(struct tls_pair *p, struct der_view file,
                        struct status_ke_pair *out)
{
    struct pem block;
    struct der_view first = {0};
    int rc;
    while ((rc = pem_next(&file, &block)) == RC_OK) {
        first = first.p ? first : block.label;
        if (pem_is(block.label, "OPENSSH PRIVATE KEY"))
            return bad(out, out->key, "is a key of OpenSSH, not of TLS");
        if (!pem_ends_with(block.label, "PRIVATE KEY"))
            continue; /* a certificate, EC PARAMETERS */
        if (pem_is(block.label, "ENCRYPTED PRIVATE KEY") ||
            has(block.body, "ENCRYPTED"))
            return bad(out, out->key, encrypted);
        int len = decode(block.body);
        if (len < 0)
            return bad(out, out->key, "holds a key that is damaged");
        return parse_key(p, all.der, (size_t)len, out);
    }
    return rc == RC_BAD ? bad(out, out->key, "ends in the middle of a key")
                        : bad_kind(out, out->key, "private key", first);
}

static int read_key(struct tls_pair *p, struct der_view file,
                    struct status_ke_pair *out)
{
    if (file.len == 0)
        return bad(out, out->key, "is empty");
    if (pem_utf16(file.p, file.len))
        return bad(out, out->key, "is UTF-16: save it as ASCII");
    if (is_container(file))
        return bad(out, out->key, container);
    if (has(file, "-----BEGIN "))
        return read_pem_key(p, file, out);
    if (file.p[0] == DER_SEQUENCE)
        return parse_key(p, file.p, file.len, out);
    return bad(out, out->key, "holds no private key");
}

/* ---- do they belong together? -------------------------------------------- */

static bool is_pair(const mbedtls_x509_crt *crt, const mbedtls_pk_context *key)
{
    return mbedtls_pk_check_pair(&crt->pk, key, mbedtls_psa_get_random,
                                 MBEDTLS_PSA_RANDOM_STATE) == 0;
}

static int check_pair(const struct tls_pair *p, struct status_ke_pair *out)
{
    unsigned n = 2;
    char why[96];
    if (is_pair(&p->chain, &p->key))
        return RC_OK;
    for (const mbedtls_x509_crt *c = p->chain.next; c; c = c->next, n++)
        if (is_pair(c, &p->key)) {
            (void)fmt(why, sizeof why,
                      "the key's certificate is number %u in it: it has to be "
                      "the first",
                      n);
            return bad(out, out->cert, why);
        }
    (void)fmt(why, sizeof why, "is not the key of the certificate in %s",
              out->cert);
    return bad(out, out->key, why);
}

static bool same(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
    return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

/* Puts the certificates above ours in the order in which each issued the one
 * before it, as chrony does. */
static int order_chain(struct tls_pair *p, struct status_ke_pair *out)
{
    char why[96];
    for (mbedtls_x509_crt *last = &p->chain; last->next; last = last->next) {
        mbedtls_x509_crt **at = &last->next;
        while (*at && !same(&(*at)->subject_raw, &last->issuer_raw))
            at = &(*at)->next;
        if (!*at) {
            char name[40];
            struct der_view subject = {last->next->subject_raw.p,
                                       last->next->subject_raw.len};
            x509_cert_common_name(subject, name, sizeof name);
            (void)fmt(why, sizeof why,
                      "\"%s\" in it has not issued what is before it", name);
            return bad(out, out->cert, why);
        }
        mbedtls_x509_crt *next = *at;
        *at = next->next;
        next->next = last->next;
        last->next = next;
    }
    return RC_OK;
}

/* Mbed TLS sends them as one message, and no other message in it. */
static int check_length(const struct tls_pair *p, struct status_ke_pair *out)
{
    size_t len = 16;
    for (const mbedtls_x509_crt *c = &p->chain; c; c = c->next)
        len += c->raw.len + 5;
    if (len <= MBEDTLS_SSL_OUT_CONTENT_LEN)
        return RC_OK;
    return bad(out, out->cert,
               "holds more than 8 KB of certificates: leave out the root");
}
static_assert(MBEDTLS_SSL_OUT_CONTENT_LEN == 8192, "the message says so");

/* TLS 1.3 wants these, and no client would go on without them. */
static int check_usage(const struct tls_pair *p, struct status_ke_pair *out)
{
    if (p->own.key == X509_KEY_RSA && p->own.key_bits < 1024)
        return bad(out, out->key,
                   "is too short for TLS 1.3: make one of P-256");
    if (mbedtls_x509_crt_check_key_usage(
            &p->chain, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0)
        return bad(out, out->cert,
                   "its key usage does not allow digitalSignature");
    if (mbedtls_x509_crt_check_extended_key_usage(
            &p->chain, MBEDTLS_OID_SERVER_AUTH,
            MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0)
        return bad(out, out->cert,
                   "its extended key usage does not allow serverAuth");
    return RC_OK;
}

/* RSA keeps numbers that it has made for the first and for the second
 * signature: they are made now, in the arena of the pairs. */
static int warm_up(struct tls_pair *p, struct status_ke_pair *out)
{
    static const uint8_t hash[32];
    static uint8_t signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    for (unsigned i = 0; i < 3; i++) {
        size_t len;
        int rc =
            mbedtls_pk_sign(&p->key, MBEDTLS_MD_SHA256, hash, sizeof hash,
                            signature, sizeof signature, &len,
                            mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
        if (no_room(rc))
            return full(out);
        if (rc != 0)
            return bad(out, out->key, "cannot sign");
    }
    return RC_OK;
}

/* ---- a pair -------------------------------------------------------------- */

/* The first of its names, where it has no common name. */
static void name_pair(const struct tls_pair *p, struct status_ke_pair *out)
{
    x509_cert_common_name(p->own.subject, out->subject, sizeof out->subject);
    if (out->subject[0] || !p->own.san.p)
        return;
    struct reader r = der_reader(p->own.san);
    struct der name;
    while (der_next(&r, &name))
        if (name.tag == 0x82) { /* dNSName */
            show(name.value, out->subject, sizeof out->subject);
            return;
        }
}

static void describe(const struct tls_pair *p, struct status_ke_pair *out)
{
    name_pair(p, out);
    if (p->own.key == X509_KEY_RSA)
        (void)fmt(out->algorithm, sizeof out->algorithm, "RSA-%u",
                  p->own.key_bits);
    else
        (void)fmt(out->algorithm, sizeof out->algorithm, "%s", p->own.key_name);
    if (tls_verify_unix(&p->chain.valid_from, &out->begin_unix_s) != RC_OK)
        out->begin_unix_s = INT64_MIN;
    if (tls_verify_unix(&p->chain.valid_to, &out->end_unix_s) != RC_OK)
        out->end_unix_s = INT64_MAX;
    if (!p->own.san.p)
        (void)fmt(out->trouble, sizeof out->trouble,
                  "%s: has no name (subjectAltName): most clients refuse it",
                  out->cert);
    else if (p->own.key == X509_KEY_RSA && p->own.key_bits < 2048)
        (void)fmt(out->trouble, sizeof out->trouble,
                  "%s: is shorter than RSA-2048: many clients refuse it",
                  out->key);
}

static int read_pair(struct tls_pair *p, struct der_view cert,
                     struct der_view key, struct status_ke_pair *out)
{
    int rc = read_certificates(p, cert, out);
    if (rc == RC_OK)
        rc = x509_cert_read(&p->own, p->chain.raw.p, p->chain.raw.len);
    if (rc == RC_OK)
        rc = read_key(p, key, out);
    if (rc == RC_OK)
        rc = check_pair(p, out);
    if (rc == RC_OK)
        rc = order_chain(p, out);
    if (rc == RC_OK)
        rc = check_length(p, out);
    if (rc == RC_OK)
        rc = check_usage(p, out);
    if (rc == RC_OK)
        rc = warm_up(p, out);
    return rc;
}

void tls_server_init(void)
{
    all.count = 0;
}

int tls_server_add(const uint8_t *cert, size_t cert_len, const uint8_t *key,
                   size_t key_len, struct status_ke_pair *out)
{
    struct tls_pair *p = &all.pair[all.count];
    out->trouble[0] = 0;
    if (all.count == LIMIT_KE_PAIRS) {
        (void)fmt(out->trouble, sizeof out->trouble,
                  "there is room for %d pairs only", LIMIT_KE_PAIRS);
        return RC_SPACE;
    }
    if (tls_platform_ready() != RC_OK) {
        (void)fmt(out->trouble, sizeof out->trouble,
                  "no entropy: the random generator gives nothing");
        return RC_BAD;
    }
    tls_platform_use(TLS_PLATFORM_PAIRS);
    mbedtls_x509_crt_init(&p->chain);
    mbedtls_pk_init(&p->key);
    int rc = read_pair(p, (struct der_view){cert, cert_len},
                       (struct der_view){key, key_len}, out);
    mbedtls_platform_zeroize(all.der, sizeof all.der);
    if (rc == RC_OK) {
        describe(p, out);
        all.count++;
    } else {
        mbedtls_x509_crt_free(&p->chain);
        mbedtls_pk_free(&p->key);
    }
    tls_platform_use(TLS_PLATFORM_COMMON);
    out->used = rc == RC_OK;
    return rc;
}
