/* core/x509_cert and core/x509_names: what certificates say, and for whom
 * they may speak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/x509_cert.h"
#include "core/x509_names.h"
#include "adapters/tls_roots.h"

/* ---- DER by hand ---------------------------------------------------------- */

struct piece {
    uint8_t b[4096];
    size_t len;
};

static struct piece bytes(const void *p, size_t len)
{
    struct piece d = {.len = len};
    assert_true(len <= sizeof d.b);
    memcpy(d.b, p, len);
    return d;
}

static struct piece join(struct piece a, struct piece b)
{
    assert_true(a.len + b.len <= sizeof a.b);
    memcpy(a.b + a.len, b.b, b.len);
    a.len += b.len;
    return a;
}

static struct piece tlv(uint8_t tag, struct piece value)
{
    uint8_t head[4] = {tag, (uint8_t)value.len};
    size_t n = 2;
    if (value.len >= 256) {
        head[1] = 0x82;
        head[2] = (uint8_t)(value.len >> 8);
        head[3] = (uint8_t)value.len;
        n = 4;
    } else if (value.len >= 128) {
        head[1] = 0x81;
        head[2] = (uint8_t)value.len;
        n = 3;
    }
    return join(bytes(head, n), value);
}

static struct piece text(uint8_t tag, const char *s)
{
    return tlv(tag, bytes(s, strlen(s)));
}

static struct der_view view(const struct piece *d)
{
    return (struct der_view){d->b, d->len};
}

#define DNS 0x82
#define IP  0x87

static struct piece subtree(struct piece base)
{
    return tlv(DER_SEQUENCE, base);
}

static struct piece permitted(struct piece subtrees)
{
    return tlv(0xa0, subtrees);
}

static struct piece excluded(struct piece subtrees)
{
    return tlv(0xa1, subtrees);
}

/* ---- names ---------------------------------------------------------------- */

static int match(struct piece san, const char *host)
{
    struct x509_host h;
    assert_int_equal(x509_host_of(&h, host), RC_OK);
    return x509_names_match(view(&san), &h);
}

static void hosts(void **state)
{
    (void)state;
    struct x509_host h;
    assert_int_equal(x509_host_of(&h, "NTS1.Test."), RC_OK);
    assert_int_equal(h.addr.family, 0);
    assert_int_equal(h.len, 9);
    assert_memory_equal(h.name, "nts1.test", 9);
    assert_int_equal(x509_host_of(&h, "192.0.2.7"), RC_OK);
    assert_true(h.addr.family == 4 && h.addr.b[3] == 7);
    assert_int_equal(x509_host_of(&h, "2001:db8::7"), RC_OK);
    assert_true(h.addr.family == 6 && h.addr.b[15] == 7);
    static const char *const no[] = {"", ".", ":", "1:2", "::g", "a:b"};
    for (size_t i = 0; i < LEN(no); i++)
        assert_int_equal(x509_host_of(&h, no[i]), RC_BAD);
    assert_int_equal(x509_host_of(&h, "1.2.3"), RC_OK);
    assert_int_equal(h.addr.family, 0); /* a name, though an odd one */
}

static void names_match(void **state)
{
    (void)state;
    struct piece san = join(text(DNS, "nts1.test"), text(DNS, "*.b.example"));
    san = join(san, tlv(IP, bytes("\x0a\x00\x02\x02", 4)));
    assert_int_equal(match(san, "nts1.test"), RC_OK);
    assert_int_equal(match(san, "NTS1.TEST."), RC_OK);
    assert_int_equal(match(san, "x.nts1.test"), RC_AUTH);
    assert_int_equal(match(san, "a.b.example"), RC_OK);
    assert_int_equal(match(san, "b.example"), RC_AUTH);
    assert_int_equal(match(san, "x.a.b.example"), RC_AUTH);
    assert_int_equal(match(san, "10.0.2.2"), RC_OK);
    assert_int_equal(match(san, "10.0.2.3"), RC_AUTH);
    assert_int_equal(match(text(DNS, "10.0.2.2"), "10.0.2.2"), RC_AUTH);
    assert_int_equal(match(text(IP, "nts1"), "nts1"), RC_AUTH);
    assert_int_equal(match(text(DNS, "*.test"), "nts1.test"), RC_AUTH);
    assert_int_equal(match(text(DNS, "n*.b.test"), "nts.b.test"), RC_AUTH);
    assert_int_equal(match(text(DNS, "*"), "test"), RC_AUTH);
    assert_int_equal(match(tlv(DNS, bytes("nts1.test\0x", 11)), "nts1.test"),
                     RC_AUTH);
    assert_int_equal(match(bytes("", 0), "nts1.test"), RC_AUTH);
    assert_int_equal(match(bytes("\x82\x7f"
                                 "a",
                                 3),
                           "a"),
                     RC_BAD);
}

