/* tls_roots.h -- the Mozilla bundle of Debian's ca-certificates as bytes in
 * the image; made by `third_party/cabundle OUTDIR` as OUTDIR/cabundle.c.
 *
 * What makes a trust anchor is a name, a key and their limits (RFC 5280 section
 * 6.1.1 (d)), so of each certificate there is what follows its issuer: dates,
 * subject, key and extensions but key identifiers. Its signature is by its own
 * key and vouches for nothing. That is 55 % of the whole. The index is sorted
 * by x509_names_hash of the subject. Equal hashes stand side by side; who looks
 * one up compares the names too. */
#ifndef TLS_ROOTS_H
#define TLS_ROOTS_H

#include "core/bytes.h"

#define TLS_ROOT_MAX 2048 /* bytes of a certificate that tls_root_der makes  */

struct tls_root {
    uint32_t subject_hash;
    uint32_t offset, len; /* into tls_roots_der                             */
};

extern const uint8_t tls_roots_der[];
extern const struct tls_root tls_roots[];
extern const uint32_t tls_roots_count;

/* Writes a certificate with what the n-th root of the index holds, which issued
 * itself. Its signature is one zero byte: nobody verifies it. Returns its
 * length. */
size_t tls_root_der(uint32_t n, uint8_t out[static TLS_ROOT_MAX]);

#endif
