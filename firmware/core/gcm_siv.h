/* gcm_siv.h -- AES-128-GCM-SIV (RFC 8452), that is the AEAD
 * AEAD_AES_128_GCM_SIV (number 30), over crypto.h and polyval.h.
 *
 * Key 16 bytes, nonce 12 and no other, tag 16, after the ciphertext. NTS
 * uses it through aead.h. Constant time is polyval.h's matter for the hash
 * and Mbed TLS's for AES, which uses tables: as good as AEAD 15 here, no
 * better. */
#ifndef GCM_SIV_H
#define GCM_SIV_H

#include "aead.h"

#define GCM_SIV_KEY   16
#define GCM_SIV_NONCE 12
#define GCM_SIV_TAG   16

/* AEAD 30; aead_find gives it by its number. */
extern const struct aead gcm_siv_128;

#endif
