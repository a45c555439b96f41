#include "nts_ke_server.h"

#include "aead.h"

struct seen {
    bool protocol, aead;
};

static int bad(struct nts_ke_request *r, enum nts_error e)
{
    r->error = e;
    return RC_BAD;
}

/* Lists are of at least one 16-bit number and come once (4.1.2, 4.1.5). */
static bool list_ok(const struct nts_record *rec, bool *seen)
{
    bool again = *seen;
    *seen = true;
    return !again && rec->len >= 2 && rec->len % 2 == 0;
}

static int on_protocol(struct nts_ke_request *r, const struct nts_record *rec,
                       struct seen *s)
{
    if (!list_ok(rec, &s->protocol) || !rec->critical) /* 4.1.2 */
        return bad(r, NTS_ERROR_BAD_REQUEST);
    for (size_t i = 0; i < rec->len; i += 2)
        if (bytes_get16(rec->body + i) == NTS_PROTOCOL_NTPV4)
            r->ntpv4 = true;
    return RC_OK;
}

static int on_aead(struct nts_ke_request *r, const struct nts_record *rec,
                   struct seen *s)
{
    if (!list_ok(rec, &s->aead))
        return bad(r, NTS_ERROR_BAD_REQUEST);
    for (size_t i = 0; i < rec->len && r->aead == 0; i += 2) {
        uint16_t id = bytes_get16(rec->body + i);
        if (aead_find(id))
            r->aead = id;
    }
    return RC_OK;
}

static int on_record(struct nts_ke_request *r, const struct nts_record *rec,
                     struct seen *s)
{
    switch (rec->type) {
    case NTS_RECORD_PROTOCOL:
        return on_protocol(r, rec, s);
    case NTS_RECORD_AEAD:
        return on_aead(r, rec, s);
    case NTS_RECORD_COMPLIANT_GCM_SIV:
        r->compliant = true;
        return rec->len == 0 ? RC_OK : bad(r, NTS_ERROR_BAD_REQUEST);
    case NTS_RECORD_SERVER:
    case NTS_RECORD_PORT:
        return RC_OK;
    case NTS_RECORD_ERROR: /* never from a client: 4.1.3, 4.1.4, 4.1.6 */
    case NTS_RECORD_WARNING:
    case NTS_RECORD_COOKIE:
        return bad(r, NTS_ERROR_BAD_REQUEST);
    default:
        return rec->critical ? bad(r, NTS_ERROR_CRITICAL) : RC_OK;
    }
}

int nts_ke_server_read(const uint8_t *in, size_t len, struct nts_ke_request *r)
{
    struct reader at = reader_of(in, len);
    struct nts_record rec;
    struct seen s = {false, false};
    *r = (struct nts_ke_request){.error = NTS_ERROR_BAD_REQUEST};
    for (;;) {
        int rc = nts_record_next(&at, &rec);
        if (rc != RC_OK)
            return rc;
        if (rec.type == NTS_RECORD_END)
            break;
        rc = on_record(r, &rec, &s);
        if (rc != RC_OK)
            return rc;
    }
    if (rec.len != 0 || !rec.critical || !s.protocol || (r->ntpv4 && !s.aead))
        return RC_BAD;
    return RC_OK;
}

static void put_agreed(struct writer *w, const struct nts_ke_request *r,
                       const struct nts_ke_answer *a)
{
    if (r->aead == AEAD_AES_128_GCM_SIV && r->compliant)
        nts_record_put(w, false, NTS_RECORD_COMPLIANT_GCM_SIV, NULL, 0);
    if (a->server && a->server[0])
        nts_record_put(w, false, NTS_RECORD_SERVER, a->server,
                       strlen(a->server));
    if (a->port)
        nts_record_put16(w, false, NTS_RECORD_PORT, &a->port, 1);
    for (size_t i = 0; i < a->count; i++)
        nts_record_put(w, false, NTS_RECORD_COOKIE, a->cookie[i].b,
                       a->cookie[i].len);
}

int nts_ke_server_answer(const struct nts_ke_request *r,
                         const struct nts_ke_answer *a, uint8_t *out,
                         size_t cap)
{
    ASSERT(a->count <= LIMIT_COOKIES);
    static const uint16_t ntpv4 = NTS_PROTOCOL_NTPV4;
    struct writer w = writer_of(out, cap);
    nts_record_put16(&w, true, NTS_RECORD_PROTOCOL, &ntpv4, r->ntpv4 ? 1 : 0);
    if (r->ntpv4)
        nts_record_put16(&w, true, NTS_RECORD_AEAD, &r->aead, r->aead ? 1 : 0);
    if (r->ntpv4 && r->aead)
        put_agreed(&w, r, a);
    nts_record_put(&w, true, NTS_RECORD_END, NULL, 0);
    return w.full ? RC_SPACE : (int)w.len;
}

int nts_ke_server_error(enum nts_error e, uint8_t *out, size_t cap)
{
    uint16_t code = (uint16_t)e;
    struct writer w = writer_of(out, cap);
    nts_record_put16(&w, true, NTS_RECORD_ERROR, &code, 1);
    nts_record_put(&w, true, NTS_RECORD_END, NULL, 0);
    return w.full ? RC_SPACE : (int)w.len;
}
