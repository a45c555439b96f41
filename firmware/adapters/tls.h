/* tls.h -- Mbed TLS for this machine: arena, entropy, trust anchors, client
 * sessions over lwIP's raw TCP.
 *
 * LIMIT_TLS_SESSIONS of them, in one arena; n says which, and whoever opened
 * it is the only one to use it until tls_close. Nothing blocks: tls_step does
 * at most one handshake step (up to some 20 ms on a Pi 2) per call. */
#ifndef TLS_H
#define TLS_H

#include "core/status.h"
#include "net.h"

/* TCP and TLS handshake of one session together. A server may give less:
 * chrony closes 2 s after it accepted. */
#define TLS_TIMEOUT (INT64_C(5) * 1000000000)

struct tls_clock {      /* what certificates are judged by, Unix seconds   */
    int64_t floor;      /* before there is a clock (bootstrap.h)           */
    bool synchronised;  /* both ends are judged, by now                    */
    int64_t now, slack; /* the time, and what it may be off                */
    bool strict;        /* not synchronised: judged as if floor were now   */
};

/* Once, before anything that takes Mbed TLS's heap. */
void tls_init(bool system_certs);
/* PEM or DER; every certificate in it joins the set, those of a PEM file that
 * we cannot read are counted in the log. Returns how many, or RC_BAD: none,
 * or damaged, RC_SPACE: not all found room; then none joined. */
int tls_trust(uint8_t certset, const uint8_t *file, size_t len) MUST_CHECK;

/* Begin: TCP connect, then TLS 1.3 with ALPN ntske/1, SNI and name check on
 * `name` (an address literal is looked for among the certificate's
 * addresses). RC_OK; RC_STATE: it is open already; RC_IO, RC_SPACE,
 * RC_BAD: nothing is open and tls_reason says why. */
int tls_open(unsigned n, const char *name, const struct addr *addr,
             uint16_t port, uint8_t certset,
             const struct tls_clock *clock) MUST_CHECK;
/* RC_AGAIN; RC_OK: handshake done, everything verified, ALPN agreed;
 * RC_AUTH, RC_IO, RC_TIMEOUT, RC_BAD: failed, tls_reason says why. */
int tls_step(unsigned n, mono_ns now) MUST_CHECK;
/* Did the last step, write or read stop for want of the network? If not, it
 * can go on at once. */
bool tls_waiting(unsigned n);
/* Bytes; RC_AGAIN: the same again; RC_IO; RC_STATE: no handshake yet. */
int tls_write(unsigned n, const uint8_t *buf, size_t len) MUST_CHECK;
/* Bytes; 0: closed by the peer; RC_AGAIN; RC_IO; RC_STATE. */
int tls_read(unsigned n, uint8_t *buf, size_t cap) MUST_CHECK;
/* RFC 8446 section 7.5. RC_OK, RC_BAD, RC_STATE. */
int tls_export(unsigned n, const char *label, const uint8_t *context,
               size_t context_len, uint8_t *out, size_t len) MUST_CHECK;
/* The verified chain's window: latest notBefore, earliest notAfter. */
void tls_window(unsigned n, int64_t *lo, int64_t *hi);
/* Every tls_open that was RC_OK needs it, failed or not. */
void tls_close(unsigned n);
/* One line for a person, "certificate is for another name (wanted ...)";
 * stands until the next tls_open of that n. */
const char *tls_reason(unsigned n);

/* Returns how many handshakes have been completed since boot. */
uint32_t tls_handshakes(void);
/* Fills TLS's section of the snapshot. */
void tls_status(struct status_tls *out);

#endif
