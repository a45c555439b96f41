/* A key exchange with a hostile server: ke_client, the client's half of TLS
 * and Mbed TLS, with tls_peer.h's server at the other end. */
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "services/ke_client.h"
#include "services/timekeeper.h"

enum {
    SIGNATURES_HOLD = 1, /* every signature does: nothing is what it seems  */
    OTHER_GROUP = 2,     /* the server wants X25519: HelloRetryRequest      */
    ASKS_CLIENT = 4,     /* for a certificate                               */
    LEAF_ALONE = 8,      /* without its issuer                              */
    NO_ALPN = 16,
    PEER_DRIPS = 32,  /* a few bytes at a time                               */
    PEER_HANGS = 64,  /* never closes                                        */
    BY_ADDRESS = 128, /* the source is an address literal                    */
};

#define PEER_MESSAGE_BITS 3
enum { PEER_AFTER = 7 }; /* not a message: the handshake is through */

/* Private arenas: the client's is 1. */
#define ARENA_PKI  2
#define PEER_ARENA 3

#include "tls_peer.h"

#define FLOOR 1800000000 /* January 2027: certificates are judged by it      */

static struct {
    struct net_tcp *tcp;
    bool own_leaf;
    unsigned outcomes;
} sim;

static mbedtls_x509_crt pki_chain, pki_alone;
static mbedtls_pk_context pki_key;

struct cert_clock timekeeper_cert_clock(void)
{
    return (struct cert_clock){.floor = FLOOR, .strict = true};
}

int net_tcp_connect(struct net_tcp *t, const struct addr *to, uint16_t port)
{
    ASSERT(t->state == NET_TCP_CLOSED && to->family == 4 && port == 4460);
    t->state = NET_TCP_OPEN;
    sim.tcp = t;
    return RC_OK;
}

/* ---- between the server's head and its mouth ----------------------------- */

int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options,
                                 mbedtls_pk_context *pk, mbedtls_md_type_t md,
                                 const unsigned char *hash, size_t hash_len,
                                 const unsigned char *sig, size_t sig_len)
{
    if (peer.flags & SIGNATURES_HOLD)
        return 0;
    return __real_mbedtls_pk_verify_ext(type, options, pk, md, hash, hash_len,
                                        sig, sig_len);
}

static unsigned peer_message_of(unsigned type)
{
    static const uint8_t types[PEER_AFTER] = {
        MBEDTLS_SSL_HS_SERVER_HELLO,
        MBEDTLS_SSL_HS_SERVER_HELLO,
        MBEDTLS_SSL_HS_ENCRYPTED_EXTENSIONS,
        MBEDTLS_SSL_HS_CERTIFICATE_REQUEST,
        MBEDTLS_SSL_HS_CERTIFICATE,
        MBEDTLS_SSL_HS_CERTIFICATE_VERIFY,
        MBEDTLS_SSL_HS_FINISHED};
    unsigned i = 0;
    while (i < PEER_AFTER && types[i] != type)
        i++;
    return i == 0 && peer.hellos > 1 ? 1 : i;
}

int __wrap_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl,
                                              unsigned type, unsigned char *msg,
                                              size_t len)
{
    if (peer_own_message(ssl, msg)) {
        peer.hellos += type == MBEDTLS_SSL_HS_SERVER_HELLO;
        len = peer_changed(peer_message_of(type), msg, len);
        if (type == MBEDTLS_SSL_HS_CERTIFICATE)
            sim.own_leaf = len >= 7 + sizeof pki_leaf &&
                           memcmp(msg + 7, pki_leaf, sizeof pki_leaf) == 0;
    }
    return __real_mbedtls_ssl_add_hs_msg_to_checksum(ssl, type, msg, len);
}

/* ---- the server ---------------------------------------------------------- */

static void server_begin(void)
{
    static const char *alpn[] = {"ntske/1", NULL};
    static const uint16_t other[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0};
    mbedtls_ssl_config *f = &peer.conf;
    mbedtls_ssl_conf_authmode(f, peer.flags & ASKS_CLIENT
                                     ? MBEDTLS_SSL_VERIFY_OPTIONAL
                                     : MBEDTLS_SSL_VERIFY_NONE);
    if (peer.flags & OTHER_GROUP)
        mbedtls_ssl_conf_groups(f, other);
    if (!(peer.flags & NO_ALPN))
        ASSERT(mbedtls_ssl_conf_alpn_protocols(f, alpn) == 0);
    ASSERT(mbedtls_ssl_conf_own_cert(
               f, peer.flags & LEAF_ALONE ? &pki_alone : &pki_chain,
               &pki_key) == 0);
    ASSERT(mbedtls_ssl_setup(&peer.ssl, f) == 0);
    tls_platform_use(TLS_PLATFORM_COMMON);
}

