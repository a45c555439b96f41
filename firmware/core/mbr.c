#include "mbr.h"

#include <string.h>

#define TABLE      446u
#define ENTRY      16u
#define SIGNATURE  510u
#define TYPE_STATE 0xdau

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

/* A FAT boot sector where the partition table should be: a card formatted
 * without one. */
static bool is_fat_boot(const uint8_t *s)
{
    return (s[0] == 0xeb || s[0] == 0xe9) &&
           (memcmp(s + 54, "FAT", 3) == 0 || memcmp(s + 82, "FAT", 3) == 0);
}

static bool overlap(const struct mbr_partition *a,
                    const struct mbr_partition *b)
{
    if (a->sectors == 0 || b->sectors == 0)
        return false;
    return a->lba < b->lba ? b->lba - a->lba < a->sectors
                           : a->lba - b->lba < b->sectors;
}

void mbr_read(const uint8_t sector[MBR_SECTOR], uint32_t card_sectors,
              struct mbr *m)
{
    *m = (struct mbr){.table = sector[SIGNATURE] == 0x55 &&
                               sector[SIGNATURE + 1] == 0xaa};
    if (!m->table)
        return;
    if (is_fat_boot(sector)) {
        m->fat.sectors = card_sectors;
        return;
    }
    for (unsigned i = 0; i < MBR_PARTITIONS; i++) {
        const uint8_t *e = sector + TABLE + ENTRY * i;
        uint8_t type = e[4];
        struct mbr_partition p = {little32(e + 8), little32(e + 12)};
        if (type == 0 || p.lba == 0 || p.sectors == 0 || p.lba >= card_sectors)
            continue;
        if (p.sectors > card_sectors - p.lba) {
            p.sectors = card_sectors - p.lba;
            m->beyond |= (uint8_t)(1u << i);
        }
        if (type_is_fat(type) && !m->fat.sectors)
            m->fat = p;
        else if (type == TYPE_STATE && !m->state.sectors)
            m->state = p;
    }
    m->overlap = overlap(&m->fat, &m->state);
}
