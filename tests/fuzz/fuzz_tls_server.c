/* A stranger at the key exchange that we serve: ke_server, the server's half
 * of TLS and Mbed TLS, with tls_peer.h's client at the other end, or with one
 * that speaks no TLS at all. */
#include <mbedtls/pk.h>

#include "adapters/tls_server.h"
#include "core/nts_cookie.h"
#include "services/cookies.h"
#include "services/ke_client.h"
#include "services/ke_server.h"
#include "services/timekeeper.h"

enum {
    OTHER_GROUP = 1, /* a share of X25519 alone                              */
    NO_SHARE = 2,    /* of a group that the server has: HelloRetryRequest    */
    NO_ALPN = 4,
    NO_NAME = 8,
    PEER_DRIPS = 16, /* a few bytes at a time                                */
    PEER_HANGS = 32, /* never closes                                         */
    RAW = 64,        /* no client: what is said is WIRE alone                */
    NOT_LET = 128,   /* by access                                            */
};

#define PEER_MESSAGE_BITS 2
enum { HELLO, SECOND_HELLO, FINISHED, PEER_AFTER };

#define PEER_ARENA 1 /* our own client is not here                           */

#include "tls_peer.h"

static struct net_tcp_listener *listener;
static struct conf conf;

/* ---- the services beside us ---------------------------------------------- */

/* Keys that no card has seen. */
struct nts_cookie_jar *cookies_jar(void)
{
    static struct nts_cookie_jar jar;
    if (jar.nonces == 0)
        ASSERT(nts_cookie_begin(&jar) == RC_OK);
    return &jar;
}

bool timekeeper_synchronised(void)
{
    return false;
}

int64_t timekeeper_unix(void)
{
    return 1800000000;
}

unsigned ke_client_steps(void)
{
    return 0;
}

int net_tcp_listen(struct net_tcp_listener *l, uint16_t port)
{
    ASSERT(port == 4460);
    listener = l;
    return RC_OK;
}

/* ---- between the client's head and its mouth ----------------------------- */

static unsigned peer_message_of(unsigned type)
{
    return type == MBEDTLS_SSL_HS_CLIENT_HELLO
               ? (peer.hellos > 1 ? SECOND_HELLO : HELLO)
               : FINISHED;
}

/* A ClientHello is hashed in two pieces, this one first: the rest is changed
 * here, too, and the hash is good as long as its length is the same. */
int __wrap_mbedtls_ssl_add_hs_hdr_to_checksum(mbedtls_ssl_context *ssl,
                                              unsigned type, size_t len)
{
    if (ssl == &peer.ssl && type == MBEDTLS_SSL_HS_CLIENT_HELLO) {
        peer.hellos++;
        len = peer_changed(peer_message_of(type),
                           ssl->MBEDTLS_PRIVATE(out_msg) + 4, len);
    }
    return __real_mbedtls_ssl_add_hs_hdr_to_checksum(ssl, type, len);
}

int __wrap_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl,
                                              unsigned type, unsigned char *msg,
                                              size_t len)
{
    if (peer_own_message(ssl, msg))
        len = peer_changed(peer_message_of(type), msg, len);
    return __real_mbedtls_ssl_add_hs_msg_to_checksum(ssl, type, msg, len);
}

int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options,
                                 mbedtls_pk_context *pk, mbedtls_md_type_t md,
                                 const unsigned char *hash, size_t hash_len,
                                 const unsigned char *sig, size_t sig_len)
{
    (void)type, (void)options, (void)pk, (void)md, (void)hash;
    (void)hash_len, (void)sig, (void)sig_len;
    return 0; /* the client's, who believes everything */
}

/* ---- the client ---------------------------------------------------------- */

