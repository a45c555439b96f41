/* store_fat.h -- one FAT volume, read-only, through FatFs. For store.c. */
#ifndef STORE_FAT_H
#define STORE_FAT_H

#include "core/base.h"

/* The volume's sectors on the card. RC_OK, RC_BAD: no FAT in there, RC_IO. */
int store_fat_mount(uint32_t lba, uint32_t sectors) MUST_CHECK;
/* Length; RC_STATE no such file, RC_SPACE longer than cap, RC_IO. */
int store_fat_read(const char *name, uint8_t *buf, size_t cap) MUST_CHECK;

/* From store.c: sectors of the card, waiting for them. RC_OK or RC_IO. */
int store_read_blocks(uint32_t lba, uint8_t *buf, uint32_t count) MUST_CHECK;

#endif
