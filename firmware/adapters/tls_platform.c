#include "tls_platform.h"

#include <mbedtls/entropy.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_time.h>
#include <mbedtls/platform_util.h>
#include <psa/crypto.h>
#include <string.h>

#include "core/arena.h"
#include "core/limit.h"
#include "core/mono.h"
#include "core/utc.h"
#include "entropy.h"
#include "port.h"

static _Alignas(ARENA_ALIGN) uint8_t memory[LIMIT_TLS_ARENA];
static _Alignas(ARENA_ALIGN) uint8_t server_memory[LIMIT_KE_ARENA];
static struct arena arenas[TLS_PLATFORM_SERVER + LIMIT_KE_SESSIONS];
static unsigned current;

static void *get(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return arena_get(&arenas[current], count * size);
}

static void put(void *block)
{
    if (!block)
        return;
    unsigned i = 0;
    if (arena_owns(&arenas[current], block)) /* nearly always */
        i = current;
    while (i < LEN(arenas) - 1 && !arena_owns(&arenas[i], block))
        i++;
    arena_put(&arenas[i], block);
}

/* Nothing of what we use asks Mbed TLS to judge dates: tls_verify does. */
static mbedtls_time_t time_now(mbedtls_time_t *t)
{
    if (t)
        *t = 0;
    return 0;
}

/* Its self-tests end there; none is built. */
static void stop(int status)
{
    (void)status;
    panic(__FILE__, __LINE__, "Mbed TLS gave up");
}

void tls_platform_init(void)
{
    uint8_t *next = memory;
    for (unsigned i = 0; i < TLS_PLATFORM_PAIRS; i++) {
        size_t size = i == TLS_PLATFORM_COMMON ? LIMIT_TLS_COMMON
                                               : LIMIT_TLS_SESSION_ARENA;
        arena_init(&arenas[i], next, size);
        next += size;
    }
    ASSERT(next == memory + sizeof memory);
    next = server_memory;
    for (unsigned i = TLS_PLATFORM_PAIRS; i < LEN(arenas); i++) {
        size_t size = i == TLS_PLATFORM_PAIRS ? LIMIT_KE_PAIRS_ARENA
                                              : LIMIT_KE_SESSION_ARENA;
        arena_init(&arenas[i], next, size);
        next += size;
    }
    ASSERT(next == server_memory + sizeof server_memory);
    (void)mbedtls_platform_set_calloc_free(get, put); /* always 0 */
    (void)mbedtls_platform_set_time(time_now);
    (void)mbedtls_platform_set_exit(stop);
}

void tls_platform_use(unsigned arena)
{
    ASSERT(arena < LEN(arenas));
    current = arena;
}

unsigned tls_platform_refused(unsigned arena)
{
    ASSERT(arena < LEN(arenas));
    return arenas[arena].refused;
}

int tls_platform_ready(void)
{
    return psa_crypto_init() == PSA_SUCCESS ? RC_OK : RC_IO;
}

size_t tls_platform_peak(unsigned arena)
{
    ASSERT(arena < LEN(arenas));
    return arenas[arena].peak;
}

size_t tls_platform_used(unsigned arena)
{
    ASSERT(arena < LEN(arenas));
    return arenas[arena].used;
}

size_t tls_platform_arena_peak(void)
{
    size_t n = 0;
    for (unsigned i = 0; i < TLS_PLATFORM_PAIRS; i++)
        n += arenas[i].peak;
    return n;
}

size_t tls_platform_arena_used(void)
{
    size_t n = 0;
    for (unsigned i = 0; i < TLS_PLATFORM_PAIRS; i++)
        n += arenas[i].used;
    return n;
}

int mbedtls_hardware_poll(void *data, unsigned char *out, size_t len,
                          size_t *got)
{
    (void)data;
    *got = 0;
    if (entropy_draw(out, len) != RC_OK)
        return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
    *got = len;
    return 0;
}

mbedtls_ms_time_t mbedtls_ms_time(void)
{
    return port_mono() / MONO_MS;
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
