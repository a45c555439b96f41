#include "mbr.h"

#include <string.h>

#define TABLE      446u
#define ENTRY      16u
#define SIGNATURE  510u
#define TYPE_STATE 0xdau
#define TYPE_GPT   0xeeu

static uint32_t little32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
           p[0];
}

static bool type_is_fat(uint8_t type)
{
    return type == 0x01 || type == 0x04 || type == 0x06 || type == 0x0b ||
           type == 0x0c || type == 0x0e;
}

static bool is_signed(const uint8_t *s)
{
    return s[SIGNATURE] == 0x55 && s[SIGNATURE + 1] == 0xaa;
}

/* A FAT boot sector by the words in it, as every formatter writes them. */
static bool is_fat_boot(const uint8_t *s)
{
    return (s[0] == 0xeb || s[0] == 0xe9) &&
           (memcmp(s + 54, "FAT", 3) == 0 || memcmp(s + 82, "FAT", 3) == 0);
}

/* The same by its figures: bytes of a sector, sectors of a cluster, reserved
 * ones, copies of the table. */
static bool is_fat_sized(const uint8_t *s)
{
    unsigned bytes = s[11] | (unsigned)s[12] << 8, cluster = s[13];
    return (s[0] == 0xeb || s[0] == 0xe9) && bytes >= 512 && bytes <= 4096 &&
           (bytes & (bytes - 1)) == 0 && cluster &&
           (cluster & (cluster - 1)) == 0 && (s[14] | s[15]) != 0 &&
           (s[16] == 1 || s[16] == 2);
}

enum mbr_fs mbr_file_system(const uint8_t s[MBR_SECTOR])
{
    if (memcmp(s + 3, "EXFAT   ", 8) == 0)
        return MBR_FS_EXFAT;
    if (memcmp(s + 3, "NTFS    ", 8) == 0)
        return MBR_FS_NTFS;
    return is_signed(s) && (is_fat_boot(s) || is_fat_sized(s)) ? MBR_FS_FAT
                                                               : MBR_FS_OTHER;
}

bool mbr_overlap(const struct mbr_partition *a, const struct mbr_partition *b)
{
    if (a->sectors == 0 || b->sectors == 0)
        return false;
    return a->lba < b->lba ? b->lba - a->lba < a->sectors
                           : a->lba - b->lba < b->sectors;
}

void mbr_read(const uint8_t sector[MBR_SECTOR], uint32_t card_sectors,
              struct mbr *m)
{
    *m = (struct mbr){.table = is_signed(sector)};
    enum mbr_fs fs = mbr_file_system(sector);
    /* Code that begins a table may look like FAT's figures: its words count. */
    if (fs != MBR_FS_FAT || is_fat_boot(sector))
        m->whole = fs;
    if (m->whole == MBR_FS_FAT)
        m->fat.sectors = card_sectors;
    if (!m->table || m->whole != MBR_FS_OTHER)
        return;
    for (unsigned i = 0; i < MBR_PARTITIONS; i++) {
        const uint8_t *e = sector + TABLE + ENTRY * i;
        uint8_t type = e[4];
        struct mbr_partition p = {little32(e + 8), little32(e + 12)};
        if (type == 0 || p.lba == 0 || p.sectors == 0)
            continue;
        if (p.lba >= card_sectors) {
            m->past |= (uint8_t)(1u << i);
            continue;
        }
        if (p.sectors > card_sectors - p.lba) {
            p.sectors = card_sectors - p.lba;
            m->beyond |= (uint8_t)(1u << i);
        }
        m->gpt |= type == TYPE_GPT;
        bool logical = type == 0x05 || type == 0x0f || type == 0x85;
        m->extended |= logical;
        if (type != TYPE_GPT && type != TYPE_STATE && !logical)
            m->part[i] = p;
        if (type_is_fat(type) && !m->fat.sectors)
            m->fat = p;
        else if (type == TYPE_STATE && !m->state.sectors)
            m->state = p;
    }
    m->overlap = mbr_overlap(&m->fat, &m->state);
}
