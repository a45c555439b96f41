#include "tls_platform.h"

#include <mbedtls/entropy.h>
#include <mbedtls/memory_buffer_alloc.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_time.h>
#include <mbedtls/platform_util.h>
#include <psa/crypto.h>
#include <string.h>

#include "core/limit.h"
#include "core/mono.h"
#include "core/utc.h"
#include "port.h"

#define ARENA_PAINT 0xa5
#define ARENA_FIRST 128 /* no less than Mbed TLS's header of a block         */

static _Alignas(16) uint8_t arena[LIMIT_TLS_ARENA];

/* Nothing of what we use asks Mbed TLS to judge dates: tls_verify does. */
static mbedtls_time_t time_now(mbedtls_time_t *t)
{
    if (t)
        *t = 0;
    return 0;
}

/* Mbed TLS stops only where its heap is damaged. */
static void stop(int status)
{
    (void)status;
    panic(__FILE__, __LINE__, "Mbed TLS's heap is damaged");
}

void tls_platform_init(void)
{
    mbedtls_memory_buffer_alloc_init(arena, sizeof arena);
    memset(arena + ARENA_FIRST, ARENA_PAINT, sizeof arena - ARENA_FIRST);
    (void)mbedtls_platform_set_time(time_now); /* always 0 */
    (void)mbedtls_platform_set_exit(stop);
}

int tls_platform_ready(void)
{
    return psa_crypto_init() == PSA_SUCCESS ? RC_OK : RC_IO;
}

/* Blocks are taken from the low end first and zeroed, so how far the paint is
 * gone is how large the arena must be, headers and gaps included. */
size_t tls_platform_arena_peak(void)
{
    size_t n = sizeof arena;
    while (n > 0 && arena[n - 1] == ARENA_PAINT)
        n--;
    return n;
}

int mbedtls_hardware_poll(void *data, unsigned char *out, size_t len,
                          size_t *got)
{
    (void)data;
    *got = 0;
    if (port_entropy(out, len) != RC_OK)
        return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
    *got = len;
    return 0;
}

mbedtls_ms_time_t mbedtls_ms_time(void)
{
    return mono_of_ticks(port_ticks(), port_tick_hz()) / MONO_MS;
}

struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *t, struct tm *out)
{
    const struct utc_civil c = utc_civil_of((int64_t)*t);
    memset(out, 0, sizeof *out);
    out->tm_year = (int)c.year - 1900;
    out->tm_mon = c.month - 1;
    out->tm_mday = c.day;
    out->tm_hour = c.hour;
    out->tm_min = c.minute;
    out->tm_sec = c.second;
    return out;
}