static void client_begin(void)
{
    static const char *alpn[] = {"other", "ntske/1", NULL};
    static const uint16_t x25519[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0};
    static const uint16_t share[] = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
                                     MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0};
    mbedtls_ssl_config *f = &peer.conf;
    mbedtls_ssl_conf_authmode(f, MBEDTLS_SSL_VERIFY_NONE);
    if (peer.flags & OTHER_GROUP)
        mbedtls_ssl_conf_groups(f, x25519);
    if (peer.flags & NO_SHARE)
        mbedtls_ssl_conf_groups(f, share);
    if (!(peer.flags & NO_ALPN))
        ASSERT(mbedtls_ssl_conf_alpn_protocols(f, alpn) == 0);
    ASSERT(mbedtls_ssl_setup(&peer.ssl, f) == 0);
    ASSERT(mbedtls_ssl_set_hostname(
               &peer.ssl, peer.flags & NO_NAME ? NULL : "nts.example") == 0);
    tls_platform_use(TLS_PLATFORM_COMMON);
}

/* NTPv4, AEADs 30 and 15, record 1024. */
static const uint8_t honest[] = "\x80\1\0\2\0\0"
                                "\x80\4\0\4\0\36\0\17"
                                "\4\0\0\0"
                                "\x80\0\0";

static void client_run(void)
{
    uint8_t buf[512];
    int rc = 0;
    if (peer.dead)
        return;
    if (peer.flags & RAW) {
        for (unsigned m = 0; m <= PEER_AFTER; m++)
            (void)peer_beside(m, false);
        peer.dead = true;
        return;
    }
    tls_platform_use(PEER_ARENA);
    if (!peer.over)
        rc = mbedtls_ssl_handshake(&peer.ssl);
    peer.over = peer.over || rc == 0;
    if (peer.over && !peer.said)
        rc = peer_say(honest, sizeof honest);
    if (peer.over && rc == 0)
        rc = mbedtls_ssl_read(&peer.ssl, buf, sizeof buf);
    peer_went(rc);
}

/* ---- the server's side --------------------------------------------------- */

static void once(void)
{
    static const struct conf_pair pair = {.key = "k", .cert = "c"};
    static bool begun;
    const struct addr_prefix all = {.addr.family = 4};
    if (begun)
        return;
    begun = true;
    peer.random = 88172645463325252u;
    tls_platform_init();
    conf.ntsport = 4460;
    conf.port = 11123;
    conf.maxntsconnections = LIMIT_KE_SESSIONS;
    ASSERT(access_add(&conf.allow, &all, true, false) == RC_OK);
    ke_server_init();
    ke_server_add(&pair, "", pki_leaf, sizeof pki_leaf, pki_leaf_key,
                  sizeof pki_leaf_key);
    ASSERT(tls_server_pairs() == 1);
    ke_server_start(&conf);
}

static void exchange(void)
{
    const struct addr from = {.family = peer.flags & NOT_LET ? 6 : 4,
                              .b = {192, 0, 2, 1}};
    struct status_ke before, after;
    ke_server_status(&before);
    struct net_tcp *tcp = listener->accept(listener->arg, &from, 50000);
    if (tcp)
        tcp->state = NET_TCP_OPEN;
    for (unsigned i = 0; tcp && !peer.closed; i++) {
        ASSERT(i < POLLS);
        size_t moved = peer.to_us.from + peer.to_peer.from + peer.to_us.to +
                       peer.to_peer.to;
        client_run();
        mono_ns next = ke_server_poll(peer.now);
        if (next > peer.now && moved == peer.to_us.from + peer.to_peer.from +
                                            peer.to_us.to + peer.to_peer.to)
            peer.now = next;
    }
    client_run();
    ke_server_status(&after);
    ASSERT(after.sessions == 0 && after.arena_used == 0);
    ASSERT(after.hits == before.hits + 1);
    ASSERT(after.hits == after.answered + after.drops);
    if (peer.len == 0 && !(peer.flags & (NO_ALPN | RAW | NOT_LET)))
        ASSERT(after.answered == before.answered + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    once();
    if (len < 1)
        return 0;
    peer_begin(in, len, MBEDTLS_SSL_IS_CLIENT);
    client_begin();
    exchange();
    peer_end();
    return 0;
}
