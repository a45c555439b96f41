#include "nts_ke.h"

#include "aead.h"

const char *nts_ke_status_text(enum nts_ke_status s)
{
    switch (s) {
    case NTS_KE_MORE:
        return "NTS-KE answer is not complete";
    case NTS_KE_DONE:
        return "NTS-KE done";
    case NTS_KE_SERVER_ERROR:
        return "NTS-KE server answered with an error";
    case NTS_KE_WARNING:
        return "NTS-KE server answered with an unknown warning";
    case NTS_KE_NO_PROTOCOL:
        return "NTS-KE server does not offer NTPv4";
    case NTS_KE_NO_AEAD:
        return "NTS-KE server supports none of our AEAD algorithms";
    case NTS_KE_NO_COOKIES:
        return "NTS-KE server sent no usable cookie";
    case NTS_KE_CRITICAL:
        return "NTS-KE answer has a critical record of unknown type";
    case NTS_KE_MALFORMED:
        return "NTS-KE answer is malformed";
    case NTS_KE_TOO_LONG:
        return "NTS-KE answer is too long";
    }
    return "NTS-KE failed";
}

void nts_ke_exporter_context(uint8_t context[5], uint16_t aead, bool s2c)
{
    bytes_put16(context, NTS_PROTOCOL_NTPV4);
    bytes_put16(context + 2, aead);
    context[4] = s2c;
}

uint16_t nts_ke_exporter_aead(uint16_t agreed, bool compliant)
{
    return agreed == AEAD_AES_128_GCM_SIV && !compliant ? AEAD_AES_SIV_CMAC_256
                                                        : agreed;
}

int nts_ke_client_request(struct nts_ke_client *k, const uint16_t *aeads,
                          size_t count, uint8_t *out, size_t cap)
{
    ASSERT(count >= 1 && count <= LEN(k->offered));
    static const uint16_t ntpv4 = NTS_PROTOCOL_NTPV4;
    *k = (struct nts_ke_client){.status = NTS_KE_MORE,
                                .offered_count = (uint8_t)count};
    struct writer w = writer_of(out, cap);
    nts_record_put16(&w, true, NTS_RECORD_PROTOCOL, &ntpv4, 1);
    nts_record_put16(&w, true, NTS_RECORD_AEAD, aeads, count);
    for (size_t i = 0; i < count; i++) {
        k->offered[i] = aeads[i];
        if (aeads[i] == AEAD_AES_128_GCM_SIV)
            nts_record_put(&w, false, NTS_RECORD_COMPLIANT_GCM_SIV, NULL, 0);
    }
    nts_record_put(&w, true, NTS_RECORD_END, NULL, 0);
    return w.full ? RC_SPACE : (int)w.len;
}

/* ---- one handler a record; each says how the exchange stands after it --- */

static enum nts_ke_status on_protocol(struct nts_ke_client *k,
                                      const struct nts_record *r)
{
    if (k->got_protocol || r->len % 2 != 0)
        return NTS_KE_MALFORMED;
    k->got_protocol = true;
    for (size_t i = 0; i < r->len; i += 2)
        if (bytes_get16(r->body + i) == NTS_PROTOCOL_NTPV4)
            k->ntpv4 = true;
    return NTS_KE_MORE;
}

/* Section 4.1.5: an answer holds at most one, and only one that was offered.
 * An empty one is judged at the end, for a server that does not speak NTPv4
 * may send that as well. */
static enum nts_ke_status on_aead(struct nts_ke_client *k,
                                  const struct nts_record *r)
{
    if (k->got_aead || r->len > 2 || r->len == 1)
        return NTS_KE_MALFORMED;
    k->got_aead = true;
    if (r->len == 0)
        return NTS_KE_MORE;
    uint16_t id = bytes_get16(r->body);
    for (size_t i = 0; i < k->offered_count; i++)
        if (k->offered[i] == id) {
            k->result.aead = id;
            return NTS_KE_MORE;
        }
    k->result.code = id;
    return NTS_KE_NO_AEAD;
}

static void count_dropped(struct nts_ke_result *r)
{
    if (r->dropped < UINT16_MAX)
        r->dropped++;
}

static enum nts_ke_status on_cookie(struct nts_ke_client *k,
                                    const struct nts_record *r)
{
    struct nts_ke_result *res = &k->result;
    if (r->len == 0 || r->len > LIMIT_COOKIE || res->count == LIMIT_COOKIES) {
        count_dropped(res);
        return NTS_KE_MORE;
    }
    res->cookie[res->count].len = (uint16_t)r->len;
    memcpy(res->cookie[res->count].b, r->body, r->len);
    res->count++;
    return NTS_KE_MORE;
}

static enum nts_ke_status on_server(struct nts_ke_client *k,
                                    const struct nts_record *r)
{
    char *name = k->result.server;
    if (name[0] || nts_record_name(r, name, sizeof k->result.server) != RC_OK)
        return NTS_KE_MALFORMED;
    return NTS_KE_MORE;
}

