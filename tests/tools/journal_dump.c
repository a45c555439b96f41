/* journal_dump CARD -- what the journal of a card (an image, or the reader's
 * device) holds, as the firmware would recover it. No keys and no cookies:
 * they do not belong on a screen. */
#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/floor_record.h"
#include "core/journal.h"
#include "core/ke_retry.h"
#include "core/mono.h"
#include "core/utc.h"
#include "services/store.h"

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

static void print_floor(const struct journal_entry *e)
{
    char text[UTC_TEXT];
    struct floor_record f;
    if (floor_record_read(&f, e->data, e->len) != RC_OK) {
        printf("  damaged\n");
        return;
    }
    utc_text(f.floor, 0, text);
    printf("  floor %lld (%s)%s, frequency %+.3f ppm, sigma %.3f ppm\n",
           (long long)f.floor, text, f.by_operator ? " by an operator" : "",
           f.freq_e12 / 1e6, f.freq_sigma_e12 / 1e6);
}

static void print_retries(struct reader *r)
{
    (void)reader_u8(r);
    while (r->left > 0 && !r->bad) {
        struct ke_retry k = {0};
        uint32_t id = reader_u32(r);
        ke_retry_read(&k, 0, r);
        printf("  server %08lx: %u in a row, %lld s to wait\n",
               (unsigned long)id, k.failures, (long long)(k.wait / MONO_S));
    }
}

static void print_text(const char *what, const uint8_t *s, size_t n)
{
    printf("%s", what);
    for (size_t i = 0; s && i < n; i++)
        putchar(s[i] > ' ' && s[i] < 0x7f ? s[i] : '?');
}

/* All but the keys and the cookies themselves. */
static void print_assoc(struct reader *r)
{
    (void)reader_u8(r);
    size_t n = reader_u8(r);
    print_text("  server ", reader_take(r, n), n);
    unsigned ntsport = reader_u16(r), port = reader_u16(r);
    printf(" ntsport %u port %u", ntsport, port);
    n = reader_u8(r);
    if (n)
        print_text(", NTP server ", reader_take(r, n), n);
    unsigned family = reader_u8(r);
    const uint8_t *b = reader_take(r, 16);
    for (size_t i = 0; b && i < (family == 4 ? 4u : 16u); i++)
        printf(family == 4 ? "%s%u" : "%s%02x",
               i == 0        ? ", address "
               : family == 4 ? "."
               : i % 2       ? ""
                             : ":",
               b[i]);
    printf(" port %u\n", reader_u16(r));
    (void)reader_u8(r);
    unsigned aead = reader_u16(r);
    size_t key_len = aead == 15 ? 32 : 16;
    if (aead != 15 && aead != 30) {
        printf("  unknown AEAD\n");
        return;
    }
    (void)reader_take(r, 2 * key_len);
    long long lo = (long long)reader_u64(r), hi = (long long)reader_u64(r);
    printf("  AEAD %u, ", aead);
    if (hi == INT64_MAX) /* bootstrap.h, step 5 */
        printf("certificates were valid at a time that is known");
    else
        printf("certificates valid %lld .. %lld", lo, hi);
    printf(", key exchange %lu\n", (unsigned long)reader_u32(r));
    n = reader_u8(r);
    printf("  %zu cookies of", n);
    for (size_t i = 0; i < n && !r->bad; i++) {
        unsigned len = reader_u16(r);
        (void)reader_take(r, len);
        printf(" %u", len);
    }
    printf(" bytes%s\n", r->bad || r->left ? " (damaged)" : "");
}

static void print_entry(const struct journal_entry *e)
{
    static const char *const kinds[] = {
        [STORE_FLOOR] = "floor",
        [STORE_ASSOC] = "association",
        [STORE_RETRY] = "key exchanges that failed",
        [STORE_REPORT] = "there has been a synchronisation",
        [STORE_SERVER_KEYS] = "keys of the NTS server's cookies",
        [STORE_THERMAL] = "the crystal's rate by temperature",
    };
    const char *kind = e->kind < LEN(kinds) ? kinds[e->kind] : NULL;
    struct reader r = reader_of(e->data, e->len);
    printf("kind %u (%s) id %u: %u bytes\n", e->kind, kind ? kind : "?", e->id,
           e->len);
    if (e->kind == STORE_FLOOR)
        print_floor(e);
    else if (e->kind == STORE_ASSOC)
        print_assoc(&r);
    else if (e->kind == STORE_RETRY)
        print_retries(&r);
}

int main(int argc, char **argv)
{
    static const char *const found[] = {"blank", "garbage", "whole"};
    uint8_t buf[JOURNAL_BATCH * JOURNAL_SECTOR];
    uint32_t sectors, sector, count;
    if (argc != 2 || !(image = fopen(argv[1], "rb"))) {
        fprintf(stderr, "usage: journal_dump CARD\n");
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
           found[journal_found(&j)], (unsigned long)j.records, j.end.half + 1u,
           (unsigned long)j.end.epoch, (unsigned long)j.end.seq,
           (unsigned long)j.end.pos, (unsigned long)j.half_sectors);
    for (size_t i = 0; i < LIMIT_JOURNAL_KEYS; i++)
        if (j.entry[i].kind)
            print_entry(&j.entry[i]);
    return 0;
}
