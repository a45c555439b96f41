/* crypto.h -- the primitives core needs: AES in crypto_aes.c, the rest linked
 * from adapters/crypto_mbed.c (Mbed TLS) or from a test.
 *
 * A context holds its key from begin to end: every begin has its end, and none
 * takes memory from a heap. No function takes a secret-dependent branch of
 * ours. */
#ifndef CRYPTO_H
#define CRYPTO_H

#include <string.h>

#include "base.h"

#define CRYPTO_BLOCK 16

/* AES with a 128- or 256-bit key, ready for use; the caller owns it, fields
 * private. */
struct crypto_aes {
    uint32_t key[60];
    uint32_t rounds;
};
/* Begin encrypting with a key of 16 or 32 bytes. Returns RC_OK, or RC_SPACE
 * where it is a library's and that has no memory. */
int crypto_aes_begin(struct crypto_aes *a, const uint8_t *key,
                     size_t key_len) MUST_CHECK;
/* Encrypt one block; in and out may be the same. */
void crypto_aes_block(struct crypto_aes *a, const uint8_t in[16],
                      uint8_t out[16]);
/* For each of so many blocks: add it to sum, and encrypt that (CBC-MAC, which
 * CMAC is made of). */
void crypto_aes_chain(struct crypto_aes *a, uint8_t sum[CRYPTO_BLOCK],
                      const uint8_t *b, size_t blocks);
/* Counter mode: for each of so many blocks, encrypt q, add it to what is at in
 * to make what is at out, and count q's last 32 bits on. */
void crypto_aes_count(struct crypto_aes *a, uint8_t q[CRYPTO_BLOCK],
                      const uint8_t *in, uint8_t *out, size_t blocks);
/* Wipe and free what crypto_aes_begin made. */
void crypto_aes_end(struct crypto_aes *a);

/* Add one block to another, bit by bit, whatever their alignment. */
static inline void crypto_xor_block(uint8_t to[CRYPTO_BLOCK],
                                    const uint8_t with[CRYPTO_BLOCK])
{
    uint32_t a[CRYPTO_BLOCK / 4], b[CRYPTO_BLOCK / 4];
    memcpy(a, to, sizeof a);
    memcpy(b, with, sizeof b);
    for (size_t i = 0; i < LEN(a); i++)
        a[i] ^= b[i];
    memcpy(to, a, sizeof a);
}

/* Fill out with len unpredictable bytes. Returns RC_OK, or RC_IO when there is
 * no entropy, and then nothing that needed them may be sent. */
int crypto_random(uint8_t *out, size_t len) MUST_CHECK;

/* Compare len bytes in a time that does not depend on them. */
bool crypto_equal(const uint8_t *a, const uint8_t *b, size_t len);
/* Overwrite len bytes with zeros, whether or not they are read again. */
void crypto_wipe(void *p, size_t len);

#endif
