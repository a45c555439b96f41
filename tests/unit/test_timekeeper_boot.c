/* The timekeeper and the time floor before the clock is set: replies, quorum,
 * floor, an operator. Samples come as if from servers that are right to a
 * millisecond about a time of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "adapters/tls_client.h"
#include "core/floor_record.h"
#include "core/mono.h"
#include "core/utc.h"
#include "port.h"
#include "services/log.h"
#include "services/store.h"
#include "services/timefloor.h"
#include "services/timekeeper.h"
#include "services/version.h"

#define HZ  1000000
#define DAY INT64_C(86400)
#define ANY 0, INT64_MAX

static uint64_t ticks, began;
static struct conf conf;
static struct {
    uint8_t b[64];
    int len, writes;
} card;
static int moved, restarts;
static char text[100000];

uint64_t port_ticks(void)
{
    return ticks;
}

uint32_t port_tick_hz(void)
{
    return HZ;
}

size_t port_console(const char *s, size_t len)
{
    size_t n = strlen(text);
    assert_true(n + len < sizeof text);
    memcpy(text + n, s, len);
    text[n + len] = 0;
    return len;
}

int port_temperature(int32_t *millidegrees)
{
    *millidegrees = 40000;
    return RC_STATE;
}

int store_get(enum store_kind kind, uint8_t id, uint8_t *buf, size_t cap)
{
    if (kind == STORE_THERMAL)
        return RC_STATE;
    assert_true(kind == STORE_FLOOR && id == 0);
    assert_true(cap >= (size_t)(card.len > 0 ? card.len : 0));
    if (card.len <= 0)
        return RC_STATE;
    memcpy(buf, card.b, (size_t)card.len);
    return card.len;
}

int store_put(enum store_kind kind, uint8_t id, const uint8_t *data, size_t len)
{
    assert_true(kind == STORE_FLOOR && id == 0);
    memcpy(card.b, data, len);
    card.len = (int)len;
    card.writes++;
    return card.writes;
}

uint32_t tls_client_handshakes(void)
{
    return 1;
}

static void floor_moved(bool needs_restart)
{
    moved++;
    restarts += needs_restart;
}

static mono_ns now(void)
{
    return (mono_ns)ticks * 1000;
}

static const char *said(void)
{
    for (int i = 0; i < 100; i++)
        (void)log_poll(now());
    return text;
}

/* A start with n NTS sources. */
static void boot(const char *lines, unsigned n)
{
    began = ticks += 100 * HZ;
    text[0] = 0;
    log_init();
    assert_int_equal(conf_parse(&conf, lines, strlen(lines)), 0);
    conf.save = true;
    timefloor_init(&conf, floor_moved);
    for (unsigned i = 0; i < n; i++) {
        conf.sources[i] =
            (struct conf_source){.nts = true, .minpoll = 6, .maxpoll = 10};
        memcpy(conf.sources[i].name, (char[]){(char)('a' + i), 0}, 2);
        timekeeper_source(i, &conf.sources[i]);
    }
}

/* Source i's clock showed unix_s at the start. */
static void hear(unsigned i, int64_t unix_s, int64_t lo, int64_t hi)
{
    const struct ntp_sample s = {
        .at_ticks = ticks,
        .utc = utc_of_unix(unix_s, 500000000) +
               (uint64_t)utc_ticks_ntp((int64_t)(ticks - began), HZ),
        .delay_ns = 1000000,
        .stratum = 1,
        .poll = 6,
        .server_precision = -20,
    };
    const struct timekeeper_reply reply = {
        .sample = &s, .cert_lo = lo, .cert_hi = hi, .reach = 1};
    struct timekeeper_verdict v;
    timekeeper_reply(i, &reply, &v);
    ticks += 1000;
    (void)timekeeper_poll(now());
    (void)timefloor_poll(now());
}

/* Two sources that agree for as long as a floor needs to follow them. */
static void hear_for_hours(int64_t unix_s)
{
    for (unsigned i = 0; i < 5 * 3600 / 300; i++) {
        hear(i % 2, unix_s, ANY);
        hear((i + 1) % 2, unix_s, ANY);
        ticks += (uint64_t)300 * HZ;
    }
}

