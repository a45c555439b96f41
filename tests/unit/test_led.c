/* The LED's pattern for each state, and the service that shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mono.h"
#include "port.h"
#include "services/crashloop.h"
#include "services/led.h"
#include "services/timekeeper.h"

#define PHASE_NS 370000000 /* UTC's second begins so far into ours */

static enum led_state state_now;
static bool lit;
static unsigned changes;
static mono_ns now;

/* ---- the machine and the clock, as far as led.c knows them --------------- */

void port_led(bool on)
{
    lit = on;
    changes++;
}

uint64_t port_ticks(void)
{
    return (uint64_t)now;
}

bool timekeeper_synchronised(void)
{
    return state_now == LED_SYNCHRONISED || state_now == LED_HOLD_OVER;
}

ntp64 timekeeper_utc(uint64_t t)
{
    uint64_t ns = t + (uint64_t)(MONO_S - PHASE_NS);
    return ns / MONO_S << 32 | (ns % MONO_S << 32) / MONO_S;
}

bool timekeeper_hold_over(void)
{
    return state_now == LED_HOLD_OVER;
}

bool crashloop_waits(void)
{
    return state_now == LED_CRASHED;
}

/* ---- the tests -------------------------------------------------------------- */

static const char *const wanted[] = {
    [LED_UNSYNCHRONISED] = "#.#.#.#.#.",
    [LED_SYNCHRONISED] = "#.........",
    [LED_HOLD_OVER] = "#.#.......",
    [LED_CRASHED] = "#####.....",
};

static void pattern_of_each_state(void **state)
{
    (void)state;
    for (unsigned s = 0; s < LEN(wanted); s++)
        for (uint32_t tenth = 0; tenth < 10; tenth++) {
            bool on = wanted[s][tenth] == '#';
            uint32_t ns = tenth * 100000000;
            assert_int_equal(led_lit((enum led_state)s, ns), on);
            assert_int_equal(led_lit((enum led_state)s, ns + 99999999), on);
        }
}

/* Looked at whenever led_poll wants to run, which is seldom. */
static void shown(enum led_state s, mono_ns second)
{
    state_now = s;
    led_init();
    assert_false(lit);
    changes = 0;
    unsigned polls = 0;
    mono_ns next = now = 5 * MONO_S + second;
    for (int ms = 0; ms < 3000; ms++, now += MONO_MS) {
        if (now >= next) {
            next = led_poll(now);
            assert_true(next > now);
            polls++;
        }
        if (ms % 100 == 50) /* the middle of a tenth */
            assert_int_equal(lit, wanted[s][ms / 100 % 10] == '#');
    }
    assert_in_range(polls, 25, 65);
    assert_in_range(changes, 6, 30);
}

static void follows_the_second_of_utc(void **state)
{
    (void)state;
    shown(LED_SYNCHRONISED, PHASE_NS);
    shown(LED_HOLD_OVER, PHASE_NS);
}

static void or_its_own_where_there_is_no_utc(void **state)
{
    (void)state;
    shown(LED_UNSYNCHRONISED, 0);
    shown(LED_CRASHED, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pattern_of_each_state),
        cmocka_unit_test(follows_the_second_of_utc),
        cmocka_unit_test(or_its_own_where_there_is_no_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
