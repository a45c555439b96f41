#include "nts_server.h"

#include "ntp_wire.h"

/* ---- the request --------------------------------------------------------- */

/* One field of NTS. Returns false where chronyd reads no further either. */
static bool take(struct nts_request *r, const struct ntp_ef *ef, size_t len)
{
    size_t body_len = ef->len - NTP_EF_HEAD;
    switch (ef->type) {
    case NTS_EF_UNIQUE_ID:
        r->uid_end = ef->offset + ef->len;
        return body_len >= NTS_SERVER_UID_MIN;
    case NTS_EF_COOKIE:
        if (r->cookie || body_len > LIMIT_COOKIE)
            return false;
        r->cookie = ef->body;
        break;
    case NTS_EF_PLACEHOLDER:
        break;
    default: /* the authenticator, which is the last one */
        r->auth = *ef;
        return ef->offset + ef->len == len;
    }
    if (r->cookies++ == 0)
        r->cookie_len = body_len;
    return body_len == r->cookie_len;
}

int nts_server_read(const uint8_t *req, size_t len, struct nts_request *r)
{
    struct ntp_ef ef;
    size_t at = NTP_HEADER;
    bool good = true;
    int rc;
    *r = (struct nts_request){0};
    while ((rc = ntp_ef_next(req, len, &at, &ef)) == RC_OK) {
        if (ef.type != NTS_EF_UNIQUE_ID && ef.type != NTS_EF_COOKIE &&
            ef.type != NTS_EF_PLACEHOLDER && ef.type != NTS_EF_AUTHENTICATOR)
            continue;
        r->nts = true;
        good = good && take(r, &ef, len);
    }
    if (rc != RC_AGAIN)
        return RC_BAD;
    if (!r->nts)
        return RC_OK;
    return good && r->uid_end && r->cookie && r->auth.len ? RC_OK : RC_BAD;
}

/* Placeholders may be encrypted, too (RFC 8915 section 5.5). */
static int count_encrypted(const struct nts_request *r, const uint8_t *text,
                           size_t len, unsigned *cookies)
{
    struct ntp_ef ef;
    size_t at = 0;
    int rc;
    *cookies = r->cookies;
    while ((rc = ntp_ef_next_encrypted(text, len, &at, &ef)) == RC_OK) {
        if (ef.type != NTS_EF_PLACEHOLDER)
            continue;
        if (ef.len - NTP_EF_HEAD != r->cookie_len)
            return RC_BAD;
        (*cookies)++;
    }
    return rc == RC_AGAIN ? RC_OK : RC_BAD;
}

/* A nonce that is shorter than what its AEAD can use has to be made up for
 * with padding (section 5.6), so that a reply has room for ours. */
static int verify(const struct nts_cookie_keys *k, const uint8_t *req,
                  const struct nts_request *r, uint8_t *text)
{
    struct nts_auth a;
    if (nts_auth_parse(&r->auth, &a) != RC_OK ||
        ((a.nonce_len + 3) & ~(size_t)3) + a.padding < k->aead->nonce_len)
        return RC_AUTH;
    int len = nts_auth_open(k->aead, k->c2s, req, &a, text);
    return len >= 0 ? len : RC_AUTH;
}

int nts_server_open(struct nts_cookie_jar *jar, const uint8_t *req,
                    const struct nts_request *r, uint8_t *scratch,
                    struct nts_session *s)
{
    int rc = RC_AUTH;
    if (nts_cookie_open(jar, r->cookie, r->cookie_len, &s->keys) == RC_OK) {
        rc = verify(&s->keys, req, r, scratch);
        if (rc >= 0)
            rc = count_encrypted(r, scratch, (size_t)rc, &s->cookies);
    }
    if (rc != RC_OK)
        nts_server_forget(s);
    else if (s->cookies > LIMIT_COOKIES)
        s->cookies = LIMIT_COOKIES;
    return rc;
}

/* ---- the reply ----------------------------------------------------------- */

static void put_unique_ids(struct writer *w, const uint8_t *req,
                           const struct nts_request *r)
{
    struct ntp_ef ef;
    size_t at = NTP_HEADER;
    while (at < r->uid_end &&
           ntp_ef_next(req, r->auth.offset + r->auth.len, &at, &ef) == RC_OK)
        if (ef.type == NTS_EF_UNIQUE_ID)
            ntp_ef_put_bytes(w, ef.type, ef.body, ef.len - NTP_EF_HEAD);
}

static struct writer after_header(uint8_t *out, size_t cap)
{
    struct writer w = writer_of(out, cap);
    (void)writer_room(&w, NTP_HEADER);
    return w;
}

size_t nts_server_put_nak(const uint8_t *req, const struct nts_request *r,
                          uint8_t *out, size_t len)
{
    struct writer w = after_header(out, len);
    put_unique_ids(&w, req, r);
    return w.full ? 0 : w.len;
}

size_t nts_server_put(struct nts_cookie_jar *jar, struct nts_session *s,
                      const uint8_t *req, const struct nts_request *r,
                      uint8_t *out, size_t len)
{
    const struct nts_cookie_keys *k = &s->keys;
    struct writer w = after_header(out, len);
    put_unique_ids(&w, req, r);
    s->auth_at = nts_auth_begin(&w, k->aead);
    size_t text_at = w.len;
    for (unsigned i = 0; i < s->cookies; i++) {
        uint8_t *body =
            ntp_ef_put(&w, NTS_EF_COOKIE, nts_cookie_len(k->aead->id));
        int n = body ? nts_cookie_renew(jar, &s->keys, body) : RC_SPACE;
        if (n < 0)
            break;
    }
    s->text_len = w.len - text_at;
    if (w.full || s->auth_at + nts_auth_size(k->aead, s->text_len) > len) {
        nts_server_forget(s);
        return 0;
    }
    nts_cookie_nonce(jar, s->nonce);
    s->len = len;
    return len;
}

int nts_server_seal(struct nts_session *s, uint8_t *out)
{
    struct writer w = writer_of(out, s->len);
    w.len = s->auth_at;
    (void)nts_auth_begin(&w, s->keys.aead);
    (void)writer_room(&w, s->text_len);
    int rc = nts_auth_seal_to(&w, s->auth_at, s->len, s->keys.aead, s->keys.s2c,
                              s->nonce);
    nts_server_forget(s);
    return rc;
}

void nts_server_forget(struct nts_session *s)
{
    crypto_wipe(&s->keys, sizeof s->keys);
}
