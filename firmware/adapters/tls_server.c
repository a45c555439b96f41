#include "tls_server.h"

#include <string.h>

#include "core/limit.h"
#include "core/x509_names.h"
#include "tls_pairs_private.h"
#include "tls_platform.h"
#include "tls_session_private.h"

static struct {
    bool ready; /* conf stands                                              */
    mbedtls_ssl_config conf;
    struct tls_session session[LIMIT_KE_SESSIONS];
} srv;

/* ---- which certificate? -------------------------------------------------- */

static bool asked_for(mbedtls_ssl_context *ssl, struct x509_host *host)
{
    size_t len = 0;
    const unsigned char *sni = mbedtls_ssl_get_hs_sni(ssl, &len);
    char name[LIMIT_NAME];
    if (!sni || len == 0 || len >= sizeof name || memchr(sni, 0, len))
        return false;
    memcpy(name, sni, len);
    name[len] = 0;
    return x509_host_of(host, name) == RC_OK;
}

static int offer(mbedtls_ssl_context *ssl, const struct x509_host *host,
                 unsigned *offered)
{
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < tls_pairs_count(); i++) {
        struct tls_pair *p = tls_pairs_at(i);
        if (host &&
            (!p->own.san.p || x509_names_match(p->own.san, host) != RC_OK))
            continue;
        rc = mbedtls_ssl_set_hs_own_cert(ssl, &p->chain, &p->key);
        (*offered)++;
    }
    return rc;
}

/* Mbed TLS asks with the ClientHello read and nothing computed yet. After a
 * HelloRetryRequest it asks again. */
static int choose(mbedtls_ssl_context *ssl)
{
    struct x509_host host;
    unsigned offered = 0;
    const char *alpn = mbedtls_ssl_get_alpn_protocol(ssl);
    if (!alpn || strcmp(alpn, TLS_SESSION_ALPN) != 0) {
        (void)mbedtls_ssl_send_alert_message(
            ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
            MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL);
        return MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL;
    }
    int rc = mbedtls_ssl_set_hs_own_cert(ssl, NULL, NULL);
    if (rc == 0 && asked_for(ssl, &host))
        rc = offer(ssl, &host, &offered);
    if (rc == 0 && offered == 0)
        rc = offer(ssl, NULL, &offered);
    return rc;
}

/* ---- once ---------------------------------------------------------------- */

static int prepare(void)
{
    mbedtls_ssl_config *f = &srv.conf;
    if (srv.ready)
        return RC_OK;
    if (tls_platform_ready() != RC_OK)
        return RC_STATE;
    if (tls_session_configure(f, MBEDTLS_SSL_IS_SERVER) != RC_OK)
        return RC_STATE;
    mbedtls_ssl_conf_cert_cb(f, choose);
    srv.ready = true;
    return RC_OK;
}

/* ---- a session ----------------------------------------------------------- */

struct tls_session *tls_server_session(unsigned n)
{
    ASSERT(n < LIMIT_KE_SESSIONS);
    return &srv.session[n];
}

struct net_tcp *tls_server_tcp(unsigned n)
{
    return &tls_server_session(n)->tcp;
}

int tls_server_open(unsigned n)
{
    struct tls_session *s = tls_server_session(n);
    tls_session_prepare(s);
    s->arena = TLS_PLATFORM_SERVER + n;
    int rc = prepare();
    if (rc == RC_OK)
        rc = tls_session_begin(s, &srv.conf);
    if (rc != RC_OK)
        tls_session_abort(s);
    return rc;
}

int tls_server_step(unsigned n, mono_ns now, mono_ns deadline)
{
    return tls_session_step(tls_server_session(n), now, deadline - now);
}

void tls_server_refuse(unsigned n)
{
    struct tls_session *s = tls_server_session(n);
    if (s->phase == TLS_CLOSED)
        return;
    mbedtls_ssl_free(&s->ssl);
    net_tcp_close(&s->tcp);
    s->phase = TLS_CLOSED;
}

void tls_server_status(struct status_ke *out)
{
    out->arena_peak = out->arena_used = 0;
    for (unsigned n = 0; n < LIMIT_KE_SESSIONS; n++) {
        out->arena_peak += tls_platform_peak(TLS_PLATFORM_SERVER + n);
        out->arena_used += tls_platform_used(TLS_PLATFORM_SERVER + n);
    }
    out->pairs_used = tls_platform_used(TLS_PLATFORM_PAIRS);
}
