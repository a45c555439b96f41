/* arena.h -- a heap within bounds: blocks of any size out of memory that the
 * caller owns, for a library that cannot do without.
 *
 * Each user has an arena of its own, so that one of them can use up its own
 * only. First fit, neighbours merge when they are free; the blocks in front of
 * the first gap cost no time, however many they are. A block that was damaged,
 * or freed twice, is our own bug and stops us. */
#ifndef ARENA_H
#define ARENA_H

#include "base.h"

#define ARENA_ALIGN 16

struct arena {
    uint8_t *memory;
    size_t size;
    size_t used; /* bytes in blocks, their headers included                 */
    size_t peak; /* how far from its beginning it was ever used             */
    size_t low;  /* private: no gap lies before this block                  */
    unsigned refused; /* blocks for which there was no room                 */
};

/* Takes size bytes of memory, aligned to ARENA_ALIGN, as one free block. */
void arena_init(struct arena *a, void *memory, size_t size);

/* Returns a block of len zero bytes, aligned to ARENA_ALIGN, or NULL: no gap
 * is as large. */
void *arena_get(struct arena *a, size_t len) MUST_CHECK;

/* Is this a block of the arena? */
bool arena_owns(const struct arena *a, const void *block);

/* Gives a block of the arena back and wipes it. */
void arena_put(struct arena *a, void *block);

#endif
