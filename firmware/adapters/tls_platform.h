/* tls_platform.h -- what Mbed TLS wants of a machine: memory, entropy, time,
 * and a way to stop.
 *
 * Memory: each session has an arena of its own, so that a peer can use up no
 * other's, and one is common to what outlives sessions. Whoever calls Mbed
 * TLS for a session says so before, and says when it is through. */
#ifndef TLS_PLATFORM_H
#define TLS_PLATFORM_H

#include "core/base.h"
#include "core/limit.h"

#define TLS_PLATFORM_COMMON 0 /* 1 .. LIMIT_TLS_SESSIONS: a client's session */
#define TLS_PLATFORM_PAIRS  (1 + LIMIT_TLS_SESSIONS) /* our own keys          */
#define TLS_PLATFORM_SERVER (TLS_PLATFORM_PAIRS + 1) /* and LIMIT_KE_SESSIONS */

/* Hands Mbed TLS its arenas, LIMIT_TLS_ARENA bytes for what the client needs
 * and, apart from them, LIMIT_KE_ARENA bytes for the server. Is called once,
 * before anything of it is used: crypto_mbed.h, tls_client.h. */
void tls_platform_init(void);
/* From now on Mbed TLS takes its memory from this arena. What it gives back
 * goes where it came from. */
void tls_platform_use(unsigned arena);
/* Returns how many blocks of this arena were asked for in vain, since start.
 * Mbed TLS turns such a failure into whatever it was about to find out, "not
 * signed by this key" for instance; a count that has grown tells. */
unsigned tls_platform_refused(unsigned arena);
/* Seeds Mbed TLS from port_entropy, once. Returns RC_OK, or RC_IO: there is
 * no entropy, ask again later. */
int tls_platform_ready(void) MUST_CHECK;
/* Returns how many bytes of the client's arenas were ever needed, each at its
 * worst, and how many are in use now. */
size_t tls_platform_arena_peak(void);
size_t tls_platform_arena_used(void);
/* The same of one arena. */
size_t tls_platform_peak(unsigned arena);
size_t tls_platform_used(unsigned arena);

#endif
