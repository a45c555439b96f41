/* DNS messages (RFC 1035 section 4), the odd and the hostile ones; real ones
 * are in tests/vectors/test_dns.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_peer.h"

static struct {
    uint8_t query[DNS_WIRE_QUERY];
    size_t query_len;
    struct dns_message m;
    struct dns_wire_answer a;
} t;

static void ask(const char *name, uint16_t type)
{
    int len =
        dns_wire_query(0x1234, name, type, NULL, true, t.query, sizeof t.query);
    assert_true(len > 0);
    t.query_len = (size_t)len;
    dns_begin(&t.m, t.query, t.query_len, 0x8180);
}

static int read_it(void)
{
    memset(&t.a, 0xee, sizeof t.a);
    return dns_wire_read(t.query, t.query_len, false, t.m.b, t.m.len, &t.a);
}

static void names(void **state)
{
    (void)state;
    char text[300];
    static const char *const good[] = {"a",
                                       "a.b",
                                       "a.b.",
                                       "time.example",
                                       "_ntp._udp.example",
                                       "xn--4ca.example"};
    static const char *const bad[] = {"",       ".",        "..",    "a..b",
                                      ".a",     "a.b..",    "a b",   "a\tb",
                                      "\x7f.b", "\xc3\xa4", "a\nb.c"};
    for (size_t i = 0; i < LEN(good); i++)
        assert_true(dns_wire_name_ok(good[i]));
    for (size_t i = 0; i < LEN(bad); i++) {
        assert_false(dns_wire_name_ok(bad[i]));
        assert_int_equal(dns_wire_query(1, bad[i], DNS_WIRE_A, NULL, true,
                                        t.query, sizeof t.query),
                         RC_BAD);
    }
    memset(text, 'a', sizeof text);
    text[63] = 0;
    assert_true(dns_wire_name_ok(text));
    text[63] = 'a';
    text[64] = 0;
    assert_false(dns_wire_name_ok(text));
    for (size_t len = 240; len < 260; len++) {
        memset(text, 'a', sizeof text);
        text[50] = text[100] = text[150] = text[200] = '.';
        text[len] = 0;
        assert_int_equal(dns_wire_name_ok(text), len <= 253);
        int rc = dns_wire_query(1, text, DNS_WIRE_A, NULL, true, t.query,
                                sizeof t.query);
        assert_int_equal(rc,
                         len <= 253 ? (int)(12 + len + 2 + 4 + 11) : RC_BAD);
        text[len] = '.'; /* the root's dot is no byte more on the wire */
        text[len + 1] = 0;
        assert_int_equal(dns_wire_name_ok(text), len <= 253);
    }
    for (size_t cap = 0; cap < 40; cap++) {
        int rc =
            dns_wire_query(1, "ab.cd", DNS_WIRE_A, NULL, true, t.query, cap);
        assert_int_equal(rc, cap < 34 ? RC_SPACE : 34);
    }
}

/* Chance decides about letters, and about nothing else. */
static void mixed(void **state)
{
    (void)state;
    uint8_t plain[DNS_WIRE_QUERY], mix[DNS_WIRE_MIX];
    ask("time-1.Example", DNS_WIRE_AAAA);
    memcpy(plain, t.query, sizeof plain);
    memset(mix, 0xff, sizeof mix);
    int len = dns_wire_query(0x1234, "time-1.Example", DNS_WIRE_AAAA, mix, true,
                             t.query, sizeof t.query);
    assert_int_equal(len, t.query_len);
    assert_memory_equal(t.query + 12, "\6TIME-1\7eXAMPLE", 15);
    assert_memory_equal(t.query + 27, plain + 27, (size_t)len - 27);

    dns_begin(&t.m, plain, t.query_len, 0x8180);
    dns_a(&t.m, NULL, DNS_QUESTION, 1, 60);
    assert_int_equal(read_it(), RC_AUTH); /* letters are not as asked */
    assert_int_equal(
        dns_wire_read(t.query, t.query_len, true, t.m.b, t.m.len, &t.a), RC_OK);
}

static void chains(void **state)
{
    (void)state;
    ask("a.example", DNS_WIRE_A); /* in order, each pointing to the last */
    size_t b = dns_cname(&t.m, NULL, DNS_QUESTION, "b.example", 70);
    size_t c = dns_cname(&t.m, NULL, b, "c.other", 50);
    dns_a(&t.m, NULL, c, 1, 60);
    dns_a(&t.m, NULL, c, 2, 60);
    assert_int_equal(read_it(), RC_OK);
    assert_int_equal(t.a.count, 2);
    assert_int_equal(t.a.ttl_s, 50);
    assert_memory_equal(t.a.addr[1], "\xc0\0\2\2", 4);

    ask("a.example", DNS_WIRE_AAAA); /* the addresses first, in any letters */
    dns_aaaa(&t.m, "C.OTHER", 0, 7, 60);
    (void)dns_cname(&t.m, "b.EXAMPLE", 0, "c.Other", 70);
    (void)dns_cname(&t.m, "A.example", 0, "B.example", 40);
    assert_int_equal(read_it(), RC_OK);
    assert_int_equal(t.a.count, 1);
    assert_int_equal(t.a.addr[0][15], 7);
    assert_int_equal(t.a.ttl_s, 40);
}

