#include "x509_names.h"

#include "bytes.h"

/* GeneralName, RFC 5280 section 4.2.1.6: implicit tags. */
enum {
    NAME_MAIL = 0x81,
    NAME_DNS = 0x82,
    NAME_DIRECTORY = 0xa4,
    NAME_URI = 0x86,
    NAME_ADDRESS = 0x87,
};

/* emailAddress of PKCS 9, which subjects have. */
static const uint8_t mail_address[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                       0x0d, 0x01, 0x09, 0x01};

/* ---- whom we want -------------------------------------------------------- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

int x509_host_of(struct x509_host *h, const char *name)
{
    *h = (struct x509_host){.len = strlen(name)};
    if (addr_parse(name, &h->addr) == RC_OK)
        return RC_OK;
    if (h->len > 0 && name[h->len - 1] == '.')
        h->len--;
    if (h->len == 0 || h->len >= sizeof h->name || strchr(name, ':'))
        return RC_BAD;
    for (size_t i = 0; i < h->len; i++)
        h->name[i] = (char)lower((uint8_t)name[i]);
    return RC_OK;
}

/* ---- is the certificate for it? ------------------------------------------ */

static bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

/* RFC 6125 section 6.4.3: one whole label, and never all names of a top
 * level domain. */
static bool wildcard(struct der_view pattern, const struct x509_host *h)
{
    const char *dot = memchr(h->name, '.', h->len);
    if (pattern.len < 4 || pattern.p[0] != '*' || pattern.p[1] != '.' || !dot)
        return false;
    size_t rest = h->len - (size_t)(dot - h->name);
    return rest == pattern.len - 1 && dot != h->name &&
           memchr(pattern.p + 2, '.', pattern.len - 2) &&
           same(pattern.p + 1, (const uint8_t *)dot, rest);
}

static bool is_host(const struct der *name, const struct x509_host *h)
{
    const struct der_view v = name->value;
    if (h->addr.family)
        return name->tag == NAME_ADDRESS &&
               der_is(v, h->addr.b, addr_size(&h->addr));
    if (name->tag != NAME_DNS)
        return false;
    return (v.len == h->len && same(v.p, (const uint8_t *)h->name, v.len)) ||
           wildcard(v, h);
}

int x509_names_match(struct der_view san, const struct x509_host *h)
{
    struct reader r = der_reader(san);
    struct der name;
    int rc = RC_AUTH;
    while (der_next(&r, &name))
        if (is_host(&name, h))
            rc = RC_OK;
    return r.bad ? RC_BAD : rc;
}

/* ---- may its issuers vouch for it? --------------------------------------- */

/* A domain and all below it; with a dot before it, as many write it, only
 * those below; an empty one is every name. */
static bool dns_below(struct der_view name, struct der_view base)
{
    if (name.len > 0 && name.p[name.len - 1] == '.')
        name.len--;
    if (base.len > 1 && base.p[base.len - 1] == '.')
        base.len--;
    if (base.len > name.len)
        return false;
    size_t more = name.len - base.len;
    if (!same(name.p + more, base.p, base.len))
        return false;
    return more == 0 || base.len == 0 || base.p[0] == '.' ||
           name.p[more - 1] == '.';
}

/* A host alone, or with a dot before it all below it but not itself: so mail
 * and URIs have it. */
static bool host_below(struct der_view host, struct der_view base)
{
    if (base.len > 0 && base.p[0] == '.')
        return host.len > base.len && dns_below(host, base);
    return base.len == 0 ||
           (host.len == base.len && same(host.p, base.p, host.len));
}

static const uint8_t *find(struct der_view v, const char *any)
{
    for (size_t i = 0; i < v.len; i++)
        if (v.p[i] && strchr(any, v.p[i]))
            return v.p + i;
    return NULL;
}

static struct der_view from(struct der_view v, const uint8_t *at)
{
    return (struct der_view){at, v.len - (size_t)(at - v.p)};
}

/* A mailbox, or a host's. */
static int mail_below(struct der_view name, struct der_view base)
{
    const uint8_t *at = find(name, "@");
    if (!at)
        return RC_STATE;
    if (find(base, "@"))
        return name.len == base.len && same(name.p, base.p, name.len) ? RC_OK
                                                                      : RC_AUTH;
    return host_below(from(name, at + 1), base) ? RC_OK : RC_AUTH;
}

