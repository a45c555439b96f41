#include "ntp_ef.h"

/* min: of any field; last_min: of the one that ends at len. */
static int next(const uint8_t *p, size_t len, size_t *at, size_t min,
                size_t last_min, struct ntp_ef *ef)
{
    if (*at == len)
        return RC_AGAIN;
    if (*at > len || len - *at < last_min)
        return RC_BAD;
    size_t left = len - *at, size = bytes_get16(p + *at + 2);
    if (size < min || size % 4 != 0 || size > left ||
        (size == left && size < last_min))
        return RC_BAD;
    *ef = (struct ntp_ef){.type = bytes_get16(p + *at),
                          .offset = *at,
                          .len = size,
                          .body = p + *at + NTP_EF_HEAD};
    *at += size;
    return RC_OK;
}

int ntp_ef_next(const uint8_t *pkt, size_t len, size_t *at, struct ntp_ef *ef)
{
    return next(pkt, len, at, NTP_EF_MIN, NTP_EF_LAST_MIN, ef);
}

int ntp_ef_next_encrypted(const uint8_t *text, size_t len, size_t *at,
                          struct ntp_ef *ef)
{
    return next(text, len, at, NTP_EF_HEAD, NTP_EF_HEAD, ef);
}

size_t ntp_ef_size(size_t body_len)
{
    size_t size = (NTP_EF_HEAD + body_len + 3) & ~(size_t)3;
    return size < NTP_EF_MIN ? NTP_EF_MIN : size;
}

uint8_t *ntp_ef_put(struct writer *w, uint16_t type, size_t body_len)
{
    ASSERT(body_len <= 65000);
    size_t size = ntp_ef_size(body_len);
    uint8_t *p = writer_room(w, size);
    if (!p)
        return NULL;
    bytes_put16(p, type);
    bytes_put16(p + 2, (uint16_t)size);
    memset(p + NTP_EF_HEAD, 0, size - NTP_EF_HEAD);
    return p + NTP_EF_HEAD;
}

void ntp_ef_put_bytes(struct writer *w, uint16_t type, const uint8_t *b,
                      size_t len)
{
    uint8_t *body = ntp_ef_put(w, type, len);
    if (body)
        memcpy(body, b, len);
}
