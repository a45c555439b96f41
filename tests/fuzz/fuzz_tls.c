/* A key exchange with a hostile server: ke_client, the client's half of TLS
 * and Mbed TLS, over a TCP that is a pair of buffers. At the other end Mbed
 * TLS's own server is honest but for what the input says: its messages are
 * changed before they are hashed, signed over and encrypted, so that the
 * client has to look at what they say; records of any type come in between.
 *
 * Input: flags (1 byte), commands. A command: which (1 byte), offset (2),
 * length (2), bytes. Bits 0-2 of which: the message; bits 3-5: what happens. */
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <string.h>

#include "adapters/net_tcp.h"
#include "adapters/tls_platform.h"
#include "adapters/tls_roots.h"
#include "adapters/tls_session_private.h"
#include "core/bytes.h"
#include "port.h"
#include "services/ke_client.h"
#include "services/timekeeper.h"
#include "tls_ecp_memo.h"
#include "tls_inside.h"
#include "tls_pki.h"

enum {
    SIGNATURES_HOLD = 1, /* every signature does: nothing is what it seems  */
    OTHER_GROUP = 2,     /* the server wants X25519: HelloRetryRequest      */
    ASKS_CLIENT = 4,     /* for a certificate                               */
    LEAF_ALONE = 8,      /* without its issuer                              */
    NO_ALPN = 16,
    DRIPS = 32,       /* a few bytes at a time                               */
    HANGS = 64,       /* never closes                                        */
    BY_ADDRESS = 128, /* the source is an address literal                    */
};

enum { AFTER = 7 }; /* not a message: the handshake is through */

enum {
    OVERLAY, /* these bytes at offset                                       */
    INSERT,
    DELETE,
    REPLACE, /* the whole message                                           */
    RECORD,  /* an encrypted record behind it, of the type that offset says */
    WIRE,    /* bytes on the wire behind it, as they are                    */
    ANSWER,  /* NTS-KE records                                              */
    WAIT,    /* offset ms                                                   */
};

#define MESSAGE  4000 /* fits the server's buffer                             */
#define FLOOR    1800000000 /* January 2027: certificates are judged by it   */
#define WIRE_MAX (256 * 1024)
#define POLLS    20000 /* far more than any input can ask for                */

/* Private arenas: the client's is 1. */
#define ARENA_PKI    2
#define ARENA_SERVER 3

/* No bundle here: one root on the card. */
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
    struct net_tcp *tcp;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    size_t changed; /* the message's length, with what was done to it       */
    unsigned hellos;
    bool over, dead, answered, own_leaf;
    unsigned outcomes;
} sim;

static mbedtls_x509_crt pki_chain, pki_alone;
static mbedtls_pk_context pki_key;

/* ---- the machine --------------------------------------------------------- */

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

