/* md5.h -- MD5 (RFC 1321) of a few bytes: what NTP names an IPv6 address by
 * (RFC 5905 section 7.3). Nothing secret rests on it. Pure. */
#ifndef MD5_H
#define MD5_H

#include "base.h"

#define MD5_SHORT 55 /* bytes that fit into one block                        */

/* Writes the MD5 of len bytes, at most MD5_SHORT. */
void md5_short(const uint8_t *b, size_t len, uint8_t out[16]);

#endif
