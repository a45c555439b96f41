/* ke_cost.c -- a payload in place of the firmware: what a key exchange costs the
 * server, on the board's processor. Mbed TLS's client is at the other end, in
 * memory; only what the server does is counted. bench_ke.py starts it under
 * -icount, where a tick is so many instructions. */
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <string.h>

#include "adapters/tls_platform.h"
#include "adapters/tls_server.h"
#include "adapters/tls_session_private.h"
#include "core/aead.h"
#include "core/nts_cookie.h"
#include "core/nts_ke.h"
#include "core/nts_ke_server.h"
#include "cost.h"
#include "ke_rsa.h"
#include "tls_pki.h"

#define RUNS         4u
#define ARENA_CLIENT 1

struct way {
    uint8_t b[16384];
    size_t from, to;
};

static struct {
    struct way up, down;
    mbedtls_ssl_config conf;
    mbedtls_ssl_context client;
    uint64_t spent, longest; /* ticks of the server                          */
} sim;
static struct nts_cookie_jar jar;

/* ---- two ends ------------------------------------------------------------ */

static int put(struct way *w, const uint8_t *b, size_t len)
{
    ASSERT(len <= sizeof w->b - w->to);
    memcpy(w->b + w->to, b, len);
    w->to += len;
    return (int)len;
}

static int take(struct way *w, uint8_t *b, size_t cap)
{
    size_t n = w->to - w->from;
    n = n < cap ? n : cap;
    memcpy(b, w->b + w->from, n);
    w->from += n;
    return n ? (int)n : MBEDTLS_ERR_SSL_WANT_READ;
}

static int client_send(void *arg, const unsigned char *b, size_t len)
{
    (void)arg;
    return put(&sim.up, b, len);
}

static int client_receive(void *arg, unsigned char *b, size_t len)
{
    (void)arg;
    return take(&sim.down, b, len);
}

static int server_send(void *arg, const unsigned char *b, size_t len)
{
    (void)arg;
    return put(&sim.down, b, len);
}

static int server_receive(void *arg, unsigned char *b, size_t len)
{
    (void)arg;
    return take(&sim.up, b, len);
}

