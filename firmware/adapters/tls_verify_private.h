/* tls_verify_private.h -- judging a server's certificates: the way from it to
 * one that we trust, RFC 5280 section 6, with dates judged by what our clock
 * can know. For tls_*.c alone.
 *
 * Mbed TLS is told not to verify (it would try every certificate of a name as
 * issuer of every other, in one go). Instead:
 *
 *     tls_verify_begin     whom we want, whom we trust
 *     tls_chain_add        each certificate, before it is parsed: a patch
 *                          calls it in Mbed TLS's place
 *     tls_verify_step      one signature a call, and at last the names and
 *                          dates of the way found, until RC_OK or RC_AUTH
 *     tls_verify_done      is what lets a session be used, and nothing else
 *
 * What a stranger can make us do is bounded: LIMIT_TLS_CHAIN certificates
 * with keys that x509_cert_refuse lets pass, LIMIT_TLS_SIGNATURES
 * verifications, one of them a step; the dearest is one of P-384: 33 M
 * instructions of a Cortex-A7. Names and name constraints are compared in a
 * step of their own, LIMIT_TLS_NAMES of them: 14 M. Everything in a
 * certificate is outside input; from it only dates, and names made printable,
 * reach a text. */
#ifndef TLS_VERIFY_PRIVATE_H
#define TLS_VERIFY_PRIVATE_H

#include <mbedtls/x509_crt.h>

#include "core/limit.h"
#include "core/x509_names.h"
#include "tls_client.h"

struct tls_link {    /* of the way that is being tried                      */
    uint8_t cert;    /* which of those presented                            */
    uint8_t anchors; /* how many trusted ones were tried as its issuer      */
    uint8_t next;    /* and the first presented one that was not            */
};

struct tls_unread { /* presented, but of a kind we cannot use               */
    uint32_t subject_hash;
    char why[64];
};

struct tls_chain { /* of the session that is open */
    /* tls_chain_add: Mbed TLS, patched, calls it through the session's user
     * data and so wants it first. */
    int (*add)(void *chain, mbedtls_x509_crt *list, const unsigned char *der,
               size_t len);
    uint32_t certset;
    struct cert_clock clock;
    struct x509_host host;
    /* Presented; Mbed TLS owns them while the handshake lasts. The server's
     * own is the first. */
    mbedtls_x509_crt *cert[LIMIT_TLS_CHAIN];
    unsigned count, presented, unread_count;
    struct tls_unread unread[LIMIT_TLS_CHAIN];
    /* The search for a way: depth first. */
    struct tls_link way[LIMIT_TLS_CHAIN];
    unsigned length; /* of the way; 0: not begun                            */
    unsigned signatures;
    bool anchored;   /* the last trusted one tried has signed the way       */
    size_t compared; /* see LIMIT_TLS_NAMES                                 */
    bool done;
    int64_t lo, hi; /* latest notBefore, earliest notAfter of the way       */
    char why[128];  /* the first reason to refuse                           */
};

/* Begins with whom we want (a host name or an address literal), whom we trust
 * and what we know of the time. Returns RC_OK, or RC_BAD: nobody can be
 * called that. */
int tls_verify_begin(struct tls_chain *chain, const char *name,
                     uint32_t certset,
                     const struct cert_clock *clock) MUST_CHECK;

/* Verifies one signature more, or judges the way that they make. Returns
 * RC_AGAIN: call it again, RC_OK: the server is the one we want, RC_AUTH: it
 * is not, and chain->why says why. Whoever calls looks at what the arena
 * refused meanwhile: a signature that there was no memory to check looks like
 * one that does not hold. */
int tls_verify_step(struct tls_chain *chain) MUST_CHECK;

/* Turns a certificate's date into Unix seconds. Returns RC_OK, or RC_BAD: there
 * is no such date. */
int tls_verify_unix(const mbedtls_x509_time *t, int64_t *unix_s) MUST_CHECK;

/* Has a way been found, and everything on it judged good? */
bool tls_verify_done(const struct tls_chain *chain);

#endif
