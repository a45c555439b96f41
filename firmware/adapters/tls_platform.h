/* tls_platform.h -- what Mbed TLS wants of a machine: entropy, time, and a
 * way to stop. Private to tls*.c. */
#ifndef TLS_PLATFORM_H
#define TLS_PLATFORM_H

#include "core/base.h"

void tls_platform_init(void);
/* The moment that Mbed TLS takes for now when it chooses between several
 * certificates of one issuer; Unix seconds. tls_verify judges afterwards. */
void tls_platform_now(int64_t unix_s);

#endif
