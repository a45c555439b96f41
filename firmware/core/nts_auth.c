#include "nts_auth.h"

#define LENGTHS 4 /* of nonce and ciphertext: the field's first two words */

static size_t pad4(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

/* A nonce of ours is as long as its AEAD ever needs, so that no additional
 * padding is due. */
size_t nts_auth_size(const struct aead *aead, size_t text_len)
{
    return ntp_ef_size(LENGTHS + pad4(aead->nonce_len) +
                       pad4(text_len + aead->tag_len));
}

/* From the field's beginning to its ciphertext. */
static size_t sealed_at(const struct aead *aead)
{
    return NTP_EF_HEAD + LENGTHS + pad4(aead->nonce_len);
}

size_t nts_auth_begin(struct writer *w, const struct aead *aead)
{
    size_t at = w->len;
    (void)writer_room(w, sealed_at(aead) + aead->text_at);
    return at;
}

int nts_auth_seal_to(struct writer *w, size_t at, size_t end,
                     const struct aead *aead, const uint8_t *key,
                     const uint8_t *nonce)
{
    size_t text_at = at + sealed_at(aead) + aead->text_at;
    ASSERT(w->full || w->len >= text_at);
    size_t text_len = w->full ? 0 : w->len - text_at;
    size_t size = end - at;
    if (w->full || end < at + nts_auth_size(aead, text_len) ||
        size > UINT16_MAX || !writer_room(w, end - w->len))
        return RC_SPACE;
    uint8_t *field = w->p + at, *sealed = field + sealed_at(aead);
    bytes_put16(field, NTS_EF_AUTHENTICATOR);
    bytes_put16(field + 2, (uint16_t)size);
    bytes_put16(field + 4, aead->nonce_len);
    bytes_put16(field + 6, (uint16_t)(text_len + aead->tag_len));
    memset(field + 8, 0, sealed_at(aead) - 8);
    memcpy(field + 8, nonce, aead->nonce_len);
    memset(sealed + aead->text_at + text_len, 0,
           size - sealed_at(aead) - aead->text_at - text_len);
    int rc = aead->seal(key, nonce, aead->nonce_len, w->p, at, w->p + text_at,
                        text_len, sealed);
    ASSERT(rc == RC_OK || rc == RC_SPACE || rc == RC_IO);
    return rc;
}

int nts_auth_seal(struct writer *w, size_t at, const struct aead *aead,
                  const uint8_t *key, const uint8_t *nonce)
{
    size_t text_at = at + sealed_at(aead) + aead->text_at;
    ASSERT(w->full || w->len >= text_at);
    size_t end = at + nts_auth_size(aead, w->full ? 0 : w->len - text_at);
    return nts_auth_seal_to(w, at, end, aead, key, nonce);
}

int nts_auth_parse(const struct ntp_ef *ef, struct nts_auth *a)
{
    struct reader r = reader_of(ef->body, ef->len - NTP_EF_HEAD);
    a->ad_len = ef->offset;
    a->nonce_len = reader_u16(&r);
    a->sealed_len = reader_u16(&r);
    a->nonce = reader_take(&r, pad4(a->nonce_len));
    a->sealed = reader_take(&r, pad4(a->sealed_len));
    a->padding = r.left;
    return r.bad ? RC_BAD : RC_OK;
}

/* Which lengths of a nonce and a ciphertext can be is the AEAD's to judge. */
int nts_auth_open(const struct aead *aead, const uint8_t *key,
                  const uint8_t *pkt, const struct nts_auth *a, uint8_t *text)
{
    int rc = aead->open(key, a->nonce, a->nonce_len, pkt, a->ad_len, a->sealed,
                        a->sealed_len, text);
    return rc == RC_OK ? (int)(a->sealed_len - aead->tag_len) : rc;
}

int nts_auth_open_here(const struct aead *aead, const uint8_t *key,
                       uint8_t *pkt, const struct nts_auth *a,
                       const uint8_t **text)
{
    if (a->sealed_len < aead->tag_len)
        return RC_BAD;
    uint8_t *here = pkt + (a->sealed - pkt) + aead->text_at;
    *text = here;
    return nts_auth_open(aead, key, pkt, a, here);
}
