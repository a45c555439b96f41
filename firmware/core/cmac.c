#include "cmac.h"

#include <string.h>

#include "bytes.h"

void cmac_double(const uint8_t in[CRYPTO_BLOCK], uint8_t out[CRYPTO_BLOCK])
{
    uint32_t a = bytes_get32(in), b = bytes_get32(in + 4);
    uint32_t c = bytes_get32(in + 8), d = bytes_get32(in + 12);
    bytes_put32(out, a << 1 | b >> 31);
    bytes_put32(out + 4, b << 1 | c >> 31);
    bytes_put32(out + 8, c << 1 | d >> 31);
    bytes_put32(out + 12, d << 1 ^ 0x87 * (a >> 31));
}

int cmac_begin(struct cmac_key *k, const uint8_t *key, size_t key_len)
{
    int rc = crypto_aes_begin(&k->aes, key, key_len);
    if (rc != RC_OK)
        return rc;
    memset(k->k1, 0, sizeof k->k1);
    crypto_aes_block(&k->aes, k->k1, k->k1);
    cmac_double(k->k1, k->k1);
    cmac_double(k->k1, k->k2);
    return RC_OK;
}

void cmac_sum(struct cmac_key *k, const uint8_t *b, size_t len,
              const uint8_t *end, uint8_t mac[CRYPTO_BLOCK])
{
    static const uint8_t none[CRYPTO_BLOCK];
    cmac_sum_on(k, none, b, len, end, mac);
}

void cmac_sum_on(struct cmac_key *k, const uint8_t from[CRYPTO_BLOCK],
                 const uint8_t *b, size_t len, const uint8_t *end,
                 uint8_t mac[CRYPTO_BLOCK])
{
    uint8_t sum[CRYPTO_BLOCK], tail[2 * CRYPTO_BLOCK] = {0};
    memcpy(sum, from, sizeof sum);
    size_t tail_least = end ? CRYPTO_BLOCK + 1 : 1;
    ASSERT(!end || len >= CRYPTO_BLOCK);
    if (len > 0 && len % CRYPTO_BLOCK == 0) { /* no copy is needed           */
        crypto_aes_chain(&k->aes, sum, b, len / CRYPTO_BLOCK - 1);
        crypto_xor_block(sum, k->k1);
        if (end)
            crypto_xor_block(sum, end);
        crypto_aes_chain(&k->aes, sum, b + len - CRYPTO_BLOCK, 1);
        memcpy(mac, sum, sizeof sum);
        return;
    }
    /* Only whole blocks that neither are the last nor meet `end`. */
    size_t whole = len < tail_least ? 0 : (len - tail_least) / CRYPTO_BLOCK;
    crypto_aes_chain(&k->aes, sum, b, whole);
    b = whole ? b + whole * CRYPTO_BLOCK : b;
    len -= whole * CRYPTO_BLOCK;
    uint8_t *last = tail;
    if (len > 0)
        memcpy(tail, b, len);
    if (end)
        crypto_xor_block(tail + len - CRYPTO_BLOCK, end);
    if (len > CRYPTO_BLOCK) {
        crypto_aes_chain(&k->aes, sum, tail, 1);
        last += CRYPTO_BLOCK;
        len -= CRYPTO_BLOCK;
    }
    if (len < CRYPTO_BLOCK)
        last[len] = 0x80;
    crypto_xor_block(sum, len < CRYPTO_BLOCK ? k->k2 : k->k1);
    crypto_aes_chain(&k->aes, sum, last, 1);
    memcpy(mac, sum, sizeof sum);
    crypto_wipe(tail, sizeof tail);
}

void cmac_end(struct cmac_key *k)
{
    crypto_aes_end(&k->aes);
    crypto_wipe(k, sizeof *k);
}
