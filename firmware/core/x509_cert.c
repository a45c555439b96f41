#include "x509_cert.h"

#include "base.h"
#include "fmt.h"

/* ---- the key ------------------------------------------------------------- */

#define OID(bytes)                                                             \
    {                                                                          \
        (const uint8_t *)(bytes), sizeof(bytes) - 1                            \
    }

static const struct key_kind {
    struct der_view oid;
    enum x509_key key;
    const char *name;
} kinds[] = {
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), X509_KEY_RSA, "RSA"},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), X509_KEY_OTHER, "RSA-PSS"},
    {OID("\x2a\x86\x48\xce\x38\x04\x01"), X509_KEY_OTHER, "DSA"},
    {OID("\x2b\x65\x6e"), X509_KEY_OTHER, "X25519"},
    {OID("\x2b\x65\x70"), X509_KEY_OTHER, "Ed25519"},
    {OID("\x2b\x65\x71"), X509_KEY_OTHER, "Ed448"},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x11"), X509_KEY_OTHER, "ML-DSA-44"},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x12"), X509_KEY_OTHER, "ML-DSA-65"},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x03\x13"), X509_KEY_OTHER, "ML-DSA-87"},
};

static const struct key_kind curves[] = {
    {OID("\x2a\x86\x48\xce\x3d\x03\x01\x07"), X509_KEY_P256, "P-256"},
    {OID("\x2b\x81\x04\x00\x22"), X509_KEY_P384, "P-384"},
    {OID("\x2b\x81\x04\x00\x23"), X509_KEY_OTHER, "P-521"},
    {OID("\x2b\x81\x04\x00\x21"), X509_KEY_OTHER, "P-224"},
    {OID("\x2a\x86\x48\xce\x3d\x03\x01\x01"), X509_KEY_OTHER, "P-192"},
    {OID("\x2b\x81\x04\x00\x0a"), X509_KEY_OTHER, "secp256k1"},
    {OID("\x2b\x24\x03\x03\x02\x08\x01\x01\x07"), X509_KEY_OTHER,
     "brainpoolP256r1"},
    {OID("\x2b\x24\x03\x03\x02\x08\x01\x01\x0b"), X509_KEY_OTHER,
     "brainpoolP384r1"},
};

/* Signature algorithms that we have begin like these (RFC 8017 appendix A.2,
 * RFC 5758 section 3.2); what is too weak among them is refused where it is
 * verified. */
static const struct der_view methods[] = {
    OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01"),
    OID("\x2a\x86\x48\xce\x3d\x04\x03"),
    OID("\x2a\x86\x48\xce\x3d\x04\x01"),
};
static const uint8_t md5[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                              0x0d, 0x01, 0x01, 0x04};

static const uint8_t ec_public_key[] = {0x2a, 0x86, 0x48, 0xce,
                                        0x3d, 0x02, 0x01};

static void set_kind(struct x509_cert *c, const struct key_kind *k, size_t n,
                     struct der_view oid)
{
    for (size_t i = 0; i < n; i++)
        if (der_is(oid, k[i].oid.p, k[i].oid.len)) {
            c->key = k[i].key;
            c->key_name = k[i].name;
        }
}

static unsigned bits(struct der_view integer)
{
    while (integer.len > 0 && integer.p[0] == 0) {
        integer.p++;
        integer.len--;
    }
    if (integer.len == 0)
        return 0;
    unsigned n = (unsigned)(integer.len - 1) * 8;
    for (unsigned top = integer.p[0]; top; top >>= 1)
        n++;
    return n;
}

/* AlgorithmIdentifier, RFC 5280 section 4.1.1.2 */
static bool read_method(struct x509_cert *c, struct der_view algorithm)
{
    struct reader r = der_reader(algorithm);
    struct der oid;
    if (!der_expect(&r, DER_OID, &oid))
        return false;
    c->signed_with = "an unknown method";
    for (size_t i = 0; i < LEN(kinds); i++)
        if (der_is(oid.value, kinds[i].oid.p, kinds[i].oid.len))
            c->signed_with = kinds[i].name;
    for (size_t i = 0; i < LEN(methods); i++)
        if (oid.value.len >= methods[i].len &&
            memcmp(oid.value.p, methods[i].p, methods[i].len) == 0)
            c->signed_with = NULL;
    if (der_is(oid.value, md5, sizeof md5))
        c->signed_with = "MD5";
    return true;
}

