/* pem.h -- the blocks of a PEM file (RFC 7468): what stands between the lines
 * of one is base64, what stands around them is for people. Pure; any bytes
 * may be in the file, views point into it. */
#ifndef PEM_H
#define PEM_H

#include "der.h"

struct pem {
    struct der_view label; /* "CERTIFICATE"                                  */
    struct der_view body;  /* base64, and headers before it where it has any */
};

/* Finds the next block of a file, which is cut behind it. Returns RC_OK;
 * RC_STATE: there is no further one; RC_BAD: one begins and does not end. */
int pem_next(struct der_view *file, struct pem *block) MUST_CHECK;

/* Decodes a body: base64 (RFC 4648 section 4) with blanks and line ends of any
 * kind anywhere in it, as editors and web pages put them. Returns the bytes'
 * number; RC_BAD; RC_SPACE: there are more than cap. */
int pem_decode(struct der_view body, uint8_t *out, size_t cap) MUST_CHECK;

/* Cuts v behind the first place where it has these words; *before is what
 * stood in front of them. Returns false, and changes nothing, where it has
 * not. */
bool pem_cut(struct der_view *v, const char *words, struct der_view *before);

/* Tells whether v is these words; whether it ends with them. */
bool pem_is(struct der_view v, const char *words);
bool pem_ends_with(struct der_view v, const char *words);

/* Tells whether a file is UTF-16, as some editors of Windows write it. */
bool pem_utf16(const uint8_t *p, size_t len);

#endif
