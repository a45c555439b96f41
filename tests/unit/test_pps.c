/* The pulse per second's service: armed for the right counter values, once a
 * second, whatever the loop does meanwhile. Time moves by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/clk.h"
#include "core/mono.h"
#include "port.h"
#include "services/log.h"
#include "services/pps.h"
#include "services/timekeeper.h"

#define HZ 19200000u

static uint64_t ticks, armed_at;
static uint32_t armed_width;
static unsigned armed, gpio;
static bool synchronised;
static struct clk clk;

/* ---- the machine and the clock, as far as pps.c knows them --------------- */

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
    gpio = pin;
    return pin == 15 ? RC_BAD : RC_OK;
}

int port_pps_arm(uint64_t at, uint32_t width)
{
    if (at <= ticks)
        return RC_STATE;
    armed++;
    armed_at = at;
    armed_width = width;
    return RC_OK;
}

bool timekeeper_synchronised(void)
{
    return synchronised;
}

ntp64 timekeeper_utc(uint64_t t)
{
    return clk_at(&clk, t);
}

uint64_t timekeeper_when(uint64_t from, ntp64 utc)
{
    return clk_when(&clk, from, utc);
}

void log_at(enum log_severity severity, const void *limit, const char *f, ...)
{
    (void)severity;
    (void)limit;
    (void)f;
}

/* ---- a run ------------------------------------------------------------------ */

struct run {
    unsigned pulses, wrong;
};

/* The loop comes back `late` after what pps_poll asked for. A pulse rises
 * when the counter passes the armed value, at a whole second of the clock. */
static struct run run_for(double seconds, mono_ns late)
{
    struct run r = {0};
    uint64_t end = ticks + (uint64_t)(seconds * HZ), last = 0;
    while (ticks < end) {
        mono_ns next = pps_poll(mono_of_ticks(ticks, HZ));
        if (next == MONO_NEVER)
            break;
        uint64_t to = mono_to_ticks(next + late, HZ);
        if (to <= ticks)
            to = ticks + 1;
        if (armed_at > ticks && armed_at <= to && armed_at != last) {
            last = armed_at;
            r.pulses++;
            ntp64 before = clk_at(&clk, armed_at - 1);
            if ((clk_at(&clk, armed_at) >> 32) == (before >> 32))
                r.wrong++;
        }
        ticks = to;
    }
    return r;
}

static int begin(void **state)
{
    static struct conf conf;
    (void)state;
    conf = (struct conf){.pps = true, .pps_gpio = 18, .pps_width_ms = 100};
    ticks = 12345678;
    armed = 0;
    armed_at = 0;
    synchronised = true;
    clk_init(&clk, HZ, ticks, (UINT64_C(0xee000000) << 32) + 0x12345678);
    (void)clk_set_rate(&clk, ticks, 37000000);
    pps_init(&conf);
    return 0;
}

static void a_pulse_a_second(void **state)
{
    (void)state;
    struct run r = run_for(100, 200000);
    assert_in_range(r.pulses, 99, 101);
    assert_int_equal(r.wrong, 0);
    assert_int_equal(armed_width, HZ / 10);
    assert_int_equal(gpio, 18);
    struct status_pps p;
    pps_status(&p);
    assert_int_equal(p.missed, 0);
}

static void a_slow_loop_costs_nothing(void **state)
{
    (void)state;
    struct run r = run_for(100, 80 * MONO_MS);
    assert_in_range(r.pulses, 99, 101);
    assert_int_equal(r.wrong, 0);
}

static void none_before_synchronised(void **state)
{
    (void)state;
    synchronised = false;
    assert_int_equal(run_for(10, 0).pulses, 0);
    assert_int_equal(armed, 0);
    synchronised = true;
    assert_in_range(run_for(10, 0).pulses, 9, 11);
}

/* Steering between the two armings is followed; a step moves the pulse. */
static void follows_the_clock(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        (void)clk_set_rate(&clk, ticks, i % 2 ? 500000000 : -500000000);
        if (i % 10 == 9)
            clk_step(&clk, ticks, (int64_t)((uint64_t)i << 28));
        assert_int_equal(run_for(1.93, 100000).wrong, 0);
    }
}

static void a_pin_in_use_is_refused(void **state)
{
    (void)state;
    static const struct conf c = {
        .pps = true, .pps_gpio = 15, .pps_width_ms = 100};
    pps_init(&c);
    assert_true(pps_poll(0) == MONO_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_pulse_a_second, begin),
        cmocka_unit_test_setup(a_slow_loop_costs_nothing, begin),
        cmocka_unit_test_setup(none_before_synchronised, begin),
        cmocka_unit_test_setup(follows_the_clock, begin),
        cmocka_unit_test_setup(a_pin_in_use_is_refused, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