/* RSAPublicKey, RFC 8017 appendix A.1.1, in a BIT STRING. */
static bool read_rsa(struct x509_cert *c, struct der_view key)
{
    struct reader r = der_reader(key), in;
    struct der sequence, n, e;
    if (reader_u8(&r) != 0 || !der_expect(&r, DER_SEQUENCE, &sequence))
        return false;
    in = der_reader(sequence.value);
    if (!der_expect(&in, DER_INTEGER, &n) || !der_expect(&in, DER_INTEGER, &e))
        return false;
    c->key_bits = bits(n.value);
    c->exponent_bits = bits(e.value);
    return true;
}

/* SubjectPublicKeyInfo, RFC 5280 section 4.1.2.7 */
static bool read_key(struct x509_cert *c, struct der_view spki)
{
    struct reader r = der_reader(spki), in;
    struct der algorithm, oid, parameters, key;
    if (!der_expect(&r, DER_SEQUENCE, &algorithm) ||
        !der_expect(&r, DER_BIT_STRING, &key))
        return false;
    in = der_reader(algorithm.value);
    if (!der_expect(&in, DER_OID, &oid))
        return false;
    if (!der_next(&in, &parameters) && in.bad)
        return false;
    c->key = X509_KEY_OTHER;
    c->key_name = "of an unknown kind";
    if (der_is(oid.value, ec_public_key, sizeof ec_public_key)) {
        c->key_name = "on an unknown curve";
        set_kind(c, curves, LEN(curves), parameters.value);
    } else {
        set_kind(c, kinds, LEN(kinds), oid.value);
    }
    return c->key != X509_KEY_RSA || read_rsa(c, key.value);
}

/* ---- extensions ---------------------------------------------------------- */

/* Counts the elements at the given depth below v: what a parser that keeps a
 * list of them would have to keep. */
static unsigned count(struct der_view v, unsigned depth)
{
    struct reader r = der_reader(v), in;
    struct der outer, inner;
    unsigned n = 0;
    while (der_next(&r, &outer)) {
        if (depth == 0) {
            n++;
            continue;
        }
        in = der_reader(outer.value);
        while (der_next(&in, &inner))
            n++;
    }
    return n;
}

/* id-ce is 2.5.29; these of its extensions we understand, or may pass over
 * though they are critical: policies and their mappings bind only whom asks
 * for a policy, which we do not (RFC 5280 section 6.1.1), lists of what was
 * revoked only whom reads them, and the rest are hints. */
enum {
    EXT_SUBJECT_KEY = 14,
    EXT_KEY_USAGE = 15,
    EXT_SAN = 17,
    EXT_ISSUER_NAME = 18,
    EXT_BASIC_CONSTRAINTS = 19,
    EXT_NAME_CONSTRAINTS = 30,
    EXT_CRL_POINTS = 31,
    EXT_POLICIES = 32,
    EXT_POLICY_MAPPINGS = 33,
    EXT_AUTHORITY_KEY = 35,
    EXT_EXTENDED_KEY_USAGE = 37,
    EXT_INHIBIT_ANY_POLICY = 54,
};

/* id-pe-authorityInfoAccess, another hint. */
static const uint8_t authority_info[] = {0x2b, 0x06, 0x01, 0x05,
                                         0x05, 0x07, 0x01, 0x01};

/* Those that people meet and nobody can pass over when they are critical. */
static const struct {
    struct der_view oid;
    const char *name;
} unsupported[] = {
    {OID("\x55\x1d\x24"), "policy constraints"},
    {OID("\x55\x1d\x2e"), "freshest CRL"},
    {OID("\x55\x1d\x09"), "subject directory attributes"},
    {OID("\x2b\x06\x01\x05\x05\x07\x01\x18"), "TLS feature"},
    {OID("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03"),
     "precertificate (it was never meant for use)"},
    {OID("\x60\x86\x48\x01\x86\xf8\x42\x01\x01"), "Netscape certificate type"},
};

static bool first_element(struct der_view v, uint8_t tag, struct der *out)
{
    struct reader r = der_reader(v);
    return der_expect(&r, tag, out) && r.left == 0;
}

