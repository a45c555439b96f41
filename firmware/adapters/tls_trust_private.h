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

#include "core/base.h"

/* Forget the card's certificates; whether set 0 holds the system's. */
void tls_trust_init(bool system_certs);

/* mbedtls_x509_crt_ca_cb_t: whom in the set *certset (uint8_t) could have
 * issued child. Mbed TLS frees the list. */
int tls_trust_issuers(void *certset, const mbedtls_x509_crt *child,
                      mbedtls_x509_crt **issuers) MUST_CHECK;

/* Is this very certificate one of the card's in the set? */
bool tls_trust_holds(uint8_t certset, const mbedtls_x509_crt *crt);

#endif
