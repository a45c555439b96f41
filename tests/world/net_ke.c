/* net_ke.c -- the servers' NTS-KE (RFC 8915 section 4) over OpenSSL's
 * TLS 1.3, each certificate made when it is asked for, with the dates that
 * its server has just then. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "peer_crypto.h"
#include "world.h"

#define ANSWER (64 * 1024)

static struct {
    EVP_PKEY *ca_key, *stranger_key, *server_key;
    X509 *ca, *stranger;
    char pem[4096];
} pki;

struct session {
    struct sim_tcp *tcp;
    SSL *ssl;
    BIO *in, *out;
    uint8_t request[512];
    size_t len;
    bool answered;
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    ERR_print_errors_fp(stderr);
    sim_broken(what);
}

/* ---- certificates -------------------------------------------------------- */

static X509 *certificate(const char *name, EVP_PKEY *key, X509 *issuer,
                         EVP_PKEY *issuer_key, int64_t lo, int64_t hi)
{
    char san[80];
    snprintf(san, sizeof san, "DNS:%s,DNS:pool.test", name);
    return peer_certificate(name, san, key, issuer, issuer_key, lo, hi);
}

void simke_setup(void)
{
    const int64_t lo = 631152000, hi = INT64_C(4102444800); /* 1990, 2100 */
    pki.ca_key = EVP_EC_gen("P-256");
    pki.stranger_key = EVP_EC_gen("P-256");
    pki.server_key = EVP_EC_gen("P-256");
    must(pki.ca_key && pki.stranger_key && pki.server_key, "keys");
    pki.ca = certificate("Simulated CA", pki.ca_key, NULL, pki.ca_key, lo, hi);
    pki.stranger = certificate("Stranger CA", pki.stranger_key, NULL,
                               pki.stranger_key, lo, hi);
    (void)peer_pem(pki.ca, NULL, pki.pem, sizeof pki.pem);
}

const char *simke_ca_pem(void)
{
    return pki.pem;
}

/* The board's own pair, for the key exchange that it serves. */
const char *simke_board_pem(bool key)
{
    static char pem[2][2000];
    X509 *x = certificate("board.test", pki.server_key, pki.ca, pki.ca_key,
                          631152000, INT64_C(4102444800));
    (void)peer_pem(x, key ? pki.server_key : NULL, pem[key], sizeof pem[key]);
    X509_free(x);
    return pem[key];
}

/* ---- TLS ----------------------------------------------------------------- */

static int choose_alpn(SSL *ssl, const unsigned char **out,
                       unsigned char *out_len, const unsigned char *in,
                       unsigned int in_len, void *arg)
{
    static const unsigned char ours[] = "\7ntske/1";
    unsigned char *found;
    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&found, out_len, ours, sizeof ours - 1, in,
                              in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = found;
    return SSL_TLSEXT_ERR_OK;
}

void *simke_open(struct sim_tcp *c)
{
    unsigned i = simtcp_server(c);
    const struct sim_server *s = &w->server[i];
    char name[16];
    snprintf(name, sizeof name, "nts%u.test", i + 1);
    X509 *x = certificate(
        name, pki.server_key, s->stranger ? pki.stranger : pki.ca,
        s->stranger ? pki.stranger_key : pki.ca_key, s->cert_lo, s->cert_hi);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    must(ctx && SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) &&
             SSL_CTX_use_certificate(ctx, x) &&
             SSL_CTX_use_PrivateKey(ctx, pki.server_key),
         "TLS context");
    X509_free(x);
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    struct session *k = calloc(1, sizeof *k);
    must(k != NULL, "memory");
    k->tcp = c;
    k->ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    k->in = BIO_new(BIO_s_mem());
    k->out = BIO_new(BIO_s_mem());
    must(k->ssl && k->in && k->out, "TLS session");
    SSL_set_bio(k->ssl, k->in, k->out);
    SSL_set_accept_state(k->ssl);
    return k;
}

void simke_free(void *ke)
{
    struct session *k = ke;
    if (!k)
        return;
    SSL_free(k->ssl);
    free(k);
}

/* ---- the answer ---------------------------------------------------------- */

static void record(struct writer *o, bool critical, uint16_t type,
                   const void *body, size_t len)
{
    writer_u16(o, (uint16_t)((critical ? 0x8000u : 0u) | type));
    writer_u16(o, (uint16_t)len);
    if (len)
        writer_bytes(o, body, len);
}

