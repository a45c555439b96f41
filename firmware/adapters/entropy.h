/* entropy.h -- port_entropy behind the health tests of entropy_health.h: the
 * only way by which random bytes come to Mbed TLS and lwIP. */
#ifndef ENTROPY_H
#define ENTROPY_H

#include "core/base.h"

/* Fills buf. Returns RC_OK, or RC_IO: the machine has no entropy (yet), or its
 * generator has failed a test, which is said in the log once and holds until
 * the next restart. Then buf is zero. */
int entropy_draw(uint8_t *buf, size_t len) MUST_CHECK;

#endif
