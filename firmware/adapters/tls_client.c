#include "tls_client.h"

#include <string.h>

#include "core/fmt.h"
#include "core/limit.h"
#include "services/log.h"
#include "tls_platform.h"
#include "tls_session_private.h"
#include "tls_trust_private.h"
#include "tls_verify_private.h"
#include "tls_words_private.h"

struct client {
    struct tls_session session;
    mbedtls_ssl_config conf; /* one each                                     */
    struct tls_chain chain;
};

static struct {
    bool ready; /* entropy was there, every conf stands                      */
    uint32_t handshakes;
    struct client client[LIMIT_TLS_SESSIONS];
} tls;

static struct client *client(unsigned n)
{
    ASSERT(n < LIMIT_TLS_SESSIONS);
    return &tls.client[n];
}

/* ---- once ---------------------------------------------------------------- */

/* Wants entropy, so it may fail at first and is asked again. */
static int prepare(void)
{
    if (tls.ready)
        return RC_OK;
    if (tls_platform_ready() != RC_OK)
        return RC_IO;
    for (unsigned n = 0; n < LIMIT_TLS_SESSIONS; n++)
        if (tls_session_configure(&tls.client[n].conf, MBEDTLS_SSL_IS_CLIENT) !=
            RC_OK)
            return RC_IO;
    tls.ready = true;
    return RC_OK;
}

void tls_client_init(bool system_certs)
{
    ASSERT(!tls.ready);
    tls_trust_init(system_certs);
    if (prepare() != RC_OK)
        log_at(LOG_ERROR, NULL, "tls: no entropy yet");
}

uint32_t tls_client_handshakes(void)
{
    return tls.handshakes;
}

void tls_client_status(struct status_tls *out)
{
    *out = (struct status_tls){.handshakes = tls.handshakes,
                               .arena_peak = tls_platform_arena_peak(),
                               .arena_size = LIMIT_TLS_ARENA};
}

/* ---- a session ----------------------------------------------------------- */

struct tls_session *tls_client_session(unsigned n)
{
    return &client(n)->session;
}

static int begin(struct client *c)
{
    const struct x509_host *host = &c->chain.host;
    char name[sizeof host->name + 1];
    int rc = tls_session_begin(&c->session, &c->conf);
    mbedtls_ssl_set_user_data_p(&c->session.ssl, &c->chain);
    tls_platform_use(c->session.arena);
    /* The server is told its name, but not an address, nor the dot at the
     * end of a name (RFC 6066 section 3). */
    (void)fmt(name, sizeof name, "%.*s", (int)host->len, host->name);
    if (rc == RC_OK && !host->addr.family &&
        mbedtls_ssl_set_hostname(&c->session.ssl, name) != 0)
        rc = tls_session_fail(&c->session, RC_BAD,
                              "server name is too long for TLS");
    tls_platform_use(TLS_PLATFORM_COMMON);
    if (rc != RC_OK)
        tls_session_abort(&c->session);
    return rc;
}

int tls_client_open(unsigned n, const char *name, const struct addr *addr,
                    uint16_t port, uint32_t certset,
                    const struct cert_clock *clock)
{
    struct client *c = client(n);
    struct tls_session *s = &c->session;
    if (s->phase != TLS_CLOSED)
        return RC_STATE;
    s->arena = 1 + n;
    tls_session_prepare(s);
    if (prepare() != RC_OK) {
        (void)fmt(s->reason, sizeof s->reason,
                  "no entropy: the random generator gives nothing");
        return RC_IO;
    }
    if (tls_verify_begin(&c->chain, name, certset, clock) != RC_OK) {
        (void)fmt(s->reason, sizeof s->reason, "no server can have this name");
        return RC_BAD;
    }
    int rc = begin(c); /* before anybody hears of it: it may lack memory */
    if (rc != RC_OK)
        return rc;
    rc = net_tcp_connect(&s->tcp, addr, port);
    if (rc != RC_OK) {
        tls_session_abort(s);
        (void)fmt(s->reason, sizeof s->reason, "%s",
                  rc == RC_SPACE ? "no TCP connection free" : "no route");
    }
    return rc;
}

int tls_client_connected(unsigned n)
{
    struct tls_session *s = &client(n)->session;
    if (s->tcp.state == NET_TCP_CONNECTING)
        return RC_AGAIN;
    if (s->tcp.state == NET_TCP_REFUSED)
        return tls_session_fail(s, RC_IO, "connection refused");
    return RC_OK;
}

