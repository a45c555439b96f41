/* ntp_ef.h -- extension fields of NTP packets (RFC 7822): a reader and a
 * writer for client and server alike. Both work in the packet's own memory.
 *
 * Read:   size_t at = NTP_HEADER;
 *         while ((rc = ntp_ef_next(pkt, len, &at, &ef)) == RC_OK) ...
 *         rc is RC_AGAIN at a clean end, RC_BAD where the packet is malformed.
 * Write:  a struct writer over the whole packet, its header in place, and one
 *         ntp_ef_put for each field. Lengths stick in the writer (bytes.h):
 *         look once at w.full.
 *
 * Outside input never asserts. */
#ifndef NTP_EF_H
#define NTP_EF_H

#include "bytes.h"

#define NTP_EF_HEAD     4  /* type, length of the whole field                */
#define NTP_EF_MIN      16 /* the shortest field: RFC 7822 section 7.5       */
#define NTP_EF_LAST_MIN 28 /* ... that no MAC follows: section 7.5.1.4       */

/* Field types of NTS (RFC 8915 section 7.5). */
#define NTS_EF_UNIQUE_ID     0x0104
#define NTS_EF_COOKIE        0x0204
#define NTS_EF_PLACEHOLDER   0x0304
#define NTS_EF_AUTHENTICATOR 0x0404

struct ntp_ef { /* one field, in place */
    uint16_t type;
    size_t offset;       /* of the field from the start of the packet      */
    size_t len;          /* with its head; a multiple of 4                 */
    const uint8_t *body; /* len - NTP_EF_HEAD bytes, padding included      */
};

/* Read the field at *at, fill *ef and move *at behind it. Returns RC_OK;
 * RC_AGAIN at a clean end; RC_BAD where no field can be, *at unchanged. Each
 * step moves on by 16 bytes at least, so a walk ends. The last field has at
 * least 28 bytes: what is shorter there would be a MAC (20 or 24 bytes) or a
 * crypto-NAK (4), which Gnomon, having no such keys, never asks for. */
int ntp_ef_next(const uint8_t *pkt, size_t len, size_t *at,
                struct ntp_ef *ef) MUST_CHECK;

/* Read a field that came encrypted, as ntp_ef_next does, from *at in text,
 * *at being 0 at first. Such a field may be as short as its head (RFC 8915
 * section 5.6), so a step moves on by 4 bytes at least. */
int ntp_ef_next_encrypted(const uint8_t *text, size_t len, size_t *at,
                          struct ntp_ef *ef) MUST_CHECK;

/* The length of a whole field with a body of body_len bytes, padded to a
 * multiple of 4 and to NTP_EF_MIN. */
size_t ntp_ef_size(size_t body_len);

/* Append a field with a body of zeros to w and return where its body is, for
 * the caller to fill; NULL when there is no room, and then w->full is set.
 * body_len is at most 65000. */
uint8_t *ntp_ef_put(struct writer *w, uint16_t type, size_t body_len);

/* Append a field with a copy of these bytes as its body. */
void ntp_ef_put_bytes(struct writer *w, uint16_t type, const uint8_t *b,
                      size_t len);

#endif
