#include "siv.h"

#include "bytes.h"
#include "crypto.h"

static void xor_block(uint8_t *to, const uint8_t *with)
{
    for (size_t i = 0; i < CRYPTO_BLOCK; i++)
        to[i] ^= with[i];
}

/* dbl() of RFC 5297 section 2.3; the reduction without a branch. */
static void double_block(uint8_t *b)
{
    unsigned top = b[0] >> 7;
    for (size_t i = 0; i < CRYPTO_BLOCK - 1; i++)
        b[i] = (uint8_t)(b[i] << 1 | b[i + 1] >> 7);
    b[CRYPTO_BLOCK - 1] =
        (uint8_t)((unsigned)b[CRYPTO_BLOCK - 1] << 1 ^ 0x87 * top);
}

static int mac_of(struct crypto_cmac *c, const uint8_t *b, size_t len,
                  uint8_t mac[CRYPTO_BLOCK])
{
    int rc = crypto_cmac_update(c, b, len);
    return rc == RC_OK ? crypto_cmac_finish(c, mac) : rc;
}

/* The last string: xorend when it fills a block, else padded (2.4). */
static int mac_last(struct crypto_cmac *c, uint8_t *d, const uint8_t *text,
                    size_t len, uint8_t *v)
{
    if (len >= CRYPTO_BLOCK) {
        size_t head = len - CRYPTO_BLOCK;
        int rc = crypto_cmac_update(c, text, head);
        if (rc != RC_OK)
            return rc;
        xor_block(d, text + head);
    } else {
        double_block(d);
        for (size_t i = 0; i < len; i++)
            d[i] ^= text[i];
        d[len] ^= 0x80;
    }
    return mac_of(c, d, CRYPTO_BLOCK, v);
}

static int s2v(struct crypto_cmac *c, const struct siv_part *ad,
               size_t ad_count, const uint8_t *text, size_t len, uint8_t *v)
{
    uint8_t d[CRYPTO_BLOCK] = {0}, m[CRYPTO_BLOCK];
    int rc = mac_of(c, d, sizeof d, d);
    for (size_t i = 0; rc == RC_OK && i < ad_count; i++) {
        rc = mac_of(c, ad[i].b, ad[i].len, m);
        double_block(d);
        xor_block(d, m);
    }
    if (rc == RC_OK)
        rc = mac_last(c, d, text, len, v);
    crypto_wipe(d, sizeof d);
    return rc;
}

static int synthetic_iv(const uint8_t *key, const struct siv_part *ad,
                        size_t ad_count, const uint8_t *text, size_t len,
                        uint8_t *v)
{
    ASSERT(ad_count <= SIV_PARTS_MAX);
    struct crypto_cmac c;
    int rc = crypto_cmac_begin(&c, key, SIV_KEY / 2);
    if (rc != RC_OK)
        return rc;
    rc = s2v(&c, ad, ad_count, text, len, v);
    crypto_cmac_end(&c);
    return rc;
}

/* Counter mode from v with bits 31 and 63 cleared (2.5): the low word cannot
 * overflow below 2^31 blocks. */
static int crypt(const uint8_t *key, const uint8_t *v, const uint8_t *in,
                 size_t len, uint8_t *out)
{
    struct crypto_aes aes;
    uint8_t q[CRYPTO_BLOCK], x[CRYPTO_BLOCK];
    int rc = crypto_aes_begin(&aes, key + SIV_KEY / 2, SIV_KEY / 2);
    if (rc != RC_OK)
        return rc;
    memcpy(q, v, sizeof q);
    q[8] &= 0x7f;
    q[12] &= 0x7f;
    for (size_t at = 0; at < len; at += CRYPTO_BLOCK) {
        size_t n = len - at < CRYPTO_BLOCK ? len - at : CRYPTO_BLOCK;
        crypto_aes_block(&aes, q, x);
        for (size_t i = 0; i < n; i++)
            out[at + i] = in[at + i] ^ x[i];
        bytes_put32(q + 12, bytes_get32(q + 12) + 1);
    }
    crypto_aes_end(&aes);
    crypto_wipe(x, sizeof x);
    return RC_OK;
}

int siv_seal(const uint8_t key[SIV_KEY], const struct siv_part *ad,
             size_t ad_count, const uint8_t *text, size_t len, uint8_t *out)
{
    int rc = synthetic_iv(key, ad, ad_count, text, len, out);
    return rc == RC_OK ? crypt(key, out, text, len, out + SIV_TAG) : rc;
}

int siv_open(const uint8_t key[SIV_KEY], const struct siv_part *ad,
             size_t ad_count, const uint8_t *sealed, size_t len, uint8_t *out)
{
    if (len < SIV_TAG)
        return RC_BAD;
    size_t text_len = len - SIV_TAG;
    uint8_t v[SIV_TAG];
    int rc = crypt(key, sealed, sealed + SIV_TAG, text_len, out);
    if (rc == RC_OK)
        rc = synthetic_iv(key, ad, ad_count, out, text_len, v);
    if (rc == RC_OK && !crypto_equal(v, sealed, SIV_TAG))
        rc = RC_AUTH;
    if (rc != RC_OK && text_len > 0)
        crypto_wipe(out, text_len);
    crypto_wipe(v, sizeof v);
    return rc;
}

/* RFC 5297 section 6.1: a nonce has at least one byte and no upper bound. */
static int aead_seal(const uint8_t *key, const uint8_t *nonce, size_t nonce_len,
                     const uint8_t *ad, size_t ad_len, const uint8_t *text,
                     size_t text_len, uint8_t *out)
{
    if (nonce_len == 0)
        return RC_BAD;
    const struct siv_part parts[] = {{ad, ad_len}, {nonce, nonce_len}};
    return siv_seal(key, parts, LEN(parts), text, text_len, out);
}

static int aead_open(const uint8_t *key, const uint8_t *nonce, size_t nonce_len,
                     const uint8_t *ad, size_t ad_len, const uint8_t *sealed,
                     size_t len, uint8_t *out)
{
    if (nonce_len == 0)
        return RC_BAD;
    const struct siv_part parts[] = {{ad, ad_len}, {nonce, nonce_len}};
    return siv_open(key, parts, LEN(parts), sealed, len, out);
}

const struct aead siv_cmac_256 = {
    .id = AEAD_AES_SIV_CMAC_256,
    .key_len = SIV_KEY,
    .nonce_len = 16,
    .tag_len = SIV_TAG,
    .text_at = SIV_TAG,
    .seal = aead_seal,
    .open = aead_open,
};