/* The handshake itself is through; what else must hold. */
static int agree(struct client *c)
{
    struct tls_session *s = &c->session;
    const char *alpn = mbedtls_ssl_get_alpn_protocol(&s->ssl);
    if (!tls_verify_done(&c->chain))
        return tls_session_fail(s, RC_AUTH, "server proved no certificate");
    if (!alpn || strcmp(alpn, TLS_SESSION_ALPN) != 0)
        return tls_session_fail(s, RC_BAD,
                                "ALPN ntske/1 not agreed: not an NTS-KE "
                                "server");
    tls.handshakes++;
    return RC_OK;
}

/* Between the server's certificates and the signature with its key. */
static int verify(struct client *c)
{
    struct tls_session *s = &c->session;
    s->waiting = false;
    tls_platform_use(s->arena);
    int rc = tls_verify_step(&c->chain);
    tls_platform_use(TLS_PLATFORM_COMMON);
    if (rc != RC_OK && tls_session_short(s))
        return tls_session_fail(s, RC_SPACE, NULL);
    if (rc != RC_AUTH)
        return RC_AGAIN;
    (void)mbedtls_ssl_send_alert_message(&s->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                         MBEDTLS_SSL_ALERT_MSG_BAD_CERT);
    return tls_session_fail(s, RC_AUTH, c->chain.why);
}

int tls_client_step(unsigned n, mono_ns now)
{
    struct client *c = client(n);
    if (c->session.phase == TLS_HANDSHAKE && !tls_verify_done(&c->chain) &&
        c->session.ssl.MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_CERTIFICATE_VERIFY)
        return verify(c);
    int rc = tls_session_step(&c->session, now, TLS_CLIENT_TIMEOUT);
    return rc == RC_OK ? agree(c) : rc;
}

void tls_client_window(unsigned n, int64_t *lo, int64_t *hi)
{
    *lo = client(n)->chain.lo;
    *hi = client(n)->chain.hi;
}

/* ---- why it failed ------------------------------------------------------- */

static void explain(struct client *c)
{
    struct tls_session *s = &c->session;
    char *out = s->reason;
    const size_t cap = sizeof s->reason;
    int at = s->ssl.MBEDTLS_PRIVATE(state);
    switch (s->error) {
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: /* tls_chain_add's */
        (void)fmt(out, cap, "%s", c->chain.why);
        return;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        /* what Mbed TLS makes of an empty list of certificates */
        if (s->ssl.MBEDTLS_PRIVATE(in_msgtype) != MBEDTLS_SSL_MSG_ALERT) {
            (void)fmt(out, cap, "server has no certificate");
            return;
        }
        /* level, description; there is no public door to it in 3.6 */
        tls_words_alert(s->ssl.MBEDTLS_PRIVATE(in_msg)[1], out, cap);
        return;
    case MBEDTLS_ERR_SSL_BAD_INPUT_DATA:
        /* what Mbed TLS makes of a protocol that was not offered */
        if (at == MBEDTLS_SSL_ENCRYPTED_EXTENSIONS) {
            (void)fmt(out, cap,
                      "ALPN ntske/1 not agreed: the server chose another "
                      "protocol");
            return;
        }
        /* and of a message that its buffer is too small for */
        if (at == MBEDTLS_SSL_CERTIFICATE_REQUEST ||
            at == MBEDTLS_SSL_SERVER_CERTIFICATE) {
            (void)fmt(out, cap,
                      "server's certificates are too long: more than 16 KB");
            return;
        }
        break;
    case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE:
        if (at == MBEDTLS_SSL_CERTIFICATE_VERIFY) {
            (void)fmt(out, cap,
                      "server did not prove that its certificate is its own");
            return;
        }
        if (at == MBEDTLS_SSL_SERVER_FINISHED) {
            (void)fmt(out, cap, "TLS handshake was changed on its way");
            return;
        }
        break;
    case MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER:
        /* what Mbed TLS makes of a ServerHello of TLS 1.2 */
        if (at == MBEDTLS_SSL_SERVER_HELLO)
            s->error = MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION;
        break;
    }
    tls_words_error(s->error, out, cap);
}

const char *tls_client_reason(unsigned n)
{
    struct client *c = client(n);
    if (c->session.error && c->session.reason[0] == 0 &&
        c->session.phase == TLS_FAILED)
        explain(c);
    return c->session.reason;
}
