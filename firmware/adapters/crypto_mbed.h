/* crypto_mbed.h -- core/crypto.h on Mbed TLS.
 *
 * Takes nothing from Mbed TLS's heap: what strangers' sessions leave of it
 * does not matter here. Random bytes come from a CTR_DRBG of its own, seeded
 * from port_entropy on first use and again every CRYPTO_RESEED calls: the
 * hardware's bits are never used as they come. */
#ifndef CRYPTO_MBED_H
#define CRYPTO_MBED_H

#include "core/crypto.h"

#define CRYPTO_RESEED 1024 /* calls of crypto_random */

/* Seeds crypto_random now: at start, to learn early of a machine without
 * entropy, or to reseed. Returns RC_OK, or RC_IO: crypto_random fails until a
 * seeding succeeds. */
int crypto_mbed_seed(void) MUST_CHECK;

#endif
