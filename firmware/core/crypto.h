/* crypto.h -- the primitives core needs, declared here and linked from
 * adapters/crypto_mbed.c (Mbed TLS) or from a test.
 *
 * A context holds its key from begin to end: every begin has its end, and none
 * takes memory from a heap. No function takes a secret-dependent branch of
 * ours. */
#ifndef CRYPTO_H
#define CRYPTO_H

#include "base.h"

#define CRYPTO_BLOCK 16

/* AES with a 128- or 256-bit key, one block at a time. */
struct crypto_aes {
    uint64_t opaque[48];
};
/* Begin encrypting with a key of 16 or 32 bytes. Returns RC_OK, or RC_SPACE
 * when there is no library memory. */
int crypto_aes_begin(struct crypto_aes *a, const uint8_t *key,
                     size_t key_len) MUST_CHECK;
/* Encrypt one block; in and out may be the same. */
void crypto_aes_block(struct crypto_aes *a, const uint8_t in[16],
                      uint8_t out[16]);
/* Wipe and free what crypto_aes_begin made. */
void crypto_aes_end(struct crypto_aes *a);

/* AES-CMAC (RFC 4493). One key, any number of messages: update.. finish,
 * update.. finish, end. */
struct crypto_cmac {
    uint64_t opaque[56];
};
/* Begin with a key of 16 or 32 bytes. Returns RC_OK, or RC_SPACE when there is
 * no library memory. */
int crypto_cmac_begin(struct crypto_cmac *c, const uint8_t *key,
                      size_t key_len) MUST_CHECK;
/* Add len bytes to the message. Returns RC_OK, or RC_IO when the library
 * fails. */
int crypto_cmac_update(struct crypto_cmac *c, const uint8_t *data,
                       size_t len) MUST_CHECK;
/* End the message, return its code in mac and begin the next one under the
 * same key. Returns RC_OK, or RC_IO when the library fails. */
int crypto_cmac_finish(struct crypto_cmac *c, uint8_t mac[16]) MUST_CHECK;
/* Wipe and free what crypto_cmac_begin made. */
void crypto_cmac_end(struct crypto_cmac *c);

/* Fill out with len unpredictable bytes. Returns RC_OK, or RC_IO when there is
 * no entropy, and then nothing that needed them may be sent. */
int crypto_random(uint8_t *out, size_t len) MUST_CHECK;

/* Compare len bytes in a time that does not depend on them. */
bool crypto_equal(const uint8_t *a, const uint8_t *b, size_t len);
/* Overwrite len bytes with zeros, whether or not they are read again. */
void crypto_wipe(void *p, size_t len);

#endif
