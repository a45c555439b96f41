#include "siv.h"

#include "bytes.h"
#include "crypto.h"

static int begin_mac(struct siv_key *k, const uint8_t key[SIV_KEY])
{
    int rc = cmac_begin(&k->mac, key, SIV_KEY / 2);
    if (rc != RC_OK)
        return rc;
    memset(k->zero, 0, sizeof k->zero);
    cmac_sum(&k->mac, k->zero, sizeof k->zero, NULL, k->zero);
    return RC_OK;
}

static int begin_ctr(struct siv_key *k, const uint8_t key[SIV_KEY])
{
    return crypto_aes_begin(&k->ctr, key + SIV_KEY / 2, SIV_KEY / 2);
}

static void end_mac(struct siv_key *k)
{
    cmac_end(&k->mac);
    crypto_wipe(k->zero, sizeof k->zero);
}

int siv_key_begin(struct siv_key *k, const uint8_t key[SIV_KEY])
{
    int rc = begin_mac(k, key);
    if (rc != RC_OK)
        return rc;
    rc = begin_ctr(k, key);
    if (rc != RC_OK)
        end_mac(k);
    return rc;
}

void siv_key_end(struct siv_key *k)
{
    crypto_aes_end(&k->ctr);
    end_mac(k);
}

/* The synthetic initialisation vector (section 2.4). */
static void s2v(struct siv_key *k, const struct siv_part *ad, size_t ad_count,
                const uint8_t *text, size_t len, uint8_t v[CRYPTO_BLOCK])
{
    uint8_t d[CRYPTO_BLOCK], m[CRYPTO_BLOCK];
    ASSERT(ad_count <= SIV_PARTS_MAX);
    memcpy(d, k->zero, sizeof d);
    for (size_t i = 0; i < ad_count; i++) {
        cmac_sum(&k->mac, ad[i].b, ad[i].len, NULL, m);
        cmac_double(d, d);
        crypto_xor_block(d, m);
    }
    if (len >= CRYPTO_BLOCK) {
        cmac_sum(&k->mac, text, len, d, v);
    } else {
        cmac_double(d, d);
        for (size_t i = 0; i < len; i++)
            d[i] ^= text[i];
        d[len] ^= 0x80;
        cmac_sum(&k->mac, d, sizeof d, NULL, v);
    }
    crypto_wipe(d, sizeof d);
}

/* Counter mode from v with bits 31 and 63 cleared (2.5): the low word cannot
 * overflow below 2^31 blocks. */
static void crypt(struct siv_key *k, const uint8_t *v, const uint8_t *in,
                  size_t len, uint8_t *out)
{
    uint8_t q[CRYPTO_BLOCK], x[CRYPTO_BLOCK];
    size_t whole = len / CRYPTO_BLOCK * CRYPTO_BLOCK;
    memcpy(q, v, sizeof q);
    q[8] &= 0x7f;
    q[12] &= 0x7f;
    crypto_aes_count(&k->ctr, q, in, out, len / CRYPTO_BLOCK);
    if (len == whole)
        return;
    crypto_aes_block(&k->ctr, q, x);
    for (size_t i = whole; i < len; i++)
        out[i] = in[i] ^ x[i - whole];
    crypto_wipe(x, sizeof x);
}

void siv_key_seal(struct siv_key *k, const struct siv_part *ad, size_t ad_count,
                  const uint8_t *text, size_t len, uint8_t *out)
{
    s2v(k, ad, ad_count, text, len, out);
    crypt(k, out, text, len, out + SIV_TAG);
}

int siv_key_open(struct siv_key *k, const struct siv_part *ad, size_t ad_count,
                 const uint8_t *sealed, size_t len, uint8_t *out)
{
    if (len < SIV_TAG)
        return RC_BAD;
    size_t text_len = len - SIV_TAG;
    uint8_t v[SIV_TAG];
    crypt(k, sealed, sealed + SIV_TAG, text_len, out);
    s2v(k, ad, ad_count, out, text_len, v);
    int rc = crypto_equal(v, sealed, SIV_TAG) ? RC_OK : RC_AUTH;
    if (rc != RC_OK && text_len > 0)
        crypto_wipe(out, text_len);
    crypto_wipe(v, sizeof v);
    return rc;
}

int siv_key_open_sum(struct siv_key *k, const uint8_t *sealed, size_t len,
                     uint8_t *out, size_t blocks, uint8_t sum[CRYPTO_BLOCK])
{
    size_t at = blocks * CRYPTO_BLOCK;
    if (len < SIV_TAG + at + CRYPTO_BLOCK)
        return RC_BAD;
    uint8_t v[SIV_TAG];
    crypt(k, sealed, sealed + SIV_TAG, len - SIV_TAG, out);
    siv_key_sum(k, out, blocks, sum);
    cmac_sum_on(&k->mac, sum, out + at, len - SIV_TAG - at, k->zero, v);
    int rc = crypto_equal(v, sealed, SIV_TAG) ? RC_OK : RC_AUTH;
    if (rc != RC_OK) {
        crypto_wipe(out, len - SIV_TAG);
        crypto_wipe(sum, CRYPTO_BLOCK);
    }
    crypto_wipe(v, sizeof v);
    return rc;
}

void siv_key_sum(struct siv_key *k, const uint8_t *text, size_t blocks,
                 uint8_t sum[CRYPTO_BLOCK])
{
    memset(sum, 0, CRYPTO_BLOCK);
    crypto_aes_chain(&k->mac.aes, sum, text, blocks);
}

void siv_key_seal_on(struct siv_key *k, const uint8_t sum[CRYPTO_BLOCK],
                     size_t blocks, size_t len, uint8_t *out)
{
    size_t at = blocks * CRYPTO_BLOCK;
    uint8_t *text = out + SIV_TAG;
    ASSERT(len >= at + CRYPTO_BLOCK);
    cmac_sum_on(&k->mac, sum, text + at, len - at, k->zero, out);
    crypt(k, out, text, len, text);
}

int siv_seal(const uint8_t key[SIV_KEY], const struct siv_part *ad,
             size_t ad_count, const uint8_t *text, size_t len, uint8_t *out)
{
    struct siv_key k;
    int rc = siv_key_begin(&k, key);
    if (rc != RC_OK)
        return rc;
    siv_key_seal(&k, ad, ad_count, text, len, out);
    siv_key_end(&k);
    return RC_OK;
}

/* What has no text, as most requests, costs no schedule for counter mode. */
int siv_open(const uint8_t key[SIV_KEY], const struct siv_part *ad,
             size_t ad_count, const uint8_t *sealed, size_t len, uint8_t *out)
{
    struct siv_key k;
    bool text = len > SIV_TAG;
    int rc = text ? siv_key_begin(&k, key) : begin_mac(&k, key);
    if (rc != RC_OK)
        return rc;
    rc = siv_key_open(&k, ad, ad_count, sealed, len, out);
    if (text)
        siv_key_end(&k);
    else
        end_mac(&k);
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
