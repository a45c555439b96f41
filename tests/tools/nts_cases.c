/* nts_cases.c -- requests of NTS for a chronyd whose cookie key is known (its
 * file ntskeys), good ones and bad ones, and what our server answers to the
 * same with a cookie of its own:
 *
 *     nts_cases ID KEY COOKIE-AEAD SESSION-AEAD [FROM TO]
 *
 * ID and KEY in hex; FROM and TO: random ones of these numbers instead. Prints a line for each: "silence", "nak" or "authentic",
 * the length of our reply, the request in hex, its name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ntp_server.h"
#include "core/siv.h"
#include "entropy.h"
#include "nts_random.h"

static struct nts_cookie_jar jar;
static struct nts_peer p;

/* ---- the cases ----------------------------------------------------------- */

static void head(void)
{
    const struct ntp_header h = {
        .version = 4, .mode = 3, .poll = 6, .transmit = 0x1122334455667788};
    nts_peer_header(&p, &h);
}

static void begin(void)
{
    head();
    nts_peer_uid(&p, 32);
}

static void usual(unsigned placeholders, unsigned inside)
{
    begin();
    nts_peer_cookie(&p);
    nts_peer_placeholders(&p, placeholders);
    nts_peer_seal(&p, inside, 0);
}

static uint8_t *auth(void)
{
    return p.msg + p.w.len - nts_auth_size(p.aead, 0);
}

static void lengths(uint16_t nonce, uint16_t sealed)
{
    usual(0, 0);
    uint8_t *a = auth();
    bytes_put16(a + 4, nonce);
    bytes_put16(a + 6, sealed);
}

static void nonce_of(size_t len, size_t padding)
{
    begin();
    nts_peer_cookie(&p);
    size_t at = p.w.len, padded = (len + 3) & ~(size_t)3;
    uint8_t *f =
        ntp_ef_put(&p.w, NTS_EF_AUTHENTICATOR, 4 + padded + 16 + padding);
    ASSERT(f);
    bytes_put16(f, (uint16_t)len);
    bytes_put16(f + 2, 16);
    memcpy(f + 4, p.uid, len);
    (void)!p.aead->seal(p.c2s, p.uid, len, p.msg, at, NULL, 0, f + 4 + padded);
}