struct cert_clock timekeeper_cert_clock(void)
{
    return (struct cert_clock){.floor = FLOOR, .strict = true};
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

int net_tcp_connect(struct net_tcp *t, const struct addr *to, uint16_t port)
{
    ASSERT(t->state == NET_TCP_CLOSED && to->family == 4 && port == 4460);
    t->state = NET_TCP_OPEN;
    sim.tcp = t;
    return RC_OK;
}

int net_tcp_read(struct net_tcp *t, uint8_t *buf, size_t cap)
{
    ASSERT(t->state == NET_TCP_OPEN);
    size_t n = take(&sim.down, buf, (sim.flags & DRIPS) && cap > 7 ? 7 : cap);
    if (n > 0 || cap == 0)
        return (int)n;
    return sim.dead && !(sim.flags & HANGS) ? 0 : RC_AGAIN;
}

int net_tcp_write(struct net_tcp *t, const uint8_t *buf, size_t len)
{
    ASSERT(t->state == NET_TCP_OPEN);
    put(&sim.up, buf, len);
    return (int)len;
}

void net_tcp_close(struct net_tcp *t)
{
    t->state = NET_TCP_CLOSED;
}

void net_tcp_abort(struct net_tcp *t)
{
    t->state = NET_TCP_CLOSED;
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
        *c = (struct command){.message = p[0] & 7,
                              .what = p[0] >> 3 & 7,
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

/* ---- between the server's head and its mouth ----------------------------- */

int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options,
                                 mbedtls_pk_context *pk, mbedtls_md_type_t md,
                                 const unsigned char *hash, size_t hash_len,
                                 const unsigned char *sig, size_t sig_len)
{
    if (sim.flags & SIGNATURES_HOLD)
        return 0;
    return __real_mbedtls_pk_verify_ext(type, options, pk, md, hash, hash_len,
                                        sig, sig_len);
}

static unsigned message_of(unsigned type)
{
    static const uint8_t types[AFTER] = {MBEDTLS_SSL_HS_SERVER_HELLO,
                                         MBEDTLS_SSL_HS_SERVER_HELLO,
                                         MBEDTLS_SSL_HS_ENCRYPTED_EXTENSIONS,
                                         MBEDTLS_SSL_HS_CERTIFICATE_REQUEST,
                                         MBEDTLS_SSL_HS_CERTIFICATE,
                                         MBEDTLS_SSL_HS_CERTIFICATE_VERIFY,
                                         MBEDTLS_SSL_HS_FINISHED};
    unsigned i = 0;
    while (i < AFTER && types[i] != type)
        i++;
    return i == 0 && sim.hellos > 1 ? 1 : i;
}

int __wrap_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl,
                                              unsigned type, unsigned char *msg,
                                              size_t len)
{
    struct command c;
    bool ours = ssl == &sim.ssl && msg == ssl->MBEDTLS_PRIVATE(out_msg) + 4;
    if (ours) {
        sim.hellos += type == MBEDTLS_SSL_HS_SERVER_HELLO;
        for (size_t at = 0; command(&at, message_of(type), &c);)
            len = change(&c, msg, len);
        sim.changed = len;
        if (type == MBEDTLS_SSL_HS_CERTIFICATE)
            sim.own_leaf = len >= 7 + sizeof pki_leaf &&
                           memcmp(msg + 7, pki_leaf, sizeof pki_leaf) == 0;
    }
    return __real_mbedtls_ssl_add_hs_msg_to_checksum(ssl, type, msg, len);
}

static int server_record(uint8_t type, const uint8_t *b, size_t len)
{
    len = len < MESSAGE ? len : MESSAGE;
    memcpy(sim.ssl.MBEDTLS_PRIVATE(out_msg), b, len);
    sim.ssl.MBEDTLS_PRIVATE(out_msgtype) = type;
    sim.ssl.MBEDTLS_PRIVATE(out_msglen) = len;
    return mbedtls_ssl_write_record(&sim.ssl, 1);
}

/* What the server says besides its messages. */
static int beside(unsigned message)
{
    struct command c;
    int rc = 0;
    for (size_t at = 0; rc >= 0 && command(&at, message, &c);)
        if (c.what == RECORD)
            rc = server_record((uint8_t)(20 + c.offset % 6), c.b, c.len);
        else if (c.what == WIRE)
            put(&sim.down, c.b, c.len);
        else if (c.what == WAIT)
            sim.now += (mono_ns)c.offset * MONO_MS;
        else if (c.what == ANSWER && message == AFTER && c.len > 0)
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
    return rc == 0 && message_of(type) < AFTER ? beside(message_of(type)) : rc;
}

/* ---- the server ---------------------------------------------------------- */

static int server_send(void *arg, const unsigned char *buf, size_t len)
{
    (void)arg;
    put(&sim.down, buf, len);
    return (int)len;
}

static int server_receive(void *arg, unsigned char *buf, size_t len)
{
    (void)arg;
    size_t n = take(&sim.up, buf, len);
    return n ? (int)n : MBEDTLS_ERR_SSL_WANT_READ;
}

static void server_begin(void)
{
    static const char *alpn[] = {"ntske/1", NULL};
    static const uint16_t other[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0};
    mbedtls_ssl_config *f = &sim.conf;
    mbedtls_ssl_config_init(f);
    mbedtls_ssl_init(&sim.ssl);
    bool good = mbedtls_ssl_config_defaults(f, MBEDTLS_SSL_IS_SERVER,
                                            MBEDTLS_SSL_TRANSPORT_STREAM,
                                            MBEDTLS_SSL_PRESET_DEFAULT) == 0;
    mbedtls_ssl_conf_rng(f, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_authmode(f, sim.flags & ASKS_CLIENT
                                     ? MBEDTLS_SSL_VERIFY_OPTIONAL
                                     : MBEDTLS_SSL_VERIFY_NONE);
    if (sim.flags & OTHER_GROUP)
        mbedtls_ssl_conf_groups(f, other);
    if (!(sim.flags & NO_ALPN))
        good = good && mbedtls_ssl_conf_alpn_protocols(f, alpn) == 0;
    good = good &&
           mbedtls_ssl_conf_own_cert(
               f, sim.flags & LEAF_ALONE ? &pki_alone : &pki_chain, &pki_key) ==
               0 &&
           mbedtls_ssl_setup(&sim.ssl, f) == 0;
    ASSERT(good);
    mbedtls_ssl_set_bio(&sim.ssl, NULL, server_send, server_receive, NULL);
}

/* AEAD 15, no record 1024, one cookie. */
static const uint8_t honest[] = "\x80\1\0\2\0\0"
                                "\x80\4\0\2\0\17"
                                "\0\5\0\10cookie01"
                                "\x80\0\0";

static int server_answer(void)
{
    struct command c;
    bool own = false;
    sim.answered = true;
    for (size_t at = 0; command(&at, AFTER, &c);)
        own = own || c.what == ANSWER;
    int rc = beside(AFTER);
    if (rc == 0 && !own)
        rc = mbedtls_ssl_write(&sim.ssl, honest, sizeof honest);
    if (rc >= 0)
        rc = mbedtls_ssl_close_notify(&sim.ssl);
    return rc < 0 ? rc : MBEDTLS_ERR_SSL_CONN_EOF;
}

static void server_run(void)
{
    uint8_t buf[512];
    int rc = 0;
    if (sim.dead)
        return;
    tls_platform_use(ARENA_SERVER);
    if (!sim.over)
        rc = mbedtls_ssl_handshake(&sim.ssl);
    sim.over = sim.over || rc == 0;
    if (sim.over)
        rc = mbedtls_ssl_read(&sim.ssl, buf, sizeof buf);
    if (rc > 0 && !sim.answered)
        rc = server_answer();
    sim.dead = rc <= 0 && rc != MBEDTLS_ERR_SSL_WANT_READ &&
               rc != MBEDTLS_ERR_SSL_WANT_WRITE;
    tls_platform_use(TLS_PLATFORM_COMMON);
}

/* ---- the client's side --------------------------------------------------- */

/* Without tricks with signatures, only our own leaf's holder is believed. */
static void believed(const struct ke_outcome *o)
{
    ASSERT(sim.own_leaf || (sim.flags & SIGNATURES_HOLD));
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
    sim.random = 88172645463325252u;
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

/* The same random bytes in every run. */
static void begin(const uint8_t *in, size_t len)
{
    memset(&sim, 0, sizeof sim);
    sim.random = 88172645463325252u;
    sim.now = 1000 * MONO_S;
    sim.flags = in[0];
    sim.in = in + 1;
    sim.len = len - 1;
    mbedtls_psa_crypto_free();
    ASSERT(psa_crypto_init() == PSA_SUCCESS);
    tls_platform_use(ARENA_SERVER);
    server_begin();
    tls_platform_use(TLS_PLATFORM_COMMON);
}

static void exchange(void)
{
    const struct addr to = {.family = 4, .b = {192, 0, 2, 1}};
    const char *name = sim.flags & BY_ADDRESS ? "192.0.2.1" : "nts.example";
    ASSERT(ke_client_start(name, &to, 4460, 0, done, &sim) == RC_OK);
    for (unsigned i = 0; sim.outcomes == 0; i++) {
        ASSERT(i < POLLS);
        size_t before = sim.down.to;
        mono_ns next = ke_client_poll(sim.now);
        server_run();
        if (sim.outcomes == 0 && next > sim.now && sim.down.to == before &&
            sim.down.from == sim.down.to && sim.up.from == sim.up.to)
            sim.now = next;
    }
    ASSERT(sim.outcomes == 1 && !ke_client_busy());
    ASSERT(sim.tcp && sim.tcp->state == NET_TCP_CLOSED);
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
    mbedtls_ssl_free(&sim.ssl);
    mbedtls_ssl_config_free(&sim.conf);
    mbedtls_psa_crypto_free();
    /* Whatever was said, nothing of it stays. */
    ASSERT(used == 0 || used == tls_platform_arena_used());
    used = tls_platform_arena_used();
    return 0;
}
