#include "tls_trust_private.h"

#include <string.h>

#include "core/fmt.h"
#include "core/limit.h"
#include "core/pem.h"
#include "core/x509_cert.h"
#include "core/x509_names.h"
#include "tls_client.h"
#include "tls_platform.h"
#include "tls_roots.h"

struct anchor { /* one of the card's certificates, its DER in trust.der */
    uint32_t subject_hash;
    uint32_t offset, len;
    uint32_t certset;
};

static struct {
    bool system;
    unsigned count;
    size_t used;
    struct anchor anchor[LIMIT_TRUST_CERTS];
    uint8_t der[LIMIT_TRUST_BYTES];
    char reason[128]; /* what of the last file is not used               */
    uint8_t root[TLS_ROOT_MAX]; /* of the system: the one last asked for     */
} trust;

void tls_trust_init(bool system_certs)
{
    trust.system = system_certs;
    trust.count = 0;
    trust.used = 0;
    trust.reason[0] = 0;
}

const char *tls_trust_reason(void)
{
    return trust.reason;
}

/* ---- reading files ------------------------------------------------------ */

/* One file while it is read. */
struct reading {
    uint32_t certset;
    unsigned held;   /* certificates of it that the set now holds           */
    unsigned unread; /* that cannot be used, the first for this reason:     */
    char why[96];
    bool full;
};

static void unread(struct reading *f, const char *why)
{
    if (f->unread++ == 0)
        fmt(f->why, sizeof f->why, "%s", why);
}

static int any_extension(void *arg, mbedtls_x509_crt const *crt,
                         mbedtls_x509_buf const *oid, int critical,
                         const unsigned char *p, const unsigned char *end)
{
    (void)arg, (void)crt, (void)oid, (void)critical, (void)p, (void)end;
    return 0; /* x509_cert_refuse has judged them all */
}

int tls_trust_parse(mbedtls_x509_crt *crt, const uint8_t *der, size_t len,
                    bool copy)
{
    return mbedtls_x509_crt_parse_der_with_ext_cb(crt, der, len, copy,
                                                  any_extension, NULL);
}

static bool held(uint32_t certset, const uint8_t *der, size_t len)
{
    for (unsigned i = 0; i < trust.count; i++) {
        const struct anchor *a = &trust.anchor[i];
        if (a->certset == certset && a->len == len &&
            memcmp(trust.der + a->offset, der, len) == 0)
            return true;
    }
    return false;
}

/* The certificate whose DER begins at trust.used and has at most len bytes
 * joins, if we can use it. Returns its length, or RC_BAD. */
static int join(struct reading *f, size_t len)
{
    const uint8_t *der = trust.der + trust.used;
    struct x509_cert c;
    char why[96], name[32];
    if (x509_cert_read(&c, der, len) != RC_OK) {
        unread(f, "one is damaged: copy the file anew");
        return RC_BAD;
    }
    x509_cert_common_name(c.subject, name, sizeof name);
    size_t n = fmt(why, sizeof why, "\"%s\" ", name);
    if (x509_cert_refuse(&c, why + n, sizeof why - n)) {
        unread(f, why);
        return (int)c.len;
    }
    mbedtls_x509_crt crt;
    mbedtls_x509_crt_init(&crt);
    unsigned refused = tls_platform_refused(TLS_PLATFORM_COMMON);
    int rc = tls_trust_parse(&crt, der, c.len, false);
    mbedtls_x509_crt_free(&crt);
    if (rc != 0) {
        fmt(why + n, sizeof why - n, "%s",
            tls_platform_refused(TLS_PLATFORM_COMMON) != refused
                ? "needs more memory than there is to read it"
                : "is malformed");
        unread(f, why);
    } else if (held(f->certset, der, c.len)) {
        f->held++;
    } else if (trust.count == LEN(trust.anchor)) {
        f->full = true;
    } else {
        trust.anchor[trust.count++] = (struct anchor){
            .subject_hash = x509_names_hash(c.subject),
            .offset = (uint32_t)trust.used,
            .len = (uint32_t)c.len,
            .certset = f->certset,
        };
        trust.used += c.len;
        f->held++;
    }
    return (int)c.len;
}

/* What else PEM files hold. */
static void other_label(struct reading *f, struct der_view label)
{
    char why[96];
    if (pem_ends_with(label, "PRIVATE KEY"))
        unread(f, "it holds a private key, which nobody else should have");
    else if (pem_is(label, "TRUSTED CERTIFICATE"))
        unread(f, "it holds OpenSSL's TRUSTED CERTIFICATE: convert it with "
                  "openssl x509");
    else if (pem_is(label, "PKCS7") || pem_is(label, "CMS"))
        unread(f, "it holds PKCS7: take the certificates out with openssl "
                  "pkcs7 -print_certs");
    else {
        fmt(why, sizeof why, "it holds \"%.*s\", which is no certificate",
            (int)(label.len < 32 ? label.len : 32), (const char *)label.p);
        for (char *p = why; *p; p++)
            if (*p < ' ' || *p > '~')
                *p = '?';
        unread(f, why);
    }
}

static void decode(struct reading *f, struct der_view body)
{
    int len =
        pem_decode(body, trust.der + trust.used, sizeof trust.der - trust.used);
    if (len == RC_SPACE)
        f->full = true;
    else if (len < 0)
        unread(f, "one is damaged: copy the file anew");
    else
        (void)join(f, (size_t)len);
}

static void read_pem(struct reading *f, struct der_view file)
{
    struct pem block;
    int rc = RC_OK;
    while (!f->full && (rc = pem_next(&file, &block)) == RC_OK)
        if (pem_is(block.label, "CERTIFICATE") ||
            pem_is(block.label, "X509 CERTIFICATE"))
            decode(f, block.body);
        else
            other_label(f, block.label);
    if (rc == RC_BAD)
        unread(f, "it ends in the middle of a certificate");
}

