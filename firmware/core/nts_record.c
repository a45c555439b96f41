#include "nts_record.h"

#define CRITICAL 0x8000u

void nts_record_header(struct nts_record *r, const uint8_t b[NTS_RECORD_HEADER])
{
    uint16_t type = bytes_get16(b);
    *r = (struct nts_record){
        .type = (uint16_t)(type & ~CRITICAL),
        .critical = (type & CRITICAL) != 0,
        .len = bytes_get16(b + 2),
    };
}

int nts_record_next(struct reader *in, struct nts_record *r)
{
    struct reader at = *in;
    const uint8_t *b = reader_take(&at, NTS_RECORD_HEADER);
    if (!b)
        return RC_AGAIN;
    nts_record_header(r, b);
    r->body = reader_take(&at, r->len);
    if (!r->body)
        return RC_AGAIN;
    *in = at;
    return RC_OK;
}

static void put_header(struct writer *w, bool critical, uint16_t type,
                       size_t len)
{
    ASSERT(type < CRITICAL && len <= UINT16_MAX);
    writer_u16(w, (uint16_t)(type | (critical ? CRITICAL : 0)));
    writer_u16(w, (uint16_t)len);
}

void nts_record_put(struct writer *w, bool critical, uint16_t type,
                    const void *body, size_t len)
{
    put_header(w, critical, type, len);
    writer_bytes(w, body, len);
}

void nts_record_put16(struct writer *w, bool critical, uint16_t type,
                      const uint16_t *list, size_t count)
{
    put_header(w, critical, type, count * 2);
    for (size_t i = 0; i < count; i++)
        writer_u16(w, list[i]);
}

int nts_record_get16(const struct nts_record *r, uint16_t *v)
{
    if (r->len != 2)
        return RC_BAD;
    *v = bytes_get16(r->body);
    return RC_OK;
}

static bool name_byte(uint8_t b)
{
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') ||
           (b >= '0' && b <= '9') || b == '.' || b == '-' || b == '_' ||
           b == ':';
}

int nts_record_name(const struct nts_record *r, char *name, size_t cap)
{
    size_t len = r->len;
    if (len > 0 && r->body[len - 1] == '.')
        len--;
    if (len == 0 || len >= cap || r->body[0] == '.')
        return RC_BAD;
    for (size_t i = 0; i < len; i++)
        if (!name_byte(r->body[i]))
            return RC_BAD;
    memcpy(name, r->body, len);
    name[len] = 0;
    return RC_OK;
}
