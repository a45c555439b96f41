/* tls_peer.h -- the other end of a TLS session, for a fuzz target of one half
 * of a key exchange: Mbed TLS's other half, over a TCP that is a pair of
 * buffers, honest but for what the input's commands say. Its messages are
 * changed before they are hashed and encrypted, so that our half has to look
 * at what they say; records of any type come in between, and any bytes.
 *
 * Input: flags (1 byte), commands. A command: which (1 byte), offset (2),
 * length (2), bytes. The low PEER_MESSAGE_BITS of which: the message; the
 * three above: what happens.
 *
 * For one .c file, which defines PEER_MESSAGE_BITS, PEER_AFTER (the number
 * that stands for the time behind the last message), PEER_ARENA, PEER_DRIPS
 * and PEER_HANGS (its flags for a peer that sends a few bytes at a time, and
 * one that never closes) before it includes this, and peer_message_of(). */
#ifndef FUZZ_TLS_PEER_H
#define FUZZ_TLS_PEER_H

#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <psa/crypto.h>
#include <string.h>

#include "adapters/net_tcp.h"
#include "adapters/tls_platform.h"
#include "adapters/tls_roots.h"
#include "adapters/tls_session_private.h"
#include "core/bytes.h"
#include "core/mono.h"
#include "port.h"
#include "tls_ecp_memo.h"
#include "tls_inside.h"
#include "tls_pki.h"

enum {
    OVERLAY, /* these bytes at offset                                       */
    INSERT,
    DELETE,
    REPLACE, /* the whole message                                           */
    RECORD,  /* a record behind it, of the type that offset says            */
    WIRE,    /* bytes on the wire behind it, as they are                    */
    SAY,     /* NTS-KE records                                              */
    WAIT,    /* offset ms                                                   */
};

#define MESSAGE  4000 /* fits the peer's buffer                               */
#define WIRE_MAX (256 * 1024)
#define POLLS    20000 /* far more than any input can ask for                */

/* No bundle here. */
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
    struct way to_us, to_peer;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    size_t changed; /* the message's length, with what was done to it       */
    unsigned hellos;
    bool over;   /* its handshake is through                                */
    bool said;   /* what it has to say by NTS-KE                            */
    bool dead;   /* it will do nothing any more                             */
    bool closed; /* by us                                                   */
} peer;

/* Which message of the input's commands a TLS message of this type is. */
static unsigned peer_message_of(unsigned type);

/* ---- the machine --------------------------------------------------------- */

uint64_t port_ticks(void)
{
    return (uint64_t)peer.now / 1000;
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
    uint64_t x = peer.random; /* xorshift64 */
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        buf[i] = (uint8_t)(x >> 32);
    }
    peer.random = x;
    return RC_OK;
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

int net_tcp_read(struct net_tcp *t, uint8_t *buf, size_t cap)
{
    ASSERT(t->state == NET_TCP_OPEN);
    size_t n =
        take(&peer.to_us, buf, (peer.flags & PEER_DRIPS) && cap > 7 ? 7 : cap);
    if (n > 0 || cap == 0)
        return (int)n;
    return peer.dead && !(peer.flags & PEER_HANGS) ? 0 : RC_AGAIN;
}

int net_tcp_write(struct net_tcp *t, const uint8_t *buf, size_t len)
{
    ASSERT(t->state == NET_TCP_OPEN);
    put(&peer.to_peer, buf, len);
    return (int)len;
}

void net_tcp_close(struct net_tcp *t)
{
    t->state = NET_TCP_CLOSED;
    peer.closed = true;
}

void net_tcp_abort(struct net_tcp *t)
{
    net_tcp_close(t);
}

static int peer_send(void *arg, const unsigned char *buf, size_t len)
{
    (void)arg;
    put(&peer.to_us, buf, len);
    return (int)len;
}

