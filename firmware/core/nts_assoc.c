#include "nts_assoc.h"

#include "bytes.h"
#include "crypto.h"

#define RECORD_VERSION 1

static void drop_cookies(struct nts_assoc *a)
{
    crypto_wipe(a->cookies, sizeof a->cookies);
    crypto_wipe(&a->taken, sizeof a->taken);
    a->count = 0;
    a->cookie_len = 0;
}

void nts_assoc_wipe(struct nts_assoc *a)
{
    drop_cookies(a);
    crypto_wipe(a->c2s, sizeof a->c2s);
    crypto_wipe(a->s2c, sizeof a->s2c);
    nts_assoc_drop_alt(a);
    a->aead = NULL;
    a->naks = 0;
    a->cert_lo = 0;
    a->cert_hi = INT64_MAX;
}

int nts_assoc_keys(struct nts_assoc *a, uint16_t aead_id, const uint8_t *c2s,
                   const uint8_t *s2c)
{
    const struct aead *aead = aead_find(aead_id);
    if (!aead)
        return RC_BAD;
    nts_assoc_wipe(a);
    a->aead = aead;
    memcpy(a->c2s, c2s, aead->key_len);
    memcpy(a->s2c, s2c, aead->key_len);
    a->key_id++;
    return RC_OK;
}

void nts_assoc_set_alt(struct nts_assoc *a, const uint8_t *c2s,
                       const uint8_t *s2c)
{
    ASSERT(a->aead);
    a->alt = true;
    memcpy(a->alt_c2s, c2s, a->aead->key_len);
    memcpy(a->alt_s2c, s2c, a->aead->key_len);
}

bool nts_assoc_use_alt(struct nts_assoc *a)
{
    if (!a->alt)
        return false;
    memcpy(a->c2s, a->alt_c2s, sizeof a->c2s);
    memcpy(a->s2c, a->alt_s2c, sizeof a->s2c);
    nts_assoc_drop_alt(a);
    return true;
}

void nts_assoc_drop_alt(struct nts_assoc *a)
{
    a->alt = false;
    crypto_wipe(a->alt_c2s, sizeof a->alt_c2s);
    crypto_wipe(a->alt_s2c, sizeof a->alt_s2c);
}

static void remove_cookie(struct nts_assoc *a, size_t i)
{
    a->count--;
    memmove(&a->cookies[i], &a->cookies[i + 1],
            (a->count - i) * sizeof a->cookies[0]);
    crypto_wipe(&a->cookies[a->count], sizeof a->cookies[0]);
}

int nts_assoc_put(struct nts_assoc *a, const uint8_t *b, size_t len)
{
    if (len == 0 || len > LIMIT_COOKIE)
        return RC_BAD;
    if (a->count == LIMIT_COOKIES)
        remove_cookie(a, 0);
    struct nts_cookie *c = &a->cookies[a->count++];
    *c = (struct nts_cookie){.len = (uint16_t)len};
    memcpy(c->b, b, len);
    a->cookie_len = (uint16_t)len;
    return RC_OK;
}

int nts_assoc_take(struct nts_assoc *a, struct nts_cookie *out)
{
    for (size_t i = 0; i < a->count && a->taken.len == 0; i++) {
        if (a->cookies[i].saved)
            continue;
        a->taken = a->cookies[i];
        remove_cookie(a, i);
    }
    if (a->taken.len == 0)
        return a->count == 0 ? RC_STATE : RC_AGAIN;
    *out = a->taken;
    return RC_OK;
}

void nts_assoc_left(struct nts_assoc *a)
{
    crypto_wipe(&a->taken, sizeof a->taken);
}

unsigned nts_assoc_cookies(const struct nts_assoc *a)
{
    return a->count + (a->taken.len > 0 ? 1u : 0u);
}

/* ---- the journal's copy: version, AEAD, keys, window, key id, cookies --- */

int nts_assoc_write(struct nts_assoc *a, size_t spare, uint8_t *out, size_t cap)
{
    if (!a->aead)
        return RC_STATE;
    size_t first = spare < a->count ? spare : a->count;
    struct writer w = writer_of(out, cap);
    writer_u8(&w, RECORD_VERSION);
    writer_u16(&w, a->aead->id);
    writer_bytes(&w, a->c2s, a->aead->key_len);
    writer_bytes(&w, a->s2c, a->aead->key_len);
    writer_u64(&w, (uint64_t)a->cert_lo);
    writer_u64(&w, (uint64_t)a->cert_hi);
    writer_u32(&w, a->key_id);
    writer_u8(&w, (uint8_t)(a->count - first));
    for (size_t i = first; i < a->count; i++) {
        writer_u16(&w, a->cookies[i].len);
        writer_bytes(&w, a->cookies[i].b, a->cookies[i].len);
    }
    if (w.full)
        return RC_SPACE;
    for (size_t i = 0; i < a->count; i++) {
        a->cookies[i].written = i >= first;
        a->cookies[i].saved |= a->cookies[i].written;
    }
    return (int)w.len;
}

void nts_assoc_record_dropped(struct nts_assoc *a)
{
    for (size_t i = 0; i < a->count; i++)
        a->cookies[i].written = false;
}

void nts_assoc_record_durable(struct nts_assoc *a)
{
    for (size_t i = 0; i < a->count; i++)
        a->cookies[i].saved = a->cookies[i].written;
}

void nts_assoc_card_lost(struct nts_assoc *a)
{
    for (size_t i = 0; i < a->count; i++)
        a->cookies[i].saved = a->cookies[i].written = false;
}

static int read_keys(struct nts_assoc *a, struct reader *r)
{
    if (reader_u8(r) != RECORD_VERSION)
        return RC_BAD;
    const struct aead *aead = aead_find(reader_u16(r));
    if (!aead)
        return RC_BAD;
    const uint8_t *c2s = reader_take(r, aead->key_len);
    const uint8_t *s2c = reader_take(r, aead->key_len);
    if (!c2s || !s2c)
        return RC_BAD;
    int rc = nts_assoc_keys(a, aead->id, c2s, s2c);
    a->cert_lo = (int64_t)reader_u64(r);
    a->cert_hi = (int64_t)reader_u64(r);
    a->key_id = reader_u32(r);
    return rc;
}

static int read_cookies(struct nts_assoc *a, struct reader *r)
{
    size_t count = reader_u8(r);
    if (count > LIMIT_COOKIES)
        return RC_BAD;
    for (size_t i = 0; i < count; i++) {
        size_t len = reader_u16(r);
        const uint8_t *b = reader_take(r, len);
        if (!b || nts_assoc_put(a, b, len) != RC_OK)
            return RC_BAD;
        a->cookies[i].saved = a->cookies[i].written = true;
    }
    return r->bad || r->left > 0 ? RC_BAD : RC_OK;
}

int nts_assoc_read(struct nts_assoc *a, const uint8_t *in, size_t len)
{
    struct reader r = reader_of(in, len);
    *a = (struct nts_assoc){0};
    int rc = read_keys(a, &r);
    if (rc == RC_OK)
        rc = read_cookies(a, &r);
    if (rc != RC_OK) {
        nts_assoc_wipe(a);
        a->key_id = 0;
    }
    return rc;
}