static void client_begin(const uint16_t *groups)
{
    static const char *alpn[] = {"ntske/1", NULL};
    tls_platform_use(ARENA_CLIENT);
    mbedtls_ssl_config_init(&sim.conf);
    mbedtls_ssl_init(&sim.client);
    bool good = mbedtls_ssl_config_defaults(&sim.conf, MBEDTLS_SSL_IS_CLIENT,
                                            MBEDTLS_SSL_TRANSPORT_STREAM,
                                            MBEDTLS_SSL_PRESET_DEFAULT) == 0 &&
                mbedtls_ssl_conf_alpn_protocols(&sim.conf, alpn) == 0;
    mbedtls_ssl_conf_rng(&sim.conf, mbedtls_psa_get_random,
                         MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_authmode(&sim.conf, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_groups(&sim.conf, groups);
    good = good && mbedtls_ssl_setup(&sim.client, &sim.conf) == 0 &&
           mbedtls_ssl_set_hostname(&sim.client, "nts.example") == 0;
    ASSERT(good);
    mbedtls_ssl_set_bio(&sim.client, NULL, client_send, client_receive, NULL);
    tls_platform_use(TLS_PLATFORM_COMMON);
}

static bool client_step(void)
{
    tls_platform_use(ARENA_CLIENT);
    int rc = mbedtls_ssl_handshake(&sim.client);
    tls_platform_use(TLS_PLATFORM_COMMON);
    ASSERT(rc == 0 || rc == MBEDTLS_ERR_SSL_WANT_READ);
    return rc == 0;
}

/* ---- what is counted ----------------------------------------------------- */

static void spent_since(uint64_t begin)
{
    uint64_t t = port_ticks() - begin;
    sim.spent += t;
    sim.longest = t > sim.longest ? t : sim.longest;
}

static const uint8_t request[] = "\x80\1\0\2\0\0"
                                 "\x80\4\0\2\0\17"
                                 "\x80\0\0";

/* What services/ke_server.c does once the request is there. */
static void answer(struct tls_session *s)
{
    static uint8_t cookie[LIMIT_COOKIES][NTS_COOKIE_MAX], out[2048];
    struct nts_ke_answer a = {.count = LIMIT_COOKIES};
    struct nts_ke_request r;
    uint8_t context[5], key[2][AEAD_KEY_MAX];
    ASSERT(nts_ke_server_read(request, sizeof request, &r) == RC_OK);
    for (unsigned s2c = 0; s2c < 2; s2c++) {
        nts_ke_exporter_context(context, r.aead, s2c);
        ASSERT(tls_session_export(s, NTS_KE_EXPORTER_LABEL, context,
                                  sizeof context, key[s2c], 32) == RC_OK);
    }
    for (unsigned i = 0; i < LIMIT_COOKIES; i++) {
        int n = nts_cookie_make(&jar, r.aead, key[0], key[1], cookie[i]);
        ASSERT(n > 0);
        a.cookie[i].b = cookie[i];
        a.cookie[i].len = (size_t)n;
    }
    int len = nts_ke_server_answer(&r, &a, out, sizeof out);
    ASSERT(len > 0 && tls_session_write(s, out, (size_t)len) == len);
}

static void exchange(const uint16_t *groups)
{
    static uint8_t buf[256];
    struct tls_session *s = tls_server_session(0);
    memset(&sim.up, 0, sizeof sim.up);
    memset(&sim.down, 0, sizeof sim.down);
    client_begin(groups);
    tls_server_tcp(0)->state = NET_TCP_OPEN;
    uint64_t begin = port_ticks();
    ASSERT(tls_server_open(0) == RC_OK);
    spent_since(begin);
    mbedtls_ssl_set_bio(&s->ssl, NULL, server_send, server_receive, NULL);
    for (int rc = RC_AGAIN; rc != RC_OK;) {
        (void)client_step();
        begin = port_ticks();
        rc = tls_server_step(0, port_mono(), port_mono() + 1000000000);
        spent_since(begin);
        ASSERT(rc == RC_OK || rc == RC_AGAIN);
    }
    while (!client_step())
        ;
    tls_platform_use(ARENA_CLIENT);
    ASSERT(mbedtls_ssl_write(&sim.client, request, sizeof request) > 0);
    tls_platform_use(TLS_PLATFORM_COMMON);
    begin = port_ticks();
    ASSERT(tls_session_read(s, buf, sizeof buf) == (int)sizeof request);
    answer(s);
    tls_session_close(s);
    spent_since(begin);
    tls_platform_use(ARENA_CLIENT);
    mbedtls_ssl_free(&sim.client);
    mbedtls_ssl_config_free(&sim.conf);
    tls_platform_use(TLS_PLATFORM_COMMON);
}

static void cost(const char *what, const char *longest, const uint16_t *groups)
{
    exchange(groups);
    sim.spent = sim.longest = 0;
    for (unsigned i = 0; i < RUNS; i++)
        exchange(groups);
    say(what, sim.spent, RUNS);
    say(longest, sim.longest, 1);
}

_Noreturn void gnomon_main(void)
{
    static const uint16_t p256[] = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, 0};
    static const uint16_t x25519[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0};
    static struct status_ke_pair pair = {.key = "k", .cert = "c"};
    tls_platform_init();
    ASSERT(nts_cookie_begin(&jar) == RC_OK);
    say("ticks a second", port_tick_hz(), 1);
    tls_server_init();
    ASSERT(tls_server_add(pki_leaf, sizeof pki_leaf, pki_leaf_key,
                          sizeof pki_leaf_key, &pair) == RC_OK);
    cost("key exchange, P-256 key, P-256 share", "... its longest step", p256);
    cost("key exchange, P-256 key, X25519 share", "... its longest step",
         x25519);
    say("P-256 key: arena of a session, bytes",
        tls_platform_peak(TLS_PLATFORM_SERVER), 0);
    tls_server_init();
    ASSERT(tls_server_add(rsa_cert, sizeof rsa_cert, rsa_key, sizeof rsa_key,
                          &pair) == RC_OK);
    cost("key exchange, RSA-2048 key, P-256 share", "... its longest step",
         p256);
    say("RSA-2048 key: arena of a session, bytes",
        tls_platform_peak(TLS_PLATFORM_SERVER), 0);
    say("done", 0, 0);
    for (;;)
        port_poll();
}
