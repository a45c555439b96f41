#include "tls_roots.h"

#include <string.h>

#include "core/der.h"

#define DER_VERSION    0xa0 /* [0]: TBSCertificate's                         */
#define DER_EXTENSIONS 0xa3 /* [3]                                           */

static const uint8_t version3[] = {DER_VERSION, 3, DER_INTEGER, 1, 2};
static const uint8_t serial[] = {DER_INTEGER, 1, 1};
static const uint8_t method[] = {DER_SEQUENCE, 10,   DER_OID, 8,    0x2a, 0x86,
                                 0x48,         0xce, 0x3d,    0x04, 0x03, 0x02};
static const uint8_t signature[] = {DER_BIT_STRING, 2, 0, 0};

static uint8_t *put(uint8_t *at, const void *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

/* A SEQUENCE of 256 bytes or more begins. */
static uint8_t *put_sequence(uint8_t *at, size_t len)
{
    ASSERT(len >= 0x100 && len < TLS_ROOT_MAX);
    const uint8_t head[] = {DER_SEQUENCE, 0x82, (uint8_t)(len >> 8),
                            (uint8_t)len};
    return put(at, head, sizeof head);
}

size_t tls_root_der(uint32_t n, uint8_t out[static TLS_ROOT_MAX])
{
    const struct tls_root *root = &tls_roots[n];
    struct reader r = reader_of(tls_roots_der + root->offset, root->len);
    struct der dates, subject, key, extensions;
    bool read = der_expect(&r, DER_SEQUENCE, &dates) &&
                der_expect(&r, DER_SEQUENCE, &subject) &&
                der_expect(&r, DER_SEQUENCE, &key);
    ASSERT(read);
    /* Certificates of version 1 have no extensions. */
    bool v3 = der_next(&r, &extensions) && extensions.tag == DER_EXTENSIONS;
    size_t tbs = (v3 ? sizeof version3 : 0) + sizeof serial + sizeof method +
                 subject.whole.len + root->len;
    uint8_t *at = put_sequence(out, 4 + tbs + sizeof method + sizeof signature);
    at = put_sequence(at, tbs);
    if (v3)
        at = put(at, version3, sizeof version3);
    at = put(at, serial, sizeof serial);
    at = put(at, method, sizeof method);
    at = put(at, subject.whole.p, subject.whole.len); /* the issuer */
    at = put(at, tls_roots_der + root->offset, root->len);
    at = put(at, method, sizeof method);
    at = put(at, signature, sizeof signature);
    return (size_t)(at - out);
}
