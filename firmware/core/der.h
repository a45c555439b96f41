/* der.h -- reading DER (ITU-T X.690): tag, length, value, one element after
 * the other. Outside input: nothing here reads past the reader's end, and a
 * length that is not the shortest possible form is malformed. */
#ifndef DER_H
#define DER_H

#include "bytes.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};

struct der_view { /* bytes that somebody else owns */
    const uint8_t *p;
    size_t len;
};

struct der {
    uint8_t tag;           /* class and constructed bit included             */
    struct der_view value; /* its contents                                   */
    struct der_view whole; /* tag and length too                             */
};

static inline struct reader der_reader(struct der_view v)
{
    return reader_of(v.p, v.len);
}

/* Takes a length of DER out of the reader. Makes the reader bad where it is
 * indefinite, not minimal or longer than 32 bits. */
static inline size_t der_length(struct reader *r)
{
    uint8_t first = reader_u8(r);
    if (first < 0x80)
        return first;
    unsigned n = first & 0x7f;
    size_t len = 0;
    if (n < 1 || n > 4)
        r->bad = true;
    for (unsigned i = 0; i < n && !r->bad; i++)
        len = len << 8 | reader_u8(r);
    if (len < 0x80 || len >> (8 * (n - 1)) == 0)
        r->bad = true;
    return len;
}

/* Takes the next element. Returns false at the end, where r->bad stays
 * false, and where the element is malformed, where r->bad becomes true.
 * Tags of more than one byte, which no certificate has, are malformed. */
static inline bool der_next(struct reader *r, struct der *out)
{
    *out = (struct der){.tag = 0};
    if (r->bad || r->left == 0)
        return false;
    const uint8_t *start = r->p;
    uint8_t tag = reader_u8(r);
    if ((tag & 0x1f) == 0x1f)
        r->bad = true;
    size_t len = der_length(r);
    const uint8_t *value = reader_take(r, len);
    if (!value)
        return false;
    *out = (struct der){.tag = tag,
                        .value = {value, len},
                        .whole = {start, (size_t)(value - start) + len}};
    return true;
}

/* Takes the next element, which has to have this tag: anything else makes
 * the reader bad. */
static inline bool der_expect(struct reader *r, uint8_t tag, struct der *out)
{
    if (!der_next(r, out) || out->tag != tag)
        r->bad = true;
    return !r->bad;
}

/* Are the bytes of v these? */
static inline bool der_is(struct der_view v, const void *bytes, size_t len)
{
    return v.len == len && memcmp(v.p, bytes, len) == 0;
}

#endif
