#include "gpt.h"

#include <string.h>

static uint64_t little(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;
    while (bytes-- > 0)
        v = v << 8 | p[bytes];
    return v;
}

int gpt_read(const uint8_t sector[MBR_SECTOR], uint32_t card_sectors,
             struct gpt *g)
{
    uint64_t lba = little(sector + 72, 8), count = little(sector + 80, 4);
    uint32_t size = (uint32_t)little(sector + 84, 4);
    if (memcmp(sector, "EFI PART", 8) != 0 || size < 128 || size > MBR_SECTOR ||
        (size & (size - 1)) != 0)
        return RC_BAD;
    g->size = size;
    g->a_block = MBR_SECTOR / size;
    g->count = count < GPT_ENTRIES_MAX ? (uint32_t)count : GPT_ENTRIES_MAX;
    uint32_t blocks = (g->count + g->a_block - 1) / g->a_block;
    if (lba < 2 || lba >= card_sectors || blocks > card_sectors - lba)
        return RC_BAD;
    g->lba = (uint32_t)lba;
    return RC_OK;
}

struct mbr_partition gpt_entry(const struct gpt *g, uint32_t number,
                               const uint8_t sector[MBR_SECTOR],
                               uint32_t card_sectors)
{
    static const uint8_t unused[16];
    const uint8_t *e = sector + number % g->a_block * g->size;
    uint64_t first = little(e + 32, 8), last = little(e + 40, 8);
    if (memcmp(e, unused, sizeof unused) == 0 || first < 2 || last < first ||
        last >= card_sectors)
        return (struct mbr_partition){0};
    return (struct mbr_partition){(uint32_t)first,
                                  (uint32_t)(last - first + 1)};
}
