/* services/store over a card in memory: what it says about each way a card
 * can be wrong, files of the boot partition, writes that fail. FatFs and the
 * journal are the real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/journal.h"
#include "core/mono.h"
#include "port.h"
#include "services/log.h"
#include "services/store.h"

#define CARD  4096u /* blocks */
#define FAT   64u   /* the FAT partition's first block, and the other's */
#define STATE 1024u

static uint8_t card[CARD][PORT_BLK_SIZE];
static int64_t card_size;
static int fail_writes, fail_reads;
static bool stuck, keeps_nothing;
static uint64_t ticks;

static struct {
    bool busy, write;
    uint32_t lba, count;
    uint8_t *in;
    const uint8_t *out;
    int turns;
} op;

uint64_t port_ticks(void)
{
    return ticks += 10;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

void port_poll(void)
{
    ticks += 100;
}

size_t port_console(const char *s, size_t len)
{
    (void)s;
    return len;
}

int64_t port_blk_count(void)
{
    return card_size;
}

static int begin(uint32_t lba, uint32_t count, bool write)
{
    if (op.busy || card_size <= 0)
        return RC_STATE;
    assert_true(lba < CARD && count > 0 && count <= CARD - lba);
    op.busy = true;
    op.write = write;
    op.lba = lba;
    op.count = count;
    op.turns = 3;
    return RC_OK;
}

int port_blk_read(uint32_t lba, uint8_t *buf, uint32_t count)
{
    op.in = buf;
    return begin(lba, count, false);
}

int port_blk_write(uint32_t lba, const uint8_t *buf, uint32_t count)
{
    assert_true(lba >=
                STATE); /* no REPORT.TXT: the boot partition is not written */
    op.out = buf;
    return begin(lba, count, true);
}

int port_blk_done(void)
{
    if (!op.busy)
        return RC_STATE;
    if (stuck || op.turns-- > 0)
        return RC_AGAIN;
    op.busy = false;
    int *fail = op.write ? &fail_writes : &fail_reads;
    if (*fail > 0) {
        (*fail)--;
        return RC_IO;
    }
    if (op.write && keeps_nothing)
        return RC_OK;
    if (op.write)
        memcpy(card[op.lba], op.out, op.count * PORT_BLK_SIZE);
    else
        memcpy(op.in, card[op.lba], op.count * PORT_BLK_SIZE);
    return RC_OK;
}

static void partition(unsigned i, uint8_t type, uint32_t lba, uint32_t n)
{
    uint8_t *e = card[0] + 446 + 16 * i;
    memset(e, 0, 16);
    e[4] = type;
    for (int b = 0; b < 4; b++) {
        e[8 + b] = (uint8_t)(lba >> (8 * b));
        e[12 + b] = (uint8_t)(n >> (8 * b));
    }
    card[0][510] = 0x55;
    card[0][511] = 0xaa;
}

/* FAT12: boot sector, one FAT, 16 root entries, then clusters of 1 block. */
static void make_fat(uint32_t at, const char *name83, const char *text)
{
    static const uint8_t boot[36] = {
        0xeb, 0x3c, 0x90, 'G', 'N', 'O', 'M', 'O',  'N',  ' ',  ' ', 0x00,
        0x02, 1,    1,    0,   1,   16,  0,   0x00, 0x02, 0xf8, 2,   0};
    size_t len = strlen(text);
    uint8_t *b = card[at], *fat = card[at + 1], *dir = card[at + 3];
    memcpy(b, boot, sizeof(boot));
    b[38] = 0x29;
    memcpy(b + 54, "FAT12   ", 8);
    b[510] = 0x55;
    b[511] = 0xaa;
    static const uint8_t chain[6] = {0xf8, 0xff, 0xff, 0xff, 0x0f, 0x00};
    memcpy(fat, chain, sizeof(chain)); /* cluster 2 is the file's only one */
    memcpy(dir, name83, 11);
    dir[11] = 0x20;
    dir[26] = 2;
    dir[28] = (uint8_t)len;
    memcpy(card[at + 4], text, len);
}

static int setup(void **state)
{
    (void)state;
    memset(card, 0, sizeof(card));
    memset(&op, 0, sizeof(op));
    card_size = CARD;
    fail_writes = fail_reads = 0;
    stuck = keeps_nothing = false;
    log_init();
    partition(0, 0x0c, FAT, 512);
    partition(1, 0xda, STATE, 2048);
    make_fat(FAT, "CHRONY~1CON", "server a.example nts\n");
    return 0;
}

static bool said(const char *text)
{
    uint32_t at = logring_oldest(log_ring()), missed;
    const char *line;
    while ((line = logring_read(log_ring(), &at, &missed)))
        if (strstr(line, text))
            return true;
    return false;
}

static void run(mono_ns from, mono_ns to)
{
    for (mono_ns now = from; now < to; now += 1000000)
        (void)store_poll(now);
}

static void files(void **state)
{
    uint8_t b[100];
    (void)state;
    assert_int_equal(store_init(), RC_OK);
    assert_true(store_card() && store_state_partition());
    assert_true(said("journal: empty"));
    assert_int_equal(store_read_file("chrony~1.con", b, sizeof(b)), 21);
    assert_memory_equal(b, "server a.example nts\n", 21);
    assert_int_equal(store_read_file("/CHRONY~1.CON", b, sizeof(b)), 21);
    assert_int_equal(store_read_file("chrony~1.con", b, 20), RC_SPACE);
    assert_int_equal(store_read_file("chrony.conf", b, 100), RC_STATE);
    assert_int_equal(store_read_file("no/such", b, 100), RC_STATE);
    assert_int_equal(store_read_file("c:\\x*?", b, 100), RC_STATE);
    assert_int_equal(store_read_file("", b, 100), RC_STATE);
}

static struct status_store status(void)
{
    struct status_store s;
    store_status(&s);
    return s;
}

static void remembers(void **state)
{
    uint8_t b[100];
    (void)state;
    assert_int_equal(store_init(), RC_OK);
    int t = store_put(STORE_FLOOR, 0, (const uint8_t *)"1795392000", 10);
    assert_true(t > 0);
    assert_false(store_durable(t));
    assert_false(store_idle());
    run(0, 50000000);
    assert_true(store_durable(t) && store_idle());
    assert_int_equal(status().writes, 1);
    log_init();
    assert_int_equal(store_init(), RC_OK); /* the next boot */
    assert_true(said("journal: 2 records recovered"));
    assert_int_equal(store_get(STORE_FLOOR, 0, b, sizeof(b)), 10);
    assert_memory_equal(b, "1795392000", 10);
    assert_int_equal(store_get(STORE_ASSOC, 0, b, sizeof(b)), RC_STATE);
}

static void no_card(void **state)
{
    uint8_t b[10];
    (void)state;
    card_size = RC_STATE;
    assert_int_equal(store_init(), RC_IO);
    assert_true(said("card: none"));
    int t = store_put(STORE_FLOOR, 0, (const uint8_t *)"x", 1);
    assert_true(t > 0);
    run(0, 100000000);
    assert_false(store_durable(t));
    assert_true(store_idle());
    assert_int_equal(store_get(STORE_FLOOR, 0, b, 10), 1);
    assert_int_equal(store_read_file("chrony.conf", b, 10), RC_STATE);
    card_size = RC_AGAIN; /* for ever: bounded */
    assert_int_equal(store_init(), RC_IO);
}

static void wrong_cards(void **state)
{
    (void)setup(state);
    memset(card[0], 0, PORT_BLK_SIZE);
    assert_int_equal(store_init(), RC_OK);
    assert_true(said("no partition table"));
    assert_true(said("no chrony.conf"));
    assert_false(store_state_partition());

    (void)setup(state);
    partition(0, 0x83, FAT, 512);
    memset(card[FAT], 0, PORT_BLK_SIZE);
    assert_int_equal(store_init(), RC_OK);
    assert_true(said("no FAT partition"));
    assert_true(store_state_partition());

    (void)setup(state);
    memset(card[FAT], 0x5a, PORT_BLK_SIZE);
    assert_int_equal(store_init(), RC_OK);
    assert_true(said("holds no FAT file system"));

    (void)setup(state);
    partition(1, 0, 0, 0);
    assert_int_equal(store_init(), RC_OK);
    assert_true(said("no state partition"));

    (void)setup(state);
    partition(1, 0xda, STATE, 100);
    assert_int_equal(store_init(), RC_OK);
    assert_true(said("too small (50 KiB of 160)"));
    assert_false(store_state_partition());

    (void)setup(state);
    partition(1, 0xda, FAT + 511, 1024);
    assert_int_equal(store_init(), RC_OK);
    assert_true(said("lies over the FAT partition"));
    assert_false(store_state_partition());

    (void)setup(state);
    partition(1, 0xda, STATE, 0xffffffff);
    partition(2, 0x0c, 0xfffffff0, 0xffffffff);
    memset(card[STATE], 0x5a, 2048);
    assert_int_equal(store_init(), RC_OK);
    assert_true(said("partition 2 ends beyond the card"));
    assert_true(said("journal: garbage"));
    assert_true(store_state_partition());

    (void)setup(state);
    memset(card[0], 0, PORT_BLK_SIZE);
    make_fat(0, "CHRONY~1CON", "x"); /* formatted without partitions */
    uint8_t b[4];
    assert_int_equal(store_init(), RC_OK);
    assert_int_equal(store_read_file("chrony~1.con", b, 4), 1);
    assert_false(store_state_partition());
}

/* Cards as PCs and cameras format them: read, or said. */
static void other_cards(void **state)
{
    static const uint8_t types[] = {0x01, 0x04, 0x06, 0x0b, 0x0c, 0x0e,
                                    0x11, 0x14, 0x16, 0x1b, 0x1c, 0x1e,
                                    0xef, 0x07, 0x83, 0x27};
    uint8_t b[4];
    for (size_t i = 0; i < LEN(types); i++) { /* FAT in any type: read */
        (void)setup(state);
        partition(0, types[i], FAT, 512);
        make_fat(FAT, "CHRONY~1CON", "x");
        assert_int_equal(store_init(), RC_OK);
        if (store_read_file("chrony~1.con", b, 4) != 1)
            fail_msg("type %02x", types[i]);
        assert_true(store_state_partition());
        assert_false(said("no chrony.conf"));
    }
    static const char *const names[] = {"EXFAT   ", "NTFS    "};
    static const char *const says[] = {"is exFAT: format it as FAT32",
                                       "is NTFS: format it as FAT32"};
    for (size_t i = 0; i < LEN(names); i++) {
        for (unsigned type = 7; type <= 12; type += 5) {
            (void)setup(state);
            partition(0, (uint8_t)type, FAT, 512);
            memset(card[FAT], 0, PORT_BLK_SIZE);
            memcpy(card[FAT] + 3, names[i], 8);
            assert_int_equal(store_init(), RC_OK);
            assert_true(said("card: partition 1"));
            assert_true(said(says[i]));
            assert_false(said("holds no FAT"));
        }
        (void)setup(state);
        memset(card[0], 0, PORT_BLK_SIZE);
        memcpy(card[0] + 3, names[i], 8);
        assert_int_equal(store_init(), RC_OK);
        assert_true(said("card: the whole card"));
        assert_true(said(says[i]));
        assert_false(said("no partition table"));
    }
    (void)setup(state); /* the first is of another, the second is read */
    partition(0, 0x0c, STATE + 2048, 10);
    partition(2, 0x0c, FAT, 512);
    memcpy(card[STATE + 2048] + 3, "NTFS    ", 8);
    assert_int_equal(store_init(), RC_OK);
    assert_int_equal(store_read_file("chrony~1.con", b, 4), RC_SPACE);
    assert_true(said("FAT in partition 3"));

    (void)setup(state);
    partition(0, 0x05, FAT, 512);
    assert_int_equal(store_init(), RC_OK);
    assert_true(said("inside an extended one are not looked at"));
    assert_true(said("no FAT partition"));
}

static void little(uint8_t *at, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static void gpt_cards(void **state)
{
    uint8_t b[4];
    (void)setup(state);
    partition(0, 0xee, 1, CARD - 1);
    partition(1, 0, 0, 0);
    assert_int_equal(store_init(), RC_OK);
    assert_true(said("stands for a GPT, which cannot be read"));
    assert_false(said("no FAT partition"));

    log_init();
    memcpy(card[1], "EFI PART", 8);
    little(card[1] + 72, 2);
    little(card[1] + 80, 128 | UINT64_C(128) << 32);
    assert_int_equal(store_init(), RC_OK);
    assert_true(said("GPT without a FAT partition"));
    assert_true(said("no state partition (type da) in a GPT"));

    log_init();
    card[3][128] = 0x28; /* the sixth */
    little(card[3] + 128 + 32, FAT);
    little(card[3] + 128 + 40, FAT + 511);
    assert_int_equal(store_init(), RC_OK);
    assert_true(said("GPT, FAT in its partition 6"));
    assert_int_equal(store_read_file("chrony~1.con", b, 4), RC_SPACE);
}

/* A card that could not be read at start is looked at again, and one that
 * comes later is found. */
static void late_cards(void **state)
{
    (void)setup(state);
    fail_reads = 1000;
    assert_int_equal(store_init(), RC_IO);
    mono_ns start = (mono_ns)ticks * 1000;
    run(start, start + 5 * MONO_S);
    assert_false(store_came_late());
    run(start + 5 * MONO_S, start + 31 * MONO_S);
    assert_false(store_came_late());
    assert_true(fail_reads < 1000);
    fail_reads = 0;
    run(start + 31 * MONO_S, start + 45 * MONO_S);
    assert_true(store_came_late());

    (void)setup(state);
    card_size = RC_STATE;
    assert_int_equal(store_init(), RC_IO);
    start = (mono_ns)ticks * 1000;
    run(start, start + 20 * MONO_S);
    assert_false(store_came_late());
    card_size = CARD;
    run(start + 20 * MONO_S, start + 40 * MONO_S);
    assert_true(store_came_late());

    (void)setup(state); /* a read that never ended when it should have */
    stuck = true;
    assert_int_equal(store_init(), RC_IO);
    start = (mono_ns)ticks * 1000;
    run(start, start + 20 * MONO_S);
    assert_false(store_came_late());
    stuck = false;
    run(start + 20 * MONO_S, start + 40 * MONO_S);
    assert_true(store_came_late());

    (void)setup(state); /* a good one is left alone */
    assert_int_equal(store_init(), RC_OK);
    assert_int_equal(store_poll(0), MONO_NEVER);
    uint8_t b[4];
    fail_reads = 1000; /* chrony.conf cannot be read */
    assert_int_equal(store_read_file("chrony~1.con", b, 4), RC_IO);
    fail_reads = 0;
    start = (mono_ns)ticks * 1000;
    run(start, start + 20 * MONO_S);
    assert_true(store_came_late());
}

/* The folder's files in alphabetical order. */
static void folders(void **state)
{
    char name[CONF_PATH_MAX];
    static const char *const entries[] = {"B       CON", "A       CON",
                                          "C       TXT"};
    (void)state;
    for (int i = 0; i < 3; i++)
        memcpy(card[FAT + 3] + 32 * (i + 1), entries[i], 11);
    card[FAT + 3][32 * 3 + 11] = 0x10; /* a directory */
    assert_int_equal(store_init(), RC_OK);
    assert_int_equal(store_next_file("", "*", "", name), 5);
    assert_string_equal(name, "A.CON");
    assert_int_equal(store_next_file("", "*", "a.con", name), 5);
    assert_string_equal(name, "B.CON");
    assert_int_equal(store_next_file("", "*", name, name) > 0, true);
    assert_string_equal(name, "CHRONY~1.CON");
    assert_int_equal(store_next_file("", "*", "CHRONY~1.CON", name), 0);
    assert_int_equal(store_next_file("", "c*", "", name), 12);
    assert_int_equal(store_next_file("none", "*", "", name), RC_STATE);
    assert_int_equal(store_next_file("A.CON", "*", "", name), RC_STATE);
}

static void reads_that_fail(void **state)
{
    (void)state;
    fail_reads = 2; /* a hiccup is read again */
    assert_int_equal(store_init(), RC_OK);
    assert_true(store_state_partition());
    fail_reads = 1000;
    assert_int_equal(store_init(), RC_IO);
    assert_true(said("card: cannot be read"));
    fail_reads = 0;
    stuck = true;
    assert_int_equal(store_init(), RC_IO); /* bounded */
    assert_false(store_card());
    stuck = false;
    op.busy = false;
}

static void writes_that_fail(void **state)
{
    (void)state;
    assert_int_equal(store_init(), RC_OK);
    fail_writes = 4;
    int t = store_put(STORE_ASSOC, 1, (const uint8_t *)"x", 1);
    run(0, 60 * 1000000);
    assert_int_equal(status().errors, 1); /* waits before the next try */
    assert_true(said("a write failed; again in 100 ms"));
    int u = store_put(STORE_ASSOC, 1, (const uint8_t *)"y", 1);
    run(60 * 1000000, INT64_C(4000) * 1000000);
    assert_int_equal(status().errors, 4);
    assert_true(store_durable(t) && store_durable(u));
    assert_true(said("works again"));
    card_size = RC_STATE; /* pulled out */
    t = store_put(STORE_ASSOC, 1, (const uint8_t *)"z", 1);
    run(INT64_C(4000) * 1000000, INT64_C(5000) * 1000000);
    assert_false(store_durable(t));
    assert_in_range(status().errors, 5, 9);
}

/* As worn-out cards do: every answer is good, and nothing is kept. */
static void writes_that_are_not_kept(void **state)
{
    (void)state;
    assert_int_equal(store_init(), RC_OK);
    keeps_nothing = true;
    int t = store_put(STORE_ASSOC, 1, (const uint8_t *)"x", 1);
    run(0, 60 * 1000000);
    assert_false(store_durable(t));
    assert_true(store_failing());
    assert_int_equal(status().writes, 0);
    assert_true(said("does not keep what is written"));
    assert_true(said("a write failed; again in 100 ms"));
    keeps_nothing = false;
    run(60 * 1000000, INT64_C(4000) * 1000000);
    assert_true(store_durable(t));
    assert_false(store_failing());
}

static void wear(void **state)
{
    struct journal_wear w;
    uint8_t b[600] = {1};
    (void)state;
    assert_int_equal(store_init(), RC_OK);
    for (uint8_t i = 0; i < 3; i++)
        assert_true(store_put(STORE_ASSOC, i, b, sizeof b) > 0);
    assert_true(store_put(STORE_FLOOR, 0, b, 17) > 0);
    store_save_interval(900);
    w = status().wear;
    /* 7 sectors, 31557600 / 900 times; of 256 the snapshot takes 8. */
    assert_int_equal(w.sectors, 7);
    assert_int_equal(w.writes_a_year, 35064);
    assert_int_equal(w.sectors_a_year, 35064 * 7 * 256 / 248);
    assert_int_equal(w.each_a_year, 35064 * 7 / 248 / 2);
    card_size = RC_STATE;
    assert_int_equal(store_init(), RC_IO);
    store_save_interval(900);
    w = status().wear;
    assert_int_equal(w.writes_a_year, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(files, setup),
        cmocka_unit_test_setup(remembers, setup),
        cmocka_unit_test_setup(no_card, setup),
        cmocka_unit_test(wrong_cards),
        cmocka_unit_test(other_cards),
        cmocka_unit_test(gpt_cards),
        cmocka_unit_test(late_cards),
        cmocka_unit_test_setup(folders, setup),
        cmocka_unit_test_setup(reads_that_fail, setup),
        cmocka_unit_test_setup(writes_that_fail, setup),
        cmocka_unit_test_setup(writes_that_are_not_kept, setup),
        cmocka_unit_test_setup(wear, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
