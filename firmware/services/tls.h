/* tls.h -- Mbed TLS for this machine: arena, entropy, trust anchors, client
 * sessions over lwIP's raw TCP.
 *
 * One session at a time (limits.h: one arena). Nothing blocks: tls_step does
 * at most one handshake step (up to some 20 ms on a Pi 2) per call. */
#ifndef TLS_H
#define TLS_H

#include "net.h"

struct tls_clock {        /* what certificates are judged by, Unix seconds   */
    int64_t floor;        /* notAfter below this is refused                  */
    bool synchronised;    /* notBefore is judged too                         */
    int64_t now;          /* then: the time                                  */
};

void tls_init(bool system_certs);
/* PEM or DER; every certificate in it joins the set. Returns how many, or
 * RC_BAD, RC_SPACE. */
int tls_trust(uint8_t certset, const uint8_t *file, size_t len) MUST_CHECK;

/* Begin: TCP connect, then TLS 1.3 with ALPN ntske/1, SNI and name check on
 * `name`. RC_OK; RC_STATE: a session is open already. */
int tls_open(const char *name, const struct net_addr *addr, uint16_t port,
             uint8_t certset, const struct tls_clock *clock) MUST_CHECK;
/* RC_AGAIN; RC_OK: handshake done, everything verified, ALPN agreed;
 * RC_AUTH, RC_IO, RC_TIMEOUT, RC_BAD: failed, tls_reason says why. */
int tls_step(mono_ns now) MUST_CHECK;
int tls_write(const uint8_t *buf, size_t len) MUST_CHECK; /* bytes, RC_AGAIN, RC_IO */
int tls_read(uint8_t *buf, size_t cap) MUST_CHECK; /* 0: closed by peer */
int tls_export(const char *label, const uint8_t *context, size_t context_len,
               uint8_t *out, size_t len) MUST_CHECK;
/* The verified chain's window: latest notBefore, earliest notAfter. */
void tls_window(int64_t *lo, int64_t *hi);
void tls_close(void);
const char *tls_reason(void); /* "certificate expired 2025-01-02", ... */

size_t tls_arena_peak(void);
uint32_t tls_handshakes(void);

#endif