static int judge(struct piece constraints, struct piece san, const char *host)
{
    struct x509_host h;
    static const uint8_t no_subject[] = {0x30, 0};
    assert_int_equal(x509_host_of(&h, host), RC_OK);
    return x509_names_permitted(view(&constraints), view(&san),
                                (struct der_view){no_subject, 2}, &h);
}

static void dns_constraints(void **state)
{
    (void)state;
    struct piece host = text(DNS, "nts1.test");
    struct piece only = permitted(subtree(text(DNS, "test")));
    assert_int_equal(judge(only, host, "nts1.test"), RC_OK);
    assert_int_equal(judge(only, text(DNS, "nts1.best"), "nts1.best"), RC_AUTH);
    assert_int_equal(judge(only, text(DNS, "nts1test"), "nts1test"), RC_AUTH);
    /* one name too many spoils the others */
    assert_int_equal(judge(only, join(host, text(DNS, "x.org")), "nts1.test"),
                     RC_AUTH);
    /* a form that nobody constrains is free */
    assert_int_equal(
        judge(only, join(host, tlv(IP, bytes("\1\2\3\4", 4))), "nts1.test"),
        RC_OK);
    assert_int_equal(
        judge(permitted(subtree(text(DNS, "NTS1.Test"))), host, "nts1.test"),
        RC_OK);
    assert_int_equal(
        judge(permitted(subtree(text(DNS, ".test"))), host, "nts1.test"),
        RC_OK);
    assert_int_equal(
        judge(permitted(subtree(text(DNS, ".nts1.test"))), host, "nts1.test"),
        RC_AUTH);
    assert_int_equal(
        judge(permitted(subtree(text(DNS, ""))), host, "nts1.test"), RC_OK);
    assert_int_equal(judge(permitted(join(subtree(text(DNS, "a.b")),
                                          subtree(text(DNS, "test")))),
                           host, "nts1.test"),
                     RC_OK);
    struct piece never = excluded(subtree(text(DNS, "nts1.test")));
    assert_int_equal(judge(never, host, "nts1.test"), RC_AUTH);
    assert_int_equal(judge(never, text(DNS, "nts2.test"), "nts2.test"), RC_OK);
    assert_int_equal(judge(join(only, never), host, "nts1.test"), RC_AUTH);
    /* a wildcard that stands for an excluded name */
    assert_int_equal(judge(excluded(subtree(text(DNS, "a.b.test"))),
                           text(DNS, "*.b.test"), "a.b.test"),
                     RC_AUTH);
}

static void address_constraints(void **state)
{
    (void)state;
    struct piece host = tlv(IP, bytes("\x0a\x00\x02\x02", 4));
    struct piece ten = subtree(tlv(IP, bytes("\x0a\0\0\0\xff\0\0\0", 8)));
    struct piece eleven = subtree(tlv(IP, bytes("\x0b\0\0\0\xff\0\0\0", 8)));
    struct piece holes = subtree(tlv(IP, bytes("\x0a\0\0\0\xff\0\xff\0", 8)));
    struct piece cut = subtree(tlv(IP, bytes("\x0a\0\0\0\xff\0\0", 7)));
    static const uint8_t all6[32] = {0};
    struct piece six = subtree(tlv(IP, bytes(all6, 32)));
    assert_int_equal(judge(permitted(ten), host, "10.0.2.2"), RC_OK);
    assert_int_equal(judge(permitted(eleven), host, "10.0.2.2"), RC_AUTH);
    assert_int_equal(judge(permitted(join(eleven, ten)), host, "10.0.2.2"),
                     RC_OK);
    assert_int_equal(judge(excluded(ten), host, "10.0.2.2"), RC_AUTH);
    assert_int_equal(judge(excluded(six), host, "10.0.2.2"), RC_OK);
    assert_int_equal(judge(permitted(six), host, "10.0.2.2"), RC_AUTH);
    assert_int_equal(judge(permitted(holes), host, "10.0.2.2"), RC_BAD);
    assert_int_equal(judge(permitted(cut), host, "10.0.2.2"), RC_BAD);
}

