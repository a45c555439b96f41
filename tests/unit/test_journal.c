/* The journal by hand: format, recovery from odd cards, tickets, wear. What a
 * power cut does to it is in tests/power. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/journal.h"

static struct journal j;
static uint8_t card[2 * JOURNAL_HALF][JOURNAL_SECTOR];
static uint8_t buf[JOURNAL_BATCH * JOURNAL_SECTOR], value[LIMIT_JOURNAL_DATA];

static enum journal_found recover(uint32_t sectors)
{
    uint32_t sector, count;
    assert_int_equal(journal_init(&j, sectors), RC_OK);
    while (journal_want(&j, &sector, &count))
        journal_feed(&j, card[sector]);
    return journal_found(&j);
}

static uint32_t write_all(void)
{
    uint32_t sector, n, all = 0;
    while ((n = journal_next(&j, buf, &sector)) > 0) {
        memcpy(card[sector], buf, n * JOURNAL_SECTOR);
        journal_written(&j, true);
        all += n;
    }
    return all;
}

static int put(uint8_t kind, uint8_t id, const char *text)
{
    return journal_put(&j, kind, id, (const uint8_t *)text, strlen(text));
}

static void is(uint8_t kind, uint8_t id, const char *text)
{
    int n = journal_get(&j, kind, id, value, sizeof(value));
    assert_int_equal(n, strlen(text));
    assert_memory_equal(value, text, strlen(text));
}

/* CRC-32 of bytes 8.. of a sector of one short record, the long way. */
static uint32_t crc_by_bits(const uint8_t *p, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int b = 0; b < 8; b++)
            crc = crc & 1 ? (crc >> 1) ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

static void format(void **state)
{
    (void)state;
    memset(card, 0, sizeof(card));
    assert_int_equal(recover(8192), JOURNAL_BLANK);
    assert_int_equal(crc_by_bits((const uint8_t *)"123456789", 9),
                     0xcbf43926u); /* the check value of CRC-32 */
    assert_true(put(1, 7, "floor") > 0);
    assert_int_equal(write_all(), 2); /* it, and the snapshot's end */
    static const uint8_t head[8] = {0x47, 0x6e, 0x4a, 0x6c};
    assert_memory_equal(card[0], head, 4);
    static const uint8_t rest[24] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
                                     0, 5, 1, 1, 7, 0, 1, 0, 0, 0, 0, 0};
    assert_memory_equal(card[0] + 8, rest, 24);
    assert_memory_equal(card[0] + 32, "floor", 6);
    uint32_t crc = crc_by_bits(card[0] + 8, 24 + 5);
    uint8_t crc_be[4] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16),
                         (uint8_t)(crc >> 8), (uint8_t)crc};
    assert_memory_equal(card[0] + 4, crc_be, 4);
    assert_memory_equal(card[1] + 16, crc_be, 4); /* the chain */
    assert_int_equal(card[1][23], 0);             /* end of snapshot */
}

static void latest_wins_and_forgets(void **state)
{
    (void)state;
    memset(card, 0xff, sizeof(card));
    assert_int_equal(recover(8192), JOURNAL_BLANK);
    put(1, 0, "one");
    put(2, 0, "two");
    put(2, 1, "three");
    (void)write_all();
    put(1, 0, "uno");
    assert_true(journal_put(&j, 2, 0, NULL, 0) > 0);
    is(1, 0, "uno");
    assert_int_equal(journal_get(&j, 2, 0, value, sizeof(value)), RC_STATE);
    assert_false(journal_idle(&j));
    (void)write_all();
    assert_true(journal_idle(&j));
    assert_int_equal(recover(8192), JOURNAL_WHOLE);
    is(1, 0, "uno");
    is(2, 1, "three");
    assert_int_equal(journal_get(&j, 2, 0, value, sizeof(value)), RC_STATE);
    assert_int_equal(journal_get(&j, 1, 0, value, 2), RC_SPACE);
}

static void tickets(void **state)
{
    uint32_t sector;
    (void)state;
    memset(card, 0, sizeof(card));
    (void)recover(8192);
    int a = put(1, 0, "a"), b = put(1, 1, "b");
    assert_true(b > a && a > 0);
    assert_true(journal_next(&j, buf, &sector) > 0);
    int c = put(1, 0, "c"); /* while a and b are under way */
    assert_false(journal_durable(&j, a));
    journal_written(&j, true);
    assert_true(journal_durable(&j, a));
    assert_true(journal_durable(&j, b));
    assert_false(journal_durable(&j, c));
    assert_true(journal_next(&j, buf, &sector) == 1);
    journal_written(&j, false);
    assert_false(journal_durable(&j, c));
    assert_true(write_all() == 1);
    assert_true(journal_durable(&j, c));
    assert_false(journal_durable(&j, c + 1));
    assert_false(journal_durable(&j, 0));
    assert_false(journal_durable(&j, -1));

    int d = put(3, 0, "d"); /* coalesced: both durable by one record */
    int e = put(3, 0, "e");
    assert_int_equal(write_all(), 1);
    assert_true(journal_durable(&j, d) && journal_durable(&j, e));
}