static enum nts_ke_status on_port(struct nts_ke_client *k,
                                  const struct nts_record *r)
{
    if (k->result.port != 0 || nts_record_get16(r, &k->result.port) != RC_OK ||
        k->result.port == 0)
        return NTS_KE_MALFORMED;
    return NTS_KE_MORE;
}

/* Empty, as chrony has it. */
static enum nts_ke_status on_compliant(struct nts_ke_client *k,
                                       const struct nts_record *r)
{
    k->result.compliant = true;
    return r->len == 0 ? NTS_KE_MORE : NTS_KE_MALFORMED;
}

static enum nts_ke_status on_code(struct nts_ke_client *k,
                                  const struct nts_record *r,
                                  enum nts_ke_status s)
{
    return nts_record_get16(r, &k->result.code) == RC_OK ? s : NTS_KE_MALFORMED;
}

static enum nts_ke_status on_end(const struct nts_ke_client *k,
                                 const struct nts_record *r)
{
    if (r->len != 0)
        return NTS_KE_MALFORMED;
    if (!k->ntpv4)
        return NTS_KE_NO_PROTOCOL;
    if (k->result.aead == 0)
        return NTS_KE_NO_AEAD;
    return k->result.count > 0 ? NTS_KE_DONE : NTS_KE_NO_COOKIES;
}

static enum nts_ke_status on_unknown(struct nts_ke_client *k,
                                     const struct nts_record *r)
{
    if (!r->critical)
        return NTS_KE_MORE;
    k->result.code = r->type;
    return NTS_KE_CRITICAL;
}

static enum nts_ke_status on_record(struct nts_ke_client *k,
                                    const struct nts_record *r)
{
    switch (r->type) {
    case NTS_RECORD_END:
        return on_end(k, r);
    case NTS_RECORD_PROTOCOL:
        return on_protocol(k, r);
    case NTS_RECORD_ERROR:
        return on_code(k, r, NTS_KE_SERVER_ERROR);
    case NTS_RECORD_WARNING:
        return on_code(k, r, NTS_KE_WARNING);
    case NTS_RECORD_AEAD:
        return on_aead(k, r);
    case NTS_RECORD_COOKIE:
        return on_cookie(k, r);
    case NTS_RECORD_SERVER:
        return on_server(k, r);
    case NTS_RECORD_PORT:
        return on_port(k, r);
    case NTS_RECORD_COMPLIANT_GCM_SIV:
        return on_compliant(k, r);
    default:
        return on_unknown(k, r);
    }
}

/* A record too long to collect: no use of it is known, so it can only be
 * passed over, if it allows that. */
static enum nts_ke_status on_huge(struct nts_ke_client *k,
                                  const struct nts_record *r)
{
    k->have = 0;
    k->skip = r->len;
    switch (r->type) {
    case NTS_RECORD_COOKIE:
        count_dropped(&k->result);
        return NTS_KE_MORE;
    case NTS_RECORD_END:
    case NTS_RECORD_PROTOCOL:
    case NTS_RECORD_ERROR:
    case NTS_RECORD_WARNING:
    case NTS_RECORD_AEAD:
    case NTS_RECORD_SERVER:
    case NTS_RECORD_PORT:
    case NTS_RECORD_COMPLIANT_GCM_SIV:
        return NTS_KE_MALFORMED;
    default:
        return on_unknown(k, r);
    }
}

/* ---- bytes into records ------------------------------------------------- */

/* Move bytes until k->record holds `want`; returns how many were taken. */
static size_t collect(struct nts_ke_client *k, size_t want, const uint8_t *in,
                      size_t len)
{
    size_t n = want - k->have < len ? want - k->have : len;
    memcpy(k->record + k->have, in, n);
    k->have += n;
    return n;
}

/* Take some of the input, at least one byte. */
static size_t take(struct nts_ke_client *k, const uint8_t *in, size_t len)
{
    if (k->skip > 0) {
        size_t n = k->skip < len ? k->skip : len;
        k->skip -= n;
        return n;
    }
    size_t n = 0;
    struct nts_record r;
    if (k->have < NTS_RECORD_HEADER) {
        n = collect(k, NTS_RECORD_HEADER, in, len);
        if (k->have < NTS_RECORD_HEADER)
            return n;
    }
    nts_record_header(&r, k->record);
    if (r.len > LIMIT_KE_MESSAGE) {
        k->status = on_huge(k, &r);
        return n;
    }
    if (n < len)
        n += collect(k, NTS_RECORD_HEADER + r.len, in + n, len - n);
    if (k->have == NTS_RECORD_HEADER + r.len) {
        r.body = k->record + NTS_RECORD_HEADER;
        k->have = 0;
        k->status = on_record(k, &r);
    }
    return n;
}

enum nts_ke_status nts_ke_client_feed(struct nts_ke_client *k,
                                      const uint8_t *in, size_t len)
{
    while (len > 0 && k->status == NTS_KE_MORE) {
        size_t n = take(k, in, len);
        in += n;
        len -= n;
        k->used += n;
        if (k->used > NTS_KE_RESPONSE_MAX)
            k->status = NTS_KE_TOO_LONG;
    }
    return k->status;
}
