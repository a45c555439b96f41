#include <mbedtls/net_sockets.h>
#include <mbedtls/psa_util.h>
#include <string.h>

#include "core/fmt.h"
#include "tls_platform.h"
#include "tls_session_private.h"

int tls_session_configure(mbedtls_ssl_config *f, int endpoint)
{
    static const char *alpn[] = {TLS_SESSION_ALPN, NULL};
    static const uint16_t groups[] = {
        MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
        MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
    mbedtls_ssl_config_init(f);
    if (mbedtls_ssl_config_defaults(f, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        mbedtls_ssl_conf_alpn_protocols(f, alpn) != 0)
        return RC_STATE;
    mbedtls_ssl_conf_min_tls_version(f, MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_max_tls_version(f, MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_authmode(f, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_groups(f, groups);
    mbedtls_ssl_conf_rng(f, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    return RC_OK;
}

/* ---- bytes below TLS ----------------------------------------------------- */

static int below(int rc, int again)
{
    return rc >= 0 ? rc : rc == RC_AGAIN ? again : MBEDTLS_ERR_NET_CONN_RESET;
}

static int send_below(void *tcp, const unsigned char *buf, size_t len)
{
    return below(net_tcp_write(tcp, buf, len), MBEDTLS_ERR_SSL_WANT_WRITE);
}

static int receive_below(void *tcp, unsigned char *buf, size_t len)
{
    return below(net_tcp_read(tcp, buf, len), MBEDTLS_ERR_SSL_WANT_READ);
}

/* ---- handshake ----------------------------------------------------------- */

bool tls_session_short(const struct tls_session *s)
{
    return tls_platform_refused(s->arena) != s->refused;
}

int tls_session_fail(struct tls_session *s, int rc, const char *why)
{
    if (tls_session_short(s)) {
        s->error = 0;
        why = "no memory for TLS with it: the session's arena is full";
        rc = RC_SPACE;
    }
    if (why)
        (void)fmt(s->reason, sizeof s->reason, "%s", why);
    s->phase = TLS_FAILED;
    return rc;
}

void tls_session_prepare(struct tls_session *s)
{
    ASSERT(s->phase == TLS_CLOSED);
    s->refused = tls_platform_refused(s->arena);
    s->deadline = 0;
    s->waiting = false;
    s->error = 0;
    s->reason[0] = 0;
}

static int begin(struct tls_session *s, const mbedtls_ssl_config *conf)
{
    s->phase = TLS_HANDSHAKE;
    mbedtls_ssl_init(&s->ssl);
    if (mbedtls_ssl_setup(&s->ssl, conf) != 0)
        return tls_session_fail(s, RC_SPACE, "TLS cannot begin");
    mbedtls_ssl_set_bio(&s->ssl, &s->tcp, send_below, receive_below, NULL);
    return RC_OK;
}

int tls_session_begin(struct tls_session *s, const mbedtls_ssl_config *conf)
{
    tls_platform_use(s->arena);
    int rc = begin(s, conf);
    tls_platform_use(TLS_PLATFORM_COMMON);
    return rc;
}

static bool would_block(struct tls_session *s, int ret)
{
    s->waiting =
        ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE;
    return s->waiting;
}

/* Sorts Mbed TLS's error by what the caller can do. */
static int fail_with(struct tls_session *s, int error)
{
    s->error = error;
    switch (error) {
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
    case MBEDTLS_ERR_SSL_BAD_CERTIFICATE:
        return tls_session_fail(s, RC_AUTH, NULL);
    case MBEDTLS_ERR_SSL_CONN_EOF:
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
    case MBEDTLS_ERR_NET_CONN_RESET:
        return tls_session_fail(s, RC_IO, NULL);
    default:
        return tls_session_fail(s, RC_BAD, NULL);
    }
}

int tls_session_step(struct tls_session *s, mono_ns now, mono_ns timeout)
{
    if (s->phase != TLS_HANDSHAKE)
        return RC_STATE;
    if (s->deadline == 0)
        s->deadline = now + timeout;
    if (s->tcp.state == NET_TCP_REFUSED)
        return tls_session_fail(s, RC_IO, "connection refused");
    if (now - s->deadline >= 0)
        return tls_session_fail(s, RC_TIMEOUT,
                                s->tcp.state == NET_TCP_CONNECTING
                                    ? "timed out: no TCP connection"
                                    : "timed out in the TLS handshake");
    tls_platform_use(s->arena);
    int ret = mbedtls_ssl_handshake_step(&s->ssl);
    tls_platform_use(TLS_PLATFORM_COMMON);
    if (would_block(s, ret))
        return RC_AGAIN;
    if (ret != 0)
        return fail_with(s, ret);
    if (!mbedtls_ssl_is_handshake_over(&s->ssl))
        return RC_AGAIN;
    s->phase = TLS_OPEN;
    return RC_OK;
}

/* ---- an open session ----------------------------------------------------- */

bool tls_session_waiting(const struct tls_session *s)
{
    return s->waiting;
}

int tls_session_write(struct tls_session *s, const uint8_t *buf, size_t len)
{
    if (s->phase != TLS_OPEN)
        return RC_STATE;
    tls_platform_use(s->arena);
    int ret = mbedtls_ssl_write(&s->ssl, buf, len);
    tls_platform_use(TLS_PLATFORM_COMMON);
    if (would_block(s, ret))
        return RC_AGAIN;
    if (ret >= 0)
        return ret;
    (void)fail_with(s, ret); /* for the reason */
    return RC_IO;
}

int tls_session_read(struct tls_session *s, uint8_t *buf, size_t cap)
{
    if (s->phase != TLS_OPEN)
        return RC_STATE;
    tls_platform_use(s->arena);
    int ret = mbedtls_ssl_read(&s->ssl, buf, cap);
    tls_platform_use(TLS_PLATFORM_COMMON);
    if (would_block(s, ret) ||
        ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
        return RC_AGAIN;
    if (ret == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ||
        ret == MBEDTLS_ERR_SSL_CONN_EOF)
        return 0;
    if (ret >= 0)
        return ret;
    (void)fail_with(s, ret); /* for the reason */
    return RC_IO;
}

int tls_session_export(struct tls_session *s, const char *label,
                       const uint8_t *context, size_t context_len, uint8_t *out,
                       size_t len)
{
    if (s->phase != TLS_OPEN)
        return RC_STATE;
    tls_platform_use(s->arena);
    int ret = mbedtls_ssl_export_keying_material(
        &s->ssl, out, len, label, strlen(label), context, context_len, 1);
    tls_platform_use(TLS_PLATFORM_COMMON);
    if (ret == 0)
        return RC_OK;
    return tls_session_fail(s, RC_BAD, "keys could not be exported");
}

/* ---- the end ------------------------------------------------------------- */

void tls_session_close(struct tls_session *s)
{
    if (s->phase != TLS_OPEN) {
        tls_session_abort(s);
        return;
    }
    tls_platform_use(s->arena);
    (void)mbedtls_ssl_close_notify(&s->ssl); /* a courtesy; not waited for */
    mbedtls_ssl_free(&s->ssl);
    tls_platform_use(TLS_PLATFORM_COMMON);
    net_tcp_close(&s->tcp);
    s->phase = TLS_CLOSED;
}

void tls_session_abort(struct tls_session *s)
{
    if (s->phase != TLS_CLOSED)
        mbedtls_ssl_free(&s->ssl);
    net_tcp_abort(&s->tcp);
    s->phase = TLS_CLOSED;
}