static struct piece attribute(uint8_t kind, uint8_t string, const char *value)
{
    uint8_t oid[] = {DER_OID, 3, 0x55, 4, kind};
    struct piece both = join(bytes(oid, sizeof oid), text(string, value));
    return tlv(DER_SET, tlv(DER_SEQUENCE, both));
}

static void other_constraints(void **state)
{
    (void)state;
    struct piece org = attribute(10, 0x0c, "Example");
    struct piece subject =
        tlv(DER_SEQUENCE, join(attribute(10, 0x13, "EXAMPLE"),
                               attribute(3, 0x0c, "nts1.test")));
    struct piece base = subtree(tlv(0xa4, tlv(DER_SEQUENCE, org)));
    struct piece other =
        subtree(tlv(0xa4, tlv(DER_SEQUENCE, attribute(10, 0x0c, "Elsewhere"))));
    struct piece in = permitted(base), out = excluded(base),
                 away = permitted(other);
    const struct der_view none = {NULL, 0};
    assert_int_equal(
        x509_names_permitted(view(&in), none, view(&subject), NULL), RC_OK);
    assert_int_equal(
        x509_names_permitted(view(&out), none, view(&subject), NULL), RC_AUTH);
    assert_int_equal(
        x509_names_permitted(view(&away), none, view(&subject), NULL), RC_AUTH);
    /* a registered number: cannot be compared, so it must not be there */
    struct piece number = permitted(subtree(text(0x88, "*")));
    assert_int_equal(judge(number, text(DNS, "nts1.test"), "nts1.test"), RC_OK);
    assert_int_equal(judge(number,
                           join(text(DNS, "nts1.test"), text(0x88, "*")),
                           "nts1.test"),
                     RC_AUTH);
    assert_int_equal(judge(tlv(0xa2, base), text(DNS, "a"), "a"), RC_BAD);
    assert_int_equal(judge(permitted(text(DNS, "a")), text(DNS, "a"), "a"),
                     RC_BAD);
}

