#include "tls.h"

#include <mbedtls/memory_buffer_alloc.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <string.h>

#include "core/limit.h"
#include "core/mono.h"
#include "services/log.h"
#include "tls_bio.h"
#include "tls_platform.h"
#include "tls_trust.h"
#include "tls_verify.h"
#include "tls_words.h"

#define ARENA_PAINT 0xa5
#define ARENA_FIRST 128 /* no less than Mbed TLS's header of a block         */

enum tls_phase {
    TLS_CLOSED,
    TLS_HANDSHAKE, /* TCP's included: our key share is made meanwhile       */
    TLS_OPEN,
    TLS_FAILED, /* until tls_close                                       */
};

struct session {
    mbedtls_ssl_config conf; /* its own: f_ca_cb is told of nothing else     */
    enum tls_phase phase;
    mbedtls_ssl_context ssl;
    struct tls_bio bio;
    struct tls_chain chain;
    char name[LIMIT_NAME];
    mono_ns deadline; /* 0: not yet known                                   */
    bool waiting;
    char reason[96];
};

static struct {
    _Alignas(16) uint8_t arena[LIMIT_TLS_ARENA];
    bool ready; /* entropy was there, every conf stands                     */
    uint32_t handshakes;
    struct session session[LIMIT_TLS_SESSIONS];
} tls;

static struct session *session(unsigned n)
{
    ASSERT(n < LIMIT_TLS_SESSIONS);
    return &tls.session[n];
}

/* ---- once --------------------------------------------------------------- */

