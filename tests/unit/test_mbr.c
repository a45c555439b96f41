/* The first sector of a card, as written by fdisk and as nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/gpt.h"
#include "core/mbr.h"

#define CARD 10000u

static uint8_t sector[MBR_SECTOR];
static struct mbr m;

static int blank(void **state)
{
    (void)state;
    memset(sector, 0, sizeof sector);
    sector[510] = 0x55;
    sector[511] = 0xaa;
    return 0;
}

static void partition(unsigned i, uint8_t type, uint32_t lba, uint32_t n)
{
    uint8_t *e = sector + 446 + 16 * i;
    e[4] = type;
    for (int b = 0; b < 4; b++) {
        e[8 + b] = (uint8_t)(lba >> (8 * b));
        e[12 + b] = (uint8_t)(n >> (8 * b));
    }
}

static void is(struct mbr_partition p, uint32_t lba, uint32_t sectors)
{
    assert_int_equal(p.lba, lba);
    assert_int_equal(p.sectors, sectors);
}

static void an_ordinary_card(void **state)
{
    (void)state;
    partition(0, 0x0c, 2048, 4000);
    partition(1, 0xda, 6048, 512);
    mbr_read(sector, CARD, &m);
    assert_true(m.table && !m.overlap && m.beyond == 0);
    is(m.fat, 2048, 4000);
    is(m.state, 6048, 512);
}

static void every_type_of_fat(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        partition(2, (uint8_t)type, 100, 200);
        mbr_read(sector, CARD, &m);
        bool fat = strchr("\x01\x04\x06\x0b\x0c\x0e", (int)type) && type;
        is(m.fat, fat ? 100 : 0, fat ? 200 : 0);
        is(m.state, type == 0xda ? 100 : 0, type == 0xda ? 200 : 0);
    }
}

static void the_first_of_each_counts(void **state)
{
    (void)state;
    partition(0, 0xda, 1000, 10);
    partition(1, 0x0e, 2000, 20);
    partition(2, 0x0c, 3000, 30);
    partition(3, 0xda, 4000, 40);
    mbr_read(sector, CARD, &m);
    is(m.fat, 2000, 20);
    is(m.state, 1000, 10);
    partition(1, 0x0e, 2000, 0); /* an empty one does not */
    mbr_read(sector, CARD, &m);
    is(m.fat, 3000, 30);
}

static void unsigned_is_no_table(void **state)
{
    (void)state;
    partition(0, 0x0c, 2048, 4000);
    for (unsigned i = 510; i < 512; i++) {
        sector[i] ^= 1;
        mbr_read(sector, CARD, &m);
        assert_false(m.table);
        is(m.fat, 0, 0);
        sector[i] ^= 1;
    }
}

static void a_card_without_partitions(void **state)
{
    (void)state;
    partition(0, 0xda, 2048, 4000); /* what is there is code, no table */
    sector[0] = 0xeb;
    memcpy(sector + 82, "FAT32   ", 8);
    mbr_read(sector, CARD, &m);
    assert_true(m.table && !m.overlap);
    is(m.fat, 0, CARD);
    is(m.state, 0, 0);
    memset(sector + 82, 0, 8);
    memcpy(sector + 54, "FAT16   ", 8);
    sector[0] = 0xe9;
    mbr_read(sector, CARD, &m);
    is(m.fat, 0, CARD);
    sector[0] = 0x33; /* a boot loader that names the file system */
    mbr_read(sector, CARD, &m);
    is(m.fat, 0, 0);
    is(m.state, 2048, 4000);
}

static void file_systems(void **state)
{
    (void)state;
    static const struct {
        const char *at3, *at54, *at82;
        uint8_t jump, bytes_hi, cluster, reserved, tables;
        enum mbr_fs fs;
    } row[] = {
        {"EXFAT   ", "", "", 0xeb, 0, 0, 0, 0, MBR_FS_EXFAT},
        {"NTFS    ", "", "", 0xeb, 2, 8, 0, 0, MBR_FS_NTFS},
        {"MSDOS5.0", "", "FAT32   ", 0xeb, 2, 8, 32, 2, MBR_FS_FAT},
        {"mkfs.fat", "FAT16   ", "", 0xe9, 2, 8, 4, 2, MBR_FS_FAT},
        {"nowords ", "", "", 0xeb, 2, 64, 1, 1, MBR_FS_FAT},
        {"LUKS\xba\xbe  ", "", "", 0, 0, 0, 0, 0, MBR_FS_OTHER},
        {"GRUB    ", "", "", 0xeb, 0, 0, 0, 0, MBR_FS_OTHER},
        {"oddsize ", "", "", 0xeb, 3, 8, 1, 2, MBR_FS_OTHER},
        {"cluster ", "", "", 0xeb, 2, 7, 1, 2, MBR_FS_OTHER},
        {"tables  ", "", "", 0xeb, 2, 8, 1, 3, MBR_FS_OTHER},
        {"reserved", "", "", 0xeb, 2, 8, 0, 2, MBR_FS_OTHER},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        (void)blank(state);
        sector[0] = row[i].jump;
        memcpy(sector + 3, row[i].at3, 8);
        sector[12] = row[i].bytes_hi;
        sector[13] = row[i].cluster;
        sector[14] = row[i].reserved;
        sector[16] = row[i].tables;
        memcpy(sector + 54, row[i].at54, strlen(row[i].at54));
        memcpy(sector + 82, row[i].at82, strlen(row[i].at82));
        if (mbr_file_system(sector) != row[i].fs)
            fail_msg("%s", row[i].at3);
    }
    /* On the whole card: what stands at a table's place is none. */
    (void)blank(state);
    memcpy(sector + 3, "EXFAT   ", 8);
    partition(0, 0x0c, 2048, 4000);
    mbr_read(sector, CARD, &m);
    assert_int_equal(m.whole, MBR_FS_EXFAT);
    is(m.fat, 0, 0);
    sector[510] = 0; /* not signed, but it says what it is */
    mbr_read(sector, CARD, &m);
    assert_int_equal(m.whole, MBR_FS_EXFAT);
    assert_false(m.table);
}

