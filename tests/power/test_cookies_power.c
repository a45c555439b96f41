/* services/cookies and services/store in virtual time: the server's cookie keys
 * on a card, and the power cut at each write of twelve rotations, in all the
 * ways of damage.h, then again at a write of the next start. Each boot is a
 * process of its own; the world is memory that they share.
 *
 *  - No cookie that was given out before a cut is refused after it, unless
 *    its key has been rotated away three times.
 *  - One write a rotation.
 *  - A board that is switched off before each rotation rotates all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/mono.h"
#include "damage.h"
#include "entropy.h"
#include "services/cookies.h"
#include "services/log.h"
#include "services/store.h"
#include "services/timefloor.h"
#include "services/version.h"

#define SECTORS   (64 + 2 * JOURNAL_HALF)
#define STATE     64u
#define ROTATE_S  100
#define ROTATIONS 12
#define GIVEN     4000

/* ---- the world ----------------------------------------------------------- */

static struct world {
    uint8_t card[SECTORS][PORT_BLK_SIZE];
    mono_ns now;
    int64_t floor; /* the time floor that the card would have              */
    uint32_t given, writes, boots;
    struct {
        uint8_t b[NTS_COOKIE_MAX];
        uint32_t key; /* how many keys were in use before its own         */
    } cookie[GIVEN];
    uint32_t id[80], ids; /* of the keys, as they came into use */
} * w;

static mono_ns booted;
static int cut_after; /* writes; < 0: not at all                             */
static enum damage how;
static bool off, busy, writing;
static uint32_t at, count;
static uint8_t *in;
static const uint8_t *out;
static mono_ns card_due;
static struct conf conf;

static const uint8_t c2s[32] = {1, 2, 3}, s2c[32] = {4, 5, 6};

static mono_ns now(void)
{
    return w->now - booted;
}

