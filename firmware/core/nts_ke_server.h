/* nts_ke_server.h -- the server's side of the NTS key exchange (RFC 8915
 * section 4) over byte buffers: read a request, choose, write the answer with
 * cookies that the caller has made. The client's side is nts_ke.h.
 *
 *     nts_ke_server_read <- all bytes that have come, again with more of them
 *     caller exports keys for request.aead, seals cookies
 *     nts_ke_server_answer or nts_ke_server_error -> bytes to send */
#ifndef NTS_KE_SERVER_H
#define NTS_KE_SERVER_H

#include "limit.h"
#include "nts_record.h"

struct nts_ke_request {
    bool ntpv4;           /* asked for; else the answer agrees on nothing    */
    uint16_t aead;        /* the client's first that we have; 0: none        */
    bool compliant;       /* client sent record 1024, so we do: see
                           * nts_ke_exporter_aead in nts_ke.h                */
    enum nts_error error; /* after RC_BAD: what to answer                    */
};

/* Read a client's message, any bytes, from its beginning. Returns RC_OK when
 * *r is complete; RC_AGAIN when the message has not ended yet, to be called
 * again with all of it and more; RC_BAD when r->error is to be answered: also
 * where the critical bit is not set that sections 4.1.1 and 4.1.2 demand. A
 * client's wishes for a server or port (records 6, 7) are accepted and not
 * honoured, as the RFC allows; what follows End of Message is not looked at. */
int nts_ke_server_read(const uint8_t *in, size_t len,
                       struct nts_ke_request *r) MUST_CHECK;

struct nts_ke_answer {
    const char *server; /* NULL or "": none                                  */
    uint16_t port;      /* 0: none                                           */
    size_t count;       /* cookies, 8 as a rule                              */
    struct {
        const uint8_t *b;
        size_t len;
    } cookie[LIMIT_COOKIES];
};

/* Write the answer to a request. Cookies are left out when the request has
 * found nothing in common with us. Returns its length, or RC_SPACE when cap is
 * too small. */
int nts_ke_server_answer(const struct nts_ke_request *r,
                         const struct nts_ke_answer *a, uint8_t *out,
                         size_t cap) MUST_CHECK;
/* Write the answer that is an error. Returns its length, or RC_SPACE when cap
 * is too small. */
int nts_ke_server_error(enum nts_error e, uint8_t *out, size_t cap) MUST_CHECK;

#endif
