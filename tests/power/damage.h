/* damage.h -- what a power cut makes of the sectors of a write under way, and
 * the tests' chance (xorshift: the same seed, the same run). */
#ifndef DAMAGE_H
#define DAMAGE_H

#include <string.h>

#include "core/journal.h"

enum damage {
    NONE, /* nothing of it arrives                                    */
    ALL,
    FIRST_ONLY, /* one sector of it                                         */
    LAST_ONLY,
    ALL_BUT_ONE,
    TORN,    /* up to the middle of a sector                             */
    GARBLED, /* up to a sector that holds anything                       */
    MIXED,   /* each sector as chance has it                             */
    DAMAGES
};

static uint32_t rnd_state = 0x2545f491;
static inline uint32_t rnd(uint32_t n)
{
    rnd_state ^= rnd_state << 13;
    rnd_state ^= rnd_state >> 17;
    rnd_state ^= rnd_state << 5;
    return rnd_state % n;
}

static inline void damage_sector(uint8_t *to, const uint8_t *s, enum damage how)
{
    if (how == ALL)
        memcpy(to, s, JOURNAL_SECTOR);
    else if (how == TORN)
        memcpy(to, s, 1 + rnd(JOURNAL_SECTOR - 1));
    else if (how == GARBLED)
        for (size_t i = 0; i < JOURNAL_SECTOR; i++)
            to[i] = (uint8_t)rnd(256);
}

/* to: the card's sectors, as they were before. */
static inline void damage_write(uint8_t (*to)[JOURNAL_SECTOR],
                                const uint8_t *buf, uint32_t count,
                                enum damage how)
{
    static const enum damage any[] = {NONE, ALL, ALL, TORN, GARBLED};
    uint32_t odd = rnd(count);
    for (uint32_t i = 0; i < count; i++) {
        enum damage d = how;
        if (how == FIRST_ONLY)
            d = i == 0 ? ALL : NONE;
        else if (how == LAST_ONLY)
            d = i + 1 == count ? ALL : NONE;
        else if (how == ALL_BUT_ONE)
            d = i == odd ? NONE : ALL;
        else if (how == TORN || how == GARBLED)
            d = i < odd ? ALL : i == odd ? how : NONE;
        else if (how == MIXED)
            d = any[rnd(LEN(any))];
        damage_sector(to[i], buf + i * JOURNAL_SECTOR, d);
    }
}

#endif
