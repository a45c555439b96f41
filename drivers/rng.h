/* rng.h -- hardware random number generators: BCM2835..7's, and BCM2711's
 * RNG200.
 *
 * rng_word() never waits. A word equal to the one before it is thrown away
 * and counted (it happens once in 2^32); RNG_STUCK of them in a row mean that
 * the source has died, until it gives something else again. */
#ifndef RNG_H
#define RNG_H

#include "core/base.h"

#define RNG_STUCK 3u

struct rng { /* board's; fields are private */
    uintptr_t base;
    bool rng200;
    uint32_t *words; /* where they come from memory */
    size_t words_left;
    uint32_t last;
    bool any;        /* last is valid            */
    unsigned repeat; /* words equal to last, in a row */
    uint32_t repeats;
};

/* Starts the generator, which warms up for a while. */
void rng_init(struct rng *r, uintptr_t base);

/* The same on a BCM2711. */
void rng200_init(struct rng *r, uintptr_t base);

/* Words from memory instead, each of which is used once and wiped; then
 * RC_IO. */
void rng_words_init(struct rng *r, uint32_t *words, size_t count);

/* Takes one random word. Returns RC_OK, RC_AGAIN where none is ready yet, RC_IO
 * where the source is stuck. */
int rng_word(struct rng *r, uint32_t *out) MUST_CHECK;

#endif
