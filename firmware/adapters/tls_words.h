/* tls_words.h -- why a session failed, in words a person can act on. Private
 * to tls*.c. */
#ifndef TLS_WORDS_H
#define TLS_WORDS_H

#include "core/base.h"

/* The peer's fatal alert (RFC 8446 section 6). */
void tls_words_alert(uint8_t alert, char *out, size_t cap);
/* Mbed TLS's error, what none of the finer texts fit. */
void tls_words_error(int error, char *out, size_t cap);

#endif
