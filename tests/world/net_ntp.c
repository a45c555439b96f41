/* net_ntp.c -- the servers' NTP (RFC 5905) with NTS extension fields (RFC
 * 8915 section 5), sealed by OpenSSL's AES-SIV, and what an attacker on the
 * path makes of it. */
#include <openssl/rand.h>
#include <string.h>

#include "core/bytes.h"
#include "peer_crypto.h"
#include "world.h"

#define UID           0x0104
#define COOKIE        0x0204
#define PLACEHOLDER   0x0304
#define AUTHENTICATOR 0x0404
#define NTP_UNIX      INT64_C(2208988800)
#define MESSAGE       1280

struct field {
    uint16_t type;
    const uint8_t *body;
    size_t len;
};

struct request {
    const uint8_t *msg;
    const uint8_t *uid; /* the whole field                               */
    size_t uid_len;
    const uint8_t *cookie;
    size_t cookies;    /* placeholders too                              */
    size_t signed_len; /* up to the authenticator                       */
    uint8_t c2s[32], s2c[32];
};

static void draw_nonce(uint8_t nonce[16])
{
    if (RAND_bytes(nonce, 16) != 1)
        sim_broken("random bytes");
}

static bool signature(const uint8_t key[32], const uint8_t *ad, size_t ad_len,
                      const uint8_t nonce[16], const uint8_t tag[16])
{
    uint8_t want[16];
    peer_siv_sign(key, ad, ad_len, nonce, want);
    return memcmp(want, tag, 16) == 0;
}

/* ---- cookies: nonce, sealed(c2s, s2c), 4 bytes of nothing ---------------- */

static void cookie_key(unsigned server, uint8_t key[32])
{
    memset(key, 0x40, 32);
    bytes_put32(key, w->server[server].keys);
}

void simntp_cookie(unsigned server, const uint8_t c2s[32],
                   const uint8_t s2c[32], uint8_t out[SIM_COOKIE])
{
    uint8_t key[32], both[64];
    cookie_key(server, key);
    memcpy(both, c2s, 32);
    memcpy(both + 32, s2c, 32);
    memset(out, 0, SIM_COOKIE);
    draw_nonce(out);
    peer_siv_seal(key, out, 16, out, both, sizeof both, out + 16);
}

static bool open_cookie(unsigned server, struct request *r)
{
    uint8_t key[32], both[64];
    cookie_key(server, key);
    if (!peer_siv_open(key, r->cookie, 16, r->cookie, r->cookie + 16, 80, both))
        return false;
    memcpy(r->c2s, both, 32);
    memcpy(r->s2c, both + 32, 32);
    return true;
}

/* What came before comes again: the firmware must not. (A copy that the path
 * made has the same identifier, too.) */
static void remember(const uint8_t *cookie, const uint8_t *uid)
{
    uint64_t hash = bytes_get64(cookie) ^ bytes_get64(cookie + 8);
    uint64_t id = uid ? bytes_get64(uid + 4) : 0;
    for (unsigned i = 0; i < w->cookies; i++)
        if (w->cookie[i] == hash) {
            w->repeats += w->cookie_id[i] != id;
            return;
        }
    if (w->cookies == SIM_COOKIES)
        sim_broken("too many cookies to remember");
    w->cookie_id[w->cookies] = id;
    w->cookie[w->cookies++] = hash;
}

/* ---- a request ----------------------------------------------------------- */

static bool next_field(const uint8_t *msg, size_t len, size_t *at,
                       struct field *f)
{
    if (len - *at < 16)
        return false;
    size_t n = bytes_get16(msg + *at + 2);
    if (n < 16 || n % 4 || n > len - *at)
        return false;
    *f = (struct field){bytes_get16(msg + *at), msg + *at + 4, n - 4};
    *at += n;
    return true;
}

/* False: no NTS in it, or a cookie or an authenticator that is not good. */
static bool genuine(unsigned server, struct request *r, size_t len)
{
    struct field f;
    for (size_t at = 48, from = 48; next_field(r->msg, len, &at, &f);
         from = at) {
        if (f.type == UID) {
            r->uid = f.body - 4;
            r->uid_len = f.len + 4;
        } else if (f.type == COOKIE && f.len == SIM_COOKIE) {
            r->cookie = f.body;
            r->cookies++;
        } else if (f.type == PLACEHOLDER) {
            r->cookies++;
        } else if (f.type == AUTHENTICATOR) {
            r->signed_len = from;
            return r->uid && r->cookie && f.len >= 36 &&
                   bytes_get16(f.body) == 16 && bytes_get16(f.body + 2) == 16 &&
                   open_cookie(server, r) &&
                   signature(r->c2s, r->msg, from, f.body + 4, f.body + 20);
        }
    }
    return false;
}

/* ---- replies ------------------------------------------------------------- */

static uint64_t ntp64_of(int64_t unix_ns)
{
    int64_t s = unix_ns / MONO_S, ns = unix_ns % MONO_S;
    if (ns < 0) { /* before 1970 */
        ns += MONO_S;
        s--;
    }
    return (uint64_t)(s + NTP_UNIX) << 32 |
           (((uint64_t)ns << 32) / (uint64_t)MONO_S);
}

