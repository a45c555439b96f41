/* mbed_doors.h -- what Mbed TLS asks of the machine, for a test that reads
 * certificates without one: it names these even where it never goes through
 * them. Include it once. */
#ifndef TEST_MBED_DOORS_H
#define TEST_MBED_DOORS_H

#include <mbedtls/platform_time.h>
#include <mbedtls/platform_util.h>
#include <string.h>

#include "adapters/tls_platform.h"

unsigned tls_platform_refused(unsigned arena)
{
    (void)arena;
    return 0;
}

int mbedtls_hardware_poll(void *data, unsigned char *out, size_t len,
                          size_t *got);
int mbedtls_hardware_poll(void *data, unsigned char *out, size_t len,
                          size_t *got)
{
    (void)data;
    memset(out, 0, len);
    *got = len;
    return 0;
}

mbedtls_ms_time_t mbedtls_ms_time(void)
{
    return 0;
}

struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *t, struct tm *out)
{
    (void)t;
    (void)out;
    return NULL;
}

#endif
