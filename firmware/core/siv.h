/* siv.h -- AES-SIV with CMAC (RFC 5297) and 128-bit AES, that is the AEAD
 * AEAD_AES_SIV_CMAC_256 (number 15), over crypto.h.
 *
 * NTS uses it through siv_cmac_256 and aead.h. The calls below take the
 * general form, any number of strings as associated data; in the AEAD's form
 * there are two, the data and then the nonce (RFC 5297 section 6). */
#ifndef SIV_H
#define SIV_H

#include "aead.h"

#define SIV_KEY       32 /* bytes: half for S2V, half for counter mode       */
#define SIV_TAG       16
#define SIV_PARTS_MAX 126 /* RFC 5297 section 7                              */

struct siv_part {
    const uint8_t *b; /* may be NULL when len is 0 */
    size_t len;
};

/* Encrypt and authenticate len bytes of text with up to SIV_PARTS_MAX strings
 * of associated data. out has room for SIV_TAG + len bytes; text lies exactly
 * at out + SIV_TAG (in place) or apart from out. Returns RC_OK, or RC_SPACE
 * when there is no library memory. */
int siv_seal(const uint8_t key[SIV_KEY], const struct siv_part *ad,
             size_t ad_count, const uint8_t *text, size_t len,
             uint8_t *out) MUST_CHECK;
/* Verify and decrypt len bytes. out has room for len - SIV_TAG bytes; it lies
 * exactly at sealed + SIV_TAG (in place) or apart from sealed. Returns RC_OK;
 * RC_AUTH: not sealed so, and out is zeroed; RC_BAD: too short to hold a tag;
 * RC_SPACE: no library memory. */
int siv_open(const uint8_t key[SIV_KEY], const struct siv_part *ad,
             size_t ad_count, const uint8_t *sealed, size_t len,
             uint8_t *out) MUST_CHECK;

/* AEAD 15; aead_find gives it by its number. */
extern const struct aead siv_cmac_256;

#endif
