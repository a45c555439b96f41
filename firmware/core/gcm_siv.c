#include "gcm_siv.h"

#include "bytes.h"
#include "crypto.h"
#include "polyval.h"

/* Keys of one nonce (section 4). */
struct keys {
    struct polyval hash;   /* message authentication key, nothing hashed yet  */
    struct crypto_aes aes; /* message encryption key; has to be ended       */
};

static void put64_le(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

/* Four blocks of a counter and the nonce, of whose ciphertexts the first
 * halves are two keys. */
static int derive(struct keys *k, const uint8_t *key, const uint8_t *nonce)
{
    struct crypto_aes aes;
    uint8_t in[CRYPTO_BLOCK] = {0}, out[CRYPTO_BLOCK], made[32];
    int rc = crypto_aes_begin(&aes, key, GCM_SIV_KEY);
    if (rc != RC_OK)
        return rc;
    memcpy(in + 4, nonce, GCM_SIV_NONCE);
    for (uint8_t i = 0; i < 4; i++) {
        in[0] = i;
        crypto_aes_block(&aes, in, out);
        memcpy(made + 8 * i, out, 8);
    }
    crypto_aes_end(&aes);
    polyval_begin(&k->hash, made);
    rc = crypto_aes_begin(&k->aes, made + 16, GCM_SIV_KEY);
    crypto_wipe(out, sizeof out);
    crypto_wipe(made, sizeof made);
    return rc;
}

static void forget(struct keys *k)
{
    crypto_aes_end(&k->aes);
    crypto_wipe(&k->hash, sizeof k->hash);
}

static void make_tag(struct keys *k, const uint8_t *nonce, const uint8_t *ad,
                     size_t ad_len, const uint8_t *text, size_t len,
                     uint8_t tag[GCM_SIV_TAG])
{
    uint8_t b[CRYPTO_BLOCK];
    polyval_add(&k->hash, ad, ad_len);
    polyval_add(&k->hash, text, len);
    put64_le(b, (uint64_t)ad_len * 8);
    put64_le(b + 8, (uint64_t)len * 8);
    polyval_add(&k->hash, b, sizeof b);
    polyval_sum(&k->hash, b);
    for (size_t i = 0; i < GCM_SIV_NONCE; i++)
        b[i] ^= nonce[i];
    b[15] &= 0x7f;
    crypto_aes_block(&k->aes, b, tag);
    crypto_wipe(b, sizeof b);
}

/* Counter mode from the tag with its last bit set; the counter is the first
 * 32 bits, little-endian, and wraps within them. */
static void crypt(struct keys *k, const uint8_t *tag, const uint8_t *in,
                  size_t len, uint8_t *out)
{
    uint8_t q[CRYPTO_BLOCK], x[CRYPTO_BLOCK];
    memcpy(q, tag, sizeof q);
    q[15] |= 0x80;
    for (size_t at = 0; at < len; at += CRYPTO_BLOCK) {
        size_t n = len - at < CRYPTO_BLOCK ? len - at : CRYPTO_BLOCK;
        crypto_aes_block(&k->aes, q, x);
        for (size_t i = 0; i < n; i++)
            out[at + i] = in[at + i] ^ x[i];
        for (size_t i = 0; i < 4 && ++q[i] == 0; i++)
            continue;
    }
    crypto_wipe(x, sizeof x);
}

static int aead_seal(const uint8_t *key, const uint8_t *nonce, size_t nonce_len,
                     const uint8_t *ad, size_t ad_len, const uint8_t *text,
                     size_t text_len, uint8_t *out)
{
    struct keys k;
    if (nonce_len != GCM_SIV_NONCE)
        return RC_BAD;
    int rc = derive(&k, key, nonce);
    if (rc != RC_OK)
        return rc;
    uint8_t *tag = out + text_len;
    make_tag(&k, nonce, ad, ad_len, text, text_len, tag);
    crypt(&k, tag, text, text_len, out);
    forget(&k);
    return RC_OK;
}

static int aead_open(const uint8_t *key, const uint8_t *nonce, size_t nonce_len,
                     const uint8_t *ad, size_t ad_len, const uint8_t *sealed,
                     size_t len, uint8_t *out)
{
    struct keys k;
    uint8_t want[GCM_SIV_TAG];
    if (nonce_len != GCM_SIV_NONCE || len < GCM_SIV_TAG)
        return RC_BAD;
    size_t text_len = len - GCM_SIV_TAG;
    const uint8_t *tag = sealed + text_len;
    int rc = derive(&k, key, nonce);
    if (rc != RC_OK)
        return rc;
    crypt(&k, tag, sealed, text_len, out);
    make_tag(&k, nonce, ad, ad_len, out, text_len, want);
    forget(&k);
    if (!crypto_equal(want, tag, sizeof want)) {
        rc = RC_AUTH;
        if (text_len > 0)
            crypto_wipe(out, text_len);
    }
    crypto_wipe(want, sizeof want);
    return rc;
}

const struct aead gcm_siv_128 = {
    .id = AEAD_AES_128_GCM_SIV,
    .key_len = GCM_SIV_KEY,
    .nonce_len = GCM_SIV_NONCE,
    .tag_len = GCM_SIV_TAG,
    .seal = aead_seal,
    .open = aead_open,
};
