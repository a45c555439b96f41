#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <string.h>

#include "../world/peer_crypto.h"
#include "core/bytes.h"
#include "core/utc.h"
#include "years.h"

#define UID           0x0104
#define COOKIE        0x0204
#define PLACEHOLDER   0x0304
#define AUTHENTICATOR 0x0404
#define COOKIE_LEN    100u
#define CLIENT_PORT   40000

struct years_reply years_reply;

static EVP_PKEY *ca_key, *board_key;
static X509 *ca;

/* ---- certificates -------------------------------------------------------- */

void years_pki(void)
{
    ca_key = EVP_EC_gen("P-256");
    board_key = EVP_EC_gen("P-256");
    ca = peer_certificate("Private CA", "", ca_key, NULL, ca_key,
                          YEARS_START - 86400, YEARS_START + 4000 * 86400);
    (void)peer_pem(NULL, board_key, w->key, sizeof w->key);
}

void years_certify(int64_t lo, int64_t hi)
{
    X509 *x = peer_certificate("board.test", "DNS:board.test", board_key, ca,
                               ca_key, lo, hi);
    (void)peer_pem(x, NULL, w->cert, sizeof w->cert);
    X509_free(x);
    w->cert_lo = lo;
    w->cert_hi = hi;
}

/* ---- key exchange -------------------------------------------------------- */

static int note_trouble(int good, X509_STORE_CTX *s)
{
    int *trouble = SSL_get_app_data((SSL *)X509_STORE_CTX_get_ex_data(
        s, SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (!good && *trouble == 0)
        *trouble = X509_STORE_CTX_get_error(s);
    return 1; /* what it makes of that, the test says */
}

static SSL *tls_open(struct customer *c)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    MUST(ctx && SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) &&
             X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca),
         "TLS");
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(ctx), years_unix());
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, note_trouble);
    SSL *ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    MUST(ssl &&
             SSL_set_alpn_protos(ssl, (const uint8_t *)"\7ntske/1", 8) == 0 &&
             SSL_set_tlsext_host_name(ssl, "board.test") &&
             SSL_set1_host(ssl, "board.test"),
         "TLS");
    c->trouble = 0;
    SSL_set_app_data(ssl, &c->trouble);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl);
    return ssl;
}

/* Bytes both ways. */
static void carry(SSL *ssl, struct years_tcp *t)
{
    int n;
    size_t room = sizeof t->in - t->in_len;
    while (room > 0 && (n = BIO_read(SSL_get_wbio(ssl), t->in + t->in_len,
                                     (int)room)) > 0) {
        t->in_len += (size_t)n;
        room -= (size_t)n;
    }
    years_settle();
    if (t->out_len > 0)
        (void)BIO_write(SSL_get_rbio(ssl), t->out, (int)t->out_len);
    t->out_len = 0;
}

static void export_keys(SSL *ssl, struct customer *c)
{
    static const char label[] = "EXPORTER-network-time-security";
    uint8_t context[5] = {0, 0, 0, 15, 0};
    for (uint8_t d = 0; d < 2; d++) {
        context[4] = d;
        MUST(SSL_export_keying_material(ssl, d ? c->s2c : c->c2s, 32, label,
                                        sizeof label - 1, context, 5, 1) == 1,
             "exporter");
    }
}

static bool take_cookies(struct customer *c, const uint8_t *b, size_t len)
{
    c->cookies = 0;
    for (size_t at = 0; at + 4 <= len; at += 4u + bytes_get16(b + at + 2))
        if (bytes_get16(b + at) == 5 && c->cookies < 8) {
            MUST(bytes_get16(b + at + 2) == COOKIE_LEN, "a cookie's length");
            memcpy(c->cookie[c->cookies++], b + at + 4, COOKIE_LEN);
        }
    return c->cookies == 8;
}

bool years_exchange(struct customer *c)
{
    static const uint8_t ask[] = {0x80, 1, 0, 2,  0,    0, 0x80, 4,
                                  0,    2, 0, 15, 0x80, 0, 0,    0};
    uint8_t got[2048];
    size_t len = 0;
    bool asked = false;
    struct years_tcp *t = years_connect(c->ip);
    if (!t)
        return false;
    SSL *ssl = tls_open(c);
    for (unsigned i = 0; i < 8; i++) {
        if (SSL_do_handshake(ssl) == 1 && !asked)
            asked = SSL_write(ssl, ask, sizeof ask) == sizeof ask;
        carry(ssl, t);
        int n = asked ? SSL_read(ssl, got + len, (int)(sizeof got - len)) : 0;
        len += n > 0 ? (size_t)n : 0;
    }
    export_keys(ssl, c);
    ERR_clear_error();
    SSL_free(ssl);
    MUST(t->closed, "the board has closed the connection");
    years_hang_up(t);
    c->exchanges++;
    w->exchanges++;
    return take_cookies(c, got, len);
}

/* ---- requests ------------------------------------------------------------ */

static void field(struct writer *o, uint16_t type, const void *body, size_t len)
{
    writer_u16(o, type);
    writer_u16(o, (uint16_t)(4 + len));
    if (body)
        writer_bytes(o, body, len);
    else
        memset(writer_room(o, len), 0, len);
}

static void header(uint8_t msg[48], uint8_t first)
{
    memset(msg, 0, 48);
    msg[0] = first;
    MUST(RAND_bytes(msg + 40, 8) == 1, "random bytes");
}

