/* A stranger at the key exchange that we serve: ke_server, the server's half
 * of TLS and Mbed TLS, over a TCP that is a pair of buffers. At the other end
 * Mbed TLS's own client is honest but for what the input says: its messages
 * are changed before they are hashed and encrypted, records of any type come
 * in between, and any bytes.
 *
 * Input: flags (1 byte), commands. A command: which (1 byte), offset (2),
 * length (2), bytes. Bits 0-1 of which: the message; bits 2-4: what happens. */
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <psa/crypto.h>
#include <string.h>

#include "adapters/net_tcp.h"
#include "adapters/tls_platform.h"
#include "adapters/tls_roots.h"
#include "adapters/tls_server.h"
#include "adapters/tls_session_private.h"
#include "core/bytes.h"
#include "core/mono.h"
#include "core/nts_cookie.h"
#include "port.h"
#include "services/cookies.h"
#include "services/ke_client.h"
#include "services/ke_server.h"
#include "services/timekeeper.h"
#include "tls_ecp_memo.h"
#include "tls_inside.h"
#include "tls_pki.h"

enum {
    OTHER_GROUP = 1, /* a share of X25519 alone                              */
    NO_SHARE = 2,    /* of a group that the server has: HelloRetryRequest    */
    NO_ALPN = 4,
    NO_NAME = 8,
    DRIPS = 16,    /* a few bytes at a time                                  */
    HANGS = 32,    /* never closes                                           */
    RAW = 64,      /* no client: what is said is WIRE alone                  */
    NOT_LET = 128, /* by access                                              */
};

enum { HELLO, SECOND_HELLO, FINISHED, AFTER };

enum {
    OVERLAY, /* these bytes at offset                                       */
    INSERT,
    DELETE,
    REPLACE, /* the whole message                                           */
    RECORD,  /* a record behind it, of the type that offset says            */
    WIRE,    /* bytes on the wire behind it, as they are                    */
    REQUEST, /* NTS-KE records                                              */
    WAIT,    /* offset ms                                                   */
};

#define MESSAGE  4000 /* fits the client's buffer                             */
#define WIRE_MAX (256 * 1024)
#define POLLS    20000 /* far more than any input can ask for                */

#define ARENA_CLIENT 1 /* our own client is not here                         */

const uint8_t tls_roots_der[1];
const struct tls_root tls_roots[1];
const uint32_t tls_roots_count = 0;

struct way {
    uint8_t b[WIRE_MAX];
    size_t from, to;
};

static struct {
    mono_ns now;
    uint64_t random;
    uint8_t flags;
    const uint8_t *in;
    size_t len;
    struct way up, down;
    struct net_tcp_listener *listener;
    struct net_tcp *tcp;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    size_t changed; /* the message's length, with what was done to it       */
    unsigned hellos;
    bool over, dead, asked, closed;
} sim;

static struct conf conf;

/* ---- the machine, and the services beside us ----------------------------- */

/* Keys that no card has seen. */
struct nts_cookie_jar *cookies_jar(void)
{
    static struct nts_cookie_jar jar;
    if (jar.nonces == 0)
        ASSERT(nts_cookie_begin(&jar) == RC_OK);
    return &jar;
}

