/* nts_record.h -- records of the NTS key exchange (RFC 8915 section 4): a
 * critical bit, a 15-bit type, a 16-bit body length, the body. */
#ifndef NTS_RECORD_H
#define NTS_RECORD_H

#include "bytes.h"

#define NTS_RECORD_HEADER  4
#define NTS_PROTOCOL_NTPV4 0 /* Protocol ID, section 7.7                     */

enum nts_record_type {
    NTS_RECORD_END = 0,
    NTS_RECORD_PROTOCOL = 1,
    NTS_RECORD_ERROR = 2,
    NTS_RECORD_WARNING = 3,
    NTS_RECORD_AEAD = 4,
    NTS_RECORD_COOKIE = 5,
    NTS_RECORD_SERVER = 6,
    NTS_RECORD_PORT = 7,
    /* Empty; "my AES-128-GCM-SIV keys are exported as the RFC says": chrony
     * before 4.6.1 exported them with the context of AEAD 15. */
    NTS_RECORD_COMPLIANT_GCM_SIV = 1024,
};

/* section 4.1.3 */
enum nts_error {
    NTS_ERROR_CRITICAL = 0,
    NTS_ERROR_BAD_REQUEST = 1,
    NTS_ERROR_INTERNAL = 2,
};

struct nts_record {
    uint16_t type;
    bool critical;
    const uint8_t *body; /* in place; NULL until it is there */
    size_t len;
};

/* Read a record's header: sets r->type, critical and len, body to NULL. */
void nts_record_header(struct nts_record *r,
                       const uint8_t b[NTS_RECORD_HEADER]);

/* Read the next whole record and move in past it. Returns RC_OK, or RC_AGAIN
 * when it is not all there, and then in stays where it is. */
int nts_record_next(struct reader *in, struct nts_record *r) MUST_CHECK;

/* Append a record; w->full is set when there is no room. */
void nts_record_put(struct writer *w, bool critical, uint16_t type,
                    const void *body, size_t len);
/* Append a record whose body is a list of 16-bit numbers. */
void nts_record_put16(struct writer *w, bool critical, uint16_t type,
                      const uint16_t *list, size_t count);

/* Read a body that is one 16-bit number. Returns RC_OK, or RC_BAD when its
 * length is another. */
int nts_record_get16(const struct nts_record *r, uint16_t *v) MUST_CHECK;

/* Read a body that is a host name or an address literal (section 4.1.7) into a
 * C string, less the dot that may end it. Letters, digits and . - _ : only, so
 * neither a zone identifier nor anything a console would stumble over. Returns
 * RC_OK, or RC_BAD when it is anything else or too long for cap. */
int nts_record_name(const struct nts_record *r, char *name,
                    size_t cap) MUST_CHECK;

#endif
