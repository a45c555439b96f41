/* journal_dump CARD.img -- what the journal of a card image holds, as the
 * firmware would recover it. Lengths and kinds only: keys and cookies do not
 * belong on a screen; -x prints the bytes all the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/journal.h"

static struct journal j;

static FILE *image;

static void read_at(uint64_t sector, uint8_t *buf, uint32_t count)
{
    if (fseeko(image, (off_t)(sector * JOURNAL_SECTOR), SEEK_SET) != 0 ||
        fread(buf, JOURNAL_SECTOR, count, image) != count) {
        fprintf(stderr, "cannot read sector %llu\n",
                (unsigned long long)sector);
        exit(1);
    }
}

static uint32_t little32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* First sector of the partition of type da; its size to *sectors. */
static uint32_t find_partition(uint32_t *sectors)
{
    uint8_t mbr[JOURNAL_SECTOR];
    read_at(0, mbr, 1);
    for (size_t i = 0; i < 4; i++) {
        const uint8_t *e = mbr + 446 + 16 * i;
        if (mbr[510] == 0x55 && mbr[511] == 0xaa && e[4] == 0xda) {
            *sectors = little32(e + 12);
            return little32(e + 8);
        }
    }
    fprintf(stderr, "no partition of type da\n");
    exit(1);
}

static void print_entry(const struct journal_entry *e, int bytes)
{
    static const char *const kinds[] = {"?", "floor", "assoc", "counters"};
    printf("kind %u (%s) id %u: %u bytes\n", e->kind,
           e->kind < LEN(kinds) ? kinds[e->kind] : "?", e->id, e->len);
    for (size_t i = 0; bytes && i < e->len; i++)
        printf("%02x%s", e->data[i],
               i % 32 == 31 || i + 1 == e->len ? "\n" : "");
}

int main(int argc, char **argv)
{
    static const char *const found[] = {"blank", "garbage", "whole"};
    uint8_t buf[JOURNAL_BATCH * JOURNAL_SECTOR];
    uint32_t sectors, sector, count;
    int bytes = argc == 3 && strcmp(argv[1], "-x") == 0;
    if (argc != 2 + bytes || !(image = fopen(argv[1 + bytes], "rb"))) {
        fprintf(stderr, "usage: journal_dump [-x] CARD.img\n");
        return 2;
    }
    uint32_t first = find_partition(&sectors);
    if (journal_init(&j, sectors) < 0) {
        fprintf(stderr, "state partition too small: %lu sectors\n",
                (unsigned long)sectors);
        return 1;
    }
    while (journal_want(&j, &sector, &count)) {
        read_at((uint64_t)first + sector, buf, count);
        journal_feed(&j, buf);
    }
    printf("%s: %lu records; half %u of 2, epoch %lu, next sequence %lu, "
           "%lu of %lu sectors used\n",
           found[journal_found(&j)], (unsigned long)j.records,
           j.end.half + 1u, (unsigned long)j.end.epoch,
           (unsigned long)j.end.seq, (unsigned long)j.end.pos,
           (unsigned long)j.half_sectors);
    for (size_t i = 0; i < LIMIT_JOURNAL_KEYS; i++)
        if (j.entry[i].kind)
            print_entry(&j.entry[i], bytes);
    return 0;
}