/* A name beside nts1.test, held against a constraint of its form. */
static void mail_and_uri(void **state)
{
    (void)state;
    static const struct {
        uint8_t form;
        const char *base, *name;
        int in, out; /* where that is permitted, where it is excluded */
    } rows[] = {
        {0x81, "example.org", "a@example.org", RC_OK, RC_AUTH},
        {0x81, "Example.org", "a@eXample.org", RC_OK, RC_AUTH},
        {0x81, "example.org", "a@b.example.org", RC_AUTH, RC_OK},
        {0x81, ".example.org", "a@b.example.org", RC_OK, RC_AUTH},
        {0x81, ".example.org", "a@example.org", RC_AUTH, RC_OK},
        {0x81, ".example.org", "a@b.xexample.org", RC_AUTH, RC_OK},
        {0x81, "a@example.org", "a@example.org", RC_OK, RC_AUTH},
        {0x81, "a@example.org", "b@example.org", RC_AUTH, RC_OK},
        {0x81, "", "a@example.org", RC_OK, RC_AUTH},
        {0x81, "example.org", "no mail address", RC_AUTH, RC_AUTH},
        {0x86, "example.org", "https://example.org", RC_OK, RC_AUTH},
        {0x86, "example.org", "x://u@example.org:1/b", RC_OK, RC_AUTH},
        {0x86, "example.org", "x://b.example.org?a", RC_AUTH, RC_OK},
        {0x86, ".example.org", "x://b.example.org#a", RC_OK, RC_AUTH},
        {0x86, ".example.org", "x://example.org", RC_AUTH, RC_OK},
        {0x86, "nts1", "x://nts1/", RC_OK, RC_AUTH},
        {0x86, "", "x://10.0.2.2/", RC_AUTH, RC_AUTH},
        {0x86, "", "x://[::1]/", RC_AUTH, RC_AUTH},
        {0x86, "", "urn:nts", RC_AUTH, RC_AUTH},
        {0x86, "", "no URI", RC_AUTH, RC_AUTH},
        {0x86, "", "x:///", RC_AUTH, RC_AUTH},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct piece base = subtree(text(rows[i].form, rows[i].base));
        struct piece both =
            join(text(DNS, "nts1.test"), text(rows[i].form, rows[i].name));
        assert_int_equal(judge(permitted(base), both, "nts1.test"), rows[i].in);
        assert_int_equal(judge(excluded(base), both, "nts1.test"), rows[i].out);
    }
    /* the subject's own, type 1.2.840.113549.1.9.1 */
    struct piece type =
        tlv(DER_OID, bytes("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", 9));
    struct piece subject =
        tlv(DER_SEQUENCE,
            tlv(DER_SET, tlv(DER_SEQUENCE, join(type, text(0x16, "a@test")))));
    struct piece in = permitted(subtree(text(0x81, "test"))),
                 out = permitted(subtree(text(0x81, "example")));
    const struct der_view none = {NULL, 0};
    assert_int_equal(
        x509_names_permitted(view(&in), none, view(&subject), NULL), RC_OK);
    assert_int_equal(
        x509_names_permitted(view(&out), none, view(&subject), NULL), RC_AUTH);
}

static void names_of_authorities(void **state)
{
    (void)state;
    struct piece one = tlv(DER_SEQUENCE, join(attribute(10, 0x0c, "Example"),
                                              attribute(3, 0x0c, "CA 1")));
    struct piece other[] = {
        tlv(DER_SEQUENCE,
            join(attribute(10, 0x13, "EXAMPLE"), attribute(3, 0x0c, "ca 1"))),
        tlv(DER_SEQUENCE,
            join(attribute(3, 0x0c, "CA 1"), attribute(10, 0x0c, "Example"))),
        tlv(DER_SEQUENCE, attribute(10, 0x0c, "Example")),
        tlv(DER_SEQUENCE,
            join(attribute(10, 0x0c, "Example"), attribute(3, 0x0c, "CA 2"))),
    };
    assert_true(x509_names_same(view(&one), view(&one)));
    for (size_t i = 0; i < LEN(other); i++) {
        assert_int_equal(x509_names_same(view(&one), view(&other[i])), i == 0);
        assert_int_equal(x509_names_hash(view(&one)) ==
                             x509_names_hash(view(&other[i])),
                         i == 0);
    }
}

/* ---- certificates --------------------------------------------------------- */

static struct piece oid_of(const char *b, size_t len)
{
    return tlv(DER_OID, bytes(b, len));
}

