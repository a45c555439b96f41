/* Files of ntstrustedcerts: PEM with anything around it, or DER. */
#include <stdlib.h>
#include <string.h>

#include "../unit/mbed_doors.h"
#include "adapters/tls_client.h"
#include "adapters/tls_roots.h"
#include "adapters/tls_trust_private.h"

/* No bundle here: what is fuzzed is the card. */
const uint8_t tls_roots_der[1];
const struct tls_root tls_roots[1];
const uint32_t tls_roots_count = 0;

static bool pem(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 11 <= size; i++)
        if (memcmp(data + i, "-----BEGIN ", 11) == 0)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mbedtls_x509_crt probe;
    struct der_view der;
    uint8_t set = 3;
    tls_trust_init(true);
    int rc = tls_trust(set, data, size);
    if (rc == 0 || (rc < 0 && rc != RC_BAD && rc != RC_SPACE))
        abort();
    if (rc < 0 && tls_trust_reason()[0] == 0)
        abort();
    mbedtls_x509_crt_init(&probe);
    if (!pem(data, size) &&
        mbedtls_x509_crt_parse_der(&probe, data, size) == 0) {
        /* What joins vouches for itself if it says so. */
        bool own = probe.issuer_raw.len == probe.subject_raw.len &&
                   memcmp(probe.issuer_raw.p, probe.subject_raw.p,
                          probe.issuer_raw.len) == 0;
        if (rc > 0 && !tls_trust_holds(set, &probe))
            abort();
        if (rc > 0 && own && !tls_trust_issuer(set, &probe, 0, &der))
            abort();
    }
    mbedtls_x509_crt_free(&probe);
    return 0;
}