static int peer_receive(void *arg, unsigned char *buf, size_t len)
{
    (void)arg;
    size_t n = take(&peer.to_peer, buf, len);
    return n ? (int)n : peer.closed ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
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
    while (peer.len - *at >= 5) {
        const uint8_t *p = peer.in + *at;
        *c = (struct command){.message = p[0] & ((1u << PEER_MESSAGE_BITS) - 1),
                              .what = p[0] >> PEER_MESSAGE_BITS & 7,
                              .offset = bytes_get16(p + 1),
                              .len = bytes_get16(p + 3),
                              .b = p + 5};
        *at += 5;
        if (c->what != DELETE && c->what != WAIT) {
            c->len = c->len < peer.len - *at ? c->len : peer.len - *at;
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

/* ---- between the peer's head and its mouth ------------------------------- */

static bool peer_own_message(const mbedtls_ssl_context *ssl, const uint8_t *msg)
{
    return ssl == &peer.ssl && msg == ssl->MBEDTLS_PRIVATE(out_msg) + 4;
}

/* The message with what the input does to it; how long it is then. */
static size_t peer_changed(unsigned message, uint8_t *msg, size_t len)
{
    struct command c;
    for (size_t at = 0; command(&at, message, &c);)
        len = change(&c, msg, len);
    return peer.changed = len;
}

static int peer_record(uint8_t type, const uint8_t *b, size_t len)
{
    len = len < MESSAGE ? len : MESSAGE;
    memcpy(peer.ssl.MBEDTLS_PRIVATE(out_msg), b, len);
    peer.ssl.MBEDTLS_PRIVATE(out_msgtype) = type;
    peer.ssl.MBEDTLS_PRIVATE(out_msglen) = len;
    return mbedtls_ssl_write_record(&peer.ssl, 1);
}

/* What the peer says besides its messages; of a peer without TLS, only what
 * goes on the wire as it is. */
static int peer_beside(unsigned message, bool tls)
{
    struct command c;
    int rc = 0;
    for (size_t at = 0; rc >= 0 && command(&at, message, &c);)
        if (c.what == RECORD && tls)
            rc = peer_record((uint8_t)(20 + c.offset % 6), c.b, c.len);
        else if (c.what == WIRE)
            put(&peer.to_us, c.b, c.len);
        else if (c.what == WAIT)
            peer.now += (mono_ns)c.offset * MONO_MS;
        else if (c.what == SAY && message == PEER_AFTER && c.len > 0 && tls)
            rc = mbedtls_ssl_write(&peer.ssl, c.b, c.len);
    return rc < 0 ? rc : 0;
}

int __wrap_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl,
                                            size_t cap, size_t len)
{
    if (ssl != &peer.ssl)
        return __real_mbedtls_ssl_finish_handshake_msg(ssl, cap, len);
    unsigned message = peer_message_of(ssl->MBEDTLS_PRIVATE(out_msg)[0]);
    int rc = __real_mbedtls_ssl_finish_handshake_msg(ssl, cap, peer.changed);
    if (rc == 0)
        rc = mbedtls_ssl_flush_output(ssl);
    return rc == 0 && message < PEER_AFTER ? peer_beside(message, true) : rc;
}

/* By NTS-KE, once: what the input has for it, or else what an honest one
 * would say. */
static int peer_say(const uint8_t *honest, size_t len)
{
    struct command c;
    bool own = false;
    peer.said = true;
    for (size_t at = 0; command(&at, PEER_AFTER, &c);)
        own = own || c.what == SAY;
    int rc = peer_beside(PEER_AFTER, true);
    if (rc == 0 && !own)
        rc = mbedtls_ssl_write(&peer.ssl, honest, len);
    return rc < 0 ? rc : 0;
}

/* ---- its life ------------------------------------------------------------ */

/* The same random bytes in every run. */
static void peer_begin(const uint8_t *in, size_t len, int endpoint)
{
    memset(&peer, 0, sizeof peer);
    peer.random = 88172645463325252u;
    peer.now = 1000 * MONO_S;
    peer.flags = in[0];
    peer.in = in + 1;
    peer.len = len - 1;
    mbedtls_psa_crypto_free();
    ASSERT(psa_crypto_init() == PSA_SUCCESS);
    tls_platform_use(PEER_ARENA);
    mbedtls_ssl_config_init(&peer.conf);
    mbedtls_ssl_init(&peer.ssl);
    ASSERT(mbedtls_ssl_config_defaults(&peer.conf, endpoint,
                                       MBEDTLS_SSL_TRANSPORT_STREAM,
                                       MBEDTLS_SSL_PRESET_DEFAULT) == 0);
    mbedtls_ssl_conf_rng(&peer.conf, mbedtls_psa_get_random,
                         MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_set_bio(&peer.ssl, NULL, peer_send, peer_receive, NULL);
}

/* Of a peer's half: what rc means for its life. */
static void peer_went(int rc)
{
    peer.dead = rc <= 0 && rc != MBEDTLS_ERR_SSL_WANT_READ &&
                rc != MBEDTLS_ERR_SSL_WANT_WRITE;
    tls_platform_use(TLS_PLATFORM_COMMON);
}

/* Whatever was said, nothing of it stays. */
static void peer_end(void)
{
    static size_t used;
    tls_platform_use(PEER_ARENA);
    mbedtls_ssl_free(&peer.ssl);
    mbedtls_ssl_config_free(&peer.conf);
    tls_platform_use(TLS_PLATFORM_COMMON);
    mbedtls_psa_crypto_free();
    ASSERT(used == 0 || used == tls_platform_arena_used());
    used = tls_platform_arena_used();
}

#endif
