/* aead.h -- the AEADs of NTS behind one face (RFC 5116, RFC 8915 5.1). Both
 * live in one image: 15 (siv.h) and 30 (gcm_siv.h). */
#ifndef AEAD_H
#define AEAD_H

#include "base.h"

#define AEAD_AES_SIV_CMAC_256 15 /* RFC 5297 */
#define AEAD_AES_128_GCM_SIV  30 /* RFC 8452 */
#define AEAD_KEY_MAX          32
#define AEAD_NONCE_MAX        16 /* of nonce_len */

struct aead {
    uint16_t id;       /* IANA number                                       */
    uint8_t key_len;   /* bytes                                             */
    uint8_t nonce_len; /* what we send; a peer's may differ: open judges    */
    uint8_t tag_len;   /* ciphertext is plaintext + this                    */
    uint8_t text_at;   /* where in it the text's own bytes are: after a tag
                        * in front, or 0                                    */
    /* Encrypt and authenticate text_len bytes of text. out has room for
     * text_len + tag_len bytes; text lies exactly at out + text_at (in place)
     * or apart from out. Returns RC_OK; RC_BAD: not a nonce of this AEAD;
     * RC_SPACE: no library memory. */
    int (*seal)(const uint8_t *key, const uint8_t *nonce, size_t nonce_len,
                const uint8_t *ad, size_t ad_len, const uint8_t *text,
                size_t text_len, uint8_t *out);
    /* Verify and decrypt len bytes. out has room for len - tag_len bytes; it
     * lies exactly at sealed + text_at (in place) or apart from sealed.
     * Returns RC_OK; RC_AUTH: not sealed so, and out is zeroed; RC_BAD: a
     * nonce or a length that cannot be; RC_SPACE: no library memory. */
    int (*open)(const uint8_t *key, const uint8_t *nonce, size_t nonce_len,
                const uint8_t *ad, size_t ad_len, const uint8_t *sealed,
                size_t len, uint8_t *out);
};

/* Return the AEAD of this IANA number, or NULL if Gnomon does not have it. */
const struct aead *aead_find(uint16_t id);

/* Tell whether aead_find knows this number. Whoever only reads numbers
 * (conf.c) calls this, and needs no cipher linked. */
static inline bool aead_known(uint16_t id)
{
    return id == AEAD_AES_SIV_CMAC_256 || id == AEAD_AES_128_GCM_SIV;
}

#endif
