/* store_mount.h -- which part of a card is the boot partition. For store.c. */
#ifndef STORE_MOUNT_H
#define STORE_MOUNT_H

#include "core/mbr.h"

#define STORE_MOUNT_TROUBLE 96

/* Looks for a FAT file system on a card of so many sectors, whose first one is
 * read, and mounts it: that on the whole card, that in the first partition of a
 * FAT type, or in any other, of the MBR or of a GPT. buf is for a block. Says
 * through log what is there instead, and what to do. Returns RC_OK, and where
 * it is in *fat; else *fat is empty: RC_BAD: there is none; RC_IO. */
int store_mount(const struct mbr *m, uint32_t card_sectors,
                uint8_t buf[MBR_SECTOR], struct mbr_partition *fat) MUST_CHECK;

/* Returns what kept the last one from being mounted, as the log has it; "":
 * nothing did. */
const char *store_mount_trouble(void);

#endif
