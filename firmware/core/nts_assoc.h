/* nts_assoc.h -- what one NTS association remembers between packets: keys,
 * cookies not yet used, and how it has fared (RFC 8915 sections 5 and 6).
 *
 * Cookies leave in the order that keeps the card's copy fresh. A cookie is
 * `saved` while the last durable journal record offers it. take() gives an
 * unsaved one if there is any; a saved one only through RC_AGAIN: then the
 * caller writes a record without it (nts_assoc_saved) and asks again. So no
 * cookie is offered again after a power cut at any instant. */
#ifndef NTS_ASSOC_H
#define NTS_ASSOC_H

#include "../limits.h"
#include "aead.h"

#define NTS_UID_LEN 32

struct nts_cookie {
    uint16_t len; /* 1 .. LIMIT_COOKIE */
    bool saved;
    uint8_t b[LIMIT_COOKIE];
};

struct nts_assoc {
    const struct aead *aead; /* NULL: no keys                               */
    uint8_t c2s[AEAD_KEY_MAX], s2c[AEAD_KEY_MAX];
    struct nts_cookie cookies[LIMIT_COOKIES]; /* oldest first               */
    uint8_t count;
    uint16_t cookie_len; /* of the newest seen, for placeholders            */
    uint32_t key_id;     /* how many key exchanges have succeeded           */
    uint32_t naks;       /* NTSN kisses since the last valid reply          */
    /* The certificate chain's window at the last key exchange, Unix seconds:
     * latest notBefore, earliest notAfter. 0, INT64_MAX: none known. */
    int64_t cert_lo, cert_hi;
};

void nts_assoc_wipe(struct nts_assoc *a); /* forget keys and cookies */

/* Keys and cookies of a fresh key exchange replace all that was there.
 * RC_OK, RC_BAD: unknown AEAD; nothing changed. */
int nts_assoc_keys(struct nts_assoc *a, uint16_t aead_id, const uint8_t *c2s,
                   const uint8_t *s2c) MUST_CHECK;

/* Keep a cookie; when full the oldest makes room. RC_OK, RC_BAD: length. */
int nts_assoc_put(struct nts_assoc *a, const uint8_t *b,
                  size_t len) MUST_CHECK;

/* Take the oldest cookie that may be sent now: removed and copied to *out.
 * RC_OK; RC_AGAIN: only saved ones are left, write a record first;
 * RC_STATE: none. */
int nts_assoc_take(struct nts_assoc *a, struct nts_cookie *out) MUST_CHECK;

/* Serialise for the journal: keys, window, and the newest cookies, leaving
 * `spare` of the oldest out. Returns the length or RC_SPACE. *mask: which
 * entries were included, for nts_assoc_saved. */
int nts_assoc_write(const struct nts_assoc *a, size_t spare, uint8_t *out,
                    size_t cap, uint8_t *mask) MUST_CHECK;
/* That record is durable: exactly those entries (and still present) are
 * saved now. Call before any put/take that follows the write. */
void nts_assoc_saved(struct nts_assoc *a, uint8_t mask);
/* Read back at boot; all cookies come out saved. RC_OK, RC_BAD: *a empty. */
int nts_assoc_read(struct nts_assoc *a, const uint8_t *in,
                   size_t len) MUST_CHECK;

#endif
