/* siv.h -- AES-SIV with CMAC (RFC 5297) and 128-bit AES, that is the AEAD
 * AEAD_AES_SIV_CMAC_256 (number 15), over crypto.h.
 *
 * NTS uses it through siv_cmac_256 and aead.h. The calls below take the
 * general form, any number of strings as associated data; in the AEAD's form
 * there are two, the data and then the nonce (RFC 5297 section 6). Whoever
 * uses one key often keeps its schedules:
 *
 *     siv_key_begin, siv_key_seal and siv_key_open (any number), siv_key_end */
#ifndef SIV_H
#define SIV_H

#include "aead.h"
#include "cmac.h"

#define SIV_KEY       32 /* bytes: half for S2V, half for counter mode       */
#define SIV_TAG       16
#define SIV_PARTS_MAX 126 /* RFC 5297 section 7                              */

struct siv_part {
    const uint8_t *b; /* may be NULL when len is 0 */
    size_t len;
};

struct siv_key { /* ready for use; the caller owns it, fields private       */
    struct cmac_key mac;
    struct crypto_aes ctr;
    uint8_t zero[CRYPTO_BLOCK]; /* code of the zero block, where S2V begins */
};

/* Begin with a key. Returns RC_OK, or RC_SPACE when there is no library
 * memory. */
int siv_key_begin(struct siv_key *k, const uint8_t key[SIV_KEY]) MUST_CHECK;
/* Encrypt and authenticate len bytes of text with up to SIV_PARTS_MAX strings
 * of associated data. out has room for SIV_TAG + len bytes; text lies exactly
 * at out + SIV_TAG (in place) or apart from out. */
void siv_key_seal(struct siv_key *k, const struct siv_part *ad, size_t ad_count,
                  const uint8_t *text, size_t len, uint8_t *out);
/* Sum up so many blocks that several texts begin with, then seal each of these
 * texts in place, without associated data: it is siv_key_seal for less work.
 * After those blocks at least one more has to follow. */
void siv_key_sum(struct siv_key *k, const uint8_t *text, size_t blocks,
                 uint8_t sum[CRYPTO_BLOCK]);
void siv_key_seal_on(struct siv_key *k, const uint8_t sum[CRYPTO_BLOCK],
                     size_t blocks, size_t len, uint8_t *out);
/* Open what was sealed so, and sum up its first blocks on the way. Results and
 * room as of siv_key_open; RC_BAD also when there are no more blocks. */
int siv_key_open_sum(struct siv_key *k, const uint8_t *sealed, size_t len,
                     uint8_t *out, size_t blocks,
                     uint8_t sum[CRYPTO_BLOCK]) MUST_CHECK;
/* Verify and decrypt len bytes. out has room for len - SIV_TAG bytes; it lies
 * exactly at sealed + SIV_TAG (in place) or apart from sealed. Returns RC_OK;
 * RC_AUTH: not sealed so, and out is zeroed; RC_BAD: too short to hold a
 * tag. */
int siv_key_open(struct siv_key *k, const struct siv_part *ad, size_t ad_count,
                 const uint8_t *sealed, size_t len, uint8_t *out) MUST_CHECK;
/* Wipe and free what siv_key_begin made. */
void siv_key_end(struct siv_key *k);

/* Seal or open once with a key. Each does as siv_key_seal and siv_key_open do,
 * and returns RC_SPACE when there is no library memory. */
int siv_seal(const uint8_t key[SIV_KEY], const struct siv_part *ad,
             size_t ad_count, const uint8_t *text, size_t len,
             uint8_t *out) MUST_CHECK;
int siv_open(const uint8_t key[SIV_KEY], const struct siv_part *ad,
             size_t ad_count, const uint8_t *sealed, size_t len,
             uint8_t *out) MUST_CHECK;

/* AEAD 15; aead_find gives it by its number. */
extern const struct aead siv_cmac_256;

#endif
