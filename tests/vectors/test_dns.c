/* DNS messages of others (dns_vectors.h: record_dns.py): dnspython's
 * questions are ours byte for byte, NSD's and unbound's answers are read as
 * dnspython reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "core/dns_wire.h"

#include "dns_vectors.h"

#define EACH(v)                                                                \
    for (const struct dns_vector *v = dns_vectors;                             \
         v < dns_vectors + LEN(dns_vectors); v++)

static int read_it(const struct dns_vector *v, struct dns_wire_answer *a)
{
    return dns_wire_read((const uint8_t *)v->query, v->query_len, false,
                         (const uint8_t *)v->answer, v->len, a);
}

static void questions(void **state)
{
    (void)state;
    EACH(v)
    {
        uint8_t q[DNS_WIRE_QUERY];
        int len = dns_wire_query((uint16_t)v->id, v->name, (uint16_t)v->type,
                                 NULL, v->edns, q, sizeof q);
        assert_int_equal(len, v->query_len);
        assert_memory_equal(q, v->query, v->query_len);
    }
}

/* One more with its comma into text. */
static void add(char *text, size_t cap, const uint8_t *addr, unsigned type)
{
    size_t len = strlen(text);
    if (len)
        text[len++] = ',';
    assert_non_null(inet_ntop(type == DNS_WIRE_A ? AF_INET : AF_INET6, addr,
                              text + len, (socklen_t)(cap - len)));
}

static void answers(void **state)
{
    (void)state;
    unsigned full = 0;
    EACH(v)
    {
        struct dns_wire_answer a;
        char text[1024] = "";
        assert_int_equal(read_it(v, &a), RC_OK);
        assert_int_equal(a.rcode, v->rcode);
        assert_int_equal(a.truncated, v->truncated);
        assert_int_equal(a.count, v->count < LIMIT_DNS_ADDRESSES
                                      ? v->count
                                      : LIMIT_DNS_ADDRESSES);
        for (unsigned i = 0; i < a.count; i++)
            add(text, sizeof text, a.addr[i], v->type);
        assert_int_equal(strncmp(text, v->addresses, strlen(text)), 0);
        full += a.count == v->count && v->count > 0;
        assert_int_equal(a.endless,
                         v->rcode == 0 &&
                             strcasecmp(v->name, "ring.example") == 0);
        assert_int_equal(a.referral, strcmp(v->name, "x.deleg.example") == 0);
    }
    assert_true(full >= 9);
}

/* What the zone says: the least of a chain; SOA's last field for what is
 * not there. unbound may have kept a record for some seconds. */
static void ttls(void **state)
{
    (void)state;
    EACH(v)
    {
        struct dns_wire_answer a;
        assert_int_equal(read_it(v, &a), RC_OK);
        uint32_t most = 0;
        if (strcasecmp(v->name, "alias.example") == 0)
            most = 60;
        else if (strcasecmp(v->name, "one.example") == 0 && a.count)
            most = 600;
        else if (strcmp(v->name, "nowhere.example") == 0 ||
                 strcmp(v->name, "text.example") == 0)
            most = 300;
        if (most)
            assert_in_range(a.ttl_s, most - 20, most);
    }
}

/* Cut anywhere, none is read, and nothing is read beyond the end (under
 * sanitizers); any byte of identifier or question changed is a stranger's. */
static void damaged(void **state)
{
    (void)state;
    EACH(v)
    {
        struct dns_wire_answer a;
        for (size_t n = 0; n < v->len; n++) {
            uint8_t b[2048];
            memcpy(b + sizeof b - n, v->answer, n);
            int rc = dns_wire_read((const uint8_t *)v->query, v->query_len,
                                   false, b + sizeof b - n, n, &a);
            assert_true(rc == RC_AUTH || rc == RC_BAD ||
                        (v->truncated && a.count == 0));
        }
        size_t question = v->query_len - (v->edns ? 11 : 0);
        for (size_t n = 0; n < question; n++) {
            uint8_t b[2048];
            memcpy(b, v->answer, v->len);
            b[n] ^= 0x20;
            bool part = n < 2 || n == 4 || n == 5 || n >= 12;
            int rc = dns_wire_read((const uint8_t *)v->query, v->query_len,
                                   false, b, v->len, &a);
            if (part)
                assert_int_equal(rc, RC_AUTH);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions),
        cmocka_unit_test(answers),
        cmocka_unit_test(ttls),
        cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
