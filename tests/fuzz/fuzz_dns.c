/* An answer to a DNS question, of any bytes. The first byte chooses the
 * question and whether identifier and question are put right, so that what
 * comes behind them is read. */
#include <string.h>

#include "core/bytes.h"
#include "core/dns_wire.h"

static void check(const struct dns_wire_answer *a, size_t len)
{
    ASSERT(a->count <= LIMIT_DNS_ADDRESSES);
    ASSERT(a->ttl_s <= INT32_MAX || a->count == 0);
    ASSERT(!a->endless || a->count == 0);
    ASSERT(!a->referral || a->count == 0);
    ASSERT((size_t)a->count * 14 <= len); /* each has a record */
    ASSERT(a->rcode < 4096);
    ASSERT(!a->alias[0] || (a->count == 0 && dns_wire_name_ok(a->alias)));
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static const char *const name[] = {"a.example", "a", "pool.ntp.example",
                                       "a.b.c.d.e.f.g.h"};
    static uint8_t msg[4096], query[DNS_WIRE_QUERY];
    struct dns_wire_answer a, again;
    if (len < 1 || len > sizeof msg)
        return 0;
    int n = dns_wire_query(0x1234, name[in[0] & 3],
                           in[0] & 4 ? DNS_WIRE_AAAA : DNS_WIRE_A, NULL,
                           in[0] & 8, query, sizeof query);
    ASSERT(n > 0);
    size_t query_len = (size_t)n,
           question = query_len - (in[0] & 8 ? 11 : 0) - 12;
    /* At the buffer's end, so that nothing beyond the message is read. */
    len--;
    uint8_t *m = msg + sizeof msg - len;
    memcpy(m, in + 1, len);
    if (!(in[0] & 16) && len >= 12 + question) {
        memcpy(m, query, 2);
        m[2] = (uint8_t)((m[2] & 7) | 0x80);
        bytes_put16(m + 4, 1);
        memcpy(m + 12, query + 12, question);
    }
    int rc = dns_wire_read(query, query_len, false, m, len, &a);
    ASSERT(rc == RC_OK || rc == RC_AUTH || rc == RC_BAD);
    if (rc != RC_OK)
        return 0;
    check(&a, len);
    ASSERT(dns_wire_read(query, query_len, true, m, len, &again) == RC_OK);
    ASSERT(a.count == again.count && a.ttl_s == again.ttl_s);
    return 0;
}