static struct status_timekeeper *status(void)
{
    static struct status_timekeeper s;
    memset(&s, 0, sizeof s);
    timekeeper_status(&s);
    return &s;
}

static int64_t saved_floor(void)
{
    struct floor_record r;
    assert_int_equal(floor_record_read(&r, card.b, (size_t)card.len), RC_OK);
    return r.floor;
}

static int setup(void **state)
{
    (void)state;
    memset(&card, 0, sizeof card);
    moved = restarts = 0;
    return 0;
}

#define B gnomon_build_unix

static void quorum(void **state)
{
    (void)state;
    boot("", 3);
    hear(0, B + 9 * DAY, B, B + 80 * DAY);
    assert_false(timekeeper_synchronised());
    assert_int_equal(card.writes, 0);
    assert_string_equal(status()->tracking.why,
                        "1 of 3 sources agree, 2 needed");
    assert_int_equal(status()->tracking.stratum, 16);
    ticks += 2 * HZ;
    assert_int_equal(timekeeper_poll(now()), MONO_NEVER);
    hear(1, B + 9 * DAY, B, B + 80 * DAY);
    assert_true(timekeeper_synchronised());
    assert_string_equal(status()->tracking.why, "");
    assert_in_range(timekeeper_unix(), B + 9 * DAY + 2, B + 9 * DAY + 4);
    assert_int_equal(saved_floor(), B + 2); /* what has passed since */
    assert_true(timekeeper_window_ok(B, B + 80 * DAY));
    assert_false(timekeeper_window_ok(B, B + 8 * DAY));
}

static void poisoned_floor(void **state)
{
    (void)state;
    const struct floor_record bad = {.floor = B + 9000 * DAY};
    uint8_t b[FLOOR_RECORD_LEN];
    floor_record_write(&bad, b);
    assert_true(store_put(STORE_FLOOR, 0, b, sizeof b) > 0);
    boot("", 3);
    assert_non_null(strstr(said(), "from the card"));
    hear(0, B + 9 * DAY, ANY);
    hear(1, B + 9 * DAY, ANY);
    assert_false(timekeeper_synchronised());
    assert_string_equal(status()->tracking.why,
                        "0 of 3 sources agree, 2 needed, 2 before the time "
                        "floor");
    assert_int_equal(timefloor_reset(), RC_OK);
    assert_int_equal(moved, 1);
    assert_int_equal(restarts, 0);
    assert_int_equal(saved_floor(), B);
    assert_int_equal(timefloor_unix(), B);
    assert_non_null(strstr(said(), "operator: time floor reset from "));
    boot("", 3);
    assert_non_null(strstr(said(), "an operator reset the time floor to the "
                                   "build time before this start; it was "));
    hear(0, B + 9 * DAY, ANY);
    hear(1, B + 9 * DAY, ANY);
    assert_true(timekeeper_synchronised());
    boot("", 3); /* said once */
    assert_null(strstr(said(), "an operator"));
}

/* Without a restart, too. */
static void reset_at_once(void **state)
{
    (void)state;
    const struct floor_record bad = {.floor = B + 9000 * DAY};
    uint8_t b[FLOOR_RECORD_LEN];
    floor_record_write(&bad, b);
    assert_true(store_put(STORE_FLOOR, 0, b, sizeof b) > 0);
    boot("", 2);
    hear(0, B + 9 * DAY, ANY);
    assert_int_equal(timefloor_reset(), RC_OK);
    hear(0, B + 9 * DAY, ANY);
    hear(1, B + 9 * DAY, ANY);
    assert_true(timekeeper_synchronised());
    assert_in_range(timekeeper_unix(), B + 9 * DAY, B + 9 * DAY + 2);
}

/* What was believed at a lower floor is not, at a higher one. */
static void set_forgets(void **state)
{
    (void)state;
    boot("", 3);
    hear(0, B + 5 * DAY, ANY);
    assert_string_equal(status()->tracking.why,
                        "1 of 3 sources agree, 2 needed");
    assert_int_equal(timefloor_set(B + 8 * DAY), RC_OK);
    (void)timekeeper_poll(now());
    assert_string_equal(status()->tracking.why,
                        "0 of 3 sources agree, 2 needed");
}

