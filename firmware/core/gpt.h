/* gpt.h -- a GUID partition table (UEFI specification, section 5.3): block 1 of
 * a card whose MBR only protects it, and the entries that it points at. Only
 * where partitions are is of interest: what is in them tells its first sector.
 *
 * Any bytes may come in. What comes out lies on the card. */
#ifndef GPT_H
#define GPT_H

#include "mbr.h"

#define GPT_ENTRIES_MAX 128u

struct gpt {
    uint32_t lba;           /* block of the first entry                      */
    uint32_t count;         /* entries, at most GPT_ENTRIES_MAX              */
    uint32_t size, a_block; /* bytes of an entry; entries in a block         */
};

/* Read the header of a card of so many sectors. Returns RC_OK, or RC_BAD: it is
 * none, or its entries are not on the card. */
int gpt_read(const uint8_t sector[MBR_SECTOR], uint32_t card_sectors,
             struct gpt *g) MUST_CHECK;

/* Read the entry with this number out of the block g->lba + number / a_block.
 * What is unused, or not wholly on the card, has 0 sectors. */
struct mbr_partition gpt_entry(const struct gpt *g, uint32_t number,
                               const uint8_t sector[MBR_SECTOR],
                               uint32_t card_sectors);

#endif