/* AEAD 15, no record 1024, one cookie. */
static const uint8_t honest[] = "\x80\1\0\2\0\0"
                                "\x80\4\0\2\0\17"
                                "\0\5\0\10cookie01"
                                "\x80\0\0";

static int server_answer(void)
{
    int rc = peer_say(honest, sizeof honest);
    if (rc >= 0)
        rc = mbedtls_ssl_close_notify(&peer.ssl);
    return rc < 0 ? rc : MBEDTLS_ERR_SSL_CONN_EOF;
}

static void server_run(void)
{
    uint8_t buf[512];
    int rc = 0;
    if (peer.dead)
        return;
    tls_platform_use(PEER_ARENA);
    if (!peer.over)
        rc = mbedtls_ssl_handshake(&peer.ssl);
    peer.over = peer.over || rc == 0;
    if (peer.over)
        rc = mbedtls_ssl_read(&peer.ssl, buf, sizeof buf);
    if (rc > 0 && !peer.said)
        rc = server_answer();
    peer_went(rc);
}

/* ---- the client's side --------------------------------------------------- */

/* Without tricks with signatures, only our own leaf's holder is believed. */
static void believed(const struct ke_outcome *o)
{
    ASSERT(sim.own_leaf || (peer.flags & SIGNATURES_HOLD));
    ASSERT(o->result->count > 0);
    ASSERT(o->cert_lo <= FLOOR && o->cert_hi >= FLOOR);
}

static void done(void *arg, const struct ke_outcome *o)
{
    ASSERT(arg == &sim);
    sim.outcomes++;
    if (o->ok) {
        believed(o);
        return;
    }
    /* Words, not a number. */
    ASSERT(o->reason[0] && !strstr(o->reason, "TLS failed ("));
    ASSERT(!strstr(o->reason, "TLS alert 0"));
}

static void once(void)
{
    static bool begun;
    if (begun)
        return;
    begun = true;
    peer.random = 88172645463325252u;
    tls_platform_init();
    tls_client_init(true);
    ASSERT(tls_trust(0, pki_root, sizeof pki_root) == 1);
    ke_client_init();
    tls_platform_use(ARENA_PKI);
    bool good =
        mbedtls_x509_crt_parse_der(&pki_alone, pki_leaf, sizeof pki_leaf) ==
            0 &&
        mbedtls_x509_crt_parse_der(&pki_chain, pki_leaf, sizeof pki_leaf) ==
            0 &&
        mbedtls_x509_crt_parse_der(&pki_chain, pki_issuer, sizeof pki_issuer) ==
            0 &&
        mbedtls_pk_parse_key(&pki_key, pki_leaf_key, sizeof pki_leaf_key, NULL,
                             0, mbedtls_psa_get_random,
                             MBEDTLS_PSA_RANDOM_STATE) == 0;
    tls_platform_use(TLS_PLATFORM_COMMON);
    ASSERT(good);
}

static void exchange(void)
{
    const struct addr to = {.family = 4, .b = {192, 0, 2, 1}};
    const char *name = peer.flags & BY_ADDRESS ? "192.0.2.1" : "nts.example";
    ASSERT(ke_client_start(name, &to, 4460, 0, done, &sim) == RC_OK);
    for (unsigned i = 0; sim.outcomes == 0; i++) {
        ASSERT(i < POLLS);
        size_t before = peer.to_us.to;
        mono_ns next = ke_client_poll(peer.now);
        server_run();
        if (sim.outcomes == 0 && next > peer.now && peer.to_us.to == before &&
            peer.to_us.from == peer.to_us.to &&
            peer.to_peer.from == peer.to_peer.to)
            peer.now = next;
    }
    ASSERT(sim.outcomes == 1 && !ke_client_busy());
    ASSERT(sim.tcp && sim.tcp->state == NET_TCP_CLOSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    once();
    if (len < 1)
        return 0;
    memset(&sim, 0, sizeof sim);
    peer_begin(in, len, MBEDTLS_SSL_IS_SERVER);
    server_begin();
    exchange();
    peer_end();
    return 0;
}