uint64_t port_ticks(void)
{
    return (uint64_t)sim.now / 1000;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

size_t port_console(const char *s, size_t len)
{
    return s ? len : 0;
}

int port_entropy(uint8_t *buf, size_t len)
{
    uint64_t x = sim.random; /* xorshift64 */
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        buf[i] = (uint8_t)(x >> 32);
    }
    sim.random = x;
    return RC_OK;
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

/* ---- TCP ----------------------------------------------------------------- */

static void put(struct way *w, const uint8_t *b, size_t len)
{
    if (len > sizeof w->b - w->to)
        len = sizeof w->b - w->to;
    memcpy(w->b + w->to, b, len);
    w->to += len;
}

static size_t take(struct way *w, uint8_t *b, size_t cap)
{
    size_t n = w->to - w->from;
    n = n < cap ? n : cap;
    memcpy(b, w->b + w->from, n);
    w->from += n;
    return n;
}

int net_tcp_listen(struct net_tcp_listener *l, uint16_t port)
{
    ASSERT(port == 4460);
    sim.listener = l;
    return RC_OK;
}

int net_tcp_read(struct net_tcp *t, uint8_t *buf, size_t cap)
{
    ASSERT(t->state == NET_TCP_OPEN);
    size_t n = take(&sim.up, buf, (sim.flags & DRIPS) && cap > 7 ? 7 : cap);
    if (n > 0 || cap == 0)
        return (int)n;
    return sim.dead && !(sim.flags & HANGS) ? 0 : RC_AGAIN;
}

int net_tcp_write(struct net_tcp *t, const uint8_t *buf, size_t len)
{
    ASSERT(t->state == NET_TCP_OPEN);
    put(&sim.down, buf, len);
    return (int)len;
}

void net_tcp_close(struct net_tcp *t)
{
    t->state = NET_TCP_CLOSED;
    sim.closed = true;
}

void net_tcp_abort(struct net_tcp *t)
{
    t->state = NET_TCP_CLOSED;
    sim.closed = true;
}

/* ---- the commands -------------------------------------------------------- */

struct command {
    unsigned message, what;
    size_t offset, len;
    const uint8_t *b;
};

/* The next one of this message at or behind *at. */
static bool command(size_t *at, unsigned message, struct command *c)
{
    while (sim.len - *at >= 5) {
        const uint8_t *p = sim.in + *at;
        *c = (struct command){.message = p[0] & 3,
                              .what = p[0] >> 2 & 7,
                              .offset = bytes_get16(p + 1),
                              .len = bytes_get16(p + 3),
                              .b = p + 5};
        *at += 5;
        if (c->what != DELETE && c->what != WAIT) {
            c->len = c->len < sim.len - *at ? c->len : sim.len - *at;
            *at += c->len;
        }
        if (c->message == message)
            return true;
    }
    return false;
}

static size_t change(const struct command *c, uint8_t *m, size_t len)
{
    size_t at = c->offset % (len + 1), n = c->len, rest = len - at;
    switch (c->what) {
    case OVERLAY:
        memcpy(m + at, c->b, n < rest ? n : rest);
        return len;
    case INSERT:
        n = n < MESSAGE - len ? n : MESSAGE - len;
        memmove(m + at + n, m + at, rest);
        memcpy(m + at, c->b, n);
        return len + n;
    case DELETE:
        n = n < rest ? n : rest;
        memmove(m + at, m + at + n, rest - n);
        return len - n;
    case REPLACE:
        n = n < MESSAGE ? n : MESSAGE;
        memcpy(m, c->b, n);
        return n;
    default:
        return len;
    }
}

/* ---- between the client's head and its mouth ----------------------------- */

static unsigned message_of(unsigned type)
{
    return type == MBEDTLS_SSL_HS_CLIENT_HELLO
               ? (sim.hellos > 1 ? SECOND_HELLO : HELLO)
               : FINISHED;
}

static size_t changed(unsigned message, uint8_t *msg, size_t len)
{
    struct command c;
    for (size_t at = 0; command(&at, message, &c);)
        len = change(&c, msg, len);
    return sim.changed = len;
}

/* A ClientHello is hashed in two pieces, this one first: the rest is changed
 * here, too, and the hash is good as long as its length is the same. */
int __wrap_mbedtls_ssl_add_hs_hdr_to_checksum(mbedtls_ssl_context *ssl,
                                              unsigned type, size_t len)
{
    if (ssl == &sim.ssl && type == MBEDTLS_SSL_HS_CLIENT_HELLO) {
        sim.hellos++;
        len = changed(message_of(type), ssl->MBEDTLS_PRIVATE(out_msg) + 4, len);
    }
    return __real_mbedtls_ssl_add_hs_hdr_to_checksum(ssl, type, len);
}

int __wrap_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl,
                                              unsigned type, unsigned char *msg,
                                              size_t len)
{
    if (ssl == &sim.ssl && msg == ssl->MBEDTLS_PRIVATE(out_msg) + 4)
        len = changed(message_of(type), msg, len);
    return __real_mbedtls_ssl_add_hs_msg_to_checksum(ssl, type, msg, len);
}

