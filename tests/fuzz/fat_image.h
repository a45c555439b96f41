/* fat_image.h -- a card with a FAT volume of the given size behind a partition
 * table, for fuzz_fat: chrony.conf of two clusters, a file with a long name, a
 * folder with two files. The FAT's kind follows from the size. */
#ifndef FUZZ_FAT_IMAGE_H
#define FUZZ_FAT_IMAGE_H

#include <stdint.h>
#include <string.h>

#include "core/base.h"

#define IMAGE_BLOCKS 700u /* what has contents; the rest is empty             */
#define IMAGE_FAT_AT 8u
#define IMAGE_STATE  400u /* blocks at the end: the state partition           */
#define IMAGE_FAT12  1000u /* the card's blocks                               */
#define IMAGE_FAT16  8000u
#define IMAGE_FAT32  66600u

struct image {
    uint8_t (*block)[512]; /* the volume's first                              */
    unsigned bits;         /* 12, 16, 32                                      */
    uint32_t fat, root, data; /* blocks of the volume                         */
    uint32_t next;            /* free cluster                                 */
};

static void image_le(uint8_t *p, uint32_t v, unsigned n)
{
    for (; n > 0; n--, v >>= 8)
        *p++ = (uint8_t)v;
}

static void image_partition(uint8_t *table, uint8_t type, uint32_t lba,
                            uint32_t n)
{
    table[4] = type;
    image_le(table + 8, lba, 4);
    image_le(table + 12, n, 4);
}

static void image_link(struct image *m, uint32_t cluster, uint32_t to)
{
    uint8_t *f = m->block[m->fat];
    if (m->bits == 32)
        image_le(f + 4 * cluster, to & 0x0fffffff, 4);
    else if (m->bits == 16)
        image_le(f + 2 * cluster, to & 0xffff, 2);
    else
        for (unsigned i = 0; i < 3; i++) {
            unsigned nibble = cluster * 3 + i, high = nibble & 1;
            uint8_t *b = &f[nibble / 2];
            uint8_t v = (uint8_t)(to >> 4 * i & 15);
            *b = (uint8_t)((*b & (high ? 0x0f : 0xf0)) | v << 4 * high);
        }
}

/* A chain of one-block clusters; returns its first. */
static uint32_t image_chain(struct image *m, uint32_t count)
{
    uint32_t first = m->next;
    for (uint32_t i = 0; i < count; i++, m->next++)
        image_link(m, m->next, i + 1 < count ? m->next + 1 : 0x0fffffff);
    return first;
}

static uint8_t *image_cluster(struct image *m, uint32_t cluster)
{
    return m->block[m->data + cluster - 2];
}

static void image_entry(uint8_t *e, const char *name83, uint8_t attribute,
                        uint32_t cluster, uint32_t size)
{
    memcpy(e, name83, 11);
    e[11] = attribute;
    image_le(e + 20, cluster >> 16, 2);
    image_le(e + 26, cluster & 0xffff, 2);
    image_le(e + 28, size, 4);
}

/* The entries of a long name before its short one; returns behind them. */
static uint8_t *image_long(uint8_t *e, const char *name, const char *name83)
{
    static const uint8_t place[13] = {1,  3,  5,  7,  9,  14, 16,
                                      18, 20, 22, 24, 28, 30};
    size_t len = strlen(name), entries = (len + 12) / 13;
    uint8_t sum = 0;
    for (unsigned i = 0; i < 11; i++)
        sum = (uint8_t)((sum >> 1 | sum << 7) + name83[i]);
    for (size_t k = entries; k > 0; k--, e += 32) {
        e[0] = (uint8_t)(k | (k == entries ? 0x40 : 0));
        e[11] = 0x0f;
        e[13] = sum;
        for (size_t i = 0; i < 13; i++) {
            size_t at = (k - 1) * 13 + i;
            uint16_t c = at < len ? (uint8_t)name[at] : at == len ? 0 : 0xffff;
            image_le(e + place[i], c, 2);
        }
    }
    return e;
}

