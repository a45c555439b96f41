#include "store_fat.h"

#include <string.h>

#include "ff.h"

#include "diskio.h"

#define BLOCK      512u
#define FOLDER_MAX 4096 /* entries looked at                                 */

static FATFS volume;
static FIL file;
static uint32_t first, sectors;

/* ---- what FatFs asks of its disk; sectors count from the volume's start -- */

DSTATUS disk_initialize(BYTE drive)
{
    return drive == 0 ? STA_PROTECT : STA_NOINIT;
}

DSTATUS disk_status(BYTE drive)
{
    return drive == 0 ? STA_PROTECT : STA_NOINIT;
}

DRESULT disk_read(BYTE drive, BYTE *buf, LBA_t sector, UINT count)
{
    /* The volume's own numbers are outside input: stay inside it. */
    if (drive != 0 || sector >= sectors || count > sectors - sector)
        return RES_PARERR;
    int r = store_read_blocks(first + (uint32_t)sector, buf, count);
    return r == RC_OK ? RES_OK : RES_ERROR;
}

/* ---- our side ----------------------------------------------------------- */

int store_fat_mount(uint32_t lba, uint32_t size)
{
    first = lba;
    sectors = size;
    FRESULT r = f_mount(&volume, "", 1);
    if (r == FR_OK)
        return RC_OK;
    sectors = 0;
    return r == FR_DISK_ERR || r == FR_NOT_READY ? RC_IO : RC_BAD;
}

static int translate(FRESULT r)
{
    switch (r) {
    case FR_OK:
        return RC_OK;
    case FR_NO_FILE:
    case FR_NO_PATH:
    case FR_INVALID_NAME:
    case FR_INVALID_DRIVE:
    case FR_NO_FILESYSTEM:
    case FR_NOT_ENABLED:
        return RC_STATE;
    default:
        return RC_IO;
    }
}

int store_fat_read(const char *name, uint8_t *buf, size_t cap)
{
    UINT n = 0;
    if (sectors == 0)
        return RC_STATE;
    int r = translate(f_open(&file, name, FA_READ));
    if (r < 0)
        return r;
    FSIZE_t size = f_size(&file);
    if (size > cap)
        r = RC_SPACE;
    else
        r = translate(f_read(&file, buf, (UINT)size, &n));
    if (r == RC_OK && n != size)
        r = RC_IO;
    int closed = translate(f_close(&file));
    return r < 0 ? r : closed < 0 ? closed : (int)n;
}

/* FatFs tells which sector it stands in: a seek into each follows the chain of
 * clusters. */
static int follow(uint32_t blocks, uint32_t *lba)
{
    for (uint32_t i = 0; i < blocks; i++) {
        int r = translate(f_lseek(&file, (FSIZE_t)i * BLOCK + 1));
        if (r < 0)
            return r;
        if (i == 0)
            *lba = first + (uint32_t)file.sect;
        else if (first + (uint32_t)file.sect != *lba + i)
            return RC_BAD;
    }
    return RC_OK;
}

int store_fat_place(const char *name, uint32_t blocks, uint32_t *lba)
{
    if (sectors == 0)
        return RC_STATE;
    int r = translate(f_open(&file, name, FA_READ));
    if (r < 0)
        return r;
    r = f_size(&file) == (FSIZE_t)blocks * BLOCK ? follow(blocks, lba)
                                                 : RC_SPACE;
    int closed = translate(f_close(&file));
    return r < 0 ? r : closed;
}

static bool comes_next(const FILINFO *f, const char *pattern, const char *after,
                       const char *best)
{
    return !(f->fattrib & AM_DIR) && strlen(f->fname) < CONF_PATH_MAX &&
           conf_path_matches(pattern, f->fname) &&
           conf_path_order(f->fname, after) > 0 &&
           (!*best || conf_path_order(f->fname, best) < 0);
}

int store_fat_next(const char *folder, const char *pattern, const char *after,
                   char name[CONF_PATH_MAX])
{
    static DIR dir;
    static FILINFO entry;
    *name = 0;
    if (sectors == 0)
        return RC_STATE;
    int r = translate(f_opendir(&dir, folder));
    if (r < 0)
        return r;
    /* A directory that leads in a circle ends here, too. */
    for (unsigned i = 0; i < FOLDER_MAX; i++) {
        r = translate(f_readdir(&dir, &entry));
        if (r < 0 || !entry.fname[0])
            break;
        if (comes_next(&entry, pattern, after, name))
            memcpy(name, entry.fname, strlen(entry.fname) + 1);
    }
    int closed = translate(f_closedir(&dir));
    return r < 0 ? r : closed < 0 ? closed : (int)strlen(name);
}
