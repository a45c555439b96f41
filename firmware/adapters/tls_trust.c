#include "tls_trust_private.h"

#include <mbedtls/base64.h>
#include <mbedtls/platform.h>
#include <string.h>

#include "core/limit.h"
#include "services/log.h"
#include "tls_client.h"
#include "tls_roots.h"

struct anchor { /* one of the card's certificates, its DER in trust.der */
    uint32_t subject_fnv;
    uint32_t offset, len;
    uint8_t certset;
};

static struct {
    bool system;
    unsigned count;
    size_t used;
    struct anchor anchor[LIMIT_TRUST_CERTS];
    uint8_t der[LIMIT_TRUST_BYTES];
} trust;

void tls_trust_init(bool system_certs)
{
    trust.system = system_certs;
    trust.count = 0;
    trust.used = 0;
}

static uint32_t fnv1a32(const uint8_t *p, size_t len)
{
    uint32_t h = 0x811c9dc5u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 0x01000193u;
    return h;
}

/* ---- reading files ------------------------------------------------------ */

/* The certificate whose DER begins at trust.used and has at most len bytes
 * joins. Returns its length, or RC_BAD, RC_SPACE. */
static int join(uint8_t certset, size_t len)
{
    mbedtls_x509_crt crt;
    const uint8_t *der = trust.der + trust.used;
    mbedtls_x509_crt_init(&crt);
    int rc = RC_BAD;
    if (mbedtls_x509_crt_parse_der_nocopy(&crt, der, len) == 0)
        rc = trust.count < LEN(trust.anchor) ? (int)crt.raw.len : RC_SPACE;
    if (rc > 0) {
        trust.anchor[trust.count++] = (struct anchor){
            .subject_fnv = fnv1a32(crt.subject_raw.p, crt.subject_raw.len),
            .offset = (uint32_t)trust.used,
            .len = (uint32_t)rc,
            .certset = certset,
        };
        trust.used += (size_t)rc;
    }
    mbedtls_x509_crt_free(&crt);
    return rc;
}

struct text {
    const uint8_t *p;
    size_t len;
};

/* Cut t behind the first `words`; *before is what stood in front of them. */
static bool cut(struct text *t, const char *words, struct text *before)
{
    size_t n = strlen(words);
    for (size_t i = 0; i + n <= t->len; i++) {
        if (memcmp(t->p + i, words, n) != 0)
            continue;
        *before = (struct text){t->p, i};
        t->p += i + n;
        t->len -= i + n;
        return true;
    }
    return false;
}

static int join_base64(uint8_t certset, struct text b)
{
    size_t len = 0;
    int rc =
        mbedtls_base64_decode(trust.der + trust.used,
                              sizeof trust.der - trust.used, &len, b.p, b.len);
    if (rc == MBEDTLS_ERR_BASE64_BUFFER_TOO_SMALL)
        return RC_SPACE;
    return rc == 0 && len > 0 ? join(certset, len) : RC_BAD;
}

/* RFC 7468: what stands between the lines is base64, what stands around
 * them is for people. A certificate we cannot read is passed over. */
static int join_pem(uint8_t certset, struct text file, unsigned *unread)
{
    struct text skipped, body;
    while (cut(&file, "-----BEGIN CERTIFICATE-----", &skipped)) {
        if (!cut(&file, "-----END CERTIFICATE-----", &body))
            return RC_BAD;
        int rc = join_base64(certset, body);
        if (rc == RC_SPACE)
            return rc;
        if (rc == RC_BAD)
            ++*unread;
    }
    return RC_OK;
}

static int join_der(uint8_t certset, struct text file)
{
    while (file.len > 0) {
        if (file.len > sizeof trust.der - trust.used)
            return RC_SPACE;
        memcpy(trust.der + trust.used, file.p, file.len);
        int rc = join(certset, file.len);
        if (rc < 0)
            return rc;
        file.p += rc;
        file.len -= (size_t)rc;
    }
    return RC_OK;
}

int tls_trust(uint8_t certset, const uint8_t *file, size_t len)
{
    const unsigned count = trust.count;
    const size_t used = trust.used;
    unsigned unread = 0;
    struct text text = {file, len}, skipped;
    bool pem = cut(&text, "-----BEGIN ", &skipped);
    text = (struct text){file, len};
    int rc = pem ? join_pem(certset, text, &unread) : join_der(certset, text);
    if (rc != RC_OK) {
        trust.count = count;
        trust.used = used;
        return rc;
    }
    if (unread > 0)
        log_line("trusted certificates: %u could not be read", unread);
    return trust.count > count ? (int)(trust.count - count) : RC_BAD;
}

/* ---- whom to believe ---------------------------------------------------- */

static int add(mbedtls_x509_crt **list, const uint8_t *der, size_t len)
{
    mbedtls_x509_crt *crt = mbedtls_calloc(1, sizeof *crt);
    if (!crt)
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    mbedtls_x509_crt_init(crt);
    int rc = mbedtls_x509_crt_parse_der_nocopy(crt, der, len);
    if (rc != 0) {
        mbedtls_x509_crt_free(crt);
        mbedtls_free(crt);
        return rc;
    }
    crt->next = *list;
    *list = crt;
    return 0;
}

static int add_card(uint8_t certset, uint32_t hash, mbedtls_x509_crt **list)
{
    int rc = 0;
    for (unsigned i = 0; i < trust.count && rc == 0; i++) {
        const struct anchor *a = &trust.anchor[i];
        if (a->certset == certset && a->subject_fnv == hash)
            rc = add(list, trust.der + a->offset, a->len);
    }
    return rc;
}

static int add_system(uint32_t hash, mbedtls_x509_crt **list)
{
    uint32_t low = 0, high = tls_roots_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (tls_roots[mid].subject_fnv < hash)
            low = mid + 1;
        else
            high = mid;
    }
    int rc = 0;
    for (; low < tls_roots_count && rc == 0; low++) {
        if (tls_roots[low].subject_fnv != hash)
            break;
        rc = add(list, tls_roots_der + tls_roots[low].offset,
                 tls_roots[low].len);
    }
    return rc;
}

int tls_trust_issuers(void *certset, const mbedtls_x509_crt *child,
                      mbedtls_x509_crt **issuers)
{
    const uint8_t set = *(const uint8_t *)certset;
    uint32_t hash = fnv1a32(child->issuer_raw.p, child->issuer_raw.len);
    mbedtls_x509_crt *list = NULL;
    int rc = add_card(set, hash, &list);
    if (rc == 0 && set == 0 && trust.system)
        rc = add_system(hash, &list);
    if (rc != 0) {
        while (list) {
            mbedtls_x509_crt *next = list->next;
            list->next = NULL; /* or free would walk the list */
            mbedtls_x509_crt_free(list);
            mbedtls_free(list);
            list = next;
        }
    }
    *issuers = list;
    return rc;
}

bool tls_trust_holds(uint8_t certset, const mbedtls_x509_crt *crt)
{
    for (unsigned i = 0; i < trust.count; i++) {
        const struct anchor *a = &trust.anchor[i];
        if (a->certset == certset && a->len == crt->raw.len &&
            memcmp(trust.der + a->offset, crt->raw.p, a->len) == 0)
            return true;
    }
    return false;
}