/* What a file is that holds neither PEM nor DER. */
static const char *no_certificate(struct der_view file)
{
    if (*file.p == DER_SEQUENCE)
        return "it ends in the middle of a certificate";
    while (file.len > 1 && *file.p <= ' ') {
        file.p++;
        file.len--;
    }
    if (*file.p == 0)
        return "it holds only zeros: was the card taken out too early?";
    return *file.p == '<' ? "no certificate in it, but a web page: was the "
                            "download refused?"
                          : "no certificate in it: no line -----BEGIN "
                            "CERTIFICATE-----";
}

static void read_der(struct reading *f, struct der_view file)
{
    static const uint8_t pkcs7[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                    0x0d, 0x01, 0x07, 0x02};
    while (file.len > 0 && !f->full) {
        struct reader r = reader_of(file.p, file.len), in;
        struct der whole, first;
        if (!der_expect(&r, DER_SEQUENCE, &whole)) {
            unread(f, no_certificate(file));
            return;
        }
        in = der_reader(whole.value);
        if (der_next(&in, &first) && first.tag == DER_OID &&
            der_is(first.value, pkcs7, sizeof pkcs7)) {
            unread(f, "it holds PKCS7: take the certificates out with openssl "
                      "pkcs7 -inform DER -print_certs");
            return;
        }
        if (first.tag == DER_INTEGER && der_is(first.value, "\3", 1)) {
            unread(f, "it is PKCS12: take the certificates out with openssl "
                      "pkcs12 -nokeys");
            return;
        }
        if (whole.whole.len > sizeof trust.der - trust.used) {
            f->full = true;
            return;
        }
        memcpy(trust.der + trust.used, file.p, whole.whole.len);
        if (join(f, whole.whole.len) < 0)
            return;
        file.p += whole.whole.len;
        file.len -= whole.whole.len;
    }
}

/* One line for whoever wrote the card. */
static void say(const struct reading *f)
{
    struct fmt_text t = fmt_text_of(trust.reason, sizeof trust.reason);
    if (f->full)
        fmt_add(&t,
                "more than the %u certificates or %u bytes that fit: %u "
                "of it are used",
                LIMIT_TRUST_CERTS, LIMIT_TRUST_BYTES, f->held);
    else if (f->unread > 1)
        fmt_add(&t, "%u not used, the first: %s", f->unread, f->why);
    else if (f->unread == 1)
        fmt_add(&t, "%s", f->why);
    else if (f->held == 0)
        fmt_add(&t, "no certificate in it");
}

int tls_trust(uint32_t certset, const uint8_t *file, size_t len)
{
    struct reading f = {.certset = certset};
    struct der_view text = {file, len}, rest = text, skipped;
    bool pem = pem_cut(&rest, "-----BEGIN ", &skipped);
    if (pem_utf16(file, len))
        unread(&f, "it is UTF-16: save it as UTF-8 or ASCII");
    else if (pem)
        read_pem(&f, text);
    else
        read_der(&f, text);
    say(&f);
    if (f.held > 0)
        return (int)f.held;
    return f.full ? RC_SPACE : RC_BAD;
}

/* ---- whom to believe ---------------------------------------------------- */

static bool nth_of_card(uint32_t certset, uint32_t hash, unsigned *n,
                        struct der_view *der)
{
    for (unsigned i = 0; i < trust.count; i++) {
        const struct anchor *a = &trust.anchor[i];
        if (a->certset != certset || a->subject_hash != hash || (*n)-- > 0)
            continue;
        *der = (struct der_view){trust.der + a->offset, a->len};
        return true;
    }
    return false;
}

static bool nth_of_system(uint32_t hash, unsigned n, struct der_view *der)
{
    uint32_t low = 0, high = tls_roots_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (tls_roots[mid].subject_hash < hash)
            low = mid + 1;
        else
            high = mid;
    }
    if (n >= tls_roots_count - low || tls_roots[low + n].subject_hash != hash)
        return false;
    *der = (struct der_view){trust.root, tls_root_der(low + n, trust.root)};
    return true;
}

static uint32_t issuer_hash(const mbedtls_x509_crt *child)
{
    return x509_names_hash(
        (struct der_view){child->issuer_raw.p, child->issuer_raw.len});
}

bool tls_trust_issuer(uint32_t certset, const mbedtls_x509_crt *child,
                      unsigned n, struct der_view *der)
{
    uint32_t hash = issuer_hash(child);
    return nth_of_card(certset, hash, &n, der) ||
           (certset == 0 && trust.system && nth_of_system(hash, n, der));
}

void tls_trust_cure(uint32_t certset, const mbedtls_x509_crt *child, char *out,
                    size_t cap)
{
    const uint32_t hash = issuer_hash(child);
    struct der_view der;
    (void)fmt(out, cap, "put its CA on the card: ntstrustedcerts");
    for (unsigned i = 0; i < trust.count; i++)
        if (trust.anchor[i].subject_hash == hash)
            (void)fmt(
                out, cap, "its CA is in set %lu, the server's certset is %lu",
                (unsigned long)trust.anchor[i].certset, (unsigned long)certset);
    if (nth_of_system(hash, 0, &der))
        (void)fmt(out, cap,
                  trust.system ? "its CA is in set 0, the server's certset "
                                 "is %lu"
                               : "nosystemcert keeps its CA out",
                  (unsigned long)certset);
}

bool tls_trust_holds(uint32_t certset, const mbedtls_x509_crt *crt)
{
    return held(certset, crt->raw.p, crt->raw.len);
}
