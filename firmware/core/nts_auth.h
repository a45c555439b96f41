/* nts_auth.h -- the NTS Authenticator and Encrypted Extension Fields (RFC
 * 8915 section 5.6), by AEAD and key, whichever side seals it.
 *
 * Seal, in place: with the packet so far in a writer, its first byte first,
 *
 *     size_t at = nts_auth_begin(&w, aead);
 *     ntp_ef_put(&w, ...)                     the fields to encrypt, if any
 *     rc = nts_auth_seal(&w, at, aead, key, nonce);
 *
 * Open: find the field with ntp_ef_next, take it apart with nts_auth_parse,
 * then nts_auth_open into other memory or nts_auth_open_here. The fields that
 * were encrypted are read with ntp_ef_next_encrypted.
 *
 * Nothing is allocated, and outside input never asserts. */
#ifndef NTS_AUTH_H
#define NTS_AUTH_H

#include "aead.h"
#include "ntp_ef.h"

/* The length of a whole authenticator field around text_len bytes of
 * encrypted fields, with a nonce of the length that we send. */
size_t nts_auth_size(const struct aead *aead, size_t text_len);

/* Begin an authenticator field at the end of w and return where it begins.
 * What is appended to w from now on is encrypted by nts_auth_seal. When there
 * is no room w->full is set, and nts_auth_seal will say so. */
size_t nts_auth_begin(struct writer *w, const struct aead *aead);

/* Complete the field that nts_auth_begin began at `at`: encrypt in place what
 * was appended since, with all that precedes the field as associated data.
 * The nonce has aead->nonce_len bytes and must never be used twice with a
 * key. Returns RC_OK; RC_SPACE: no room in w, or no library memory; RC_IO. On
 * an error what w holds must not be sent. */
int nts_auth_seal(struct writer *w, size_t at, const struct aead *aead,
                  const uint8_t *key, const uint8_t *nonce) MUST_CHECK;
/* Do the same with padding (section 5.6) up to `end`, where the packet shall
 * end: a multiple of 4. RC_SPACE also when the field does not fit there. */
int nts_auth_seal_to(struct writer *w, size_t at, size_t end,
                     const struct aead *aead, const uint8_t *key,
                     const uint8_t *nonce) MUST_CHECK;

struct nts_auth {  /* an authenticator field taken apart, in place */
    size_t ad_len; /* of the packet, all that precedes the field            */
    const uint8_t *nonce, *sealed;
    size_t nonce_len, sealed_len;
    size_t padding; /* bytes behind the ciphertext and its own padding; a
                     * server asks that it make up for a short nonce        */
};

/* Take the field ef, found by ntp_ef_next, apart. RC_OK; RC_BAD: the lengths
 * in it do not fit the field, *a is not to be used. */
int nts_auth_parse(const struct ntp_ef *ef, struct nts_auth *a) MUST_CHECK;

/* Verify packet pkt up to its authenticator *a, and decrypt that into text,
 * which has room for a->sealed_len bytes and lies outside the packet. Returns
 * the length of the text; RC_AUTH: not sealed with this key; RC_BAD: a nonce
 * or ciphertext of a length that this AEAD never makes; RC_SPACE: no library
 * memory. */
int nts_auth_open(const struct aead *aead, const uint8_t *key,
                  const uint8_t *pkt, const struct nts_auth *a,
                  uint8_t *text) MUST_CHECK;

/* Do the same in place: on success *text points to the decrypted fields in
 * pkt itself. After RC_AUTH the ciphertext in pkt is lost; whatever precedes
 * the authenticator is as it was. */
int nts_auth_open_here(const struct aead *aead, const uint8_t *key,
                       uint8_t *pkt, const struct nts_auth *a,
                       const uint8_t **text) MUST_CHECK;

#endif
