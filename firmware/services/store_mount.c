#include "store_mount.h"

#include <stdarg.h>
#include <string.h>

#include "adapters/store_fat.h"
#include "core/disk_kind.h"
#include "core/fmt.h"
#include "core/gpt.h"
#include "log.h"

static char trouble[STORE_MOUNT_TROUBLE]; /* "": none */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first cause stays, all are logged. */
static void say(const char *format, ...)
{
    char text[sizeof trouble];
    va_list ap;
    va_start(ap, format);
    (void)fmt_v(text, sizeof text, format, ap);
    va_end(ap);
    log_at(LOG_ERROR, NULL, "card: %s; so no chrony.conf", text);
    if (!trouble[0])
        memcpy(trouble, text, sizeof trouble);
}

const char *store_mount_trouble(void)
{
    return trouble;
}

struct search {
    uint32_t card;
    uint8_t *buf;
    struct mbr_partition found;
    bool said;  /* what is there instead                                    */
    bool quiet; /* a partition of a FAT type is what should hold it          */
    bool io;    /* something could not be read                               */
};

/* Says what there is where there is no FAT; number 0: on the whole card. */
static void say_what(struct search *s, const struct mbr_partition *p,
                     unsigned number)
{
    const struct disk_kind *kind = NULL;
    char where[24] = "the whole card";
    for (unsigned i = 0; i < DISK_KIND_LOOKS && !kind; i++) {
        if (disk_kind_sector[i] >= p->sectors)
            break;
        if (store_read_blocks(p->lba + disk_kind_sector[i], s->buf, 1) < 0)
            return;
        kind = disk_kind_of(disk_kind_sector[i], s->buf);
    }
    if (!kind || (number && kind->packed))
        return;
    if (number)
        (void)fmt(where, sizeof where, "partition %u", number);
    if (kind->packed)
        say("%s is %s: write the image, do not copy it", where, kind->name);
    else
        say("%s is %s: format it as FAT32", where, kind->name);
    s->said = true;
}

/* FatFs is built for sectors of 512 bytes, as cards have them. */
static void say_sectors(struct search *s, unsigned number, const uint8_t *boot)
{
    unsigned bytes = boot[11] | (unsigned)boot[12] << 8;
    if (bytes == MBR_SECTOR)
        return;
    say("partition %u is FAT with sectors of %u bytes: format it with 512",
        number, bytes);
    s->said = true;
}

/* Mounts partition p if there is FAT in it. Returns whether it is so. */
static bool look(struct search *s, const struct mbr_partition *p,
                 unsigned number)
{
    if (p->sectors == 0)
        return false;
    if (store_read_blocks(p->lba, s->buf, 1) < 0) {
        s->io = true;
        return false;
    }
    if (mbr_file_system(s->buf) != MBR_FS_FAT) {
        if (!s->quiet)
            say_what(s, p, number);
        return false;
    }
    int r = store_fat_mount(p->lba, p->sectors);
    s->io |= r == RC_IO;
    if (r == RC_OK)
        s->found = *p;
    else if (r != RC_IO)
        say_sectors(s, number, s->buf);
    return r == RC_OK;
}

static bool look_at_gpt(struct search *s)
{
    struct gpt g;
    if (store_read_blocks(1, s->buf, 1) < 0 ||
        gpt_read(s->buf, s->card, &g) < 0) {
        say("its MBR stands for a GPT, which cannot be read");
        s->said = true;
        return false;
    }
    for (uint32_t i = 0; i < g.count; i++) {
        if (store_read_blocks(g.lba + i / g.a_block, s->buf, 1) < 0)
            return false;
        struct mbr_partition p = gpt_entry(&g, i, s->buf, s->card);
        if (look(s, &p, i + 1)) {
            log_line("card: GPT, FAT in its partition %u", (unsigned)i + 1);
            return true;
        }
    }
    say("GPT without a FAT partition: write it with an MBR (dos) table, FAT32 "
        "first");
    s->said = true;
    return false;
}

static bool look_everywhere(struct search *s, const struct mbr *m)
{
    for (unsigned i = 0; i < MBR_PARTITIONS; i++)
        if (m->fat.sectors && m->part[i].lba == m->fat.lba &&
            look(s, &m->part[i], i + 1))
            return true;
    s->quiet = m->fat.sectors != 0;
    for (unsigned i = 0; i < MBR_PARTITIONS; i++) {
        if ((m->fat.sectors && m->part[i].lba == m->fat.lba) ||
            !look(s, &m->part[i], i + 1))
            continue;
        log_line("card: FAT in partition %u", i + 1);
        return true;
    }
    return m->gpt && look_at_gpt(s);
}

static void say_why(const struct search *s, const struct mbr *m)
{
    if (m->extended)
        log_at(LOG_WARNING, NULL,
               "card: partitions inside an extended one are not looked at");
    if (s->said)
        return;
    for (unsigned i = 0; i < MBR_PARTITIONS; i++)
        if (m->past & 1u << i) {
            say("partition %u lies beyond the card's end: is the card smaller "
                "than the image?",
                i + 1);
            return;
        }
    if (!m->table)
        say("no partition table: write the image with Raspberry Pi Imager");
    else if (!m->fat.sectors && m->extended)
        say("no FAT partition but inside an extended one: make it a primary "
            "one");
    else if (!m->fat.sectors)
        say("no FAT partition: write the image with Raspberry Pi Imager");
    else if (s->io)
        say("the FAT partition cannot be read");
    else
        say("the FAT partition holds no FAT file system: format it as FAT32");
}

int store_mount(const struct mbr *m, uint32_t card_sectors,
                uint8_t buf[MBR_SECTOR], struct mbr_partition *fat)
{
    struct search s = {.card = card_sectors, .buf = buf};
    const struct mbr_partition whole = {0, card_sectors};
    *fat = (struct mbr_partition){0};
    trouble[0] = 0;
    if (m->whole == MBR_FS_FAT) {
        int r = store_fat_mount(m->fat.lba, m->fat.sectors);
        if (r == RC_OK)
            *fat = m->fat;
        s.io = r == RC_IO;
    } else if (!m->table || m->whole != MBR_FS_OTHER) {
        say_what(&s, &whole, 0);
    } else if (look_everywhere(&s, m)) {
        *fat = s.found;
    }
    if (fat->sectors)
        return RC_OK;
    say_why(&s, m);
    return s.io ? RC_IO : RC_BAD;
}
