#include "peer_crypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "OpenSSL: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

/* ---- AES-SIV (RFC 5297) -------------------------------------------------- */

static EVP_CIPHER *siv(void)
{
    static EVP_CIPHER *cipher;
    if (!cipher)
        cipher = EVP_CIPHER_fetch(NULL, "AES-128-SIV", NULL);
    must(cipher != NULL, "AES-SIV");
    return cipher;
}

void peer_siv_seal(const uint8_t key[32], const uint8_t *ad, size_t ad_len,
                   const uint8_t nonce[16], const uint8_t *in, size_t len,
                   uint8_t *out)
{
    int n;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    must(c && EVP_EncryptInit_ex(c, siv(), NULL, key, NULL) &&
             EVP_EncryptUpdate(c, NULL, &n, ad, (int)ad_len) &&
             EVP_EncryptUpdate(c, NULL, &n, nonce, 16) &&
             EVP_EncryptUpdate(c, out + 16, &n, in, (int)len) &&
             EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, out),
         "AES-SIV seal");
    EVP_CIPHER_CTX_free(c);
}

bool peer_siv_open(const uint8_t key[32], const uint8_t *ad, size_t ad_len,
                   const uint8_t nonce[16], const uint8_t *in, size_t len,
                   uint8_t *out)
{
    int n;
    uint8_t tag[16];
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    memcpy(tag, in, 16);
    must(c && EVP_DecryptInit_ex(c, siv(), NULL, key, NULL) &&
             EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, tag) &&
             EVP_DecryptUpdate(c, NULL, &n, ad, (int)ad_len) &&
             EVP_DecryptUpdate(c, NULL, &n, nonce, 16),
         "AES-SIV open");
    bool good = EVP_DecryptUpdate(c, out, &n, in + 16, (int)len - 16) > 0;
    EVP_CIPHER_CTX_free(c);
    return good;
}

static void cmac(const uint8_t key[32], const uint8_t *p, size_t len,
                 uint8_t out[16])
{
    size_t n;
    must(EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, key, 16, p, len,
                   out, 16, &n) != NULL &&
             n == 16,
         "CMAC");
}

static void doubled(uint8_t d[16])
{
    uint8_t carry = d[0] >> 7;
    for (size_t i = 0; i < 16; i++)
        d[i] = (uint8_t)(d[i] << 1 | (i < 15 ? d[i + 1] >> 7 : 0));
    if (carry)
        d[15] ^= 0x87;
}

/* OpenSSL 3.0's AES-SIV does not take an empty plaintext: S2V on its CMAC. */
void peer_siv_sign(const uint8_t key[32], const uint8_t *ad, size_t ad_len,
                   const uint8_t nonce[16], uint8_t tag[16])
{
    static const uint8_t zero[16];
    uint8_t d[16], m[16];
    cmac(key, zero, sizeof zero, d);
    for (int i = 0; i < 2; i++) {
        doubled(d);
        cmac(key, i ? nonce : ad, i ? 16 : ad_len, m);
        for (size_t b = 0; b < 16; b++)
            d[b] ^= m[b];
    }
    doubled(d);
    d[0] ^= 0x80;
    cmac(key, d, sizeof d, tag);
}

/* ---- certificates -------------------------------------------------------- */

static void extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    must(e && X509_add_ext(x, e, -1), "certificate extension");
    X509_EXTENSION_free(e);
}

X509 *peer_certificate(const char *common_name, const char *names,
                       EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                       int64_t lo, int64_t hi)
{
    static long serial = 1;
    X509 *x = X509_new();
    must(x && X509_set_version(x, 2), "certificate");
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    ASN1_TIME_set(X509_getm_notBefore(x), lo);
    ASN1_TIME_set(X509_getm_notAfter(x), hi);
    X509_NAME *n = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
                               (const unsigned char *)common_name, -1, -1, 0);
    X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : n);
    X509_set_pubkey(x, key);
    if (issuer) {
        extension(x, NID_subject_alt_name, names);
        extension(x, NID_ext_key_usage, "serverAuth");
        extension(x, NID_basic_constraints, "critical,CA:FALSE");
    } else {
        extension(x, NID_basic_constraints, "critical,CA:TRUE");
        extension(x, NID_key_usage, "critical,keyCertSign");
    }
    must(X509_sign(x, issuer_key, EVP_sha256()) > 0, "certificate signature");
    return x;
}

size_t peer_pem(X509 *certificate, EVP_PKEY *key, char *out, size_t cap)
{
    BIO *b = BIO_new(BIO_s_mem());
    must(b && (key ? PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL)
                   : PEM_write_bio_X509(b, certificate)),
         "PEM");
    int n = BIO_read(b, out, (int)cap - 1);
    must(n > 0 && n < (int)cap - 1, "PEM's length");
    out[n] = 0;
    BIO_free(b);
    return (size_t)n;
}