static void what_else_there_is(void **state)
{
    (void)state;
    partition(0, 0xee, 1, 9999);
    mbr_read(sector, CARD, &m);
    assert_true(m.gpt && !m.extended);
    is(m.part[0], 0, 0);
    (void)blank(state);
    partition(0, 0xef, 100, 10);
    partition(1, 0x07, 200, 20);
    partition(2, 0x0f, 300, 30);
    partition(3, 0xda, 400, 40);
    mbr_read(sector, CARD, &m);
    assert_true(!m.gpt && m.extended);
    is(m.fat, 0, 0);
    is(m.part[0], 100, 10);
    is(m.part[1], 200, 20);
    is(m.part[2], 0, 0);
    is(m.part[3], 0, 0);
}

static void le(uint8_t *at, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static void gpt(void **state)
{
    struct gpt g;
    uint8_t entries[MBR_SECTOR] = {0};
    (void)state;
    memset(sector, 0, sizeof sector);
    memcpy(sector, "EFI PART", 8);
    le(sector + 72, 2, 8);
    le(sector + 80, 128, 4);
    le(sector + 84, 128, 4);
    assert_int_equal(gpt_read(sector, CARD, &g), RC_OK);
    assert_true(g.lba == 2 && g.count == 128 && g.a_block == 4);
    entries[128] = 0x28; /* a type */
    le(entries + 128 + 32, 2048, 8);
    le(entries + 128 + 40, 4095, 8);
    is(gpt_entry(&g, 0, entries, CARD), 0, 0);
    is(gpt_entry(&g, 1, entries, CARD), 2048, 2048);
    is(gpt_entry(&g, 5, entries, CARD), 2048, 2048); /* of the next block */
    is(gpt_entry(&g, 1, entries, 4096), 2048, 2048);
    is(gpt_entry(&g, 1, entries, 4095), 0, 0);
    le(entries + 128 + 40, 2047, 8);
    is(gpt_entry(&g, 1, entries, CARD), 0, 0);
    le(entries + 128 + 40, UINT64_MAX, 8);
    is(gpt_entry(&g, 1, entries, CARD), 0, 0);
    le(sector + 80, 0xffffffff, 4);
    assert_int_equal(gpt_read(sector, CARD, &g), RC_OK);
    assert_int_equal(g.count, GPT_ENTRIES_MAX);
    static const struct {
        unsigned at, bytes;
        uint64_t v;
    } bad[] = {{0, 1, 'e'},        {72, 8, 1},          {72, 8, CARD},
               {72, 8, CARD - 31}, {72, 8, UINT64_MAX}, {84, 4, 0},
               {84, 4, 64},        {84, 4, 1024},       {84, 4, 192}};
    for (size_t i = 0; i < LEN(bad); i++) {
        uint8_t copy[MBR_SECTOR];
        memcpy(copy, sector, sizeof copy);
        le(copy + bad[i].at, bad[i].v, bad[i].bytes);
        assert_int_equal(gpt_read(copy, CARD, &g), RC_BAD);
    }
}

static void beyond_the_card(void **state)
{
    (void)state;
    partition(0, 0x0c, CARD - 10, 11);
    partition(1, 0xda, CARD - 1, UINT32_MAX);
    partition(2, 0x83, 5, UINT32_MAX);
    mbr_read(sector, CARD, &m);
    is(m.fat, CARD - 10, 10);
    is(m.state, CARD - 1, 1);
    assert_int_equal(m.beyond, 7);
    assert_true(m.overlap);
    partition(0, 0x0c, CARD, 1); /* begins there: as if it were not */
    partition(1, 0xda, 0, 1);    /* lies over the table */
    mbr_read(sector, CARD, &m);
    is(m.fat, 0, 0);
    is(m.state, 0, 0);
    assert_int_equal(m.beyond, 4);
    mbr_read(sector, 0, &m);
    is(m.fat, 0, 0);
}

static void overlaps(void **state)
{
    (void)state;
    static const struct {
        uint32_t lba, n;
        bool over;
    } row[] = {{50, 50, false}, {50, 51, true},  {100, 100, true},
               {120, 10, true}, {199, 10, true}, {200, 10, false},
               {90, 200, true}};
    for (size_t i = 0; i < LEN(row); i++) {
        partition(0, 0x0c, 100, 100);
        partition(1, 0xda, row[i].lba, row[i].n);
        mbr_read(sector, CARD, &m);
        assert_int_equal(m.overlap, row[i].over);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, blank)
    const struct CMUnitTest tests[] = {
        TEST(an_ordinary_card),          TEST(every_type_of_fat),
        TEST(the_first_of_each_counts),  TEST(unsigned_is_no_table),
        TEST(a_card_without_partitions), TEST(file_systems),
        TEST(what_else_there_is),        TEST(gpt),
        TEST(beyond_the_card),           TEST(overlaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
