/* The files of an ntsserverkey and an ntsservercert line: whatever a person
 * puts on the card. A pair that is refused has a reason and leaves nothing in
 * the arena; one that is taken can sign.
 *
 * Input: the certificate file's length (2 bytes), it, the key file. */
#include <string.h>

#include "adapters/tls_pairs_private.h"
#include "adapters/tls_platform.h"
#include "adapters/tls_roots.h"
#include "adapters/tls_server.h"
#include "core/bytes.h"
#include "port.h"

const uint8_t tls_roots_der[1];
const struct tls_root tls_roots[1];
const uint32_t tls_roots_count = 0;

uint64_t port_ticks(void)
{
    return 5000000;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

size_t port_console(const char *s, size_t len)
{
    return s ? len : 0;
}

int port_entropy(uint8_t *buf, size_t len)
{
    static uint64_t x = 88172645463325252u; /* xorshift64 */
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        buf[i] = (uint8_t)(x >> 32);
    }
    return RC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static bool begun;
    static struct status_ke_pair pair;
    if (!begun) {
        tls_platform_init();
        ASSERT(tls_platform_ready() == RC_OK);
        begun = true;
    }
    if (len < 2)
        return 0;
    size_t cert_len = bytes_get16(in);
    in += 2;
    len -= 2;
    cert_len = cert_len < len ? cert_len : len;
    memset(&pair, 0, sizeof pair);
    memcpy(pair.cert, "cert", 5);
    memcpy(pair.key, "key", 4);
    tls_server_init();
    int rc = tls_server_add(in, cert_len, in + cert_len, len - cert_len, &pair);
    ASSERT(pair.used == (rc == RC_OK));
    ASSERT(rc == RC_OK || pair.trouble[0]);
    ASSERT(strlen(pair.trouble) < sizeof pair.trouble);
    for (const char *p = pair.subject; *p; p++)
        ASSERT(*p >= ' ' && *p <= '~');
    if (rc == RC_OK) { /* give it back: the firmware never does */
        struct tls_pair *p = tls_pairs_at(0);
        tls_platform_use(TLS_PLATFORM_PAIRS);
        mbedtls_x509_crt_free(&p->chain);
        mbedtls_pk_free(&p->key);
        tls_platform_use(TLS_PLATFORM_COMMON);
    }
    ASSERT(tls_platform_used(TLS_PLATFORM_PAIRS) == 0);
    return 0;
}
