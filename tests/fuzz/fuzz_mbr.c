/* The first sector of a card, any bytes: what comes out lies on the card.
 * Input: the card's size in sectors (4 bytes, big-endian), then the sector,
 * zeros after its end; a first bit set in the size signs it. */
#include <string.h>

#include "core/bytes.h"
#include "core/disk_kind.h"
#include "core/gpt.h"
#include "core/mbr.h"

static void check(const struct mbr_partition *p, uint32_t card)
{
    ASSERT(p->sectors == 0 ? p->lba == 0
                           : p->lba < card && p->sectors <= card - p->lba);
}

/* The sector as a GPT's header, and as a block of its entries. */
static void check_gpt(const uint8_t *sector, uint32_t card)
{
    struct gpt g = {.lba = 2, .count = 128, .size = 128, .a_block = 4};
    if (gpt_read(sector, card, &g) == RC_OK) {
        ASSERT(g.count <= GPT_ENTRIES_MAX && g.size * g.a_block == MBR_SECTOR);
        ASSERT(g.lba < card && g.count / g.a_block <= card - g.lba);
    }
    for (uint32_t i = 0; i < g.count; i++) {
        struct mbr_partition p = gpt_entry(&g, i, sector, card);
        check(&p, card);
    }
}

/* What the sector is instead: a name, or nothing. */
static void check_kind(const uint8_t *sector)
{
    for (size_t i = 0; i < DISK_KIND_LOOKS; i++) {
        const struct disk_kind *k = disk_kind_of(disk_kind_sector[i], sector);
        ASSERT(!k || k->name[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    uint8_t sector[MBR_SECTOR] = {0};
    struct mbr m;
    if (len < 4 || len - 4 > sizeof sector)
        return 0;
    memcpy(sector, in + 4, len - 4);
    if (in[0] & 0x80) {
        sector[510] = 0x55;
        sector[511] = 0xaa;
    }
    uint32_t card = bytes_get32(in) & 0x7fffffff;
    mbr_read(sector, card, &m);
    check(&m.fat, card);
    check(&m.state, card);
    for (unsigned i = 0; i < MBR_PARTITIONS; i++)
        check(&m.part[i], card);
    check_gpt(sector, card);
    check_kind(sector);
    ASSERT(m.whole == MBR_FS_OTHER || m.whole == mbr_file_system(sector));
    ASSERT(m.table || (m.fat.sectors == 0 && m.state.sectors == 0));
    ASSERT(m.beyond < 16 && (!m.overlap || (m.fat.sectors && m.state.sectors)));
    if (m.fat.sectors && m.state.sectors && !m.overlap)
        ASSERT(m.fat.lba + m.fat.sectors <= m.state.lba ||
               m.state.lba + m.state.sectors <= m.fat.lba);
    return 0;
}
