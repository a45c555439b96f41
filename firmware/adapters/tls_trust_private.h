/* tls_trust_private.h -- which certificates are trusted: those of the
 * card, which come in through tls_trust (tls_client.h), and the system's
 * bundle (tls_roots.h). For tls_*.c alone.
 *
 * Sets are chrony's: set 0 is the system's certificates and the card's of
 * set 0, every other set holds only the card's. Both are kept as DER; a
 * certificate is parsed when a chain asks for its name, and freed after. */
#ifndef TLS_TRUST_PRIVATE_H
#define TLS_TRUST_PRIVATE_H

#include <mbedtls/x509_crt.h>

#include "core/der.h"

/* Forget the card's certificates; whether set 0 holds the system's. */
void tls_trust_init(bool system_certs);

/* Finds the n-th certificate of the set, counted from 0, whose subject hashes
 * as the child's issuer does, and so could have issued it. What der then shows
 * lasts until the next call. Returns false: there are no more. */
bool tls_trust_issuer(uint32_t certset, const mbedtls_x509_crt *child,
                      unsigned n, struct der_view *der);

/* Parses a certificate and appends it to the list, in place, where it stays
 * until the list is freed, or as a copy. No extension stops it:
 * x509_cert_refuse has to be asked before. Returns 0 or Mbed TLS's code. */
int tls_trust_parse(mbedtls_x509_crt *list, const uint8_t *der, size_t len,
                    bool copy) MUST_CHECK;

/* Writes what an owner can do about a child whose issuer is not in the set:
 * put it on the card, or say elsewhere that it counts for this server. */
void tls_trust_cure(uint32_t certset, const mbedtls_x509_crt *child, char *out,
                    size_t cap);

/* Is this very certificate one of the card's in the set? */
bool tls_trust_holds(uint32_t certset, const mbedtls_x509_crt *crt);

#endif