uint64_t port_ticks(void)
{
    return (uint64_t)now() / 1000;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

void port_poll(void)
{
    w->now += 50 * MONO_US;
}

size_t port_console(const char *s, size_t len)
{
    if (getenv("GNOMON_SHOW"))
        (void)!write(1, s, len);
    return len;
}

_Noreturn void port_reset(void)
{
    abort(); /* nobody asks for one here */
}

int64_t timefloor_unix(void)
{
    return w->floor;
}

int64_t port_blk_count(void)
{
    return SECTORS;
}

static int begin(uint32_t lba, uint32_t n, bool write)
{
    assert_true(!busy && lba + n <= SECTORS);
    busy = true;
    writing = write;
    at = lba;
    count = n;
    card_due = now() + 2 * MONO_MS;
    return RC_OK;
}

int port_blk_read(uint32_t lba, uint8_t *buf, uint32_t n)
{
    in = buf;
    return begin(lba, n, false);
}

int port_blk_write(uint32_t lba, const uint8_t *buf, uint32_t n)
{
    assert_true(lba >= STATE);
    out = buf;
    w->writes++;
    if (cut_after >= 0 && cut_after-- == 0) {
        damage_write(w->card + lba, buf, n, how);
        off = true;
    }
    return begin(lba, n, true);
}

int port_blk_done(void)
{
    if (!busy)
        return RC_STATE;
    if (now() < card_due)
        return RC_AGAIN;
    busy = false;
    if (writing)
        memcpy(w->card[at], out, count * PORT_BLK_SIZE);
    else
        memcpy(in, w->card[at], count * PORT_BLK_SIZE);
    return RC_OK;
}

/* ---- one boot ------------------------------------------------------------ */

static uint32_t key_number(uint32_t id)
{
    for (uint32_t i = 0; i < w->ids; i++)
        if (w->id[i] == id)
            return i;
    assert_true(w->ids < LEN(w->id));
    w->id[w->ids] = id;
    return w->ids++;
}

static void give(struct nts_cookie_jar *jar)
{
    assert_true(w->given < GIVEN);
    uint8_t *b = w->cookie[w->given].b;
    assert_int_equal(nts_cookie_make(jar, 15, c2s, s2c, b), 100);
    w->cookie[w->given++].key = key_number(bytes_get32(b));
}

/* All that were given out, the current key being the last cookie's. */
static void check(struct nts_cookie_jar *jar)
{
    uint8_t b[NTS_COOKIE_MAX];
    struct nts_cookie_keys keys;
    assert_int_equal(nts_cookie_make(jar, 15, c2s, s2c, b), 100);
    uint32_t current = key_number(bytes_get32(b));
    for (uint32_t i = 0; i < w->given; i++) {
        int rc = nts_cookie_open(jar, w->cookie[i].b, 100, &keys);
        int want = w->cookie[i].key + 2 >= current ? RC_OK : RC_AUTH;
        if (rc != want)
            fail_msg("cookie %u of key %u, current %u: %d", i, w->cookie[i].key,
                     current, rc);
    }
}

static const char *lines = "ntsrotate 100\nntsdumpdir /\n";
static mono_ns give_every = 5 * MONO_S;

/* Gives a cookie out every 5 s or more, and the moment the keys have changed. */
static void run(mono_ns span)
{
    mono_ns end = now() + span, give_due = 0;
    span_ns age = -1;
    while (now() < end && !off) {
        mono_ns next = cookies_poll(now());
        next = mono_min(next, store_poll(now()));
        next = mono_min(next, log_poll(now()));
        struct nts_cookie_jar *jar = cookies_jar();
        if (jar && (now() >= give_due || cookies_age(now()) < age)) {
            give(jar);
            check(jar);
            give_due = now() + give_every;
        }
        age = cookies_age(now());
        next = mono_min(mono_min(next, end), give_due > now() ? give_due : end);
        w->now += next > now() ? next - now() : 100 * MONO_US;
    }
}

static void boot(mono_ns span, int cut, enum damage damage)
{
    uint8_t skipped[64]; /* entropy.h would have the same bytes             */
    for (unsigned i = 0; i < 8 * w->boots + 1; i++) /* in every process */
        assert_int_equal(port_entropy(skipped, sizeof skipped), RC_OK);
    w->boots++;
    booted = w->now - MONO_MS;
    cut_after = cut;
    how = damage;
    log_init();
    assert_int_equal(conf_parse(&conf, lines, strlen(lines)), 0);
    assert_int_equal(store_init(), RC_OK);
    assert_true(store_state_partition());
    cookies_start(&conf);
    run(span);
}

/* In a child; returns when the power is off. */
static void power(mono_ns span, int cut, enum damage damage)
{
    uint32_t seed = rnd(1u << 31) | 1;
    pid_t pid = fork();
    if (pid == 0) {
        rnd_state = seed;
        boot(span, cut, damage);
        exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("cut after %d writes, damage %d", cut, damage);
    w->now += MONO_S;
}

static int new_world(void **state)
{
    (void)state;
    if (!w)
        w = mmap(NULL, sizeof *w, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(w != MAP_FAILED);
    memset(w, 0, sizeof *w);
    w->now = 1000 * MONO_S;
    w->floor = gnomon_build_unix;
    uint8_t *e = w->card[0] + 446;
    e[4] = 0xda;
    e[8] = STATE;
    e[12] = (uint8_t)(2 * JOURNAL_HALF);
    e[13] = (uint8_t)(2 * JOURNAL_HALF >> 8);
    w->card[0][510] = 0x55;
    w->card[0][511] = 0xaa;
    return 0;
}

/* ---- the tests ----------------------------------------------------------- */

#define LIFE (ROTATIONS * ROTATE_S * MONO_S + 50 * MONO_S)

static void one_write_a_rotation(void **state)
{
    (void)state;
    power(50 * MONO_S, -1, NONE);
    uint32_t before = w->writes;
    assert_int_equal(w->ids, 1);
    power(LIFE, -1, NONE);
    assert_int_equal(w->ids, ROTATIONS + 1);
    assert_int_equal(w->writes - before, ROTATIONS);
}

static void a_cut_at_each_write(void **state)
{
    for (int cut = 0; cut <= ROTATIONS; cut++)
        for (int d = 0; d < DAMAGES; d++) {
            new_world(state);
            power(LIFE, cut, (enum damage)d);
            assert_true(cut == 0 || w->given > 0);
            power(3 * ROTATE_S * MONO_S, (int)rnd(3),
                  (enum damage)rnd(DAMAGES));
            power(4 * ROTATE_S * MONO_S, -1, NONE);
        }
}

/* Each day a little shorter than ntsrotate; the floor is saved at its end. */
static void switched_off_every_night(void **state)
{
    (void)state;
    for (int day = 0; day < 10; day++) {
        power(80 * MONO_S, -1, NONE);
        w->floor += 80;
    }
    assert_in_range(w->ids, 8, 10);
}

/* What is off for a year comes back with the cookies that it gave out. */
static void off_for_a_year(void **state)
{
    (void)state;
    power(30 * MONO_S, -1, NONE);
    uint32_t given = w->given;
    w->now += 365 * INT64_C(86400) * MONO_S;
    power(30 * MONO_S, -1, NONE);
    assert_true(w->given > given && w->ids == 1);
    w->floor += 365 * INT64_C(86400);
    power(30 * MONO_S, -1, NONE);
    assert_int_equal(w->ids, 2); /* and all of them are good: check() */
}

/* With the interval of a week that is the default. */
static void four_hundred_days(void **state)
{
    (void)state;
    lines = "ntsdumpdir /\n";
    give_every = 12 * 3600 * MONO_S;
    power(400 * INT64_C(86400) * MONO_S, -1, NONE);
    lines = "ntsrotate 0\nntsdumpdir /\n";
    assert_int_equal(w->ids, 400 / 7 + 1);
    assert_int_equal(w->writes, 400 / 7 + 1); /* the first, and each rotation */
    uint32_t before = w->writes;
    power(400 * INT64_C(86400) * MONO_S, -1, NONE);
    assert_true(w->ids == 400 / 7 + 1 && w->writes == before);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test_setup(one_write_a_rotation, new_world),
        cmocka_unit_test_setup(a_cut_at_each_write, new_world),
        cmocka_unit_test_setup(switched_off_every_night, new_world),
        cmocka_unit_test_setup(off_for_a_year, new_world),
        cmocka_unit_test_setup(four_hundred_days, new_world),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
