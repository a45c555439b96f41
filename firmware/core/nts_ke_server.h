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

/* RC_OK: *r is complete. RC_AGAIN: the message has not ended yet. RC_BAD:
 * answer r->error. Client wishes for a server or port (records 6, 7) are
 * accepted and not honoured, as the RFC allows. */
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

/* Each returns the length or RC_SPACE. Cookies are left out when the request
 * found nothing in common with us. */
int nts_ke_server_answer(const struct nts_ke_request *r,
                         const struct nts_ke_answer *a, uint8_t *out,
                         size_t cap) MUST_CHECK;
int nts_ke_server_error(enum nts_error e, uint8_t *out, size_t cap) MUST_CHECK;

#endif
