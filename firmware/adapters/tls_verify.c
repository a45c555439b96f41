#include "tls_verify_private.h"

#include <mbedtls/oid.h>
#include <string.h>

#include "core/bootstrap.h"
#include "core/fmt.h"
#include "core/utc.h"
#include "tls_trust_private.h"

void tls_verify_begin(struct tls_chain *chain, uint8_t certset,
                      const struct cert_clock *clock)
{
    *chain = (struct tls_chain){
        .certset = certset,
        .clock = *clock,
        .lo = INT64_MIN,
        .hi = INT64_MAX,
    };
}

static int unix_of(const mbedtls_x509_time *t, int64_t *unix_s)
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

static uint32_t judge_dates(struct tls_chain *c, const mbedtls_x509_crt *crt)
{
    int64_t from, to;
    if (unix_of(&crt->valid_from, &from) != RC_OK ||
        unix_of(&crt->valid_to, &to) != RC_OK)
        return MBEDTLS_X509_BADCERT_OTHER;
    if (from > c->lo)
        c->lo = from;
    if (to < c->hi)
        c->hi = to;
    switch (bootstrap_judge_cert(&c->clock, from, to)) {
    case BOOTSTRAP_CERT_GOOD:
        break;
    case BOOTSTRAP_CERT_EXPIRED:
        return MBEDTLS_X509_BADCERT_EXPIRED;
    case BOOTSTRAP_CERT_FUTURE:
        return MBEDTLS_X509_BADCERT_FUTURE;
    }
    return 0;
}

static void common_name(const mbedtls_x509_name *name, char *out, size_t cap)
{
    size_t n = 0;
    for (; name; name = name->next) {
        if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) != 0)
            continue;
        for (n = 0; n < name->val.len && n + 1 < cap; n++) {
            uint8_t b = name->val.p[n];
            out[n] = b >= ' ' && b < 0x7f && b != '"' ? (char)b : '?';
        }
    }
    out[n] = 0;
}

int tls_verify_cert(void *arg, mbedtls_x509_crt *crt, int depth,
                    uint32_t *flags)
{
    struct tls_chain *c = arg;
    *flags &=
        ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    *flags |= judge_dates(c, crt);
    /* A server's own certificate on the card needs no issuer: Mbed TLS knows
     * this case for a CA list, but not for a CA callback. */
    if (depth == 0 && tls_trust_holds(c->certset, crt))
        *flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_NOT_TRUSTED;
    if (*flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
        common_name(&crt->issuer, c->issuer, sizeof c->issuer);
    return 0;
}

/* ---- in words ----------------------------------------------------------- */

static void date(int64_t unix_s, char out[16])
{
    struct utc_civil c = utc_civil_of(unix_s);
    (void)fmt(out, 16, "%04d-%02u-%02u", (int)(c.year % 10000),
              (unsigned)(c.month % 100), (unsigned)(c.day % 100));
}

static void say_dates(const struct tls_chain *c, uint32_t flags, char *out,
                      size_t cap)
{
    char end[16], begin[16], now[16];
    date(c->hi, end);
    date(c->lo, begin);
    date(cert_clock_now(&c->clock), now);
    if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
        (void)fmt(out, cap, "certificate expired: notAfter %s before %s %s",
                  end, c->clock.by_clock ? "now," : "floor", now);
    else
        (void)fmt(out, cap,
                  "certificate not yet valid: notBefore %s after "
                  "%s %s",
                  begin, c->clock.by_clock ? "now," : "floor", now);
}

void tls_verify_say(const struct tls_chain *chain, const char *name,
                    uint32_t flags, char *out, size_t cap)
{
    if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
        (void)fmt(out, cap, "certificate from unknown issuer \"%s\"",
                  chain->issuer);
    else if (flags &
             (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE))
        say_dates(chain, flags, out, cap);
    else if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH)
        (void)fmt(out, cap, "certificate is for another name (wanted %s)",
                  name);
    else if (flags & (MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
                      MBEDTLS_X509_BADCERT_KEY_USAGE |
                      MBEDTLS_X509_BADCERT_NS_CERT_TYPE))
        (void)fmt(out, cap, "certificate is not for server use");
    else if (flags &
             (MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |
              MBEDTLS_X509_BADCERT_BAD_KEY))
        (void)fmt(out, cap, "certificate's signature or key is too weak");
    else
        (void)fmt(out, cap, "certificate refused (flags 0x%x)",
                  (unsigned)flags);
}
