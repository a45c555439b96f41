#include "cmac.h"

#include <string.h>

void cmac_double(const uint8_t in[CRYPTO_BLOCK], uint8_t out[CRYPTO_BLOCK])
{
    unsigned top = in[0] >> 7;
    for (size_t i = 0; i < CRYPTO_BLOCK - 1; i++)
        out[i] = (uint8_t)(in[i] << 1 | in[i + 1] >> 7);
    out[CRYPTO_BLOCK - 1] =
        (uint8_t)((unsigned)in[CRYPTO_BLOCK - 1] << 1 ^ 0x87 * top);
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
    uint8_t sum[CRYPTO_BLOCK] = {0}, tail[2 * CRYPTO_BLOCK] = {0};
    size_t tail_least = end ? CRYPTO_BLOCK + 1 : 1;
    ASSERT(!end || len >= CRYPTO_BLOCK);
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