static void without_a_card(void **state)
{
    uint32_t sector, count;
    (void)state;
    assert_int_equal(journal_init(&j, 0), RC_OK);
    assert_false(journal_want(&j, &sector, &count));
    int t = put(1, 0, "x");
    assert_true(t > 0);
    is(1, 0, "x");
    assert_false(journal_durable(&j, t));
    assert_true(journal_idle(&j));
    assert_int_equal(journal_next(&j, buf, &sector), 0);
    assert_int_equal(journal_init(&j, 2 * JOURNAL_HALF_MIN - 1), RC_SPACE);
    assert_int_equal(journal_init(&j, 2 * JOURNAL_HALF_MIN), RC_OK);
    journal_give_up(&j);
    assert_false(journal_want(&j, &sector, &count));
}

static void limits(void **state)
{
    (void)state;
    memset(card, 0, sizeof(card));
    (void)recover(2 * JOURNAL_HALF_MIN); /* the smallest partition */
    memset(value, 0x5a, sizeof(value));
    assert_int_equal(journal_put(&j, 1, 0, value, LIMIT_JOURNAL_DATA + 1),
                     RC_SPACE);
    for (uint8_t i = 0; i < LIMIT_JOURNAL_KEYS; i++)
        assert_true(journal_put(&j, 1, i, value, LIMIT_JOURNAL_DATA) > 0);
    assert_int_equal(put(2, 0, "one too many"), RC_SPACE);
    (void)write_all();
    for (uint32_t round = 0; round < 40; round++) {
        value[0] = (uint8_t)round;
        assert_true(journal_put(&j, 1, (uint8_t)(round % 24), value,
                                LIMIT_JOURNAL_DATA) > 0);
        (void)write_all();
    }
    assert_int_equal(recover(2 * JOURNAL_HALF_MIN), JOURNAL_WHOLE);
    assert_int_equal(journal_get(&j, 1, 39 % 24, value, sizeof(value)),
                     LIMIT_JOURNAL_DATA);
    assert_int_equal(value[0], 39);
    /* A forgotten key makes room once the card knows. */
    assert_true(journal_put(&j, 1, 5, NULL, 0) > 0);
    assert_int_equal(put(2, 0, "too early"), RC_SPACE);
    (void)write_all();
    assert_true(put(2, 0, "now") > 0);
}

static void garbage(void **state)
{
    (void)state;
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof(card); i++) {
        x = x * 1664525u + 1013904223u;
        card[i / JOURNAL_SECTOR][i % JOURNAL_SECTOR] = (uint8_t)(x >> 24);
    }
    assert_int_equal(recover(8192), JOURNAL_GARBAGE);
    put(1, 0, "fresh");
    (void)write_all();
    assert_int_equal(recover(8192), JOURNAL_WHOLE);
    is(1, 0, "fresh");

    /* A snapshot that never got its end, and nothing else. */
    memset(card, 0, sizeof(card));
    (void)recover(8192);
    put(1, 0, "half");
    (void)write_all();
    memset(card[1], 0, JOURNAL_SECTOR);
    assert_int_equal(recover(8192), JOURNAL_GARBAGE);
    assert_int_equal(journal_get(&j, 1, 0, value, sizeof(value)), RC_STATE);
}

/* The newer half rots: the older one still stands. */
static void older_half(void **state)
{
    (void)state;
    memset(card, 0, sizeof(card));
    (void)recover(8192);
    put(2, 0, "kept");
    for (uint32_t i = 0; j.end.half == 0 || i < 10; i++) {
        char text[16] = {(char)('a' + i % 26), 0};
        put(1, 0, text);
        (void)write_all();
        assert_true(i < 400);
    }
    memset(card[JOURNAL_HALF], 0x11, JOURNAL_SECTOR);
    assert_int_equal(recover(8192), JOURNAL_WHOLE);
    is(2, 0, "kept");
    assert_true(journal_get(&j, 1, 0, value, sizeof(value)) == 1);
    put(1, 0, "on");
    (void)write_all();
    assert_int_equal(recover(8192), JOURNAL_WHOLE);
    is(1, 0, "on");
}

/* Saving one association's 600 bytes every 64 s for ten years: about 10
 * million sectors over 512: 20,000 writes of each, a card stands 3,000 erases
 * of blocks of megabytes that it levels itself. */
static void wear(void **state)
{
    (void)state;
    memset(card, 0, sizeof(card));
    (void)recover(8192);
    memset(value, 1, sizeof(value));
    for (int i = 0; i < 1000; i++) {
        assert_true(journal_put(&j, 2, 0, value, 600) > 0);
        (void)write_all();
    }
    assert_in_range(j.wear, 2000, 2050);
}

static void three_failures_leave_the_half(void **state)
{
    uint32_t sector = 0, first = 0;
    (void)state;
    memset(card, 0, sizeof(card));
    (void)recover(8192);
    put(1, 0, "a");
    (void)write_all();
    put(1, 0, "b");
    for (int i = 0; i < 3; i++) {
        assert_true(journal_next(&j, buf, &first) > 0);
        assert_int_equal(first, 2);
        journal_written(&j, false);
    }
    assert_true(journal_next(&j, buf, &sector) > 0);
    assert_int_equal(sector, JOURNAL_HALF);
    journal_written(&j, true);
    assert_true(journal_idle(&j));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format),
        cmocka_unit_test(latest_wins_and_forgets),
        cmocka_unit_test(tickets),
        cmocka_unit_test(without_a_card),
        cmocka_unit_test(limits),
        cmocka_unit_test(garbage),
        cmocka_unit_test(older_half),
        cmocka_unit_test(wear),
        cmocka_unit_test(three_failures_leave_the_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