/* What stands between // and the path (RFC 3986 section 3.2), which has to be
 * a host name. */
static int uri_below(struct der_view name, struct der_view base)
{
    const uint8_t *at = find(name, ":");
    struct der_view host = at ? from(name, at + 1) : name;
    if (!at || host.len < 2 || host.p[0] != '/' || host.p[1] != '/')
        return RC_STATE;
    host = from(host, host.p + 2);
    if ((at = find(host, "/?#")) != NULL)
        host.len = (size_t)(at - host.p);
    if ((at = find(host, "@")) != NULL)
        host = from(host, at + 1);
    if ((at = find(host, ":")) != NULL)
        host.len = (size_t)(at - host.p);
    size_t n = host.len;
    while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
        n--;
    bool number = n == 0 || (n < host.len && host.p[n - 1] == '.');
    if (number || host.p[0] == '[') /* an address */
        return RC_STATE;
    return host_below(host, base) ? RC_OK : RC_AUTH;
}

/* An address and a mask: RFC 5280 says CIDR. RC_OK: within. */
static int address_below(struct der_view name, struct der_view base)
{
    if (base.len != 8 && base.len != 32)
        return RC_BAD;
    const size_t n = base.len / 2;
    const uint8_t *mask = base.p + n;
    bool ended = false, within = name.len == n;
    for (size_t i = 0; i < n; i++) {
        for (unsigned bit = 0x80; bit; bit >>= 1) {
            if (ended && (mask[i] & bit))
                return RC_BAD; /* ones after a zero */
            ended = ended || !(mask[i] & bit);
        }
        within = within && ((name.p[i] ^ base.p[i]) & mask[i]) == 0;
    }
    return within ? RC_OK : RC_AUTH;
}

/* The next attribute of a Name's contents: r walks over its sets, in over
 * the attributes of one. Its type, and its value without regard to which
 * kind of string it is. */
static bool next_attribute(struct reader *r, struct reader *in,
                           struct der *type, struct der *value)
{
    struct der d;
    while (in->left == 0 && !in->bad) {
        if (!der_expect(r, DER_SET, &d))
            return false;
        *in = der_reader(d.value);
    }
    if (!der_expect(in, DER_SEQUENCE, &d)) {
        r->bad = true;
        return false;
    }
    struct reader pair = der_reader(d.value);
    if (der_expect(&pair, DER_OID, type) && der_next(&pair, value))
        return true;
    r->bad = true;
    return false;
}

/* Does the Name begin with all of the base's attributes (RFC 5280 section
 * 7.1, letters of any case)? Both are whole elements. */
static int directory_below(struct der_view name, struct der_view base)
{
    struct reader n = der_reader(name), b = der_reader(base);
    struct reader n_in = {0}, b_in = {0};
    struct der whole, n_type, n_value, b_type, b_value;
    if (!der_expect(&n, DER_SEQUENCE, &whole))
        return RC_BAD;
    n = der_reader(whole.value);
    if (!der_expect(&b, DER_SEQUENCE, &whole))
        return RC_BAD;
    b = der_reader(whole.value);
    while (b.left > 0 || b_in.left > 0) {
        if (!next_attribute(&b, &b_in, &b_type, &b_value))
            return RC_BAD;
        if (n.left == 0 && n_in.left == 0)
            return RC_AUTH;
        if (!next_attribute(&n, &n_in, &n_type, &n_value))
            return RC_BAD;
        if (!der_is(n_type.value, b_type.value.p, b_type.value.len) ||
            n_value.value.len != b_value.value.len ||
            !same(n_value.value.p, b_value.value.p, b_value.value.len))
            return RC_AUTH;
    }
    return RC_OK;
}

/* RC_OK: below it, RC_AUTH: not, RC_BAD: malformed, RC_STATE: of one form,
 * but one that we cannot compare. */
static int below(const struct der *name, const struct der *base)
{
    if (name->tag != base->tag)
        return RC_AUTH;
    switch (name->tag) {
    case NAME_DNS:
        return dns_below(name->value, base->value) ? RC_OK : RC_AUTH;
    case NAME_ADDRESS:
        return address_below(name->value, base->value);
    case NAME_DIRECTORY:
        return directory_below(name->value, base->value);
    case NAME_MAIL:
        return mail_below(name->value, base->value);
    case NAME_URI:
        return uri_below(name->value, base->value);
    default:
        return RC_STATE;
    }
}

