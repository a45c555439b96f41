#include "tls_platform.h"

#include <mbedtls/entropy.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_time.h>
#include <mbedtls/platform_util.h>
#include <string.h>

#include "core/mono.h"
#include "core/utc.h"
#include "port.h"

static mbedtls_time_t now;

static mbedtls_time_t time_now(mbedtls_time_t *t)
{
    if (t)
        *t = now;
    return now;
}

/* Mbed TLS stops only where its heap is damaged. */
static void stop(int status)
{
    (void)status;
    panic(__FILE__, __LINE__, "Mbed TLS's heap is damaged");
}

void tls_platform_init(void)
{
    (void)mbedtls_platform_set_time(time_now); /* always 0 */
    (void)mbedtls_platform_set_exit(stop);
}

void tls_platform_now(int64_t unix_s)
{
    now = (mbedtls_time_t)unix_s;
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