static void c_one(void)
{
    usual(0, 0);
}
static void c_two(void)
{
    usual(1, 0);
}
static void c_eight(void)
{
    usual(7, 0);
}
static void c_nine(void)
{
    usual(8, 0);
}
static void c_inside(void)
{
    usual(1, 2);
}
static void c_many(void)
{
    usual(p.aead->id == 15 ? 8 : 12, 0);
}
static void c_mode_1(void)
{
    usual(0, 0), p.msg[0] = 0x21;
}
static void c_version_3(void)
{
    usual(0, 0), p.msg[0] = 0x1b;
}
static void c_no_unique(void)
{
    head();
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 0);
}
static void c_no_cookie(void)
{
    begin(), nts_peer_seal(&p, 0, 0);
}
static void c_no_auth(void)
{
    begin(), nts_peer_cookie(&p);
}
static void c_only_unique(void)
{
    begin();
}
static void c_only_placeholder(void)
{
    begin();
    nts_peer_placeholders(&p, 1);
    nts_peer_seal(&p, 0, 0);
}
static void c_two_cookies(void)
{
    begin();
    nts_peer_cookie(&p);
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 0);
}
static void c_two_uniques(void)
{
    begin();
    nts_peer_uid(&p, 32);
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 0);
}
static void c_late_unique(void)
{
    head();
    nts_peer_cookie(&p);
    nts_peer_uid(&p, 32);
    nts_peer_seal(&p, 0, 0);
}
static void c_long_unique(void)
{
    head();
    nts_peer_uid(&p, 64);
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 0);
}
static void c_short_unique(void)
{
    head();
    nts_peer_uid(&p, 16);
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 0);
}
static void placeholder_of(size_t len)
{
    begin();
    nts_peer_cookie(&p);
    (void)ntp_ef_put(&p.w, NTS_EF_PLACEHOLDER, len);
    nts_peer_seal(&p, 0, 0);
}
static void c_placeholder_short(void)
{
    placeholder_of(p.cookie_len - 4);
}
static void c_placeholder_long(void)
{
    placeholder_of(p.cookie_len + 4);
}
static void c_placeholder_first(void)
{
    begin();
    nts_peer_placeholders(&p, 2);
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 0);
}
static void c_inside_short(void)
{
    begin();
    nts_peer_cookie(&p);
    size_t at = nts_auth_begin(&p.w, p.aead);
    (void)ntp_ef_put(&p.w, NTS_EF_PLACEHOLDER, p.cookie_len - 4);
    (void)!nts_auth_seal(&p.w, at, p.aead, p.c2s, p.uid);
}
static void c_inside_broken(void)
{
    begin();
    nts_peer_cookie(&p);
    size_t at = nts_auth_begin(&p.w, p.aead);
    writer_u16(&p.w, NTS_EF_PLACEHOLDER);
    writer_u16(&p.w, 400);
    writer_u64(&p.w, 0);
    (void)!nts_auth_seal(&p.w, at, p.aead, p.c2s, p.uid);
}
static void c_inside_unknown(void)
{
    begin();
    nts_peer_cookie(&p);
    size_t at = nts_auth_begin(&p.w, p.aead);
    (void)ntp_ef_put(&p.w, 0x7777, 20);
    (void)!nts_auth_seal(&p.w, at, p.aead, p.c2s, p.uid);
}
static void c_after(void)
{
    usual(0, 0);
    (void)ntp_ef_put(&p.w, 0x7777, 24);
}
static void c_unknown(void)
{
    head();
    (void)ntp_ef_put(&p.w, 0x7777, 24);
    nts_peer_uid(&p, 32);
    (void)ntp_ef_put(&p.w, 0x7778, 12);
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 0);
}
static void c_padded(void)
{
    begin();
    nts_peer_cookie(&p);
    nts_peer_seal(&p, 0, 400);
}
static void cookie_of(size_t len)
{
    begin();
    (void)ntp_ef_put(&p.w, NTS_EF_COOKIE, len);
    nts_peer_seal(&p, 0, 0);
}
static void c_cookie_empty(void)
{
    cookie_of(12);
}
static void c_cookie_zeros(void)
{
    cookie_of(p.cookie_len);
}
static void c_cookie_short(void)
{
    cookie_of(p.cookie_len - 8);
}
static void c_cookie_256(void)
{
    cookie_of(256);
}
static void c_cookie_260(void)
{
    cookie_of(260);
}
static void c_cookie_key(void)
{
    usual(0, 0), p.msg[88] ^= 0x10;
}
static void c_cookie_slot(void)
{
    usual(0, 0), p.msg[91] ^= 1;
}
static void c_cookie_body(void)
{
    usual(0, 0), p.msg[130] ^= 1;
}
static void c_header_changed(void)
{
    usual(0, 0), p.msg[47] ^= 1;
}
static void c_unique_changed(void)
{
    usual(0, 0), p.msg[60] ^= 1;
}
static void c_tag_changed(void)
{
    usual(0, 0), p.msg[p.w.len - 1] ^= 1;
}
static void c_nonce_changed(void)
{
    usual(0, 0), auth()[9] ^= 1;
}
static void c_nonce_overruns(void)
{
    lengths(200, 16);
}
static void c_nonce_one_more(void)
{
    lengths(17, 16);
}
static void c_nonce_ffff(void)
{
    lengths(0xffff, 16);
}
static void c_sealed_ffff(void)
{
    lengths(16, 0xffff);
}
static void c_both_wrap(void)
{
    lengths(0xfffc, 0x0014);
}
static void c_sealed_0(void)
{
    lengths(16, 0);
}
static void c_sealed_12(void)
{
    lengths(16, 12);
}
static void c_nonce_0(void)
{
    lengths(0, 16);
}
static void c_all_0(void)
{
    lengths(0, 0);
}
static void c_nonce_8(void)
{
    nonce_of(8, 0);
}
static void c_nonce_8_padded(void)
{
    nonce_of(8, 8);
}
static void c_nonce_32(void)
{
    nonce_of(32, 0);
}
static void c_nonce_12(void)
{
    nonce_of(12, 0);
}
static void c_auth_28(void)
{
    begin();
    nts_peer_cookie(&p);
    (void)ntp_ef_put(&p.w, NTS_EF_AUTHENTICATOR, 24);
}
static void c_cut(void)
{
    usual(0, 0), p.w.len -= 4;
}
static void c_field_long(void)
{
    usual(0, 0), p.msg[51] += 4;
}
static void c_field_0(void)
{
    usual(0, 0), p.msg[87] = 0, p.msg[86] = 0;
}

#define CASE(f)                                                                \
    {                                                                          \
#f + 2, f                                                              \
    }
