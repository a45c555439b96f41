#include "nts_client.h"

#include "crypto.h"
#include "ntp_wire.h"
#include "nts_auth.h"

/* ---- request ------------------------------------------------------------ */

/* Placeholders are as long as the cookie (5.5). */
static void put_placeholders(struct writer *w, size_t wanted, size_t len,
                             size_t reserve)
{
    for (size_t i = 0; i < wanted && i < LIMIT_COOKIES - 1; i++)
        if (w->cap - w->len >= ntp_ef_size(len) + reserve)
            (void)ntp_ef_put(w, NTS_EF_PLACEHOLDER, len);
}

int nts_client_request(const struct nts_assoc *a, const struct nts_cookie *c,
                       size_t placeholders, uint8_t uid[NTS_UID_LEN],
                       uint8_t *pkt, size_t cap)
{
    ASSERT(a->aead && c->len >= 1 && c->len <= LIMIT_COOKIE);
    uint8_t nonce[AEAD_NONCE_MAX];
    if (crypto_random(uid, NTS_UID_LEN) != RC_OK ||
        crypto_random(nonce, a->aead->nonce_len) != RC_OK)
        return RC_IO;
    struct writer w =
        writer_of(pkt, cap < LIMIT_NTP_PACKET ? cap : LIMIT_NTP_PACKET);
    (void)writer_room(&w, NTP_HEADER);
    ntp_ef_put_bytes(&w, NTS_EF_UNIQUE_ID, uid, NTS_UID_LEN);
    ntp_ef_put_bytes(&w, NTS_EF_COOKIE, c->b, c->len);
    put_placeholders(&w, placeholders, c->len, nts_auth_size(a->aead, 0));
    size_t at = nts_auth_begin(&w, a->aead);
    int rc = nts_auth_seal(&w, at, a->aead, a->c2s, nonce);
    return rc == RC_OK ? (int)w.len : rc;
}

/* ---- reply -------------------------------------------------------------- */

struct outside { /* what a reply shows without decrypting */
    const uint8_t *uid;
    size_t uid_len;
    bool sealed; /* it has an authenticator: */
    struct ntp_ef auth;
};

/* Walk the fields up to and including the authenticator. */
static int walk(const uint8_t *pkt, size_t len, struct outside *o)
{
    struct ntp_ef ef;
    size_t at = NTP_HEADER;
    int rc = RC_OK;
    *o = (struct outside){0};
    while (!o->sealed && (rc = ntp_ef_next(pkt, len, &at, &ef)) == RC_OK) {
        if (ef.type == NTS_EF_UNIQUE_ID) {
            if (o->uid)
                return RC_BAD; /* exactly one: 5.7 */
            o->uid = ef.body;
            o->uid_len = ef.len - NTP_EF_HEAD;
        } else if (ef.type == NTS_EF_AUTHENTICATOR) {
            o->sealed = true;
            o->auth = ef;
        }
    }
    return rc == RC_BAD ? RC_BAD : RC_OK;
}

/* The cookies among the decrypted fields. */
static int gather(const uint8_t *text, size_t len, struct nts_reply *out)
{
    struct ntp_ef ef;
    size_t at = 0;
    int rc;
    while ((rc = ntp_ef_next_encrypted(text, len, &at, &ef)) == RC_OK) {
        size_t cookie_len = ef.len - NTP_EF_HEAD;
        if (ef.type != NTS_EF_COOKIE)
            continue;
        if (cookie_len == 0 || cookie_len > LIMIT_COOKIE ||
            out->count == LIMIT_COOKIES) {
            out->dropped++;
            continue;
        }
        out->cookie[out->count].b = ef.body;
        out->cookie[out->count].len = cookie_len;
        out->count++;
    }
    return rc == RC_AGAIN ? RC_OK : RC_BAD;
}

enum nts_verdict nts_client_reply(const struct nts_assoc *a,
                                  const uint8_t uid[NTS_UID_LEN],
                                  const uint8_t *pkt, size_t len,
                                  uint8_t *scratch, size_t cap,
                                  struct nts_reply *out)
{
    ASSERT(a->aead && cap >= len);
    struct ntp_header h;
    struct outside o;
    struct nts_auth auth;
    *out = (struct nts_reply){0};
    if (ntp_wire_parse(pkt, len, &h) != RC_OK || walk(pkt, len, &o) != RC_OK)
        return NTS_BAD;
    if ((o.uid || o.sealed) &&
        (o.uid_len != NTS_UID_LEN || !crypto_equal(o.uid, uid, NTS_UID_LEN)))
        return NTS_UID;
    if (!o.sealed)
        return h.stratum == 0 && h.refid == NTP_KISS_NTSN && o.uid
                   ? NTS_NAK
                   : NTS_UNSIGNED;
    if (nts_auth_parse(&o.auth, &auth) != RC_OK)
        return NTS_BAD;
    int text_len = nts_auth_open(a->aead, a->s2c, pkt, &auth, scratch);
    if (text_len < 0)
        return text_len == RC_AUTH ? NTS_FORGED : NTS_BAD;
    if (gather(scratch, (size_t)text_len, out) != RC_OK) {
        *out = (struct nts_reply){0};
        return NTS_BAD;
    }
    return NTS_OK;
}