/* A name that nobody asked for has no say. */
static void others(void **state)
{
    (void)state;
    ask("a.example", DNS_WIRE_A);
    dns_a(&t.m, "b.example", 0, 66, 60);
    dns_a(&t.m, "a.example.evil", 0, 66, 60);
    dns_a(&t.m, "example", 0, 66, 60);
    dns_aaaa(&t.m, NULL, DNS_QUESTION, 66, 60);
    uint8_t four[4] = {192, 0, 2, 66};
    (void)dns_record(&t.m, 1, "a.example", 0, DNS_WIRE_A, 60, four, 4);
    (void)dns_record(&t.m, 2, "a.example", 0, DNS_WIRE_A, 60, four, 4);
    size_t chaos = dns_record(&t.m, 2, "a.example", 0, DNS_WIRE_A, 60, four, 4);
    t.m.b[chaos - 7] = 3; /* class CH */
    assert_int_equal(read_it(), RC_OK);
    assert_int_equal(t.a.count, 0);
}

static void circles(void **state)
{
    (void)state;
    ask("a.example", DNS_WIRE_A);
    (void)dns_cname(&t.m, "a.example", 0, "a.example", 60);
    dns_a(&t.m, "a.example", 0, 1, 60);
    assert_int_equal(read_it(), RC_OK);
    assert_true(t.a.endless && t.a.count == 0);

    for (unsigned n = DNS_WIRE_CNAMES; n <= DNS_WIRE_CNAMES + 1; n++) {
        char from[] = "a.x", to[] = "b.x";
        ask("a.x", DNS_WIRE_A);
        for (unsigned i = 0; i < n; i++, from[0]++, to[0]++)
            (void)dns_cname(&t.m, from, 0, to, 60);
        dns_a(&t.m, from, 0, 1, 60);
        assert_int_equal(read_it(), RC_OK);
        assert_int_equal(t.a.endless, n > DNS_WIRE_CNAMES);
        assert_int_equal(t.a.count, n <= DNS_WIRE_CNAMES);
    }
}

/* Pointers to themselves, forward, into the header, beyond the end; labels
 * of reserved kinds; a name that pointers make longer than 255 bytes. */
static void pointers(void **state)
{
    (void)state;
    for (unsigned to = 0; to < 0x4000; to++) {
        ask("a.example", DNS_WIRE_A);
        size_t at = t.m.len;
        dns_a(&t.m, NULL, to, 1, 60);
        int rc = read_it();
        if (to < DNS_QUESTION || to >= at)
            assert_int_equal(rc, RC_BAD);
    }
    for (unsigned kind = 0x40; kind <= 0x80; kind += 0x40) {
        ask("a.example", DNS_WIRE_A);
        size_t at = t.m.len;
        dns_a(&t.m, NULL, DNS_QUESTION, 1, 60);
        t.m.b[at] = (uint8_t)kind;
        assert_int_equal(read_it(), RC_BAD);
    }
    char label[64];
    memset(label, 'a', 63);
    label[63] = 0;
    ask("a.example", DNS_WIRE_A);
    size_t last = DNS_QUESTION;
    for (int i = 0; i < 4; i++) { /* 63.63.63.63.a.example: 267 bytes */
        uint8_t data[66] = {63};
        memset(data + 1, 'a', 63);
        bytes_put16(data + 64, (uint16_t)(0xc000 | last));
        last = dns_record(&t.m, 0, NULL, DNS_QUESTION, 5, 60, data, 66);
        assert_int_equal(read_it(), i < 3 ? RC_OK : RC_BAD);
    }
}

