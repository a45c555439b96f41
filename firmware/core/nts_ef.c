#include "nts_ef.h"

#include "bytes.h"
#include "crypto.h"

#define HEADER       48
#define FIELD_HEADER 4  /* type, length of the whole field                   */
#define FIELD_MIN    16 /* RFC 7822 section 7.5                              */
#define LAST_MIN     28 /* of the last field when no MAC follows: 7.5.1.4    */
#define REFID_AT     12
#define REFID_NTSN   0x4e54534e

static size_t pad4(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

/* ---- request ------------------------------------------------------------ */

static size_t field_size(size_t body_len)
{
    size_t size = FIELD_HEADER + pad4(body_len);
    return size < FIELD_MIN ? FIELD_MIN : size;
}

/* A field with a body of zeros; returns where the body is, NULL: no room. */
static uint8_t *put_field(struct writer *w, uint16_t type, size_t body_len)
{
    size_t size = field_size(body_len);
    uint8_t *p = writer_room(w, size);
    if (!p)
        return NULL;
    bytes_put16(p, type);
    bytes_put16(p + 2, (uint16_t)size);
    memset(p + FIELD_HEADER, 0, size - FIELD_HEADER);
    return p + FIELD_HEADER;
}

static void put_bytes(struct writer *w, uint16_t type, const uint8_t *b,
                      size_t len)
{
    uint8_t *body = put_field(w, type, len);
    if (body)
        memcpy(body, b, len);
}

/* Nonce length, ciphertext length, nonce, ciphertext (section 5.6). Ours is
 * as long as the AEAD's longest sensible nonce, so no additional padding. */
static size_t authenticator_body(const struct aead *aead)
{
    return 4 + pad4(aead->nonce_len) + pad4(aead->tag_len);
}

static int put_authenticator(struct writer *w, const struct nts_assoc *a)
{
    size_t ad_len = w->len;
    uint8_t *p =
        put_field(w, NTS_EF_AUTHENTICATOR, authenticator_body(a->aead));
    if (!p)
        return RC_SPACE;
    size_t nonce_len = a->aead->nonce_len;
    uint8_t *nonce = p + 4;
    bytes_put16(p, (uint16_t)nonce_len);
    bytes_put16(p + 2, a->aead->tag_len);
    if (crypto_random(nonce, nonce_len) != RC_OK)
        return RC_IO;
    int rc = a->aead->seal(a->c2s, nonce, nonce_len, w->p, ad_len, NULL, 0,
                           nonce + pad4(nonce_len));
    ASSERT(rc == RC_OK || rc == RC_SPACE || rc == RC_IO);
    return rc;
}

/* Placeholders are as long as the cookie (5.5). */
static void put_placeholders(struct writer *w, size_t wanted, size_t len,
                             size_t reserve)
{
    for (size_t i = 0; i < wanted && i < LIMIT_COOKIES - 1; i++)
        if (w->cap - w->len >= field_size(len) + reserve)
            (void)put_field(w, NTS_EF_PLACEHOLDER, len);
}

int nts_ef_request(const struct nts_assoc *a, const struct nts_cookie *c,
                   size_t placeholders, uint8_t uid[NTS_UID_LEN], uint8_t *pkt,
                   size_t cap)
{
    ASSERT(a->aead && c->len >= 1 && c->len <= LIMIT_COOKIE);
    if (crypto_random(uid, NTS_UID_LEN) != RC_OK)
        return RC_IO;
    struct writer w =
        writer_of(pkt, cap < LIMIT_NTP_PACKET ? cap : LIMIT_NTP_PACKET);
    (void)writer_room(&w, HEADER);
    put_bytes(&w, NTS_EF_UNIQUE_ID, uid, NTS_UID_LEN);
    put_bytes(&w, NTS_EF_COOKIE, c->b, c->len);
    put_placeholders(&w, placeholders, c->len,
                     field_size(authenticator_body(a->aead)));
    int rc = put_authenticator(&w, a);
    return rc == RC_OK ? (int)w.len : rc;
}

/* ---- reply -------------------------------------------------------------- */

struct field {
    uint16_t type;
    const uint8_t *body;
    size_t len; /* of the body, padding included */
};

/* The next field of r, at least `min` bytes long in whole. */
static int next_field(struct reader *r, size_t min, struct field *f)
{
    f->type = reader_u16(r);
    size_t size = reader_u16(r);
    if (r->bad || size < min || size % 4 != 0)
        return RC_BAD;
    f->len = size - FIELD_HEADER;
    f->body = reader_take(r, f->len);
    return f->body ? RC_OK : RC_BAD;
}

struct outside { /* what a reply shows without decrypting */
    const uint8_t *uid;
    size_t uid_len;
    const uint8_t *auth; /* body of the authenticator; NULL: none */
    size_t auth_len;
    size_t ad_len; /* from the packet's start to that field */
};

/* Walk the fields up to and including the authenticator. */
static int walk(const uint8_t *pkt, size_t len, struct outside *o)
{
    struct reader r = reader_of(pkt + HEADER, len - HEADER);
    *o = (struct outside){0};
    while (r.left > 0 && !o->auth) {
        struct field f;
        size_t at = len - r.left;
        if (next_field(&r, FIELD_MIN, &f) != RC_OK)
            return RC_BAD;
        if (r.left == 0 && f.len + FIELD_HEADER < LAST_MIN)
            return RC_BAD;
        if (f.type == NTS_EF_UNIQUE_ID) {
            if (o->uid)
                return RC_BAD; /* exactly one: 5.7 */
            o->uid = f.body;
            o->uid_len = f.len;
        } else if (f.type == NTS_EF_AUTHENTICATOR) {
            o->auth = f.body;
            o->auth_len = f.len;
            o->ad_len = at;
        }
    }
    return RC_OK;
}

static bool is_nak(const uint8_t *pkt)
{
    return pkt[1] == 0 && bytes_get32(pkt + REFID_AT) == REFID_NTSN;
}

/* Returns the length of the text in scratch, or what the AEAD says: whether
 * it takes a nonce or a tag of such a length is its own to judge. */
static int open_authenticator(const struct nts_assoc *a, const uint8_t *pkt,
                              const struct outside *o, uint8_t *scratch)
{
    struct reader r = reader_of(o->auth, o->auth_len);
    size_t nonce_len = reader_u16(&r);
    size_t sealed_len = reader_u16(&r);
    const uint8_t *nonce = reader_take(&r, pad4(nonce_len));
    const uint8_t *sealed = reader_take(&r, pad4(sealed_len));
    if (r.bad)
        return RC_BAD;
    int rc = a->aead->open(a->s2c, nonce, nonce_len, pkt, o->ad_len, sealed,
                           sealed_len, scratch);
    return rc == RC_OK ? (int)(sealed_len - a->aead->tag_len) : rc;
}

/* Encrypted fields may be as short as their header (5.6). */
static int gather(const uint8_t *text, size_t len, struct nts_reply *out)
{
    struct reader r = reader_of(text, len);
    while (r.left > 0) {
        struct field f;
        if (next_field(&r, FIELD_HEADER, &f) != RC_OK)
            return RC_BAD;
        if (f.type != NTS_EF_COOKIE)
            continue;
        if (f.len == 0 || f.len > LIMIT_COOKIE || out->count == LIMIT_COOKIES) {
            out->dropped++;
            continue;
        }
        out->cookie[out->count].b = f.body;
        out->cookie[out->count].len = f.len;
        out->count++;
    }
    return RC_OK;
}

static enum nts_verdict without_authenticator(const uint8_t *pkt,
                                              const struct outside *o)
{
    return is_nak(pkt) && o->uid ? NTS_NAK : NTS_UNSIGNED;
}

enum nts_verdict nts_ef_reply(const struct nts_assoc *a,
                              const uint8_t uid[NTS_UID_LEN],
                              const uint8_t *pkt, size_t len, uint8_t *scratch,
                              size_t cap, struct nts_reply *out)
{
    ASSERT(a->aead && cap >= len);
    struct outside o;
    *out = (struct nts_reply){0};
    if (len < HEADER || walk(pkt, len, &o) != RC_OK)
        return NTS_BAD;
    if ((o.uid || o.auth) &&
        (o.uid_len != NTS_UID_LEN || !crypto_equal(o.uid, uid, NTS_UID_LEN)))
        return NTS_UID;
    if (!o.auth)
        return without_authenticator(pkt, &o);
    int text = open_authenticator(a, pkt, &o, scratch);
    if (text < 0)
        return text == RC_AUTH ? NTS_FORGED : NTS_BAD;
    if (gather(scratch, (size_t)text, out) != RC_OK) {
        *out = (struct nts_reply){0};
        return NTS_BAD;
    }
    return NTS_OK;
}
