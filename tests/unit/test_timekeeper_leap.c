/* A leap second through services/timekeeper and services/pps, the loop coming
 * round late: the clock read right to the tick, a pulse at every second. The
 * crystal is exact, so UTC is a sum over the counter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/mono.h"
#include "core/utc.h"
#include "port.h"
#include "services/log.h"
#include "services/pps.h"
#include "services/timekeeper.h"
#include "services/version.h"

#define HZ       19200000u
#define MIDNIGHT INT64_C(1798761600) /* 2027-01-01 */
#define BEGIN    600                 /* s before it */
#define MS       (HZ / 1000)

const char gnomon_version[] = "test";
const int64_t gnomon_build_unix = MIDNIGHT - 100 * 86400;

static uint64_t ticks, armed_at;
static uint64_t edge[16];
static unsigned edges, pulses_armed;
static int second; /* of the world: +1 inserted, -1 deleted, 0 */
static struct conf conf;
static struct status_timekeeper status;

int port_temperature(int32_t *millidegrees)
{
    *millidegrees = 40000;
    return RC_STATE;
}

uint64_t port_ticks(void)
{
    return ticks;
}

uint32_t port_tick_hz(void)
{
    return HZ;
}

int port_pps_pin(unsigned pin)
{
    (void)pin;
    return RC_OK;
}

int port_pps_arm(uint64_t at, uint32_t width)
{
    (void)width;
    if (at <= ticks)
        return RC_STATE;
    armed_at = at;
    return RC_OK;
}

void log_at(enum log_severity severity, const void *limit, const char *f, ...)
{
    (void)severity;
    (void)limit;
    (void)f;
}

/* ---- the world ------------------------------------------------------------- */

static uint64_t leap_tick(void)
{
    return (uint64_t)(BEGIN - (second < 0 ? 1 : 0)) * HZ;
}

static ntp64 truth(uint64_t at)
{
    ntp64 utc = utc_of_unix(MIDNIGHT - BEGIN, 0) +
                (uint64_t)utc_ticks_ntp((int64_t)at, HZ);
    return at < leap_tick() ? utc : utc - ((uint64_t)(int64_t)second << 32);
}

static span_ns error(void)
{
    return utc_diff_ns(timekeeper_utc(ticks), truth(ticks));
}

static void answer(unsigned slot, uint8_t leap, span_ns off)
{
    struct ntp_sample s = {.at_ticks = ticks,
                           .delay_ns = 400000,
                           .utc = utc_add_ns(truth(ticks), off),
                           .leap = leap,
                           .stratum = 1,
                           .poll = 4,
                           .server_precision = -24};
    const struct timekeeper_reply reply = {.sample = &s, .reach = 255};
    struct timekeeper_verdict v;
    timekeeper_reply(slot, &reply, &v);
}

/* The loop, `late` ticks after it is due; every pulse's rise is noted. */
static void pass(uint64_t late)
{
    mono_ns now = mono_of_ticks(ticks, HZ);
    mono_ns next = mono_min(timekeeper_poll(now), pps_poll(now));
    mono_ns latest = now + MONO_S;
    uint64_t to = mono_to_ticks(next < latest ? next : latest, HZ) + late;
    to = to > ticks ? to : ticks + 1;
    if (armed_at > ticks && armed_at <= to && edges < LEN(edge))
        edge[edges++] = armed_at;
    ticks = to;
}

static struct status_pps pulses(void)
{
    struct status_pps p;
    pps_status(&p);
    return p;
}

static void begin(const char *text, int leap)
{
    struct timekeeper_start start = {.floor_unix_s = gnomon_build_unix};
    second = leap;
    edges = 0;
    ticks = 1;
    assert_int_equal(conf_parse(&conf, text, strlen(text)), 0);
    timekeeper_init(&conf, &start);
    pps_init(&conf);
    pulses_armed = pulses().armed;
    for (unsigned i = 0; i < 2; i++)
        timekeeper_source(i, &conf.sources[i]);
}

/* Answers every 16 s until 8 s before it. */
static void lead_up(uint8_t leap)
{
    for (uint64_t s = 0; s < (BEGIN - 8) / 16; s++) {
        ticks = 1 + s * 16 * HZ;
        answer((unsigned)s & 1, leap, 0);
        (void)timekeeper_poll(0);
    }
    ticks = (uint64_t)(BEGIN - 4) * HZ + HZ / 3;
    assert_in_range(error() + 100000, 0, 200000);
}

