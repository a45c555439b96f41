/* nts_assoc.h -- what one NTS association remembers between packets: keys,
 * cookies not yet used, and how it has fared (RFC 8915 sections 5 and 6).
 *
 * Write-ahead: a cookie that a record on the card may offer must not be sent,
 * or a power cut would have it sent twice. From the moment a record is handed
 * over (nts_assoc_write) its cookies count as offered, for nobody knows when
 * it arrives; those left out of it are free once it is durable
 * (nts_assoc_saved) and not before. take() gives only cookies that no record
 * offers. So the order is:
 *
 *     take -> RC_AGAIN -> write with spare 1 -> durable -> saved -> take
 *
 * Puts and takes may come at any time between. Without a card, never write;
 * a card that will not answer again: nts_assoc_unsaved. */
#ifndef NTS_ASSOC_H
#define NTS_ASSOC_H

#include "limit.h"
#include "aead.h"

#define NTS_UID_LEN 32

struct nts_cookie {
    uint16_t len; /* 1 .. LIMIT_COOKIE                                      */
    bool saved;   /* a record that is or may be on the card offers it       */
    bool written; /* the newest record does                                 */
    uint8_t b[LIMIT_COOKIE];
};

struct nts_assoc {
    const struct aead *aead; /* NULL: no keys                               */
    uint8_t c2s[AEAD_KEY_MAX], s2c[AEAD_KEY_MAX];
    bool other; /* the server may have meant these instead         */
    uint8_t other_c2s[AEAD_KEY_MAX], other_s2c[AEAD_KEY_MAX];
    struct nts_cookie cookies[LIMIT_COOKIES]; /* oldest first               */
    uint8_t count;
    uint16_t cookie_len; /* of the newest seen, for placeholders            */
    uint32_t key_id;     /* how many key exchanges have succeeded           */
    uint32_t naks;       /* NTSN kisses since the last valid reply          */
    /* The certificate chain's window at the last key exchange, Unix seconds:
     * latest notBefore, earliest notAfter. 0, INT64_MAX: none known. */
    int64_t cert_lo, cert_hi;
};

/* Forget keys and cookies; key_id stays. *a is zeroed or was in use. */
void nts_assoc_wipe(struct nts_assoc *a);

/* Keys of a fresh key exchange replace all that was there, cookies and
 * certificate window included. RC_OK; RC_BAD: unknown AEAD, *a unchanged. */
int nts_assoc_keys(struct nts_assoc *a, uint16_t aead_id, const uint8_t *c2s,
                   const uint8_t *s2c) MUST_CHECK;

/* It is not known which of two exporter contexts the server used (nts_ke.h,
 * nts_ke_exporter_aead): these are the keys under the other one, to be tried
 * if the first ones meet nothing but NAKs. */
void nts_assoc_other(struct nts_assoc *a, const uint8_t *c2s,
                     const uint8_t *s2c);
/* Use the others from now on; there are no others then. False: none. */
bool nts_assoc_swap(struct nts_assoc *a);
/* A valid reply has proved the keys: forget the others. */
void nts_assoc_proved(struct nts_assoc *a);

/* Keep a cookie; when full the oldest makes room. RC_OK, RC_BAD: length. */
int nts_assoc_put(struct nts_assoc *a, const uint8_t *b, size_t len) MUST_CHECK;

/* Take the oldest cookie that may be sent now: removed and copied to *out.
 * RC_OK; RC_AGAIN: the card offers all that are left, write first; RC_STATE:
 * none. */
int nts_assoc_take(struct nts_assoc *a, struct nts_cookie *out) MUST_CHECK;

/* Serialise for the journal: keys, window, and the newest cookies, leaving
 * `spare` of the oldest out (all of them: keys only). Returns the length;
 * RC_SPACE, RC_STATE (no keys): nothing changed. */
int nts_assoc_write(struct nts_assoc *a, size_t spare, uint8_t *out,
                    size_t cap) MUST_CHECK;
/* The record is to be forgotten: as if written with nothing to offer. */
void nts_assoc_unwritten(struct nts_assoc *a);
/* The newest record written is durable: no other offers anything now. */
void nts_assoc_saved(struct nts_assoc *a);
/* No record offers anything: the card was forgotten or will never be read. */
void nts_assoc_unsaved(struct nts_assoc *a);
/* Read back at boot; all cookies come out saved. RC_OK, RC_BAD: *a empty. */
int nts_assoc_read(struct nts_assoc *a, const uint8_t *in,
                   size_t len) MUST_CHECK;

#endif
