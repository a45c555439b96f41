#include "store_mount.h"

#include "adapters/store_fat.h"
#include "core/gpt.h"
#include "log.h"

#define FAT32 "format it as FAT32; so no chrony.conf"

/* Says what is no FAT; returns false when that is not known. */
static bool say_what(const char *where, unsigned number, enum mbr_fs fs)
{
    const char *name = fs == MBR_FS_EXFAT ? "exFAT" : "NTFS";
    if (fs != MBR_FS_EXFAT && fs != MBR_FS_NTFS)
        return false;
    if (number)
        log_at(LOG_ERROR, NULL, "card: %s %u is %s: " FAT32, where, number,
               name);
    else
        log_at(LOG_ERROR, NULL, "card: %s is %s: " FAT32, where, name);
    return true;
}

struct search {
    uint32_t card;
    uint8_t *buf;
    struct mbr_partition found;
    bool said; /* what is there instead                                     */
    bool io;   /* something could not be read                               */
};

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
    enum mbr_fs fs = mbr_file_system(s->buf);
    if (fs != MBR_FS_FAT) {
        s->said |= say_what("partition", number, fs);
        return false;
    }
    int r = store_fat_mount(p->lba, p->sectors);
    s->io |= r == RC_IO;
    if (r == RC_OK)
        s->found = *p;
    return r == RC_OK;
}

static bool look_at_gpt(struct search *s)
{
    struct gpt g;
    if (store_read_blocks(1, s->buf, 1) < 0 ||
        gpt_read(s->buf, s->card, &g) < 0) {
        log_at(LOG_ERROR, NULL,
               "card: its MBR stands for a GPT, which cannot be read");
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
    log_at(LOG_ERROR, NULL,
           "card: GPT without a FAT partition: write it with an MBR (dos) "
           "table, FAT32 first; so no chrony.conf");
    s->said = true;
    return false;
}

static bool look_everywhere(struct search *s, const struct mbr *m)
{
    for (unsigned i = 0; i < MBR_PARTITIONS; i++)
        if (m->fat.sectors && m->part[i].lba == m->fat.lba &&
            look(s, &m->part[i], i + 1))
            return true;
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
    if (!m->fat.sectors)
        log_at(LOG_ERROR, NULL, "card: no FAT partition, so no chrony.conf");
    else
        log_at(LOG_ERROR, NULL, "card: the FAT partition %s, so no chrony.conf",
               s->io ? "cannot be read" : "holds no FAT file system");
}

int store_mount(const struct mbr *m, uint32_t card_sectors,
                uint8_t buf[MBR_SECTOR], struct mbr_partition *fat)
{
    struct search s = {.card = card_sectors, .buf = buf};
    *fat = (struct mbr_partition){0};
    if (m->whole == MBR_FS_FAT) {
        int r = store_fat_mount(m->fat.lba, m->fat.sectors);
        if (r == RC_OK)
            *fat = m->fat;
        s.io = r == RC_IO;
    } else if (say_what("the whole card", 0, m->whole)) {
        s.said = true;
    } else if (look_everywhere(&s, m)) {
        *fat = s.found;
    }
    if (fat->sectors)
        return RC_OK;
    say_why(&s, m);
    return s.io ? RC_IO : RC_BAD;
}
