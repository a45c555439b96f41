#include "tls_chain_private.h"

#include <string.h>

#include "core/fmt.h"
#include "core/x509_cert.h"
#include "tls_trust_private.h"
#include "tls_verify_private.h"

static int refuse(struct tls_chain *c, const char *why)
{
    if (!c->why[0])
        fmt(c->why, sizeof c->why, "the server's certificate %s", why);
    return MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
}

/* Remembered, so that whoever turns out to need it can be told. */
static int pass_over(struct tls_chain *c, const struct x509_cert *cert,
                     const char *why)
{
    if (c->count == 0)
        return refuse(c, why);
    struct tls_unread *u = &c->unread[c->unread_count++];
    u->subject_hash = x509_names_hash(cert->subject);
    fmt(u->why, sizeof u->why, "%s", why);
    return 0;
}

/* Which part Mbed TLS could not read; it adds ASN.1's code to its own. */
static const char *contents(int error)
{
    switch (-(-error & 0x7f80)) {
    case MBEDTLS_ERR_X509_INVALID_VERSION:
    case MBEDTLS_ERR_X509_UNKNOWN_VERSION:
        return "a version";
    case MBEDTLS_ERR_X509_INVALID_SERIAL:
        return "a serial number";
    case MBEDTLS_ERR_X509_INVALID_NAME:
        return "a name";
    case MBEDTLS_ERR_X509_INVALID_DATE:
        return "dates";
    case MBEDTLS_ERR_X509_INVALID_EXTENSIONS:
        return "an extension";
    case MBEDTLS_ERR_X509_INVALID_ALG:
    case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
    case MBEDTLS_ERR_X509_SIG_MISMATCH:
    case MBEDTLS_ERR_X509_INVALID_SIGNATURE:
        return "a signature";
    case MBEDTLS_ERR_X509_BAD_INPUT_DATA:
        return "an alternative name";
    case MBEDTLS_ERR_PK_INVALID_PUBKEY:
    case MBEDTLS_ERR_PK_KEY_INVALID_FORMAT:
    case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
    case MBEDTLS_ERR_PK_INVALID_ALG:
        return "a key";
    default:
        return "contents";
    }
}

static bool presented_before(const struct tls_chain *c, const uint8_t *der,
                             size_t len)
{
    for (unsigned i = 0; i < c->count; i++)
        if (c->cert[i]->raw.len == len &&
            memcmp(c->cert[i]->raw.p, der, len) == 0)
            return true;
    return false;
}

int tls_chain_add(void *chain, mbedtls_x509_crt *list, const unsigned char *der,
                  size_t len)
{
    struct tls_chain *c = chain;
    struct x509_cert cert = {.subject = {NULL, 0}};
    char why[64];
    ASSERT(c);
    if (c->presented++ == LIMIT_TLS_CHAIN) {
        fmt(c->why, sizeof c->why,
            "the server presents more than %d certificates", LIMIT_TLS_CHAIN);
        return MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
    }
    if (x509_cert_read(&cert, der, len) != RC_OK || cert.len != len)
        return pass_over(c, &cert, "is malformed");
    if (x509_cert_refuse(&cert, why, sizeof why))
        return pass_over(c, &cert, why);
    if (presented_before(c, der, len))
        return 0;
    int rc = tls_trust_parse(list, der, len, true);
    if (rc == MBEDTLS_ERR_X509_ALLOC_FAILED)
        return rc;
    if (rc != 0) {
        fmt(why, sizeof why, "has %s that cannot be read", contents(rc));
        return pass_over(c, &cert, why);
    }
    while (list->next)
        list = list->next;
    c->cert[c->count++] = list;
    return 0;
}
