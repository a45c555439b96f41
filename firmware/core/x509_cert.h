/* x509_cert.h -- what a certificate's DER says (RFC 5280), read before a
 * library parses it or computes with its key.
 *
 * A certificate is a stranger's, even one that an honest server sends: its
 * key may have 16,384 bits, its names may be thousands. x509_cert_read walks
 * over it once, allocates nothing and computes nothing; x509_cert_refuse
 * then says whether it is one that we deal with at all. All views point into
 * the caller's DER. */
#ifndef X509_CERT_H
#define X509_CERT_H

#include "der.h"

#define X509_RSA_MIN_BITS      2048
#define X509_RSA_MAX_BITS      4096
#define X509_EXPONENT_MAX_BITS 33  /* 65537 has 17                        */
#define X509_MAX_NAMES         256 /* of subject, issuer, SAN, EKU, ...   */

enum x509_key {
    X509_KEY_RSA,
    X509_KEY_P256,
    X509_KEY_P384,
    X509_KEY_OTHER, /* we have no arithmetic for it                       */
};

struct x509_cert {
    size_t len; /* of the whole certificate: more may follow it           */
    enum x509_key key;
    const char *key_name;    /* "RSA", "P-256", "Ed25519": constant text     */
    const char *signed_with; /* a method that we do not have; NULL: we do */
    unsigned key_bits;       /* RSA: of the modulus                          */
    unsigned exponent_bits;
    unsigned names;         /* elements that a parser would keep     */
    bool basic;             /* there are basicConstraints            */
    bool ca;                /* and they say so                       */
    bool may_not_sign;      /* key usage without keyCertSign         */
    int pathlen;            /* its pathLenConstraint; -1: none */
    struct der_view issuer; /* the whole Name                        */
    struct der_view subject;
    struct der_view san;         /* GeneralNames; .p is NULL: none        */
    struct der_view constraints; /* NameConstraints; .p is NULL: none     */
    struct der_view unknown;     /* OID of a critical extension that we do
                                    not know; .p is NULL: none            */
};

/* Reads the certificate that the bytes begin with. Returns RC_OK, or RC_BAD:
 * this is no certificate. */
int x509_cert_read(struct x509_cert *c, const uint8_t *der,
                   size_t len) MUST_CHECK;

/* Writes why a certificate is one that we do not deal with, as words that
 * follow "the certificate": "has a key (RSA-8192) longer than 4096 bits".
 * Returns true if there is such a reason, false if the certificate is fit to
 * be parsed and its key to be computed with. */
bool x509_cert_refuse(const struct x509_cert *c, char *out, size_t cap);

/* Writes the last common name of a Name (the whole element), what cannot be
 * printed as '?'; "" where there is none. */
void x509_cert_common_name(struct der_view name, char *out, size_t cap);

#endif
