/* tls_words_private.h -- why a client's session failed, in words a person
 * can act on. For tls_*.c alone. */
#ifndef TLS_WORDS_PRIVATE_H
#define TLS_WORDS_PRIVATE_H

#include "core/base.h"

/* Writes what a server's fatal alert says (RFC 8446 section 6). */
void tls_words_alert(uint8_t alert, char *out, size_t cap);
/* Writes what Mbed TLS's error means, where no finer text fits. */
void tls_words_error(int error, char *out, size_t cap);

#endif
