/* nts_ke.h -- the NTS key exchange over byte buffers (RFC 8915 section 4).
 *
 * No TLS here: the caller (services/ke_client.c) moves decrypted bytes and
 * exports the keys. Client:
 *
 *     nts_ke_client_request -> bytes to send in one write
 *     nts_ke_client_feed    <- bytes as they come, any cutting, until done
 *
 * Any record order; unknown non-critical records pass, unknown critical ones
 * refuse. A cookie that cannot be kept is counted and passed over. Bytes
 * after End of Message are ignored. The critical bit decides about unknown
 * records only: a known one is understood with or without it.
 *
 * The server's side is nts_ke_server.h. */
#ifndef NTS_KE_H
#define NTS_KE_H

#include "limit.h"
#include "base.h"
#include "nts_record.h"

enum nts_ke_status {
    NTS_KE_MORE,         /* feed more                                       */
    NTS_KE_DONE,         /* *result is complete and usable                  */
    NTS_KE_SERVER_ERROR, /* Error record; result.code                       */
    NTS_KE_WARNING,      /* Warning record: a client treats it as fatal
                          * unless it knows it (4.1.4); result.code         */
    NTS_KE_NO_PROTOCOL,  /* NTPv4 not agreed                                */
    NTS_KE_NO_AEAD,      /* none of our algorithms                          */
    NTS_KE_NO_COOKIES,
    NTS_KE_CRITICAL, /* unknown critical record; result.code = type     */
    NTS_KE_MALFORMED,
    NTS_KE_TOO_LONG, /* beyond NTS_KE_RESPONSE_MAX                      */
};

/* What a client has to accept (section 4). It passes through: only a single
 * record that we need to look into has to fit LIMIT_KE_MESSAGE. */
#define NTS_KE_RESPONSE_MAX 65536

/* Return a status in words, for the log. */
const char *nts_ke_status_text(enum nts_ke_status s);

struct nts_ke_result {
    uint16_t aead;
    bool compliant;          /* server echoed record 1024                */
    uint16_t code;           /* error, warning or record type            */
    uint16_t port;           /* 0: not negotiated, 123                   */
    char server[LIMIT_NAME]; /* "": the KE server itself                 */
    uint16_t dropped;        /* cookies empty, too long or too many      */
    uint8_t count;
    struct {
        uint16_t len;
        uint8_t b[LIMIT_COOKIE];
    } cookie[LIMIT_COOKIES];
};

struct nts_ke_client { /* fields private */
    enum nts_ke_status status;
    size_t used; /* total bytes fed                                         */
    size_t have; /* of the record being collected                           */
    size_t skip; /* bytes still to pass over of a record not collected      */
    uint8_t record[4 + LIMIT_KE_MESSAGE];
    uint16_t offered[LIMIT_AEADS];
    uint8_t offered_count;
    bool got_protocol, got_aead; /* the records were there                  */
    bool ntpv4;                  /* and this was agreed                     */
    struct nts_ke_result result;
};

/* Start an exchange and write the request, which offers these 1 .. LIMIT_AEADS
 * AEADs in order of preference, with record 1024 if 30 is among them. Returns
 * its length, or RC_SPACE when cap is too small. */
int nts_ke_client_request(struct nts_ke_client *k, const uint16_t *aeads,
                          size_t count, uint8_t *out, size_t cap) MUST_CHECK;
/* Take the next bytes of the answer, any bytes in any pieces. Returns
 * NTS_KE_MORE until the answer is complete or wrong; then k->result holds what
 * it says, and what is fed after that changes nothing. */
enum nts_ke_status nts_ke_client_feed(struct nts_ke_client *k,
                                      const uint8_t *in, size_t len) MUST_CHECK;

#define NTS_KE_EXPORTER_LABEL "EXPORTER-network-time-security"
/* Write the context with which the TLS exporter makes a key under
 * NTS_KE_EXPORTER_LABEL (RFC 8915 section 4.3): the S2C key, or the C2S one. */
void nts_ke_exporter_context(uint8_t context[5], uint16_t aead, bool s2c);
/* Return the AEAD that the exporter's context names. It is the one agreed on,
 * but for 30 when not both sides sent record 1024: then it is 15, as chrony
 * before 4.6.1 had it. A server that follows the RFC and has not heard of the
 * record means 30: a wrong choice shows as a NAK to every request, see
 * nts_assoc_set_alt. */
uint16_t nts_ke_exporter_aead(uint16_t agreed, bool compliant);

#endif
