/* server_cost.c -- a payload in place of the firmware: what the server's core
 * costs on the board's processor, printed in ticks of the counter for a number
 * of runs. bench_server.py starts it under -icount, where a tick is so many
 * instructions. */
#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <string.h>

#include "adapters/tls_platform.h"
#include "core/bytes.h"
#include "core/crypto.h"
#include "core/fmt.h"
#include "core/gcm_siv.h"
#include "core/ntp_server.h"
#include "core/nts_cookie.h"
#include "../unit/nts_request.h"
#include "cost.h"

#define RUNS 200u

static uint8_t packet[1400], other[1400], key[32], nonce[16];
static struct nts_cookie_jar jar;
static struct nts_cookie_keys keys;
static struct crypto_aes aes;
static struct siv_key siv;

static void nothing(void)
{
}

static void aes_block(void)
{
    crypto_aes_block(&aes, packet, packet);
}

static void aes_key(void)
{
    struct crypto_aes a;
    ASSERT(crypto_aes_begin(&a, key, 16) == RC_OK);
    crypto_aes_end(&a);
}

static void siv_setup(void)
{
    struct siv_key k;
    ASSERT(siv_key_begin(&k, key) == RC_OK);
    siv_key_end(&k);
}

static void siv_64(void)
{
    const struct siv_part ad = {nonce, 16};
    siv_key_seal(&siv, &ad, 1, packet + 16, 64, packet);
}

static void chachapoly_64(void)
{
    mbedtls_chachapoly_context c;
    mbedtls_chachapoly_init(&c);
    ASSERT(mbedtls_chachapoly_setkey(&c, key) == 0);
    ASSERT(mbedtls_chachapoly_encrypt_and_tag(
               &c, 64, nonce, NULL, 0, packet + 16, other, other + 64) == 0);
    mbedtls_chachapoly_free(&c);
}

static mbedtls_gcm_context gcm; /* its key and tables, kept                 */

static void gcm_64(void)
{
    ASSERT(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 64, nonce, 12,
                                     NULL, 0, packet + 16, other, 16,
                                     other + 64) == 0);
}

static void random_32(void)
{
    ASSERT(crypto_random(other, 32) == RC_OK);
}

static void make_15(void)
{
    ASSERT(nts_cookie_make(&jar, 15, key, key, packet) == 100);
}

static void open_15(void)
{
    ASSERT(nts_cookie_open(&jar, packet, 100, &keys) == RC_OK);
}

static void renew_15(void)
{
    ASSERT(nts_cookie_renew(&jar, &keys, packet) == 100);
}

static void verify_15(void)
{
    ASSERT(siv_cmac_256.open(key, nonce, 16, packet, 188, other, 16, other) !=
           RC_OK);
}

static void seal_15(void)
{
    ASSERT(siv_cmac_256.seal(key, nonce, 16, packet, 84, packet + 300, 104,
                             other) == RC_OK);
}

static void verify_30(void)
{
    ASSERT(gcm_siv_128.open(key, nonce, 12, packet, 156, other, 16, other) !=
           RC_OK);
}

static void seal_30(void)
{
    ASSERT(gcm_siv_128.seal(key, nonce, 12, packet, 84, packet + 300, 72,
                            other) == RC_OK);
}

/* ---- whole requests ------------------------------------------------------ */

static struct ntp_server server;
static struct nts_peer peer;
static const struct ntp_server_clock now = {
    .ref = {.stratum = 2, .precision = -24, .root_delay_ns = 1000000},
    .receive = (ntp64)0xee000000 << 32};

/* From the packet handed to core to the reply ready. */
static void answer(void)
{
    static struct ntp_server_clock c;
    static uint8_t out[NTP_SERVER_REQUEST_MAX];
    c = now;
    c.receive += (uint64_t)server.next << 20;
    size_t n = ntp_server_reply(&server, &c, 40000, peer.msg, peer.w.len, out);
    ASSERT(n > 0);
    ntp_server_stamp(&server, out, c.receive + 4096);
    ASSERT(ntp_server_seal(&server, out) == RC_OK);
}

static void request(uint16_t aead, unsigned placeholders)
{
    const struct ntp_header h = {
        .version = 4, .mode = NTP_MODE_CLIENT, .transmit = 77};
    ntp_server_init(&server, INT8_MIN);
    server.jar = &jar;
    nts_peer_header(&peer, &h);
    if (aead == 0)
        return;
    nts_peer_init(&peer, aead, &jar);
    nts_peer_header(&peer, &h);
    nts_peer_uid(&peer, 32);
    nts_peer_cookie(&peer);
    nts_peer_placeholders(&peer, placeholders);
    nts_peer_seal(&peer, 0, 0);
}

static uint64_t run(void (*f)(void))
{
    f();
    uint64_t begin = port_ticks();
    for (unsigned i = 0; i < RUNS; i++)
        f();
    return port_ticks() - begin;
}

static void cost(const char *what, void (*f)(void))
{
    uint64_t bare = run(nothing), all = run(f);
    say(what, all - bare, RUNS);
}

_Noreturn void gnomon_main(void)
{
    ASSERT(nts_cookie_begin(&jar) == RC_OK);
    ASSERT(crypto_aes_begin(&aes, key, 16) == RC_OK);
    ASSERT(siv_key_begin(&siv, key) == RC_OK);
    say("ticks a second", port_tick_hz(), 1);
    cost("AES block", aes_block);
    cost("AES key", aes_key);
    cost("SIV key", siv_setup);
    cost("SIV, 64 bytes, nonce, schedules kept", siv_64);
    cost("ChaCha20-Poly1305 of Mbed TLS, 64 bytes, nonce", chachapoly_64);
    tls_platform_init();
    mbedtls_gcm_init(&gcm);
    ASSERT(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 128) == 0);
    cost("AES-GCM of Mbed TLS, 64 bytes, nonce, tables kept", gcm_64);
    cost("32 random bytes", random_32);
    cost("make a cookie, AEAD 15", make_15);
    cost("open a cookie, AEAD 15", open_15);
    cost("make another one for its session", renew_15);
    cost("verify 188 bytes, AEAD 15", verify_15);
    cost("seal 104 bytes after 84, AEAD 15", seal_15);
    cost("verify 156 bytes, AEAD 30", verify_30);
    cost("seal 72 bytes after 84, AEAD 30", seal_30);
    request(0, 0);
    cost("request: plain", answer);
    request(15, 0);
    cost("request: AEAD 15, one cookie", answer);
    request(15, 7);
    cost("request: AEAD 15, eight cookies", answer);
    request(30, 0);
    cost("request: AEAD 30, one cookie", answer);
    request(30, 7);
    cost("request: AEAD 30, eight cookies", answer);
    request(15, 0);
    peer.msg[peer.w.len - 1] ^= 1;
    cost("request: NAK, the authenticator is wrong, AEAD 15", answer);
    request(15, 0);
    peer.msg[100] ^= 1;
    cost("request: NAK, the cookie does not open", answer);
    say("done", 0, 0);
    for (;;)
        port_poll();
}
