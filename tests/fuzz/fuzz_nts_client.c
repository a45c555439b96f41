/* A reply of any bytes. The first byte says how: even, the packet as it is;
 * odd, what follows the header is text that gets encrypted under the right
 * key, so that what lies behind the authenticator is reached too. Its next
 * bit chooses the AEAD, 15 or 30. */
#include <string.h>

#include "../unit/entropy.h"
#include "core/bytes.h"
#include "core/ntp_ef.h"
#include "core/nts_auth.h"
#include "core/nts_client.h"

static const uint8_t c2s[32] = {1}, s2c[32] = {2};
static uint8_t uid[NTS_UID_LEN];

/* Header, unique identifier, authenticator over the text; the length. */
static size_t wrap(const struct nts_assoc *a, const uint8_t *in, size_t len,
                   uint8_t *pkt)
{
    struct writer w = writer_of(pkt, 4096);
    uint8_t *head = writer_room(&w, 48);
    memset(head, 0, 48);
    writer_u16(&w, NTS_EF_UNIQUE_ID);
    writer_u16(&w, 4 + NTS_UID_LEN);
    writer_bytes(&w, uid, sizeof uid);
    size_t ad_len = w.len, sealed = len + a->aead->tag_len;
    size_t padded = (sealed + 3) / 4 * 4, nonce_len = a->aead->nonce_len;
    writer_u16(&w, NTS_EF_AUTHENTICATOR);
    writer_u16(&w, (uint16_t)(8 + nonce_len + padded));
    writer_u16(&w, (uint16_t)nonce_len);
    writer_u16(&w, (uint16_t)sealed);
    uint8_t *nonce = writer_room(&w, nonce_len + padded);
    memset(nonce, 0, nonce_len + padded);
    int rc = a->aead->seal(s2c, nonce, nonce_len, pkt, ad_len, in, len,
                           nonce + nonce_len);
    ASSERT(rc == RC_OK);
    return w.len;
}

static void judge(const struct nts_assoc *a, const uint8_t *pkt, size_t len,
                  bool sealed)
{
    static uint8_t scratch[4096];
    struct nts_reply r;
    enum nts_verdict v =
        nts_client_reply(a, uid, pkt, len, scratch, sizeof scratch, &r);
    ASSERT(!sealed || v == NTS_OK || v == NTS_BAD);
    ASSERT(sealed || v != NTS_OK); /* nobody guesses a tag */
    ASSERT(v == NTS_OK || (r.count == 0 && r.dropped == 0));
    ASSERT(r.count <= LIMIT_COOKIES);
    for (size_t i = 0; i < r.count; i++) {
        ASSERT(r.cookie[i].len >= 1 && r.cookie[i].len <= LIMIT_COOKIE);
        ASSERT(r.cookie[i].b >= scratch &&
               r.cookie[i].b + r.cookie[i].len <= scratch + sizeof scratch);
    }
}

/* As a server opens it, in place, with the same key: the same text. pkt is
 * spent. */
static void open_here(const struct nts_assoc *a, uint8_t *pkt, size_t len)
{
    static uint8_t text[4096];
    struct ntp_ef ef;
    struct nts_auth auth;
    const uint8_t *here;
    size_t at = 48;
    int rc;
    while ((rc = ntp_ef_next(pkt, len, &at, &ef)) == RC_OK)
        if (ef.type == NTS_EF_AUTHENTICATOR)
            break;
    if (rc != RC_OK || nts_auth_parse(&ef, &auth) != RC_OK)
        return;
    ASSERT(auth.sealed + auth.sealed_len + auth.padding <= pkt + len);
    int n = nts_auth_open(a->aead, a->s2c, pkt, &auth, text);
    ASSERT(n == nts_auth_open_here(a->aead, a->s2c, pkt, &auth, &here));
    ASSERT(n <= 0 || (here > pkt && here + n <= pkt + len));
    ASSERT(n <= 0 || memcmp(here, text, (size_t)n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static uint8_t pkt[4096], copy[4096];
    struct nts_assoc a = {0};
    if (len < 1 || len > 2000)
        return 0;
    int rc = nts_assoc_keys(&a, in[0] & 2 ? 30 : 15, c2s, s2c);
    ASSERT(rc == RC_OK);
    bool sealed = in[0] & 1;
    size_t n = sealed ? wrap(&a, in + 1, len - 1, pkt) : len - 1;
    if (!sealed)
        memcpy(pkt, in + 1, n);
    memcpy(copy, pkt, n);
    judge(&a, pkt, n, sealed);
    ASSERT(memcmp(copy, pkt, n) == 0);
    open_here(&a, copy, n);
    return 0;
}
