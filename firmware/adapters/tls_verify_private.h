/* tls_verify_private.h -- judging a server's chain beyond what Mbed TLS
 * does: dates by what our clock can know, and what is said of a refusal. For
 * tls_*.c alone. Everything in a certificate is outside input; from it only
 * dates and one printable name reach a text. */
#ifndef TLS_VERIFY_PRIVATE_H
#define TLS_VERIFY_PRIVATE_H

#include <mbedtls/x509_crt.h>

#include "tls_client.h"

struct tls_chain { /* of the session that is open */
    uint8_t certset;
    struct cert_clock clock;
    /* Filled while the chain is walked, from its root to the server: */
    int64_t lo, hi;  /* latest notBefore, earliest notAfter             */
    char issuer[32]; /* common name of the issuer that nobody knows     */
};

void tls_verify_begin(struct tls_chain *chain, uint8_t certset,
                      const struct cert_clock *clock);
/* Mbed TLS's f_vrfy; arg is the struct tls_chain. */
int tls_verify_cert(void *arg, mbedtls_x509_crt *crt, int depth,
                    uint32_t *flags) MUST_CHECK;
/* One line on why: flags from mbedtls_ssl_get_verify_result. */
void tls_verify_say(const struct tls_chain *chain, const char *name,
                    uint32_t flags, char *out, size_t cap);

#endif