static size_t header(const struct sim_server *s, const struct request *r,
                     int64_t clock_ns, uint8_t *out)
{
    memset(out, 0, 48);
    out[0] = (uint8_t)(s->leap << 6 | (s->version ? s->version : 4) << 3 | 4);
    out[1] = s->stratum ? s->stratum : 1;
    out[2] = r->msg[2];
    out[3] = (uint8_t)-24;
    bytes_put32(out + 4, s->root_delay_s > 0
                             ? (uint32_t)(s->root_delay_s * 65536)
                             : 0x10);
    bytes_put32(out + 8, 0x10 + (uint32_t)(s->root_disp_s * 65536));
    memcpy(out + 12, "SIM", 4);
    bytes_put64(out + 16, ntp64_of(clock_ns - 16 * MONO_S));
    memcpy(out + 24, r->msg + 40, 8);
    bytes_put64(out + 32, ntp64_of(clock_ns));
    bytes_put64(out + 40, ntp64_of(clock_ns));
    return 48;
}

/* Makes a kiss of a reply, when it is its turn (RFC 5905 section 7.4). */
static bool kiss(const struct sim_server *s, uint8_t *out)
{
    unsigned every = s->kiss_every ? s->kiss_every : 1;
    if (!s->kiss[0] || s->requests % every)
        return false;
    out[0] |= 0xc0;
    out[1] = 0;
    memcpy(out + 12, s->kiss, 4);
    return true;
}

static size_t nak(const struct request *r, uint8_t *out)
{
    memset(out, 0, 48);
    out[0] = 0xe4;
    memcpy(out + 12, "NTSN", 4);
    memcpy(out + 24, r->msg + 40, 8);
    memcpy(out + 48, r->uid, r->uid_len);
    return 48 + r->uid_len;
}

static size_t add_nts(unsigned server, const struct request *r, uint8_t *out,
                      size_t len)
{
    uint8_t inner[8 * (SIM_COOKIE + 4)];
    struct writer in = writer_of(inner, sizeof inner);
    memcpy(out + len, r->uid, r->uid_len);
    len += r->uid_len;
    for (size_t i = 0; i < r->cookies && i < 8; i++) {
        uint8_t cookie[SIM_COOKIE];
        simntp_cookie(server, r->c2s, r->s2c, cookie);
        writer_u16(&in, COOKIE);
        writer_u16(&in, SIM_COOKIE + 4);
        writer_bytes(&in, cookie, sizeof cookie);
    }
    uint8_t *f = out + len;
    bytes_put16(f, AUTHENTICATOR);
    bytes_put16(f + 2, (uint16_t)(4 + 4 + 16 + 16 + in.len));
    bytes_put16(f + 4, 16);
    bytes_put16(f + 6, (uint16_t)(16 + in.len));
    draw_nonce(f + 8);
    peer_siv_seal(r->s2c, out, len, f + 8, inner, in.len, f + 24);
    return len + 40 + in.len;
}

static void send(unsigned server, uint16_t port, const uint8_t *msg, size_t len,
                 int64_t delay_ns)
{
    uint8_t u[8 + MESSAGE];
    bytes_put16(u, w->server[server].ntp_port);
    bytes_put16(u + 2, port);
    bytes_put16(u + 4, (uint16_t)(8 + len));
    memcpy(u + 8, msg, len);
    simnet_ip(server, 17, u, 8 + len, delay_ns);
}

/* ---- the attacker -------------------------------------------------------- */

static void deliver(unsigned server, uint16_t port, const struct request *r,
                    uint8_t *msg, size_t len)
{
    struct sim_server *s = &w->server[server];
    uint8_t forged[MESSAGE];
    if (s->first_reply_len == 0) {
        memcpy(s->first_reply, msg, len);
        s->first_reply_len = len;
    } else if (s->ntp == NTP_REPLAY) {
        send(server, port, s->first_reply, s->first_reply_len, s->down_ns);
        return;
    } else if (s->ntp == NTP_REPLAY_FIRST) {
        send(server, port, s->first_reply, s->first_reply_len, s->down_ns / 2);
    }
    if (r->uid && (s->ntp == NTP_NAK_FIRST || s->ntp == NTP_NAK_ONLY))
        send(server, port, forged, nak(r, forged), s->down_ns / 2);
    if (s->ntp == NTP_NAK_ONLY || s->ntp == NTP_SILENT)
        return;
    if (s->ntp == NTP_TAMPER)
        msg[44] ^= 1;
    s->replies++;
    send(server, port, msg, s->ntp == NTP_PLAIN ? 48 : len, s->down_ns);
}

void simntp_request(unsigned server, uint16_t client_port, const uint8_t *msg,
                    size_t len)
{
    struct sim_server *s = &w->server[server];
    struct request r = {.msg = msg};
    uint8_t out[MESSAGE];
    if (len < 48 || len > MESSAGE || (msg[0] & 7) != 3)
        return;
    s->requests++;
    s->gap_ns = sim_true_ns() - s->asked_ns;
    s->asked_ns += s->gap_ns;
    s->asked_version = msg[0] >> 3 & 7;
    bool good = genuine(server, &r, len);
    if (r.cookie)
        remember(r.cookie, r.uid);
    if (r.cookie && !good) {
        s->naks++;
        send(server, client_port, out, nak(&r, out), s->down_ns);
        return;
    }
    s->plain += !good;
    size_t n = header(s, &r, sim_true_ns() + s->lie_ns, out);
    bool kissed = kiss(s, out);
    if (kissed && s->kiss_forged) {
        send(server, client_port, out, n, s->down_ns / 2);
        n = header(s, &r, sim_true_ns() + s->lie_ns, out);
        kissed = false;
    }
    if (good && !(kissed && s->kiss_plain))
        n = add_nts(server, &r, out, n);
    deliver(server, client_port, &r, out, n);
}
