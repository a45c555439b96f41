/* bytes.h -- big-endian access, and a reader and a writer that cannot leave
 * their buffer. Errors stick: read or write a whole message, then look once
 * at `bad` (or `full`). A bad reader yields zeros and NULL. */
#ifndef BYTES_H
#define BYTES_H

#include <string.h>

#include "base.h"

/* Read a big-endian number of 16, 32 or 64 bits at p, of any alignment. */
static inline uint16_t bytes_get16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t bytes_get32(const uint8_t *p)
{
    return (uint32_t)bytes_get16(p) << 16 | bytes_get16(p + 2);
}

static inline uint64_t bytes_get64(const uint8_t *p)
{
    return (uint64_t)bytes_get32(p) << 32 | bytes_get32(p + 4);
}

/* Write a big-endian number of 16, 32 or 64 bits at p, of any alignment. */
static inline void bytes_put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void bytes_put32(uint8_t *p, uint32_t v)
{
    bytes_put16(p, (uint16_t)(v >> 16));
    bytes_put16(p + 2, (uint16_t)v);
}

static inline void bytes_put64(uint8_t *p, uint64_t v)
{
    bytes_put32(p, (uint32_t)(v >> 32));
    bytes_put32(p + 4, (uint32_t)v);
}

struct reader {
    const uint8_t *p;
    size_t left;
    bool bad;
};

/* Return a reader of the len bytes at p. */
static inline struct reader reader_of(const uint8_t *p, size_t len)
{
    return (struct reader){.p = p, .left = len};
}

/* Return the next n bytes, in place, or NULL when fewer are left, and then the
 * reader is bad. */
static inline const uint8_t *reader_take(struct reader *r, size_t n)
{
    if (r->bad || n > r->left) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += n;
    r->left -= n;
    return p;
}

/* Read the next big-endian number of 8, 16, 32 or 64 bits; 0 when too few bytes
 * are left, and then the reader is bad. */
static inline uint8_t reader_u8(struct reader *r)
{
    const uint8_t *p = reader_take(r, 1);
    return p ? p[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
    const uint8_t *p = reader_take(r, 2);
    return p ? bytes_get16(p) : 0;
}

static inline uint32_t reader_u32(struct reader *r)
{
    const uint8_t *p = reader_take(r, 4);
    return p ? bytes_get32(p) : 0;
}

static inline uint64_t reader_u64(struct reader *r)
{
    const uint8_t *p = reader_take(r, 8);
    return p ? bytes_get64(p) : 0;
}

struct writer {
    uint8_t *p;
    size_t cap, len;
    bool full;
};

/* Return a writer into the cap bytes at p, nothing written yet. */
static inline struct writer writer_of(uint8_t *p, size_t cap)
{
    return (struct writer){.p = p, .cap = cap};
}

/* Append n bytes for the caller to fill and return where they are, or NULL when
 * there is no room, and then the writer is full. */
static inline uint8_t *writer_room(struct writer *w, size_t n)
{
    if (w->full || n > w->cap - w->len) {
        w->full = true;
        return NULL;
    }
    uint8_t *p = w->p + w->len;
    w->len += n;
    return p;
}

/* Append a big-endian number of 8, 16, 32 or 64 bits. */
static inline void writer_u8(struct writer *w, uint8_t v)
{
    uint8_t *p = writer_room(w, 1);
    if (p)
        p[0] = v;
}

static inline void writer_u16(struct writer *w, uint16_t v)
{
    uint8_t *p = writer_room(w, 2);
    if (p)
        bytes_put16(p, v);
}

static inline void writer_u32(struct writer *w, uint32_t v)
{
    uint8_t *p = writer_room(w, 4);
    if (p)
        bytes_put32(p, v);
}

static inline void writer_u64(struct writer *w, uint64_t v)
{
    uint8_t *p = writer_room(w, 8);
    if (p)
        bytes_put64(p, v);
}

/* Append a copy of n bytes. */
static inline void writer_bytes(struct writer *w, const void *src, size_t n)
{
    uint8_t *p = writer_room(w, n);
    if (p && n)
        memcpy(p, src, n);
}

/* Go on with a 32-bit FNV-1a hash, begun with BYTES_FNV: to tell texts apart
 * that nobody forges. */
#define BYTES_FNV 2166136261u
static inline uint32_t bytes_fnv(uint32_t h, const void *p, size_t len)
{
    const uint8_t *b = p;
    for (size_t i = 0; i < len; i++)
        h = (h ^ b[i]) * 16777619u;
    return h;
}

#endif
