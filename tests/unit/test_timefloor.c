/* The time floor's promises: where it comes from, that it never falls by
 * itself, when it is saved, and what an operator may do. The card and the
 * timekeeper are the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "adapters/tls_client.h"
#include "core/floor_record.h"
#include "core/mono.h"
#include "port.h"
#include "services/log.h"
#include "services/store.h"
#include "services/timefloor.h"
#include "services/timekeeper.h"
#include "services/version.h"

#define B     gnomon_build_unix
#define DAY   INT64_C(86400)
#define EVERY (900 * MONO_S)

static struct conf conf;
static struct { /* survives a boot */
    uint8_t b[FLOOR_RECORD_LEN];
    int len; /* 0: none */
    unsigned writes;
    bool full;
} card;
static struct { /* what the timekeeper says, and was told */
    bool synced;
    bool one, law;
    int64_t quorum;
    int32_t freq, sigma;
    struct timekeeper_start start;
    int64_t floor;
    bool by_operator;
} tk;
static int law_on_card; /* bytes, or RC_SPACE                              */
static mono_ns now;
static uint32_t handshakes;
static unsigned moved, moved_restart;
static char text[20000];

uint64_t port_ticks(void)
{
    return (uint64_t)now / 1000;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

size_t port_console(const char *s, size_t len)
{
    size_t n = strlen(text);
    assert_true(n + len < sizeof text);
    memcpy(text + n, s, len);
    text[n + len] = 0;
    return len;
}

int store_get(enum store_kind kind, uint8_t id, uint8_t *buf, size_t cap)
{
    if (kind == STORE_THERMAL) {
        assert_true(id == 0 && cap == THERMAL_RECORD);
        memset(buf, 0x5a, law_on_card > 0 ? (size_t)law_on_card : 0);
        return law_on_card ? law_on_card : RC_STATE;
    }
    assert_true(kind == STORE_FLOOR && id == 0);
    assert_true(cap >= (size_t)card.len);
    memcpy(buf, card.b, (size_t)card.len);
    return card.len ? card.len : RC_STATE;
}

int store_put(enum store_kind kind, uint8_t id, const uint8_t *data, size_t len)
{
    if (kind == STORE_THERMAL) {
        assert_true(id == 0 && len == THERMAL_RECORD && data[0] == 0x5b);
        law_on_card = (int)len;
        return 1;
    }
    assert_true(kind == STORE_FLOOR && id == 0);
    assert_int_equal(len, sizeof card.b);
    if (card.full)
        return RC_SPACE;
    memcpy(card.b, data, len);
    card.len = (int)len;
    return (int)++card.writes;
}

void timekeeper_init(const struct conf *c, const struct timekeeper_start *start)
{
    assert_ptr_equal(c, &conf);
    tk.start = *start;
}

void timekeeper_floor(int64_t floor_unix_s, bool by_operator)
{
    tk.floor = floor_unix_s;
    tk.by_operator = by_operator;
}

bool timekeeper_synchronised(void)
{
    return tk.synced;
}

bool timekeeper_to_save(int64_t *floor, int32_t *freq, int32_t *sigma)
{
    *floor = tk.quorum;
    *freq = tk.freq;
    *sigma = tk.sigma;
    return tk.synced;
}

bool timekeeper_law_to_save(uint8_t out[THERMAL_RECORD])
{
    memset(out, 0x5b, THERMAL_RECORD);
    return tk.law;
}

bool timekeeper_one_counts(void)
{
    return tk.one;
}

uint32_t tls_client_handshakes(void)
{
    return handshakes;
}

static void on_moved(bool restart)
{
    moved++;
    moved_restart += restart;
}

static const char *said(void)
{
    for (int i = 0; i < 100; i++)
        (void)log_poll(now);
    return text;
}

static struct floor_record on_card(void)
{
    struct floor_record r;
    assert_int_equal(floor_record_read(&r, card.b, (size_t)card.len), RC_OK);
    return r;
}

static void put_on_card(const struct floor_record *r)
{
    floor_record_write(r, card.b);
    card.len = sizeof card.b;
}

static void boot(void)
{
    text[0] = 0;
    memset(&tk, 0, sizeof tk);
    moved = moved_restart = 0;
    now = MONO_S;
    log_init();
    timefloor_init(&conf, on_moved);
}

/* The clock is set, by a quorum at this time. */
static void sync_at(int64_t unix_s)
{
    tk.synced = true;
    tk.quorum = unix_s;
}

static struct status_timefloor status(void)
{
    struct status_timefloor s;
    timefloor_status(&s);
    return s;
}

static int setup(void **state)
{
    (void)state;
    memset(&card, 0, sizeof card);
    conf = (struct conf){.save = true, .saveinterval_s = EVERY / MONO_S};
    handshakes = 0;
    return 0;
}

/* First in this process: nothing has been started. */
static void before_the_start(void **state)
{
    (void)state;
    assert_int_equal(timefloor_unix(), B);
    assert_string_equal(status().from, "the build");
    assert_int_equal(timefloor_set(B + DAY), RC_AGAIN);
    assert_int_equal(timefloor_reset(), RC_AGAIN);
}

static void from_the_build(void **state)
{
    (void)state;
    boot();
    assert_int_equal(tk.start.floor_unix_s, B);
    assert_false(tk.start.floor_by_operator || tk.start.freq_known);
    const struct floor_record old = {.floor = B - DAY, .by_operator = true};
    put_on_card(&old); /* a newer image was installed since */
    boot();
    assert_int_equal(tk.start.floor_unix_s, B);
    assert_false(tk.start.floor_by_operator);
    assert_string_equal(status().from, "the build");
    const struct floor_record later = {.floor = B + DAY};
    put_on_card(&later);
    card.b[0] ^= 0x80; /* of a version that is not known */
    boot();
    assert_int_equal(timefloor_unix(), B);
    put_on_card(&later);
    card.len--;
    boot();
    assert_int_equal(timefloor_unix(), B);
}

/* What was learned of the temperature goes with the floor's record. */
static void the_law_is_kept(void **state)
{
    (void)state;
    law_on_card = 0;
    boot();
    assert_int_equal(tk.start.law_len, 0);
    sync_at(B + 9 * DAY);
    (void)timefloor_poll(now);
    assert_int_equal(law_on_card, 0); /* there is none */
    tk.law = true;
    timefloor_save();
    assert_int_equal(law_on_card, THERMAL_RECORD);
    boot();
    assert_int_equal(tk.start.law_len, THERMAL_RECORD);
    assert_int_equal(tk.start.law[THERMAL_RECORD - 1], 0x5a);
    law_on_card = RC_SPACE; /* of a later version: no record, and said */
    boot();
    assert_int_equal(tk.start.law_len, 1);
    law_on_card = 0;
}

static void from_the_card(void **state)
{
    (void)state;
    const struct floor_record r = {
        .floor = B + DAY, .freq_e12 = -31000, .freq_sigma_e12 = 20};
    put_on_card(&r);
    boot();
    assert_int_equal(tk.start.floor_unix_s, B + DAY);
    assert_true(tk.start.freq_known);
    assert_int_equal(tk.start.freq_e12, -31000);
    assert_int_equal(tk.start.freq_sigma_e12, 20);
    assert_string_equal(status().from, "the card");
    assert_int_equal(card.writes, 0); /* reading costs no write */
}

/* At the first sync, then at multiples of saveinterval since the start. */
static void when_it_is_saved(void **state)
{
    (void)state;
    boot();
    assert_true(timefloor_poll(now) == MONO_NEVER);
    now = 100 * MONO_S;
    sync_at(B + 9 * DAY);
    tk.freq = 5;
    tk.sigma = 6;
    assert_true(timefloor_poll(now) == EVERY);
    assert_int_equal(card.writes, 1);
    assert_int_equal(on_card().floor, B + 9 * DAY);
    assert_int_equal(on_card().freq_e12, 5);
    assert_int_equal(on_card().freq_sigma_e12, 6);
    assert_string_equal(status().from, "a quorum");
    tk.quorum += 1000;
    assert_true(timefloor_poll(EVERY - 1) == EVERY);
    assert_int_equal(card.writes, 1);
    assert_true(timefloor_poll(EVERY + MONO_MS) == 2 * EVERY);
    assert_int_equal(card.writes, 2);
    assert_int_equal(on_card().floor, B + 9 * DAY + 1000);
    tk.quorum += 1000;
    timefloor_save(); /* before a restart */
    assert_int_equal(on_card().floor, B + 9 * DAY + 2000);
    assert_string_equal(status().from, "a quorum");
    tk.one = true;
    tk.quorum += 1000;
    timefloor_save();
    assert_string_equal(status().from, "one server, which nobody checks");
}

static void never_falls(void **state)
{
    (void)state;
    boot();
    sync_at(B + 9 * DAY);
    (void)timefloor_poll(now);
    tk.quorum = 0; /* no quorum any more: 0 stands for none */
    timefloor_save();
    assert_int_equal(on_card().floor, B + 9 * DAY);
    tk.quorum = B + 8 * DAY; /* a clock that was stepped back */
    timefloor_save();
    assert_int_equal(on_card().floor, B + 9 * DAY);
    assert_int_equal(timefloor_unix(), B + 9 * DAY);
    boot(); /* and not by a restart */
    assert_int_equal(tk.start.floor_unix_s, B + 9 * DAY);
}

static void not_while_unset(void **state)
{
    (void)state;
    boot();
    timefloor_save(); /* a restart before there is time */
    assert_int_equal(card.writes, 0);
}

static void only_if_configured(void **state)
{
    (void)state;
    conf.save = false;
    boot();
    sync_at(B + 9 * DAY);
    (void)timefloor_poll(now);
    assert_int_equal(card.writes, 0);
    assert_int_equal(timefloor_unix(), B + 9 * DAY); /* it still rises */
    conf.save = true;
    card.full = true; /* said, and no more than that */
    boot();
    sync_at(B + 9 * DAY);
    (void)timefloor_poll(now);
    assert_non_null(strstr(said(), "time floor not saved: no room"));
}

static void whether_it_took_a_handshake(void **state)
{
    (void)state;
    boot();
    sync_at(B + DAY);
    (void)timefloor_poll(now);
    assert_true(status().from_plain && !status().from_cookies); /* no NTS */
    conf.source_count = 2;
    conf.sources[1].nts = true;
    boot();
    sync_at(B + DAY);
    (void)timefloor_poll(now);
    assert_false(status().from_plain);
    handshakes = 3; /* those that come later do not count */
    (void)timefloor_poll(now);
    assert_true(status().from_cookies);
    boot();
    sync_at(B + DAY);
    (void)timefloor_poll(now);
    assert_false(status().from_cookies);
}

static void an_operator_sets_it(void **state)
{
    (void)state;
    boot();
    assert_int_equal(timefloor_set(B - 1), RC_BAD);
    assert_int_equal(moved, 0);
    assert_int_equal(timefloor_set(B + 8 * DAY), RC_OK);
    assert_int_equal(timefloor_unix(), B + 8 * DAY);
    assert_true(tk.floor == B + 8 * DAY && tk.by_operator);
    assert_int_equal(moved, 1);
    assert_int_equal(moved_restart, 0);
    assert_int_equal(on_card().floor, B + 8 * DAY);
    assert_string_equal(status().from, "an operator");
    assert_non_null(strstr(said(), "operator: time floor set from "));
    boot();
    assert_true(tk.start.floor_by_operator);
    assert_string_equal(status().from, "the card, by an operator");
    assert_non_null(strstr(said(), "an operator set the time floor before "
                                   "this start"));
    sync_at(B + 9 * DAY); /* and the clock's word replaces his */
    (void)timefloor_poll(now);
    assert_int_equal(timefloor_set(B + 10 * DAY), RC_STATE);
    assert_false(on_card().by_operator);
    boot();
    assert_null(strstr(said(), "an operator"));
}

/* bootstrap strict waits for an operator's floor: it stays his. */
static void his_under_strict(void **state)
{
    (void)state;
    conf.bootstrap_strict = true;
    boot();
    assert_int_equal(timefloor_set(B + 8 * DAY), RC_OK);
    sync_at(B + 9 * DAY);
    (void)timefloor_poll(now);
    assert_true(on_card().by_operator);
    assert_int_equal(on_card().floor, B + 9 * DAY);
}

static void an_operator_resets_it(void **state)
{
    (void)state;
    const struct floor_record poisoned = {.floor = B + 9000 * DAY};
    put_on_card(&poisoned);
    boot();
    assert_int_equal(timefloor_reset(), RC_OK);
    assert_true(tk.floor == B && !tk.by_operator);
    assert_int_equal(on_card().floor, B);
    assert_true(moved == 1 && moved_restart == 0);
    sync_at(B + 9 * DAY); /* it takes effect at once */
    (void)timefloor_poll(now);
    assert_int_equal(on_card().floor, B + 9 * DAY);

    put_on_card(&poisoned);
    boot();
    sync_at(B + 9000 * DAY); /* liars have set the clock */
    (void)timefloor_poll(now);
    assert_int_equal(timefloor_reset(), RC_OK);
    assert_true(moved == 1 && moved_restart == 1);
    timefloor_save(); /* which the restart does: it must not rise again */
    (void)timefloor_poll(now + 2 * EVERY);
    assert_int_equal(on_card().floor, B);
    boot();
    assert_int_equal(tk.start.floor_unix_s, B);
    assert_non_null(strstr(said(), "reset the time floor to the build time "
                                   "before this start"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(before_the_start, setup),
        cmocka_unit_test_setup(from_the_build, setup),
        cmocka_unit_test_setup(from_the_card, setup),
        cmocka_unit_test_setup(the_law_is_kept, setup),
        cmocka_unit_test_setup(when_it_is_saved, setup),
        cmocka_unit_test_setup(never_falls, setup),
        cmocka_unit_test_setup(not_while_unset, setup),
        cmocka_unit_test_setup(only_if_configured, setup),
        cmocka_unit_test_setup(whether_it_took_a_handshake, setup),
        cmocka_unit_test_setup(an_operator_sets_it, setup),
        cmocka_unit_test_setup(his_under_strict, setup),
        cmocka_unit_test_setup(an_operator_resets_it, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
