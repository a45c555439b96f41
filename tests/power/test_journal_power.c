/* The journal over a card that dies at every single write: before it, after
 * it, or with each of its sectors written, dropped, torn or garbled. Whatever
 * the cut leaves, recovery must find every value that was durable, or a newer
 * one, and a second cut right after the first must not change that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damage.h"

#define SECTORS (2 * JOURNAL_HALF)
#define KEYS    10

struct card {
    uint8_t b[SECTORS][JOURNAL_SECTOR];
};

/* What the world knows: the newest put of each key and the newest durable. */
struct world {
    uint32_t put[KEYS], durable[KEYS];
    int ticket[KEYS];
};

/* A value tells its key and version, all through. Version % 7 == 6: gone. */
static size_t make_value(uint8_t *b, uint32_t key, uint32_t version)
{
    static const size_t size[KEYS] = {24,  2560, 1000, 479,  481,
                                      960, 2560, 2400, 2000, 64};
    if (version % 7 == 6)
        return 0;
    size_t len = size[key] - version % 3;
    for (size_t i = 0; i < len; i++)
        b[i] = (uint8_t)(version >> (8 * (i % 4)));
    b[len - 1] = (uint8_t)key;
    return len;
}

static bool value_is(const struct journal *j, uint32_t key, uint32_t version)
{
    uint8_t want[LIMIT_JOURNAL_DATA], got[LIMIT_JOURNAL_DATA];
    size_t len = version ? make_value(want, key, version) : 0;
    int n = journal_get(j, 1, (uint8_t)key, got, sizeof(got));
    if (len == 0)
        return n == RC_STATE;
    return n == (int)len && memcmp(want, got, len) == 0;
}

static void recover(struct journal *j, const struct card *card)
{
    uint32_t sector, count, reads = 0;
    assert_int_equal(journal_init(j, SECTORS), RC_OK);
    while (journal_want(j, &sector, &count)) {
        assert_true(count > 0 && sector + count <= SECTORS);
        reads += count;
        assert_true(reads <= SECTORS + 2); /* bounded */
        journal_feed(j, card->b[sector]);
    }
}

static void put(struct journal *j, struct world *w, uint32_t key)
{
    uint8_t b[LIMIT_JOURNAL_DATA];
    size_t len = make_value(b, key, ++w->put[key]);
    w->ticket[key] = journal_put(j, 1, (uint8_t)key, b, len);
    assert_true(w->ticket[key] > 0);
}

static void note_durable(const struct journal *j, struct world *w)
{
    for (uint32_t k = 0; k < KEYS; k++)
        if (w->ticket[k] && journal_durable(j, w->ticket[k]))
            w->durable[k] = w->put[k];
}

/* Every key has its last durable value or one put later; takes over what was
 * found as the truth. */
static void check(const struct journal *j, struct world *w)
{
    for (uint32_t k = 0; k < KEYS; k++) {
        uint32_t v = w->put[k] + 1;
        while (v > w->durable[k] && !value_is(j, k, v - 1))
            v--;
        assert_true(v > w->durable[k]);
        w->durable[k] = v - 1;
        w->ticket[k] = 0;
    }
}

/* Two machines after the first cut, each cut again at a random write. */
static void after_cut(const struct card *card, const struct world *world)
{
    static struct journal j;
    static struct card c;
    static uint8_t buf[JOURNAL_BATCH * JOURNAL_SECTOR];
    struct world w = *world;
    c = *card;
    recover(&j, &c);
    check(&j, &w);
    for (uint32_t cut = 1 + rnd(4);; cut--) {
        uint32_t sector;
        put(&j, &w, rnd(KEYS));
        uint32_t count = journal_next(&j, buf, &sector);
        assert_true(count > 0);
        if (cut == 0) {
            damage_write(c.b + sector, buf, count, (enum damage)rnd(DAMAGES));
            break;
        }
        damage_write(c.b + sector, buf, count, ALL);
        journal_written(&j, true);
        note_durable(&j, &w);
    }
    recover(&j, &c);
    check(&j, &w);
}