static void cookies(struct session *k, struct writer *o, unsigned count)
{
    static const char label[] = "EXPORTER-network-time-security";
    uint8_t key[2][32], context[5] = {0, 0, 0, 15, 0};
    for (uint8_t d = 0; d < 2; d++) {
        context[4] = d;
        must(SSL_export_keying_material(k->ssl, key[d], 32, label,
                                        sizeof label - 1, context, 5, 1) == 1,
             "exporter");
    }
    for (unsigned i = 0; i < count; i++) {
        uint8_t cookie[SIM_COOKIE];
        simntp_cookie(simtcp_server(k->tcp), key[0], key[1], cookie);
        record(o, false, 5, cookie, sizeof cookie);
    }
}

static void odd_cookies(struct writer *o)
{
    static const uint8_t junk[5000];
    static const size_t odd[] = {0, 3, 300, sizeof junk};
    for (size_t i = 0; i < LEN(odd); i++)
        record(o, false, 5, junk, odd[i]);
}

static void other_server(const struct sim_server *s, struct writer *o)
{
    char name[16];
    uint8_t port[2];
    int n = snprintf(name, sizeof name, "nts%u.test", s->to_server + 1);
    bytes_put16(port, w->server[s->to_server].ntp_port);
    record(o, true, 6, name, (size_t)n);
    record(o, true, 7, port, sizeof port);
}

static size_t answer(struct session *k, uint8_t *out, size_t cap)
{
    static const uint8_t ntpv4[2] = {0, 0}, siv[2] = {0, 15}, two[2] = {0, 1};
    struct sim_server *s = &w->server[simtcp_server(k->tcp)];
    struct writer o = writer_of(out, cap);
    if (s->ke == KE_ERROR) {
        record(&o, true, 2, two, 2);
        record(&o, true, 0, NULL, 0);
        return o.len;
    }
    record(&o, true, 1, ntpv4, 2);
    record(&o, true, 4, siv, 2);
    if (s->ke == KE_ENDLESS) {
        for (size_t i = 0; i < 60000 / 5; i++)
            record(&o, false, 0x4001, "x", 1);
        return o.len;
    }
    if (s->ke == KE_NAMES_OTHER)
        other_server(s, &o);
    if (s->ke == KE_COOKIES_ODD)
        odd_cookies(&o);
    cookies(k, &o,
            s->ke == KE_COOKIES_MANY   ? 40
            : s->ke == KE_COOKIES_ODD  ? 1
            : s->ke == KE_COOKIES_NONE ? 0
                                       : 8);
    record(&o, true, 0, NULL, 0);
    s->exchanges++;
    return o.len;
}

static void answer_it(struct session *k)
{
    static uint8_t out[ANSWER];
    enum sim_ke how = w->server[simtcp_server(k->tcp)].ke;
    k->answered = true;
    if (how == KE_HANG_ANSWER)
        return;
    size_t len = answer(k, out, sizeof out);
    size_t step = how == KE_SLICED ? 1 : how == KE_ENDLESS ? 50 : len;
    for (size_t at = 0; at < len; at += step)
        must(SSL_write(k->ssl, out + at,
                       (int)(len - at < step ? len - at : step)) > 0,
             "SSL_write");
    if (how != KE_ENDLESS)
        SSL_shutdown(k->ssl);
}

/* Does the request end with an End of Message record? */
static bool whole(const struct session *k)
{
    return k->len >= 4 && memcmp(k->request + k->len - 4, "\x80\0\0\0", 4) == 0;
}

void simke_input(void *ke, const uint8_t *p, size_t len)
{
    struct session *k = ke;
    uint8_t out[4096];
    int n;
    BIO_write(k->in, p, (int)len);
    if (!SSL_is_init_finished(k->ssl))
        (void)SSL_do_handshake(k->ssl);
    while (SSL_is_init_finished(k->ssl) && k->len < sizeof k->request &&
           (n = SSL_read(k->ssl, k->request + k->len,
                         (int)(sizeof k->request - k->len))) > 0)
        k->len += (size_t)n;
    ERR_clear_error();
    if (!k->answered && whole(k))
        answer_it(k);
    while ((n = BIO_read(k->out, out, sizeof out)) > 0)
        simtcp_send(k->tcp, out, (size_t)n);
    if (SSL_get_shutdown(k->ssl) & SSL_SENT_SHUTDOWN)
        simtcp_close(k->tcp);
}