static const char servers[] = "server a\nserver b\npps gpio 18\n";

static uint8_t shown(void)
{
    timekeeper_status(&status);
    assert_int_equal(status.tracking.leap, timekeeper_leap());
    return status.tracking.leap;
}

/* What is served: by then nobody shall take the time (RFC 5905 section 7.3). */
static uint8_t served(uint64_t stamp)
{
    struct ntp_reference ref;
    timekeeper_reference(stamp, &ref);
    assert_int_equal(ref.leap, timekeeper_leap());
    assert_in_range(ref.stratum, 2, 15);
    return ref.leap;
}

static uint8_t wanted(uint8_t bits)
{
    return ticks < leap_tick()                 ? bits
           : ticks < leap_tick() + 2 * HZ - MS ? 3
                                               : 0;
}

/* ---- tests --------------------------------------------------------------- */

/* A frame's stamp may be older than the clock's last change: a client's request
 * that waited in the queue behind our own server's reply. That once stopped the
 * machine; it is read on the line that the clock runs on now. */
static void stamps_from_before_a_change(void **state)
{
    (void)state;
    begin(servers, 0);
    for (uint64_t s = 0; s < 20; s++) {
        ticks = (1 + s) * 16 * HZ;
        answer((unsigned)s & 1, 0, s > 10 ? 50000 : 0);
        for (uint64_t age = 0; age <= HZ / 10; age += HZ / 100) {
            uint64_t stamp = ticks - age;
            span_ns off = utc_diff_ns(timekeeper_utc(stamp), truth(stamp));
            assert_in_range(off - error() + 1000000, 899000, 1101000);
        }
        struct ntp_reference then, now;
        timekeeper_reference(ticks - HZ / 10, &then);
        timekeeper_reference(ticks, &now);
        assert_true(then.root_disp_ns <= now.root_disp_ns);
    }
}

static void across(int leap, uint64_t late)
{
    uint8_t bits = leap > 0 ? 1 : 2;
    begin(servers, leap);
    assert_int_equal(shown(), 3);
    lead_up(bits);
    assert_int_equal(shown(), bits);
    while (ticks < (uint64_t)(BEGIN + 4) * HZ) {
        pass(late);
        assert_in_range(error() + 100000, 0, 200000);
        if (ticks < leap_tick() - MS || ticks > leap_tick() + MS) {
            assert_int_equal(served(ticks), wanted(bits));
            assert_int_equal(shown(), wanted(bits));
        }
    }
    assert_int_equal(shown(), 0);
    /* 4.33 s before midnight to 4 s after it, plain seconds of the counter */
    assert_in_range(edges, 7, 8);
    for (unsigned i = 0; i < edges; i++) {
        uint64_t want = (uint64_t)(BEGIN - 3 + (int)i) * HZ;
        assert_in_range(edge[i], want - 2000, want + 2000);
    }
    assert_in_range(pulses().armed - pulses_armed, edges, edges + 1u);
    assert_int_equal(pulses().missed, 0);
}

static void right_to_the_tick(void **state)
{
    (void)state;
    const uint64_t late[] = {1, 7 * MS, 30 * MS, 80 * MS};
    for (size_t i = 0; i < LEN(late); i++) {
        across(1, late[i]);
        across(-1, late[i]);
    }
}

/* Just before and just after, the loop asleep: what is read, and when the
 * next second begins. */
static void read_before_the_loop_knows(void **state)
{
    (void)state;
    for (int leap = -1; leap <= 1; leap += 2) {
        begin(servers, leap);
        lead_up(leap > 0 ? 1 : 2);
        (void)timekeeper_poll(0);
        for (int i = -50; i < 50; i++) {
            ticks = leap_tick() + (uint64_t)(int64_t)(i * 20000 + 10000);
            assert_in_range(error() + 100000, 0, 200000);
            ntp64 next = ((timekeeper_utc(ticks) >> 32) + 1) << 32;
            uint64_t at = timekeeper_when(ticks, next);
            uint64_t want = (ticks / HZ + 1) * HZ;
            assert_in_range(at, want - 2000, want + 2000);
            /* also to a request that came before it, and waited */
            uint8_t want_leap = i >= 0 ? 3 : leap > 0 ? 1 : 2;
            assert_int_equal(served(ticks), want_leap);
            assert_int_equal(served(ticks - HZ / 4), want_leap);
        }
        assert_int_equal(shown(), 3);
        assert_true(status.tracking.synchronised);
        assert_int_equal(status.tracking.stratum, 2);
        assert_in_range(error() + 100000, 0, 200000);
    }
}

