/* disk_kind.h -- what is on a card or in a partition that is no FAT, by the
 * first bytes of it: other computers' file systems, and files that were copied
 * where an image should have been written. Only for saying so. Any bytes may
 * come in. Pure. */
#ifndef DISK_KIND_H
#define DISK_KIND_H

#include "base.h"

#define DISK_KIND_SECTOR 512u
#define DISK_KIND_LOOKS  5 /* sectors that are worth a look                  */

struct disk_kind {
    const char *name; /* "ext4"                                              */
    bool packed;      /* a file, perhaps the image itself, packed            */
};

/* The sectors to look at, counted from the beginning. */
extern const uint8_t disk_kind_sector[DISK_KIND_LOOKS];

/* Returns what the sector of this number tells, or NULL. */
const struct disk_kind *disk_kind_of(unsigned number,
                                     const uint8_t sector[DISK_KIND_SECTOR]);

#endif
