/* tls_roots.h -- the Mozilla bundle of Debian's ca-certificates as bytes in
 * the image; made by `third_party/cabundle OUTDIR` as OUTDIR/cabundle.c.
 *
 * All certificates' DER one behind the other, and an index sorted by the
 * FNV-1a hash of the subject's DER (the whole Name, its SEQUENCE header
 * included: what Mbed TLS calls subject_raw). Equal hashes stand side by
 * side; who looks one up compares the names too. */
#ifndef TLS_ROOTS_H
#define TLS_ROOTS_H

#include "core/base.h"

struct tls_root {
    uint32_t subject_fnv;
    uint32_t offset, len; /* into tls_roots_der                             */
};

extern const uint8_t tls_roots_der[];
extern const struct tls_root tls_roots[];
extern const uint32_t tls_roots_count;

#endif