static const struct {
    const char *name;
    void (*make)(void);
} all[] = {
    CASE(c_one),
    CASE(c_two),
    CASE(c_eight),
    CASE(c_nine),
    CASE(c_inside),
    CASE(c_many),
    CASE(c_mode_1),
    CASE(c_version_3),
    CASE(c_no_unique),
    CASE(c_no_cookie),
    CASE(c_no_auth),
    CASE(c_only_unique),
    CASE(c_only_placeholder),
    CASE(c_two_cookies),
    CASE(c_two_uniques),
    CASE(c_late_unique),
    CASE(c_long_unique),
    CASE(c_short_unique),
    CASE(c_placeholder_short),
    CASE(c_placeholder_long),
    CASE(c_placeholder_first),
    CASE(c_inside_short),
    CASE(c_inside_broken),
    CASE(c_inside_unknown),
    CASE(c_after),
    CASE(c_unknown),
    CASE(c_padded),
    CASE(c_cookie_empty),
    CASE(c_cookie_zeros),
    CASE(c_cookie_short),
    CASE(c_cookie_256),
    CASE(c_cookie_260),
    CASE(c_cookie_key),
    CASE(c_cookie_slot),
    CASE(c_cookie_body),
    CASE(c_header_changed),
    CASE(c_unique_changed),
    CASE(c_tag_changed),
    CASE(c_nonce_changed),
    CASE(c_nonce_overruns),
    CASE(c_nonce_one_more),
    CASE(c_nonce_ffff),
    CASE(c_sealed_ffff),
    CASE(c_both_wrap),
    CASE(c_sealed_0),
    CASE(c_sealed_12),
    CASE(c_nonce_0),
    CASE(c_all_0),
    CASE(c_nonce_8),
    CASE(c_nonce_8_padded),
    CASE(c_nonce_12),
    CASE(c_nonce_32),
    CASE(c_auth_28),
    CASE(c_cut),
    CASE(c_field_long),
    CASE(c_field_0),
};

/* ---- both servers -------------------------------------------------------- */

static size_t hex(const char *s, uint8_t *out, size_t cap)
{
    size_t n = 0;
    for (; s[0] && s[1] && n < cap; s += 2) {
        char two[3] = {s[0], s[1], 0};
        out[n++] = (uint8_t)strtoul(two, NULL, 16);
    }
    return n;
}

/* chronyd's cookie: id, nonce, keys sealed without associated data. */
static void their_cookie(uint32_t id, const uint8_t *key, uint16_t aead)
{
    const struct aead *a = aead_find(aead);
    uint8_t text[2 * AEAD_KEY_MAX];
    ASSERT(a);
    memcpy(text, p.c2s, p.aead->key_len);
    memcpy(text + p.aead->key_len, p.s2c, p.aead->key_len);
    bytes_put32(p.cookie, id);
    memset(p.cookie + 4, 0x33, a->nonce_len);
    int rc = a->seal(key, p.cookie + 4, a->nonce_len, NULL, 0, text,
                     2u * p.aead->key_len, p.cookie + 4 + a->nonce_len);
    ASSERT(rc == RC_OK);
    p.cookie_len = 4u + a->nonce_len + a->tag_len + 2u * p.aead->key_len;
}

static void ours(void)
{
    static struct ntp_server s;
    uint8_t out[NTP_SERVER_REQUEST_MAX];
    const struct ntp_server_clock c = {.ref = {.stratum = 1, .precision = -24},
                                       .receive = (ntp64)0xee000000 << 32};
    ntp_server_init(&s, INT8_MIN);
    s.jar = &jar;
    size_t n = ntp_server_reply(&s, &c, 40000, p.msg, p.w.len, out);
    printf("%s %zu ",
           n == 0            ? "silence"
           : s.naks          ? "nak"
           : s.authenticated ? "authentic"
                             : "plain",
           n);
}

/* make NULL: a random one. */
static void try(char **argv, void (*make)(void), uint32_t seed)
{
    uint8_t key[AEAD_KEY_MAX] = {0};
    (void)hex(argv[2], key, sizeof key);
    nts_peer_init(&p, (uint16_t)atoi(argv[4]), &jar);
    make ? make() : random_request(&p, seed);
    ours();
    their_cookie((uint32_t)strtoul(argv[1], NULL, 16), key,
                 (uint16_t)atoi(argv[3]));
    make ? make() : random_request(&p, seed);
    for (size_t b = 0; b < p.w.len; b++)
        printf("%02x", p.msg[b]);
}

int main(int argc, char **argv)
{
    if ((argc != 5 && argc != 7) || nts_cookie_begin(&jar) != RC_OK)
        return 1;
    for (size_t i = 0; argc == 5 && i < LEN(all); i++) {
        try(argv, all[i].make, 0);
        printf(" %s\n", all[i].name);
    }
    for (int i = argc == 7 ? atoi(argv[5]) : 0; argc == 7 && i < atoi(argv[6]);
         i++) {
        try(argv, NULL, (uint32_t)i);
        printf(" %d\n", i);
    }
    return 0;
}