/* A long life: `burst` puts between writes, a cut tried at every write. */
static void life(uint32_t seed, uint32_t rounds, uint32_t burst)
{
    static struct journal j;
    static struct card card, hurt;
    static uint8_t buf[JOURNAL_BATCH * JOURNAL_SECTOR];
    struct world w = {0};
    uint32_t sector, count, cuts = 0, switches = 0;
    rnd_state = seed;
    memset(&card, 0, sizeof(card));
    recover(&j, &card);
    assert_int_equal(journal_found(&j), JOURNAL_BLANK);

    for (uint32_t r = 0; r < rounds; r++) {
        for (uint32_t n = rnd(burst); n < burst; n++)
            put(&j, &w, rnd(KEYS));
        count = journal_next(&j, buf, &sector);
        if (count == 0)
            continue;
        switches += sector % JOURNAL_HALF == 0;
        for (int how = 0; how < DAMAGES; how++, cuts++) {
            hurt = card;
            damage_write(hurt.b + sector, buf, count, (enum damage)how);
            after_cut(&hurt, &w);
        }
        damage_write(card.b + sector, buf, count, ALL);
        journal_written(&j, true);
        note_durable(&j, &w);
    }
    assert_true(switches >= 4);
    printf("seed %08x: %u cuts, %u halves begun\n", seed, cuts, switches);
}

static void one_put_at_a_time(void **state)
{
    (void)state;
    life(0x2545f491, 700, 1);
}

static void bursts(void **state)
{
    (void)state;
    life(0x9e3779b9, 300, 8);
}

/* With one put under way at most, all but that one must be there exactly. */
static void only_the_last_put_is_lost(void **state)
{
    static struct journal j, again;
    static struct card card, hurt;
    static uint8_t buf[JOURNAL_BATCH * JOURNAL_SECTOR];
    struct world w = {0};
    uint32_t sector, count;
    (void)state;
    rnd_state = 77;
    memset(&card, 0, sizeof(card));
    recover(&j, &card);
    for (uint32_t r = 0; r < 500; r++) {
        uint32_t key = rnd(KEYS);
        put(&j, &w, key);
        while ((count = journal_next(&j, buf, &sector)) > 0) {
            for (int how = 0; how < DAMAGES; how++) {
                hurt = card;
                damage_write(hurt.b + sector, buf, count, (enum damage)how);
                recover(&again, &hurt);
                for (uint32_t k = 0; k < KEYS; k++)
                    assert_true(
                        value_is(&again, k, w.put[k]) ||
                        (k == key && value_is(&again, k, w.put[k] - 1)));
            }
            damage_write(card.b + sector, buf, count, ALL);
            journal_written(&j, true);
        }
        assert_true(journal_durable(&j, w.ticket[key]));
        recover(&again, &card);
        for (uint32_t k = 0; k < KEYS; k++)
            assert_true(value_is(&again, k, w.put[k]));
    }
}

/* Writes that fail (and may have landed, or half so) are made good. */
static void failing_writes(void **state)
{
    static struct journal j, again;
    static struct card card;
    static uint8_t buf[JOURNAL_BATCH * JOURNAL_SECTOR];
    struct world w = {0};
    uint32_t sector, count;
    (void)state;
    rnd_state = 4711;
    memset(&card, 0xff, sizeof(card));
    recover(&j, &card);
    for (uint32_t r = 0; r < 3000; r++) {
        put(&j, &w, rnd(KEYS));
        count = journal_next(&j, buf, &sector);
        if (count == 0)
            continue;
        bool ok = rnd(10) >= 4;
        if (rnd(3) == 0) /* time passes, values change under the write */
            put(&j, &w, rnd(KEYS));
        enum damage how = ok ? ALL : (enum damage)rnd(DAMAGES);
        damage_write(card.b + sector, buf, count, how);
        journal_written(&j, ok);
        note_durable(&j, &w);
        struct world seen = w;
        recover(&again, &card);
        check(&again, &seen);
    }
    while ((count = journal_next(&j, buf, &sector)) > 0) {
        damage_write(card.b + sector, buf, count, ALL);
        journal_written(&j, true);
    }
    assert_true(journal_idle(&j));
    recover(&again, &card);
    for (uint32_t k = 0; k < KEYS; k++)
        assert_true(value_is(&again, k, w.put[k]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_put_at_a_time),
        cmocka_unit_test(bursts),
        cmocka_unit_test(only_the_last_put_is_lost),
        cmocka_unit_test(failing_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