static void malformed(void **state)
{
    (void)state;
    uint8_t data[16] = {0};
    for (unsigned type = 1; type <= 28; type += 27)
        for (size_t len = 0; len <= 16; len++) {
            ask("a.example", DNS_WIRE_A);
            (void)dns_record(&t.m, 0, NULL, DNS_QUESTION, type, 60, data, len);
            bool right = len == (type == 1 ? 4 : 16);
            assert_int_equal(read_it(), right ? RC_OK : RC_BAD);
        }
    ask("a.example", DNS_WIRE_A); /* a CNAME longer than its name */
    (void)dns_record(&t.m, 0, NULL, DNS_QUESTION, 5, 60, "\1a\0x", 4);
    assert_int_equal(read_it(), RC_BAD);
    for (unsigned section = 0; section < 3; section++) {
        ask("a.example", DNS_WIRE_A); /* a record fewer than announced */
        dns_a(&t.m, NULL, DNS_QUESTION, 1, 60);
        bytes_put16(t.m.b + 6 + 2 * section, 0xffff);
        assert_int_equal(read_it(), RC_BAD);
        t.m.b[2] |= 2; /* TC: cut off is what it says it is */
        assert_int_equal(read_it(), RC_OK);
        assert_true(t.a.truncated && t.a.count == 0);
    }
}

static void strangers(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t flip;
    } bit[] = {{0, 1},  {1, 1},     {2, 0x80}, {2, 0x08}, {5, 1},
               {13, 1}, {13, 0x20}, {24, 1},   {26, 1}};
    for (size_t i = 0; i < LEN(bit); i++) {
        ask("a.example", DNS_WIRE_A);
        dns_a(&t.m, NULL, DNS_QUESTION, 1, 60);
        t.m.b[bit[i].at] ^= bit[i].flip;
        assert_int_equal(read_it(), RC_AUTH);
    }
    ask("a.example", DNS_WIRE_A);
    for (size_t len = 0; len < t.m.len; len++)
        assert_int_equal(
            dns_wire_read(t.query, t.query_len, false, t.m.b, len, &t.a),
            RC_AUTH);
    assert_int_equal(
        dns_wire_read(t.query, t.query_len, false, t.query, t.query_len, &t.a),
        RC_AUTH); /* our own question, sent back */
}

static void denials(void **state)
{
    (void)state;
    ask("a.example", DNS_WIRE_A);
    t.m.b[3] |= DNS_WIRE_NXDOMAIN;
    dns_soa(&t.m, 900, 300);
    assert_int_equal(read_it(), RC_OK);
    assert_int_equal(t.a.rcode, DNS_WIRE_NXDOMAIN);
    assert_int_equal(t.a.ttl_s, 300);
    assert_false(t.a.referral);

    ask("a.example", DNS_WIRE_A); /* the alias is there, its name is not */
    (void)dns_cname(&t.m, NULL, DNS_QUESTION, "b.example", 5);
    dns_soa(&t.m, 200, 300);
    assert_int_equal(read_it(), RC_OK);
    assert_int_equal(t.a.ttl_s, 200);

    ask("a.example", DNS_WIRE_A);
    (void)dns_record(&t.m, 1, "example", 0, 2, 60, "\2ns\0", 4);
    assert_int_equal(read_it(), RC_OK);
    assert_true(t.a.referral);
    dns_soa(&t.m, 900, 300);
    assert_int_equal(read_it(), RC_OK);
    assert_false(t.a.referral);
}

static void small_things(void **state)
{
    (void)state;
    ask("a.example", DNS_WIRE_A); /* RFC 6891 section 6.1.3: BADVERS */
    (void)dns_record(&t.m, 2, "", 0, 41, 0x01000000, NULL, 0);
    assert_int_equal(read_it(), RC_OK);
    assert_int_equal(t.a.rcode, DNS_WIRE_BADVERS);

    ask("a.example", DNS_WIRE_A);
    dns_a(&t.m, NULL, DNS_QUESTION, 1, 0x80000001); /* RFC 2181 section 8 */
    assert_int_equal(read_it(), RC_OK);
    assert_int_equal(t.a.ttl_s, 0);

    ask("a.example", DNS_WIRE_A);
    for (unsigned i = 1; i <= 40; i++)
        dns_a(&t.m, NULL, DNS_QUESTION, i, 60);
    assert_int_equal(read_it(), RC_OK);
    assert_int_equal(t.a.count, LIMIT_DNS_ADDRESSES);
    assert_int_equal(t.a.addr[LIMIT_DNS_ADDRESSES - 1][3], LIMIT_DNS_ADDRESSES);

    ask("a.example", DNS_WIRE_A); /* an error's records are not looked at */
    t.m.b[3] |= DNS_WIRE_SERVFAIL;
    dns_a(&t.m, NULL, DNS_QUESTION, 1, 60);
    assert_int_equal(read_it(), RC_OK);
    assert_int_equal(t.a.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),     cmocka_unit_test(mixed),
        cmocka_unit_test(chains),    cmocka_unit_test(others),
        cmocka_unit_test(circles),   cmocka_unit_test(pointers),
        cmocka_unit_test(malformed), cmocka_unit_test(strangers),
        cmocka_unit_test(denials),   cmocka_unit_test(small_things),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