/* GeneralSubtrees: is the name below one of them? Of its form there may be
 * none at all: *form says so. */
static int in_subtrees(struct der_view subtrees, const struct der *name,
                       bool *form)
{
    struct reader r = der_reader(subtrees);
    struct der subtree, base;
    int found = RC_AUTH;
    *form = false;
    while (der_next(&r, &subtree)) {
        struct reader in = der_reader(subtree.value);
        /* minimum is 0, which DER leaves out, and maximum absent. */
        if (subtree.tag != DER_SEQUENCE || !der_next(&in, &base) ||
            in.left != 0)
            return RC_BAD;
        int rc = below(name, &base);
        if (rc == RC_BAD)
            return RC_BAD;
        *form = *form || name->tag == base.tag;
        if (found != RC_STATE && rc != RC_AUTH)
            found = rc;
    }
    return r.bad ? RC_BAD : found;
}

static int one_permitted(struct der_view constraints, const struct der *name)
{
    struct reader r = der_reader(constraints);
    struct der subtrees;
    bool form;
    while (der_next(&r, &subtrees)) {
        int rc = in_subtrees(subtrees.value, name, &form);
        if (rc == RC_BAD)
            return RC_BAD;
        if (rc == RC_STATE)
            return RC_AUTH;
        if (subtrees.tag == 0xa0 && form && rc != RC_OK)
            return RC_AUTH;
        if (subtrees.tag == 0xa1 && rc == RC_OK)
            return RC_AUTH;
        if (subtrees.tag != 0xa0 && subtrees.tag != 0xa1)
            return RC_BAD;
    }
    return r.bad ? RC_BAD : RC_OK;
}

/* The subject's own mail addresses count as those of its other names. */
static int mail_permitted(struct der_view constraints, struct der_view subject)
{
    struct reader r = der_reader(subject), in = {0};
    struct der type, value;
    int rc = RC_OK;
    if (!der_expect(&r, DER_SEQUENCE, &value))
        return RC_BAD;
    r = der_reader(value.value);
    while (rc == RC_OK && (r.left > 0 || in.left > 0)) {
        if (!next_attribute(&r, &in, &type, &value))
            return RC_BAD;
        value.tag = NAME_MAIL;
        if (der_is(type.value, mail_address, sizeof mail_address))
            rc = one_permitted(constraints, &value);
    }
    return rc;
}

int x509_names_permitted(struct der_view constraints, struct der_view san,
                         struct der_view subject, const struct x509_host *h)
{
    struct der name = {.tag = NAME_DIRECTORY, .value = subject};
    int rc = RC_OK;
    if (subject.len > 2) /* an empty one has no name to judge */
        rc = one_permitted(constraints, &name);
    if (rc == RC_OK && subject.len > 2)
        rc = mail_permitted(constraints, subject);
    if (rc == RC_OK && h) {
        const bool address = h->addr.family != 0;
        name.tag = address ? NAME_ADDRESS : NAME_DNS;
        name.value.p = address ? h->addr.b : (const uint8_t *)h->name;
        name.value.len = address ? addr_size(&h->addr) : h->len;
        rc = one_permitted(constraints, &name);
    }
    struct reader r = der_reader(san);
    while (rc == RC_OK && der_next(&r, &name))
        rc = one_permitted(constraints, &name);
    return rc == RC_OK && r.bad ? RC_BAD : rc;
}

/* ---- names of authorities ------------------------------------------------ */

bool x509_names_same(struct der_view a, struct der_view b)
{
    return der_is(a, b.p, b.len) ||
           (directory_below(a, b) == RC_OK && directory_below(b, a) == RC_OK);
}

static uint32_t hash(uint32_t h, struct der_view v)
{
    for (size_t i = 0; i < v.len; i++) {
        uint8_t c = lower(v.p[i]);
        h = bytes_fnv(h, &c, 1);
    }
    return h;
}

uint32_t x509_names_hash(struct der_view name)
{
    struct reader r = der_reader(name), in = {0};
    struct der whole, type, value;
    uint32_t h = BYTES_FNV;
    if (!der_expect(&r, DER_SEQUENCE, &whole))
        return h;
    r = der_reader(whole.value);
    while ((r.left > 0 || in.left > 0) &&
           next_attribute(&r, &in, &type, &value))
        h = hash(hash(h, type.value), value.value);
    return h;
}