/* What the answer says of the clock; returns whether it is set. */
static bool read_header(const uint8_t *request, const uint8_t *m)
{
    struct years_reply *r = &years_reply;
    ntp64 transmit = bytes_get64(m + 40);
    MUST(memcmp(m + 24, request + 40, 8) == 0, "the origin is ours");
    r->leap = m[0] >> 6;
    r->stratum = m[1];
    r->bound =
        utc_short_ns(bytes_get32(m + 4)) / 2 + utc_short_ns(bytes_get32(m + 8));
    r->error = utc_diff_ns(transmit, years_utc());
    bool set = r->stratum > 0,
         leaps = years_unix() >= YEARS_LEAP - 1 && years_unix() <= YEARS_LEAP;
    MUST(leaps || set == (r->leap != 3), "leap 3 with stratum 0");
    MUST(!set || (r->error < r->bound && -r->error < r->bound),
         "the clock is within what it states");
    return set;
}

/* Takes what is in a good reply. Returns false: nobody but its sender says that
 * it is the board's. */
static bool authentic(struct customer *c, const uint8_t *uid, const uint8_t *m,
                      size_t len)
{
    uint8_t text[1200];
    bool same = false;
    for (size_t at = 48; at + 16 <= len; at += bytes_get16(m + at + 2)) {
        const uint8_t *b = m + at + 4;
        if (bytes_get16(m + at) == UID)
            same = memcmp(b, uid, 32) == 0;
        if (bytes_get16(m + at) != AUTHENTICATOR)
            continue;
        size_t n = bytes_get16(b + 2);
        if (!same || bytes_get16(b) != 16 ||
            !peer_siv_open(c->s2c, m, at, b + 4, b + 20, n, text))
            return false;
        for (size_t i = 0; i + 4 + COOKIE_LEN <= n - 16 && c->cookies < 8;
             i += 4 + COOKIE_LEN)
            memcpy(c->cookie[c->cookies++], text + i + 4, COOKIE_LEN);
        return true;
    }
    return false;
}

/* Writes the request up to its authenticator. */
static struct writer begin(const struct customer *c, const uint8_t *cookie,
                           const uint8_t uid[32], uint8_t *msg, size_t cap)
{
    struct writer o = writer_of(msg, cap);
    header(writer_room(&o, 48), 0x23);
    field(&o, UID, uid, 32);
    field(&o, COOKIE, cookie, COOKIE_LEN);
    for (unsigned n = c->cookies + 1; n < 8; n++)
        field(&o, PLACEHOLDER, NULL, COOKIE_LEN);
    return o;
}

static void sign(const struct customer *c, struct writer *o, uint8_t *msg)
{
    uint8_t body[36] = {0, 16, 0, 16};
    MUST(RAND_bytes(body + 4, 16) == 1, "random bytes");
    peer_siv_sign(c->c2s, msg, o->len, body + 4, body + 20);
    field(o, AUTHENTICATOR, body, sizeof body);
}

static size_t ask(uint32_t ip, const uint8_t *msg, size_t len, uint8_t *out)
{
    size_t n = years_ask(ip, CLIENT_PORT, msg, len, out);
    w->requests++;
    w->answers += n > 0;
    return n;
}

enum years_answer years_poll(struct customer *c)
{
    uint8_t msg[1200], out[NET_UDP_MAX], uid[32], cookie[COOKIE_LEN];
    MUST(c->cookies > 0, "a cookie is left");
    MUST(RAND_bytes(uid, sizeof uid) == 1, "random bytes");
    memcpy(cookie, c->cookie[0], COOKIE_LEN); /* the oldest */
    memmove(c->cookie[0], c->cookie[1], --c->cookies * COOKIE_LEN);
    struct writer o = begin(c, cookie, uid, msg, sizeof msg);
    sign(c, &o, msg);
    c->asked++;
    size_t len = ask(c->ip, msg, o.len, out);
    if (len == 0)
        return SILENT;
    if (memcmp(out + 12, "NTSN", 4) == 0) {
        c->naks++;
        return NAKED;
    }
    MUST(len == o.len && authentic(c, uid, out, len),
         "the reply is the board's");
    MUST(c->cookies == 8, "all cookies are there again");
    c->authentic++;
    return read_header(msg, out) ? SET : UNSET;
}

bool years_plain(uint32_t ip, uint8_t first, size_t len)
{
    uint8_t msg[64] = {0}, out[NET_UDP_MAX];
    header(msg, first);
    size_t n = ask(ip, msg, len, out);
    if (n == 48 && out[1] > 0)
        (void)read_header(msg, out);
    return n > 0;
}

bool years_interleaved(uint32_t ip)
{
    uint8_t msg[48], out[NET_UDP_MAX], second[NET_UDP_MAX];
    header(msg, 0x23);
    if (ask(ip, msg, sizeof msg, out) != 48)
        return false;
    ntp64 left = bytes_get64(out + 40);
    memcpy(msg + 24, out + 32, 8); /* origin: the board's receive stamp      */
    memcpy(msg + 32, msg + 40, 8); /* and receive differs from transmit      */
    msg[32] ^= 1;
    if (ask(ip, msg, sizeof msg, second) != 48)
        return false;
    MUST(memcmp(second + 24, msg + 32, 8) == 0, "interleaved");
    int64_t later = utc_diff_ns(bytes_get64(second + 40), left);
    MUST(later > -10 * MONO_US && later < MONO_MS, "when the last reply left");
    return true;
}

bool years_spoilt(const struct customer *c, bool authenticator)
{
    uint8_t msg[1200], out[NET_UDP_MAX];
    static const uint8_t uid[32] = {1};
    struct writer o = begin(c, c->cookie[0], uid, msg, sizeof msg);
    if (authenticator)
        sign(c, &o, msg);
    msg[o.len - 1] ^= 1;
    return ask(c->ip, msg, o.len, out) == 84;
}