static int client_record(uint8_t type, const uint8_t *b, size_t len)
{
    len = len < MESSAGE ? len : MESSAGE;
    memcpy(sim.ssl.MBEDTLS_PRIVATE(out_msg), b, len);
    sim.ssl.MBEDTLS_PRIVATE(out_msgtype) = type;
    sim.ssl.MBEDTLS_PRIVATE(out_msglen) = len;
    return mbedtls_ssl_write_record(&sim.ssl, 1);
}

/* What the client says besides its messages. */
static int beside(unsigned message)
{
    struct command c;
    int rc = 0;
    for (size_t at = 0; rc >= 0 && command(&at, message, &c);)
        if (c.what == RECORD && !(sim.flags & RAW))
            rc = client_record((uint8_t)(20 + c.offset % 6), c.b, c.len);
        else if (c.what == WIRE)
            put(&sim.up, c.b, c.len);
        else if (c.what == WAIT)
            sim.now += (mono_ns)c.offset * MONO_MS;
        else if (c.what == REQUEST && message == AFTER && c.len > 0 &&
                 !(sim.flags & RAW))
            rc = mbedtls_ssl_write(&sim.ssl, c.b, c.len);
    return rc < 0 ? rc : 0;
}

int __wrap_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl,
                                            size_t cap, size_t len)
{
    if (ssl != &sim.ssl)
        return __real_mbedtls_ssl_finish_handshake_msg(ssl, cap, len);
    unsigned type = ssl->MBEDTLS_PRIVATE(out_msg)[0];
    int rc = __real_mbedtls_ssl_finish_handshake_msg(ssl, cap, sim.changed);
    if (rc == 0)
        rc = mbedtls_ssl_flush_output(ssl);
    return rc == 0 ? beside(message_of(type)) : rc;
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

static int client_send(void *arg, const unsigned char *buf, size_t len)
{
    (void)arg;
    put(&sim.up, buf, len);
    return (int)len;
}

static int client_receive(void *arg, unsigned char *buf, size_t len)
{
    (void)arg;
    size_t n = take(&sim.down, buf, len);
    return n ? (int)n : sim.closed ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
}

static void client_begin(void)
{
    static const char *alpn[] = {"other", "ntske/1", NULL};
    static const uint16_t x25519[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0};
    static const uint16_t share[] = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
                                     MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0};
    mbedtls_ssl_config *f = &sim.conf;
    mbedtls_ssl_config_init(f);
    mbedtls_ssl_init(&sim.ssl);
    bool good = mbedtls_ssl_config_defaults(f, MBEDTLS_SSL_IS_CLIENT,
                                            MBEDTLS_SSL_TRANSPORT_STREAM,
                                            MBEDTLS_SSL_PRESET_DEFAULT) == 0;
    mbedtls_ssl_conf_rng(f, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_authmode(f, MBEDTLS_SSL_VERIFY_NONE);
    if (sim.flags & OTHER_GROUP)
        mbedtls_ssl_conf_groups(f, x25519);
    if (sim.flags & NO_SHARE)
        mbedtls_ssl_conf_groups(f, share);
    if (!(sim.flags & NO_ALPN))
        good = good && mbedtls_ssl_conf_alpn_protocols(f, alpn) == 0;
    good = good && mbedtls_ssl_setup(&sim.ssl, f) == 0 &&
           mbedtls_ssl_set_hostname(
               &sim.ssl, sim.flags & NO_NAME ? NULL : "nts.example") == 0;
    ASSERT(good);
    mbedtls_ssl_set_bio(&sim.ssl, NULL, client_send, client_receive, NULL);
}

/* NTPv4, AEADs 30 and 15, record 1024. */
static const uint8_t honest[] = "\x80\1\0\2\0\0"
                                "\x80\4\0\4\0\36\0\17"
                                "\4\0\0\0"
                                "\x80\0\0";

static int client_ask(void)
{
    struct command c;
    bool own = false;
    sim.asked = true;
    for (size_t at = 0; command(&at, AFTER, &c);)
        own = own || c.what == REQUEST;
    int rc = beside(AFTER);
    if (rc == 0 && !own)
        rc = mbedtls_ssl_write(&sim.ssl, honest, sizeof honest);
    return rc < 0 ? rc : 0;
}

static void client_run(void)
{
    uint8_t buf[512];
    int rc = 0;
    if (sim.dead)
        return;
    if (sim.flags & RAW) {
        for (unsigned m = 0; m <= AFTER; m++)
            (void)beside(m);
        sim.dead = true;
        return;
    }
    tls_platform_use(ARENA_CLIENT);
    if (!sim.over)
        rc = mbedtls_ssl_handshake(&sim.ssl);
    sim.over = sim.over || rc == 0;
    if (sim.over && !sim.asked)
        rc = client_ask();
    if (sim.over && rc == 0)
        rc = mbedtls_ssl_read(&sim.ssl, buf, sizeof buf);
    sim.dead = rc <= 0 && rc != MBEDTLS_ERR_SSL_WANT_READ &&
               rc != MBEDTLS_ERR_SSL_WANT_WRITE;
    tls_platform_use(TLS_PLATFORM_COMMON);
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
    sim.random = 88172645463325252u;
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

/* The same random bytes in every run. */
static void begin(const uint8_t *in, size_t len)
{
    struct net_tcp_listener *l = sim.listener;
    memset(&sim, 0, sizeof sim);
    sim.listener = l;
    sim.random = 88172645463325252u;
    sim.now = 1000 * MONO_S;
    sim.flags = in[0];
    sim.in = in + 1;
    sim.len = len - 1;
    mbedtls_psa_crypto_free();
    ASSERT(psa_crypto_init() == PSA_SUCCESS);
    tls_platform_use(ARENA_CLIENT);
    client_begin();
    tls_platform_use(TLS_PLATFORM_COMMON);
}

static void exchange(void)
{
    const struct addr from = {.family = sim.flags & NOT_LET ? 6 : 4,
                              .b = {192, 0, 2, 1}};
    struct status_ke before, after;
    ke_server_status(&before);
    sim.tcp = sim.listener->accept(sim.listener->arg, &from, 50000);
    if (sim.tcp)
        sim.tcp->state = NET_TCP_OPEN;
    for (unsigned i = 0; sim.tcp && !sim.closed; i++) {
        ASSERT(i < POLLS);
        size_t moved = sim.up.from + sim.down.from + sim.up.to + sim.down.to;
        client_run();
        mono_ns next = ke_server_poll(sim.now);
        if (next > sim.now &&
            moved == sim.up.from + sim.down.from + sim.up.to + sim.down.to)
            sim.now = next;
    }
    client_run();
    ke_server_status(&after);
    ASSERT(after.sessions == 0 && after.arena_used == 0);
    ASSERT(after.hits == before.hits + 1);
    ASSERT(after.hits == after.answered + after.drops);
    if (sim.len == 0 && !(sim.flags & (NO_ALPN | RAW | NOT_LET)))
        ASSERT(after.answered == before.answered + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static size_t used;
    once();
    if (len < 1)
        return 0;
    begin(in, len);
    exchange();
    tls_platform_use(ARENA_CLIENT);
    mbedtls_ssl_free(&sim.ssl);
    mbedtls_ssl_config_free(&sim.conf);
    tls_platform_use(TLS_PLATFORM_COMMON);
    mbedtls_psa_crypto_free();
    /* Whatever was said, nothing of it stays. */
    ASSERT(used == 0 || used == tls_platform_arena_used());
    used = tls_platform_arena_used();
    return 0;
}
