/* tls_platform.h -- what Mbed TLS wants of a machine: memory, entropy, time,
 * and a way to stop. One arena serves whatever of it is used. */
#ifndef TLS_PLATFORM_H
#define TLS_PLATFORM_H

#include "core/base.h"

/* Hands Mbed TLS its arena of LIMIT_TLS_ARENA bytes. Is called once, before
 * anything of it is used: crypto_mbed.h, tls_client.h. */
void tls_platform_init(void);
/* Seeds Mbed TLS from port_entropy, once. Returns RC_OK, or RC_IO: there is
 * no entropy, ask again later. */
int tls_platform_ready(void) MUST_CHECK;
/* Returns how many bytes of the arena were ever needed. */
size_t tls_platform_arena_peak(void);

#endif
