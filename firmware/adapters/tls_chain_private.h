/* tls_chain_private.h -- the door through which a peer's certificates come,
 * before Mbed TLS parses them. For tls_*.c alone; the patch
 * mbedtls-01-peer-certificates has it called. */
#ifndef TLS_CHAIN_PRIVATE_H
#define TLS_CHAIN_PRIVATE_H

#include <mbedtls/x509_crt.h>

/* Takes one more certificate of the Certificate message into the list, whose
 * first is the server's own. One that we cannot use is passed over, unless it
 * is the first. chain is the session's struct tls_chain. Returns 0, or what
 * ends the handshake: an error of Mbed TLS, with the reason in the chain. */
int tls_chain_add(void *chain, mbedtls_x509_crt *list, const unsigned char *der,
                  size_t len);

#endif
