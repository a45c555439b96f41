/* cmac.h -- AES-CMAC (RFC 4493) over crypto.h's blocks, with the key's schedule
 * and subkeys kept from begin to end: any number of messages for one setup.
 *
 *     cmac_begin, cmac_sum (any number), cmac_end */
#ifndef CMAC_H
#define CMAC_H

#include "crypto.h"

struct cmac_key {
    struct crypto_aes aes;
    uint8_t k1[CRYPTO_BLOCK], k2[CRYPTO_BLOCK]; /* RFC 4493 section 2.3      */
};

/* Double b in GF(2^128), RFC 4493 section 2.3; the reduction without a
 * branch. in and out may be the same. */
void cmac_double(const uint8_t in[CRYPTO_BLOCK], uint8_t out[CRYPTO_BLOCK]);

/* Begin with a key of 16 or 32 bytes. Returns RC_OK, or RC_SPACE when there is
 * no library memory. */
int cmac_begin(struct cmac_key *k, const uint8_t *key,
               size_t key_len) MUST_CHECK;
/* Return in mac the code of a message of len bytes; b may be NULL when len is
 * 0. Where `end` is not NULL, its 16 bytes are first added to the message's
 * last 16 (RFC 5297's xorend), of which there must be so many. */
void cmac_sum(struct cmac_key *k, const uint8_t *b, size_t len,
              const uint8_t *end, uint8_t mac[CRYPTO_BLOCK]);
/* Do the same for a message whose first blocks, which are not in b, made `from`
 * out of zeros by crypto_aes_chain: what several messages begin with is summed
 * once. At least one byte has to follow them. */
void cmac_sum_on(struct cmac_key *k, const uint8_t from[CRYPTO_BLOCK],
                 const uint8_t *b, size_t len, const uint8_t *end,
                 uint8_t mac[CRYPTO_BLOCK]);
/* Wipe and free what cmac_begin made. */
void cmac_end(struct cmac_key *k);

#endif