static uint8_t *image_file(struct image *m, uint8_t *e, const char *name,
                           const char *name83, const char *text)
{
    size_t len = strlen(text);
    uint32_t first = image_chain(m, 2); /* one more than it needs, or not     */
    memcpy(image_cluster(m, first), text, len);
    e = image_long(e, name, name83);
    image_entry(e, name83, 0x20, first, (uint32_t)len);
    return e + 32;
}

static void image_boot(struct image *m, uint32_t blocks)
{
    uint8_t *b = m->block[0];
    uint32_t fat_blocks = m->data - m->fat -
                          (m->bits == 32 ? 0 : 1); /* 16 root entries         */
    memcpy(b, "\xeb\x3c\x90GNOMON  ", 11);
    image_le(b + 11, 512, 2);
    b[13] = 1;
    image_le(b + 14, m->fat, 2);
    b[16] = 1;
    image_le(b + 17, m->bits == 32 ? 0 : 16, 2);
    if (blocks < 0x10000)
        image_le(b + 19, blocks, 2);
    else
        image_le(b + 32, blocks, 4);
    b[21] = 0xf8;
    if (m->bits == 32) {
        image_le(b + 36, fat_blocks, 4);
        image_le(b + 44, 2, 4);
        image_le(b + 48, 1, 2);
        memcpy(b + 82, "FAT32   ", 8);
    } else {
        image_le(b + 22, fat_blocks, 2);
        b[38] = 0x29;
        memcpy(b + 54, m->bits == 16 ? "FAT16   " : "FAT12   ", 8);
    }
    b[510] = 0x55;
    b[511] = 0xaa;
}

static void image_fill(struct image *m)
{
    uint8_t *root = m->block[m->root];
    image_link(m, 0, 0x0ffffff8);
    image_link(m, 1, 0x0fffffff);
    if (m->bits == 32)
        (void)image_chain(m, 1); /* the root itself */
    root = image_file(m, root, "chrony.conf", "CHRONY~1CON",
                      "server nts.example iburst nts\nconfdir /etc/conf.d\n");
    root = image_file(m, root, "a long name of a certificate.pem",
                      "ALONGN~1PEM", "-----BEGIN CERTIFICATE-----\n");
    uint32_t folder = image_chain(m, 1);
    root = image_long(root, "conf.d", "CONF~1  D  ");
    image_entry(root, "CONF~1  D  ", 0x10, folder, 0);
    uint8_t *e = image_cluster(m, folder);
    image_entry(e, ".          ", 0x10, folder, 0);
    image_entry(e + 32, "..         ", 0x10, 0, 0);
    e = image_file(m, e + 64, "b.conf", "B~1     CON", "makestep 1 3\n");
    (void)image_file(m, e, "a.conf", "A~1     CON", "maxchange 1 1 1\n");
}

static void fat_image(uint8_t (*card)[512], uint32_t blocks)
{
    uint32_t volume = blocks - IMAGE_FAT_AT - IMAGE_STATE;
    struct image m = {.block = card + IMAGE_FAT_AT, .fat = 1, .next = 2};
    m.bits = volume < 4085 ? 12 : volume < 65525 ? 16 : 32;
    m.fat = m.bits == 32 ? 3 : 1;
    m.root = m.fat + (volume * m.bits / 8 + 511) / 512;
    m.data = m.bits == 32 ? m.root : m.root + 1;
    image_partition(card[0] + 446, 0x0c, IMAGE_FAT_AT, volume);
    image_partition(card[0] + 462, 0xda, blocks - IMAGE_STATE, IMAGE_STATE);
    image_le(card[0] + 510, 0xaa55, 2);
    image_boot(&m, volume);
    image_fill(&m);
    ASSERT(IMAGE_FAT_AT + m.data + m.next < IMAGE_BLOCKS);
}

#endif
