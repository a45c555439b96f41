/* peer_crypto.h -- the cryptography of the peers, OpenSSL's, so that none of
 * them shares code with the firmware: AES-SIV (RFC 5297) and certificates.
 * What OpenSSL cannot do ends the program. */
#ifndef PEER_CRYPTO_H
#define PEER_CRYPTO_H

#include <openssl/x509.h>

#include "core/base.h"

/* Seals len bytes, at least one: out gets the tag, then the ciphertext. */
void peer_siv_seal(const uint8_t key[32], const uint8_t *ad, size_t ad_len,
                   const uint8_t nonce[16], const uint8_t *in, size_t len,
                   uint8_t *out);
/* Opens tag and ciphertext, len bytes of both. Returns whether they are good. */
bool peer_siv_open(const uint8_t key[32], const uint8_t *ad, size_t ad_len,
                   const uint8_t nonce[16], const uint8_t *in, size_t len,
                   uint8_t *out);
/* Gives the tag of an empty text, as a request's authenticator has it. */
void peer_siv_sign(const uint8_t key[32], const uint8_t *ad, size_t ad_len,
                   const uint8_t nonce[16], uint8_t tag[16]);

/* Makes a server's certificate for these names ("DNS:a,DNS:b"), valid between
 * two moments of Unix seconds; without an issuer that of a CA. The caller frees
 * it. */
X509 *peer_certificate(const char *common_name, const char *names,
                       EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                       int64_t lo, int64_t hi);
/* Writes one of the two as PEM. Returns the length, without the final 0. */
size_t peer_pem(X509 *certificate, EVP_PKEY *key, char *out, size_t cap);

#endif
