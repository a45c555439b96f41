/* A restart that was asked for: what is saved before, how long it waits for
 * the card, and that it waits for nothing where nothing has been started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "adapters/net_mdns.h"
#include "core/mono.h"
#include "port.h"
#include "services/crashloop.h"
#include "services/log.h"
#include "services/restart.h"
#include "services/sources.h"
#include "services/store.h"
#include "services/timefloor.h"
#include "services/timekeeper.h"

static mono_ns now;
static bool waits, idle, came_late, unprinted;
static uint32_t boots;
static unsigned resets;
static char saved[8];

uint64_t port_ticks(void)
{
    return (uint64_t)now / 1000;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

bool crashloop_waits(void)
{
    return waits;
}

void timefloor_save(void)
{
    strcat(saved, "f");
}

void sources_save(void)
{
    strcat(saved, "s");
}

void net_mdns_leave(void)
{
    strcat(saved, "n");
}

bool store_idle(void)
{
    return idle;
}

bool store_came_late(void)
{
    return came_late;
}

void port_info(struct port_info *out)
{
    *out = (struct port_info){.boots = boots};
}

void log_at(enum log_severity severity, const void *limit, const char *f, ...)
{
    (void)severity;
    (void)limit;
    (void)f;
}

bool log_pending(void)
{
    return unprinted;
}

_Noreturn void port_reset(void)
{
    resets++;
    mock_assert(0, "reset", __FILE__, __LINE__);
    for (;;)
        ;
}

static int setup(void **state)
{
    (void)state;
    now = 77 * MONO_S;
    waits = idle = came_late = unprinted = false;
    resets = 0;
    saved[0] = 0;
    return 0;
}

static void not_unasked(void **state)
{
    (void)state;
    idle = true;
    assert_true(restart_poll(now) > now);
    assert_true(restart_poll(now + 1000 * MONO_S) > now + 1000 * MONO_S);
    assert_int_equal(resets, 0);
}

/* Before anything was started there is nothing to save. */
static void at_once_while_it_waits(void **state)
{
    (void)state;
    waits = true;
    expect_assert_failure(restart_request());
    assert_int_equal(resets, 1);
    assert_string_equal(saved, "");
}

static void when_the_card_has_it(void **state)
{
    (void)state;
    restart_request();
    assert_string_equal(saved, "fsn");
    assert_int_equal(resets, 0); /* the answer still goes out */
    for (; now < 78 * MONO_S; now += 100 * MONO_MS)
        assert_true(restart_poll(now) <= now + MONO_MS);
    assert_int_equal(resets, 0);
    idle = true;
    expect_assert_failure((void)restart_poll(now));
    assert_int_equal(resets, 1);
}

static void or_two_seconds_later(void **state)
{
    (void)state;
    restart_request();
    (void)restart_poll(now + 2 * MONO_S - 1);
    assert_int_equal(resets, 0);
    expect_assert_failure((void)restart_poll(now + 2 * MONO_S));
    assert_int_equal(resets, 1);
}

/* A card that could not be read at start has the configuration. Not for ever:
 * a card that is readable now and then would keep the board starting. */
static void when_a_card_comes_late(void **state)
{
    (void)state;
    idle = true;
    came_late = true;
    boots = 6;
    assert_true(restart_poll(now) > now);
    boots = 5;
    assert_true(restart_poll(now) > now); /* this run has decided */
    assert_int_equal(resets, 0);
    assert_string_equal(saved, "");
    came_late = false;
    assert_true(restart_poll(now) > now);
}

static void a_late_card_restarts(void **state)
{
    (void)state;
    idle = true;
    came_late = true;
    boots = 5;
    (void)restart_poll(now);
    (void)restart_poll(now + 20 * MONO_MS - 1); /* frames go out meanwhile */
    assert_int_equal(resets, 0);
    expect_assert_failure((void)restart_poll(now + 20 * MONO_MS));
    assert_int_equal(resets, 1);
    assert_string_equal(saved, "fsn");
}

/* Before: the lines that say why it restarts were lost with it. */
static void when_the_log_has_said_why(void **state)
{
    (void)state;
    idle = unprinted = came_late = true;
    assert_true(restart_poll(now) <= now + MONO_MS);
    now += 20 * MONO_MS;
    assert_true(restart_poll(now) <= now + MONO_MS);
    assert_int_equal(resets, 0);
    unprinted = false;
    expect_assert_failure((void)restart_poll(now));
    assert_int_equal(resets, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(not_unasked, setup),
        cmocka_unit_test_setup(when_a_card_comes_late, setup),
        cmocka_unit_test_setup(a_late_card_restarts, setup),
        cmocka_unit_test_setup(when_the_log_has_said_why, setup),
        cmocka_unit_test_setup(at_once_while_it_waits, setup),
        cmocka_unit_test_setup(when_the_card_has_it, setup),
        cmocka_unit_test_setup(or_two_seconds_later, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
