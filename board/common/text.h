/* text.h -- a line of text built without printf: the last words of a machine
 * that may have lost its heap, stack or mind. Cut, never overrun. */
#ifndef TEXT_H
#define TEXT_H

#include "core/base.h"

struct text {
    char *buf; /* always ends in 0 */
    size_t cap, len;
};

/* Begins an empty text in buf, which has room for cap bytes, at least one. */
void text_init(struct text *t, char *buf, size_t cap);

/* These add a string, a number as 8 hexadecimal digits, as 4, as 2, one as
 * decimal. */
void text_str(struct text *t, const char *s);
void text_hex(struct text *t, uint32_t v);
void text_hex4(struct text *t, uint16_t v);
void text_hex2(struct text *t, uint8_t v);
void text_dec(struct text *t, uint32_t v);

/* Adds what is counted, and how many there are of it. */
void text_count(struct text *t, const char *what, uint32_t n);

#endif
