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

static struct {
    mbedtls_ctr_drbg_context drbg;
    bool seeded;
} all;

static mbedtls_aes_context *aes_of(struct crypto_aes *a)
{
    return (mbedtls_aes_context *)(void *)a->opaque;
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
