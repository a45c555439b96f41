/* tls_pairs_private.h -- the keys and certificates that the NTS-KE server
 * proves itself with. For tls_*.c alone.
 *
 * They are read at start, from files that a person has put on the card, and
 * stay in an arena of their own. */
#ifndef TLS_PAIRS_PRIVATE_H
#define TLS_PAIRS_PRIVATE_H

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "core/x509_cert.h"

struct tls_pair {
    mbedtls_x509_crt chain; /* our own first, each issued by the next        */
    mbedtls_pk_context key;
    struct x509_cert own; /* what the first one says, in place               */
};

/* Returns how many there are, and the i-th. */
unsigned tls_pairs_count(void);
struct tls_pair *tls_pairs_at(unsigned i);

#endif