static struct piece rsa(unsigned bits, unsigned exponent_bits)
{
    struct piece n = {.len = bits / 8}, e = {.len = (exponent_bits + 7) / 8};
    memset(n.b, 0xff, n.len);
    memset(e.b, 0xff, e.len);
    e.b[0] = (uint8_t)(0xff >> (7 - (exponent_bits + 7) % 8));
    struct piece zero = bytes("", 1);
    struct piece key = tlv(DER_SEQUENCE, join(tlv(DER_INTEGER, join(zero, n)),
                                              tlv(DER_INTEGER, join(zero, e))));
    return tlv(DER_SEQUENCE,
               join(tlv(DER_SEQUENCE,
                        oid_of("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9)),
                    tlv(DER_BIT_STRING, join(zero, key))));
}

static struct piece spki(const char *oid, size_t len, const char *curve,
                         size_t curve_len)
{
    struct piece a = oid_of(oid, len);
    if (curve)
        a = join(a, oid_of(curve, curve_len));
    return tlv(DER_SEQUENCE, join(tlv(DER_SEQUENCE, a),
                                  tlv(DER_BIT_STRING, bytes("\0\4", 2))));
}

static const char *method = "\x2a\x86\x48\xce\x3d\x04\x03\x02";

static struct piece cert(struct piece key, struct piece extensions)
{
    struct piece alg = tlv(DER_SEQUENCE, oid_of(method, strlen(method)));
    struct piece name = tlv(DER_SEQUENCE, attribute(3, 0x0c, "a \"b\"\x01"));
    struct piece tbs = tlv(0xa0, tlv(DER_INTEGER, bytes("\2", 1)));
    tbs = join(tbs, tlv(DER_INTEGER, bytes("\1", 1)));
    tbs = join(join(tbs, alg), name);
    tbs = join(tbs, tlv(DER_SEQUENCE, bytes("", 0)));
    tbs = join(join(tbs, name), key);
    if (extensions.len)
        tbs = join(tbs, tlv(0xa3, tlv(DER_SEQUENCE, extensions)));
    struct piece all = join(tlv(DER_SEQUENCE, tbs), alg);
    return tlv(DER_SEQUENCE, join(all, tlv(DER_BIT_STRING, bytes("\0\0", 2))));
}

static struct piece ext(const char *oid, size_t len, bool critical,
                        struct piece value)
{
    struct piece e = oid_of(oid, len);
    if (critical)
        e = join(e, tlv(DER_BOOLEAN, bytes("\xff", 1)));
    return tlv(DER_SEQUENCE, join(e, tlv(DER_OCTET_STRING, value)));
}

static const struct piece none;

static void says(struct piece c, const char *want)
{
    struct x509_cert r;
    char why[100] = "";
    assert_int_equal(x509_cert_read(&r, c.b, c.len), RC_OK);
    assert_int_equal(r.len, c.len);
    bool refused = x509_cert_refuse(&r, why, sizeof why);
    if (refused != (want[0] != 0) || !strstr(why, want))
        print_error("wanted \"%s\", got \"%s\"\n", want, why);
    assert_true(refused == (want[0] != 0) && strstr(why, want));
}

static void keys(void **state)
{
    (void)state;
    says(cert(rsa(2048, 17), none), "");
    says(cert(rsa(4096, 17), none), "");
    says(cert(rsa(4096, 33), none), "");
    says(cert(rsa(2048, 2), none), "");
    says(cert(rsa(1024, 17), none), "(RSA-1024) that is too weak");
    says(cert(rsa(8192, 17), none), "(RSA-8192) longer than 4096");
    says(cert(rsa(4096, 34), none), "exponent of 34 bits");
    says(cert(rsa(2048, 2047), none), "exponent of 2047 bits");
    says(cert(rsa(2048, 1), none), "exponent that protects nothing");
    const char *ec = "\x2a\x86\x48\xce\x3d\x02\x01";
    says(cert(spki(ec, 7, "\x2a\x86\x48\xce\x3d\x03\x01\x07", 8), none), "");
    says(cert(spki(ec, 7, "\x2b\x81\x04\x00\x22", 5), none), "");
    says(cert(spki(ec, 7, "\x2b\x81\x04\x00\x23", 5), none),
         "(P-521) that is not supported");
    says(cert(spki(ec, 7, "\x2b\x81\x04\x00\x99", 5), none), "unknown curve");
    says(cert(spki("\x2b\x65\x70", 3, NULL, 0), none), "(Ed25519)");
    says(cert(spki("\x2b\x65\x71", 3, NULL, 0), none), "(Ed448)");
    says(cert(spki("\x2b\x65\x01", 3, NULL, 0), none), "unknown kind");
}

static void methods(void **state)
{
    (void)state;
    static const struct {
        const char *oid, *want;
    } row[] = {
        {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", ""},
        {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", ""},
        {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", "signed with MD5"},
        {"\x2b\x65\x70", "signed with Ed25519, which is not supported"},
        {"\x60\x86\x48\x01\x65\x03\x04\x03\x12", "signed with ML-DSA-65"},
        {"\x2a\x03", "signed with an unknown method"},
        {"\x2a\x86\x48\xce\x3d\x04\x03\x02", ""}, /* for the others */
    };
    for (size_t i = 0; i < LEN(row); i++) {
        method = row[i].oid;
        says(cert(rsa(2048, 17), none), row[i].want);
    }
}

static void extensions(void **state)
{
    (void)state;
    struct piece key = rsa(2048, 17), many = {.len = 0};
    struct piece sequence = tlv(DER_SEQUENCE, none);
    says(cert(key, ext("\x2a\x03\x04", 3, false, sequence)), "");
    says(cert(key, ext("\x2a\x86\x48\x04", 4, true, sequence)),
         "not supported: 1.2.840.4");
    says(cert(key, ext("\x55\x1d\x24", 3, true, sequence)),
         "policy constraints");
    says(cert(key, ext("\x55\x1d\x20", 3, true, sequence)), "");
    says(cert(key, ext("\x55\x1d\x1e", 3, true, sequence)), "");
    struct piece san = ext("\x55\x1d\x11", 3, false,
                           tlv(DER_SEQUENCE, text(DNS, "nts1.test")));
    struct piece ca =
        ext("\x55\x1d\x13", 3, true,
            tlv(DER_SEQUENCE, tlv(DER_BOOLEAN, bytes("\xff", 1))));
    struct piece c = cert(key, join(san, ca));
    struct x509_cert r;
    assert_int_equal(x509_cert_read(&r, c.b, c.len), RC_OK);
    assert_true(r.ca && r.san.len == 11 && !r.constraints.p);
    c = cert(key, join(san, san));
    assert_int_equal(x509_cert_read(&r, c.b, c.len), RC_BAD);
    for (unsigned i = 0; i < 300; i++)
        many = join(many, text(DNS, "a"));
    says(cert(key, ext("\x55\x1d\x11", 3, false, tlv(DER_SEQUENCE, many))),
         "302 names, more than 256");
}

static void common_names(void **state)
{
    (void)state;
    struct piece c = cert(rsa(2048, 17), none);
    struct x509_cert r;
    char name[8];
    assert_int_equal(x509_cert_read(&r, c.b, c.len), RC_OK);
    x509_cert_common_name(r.subject, name, sizeof name);
    assert_string_equal(name, "a ?b??");
    x509_cert_common_name(r.subject, name, 3);
    assert_string_equal(name, "a ");
    x509_cert_common_name((struct der_view){NULL, 0}, name, sizeof name);
    assert_string_equal(name, "");
}

/* Cut anywhere, it is no certificate, and nobody reads past its end. */
static void cut_anywhere(void **state)
{
    (void)state;
    struct piece san = ext("\x55\x1d\x11", 3, false,
                           tlv(DER_SEQUENCE, text(DNS, "nts1.test")));
    struct piece c = cert(rsa(2048, 17), san);
    for (size_t n = 0; n < c.len; n++) {
        uint8_t *exact = test_malloc(n ? n : 1);
        struct x509_cert r;
        memcpy(exact, c.b, n);
        assert_int_equal(x509_cert_read(&r, exact, n), RC_BAD);
        test_free(exact);
    }
}

/* Whom the system trusts is not refused. */
static void bundle(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < tls_roots_count; i++) {
        uint8_t der[TLS_ROOT_MAX];
        size_t len = tls_root_der(i, der);
        struct x509_cert c;
        char why[100], name[40];
        assert_int_equal(x509_cert_read(&c, der, len), RC_OK);
        assert_int_equal(c.len, len);
        assert_true(c.ca || c.names > 0);
        if (x509_cert_refuse(&c, why, sizeof why)) {
            x509_cert_common_name(c.subject, name, sizeof name);
            fail_msg("%s %s", name, why);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts),
        cmocka_unit_test(names_match),
        cmocka_unit_test(dns_constraints),
        cmocka_unit_test(address_constraints),
        cmocka_unit_test(other_constraints),
        cmocka_unit_test(mail_and_uri),
        cmocka_unit_test(names_of_authorities),
        cmocka_unit_test(keys),
        cmocka_unit_test(methods),
        cmocka_unit_test(extensions),
        cmocka_unit_test(common_names),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(bundle),
    };
    return cmocka_run_group_tests_name("x509", tests, NULL, NULL);
}