/* A clock that is set would raise it again: the way out is a restart. */
static void reset_when_set(void **state)
{
    (void)state;
    boot("", 2);
    hear_for_hours(B + 9000 * DAY);
    assert_true(saved_floor() > B + 8999 * DAY);
    assert_int_equal(timefloor_set(B + 9001 * DAY), RC_STATE);
    assert_int_equal(timefloor_reset(), RC_OK);
    assert_int_equal(saved_floor(), B);
    assert_int_equal(restarts, 1);
    timefloor_save(); /* as before a restart: a clock that is set does not
                       * raise it again */
    assert_int_equal(saved_floor(), B);
}

static void rolled_back(void **state)
{
    (void)state;
    const struct floor_record old = {.floor = B - 400 * DAY,
                                     .by_operator = true};
    uint8_t b[FLOOR_RECORD_LEN];
    floor_record_write(&old, b);
    assert_true(store_put(STORE_FLOOR, 0, b, sizeof b) > 0);
    boot("", 2);
    assert_int_equal(timefloor_unix(), B);
    hear(0, B - 1, ANY);
    hear(1, B - 1, ANY);
    assert_false(timekeeper_synchronised());
    boot("bootstrap strict\n", 2); /* nor is it the operator's any more */
    assert_false(timekeeper_may_ask());
}

static void strict(void **state)
{
    (void)state;
    boot("bootstrap strict\n", 2);
    assert_false(timekeeper_may_ask());
    hear(0, B + 9 * DAY, ANY);
    hear(1, B + 9 * DAY, ANY);
    assert_false(timekeeper_synchronised());
    assert_string_equal(status()->tracking.why,
                        "bootstrap strict waits for an operator's `floor "
                        "set'");
    assert_int_equal(timefloor_set(B - 1), RC_BAD);
    assert_int_equal(timefloor_set(B + 8 * DAY), RC_OK);
    assert_true(timekeeper_may_ask());
    assert_int_equal(timekeeper_unix(), B + 8 * DAY);
    struct cert_clock j = timekeeper_cert_clock();
    assert_true(j.strict && !j.by_clock);
    assert_int_equal(j.floor, B + 8 * DAY);
    hear_for_hours(B + 9 * DAY);
    assert_true(timekeeper_synchronised());
    assert_true(timekeeper_cert_clock().by_clock);
    boot("bootstrap strict\n", 2); /* it rose from the operator's */
    assert_true(timekeeper_may_ask());
    assert_in_range(timefloor_unix(), B + 9 * DAY + 4 * 3600,
                    B + 9 * DAY + 6 * 3600);
}

/* What rose without an operator is not one's. */
static void strict_after_default(void **state)
{
    (void)state;
    boot("", 2);
    assert_int_equal(timefloor_set(B + 8 * DAY), RC_OK);
    hear_for_hours(B + 9 * DAY);
    boot("bootstrap strict\n", 2);
    assert_in_range(saved_floor(), B + 9 * DAY, B + 10 * DAY);
    assert_false(timekeeper_may_ask());
}

static void nocerttimecheck(void **state)
{
    (void)state;
    boot("nocerttimecheck 2\n", 2);
    assert_non_null(strstr(said(), "WARNING: nocerttimecheck 2"));
    hear(0, B + 90 * DAY, B, B + 30 * DAY);
    assert_non_null(strstr(status()->tracking.warning, "nocerttimecheck 2"));
    hear(1, B + 90 * DAY, B, B + 30 * DAY);
    assert_true(timekeeper_synchronised());
    assert_false(timekeeper_cert_clock().by_clock);
    assert_true(timekeeper_window_ok(B, B + 30 * DAY));
    ticks += HZ;
    hear(0, B + 90 * DAY, B, B + 30 * DAY);
    assert_true(timekeeper_cert_clock().by_clock);
    assert_string_equal(status()->tracking.warning, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(quorum, setup),
        cmocka_unit_test_setup(poisoned_floor, setup),
        cmocka_unit_test_setup(reset_at_once, setup),
        cmocka_unit_test_setup(set_forgets, setup),
        cmocka_unit_test_setup(reset_when_set, setup),
        cmocka_unit_test_setup(rolled_back, setup),
        cmocka_unit_test_setup(strict, setup),
        cmocka_unit_test_setup(strict_after_default, setup),
        cmocka_unit_test_setup(nocerttimecheck, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
