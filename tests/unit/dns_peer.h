/* dns_peer.h -- a name server's answers, written record by record, for the
 * tests of the stub resolver. No bounds: a test's own numbers are small. */
#ifndef TEST_DNS_PEER_H
#define TEST_DNS_PEER_H

#include <string.h>

#include "core/bytes.h"
#include "core/dns_wire.h"

#define DNS_QUESTION 12 /* the question's name: where pointers lead most    */

struct dns_message {
    uint8_t b[8192];
    size_t len;
};

/* The answer's header and question: flags as given (0x8180: QR, RD, RA), no
 * record yet. */
static inline void dns_begin(struct dns_message *m, const uint8_t *query,
                             size_t query_len, unsigned flags)
{
    bool edns = query[11] != 0;
    memset(m, 0, sizeof *m);
    m->len = query_len - (edns ? 11 : 0);
    memcpy(m->b, query, m->len);
    bytes_put16(m->b + 2, (uint16_t)flags);
    memset(m->b + 6, 0, 6);
}

static inline size_t dns_name(uint8_t *out, const char *name)
{
    size_t n = 0;
    while (*name) {
        size_t label = strcspn(name, ".");
        out[n++] = (uint8_t)label;
        memcpy(out + n, name, label);
        n += label;
        name += label + (name[label] == '.');
    }
    out[n++] = 0;
    return n;
}

/* One record in section 0 (answers), 1 (authority) or 2 (additional). Its
 * name is text, or, if that is NULL, a pointer to `at`. Returns its data's
 * offset. */
static inline size_t dns_record(struct dns_message *m, unsigned section,
                                const char *name, size_t at, unsigned type,
                                uint32_t ttl, const void *data, size_t len)
{
    uint8_t *count = m->b + 6 + 2 * section;
    bytes_put16(count, (uint16_t)(bytes_get16(count) + 1));
    if (name) {
        m->len += dns_name(m->b + m->len, name);
    } else {
        bytes_put16(m->b + m->len, (uint16_t)(0xc000 | at));
        m->len += 2;
    }
    uint8_t *p = m->b + m->len;
    bytes_put16(p, (uint16_t)type);
    bytes_put16(p + 2, 1);
    bytes_put32(p + 4, ttl);
    bytes_put16(p + 8, (uint16_t)len);
    if (len)
        memcpy(p + 10, data, len);
    m->len += 10 + len;
    return m->len - len;
}

static inline size_t dns_cname(struct dns_message *m, const char *name,
                               size_t at, const char *to, uint32_t ttl)
{
    uint8_t data[256];
    size_t len = dns_name(data, to);
    return dns_record(m, 0, name, at, 5, ttl, data, len);
}

static inline void dns_a(struct dns_message *m, const char *name, size_t at,
                         unsigned last, uint32_t ttl)
{
    uint8_t data[4] = {192, 0, 2, (uint8_t)last};
    (void)dns_record(m, 0, name, at, DNS_WIRE_A, ttl, data, 4);
}

static inline void dns_aaaa(struct dns_message *m, const char *name, size_t at,
                            unsigned last, uint32_t ttl)
{
    uint8_t data[16] = {0x20, 1, 0x0d, 0xb8, [15] = (uint8_t)last};
    (void)dns_record(m, 0, name, at, DNS_WIRE_AAAA, ttl, data, 16);
}

/* A denial's SOA record, whose last field says how long it holds. */
static inline void dns_soa(struct dns_message *m, uint32_t ttl, uint32_t least)
{
    uint8_t data[22] = {0};
    bytes_put32(data + 18, least);
    (void)dns_record(m, 1, "example", 0, 6, ttl, data, sizeof data);
}

#endif
