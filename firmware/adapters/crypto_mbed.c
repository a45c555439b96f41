#include "crypto_mbed.h"

#include <mbedtls/constant_time.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/platform_util.h>
#include <string.h>

#include "entropy.h"
#include "port.h"

static struct {
    mbedtls_ctr_drbg_context drbg;
    bool seeded;
} all;

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
