#include "tls_verify_private.h"

#include <mbedtls/oid.h>
#include <mbedtls/platform.h>
#include <string.h>

#include "core/bootstrap.h"
#include "core/fmt.h"
#include "core/utc.h"
#include "core/x509_cert.h"
#include "tls_chain_private.h"
#include "tls_trust_private.h"

/* Dates are judged here, not by Mbed TLS, which has no clock to trust. */
#define DATES (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)
#define WEAK                                                                   \
    (MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |               \
     MBEDTLS_X509_BADCERT_BAD_KEY)

int tls_verify_begin(struct tls_chain *chain, const char *name,
                     uint32_t certset, const struct cert_clock *clock)
{
    *chain = (struct tls_chain){
        .add = tls_chain_add,
        .certset = certset,
        .clock = *clock,
        .lo = INT64_MIN,
        .hi = INT64_MAX,
    };
    return x509_host_of(&chain->host, name);
}

bool tls_verify_done(const struct tls_chain *chain)
{
    return chain->done;
}

/* The first reason stays: it is of the way that the server means. */
static bool refuse(struct tls_chain *c, const char *why, const char *what)
{
    if (!c->why[0])
        fmt(c->why, sizeof c->why, why, what);
    return false;
}

static struct x509_cert facts(const mbedtls_x509_crt *crt)
{
    struct x509_cert f;
    int rc = x509_cert_read(&f, crt->raw.p, crt->raw.len);
    ASSERT(rc == RC_OK); /* or it would not have been let in */
    return f;
}

static bool self_issued(const struct x509_cert *c)
{
    return x509_names_same(c->subject, c->issuer);
}

/* ---- one link ------------------------------------------------------------ */

/* mbedtls_x509_crt_ca_cb_t: the one issuer that we mean. */
static int this_issuer(void *arg, const mbedtls_x509_crt *child,
                       mbedtls_x509_crt **list)
{
    const struct der_view *der = arg;
    (void)child;
    mbedtls_x509_crt *crt = mbedtls_calloc(1, sizeof *crt);
    if (!crt)
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    mbedtls_x509_crt_init(crt);
    int rc = tls_trust_parse(crt, der->p, der->len, false);
    if (rc == 0) {
        crt->MBEDTLS_PRIVATE(ca_istrue) = 1; /* is_ca has judged that */
        *list = crt;
    } else {
        mbedtls_x509_crt_free(crt);
        mbedtls_free(crt);
    }
    return rc;
}

/* Is the child signed with the issuer's key, and by a signature that is
 * strong enough? Mbed TLS looks at these two and no others. */
