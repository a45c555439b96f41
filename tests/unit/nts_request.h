/* nts_request.h -- requests of NTS, field by field, as a client with the keys
 * of a session makes them: for tests of the server. Include it once. */
#ifndef NTS_REQUEST_H
#define NTS_REQUEST_H

#include <string.h>

#include "core/bytes.h"
#include "core/ntp_ef.h"
#include "core/ntp_wire.h"
#include "core/nts_auth.h"
#include "core/nts_cookie.h"

struct nts_peer { /* a client after its key exchange                       */
    const struct aead *aead;
    uint8_t c2s[AEAD_KEY_MAX], s2c[AEAD_KEY_MAX];
    uint8_t cookie[NTS_COOKIE_MAX];
    size_t cookie_len;
    uint8_t uid[64];
    uint8_t fresh[LIMIT_COOKIES][NTS_COOKIE_MAX]; /* of the last reply       */
    struct writer w; /* the request                                         */
    uint8_t msg[2048];
};

static inline void nts_peer_init(struct nts_peer *p, uint16_t aead,
                                 struct nts_cookie_jar *jar)
{
    p->aead = aead_find(aead);
    for (size_t i = 0; i < AEAD_KEY_MAX; i++) {
        p->c2s[i] = (uint8_t)(3 * i + aead);
        p->s2c[i] = (uint8_t)(5 * i + aead + 1);
    }
    for (size_t i = 0; i < sizeof p->uid; i++)
        p->uid[i] = (uint8_t)(0x40 + i);
    int n = nts_cookie_make(jar, aead, p->c2s, p->s2c, p->cookie);
    ASSERT(n > 0);
    p->cookie_len = (size_t)n;
}

static inline void nts_peer_header(struct nts_peer *p,
                                   const struct ntp_header *h)
{
    p->w = writer_of(p->msg, sizeof p->msg);
    ntp_wire_write(h, writer_room(&p->w, NTP_HEADER));
}

static inline void nts_peer_uid(struct nts_peer *p, size_t len)
{
    ntp_ef_put_bytes(&p->w, NTS_EF_UNIQUE_ID, p->uid, len);
}

static inline void nts_peer_cookie(struct nts_peer *p)
{
    ntp_ef_put_bytes(&p->w, NTS_EF_COOKIE, p->cookie, p->cookie_len);
}

static inline void nts_peer_placeholders(struct nts_peer *p, unsigned n)
{
    while (n-- > 0)
        (void)ntp_ef_put(&p->w, NTS_EF_PLACEHOLDER, p->cookie_len);
}

/* The authenticator around so many placeholders, padded to `end` if not 0. */
static inline void nts_peer_seal(struct nts_peer *p, unsigned inside,
                                 size_t end)
{
    static const uint8_t nonce[16] = {1, 2, 3};
    size_t at = nts_auth_begin(&p->w, p->aead);
    nts_peer_placeholders(p, inside);
    int rc = end ? nts_auth_seal_to(&p->w, at, end, p->aead, p->c2s, nonce)
                 : nts_auth_seal(&p->w, at, p->aead, p->c2s, nonce);
    ASSERT(rc == RC_OK);
}

/* What a reply holds, as its client sees it. Returns how many cookies, or -1
 * where anything is wrong with it; *unique: unique ids that are ours. */
static inline int nts_peer_read(struct nts_peer *p, const uint8_t *msg,
                                size_t len, struct nts_cookie_jar *jar,
                                unsigned *unique)
{
    struct ntp_ef ef;
    struct nts_auth a;
    struct nts_cookie_keys k;
    uint8_t text[2048];
    int rc, cookies = 0, text_len = -1;
    *unique = 0;
    for (size_t at = NTP_HEADER;
         (rc = ntp_ef_next(msg, len, &at, &ef)) == RC_OK;)
        if (ef.type == NTS_EF_UNIQUE_ID)
            *unique += memcmp(ef.body, p->uid, 32) == 0;
        else if (ef.type != NTS_EF_AUTHENTICATOR || at != len ||
                 nts_auth_parse(&ef, &a) != RC_OK)
            return -1;
        else
            text_len = nts_auth_open(p->aead, p->s2c, msg, &a, text);
    if (rc != RC_AGAIN || text_len < 0)
        return -1;
    for (size_t at = 0; (rc = ntp_ef_next_encrypted(text, (size_t)text_len, &at,
                                                    &ef)) == RC_OK;
         cookies++)
        if (ef.type != NTS_EF_COOKIE ||
            nts_cookie_open(jar, ef.body, ef.len - NTP_EF_HEAD, &k) != RC_OK ||
            k.aead != p->aead || memcmp(k.c2s, p->c2s, k.aead->key_len) != 0 ||
            memcmp(k.s2c, p->s2c, k.aead->key_len) != 0)
            return -1;
        else if (cookies < LIMIT_COOKIES)
            memcpy(p->fresh[cookies], ef.body, p->cookie_len);
    return rc == RC_AGAIN ? cookies : -1;
}

#endif