/* RFC 5280 section 4.2.1.9 */
static bool read_basic(struct x509_cert *c, struct reader *r)
{
    struct der d;
    bool more = der_next(r, &d);
    c->basic = true;
    if (more && d.tag == DER_BOOLEAN) {
        c->ca = d.value.len == 1 && d.value.p[0] != 0;
        more = der_next(r, &d);
    }
    if (more && d.tag == DER_INTEGER) /* beyond 127: as good as none */
        c->pathlen =
            d.value.len == 1 && d.value.p[0] < 0x80 ? d.value.p[0] : -1;
    return !r->bad;
}

/* RFC 5280 section 4.2.1.3: how many bits of the last byte are unused, then
 * the bits; keyCertSign is the sixth. */
static bool read_usage(struct x509_cert *c, struct der_view value)
{
    struct der bits_of;
    if (!first_element(value, DER_BIT_STRING, &bits_of))
        return false;
    c->may_not_sign = bits_of.value.len < 2 || !(bits_of.value.p[1] & 0x04);
    return true;
}

static bool read_known(struct x509_cert *c, unsigned id, struct der_view value)
{
    struct der sequence;
    if (!first_element(value, DER_SEQUENCE, &sequence))
        return false;
    struct reader in = der_reader(sequence.value);
    switch (id) {
    case EXT_SAN:
        if (c->san.p) /* twice: RFC 5280 section 4.2 */
            return false;
        c->san = sequence.value;
        break;
    case EXT_NAME_CONSTRAINTS:
        if (c->constraints.p)
            return false;
        c->constraints = sequence.value;
        return true;
    case EXT_BASIC_CONSTRAINTS:
        return read_basic(c, &in);
    default:
        break;
    }
    /* An authority may be named too, one level further down. */
    c->names += count(sequence.value, id == EXT_AUTHORITY_KEY ? 1 : 0);
    return true;
}

static bool read_extension(struct x509_cert *c, struct der_view extension)
{
    struct reader r = der_reader(extension);
    struct der oid, next;
    if (!der_expect(&r, DER_OID, &oid) || !der_next(&r, &next))
        return false;
    bool critical = false;
    if (next.tag == DER_BOOLEAN) {
        critical = next.value.len == 1 && next.value.p[0] != 0;
        if (!der_next(&r, &next))
            return false;
    }
    if (next.tag != DER_OCTET_STRING || r.left != 0)
        return false;
    const struct der_view o = oid.value;
    unsigned id = o.len == 3 && o.p[0] == 0x55 && o.p[1] == 0x1d ? o.p[2] : 0;
    switch (id) {
    case EXT_SAN:
    case EXT_NAME_CONSTRAINTS:
    case EXT_BASIC_CONSTRAINTS:
    case EXT_EXTENDED_KEY_USAGE:
    case EXT_POLICIES:
    case EXT_AUTHORITY_KEY:
        return read_known(c, id, next.value);
    case EXT_KEY_USAGE:
        return read_usage(c, next.value);
    case EXT_SUBJECT_KEY:
    case EXT_ISSUER_NAME:
    case EXT_CRL_POINTS:
    case EXT_POLICY_MAPPINGS:
    case EXT_INHIBIT_ANY_POLICY:
        return true;
    default:
        if (critical && !c->unknown.p &&
            !der_is(o, authority_info, sizeof authority_info))
            c->unknown = o;
        return true;
    }
}

static bool read_extensions(struct x509_cert *c, struct der_view explicit_tag)
{
    struct der list, extension;
    if (!first_element(explicit_tag, DER_SEQUENCE, &list))
        return false;
    struct reader r = der_reader(list.value);
    while (der_next(&r, &extension))
        if (extension.tag != DER_SEQUENCE ||
            !read_extension(c, extension.value))
            return false;
    return !r.bad;
}

/* ---- the whole ----------------------------------------------------------- */

/* TBSCertificate, RFC 5280 section 4.1 */
static bool read_tbs(struct x509_cert *c, struct der_view tbs)
{
    struct reader r = der_reader(tbs);
    struct der d, issuer, subject, spki;
    if (!der_next(&r, &d))
        return false;
    if (d.tag == 0xa0 && !der_next(&r, &d)) /* the version */
        return false;
    if (d.tag != DER_INTEGER || /* the serial number */
        !der_expect(&r, DER_SEQUENCE, &d) || !read_method(c, d.value) ||
        !der_expect(&r, DER_SEQUENCE, &issuer) ||
        !der_expect(&r, DER_SEQUENCE, &d) /* the dates */ ||
        !der_expect(&r, DER_SEQUENCE, &subject) ||
        !der_expect(&r, DER_SEQUENCE, &spki) || !read_key(c, spki.value))
        return false;
    c->issuer = issuer.whole;
    c->subject = subject.whole;
    c->names = count(issuer.value, 1) + count(subject.value, 1);
    while (der_next(&r, &d))
        if (d.tag == 0xa3 && !read_extensions(c, d.value))
            return false;
    return !r.bad;
}