static int configure(struct session *s)
{
    static const char *alpn[] = {"ntske/1", NULL};
    /* Cheapest first: the first is what we make a key share for. */
    static const uint16_t groups[] = {
        MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
        MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
    mbedtls_ssl_config *c = &s->conf;
    mbedtls_ssl_config_init(c);
    if (mbedtls_ssl_config_defaults(c, MBEDTLS_SSL_IS_CLIENT,
                                    MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        mbedtls_ssl_conf_alpn_protocols(c, alpn) != 0)
        return RC_STATE;
    mbedtls_ssl_conf_min_tls_version(c, MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_max_tls_version(c, MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_authmode(c, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_groups(c, groups);
    mbedtls_ssl_conf_rng(c, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_ca_cb(c, tls_trust_issuers, &s->chain.certset);
    mbedtls_ssl_conf_verify(c, tls_verify_cert, &s->chain);
    return RC_OK;
}

/* Wants entropy, so it may fail at first and is asked again. */
static int prepare(void)
{
    if (tls.ready)
        return RC_OK;
    if (psa_crypto_init() != PSA_SUCCESS)
        return RC_IO;
    for (unsigned n = 0; n < LIMIT_TLS_SESSIONS; n++)
        if (configure(&tls.session[n]) != RC_OK)
            return RC_IO;
    tls.ready = true;
    return RC_OK;
}

void tls_init(bool system_certs)
{
    ASSERT(!tls.ready);
    mbedtls_memory_buffer_alloc_init(tls.arena, sizeof tls.arena);
    memset(tls.arena + ARENA_FIRST, ARENA_PAINT,
           sizeof tls.arena - ARENA_FIRST);
    tls_platform_init();
    tls_trust_init(system_certs);
    if (prepare() != RC_OK)
        log_line("tls: no entropy yet");
}

/* Blocks are taken from the low end first and zeroed, so how far the paint is
 * gone is how large the arena must be, headers and gaps included. */
static size_t arena_peak(void)
{
    size_t n = sizeof tls.arena;
    while (n > 0 && tls.arena[n - 1] == ARENA_PAINT)
        n--;
    return n;
}

uint32_t tls_handshakes(void)
{
    return tls.handshakes;
}

void tls_status(struct status_tls *out)
{
    *out = (struct status_tls){.handshakes = tls.handshakes,
                               .arena_peak = arena_peak(),
                               .arena_size = LIMIT_TLS_ARENA};
}

const char *tls_reason(unsigned n)
{
    return session(n)->reason;
}

bool tls_waiting(unsigned n)
{
    return session(n)->waiting;
}

/* ---- a session ---------------------------------------------------------- */

static int fail(struct session *s, int rc, const char *why)
{
    if (why)
        snprintf(s->reason, sizeof s->reason, "%s", why);
    s->phase = TLS_FAILED;
    return rc;
}

static int set_up(struct session *s)
{
    mbedtls_ssl_init(&s->ssl);
    if (mbedtls_ssl_setup(&s->ssl, &s->conf) != 0)
        return fail(s, RC_SPACE, "TLS arena is full");
    if (mbedtls_ssl_set_hostname(&s->ssl, s->name) != 0)
        return fail(s, RC_BAD, "server name is too long for TLS");
    mbedtls_ssl_set_bio(&s->ssl, &s->bio, tls_bio_send, tls_bio_recv, NULL);
    return RC_OK;
}

int tls_open(unsigned n, const char *name, const struct addr *addr,
             uint16_t port, uint8_t certset, const struct tls_clock *clock)
{
    struct session *s = session(n);
    if (s->phase != TLS_CLOSED)
        return RC_STATE;
    s->reason[0] = 0;
    s->deadline = 0;
    s->waiting = false;
    if (prepare() != RC_OK) {
        snprintf(s->reason, sizeof s->reason, "no entropy");
        return RC_IO;
    }
    int rc = tls_bio_open(&s->bio, addr, port);
    if (rc != RC_OK) {
        snprintf(s->reason, sizeof s->reason, "%s",
                 rc == RC_SPACE ? "no TCP connection free" : "no route");
        return rc;
    }
    snprintf(s->name, sizeof s->name, "%s", name);
    tls_verify_begin(&s->chain, certset, clock);
    s->phase = TLS_HANDSHAKE;
    rc = set_up(s);
    if (rc != RC_OK)
        tls_close(n);
    return rc;
}

/* Say why Mbed TLS gave up, and sort it by what the caller can do. */
static int fail_with(struct session *s, int error)
{
    char *out = s->reason;
    const size_t cap = sizeof s->reason;
    s->phase = TLS_FAILED;
    switch (error) {
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
    case MBEDTLS_ERR_SSL_BAD_CERTIFICATE:
        tls_verify_say(&s->chain, s->name,
                       mbedtls_ssl_get_verify_result(&s->ssl), out, cap);
        return RC_AUTH;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        /* level, description; there is no public door to it in 3.6 */
        tls_words_alert(s->ssl.MBEDTLS_PRIVATE(in_msg)[1], out, cap);
        return RC_BAD;
    case MBEDTLS_ERR_SSL_CONN_EOF:
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
    case MBEDTLS_ERR_NET_CONN_RESET:
        tls_words_error(error, out, cap);
        return RC_IO;
    case MBEDTLS_ERR_SSL_BAD_INPUT_DATA:
        /* what Mbed TLS makes of a protocol that was not offered */
        if (s->ssl.MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_ENCRYPTED_EXTENSIONS)
            return fail(s, RC_BAD,
                        "ALPN ntske/1 not agreed: the server chose another "
                        "protocol");
        tls_words_error(error, out, cap);
        return RC_BAD;
    case MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER:
        /* what Mbed TLS makes of a ServerHello of TLS 1.2 */
        if (s->ssl.MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_SERVER_HELLO)
            error = MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION;
        tls_words_error(error, out, cap);
        return RC_BAD;
    default:
        tls_words_error(error, out, cap);
        return RC_BAD;
    }
}

/* The handshake itself is through; what else must hold. */
static int agree(struct session *s)
{
    const char *alpn = mbedtls_ssl_get_alpn_protocol(&s->ssl);
    uint32_t flags = mbedtls_ssl_get_verify_result(&s->ssl);
    if (flags != 0)
        return fail_with(s, MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
    if (!alpn || strcmp(alpn, "ntske/1") != 0)
        return fail(s, RC_BAD, "ALPN ntske/1 not agreed: not an NTS-KE server");
    tls.handshakes++;
    s->phase = TLS_OPEN;
    return RC_OK;
}

static bool would_block(struct session *s, int ret)
{
    s->waiting =
        ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE;
    return s->waiting;
}

int tls_step(unsigned n, mono_ns now)
{
    struct session *s = session(n);
    if (s->phase != TLS_HANDSHAKE)
        return RC_STATE;
    if (s->deadline == 0)
        s->deadline = now + TLS_TIMEOUT;
    if (s->bio.state == TLS_BIO_REFUSED)
        return fail(s, RC_IO, "connection refused");
    if (now - s->deadline >= 0)
        return fail(s, RC_TIMEOUT,
                    s->bio.state == TLS_BIO_CONNECTING
                        ? "timed out: no TCP connection"
                        : "timed out in the TLS handshake");
    const struct tls_clock *clock = &s->chain.clock;
    tls_platform_now(clock->synchronised ? clock->now : clock->floor);
    int ret = mbedtls_ssl_handshake_step(&s->ssl);
    if (would_block(s, ret))
        return RC_AGAIN;
    if (ret != 0)
        return fail_with(s, ret);
    return mbedtls_ssl_is_handshake_over(&s->ssl) ? agree(s) : RC_AGAIN;
}

int tls_write(unsigned n, const uint8_t *buf, size_t len)
{
    struct session *s = session(n);
    if (s->phase != TLS_OPEN)
        return RC_STATE;
    int ret = mbedtls_ssl_write(&s->ssl, buf, len);
    if (would_block(s, ret))
        return RC_AGAIN;
    if (ret >= 0)
        return ret;
    (void)fail_with(s, ret); /* for the reason */
    return RC_IO;
}

int tls_read(unsigned n, uint8_t *buf, size_t cap)
{
    struct session *s = session(n);
    if (s->phase != TLS_OPEN)
        return RC_STATE;
    int ret = mbedtls_ssl_read(&s->ssl, buf, cap);
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

int tls_export(unsigned n, const char *label, const uint8_t *context,
               size_t context_len, uint8_t *out, size_t len)
{
    struct session *s = session(n);
    if (s->phase != TLS_OPEN)
        return RC_STATE;
    if (mbedtls_ssl_export_keying_material(&s->ssl, out, len, label,
                                           strlen(label), context, context_len,
                                           1) == 0)
        return RC_OK;
    (void)fail(s, RC_BAD, "keys could not be exported");
    return RC_BAD;
}

void tls_window(unsigned n, int64_t *lo, int64_t *hi)
{
    *lo = session(n)->chain.lo;
    *hi = session(n)->chain.hi;
}

void tls_close(unsigned n)
{
    struct session *s = session(n);
    if (s->phase == TLS_CLOSED)
        return;
    if (s->phase == TLS_OPEN) /* a courtesy; not waited for */
        (void)mbedtls_ssl_close_notify(&s->ssl);
    mbedtls_ssl_free(&s->ssl);
    tls_bio_close(&s->bio);
    s->phase = TLS_CLOSED;
}