static bool signed_by(struct tls_chain *c, mbedtls_x509_crt *child,
                      struct der_view issuer)
{
    uint32_t flags = 0;
    mbedtls_x509_crt *others = child->next;
    c->signatures++;
    child->next = NULL;
    int rc = mbedtls_x509_crt_verify_with_ca_cb(
        child, this_issuer, &issuer, &mbedtls_x509_crt_profile_default, NULL,
        &flags, NULL, NULL);
    child->next = others;
    if (rc != 0 && rc != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
        return refuse(c, "%s", "certificate's signature cannot be checked");
    flags &= ~(uint32_t)DATES;
    if ((flags & WEAK) && !(flags & ~(uint32_t)WEAK))
        return refuse(c, "%s", "certificate's signature or key is too weak");
    return flags == 0;
}

/* ---- a whole way --------------------------------------------------------- */

int tls_verify_unix(const mbedtls_x509_time *t, int64_t *unix_s)
{
    const struct utc_civil civil = {
        .year = t->year,
        .month = (uint8_t)t->mon,
        .day = (uint8_t)t->day,
        .hour = (uint8_t)t->hour,
        .minute = (uint8_t)t->min,
        .second = (uint8_t)t->sec,
    };
    return utc_unix_of(&civil, unix_s);
}

static void date(int64_t unix_s, char out[16])
{
    struct utc_civil c = utc_civil_of(unix_s);
    fmt(out, 16, "%04d-%02u-%02u", (int)(c.year % 10000), (unsigned)c.month,
        (unsigned)c.day);
}

static void say_dates(struct tls_chain *c, bool expired)
{
    char limit[16], now[16];
    date(expired ? c->hi : c->lo, limit);
    date(cert_clock_now(&c->clock), now);
    if (!c->why[0])
        fmt(c->why, sizeof c->why,
            expired ? "certificate expired: notAfter %s before %s %s"
                    : "certificate not yet valid: notBefore %s after %s %s",
            limit, c->clock.by_clock ? "now," : "floor", now);
}

static bool dates_good(struct tls_chain *c, const mbedtls_x509_crt *crt)
{
    int64_t from, to;
    if (tls_verify_unix(&crt->valid_from, &from) != RC_OK ||
        tls_verify_unix(&crt->valid_to, &to) != RC_OK)
        return refuse(c, "%s", "certificate's dates are malformed");
    if (from > c->lo)
        c->lo = from;
    if (to < c->hi)
        c->hi = to;
    switch (bootstrap_judge_cert(&c->clock, from, to)) {
    case BOOTSTRAP_CERT_GOOD:
        return true;
    case BOOTSTRAP_CERT_EXPIRED:
        say_dates(c, true);
        return false;
    case BOOTSTRAP_CERT_FUTURE:
        say_dates(c, false);
        return false;
    }
    return false;
}

static bool server_good(struct tls_chain *c, const mbedtls_x509_crt *crt,
                        const char *wanted)
{
    struct x509_cert f = facts(crt);
    if (!f.san.p)
        return refuse(c,
                      "certificate has no subject alternative name: it "
                      "cannot be for %s",
                      wanted);
    if (x509_names_match(f.san, &c->host) != RC_OK)
        return refuse(c, "certificate is for another name (wanted %s)", wanted);
    if (mbedtls_x509_crt_check_key_usage(
            crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0 ||
        mbedtls_x509_crt_check_extended_key_usage(
            crt, MBEDTLS_OID_SERVER_AUTH,
            MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0)
        return refuse(c, "%s", "certificate is not for server use");
    return true;
}

/* An intermediate's extended key usage binds those below it, and there
 * anyExtendedKeyUsage does not do, as GnuTLS and OpenSSL have it. */
static bool usage_good(struct tls_chain *c, const mbedtls_x509_crt *crt)
{
    if (!mbedtls_x509_crt_has_ext_type(crt,
                                       MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE))
        return true;
    for (const mbedtls_x509_sequence *u = &crt->ext_key_usage; u; u = u->next)
        if (MBEDTLS_OID_CMP(MBEDTLS_OID_SERVER_AUTH, &u->buf) == 0)
            return true;
    char name[32];
    x509_cert_common_name(facts(crt).subject, name, sizeof name);
    return refuse(c, "issuer \"%s\" is not for server use", name);
}

/* Each name is held against each constraint, and a stranger has both. */
static bool few_names(struct tls_chain *c, const struct x509_cert *issuer,
                      const struct x509_cert *below)
{
    c->compared += (below->names + 1) * issuer->constraints.len;
    return c->compared <= LIMIT_TLS_NAMES ||
           refuse(c, "%s",
                  "certificates have too many names and name constraints");
}

/* What the issuer at this height allows those below it: pathLenConstraint
 * and name constraints. way[0 .. height) lie below. */
static bool issuer_good(struct tls_chain *c, const struct x509_cert *issuer,
                        unsigned height)
{
    char name[32];
    int intermediates = 0;
    x509_cert_common_name(issuer->subject, name, sizeof name);
    for (unsigned i = 0; i < height; i++) {
        struct x509_cert below = facts(c->cert[c->way[i].cert]);
        if (i > 0 && self_issued(&below))
            continue; /* RFC 5280 section 6.1.4 (b), (l) */
        intermediates += i > 0;
        if (!few_names(c, issuer, &below))
            return false;
        if (issuer->constraints.p &&
            x509_names_permitted(issuer->constraints, below.san, below.subject,
                                 i == 0 ? &c->host : NULL) != RC_OK)
            return refuse(c,
                          "issuer \"%s\" may not vouch for this name (name "
                          "constraints)",
                          name);
    }
    if (issuer->pathlen >= 0 && intermediates > issuer->pathlen)
        return refuse(c,
                      "chain is longer than issuer \"%s\" allows "
                      "(pathLenConstraint)",
                      name);
    return true;
}

static void wanted_text(const struct x509_host *h, char *out, size_t cap)
{
    if (h->addr.family && cap >= ADDR_TEXT)
        addr_text(&h->addr, out);
    else
        fmt(out, cap, "%.*s", (int)h->len, h->name);
}

/* The way is c->way and, above it, the anchor, if it needs one. */
static bool way_good(struct tls_chain *c, const mbedtls_x509_crt *anchor)
{
    char wanted[64];
    bool good = true;
    c->lo = INT64_MIN;
    c->hi = INT64_MAX;
    c->compared = 0;
    if (anchor)
        good = dates_good(c, anchor);
    for (unsigned i = c->length; i-- > 0;)
        good = dates_good(c, c->cert[c->way[i].cert]) && good;
    wanted_text(&c->host, wanted, sizeof wanted);
    if (!good || !server_good(c, c->cert[c->way[0].cert], wanted))
        return false;
    for (unsigned i = 1; i < c->length; i++) {
        const mbedtls_x509_crt *crt = c->cert[c->way[i].cert];
        struct x509_cert f = facts(crt);
        if (!usage_good(c, crt) || !issuer_good(c, &f, i))
            return false;
    }
    if (!anchor)
        return true;
    struct x509_cert f = facts(anchor);
    return issuer_good(c, &f, c->length);
}

/* The way has reached a trusted one. */
static bool finish(struct tls_chain *c)
{
    const struct tls_link *last = &c->way[c->length - 1];
    mbedtls_x509_crt anchor;
    struct der_view der;
    mbedtls_x509_crt_init(&anchor);
    c->anchored = false;
    c->done = tls_trust_issuer(c->certset, c->cert[last->cert],
                               last->anchors - 1u, &der) &&
                      tls_trust_parse(&anchor, der.p, der.len, false) == 0
                  ? way_good(c, &anchor)
                  : refuse(c, "%s", "trusted certificate cannot be read");
    mbedtls_x509_crt_free(&anchor);
    return c->done;
}

/* ---- the search ---------------------------------------------------------- */

static bool on_way(const struct tls_chain *c, unsigned cert)
{
    for (unsigned i = 0; i < c->length; i++)
        if (c->way[i].cert == cert)
            return true;
    return false;
}

static bool no_ca(struct tls_chain *c, const struct x509_cert *f)
{
    char name[32];
    x509_cert_common_name(f->subject, name, sizeof name);
    return refuse(c, "issuer \"%s\" is no CA", name);
}

/* May a presented certificate be an issuer at all (RFC 5280 section 6.1.4 (k)
 * and (n))? */
static bool is_ca(struct tls_chain *c, const mbedtls_x509_crt *crt)
{
    struct x509_cert f = facts(crt);
    return (crt->version == 3 && f.ca && !f.may_not_sign) || no_ca(c, &f);
}

/* A trusted one may say nothing of it, as people's own CAs do, but not that it
 * is none. */
static bool anchor_is_ca(struct tls_chain *c, struct der_view der)
{
    struct x509_cert f;
    int rc = x509_cert_read(&f, der.p, der.len);
    ASSERT(rc == RC_OK); /* or it would not be trusted */
    return ((f.ca || !f.basic) && !f.may_not_sign) || no_ca(c, &f);
}

/* Nobody is left to try: say whom we would need. */
static void say_unknown(struct tls_chain *c, const mbedtls_x509_crt *child)
{
    const struct der_view issuer = {child->issuer_raw.p, child->issuer_raw.len};
    const uint32_t hash = x509_names_hash(issuer);
    char name[32], cure[64];
    if (c->why[0])
        return;
    x509_cert_common_name(issuer, name, sizeof name);
    for (unsigned i = 0; i < c->unread_count; i++)
        if (c->unread[i].subject_hash == hash) {
            fmt(c->why, sizeof c->why, "issuer \"%s\" %s", name,
                c->unread[i].why);
            return;
        }
    struct der_view der;
    tls_trust_cure(c->certset, child, cure, sizeof cure);
    if (tls_trust_issuer(c->certset, child, 0, &der))
        fmt(c->why, sizeof c->why,
            "certificate is not signed by the \"%s\" that we trust: has its "
            "key changed?",
            name);
    else
        fmt(c->why, sizeof c->why, "certificate from unknown issuer \"%s\": %s",
            name, cure);
}

static bool issued(const mbedtls_x509_crt *child, const mbedtls_x509_crt *by)
{
    return x509_names_same(
        (struct der_view){child->issuer_raw.p, child->issuer_raw.len},
        (struct der_view){by->subject_raw.p, by->subject_raw.len});
}

/* The next presented certificate that may have issued the way's last. */
static mbedtls_x509_crt *next_presented(struct tls_chain *c,
                                        struct tls_link *last)
{
    const mbedtls_x509_crt *child = c->cert[last->cert];
    while (last->next < c->count) {
        unsigned i = last->next++;
        if (!on_way(c, i) && issued(child, c->cert[i]) && is_ca(c, c->cert[i]))
            return c->cert[i];
    }
    return NULL;
}

static int begin(struct tls_chain *c)
{
    c->way[0] = (struct tls_link){.cert = 0};
    c->length = 1;
    /* A server's own certificate on the card needs no issuer. */
    if (tls_trust_holds(c->certset, c->cert[0]))
        c->done = way_good(c, NULL);
    return c->done ? RC_OK : RC_AGAIN;
}

int tls_verify_step(struct tls_chain *c)
{
    if (c->done)
        return RC_OK;
    if (c->count == 0)
        return RC_AUTH;
    if (c->length == 0)
        return begin(c);
    if (c->anchored)
        return finish(c) ? RC_OK : RC_AGAIN;
    if (c->signatures == LIMIT_TLS_SIGNATURES) {
        (void)refuse(c, "%s", "no way to a trusted CA found among so many");
        return RC_AUTH;
    }
    struct tls_link *last = &c->way[c->length - 1];
    mbedtls_x509_crt *child = c->cert[last->cert], *issuer;
    struct der_view der;
    if (tls_trust_issuer(c->certset, child, last->anchors, &der)) {
        last->anchors++;
        c->anchored = anchor_is_ca(c, der) && signed_by(c, child, der);
        return RC_AGAIN;
    }
    issuer = c->length < LIMIT_TLS_CHAIN ? next_presented(c, last) : NULL;
    if (issuer) {
        der = (struct der_view){issuer->raw.p, issuer->raw.len};
        if (signed_by(c, child, der))
            c->way[c->length++] =
                (struct tls_link){.cert = (uint8_t)(last->next - 1)};
        return RC_AGAIN;
    }
    say_unknown(c, child);
    return --c->length == 0 ? RC_AUTH : RC_AGAIN;
}
