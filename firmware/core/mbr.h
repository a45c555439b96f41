/* mbr.h -- the first sector of an SD card: its partition table (the classical
 * one, MBR), or a FAT file system on a card without one. Of the partitions
 * two are looked for: the first of a FAT type, and the first of type 0xDA
 * ("non-filesystem data"), which holds the journal.
 *
 * Any bytes may come in. What comes out lies on the card. */
#ifndef MBR_H
#define MBR_H

#include "base.h"

#define MBR_SECTOR     512u
#define MBR_PARTITIONS 4u

struct mbr_partition {
    uint32_t lba, sectors; /* sectors 0: there is none                      */
};

struct mbr {
    bool table; /* the sector is signed: a table or a boot sector           */
    struct mbr_partition fat, state;
    bool overlap;   /* ... and they share sectors                           */
    uint8_t beyond; /* bit i: partition i + 1 ends beyond the card and was
                     * cut there                                            */
};

/* Read the first sector of a card of so many sectors into *m. */
void mbr_read(const uint8_t sector[MBR_SECTOR], uint32_t card_sectors,
              struct mbr *m);

#endif
