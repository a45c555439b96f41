#include "crypto_mbed.h"

#include <mbedtls/aes.h>
#include <mbedtls/constant_time.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/platform_util.h>
#include <string.h>

#include "entropy.h"
#include "port.h"

static_assert(sizeof(mbedtls_aes_context) <= sizeof(struct crypto_aes),
              "struct crypto_aes is too small");

/* CMAC over our own block: Mbed TLS's takes its context from the heap. */
struct cmac {
    struct crypto_aes aes;
    uint8_t subkey[CRYPTO_BLOCK]; /* K1 of RFC 4493 section 2.3              */
    uint8_t state[CRYPTO_BLOCK];
    uint8_t last[CRYPTO_BLOCK]; /* the block that may be the message's last */
    uint8_t used;               /* bytes of it                              */
};
static_assert(sizeof(struct cmac) <= sizeof(struct crypto_cmac),
              "struct crypto_cmac is too small");

static struct {
    mbedtls_ctr_drbg_context drbg;
    bool seeded;
} all;

static mbedtls_aes_context *aes_of(struct crypto_aes *a)
{
    return (mbedtls_aes_context *)(void *)a->opaque;
}

static struct cmac *cmac_of(struct crypto_cmac *c)
{
    return (struct cmac *)(void *)c->opaque;
}

int crypto_aes_begin(struct crypto_aes *a, const uint8_t *key, size_t key_len)
{
    ASSERT(key_len == 16 || key_len == 32);
    mbedtls_aes_init(aes_of(a));
    if (mbedtls_aes_setkey_enc(aes_of(a), key, (unsigned)key_len * 8) == 0)
        return RC_OK;
    mbedtls_aes_free(aes_of(a));
    return RC_SPACE;
}

void crypto_aes_block(struct crypto_aes *a, const uint8_t in[16],
                      uint8_t out[16])
{
    int rc = mbedtls_aes_crypt_ecb(aes_of(a), MBEDTLS_AES_ENCRYPT, in, out);
    ASSERT(rc == 0);
}

void crypto_aes_end(struct crypto_aes *a)
{
    mbedtls_aes_free(aes_of(a));
}

/* Times x in GF(2^128), RFC 4493 section 2.3. */
static void doubled(const uint8_t in[CRYPTO_BLOCK], uint8_t out[CRYPTO_BLOCK])
{
    const uint8_t carry = (uint8_t)(0x87 & (0u - (in[0] >> 7)));
    for (unsigned i = 0; i + 1 < CRYPTO_BLOCK; i++)
        out[i] = (uint8_t)(in[i] << 1 | in[i + 1] >> 7);
    out[CRYPTO_BLOCK - 1] = (uint8_t)(in[CRYPTO_BLOCK - 1] << 1 ^ carry);
}

static void mix(uint8_t *into, const uint8_t *from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        into[i] ^= from[i];
}

int crypto_cmac_begin(struct crypto_cmac *c, const uint8_t *key, size_t key_len)
{
    struct cmac *m = cmac_of(c);
    uint8_t zero[CRYPTO_BLOCK] = {0};
    memset(m, 0, sizeof *m);
    if (crypto_aes_begin(&m->aes, key, key_len) != RC_OK)
        return RC_SPACE;
    crypto_aes_block(&m->aes, zero, zero);
    doubled(zero, m->subkey);
    crypto_wipe(zero, sizeof zero);
    return RC_OK;
}

int crypto_cmac_update(struct crypto_cmac *c, const uint8_t *data, size_t len)
{
    struct cmac *m = cmac_of(c);
    while (len > 0) {
        if (m->used == CRYPTO_BLOCK) {
            mix(m->state, m->last, CRYPTO_BLOCK);
            crypto_aes_block(&m->aes, m->state, m->state);
            m->used = 0;
        }
        size_t n = CRYPTO_BLOCK - (size_t)m->used;
        if (n > len)
            n = len;
        memcpy(m->last + m->used, data, n);
        m->used = (uint8_t)(m->used + n);
        data += n;
        len -= n;
    }
    return RC_OK;
}

int crypto_cmac_finish(struct crypto_cmac *c, uint8_t mac[16])
{
    struct cmac *m = cmac_of(c);
    uint8_t key[CRYPTO_BLOCK];
    memcpy(key, m->subkey, sizeof key);
    if (m->used < CRYPTO_BLOCK) {
        m->last[m->used] = 0x80;
        memset(m->last + m->used + 1, 0, CRYPTO_BLOCK - 1u - m->used);
        doubled(m->subkey, key);
    }
    mix(m->state, m->last, CRYPTO_BLOCK);
    mix(m->state, key, CRYPTO_BLOCK);
    crypto_aes_block(&m->aes, m->state, mac);
    memset(m->state, 0, sizeof m->state); /* for the next message */
    m->used = 0;
    crypto_wipe(key, sizeof key);
    return RC_OK;
}

void crypto_cmac_end(struct crypto_cmac *c)
{
    crypto_aes_end(&cmac_of(c)->aes);
    crypto_wipe(c, sizeof *c);
}

static int entropy(void *arg, unsigned char *out, size_t len)
{
    (void)arg;
    return entropy_draw(out, len) == RC_OK
               ? 0
               : MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED;
}

int crypto_mbed_seed(void)
{
    static const uint8_t purpose[] = "gnomon crypto_random";
    mbedtls_ctr_drbg_free(&all.drbg);
    mbedtls_ctr_drbg_init(&all.drbg);
    all.seeded = mbedtls_ctr_drbg_seed(&all.drbg, entropy, NULL, purpose,
                                       sizeof purpose) == 0;
    mbedtls_ctr_drbg_set_reseed_interval(&all.drbg, CRYPTO_RESEED);
    return all.seeded ? RC_OK : RC_IO;
}

int crypto_random(uint8_t *out, size_t len)
{
    if (!all.seeded && crypto_mbed_seed() != RC_OK)
        return RC_IO;
    while (len > 0) {
        size_t n = len < MBEDTLS_CTR_DRBG_MAX_REQUEST
                       ? len
                       : MBEDTLS_CTR_DRBG_MAX_REQUEST;
        if (mbedtls_ctr_drbg_random(&all.drbg, out, n) != 0) {
            all.seeded = false;
            return RC_IO;
        }
        out += n;
        len -= n;
    }
    return RC_OK;
}

bool crypto_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return mbedtls_ct_memcmp(a, b, len) == 0;
}

void crypto_wipe(void *p, size_t len)
{
    mbedtls_platform_zeroize(p, len);
}
