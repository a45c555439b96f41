/* The superloop's promises: order, sleep, the watchdog, the longest polls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/mono.h"
#include "port.h"
#include "services/superloop.h"

static mono_ns now, slept_until;
static char order[32];

static void note(char c)
{
    size_t n = strlen(order);
    assert_true(n + 1 < sizeof order);
    order[n] = c;
    order[n + 1] = 0;
}

uint64_t port_ticks(void)
{
    return (uint64_t)now / 1000;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

void port_poll(void)
{
    note('p');
}

void port_watchdog_kick(void)
{
    note('w');
}

void port_idle(uint64_t until_ticks)
{
    note('i');
    slept_until = (mono_ns)until_ticks * 1000;
}

static mono_ns quick(mono_ns at)
{
    note('q');
    assert_true(at == now);
    now += 2 * MONO_US;
    return at + 70 * MONO_MS;
}

static mono_ns slow(mono_ns at)
{
    note('s');
    assert_true(at == now); /* not when the pass began */
    now += strlen(order) < 6 ? 9 * MONO_MS : MONO_US;
    return at + 40 * MONO_MS;
}

static const struct superloop_service table[] = {{"quick", quick, false},
                                                 {"slow", slow, true}};

static void a_pass(void **state)
{
    static struct status_loop l;
    (void)state;
    now = MONO_S;
    superloop_init(table, LEN(table));
    superloop_pass(false);
    assert_string_equal(order, "pqswi"); /* kicked only after all came back */
    assert_true(slept_until == MONO_S + 2 * MONO_US + 40 * MONO_MS);
    superloop_pass(true);
    assert_string_equal(order, "pqswipswi");
    superloop_status(&l);
    assert_int_equal(l.count, 3);
    assert_string_equal(l.poll[0].name, "quick");
    assert_string_equal(l.poll[1].name, "slow");
    assert_string_equal(l.poll[2].name, "whole pass");
    assert_true(l.poll[0].longest_ns == 2 * MONO_US);
    assert_true(l.poll[1].longest_ns == 9 * MONO_MS);
    assert_true(l.poll[2].longest_ns == 9 * MONO_MS + 2 * MONO_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_pass)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
