/* polyval.h -- POLYVAL, the universal hash of AES-GCM-SIV (RFC 8452 section
 * 3): polynomials over GF(2) modulo x^128 + x^127 + x^126 + x^121 + 1.
 *
 *     polyval_begin, polyval_add (any number), polyval_sum
 *
 * Carry-less products are made of integer multiplications of numbers with
 * holes: every fourth bit set at most, so that carries stay in the holes and
 * are masked away. No table: AES-GCM-SIV has a new hash key with every nonce,
 * so a table would serve one message of a dozen blocks; and no branch and no
 * index depends on key or data. What remains is whether the processor
 * multiplies in constant time. ARM1176's manual gives its multiplications
 * one cycle count each; Cortex-A7's gives no timings. */
#ifndef POLYVAL_H
#define POLYVAL_H

#include "base.h"

#define POLYVAL_BLOCK 16

struct polyval {
    uint32_t key[4], sum[4]; /* little-endian: bit 0 of word 0 is x^0       */
};

/* Begin a hash under this key. */
void polyval_begin(struct polyval *p, const uint8_t key[POLYVAL_BLOCK]);
/* Hash a string of len bytes, its last block padded with zeros. May be called
 * any number of times. */
void polyval_add(struct polyval *p, const uint8_t *b, size_t len);
/* Return in sum the hash of all strings so far; more may be added after it. */
void polyval_sum(const struct polyval *p, uint8_t sum[POLYVAL_BLOCK]);

#endif
