/* mbr.h -- the first sector of an SD card: its partition table (the classical
 * one, MBR), or a file system on a card without one; and which file system a
 * partition's first sector belongs to. Of the partitions two are looked for:
 * the first of a FAT type, and the first of type 0xDA ("non-filesystem data"),
 * which holds the journal. The others are kept for whoever wants to look into
 * them: FAT is found in partitions of any type. gpt.h reads the newer table.
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

enum mbr_fs { MBR_FS_OTHER, MBR_FS_FAT, MBR_FS_EXFAT, MBR_FS_NTFS };

struct mbr {
    bool table; /* the sector is signed: a table or a boot sector           */
    enum mbr_fs whole; /* a file system on the whole card, not OTHER         */
    bool gpt;          /* the table only protects a GPT                      */
    bool extended;     /* there are logical partitions                       */
    struct mbr_partition fat, state;
    struct mbr_partition part[MBR_PARTITIONS]; /* all that hold something   */
    bool overlap;   /* ... and they share sectors                           */
    uint8_t beyond; /* bit i: partition i + 1 ends beyond the card and was
                     * cut there                                            */
    uint8_t past;   /* likewise: it begins there already, and is left out   */
};

/* Return the file system that a first sector belongs to. */
enum mbr_fs mbr_file_system(const uint8_t sector[MBR_SECTOR]);

/* Tell whether two partitions share sectors. */
bool mbr_overlap(const struct mbr_partition *a, const struct mbr_partition *b);

/* Read the first sector of a card of so many sectors into *m. */
void mbr_read(const uint8_t sector[MBR_SECTOR], uint32_t card_sectors,
              struct mbr *m);

#endif
