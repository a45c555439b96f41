/* entropy.h -- port_entropy for a test of what draws random bytes: the same
 * bytes in every run, and none while entropy_dead. Include it once. */
#ifndef TEST_ENTROPY_H
#define TEST_ENTROPY_H

#include "port.h"

static bool entropy_dead;

int port_entropy(uint8_t *buf, size_t len)
{
    static uint64_t x = 88172645463325252u; /* xorshift64 */
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        buf[i] = (uint8_t)(x >> 32);
    }
    return entropy_dead ? RC_IO : RC_OK;
}

/* In front of the health tests too: what they find, test_entropy_health.c. */
int entropy_draw(uint8_t *buf, size_t len);
int entropy_draw(uint8_t *buf, size_t len)
{
    return port_entropy(buf, len);
}

#endif
