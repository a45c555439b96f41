/* nts_assoc.h -- what one NTS association remembers between packets: keys,
 * cookies not yet used, and how it has fared (RFC 8915 sections 5 and 6).
 *
 * Write-ahead: a cookie that a record on the card may offer must not be sent,
 * or a power cut would have it sent twice. From the moment a record is handed
 * over (nts_assoc_write) its cookies count as offered, for nobody knows when
 * it arrives; those left out of it are free once it is durable
 * (nts_assoc_record_durable) and not before. nts_assoc_take gives only cookies
 * that no record offers. So the order is:
 *
 *     take -> RC_AGAIN -> write with spare 1 -> record_durable -> take
 *
 * What was taken is given again until nts_assoc_left says that it has left, so
 * that a request which never left the machine costs no cookie; the caller sees
 * to it that such a request does not leave later.
 *
 * Puts and takes may come at any time between. Without a card never write;
 * when a card will not answer again call nts_assoc_card_lost. */
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
    bool alt; /* the server may have meant these instead         */
    uint8_t alt_c2s[AEAD_KEY_MAX], alt_s2c[AEAD_KEY_MAX];
    struct nts_cookie cookies[LIMIT_COOKIES]; /* oldest first               */
    uint8_t count;
    struct nts_cookie taken; /* and not known to have left; len 0: none     */
    uint16_t cookie_len; /* of the newest seen, for placeholders            */
    uint32_t key_id;     /* how many key exchanges have succeeded           */
    uint32_t naks;       /* NTSN kisses since the last valid reply          */
    /* The certificate chain's window at the last key exchange, Unix seconds:
     * latest notBefore, earliest notAfter. 0, INT64_MAX: none known. */
    int64_t cert_lo, cert_hi;
};

/* Wipe keys and cookies; key_id stays. *a is zeroed or has been in use. */
void nts_assoc_wipe(struct nts_assoc *a);

/* Take the keys of a fresh key exchange; they replace all that was there,
 * cookies and certificate window included. Each has the AEAD's key_len bytes.
 * Returns RC_OK, or RC_BAD when the AEAD is unknown, and then *a is as it
 * was. */
int nts_assoc_keys(struct nts_assoc *a, uint16_t aead_id, const uint8_t *c2s,
                   const uint8_t *s2c) MUST_CHECK;

/* Keep a second pair of keys, for when it is not known which of two exporter
 * contexts the server used (nts_ke_exporter_aead in nts_ke.h): these are the
 * keys under the other context, to be tried if the first ones meet nothing but
 * NAKs. Called after nts_assoc_keys. */
void nts_assoc_set_alt(struct nts_assoc *a, const uint8_t *c2s,
                       const uint8_t *s2c);
/* Use the second pair of keys from now on, in place of the first. Returns
 * false when there is none. */
bool nts_assoc_use_alt(struct nts_assoc *a);
/* Forget the second pair of keys, once a valid reply has proved the first. */
void nts_assoc_drop_alt(struct nts_assoc *a);

/* Keep a copy of a cookie; the oldest makes room when LIMIT_COOKIES are kept.
 * Returns RC_OK, or RC_BAD when its length is 0 or beyond LIMIT_COOKIE. */
int nts_assoc_put(struct nts_assoc *a, const uint8_t *b, size_t len) MUST_CHECK;

/* Copy the oldest cookie that may be sent now to *out, the one taken last if
 * that has not left. Returns RC_OK; RC_AGAIN: the card offers all that are
 * left, so write a record that spares one first; RC_STATE: there is no
 * cookie. */
int nts_assoc_take(struct nts_assoc *a, struct nts_cookie *out) MUST_CHECK;
/* Forget the cookie that was taken last: a request has left with it. */
void nts_assoc_left(struct nts_assoc *a);
/* Returns how many requests the cookies are enough for. */
unsigned nts_assoc_cookies(const struct nts_assoc *a);

/* Write the journal's record: keys, certificate window and the newest cookies,
 * leaving `spare` of the oldest out (all of them: keys only). Returns its
 * length; RC_SPACE: cap is too small, RC_STATE: there are no keys, and then
 * nothing has changed. */
int nts_assoc_write(struct nts_assoc *a, size_t spare, uint8_t *out,
                    size_t cap) MUST_CHECK;
/* Note that the record is being deleted from the card, which counts as a
 * record written that offers no cookie. */
void nts_assoc_record_dropped(struct nts_assoc *a);
/* Note that the newest record written, or its deletion, is durable: no older
 * record offers a cookie any more. */
void nts_assoc_record_durable(struct nts_assoc *a);
/* Note that no record will ever offer a cookie: the card is gone or will never
 * be read. All cookies may be sent. */
void nts_assoc_card_lost(struct nts_assoc *a);
/* Read a record back at boot, any bytes, into *a; all its cookies count as
 * offered by the card. Returns RC_OK, or RC_BAD when it is no such record, and
 * then *a is empty. */
int nts_assoc_read(struct nts_assoc *a, const uint8_t *in,
                   size_t len) MUST_CHECK;

#endif