/* Answers near it, wrong by half a second, change nothing; those after it
 * are taken as if nothing had been. */
static void samples_near_it(void **state)
{
    (void)state;
    begin(servers, 1);
    lead_up(1);
    uint32_t good = 0;
    for (int s = -3; s < 4; s++) {
        ticks = (uint64_t)(BEGIN + s) * HZ + HZ / 2;
        answer(0, 0, 500000000);
        assert_in_range(error() + 100000, 0, 200000);
        timekeeper_status(&status);
        if (s == -3)
            good = status.row[0].good;
        assert_int_equal(status.row[0].good, good);
    }
    ticks = (uint64_t)(BEGIN + 7) * HZ;
    answer(0, 0, 0);
    answer(1, 0, 0);
    timekeeper_status(&status);
    assert_int_equal(status.row[0].good, good + 1);
    assert_false(status.row[0].reply.refused);
    assert_in_range(error() + 100000, 0, 200000);
    assert_int_equal(shown(), 0);
}

/* An interleaved answer tells of the exchange before: of before the leap. */
static void a_sample_from_before(void **state)
{
    (void)state;
    begin(servers, 1);
    lead_up(1);
    timekeeper_status(&status);
    uint32_t good = status.row[0].good;
    struct ntp_sample s = {.at_ticks = ticks,
                           .utc = truth(ticks) - ((uint64_t)3 << 32),
                           .delay_ns = 400000,
                           .stratum = 1,
                           .poll = 4,
                           .server_precision = -24};
    s.at_ticks -= 3 * HZ;
    while (ticks < (uint64_t)(BEGIN + 8) * HZ)
        pass(7 * MS);
    const struct timekeeper_reply reply = {.sample = &s, .reach = 255};
    struct timekeeper_verdict v;
    timekeeper_reply(0, &reply, &v);
    timekeeper_status(&status);
    assert_int_equal(status.row[0].good, good);
    assert_false(status.row[0].reply.refused);
    assert_in_range(error() + 100000, 0, 200000);
}

static void slewed(void **state)
{
    (void)state;
    begin("server a\nserver b\nleapsecmode slew\n", 1);
    lead_up(1);
    while (ticks < (uint64_t)(BEGIN + 1000) * HZ)
        pass(7 * MS);
    /* half of it is done by then; never a jump */
    assert_in_range(error(), 480000000, 520000000);
    while (ticks < (uint64_t)(BEGIN + 2100) * HZ)
        pass(7 * MS);
    assert_in_range(error() + 200000, 0, 400000);
}

static void ignored(void **state)
{
    (void)state;
    begin("server a\nserver b\nleapsecmode ignore\n", 1);
    lead_up(1);
    assert_int_equal(shown(), 1);
    while (ticks < (uint64_t)(BEGIN + 4) * HZ)
        pass(7 * MS);
    assert_in_range(error(), 999900000, 1000100000);
    assert_int_equal(shown(), 0);
}

static void a_liar_alone(void **state)
{
    (void)state;
    begin(servers, 0);
    for (uint64_t s = 0; s < 37; s++) {
        ticks = 1 + s * 16 * HZ;
        answer((unsigned)s & 1, s & 1, 0);
        (void)timekeeper_poll(0);
        if (s > 4)
            assert_int_equal(shown(), 0);
    }
    while (ticks < (uint64_t)(BEGIN + 4) * HZ)
        pass(7 * MS);
    assert_in_range(error() + 100000, 0, 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stamps_from_before_a_change),
        cmocka_unit_test(right_to_the_tick),
        cmocka_unit_test(read_before_the_loop_knows),
        cmocka_unit_test(samples_near_it),
        cmocka_unit_test(a_sample_from_before),
        cmocka_unit_test(slewed),
        cmocka_unit_test(ignored),
        cmocka_unit_test(a_liar_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