int x509_cert_read(struct x509_cert *c, const uint8_t *der, size_t len)
{
    struct reader r = reader_of(der, len);
    struct der whole, tbs;
    *c = (struct x509_cert){
        .key = X509_KEY_OTHER, .key_name = "none", .pathlen = -1};
    if (!der_expect(&r, DER_SEQUENCE, &whole))
        return RC_BAD;
    c->len = whole.whole.len;
    struct reader in = der_reader(whole.value);
    if (!der_expect(&in, DER_SEQUENCE, &tbs) || !read_tbs(c, tbs.value))
        return RC_BAD;
    return RC_OK;
}

/* X.690 section 8.19; the first number holds two. */
static void oid_text(struct der_view oid, char *out, size_t cap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    unsigned long arc = 0;
    for (size_t i = 0; i < oid.len; i++) {
        arc = (arc << 7 | (oid.p[i] & 0x7f)) & 0xffffffffu;
        if (oid.p[i] & 0x80)
            continue;
        if (t.len == 0 && !t.cut)
            fmt_add(&t, "%lu.%lu", arc < 80 ? arc / 40 : 2,
                    arc < 80 ? arc % 40 : arc - 80);
        else
            fmt_add(&t, ".%lu", arc);
        arc = 0;
    }
}

bool x509_cert_refuse(const struct x509_cert *c, char *out, size_t cap)
{
    char oid[48];
    if (c->key == X509_KEY_OTHER) {
        fmt(out, cap, "has a key (%s) that is not supported", c->key_name);
    } else if (c->key == X509_KEY_RSA && c->key_bits > X509_RSA_MAX_BITS) {
        fmt(out, cap, "has a key (RSA-%u) longer than %u bits", c->key_bits,
            X509_RSA_MAX_BITS);
    } else if (c->key == X509_KEY_RSA && c->key_bits < X509_RSA_MIN_BITS) {
        fmt(out, cap, "has a key (RSA-%u) that is too weak", c->key_bits);
    } else if (c->key == X509_KEY_RSA &&
               c->exponent_bits > X509_EXPONENT_MAX_BITS) {
        fmt(out, cap, "has an RSA exponent of %u bits, which is absurd",
            c->exponent_bits);
    } else if (c->key == X509_KEY_RSA && c->exponent_bits < 2) {
        fmt(out, cap, "has an RSA exponent that protects nothing");
    } else if (c->signed_with) {
        fmt(out, cap, "is signed with %s, which is not supported",
            c->signed_with);
    } else if (c->unknown.p) {
        oid_text(c->unknown, oid, sizeof oid);
        for (size_t i = 0; i < LEN(unsupported); i++)
            if (der_is(c->unknown, unsupported[i].oid.p,
                       unsupported[i].oid.len))
                fmt(oid, sizeof oid, "%s", unsupported[i].name);
        fmt(out, cap, "has an extension that is not supported: %s", oid);
    } else if (c->names > X509_MAX_NAMES) {
        fmt(out, cap, "has %u names, more than %u", c->names, X509_MAX_NAMES);
    } else {
        return false;
    }
    return true;
}

void x509_cert_common_name(struct der_view name, char *out, size_t cap)
{
    static const uint8_t common_name[] = {0x55, 0x04, 0x03};
    struct der whole, set, attribute, type, value;
    size_t n = 0;
    if (!first_element(name, DER_SEQUENCE, &whole))
        whole.value.len = 0;
    struct reader r = der_reader(whole.value), in, pair;
    while (der_next(&r, &set)) {
        in = der_reader(set.value);
        while (der_next(&in, &attribute)) {
            pair = der_reader(attribute.value);
            if (!der_expect(&pair, DER_OID, &type) ||
                !der_next(&pair, &value) ||
                !der_is(type.value, common_name, sizeof common_name))
                continue;
            for (n = 0; n < value.value.len && n + 1 < cap; n++) {
                uint8_t b = value.value.p[n];
                out[n] = b >= ' ' && b < 0x7f && b != '"' ? (char)b : '?';
            }
        }
    }
    out[n] = 0;
}
