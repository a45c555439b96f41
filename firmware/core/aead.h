/* aead.h -- the AEADs of NTS behind one face (RFC 5116, RFC 8915 5.1). Both
 * live in one image: 15 (siv.h) and 30 (gcm_siv.h). */
#ifndef AEAD_H
#define AEAD_H

#include "base.h"

#define AEAD_AES_SIV_CMAC_256 15 /* RFC 5297 */
#define AEAD_AES_128_GCM_SIV  30 /* RFC 8452 */
#define AEAD_KEY_MAX          32

struct aead {
    uint16_t id;       /* IANA number                                       */
    uint8_t key_len;   /* bytes                                             */
    uint8_t nonce_len; /* what we send; a peer's may differ: open judges    */
    uint8_t tag_len;   /* ciphertext is plaintext + this                    */
    /* out: text_len + tag_len bytes, not overlapping. RC_OK; RC_BAD: not a
     * nonce of this AEAD; RC_SPACE: no library memory. */
    int (*seal)(const uint8_t *key, const uint8_t *nonce, size_t nonce_len,
                const uint8_t *ad, size_t ad_len, const uint8_t *text,
                size_t text_len, uint8_t *out);
    /* out: len - tag_len bytes. RC_OK; RC_AUTH: out is zeroed; RC_BAD: nonce
     * or length cannot be; RC_SPACE. */
    int (*open)(const uint8_t *key, const uint8_t *nonce, size_t nonce_len,
                const uint8_t *ad, size_t ad_len, const uint8_t *sealed,
                size_t len, uint8_t *out);
};

const struct aead *aead_find(uint16_t id); /* NULL: not ours */

/* Whether aead_find finds it, for who reads numbers and has no use for the
 * ciphers (conf.c). */
static inline bool aead_known(uint16_t id)
{
    return id == AEAD_AES_SIV_CMAC_256 || id == AEAD_AES_128_GCM_SIV;
}

#endif
