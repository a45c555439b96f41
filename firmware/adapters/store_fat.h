/* store_fat.h -- one FAT volume, read-only, through FatFs. Everything on the
 * volume is outside input. */
#ifndef STORE_FAT_H
#define STORE_FAT_H

#include "core/base.h"
#include "core/conf_path.h"

/* Mounts the volume that begins at this block of the card and has so many.
 * Returns RC_OK; RC_BAD: it holds no FAT file system; RC_IO. */
int store_fat_mount(uint32_t lba, uint32_t sectors) MUST_CHECK;
/* Reads a whole file into buf. Returns its length; RC_STATE: there is no such
 * file or no volume; RC_SPACE: it is longer than cap; RC_IO. */
int store_fat_read(const char *name, uint8_t *buf, size_t cap) MUST_CHECK;

/* Write the name of the first file in a folder, in alphabetical order, that
 * comes after `after` and matches a pattern (conf_path_matches) to name.
 * Returns its length; 0: there is none; RC_STATE: no such folder; RC_IO. */
int store_fat_next(const char *folder, const char *pattern, const char *after,
                   char name[CONF_PATH_MAX]) MUST_CHECK;

/* Finds where a file of exactly so many blocks of 512 bytes lies. Returns RC_OK
 * with the card's block that it begins at in *lba; RC_STATE: there is no such
 * file or no volume; RC_SPACE: it is of another size; RC_BAD: its blocks do
 * not follow each other; RC_IO. Nothing is read of what is in it. */
int store_fat_place(const char *name, uint32_t blocks,
                    uint32_t *lba) MUST_CHECK;

/* Is what store_fat.c reads the card by; whoever mounts defines it
 * (services/store.c). Reads blocks of the card and waits for them. Returns
 * RC_OK or RC_IO. */
int store_read_blocks(uint32_t lba, uint8_t *buf, uint32_t count) MUST_CHECK;

#endif
