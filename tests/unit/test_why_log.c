/* What the log says of a clock that is not set: each cause once, after a
 * moment, and not a line for each second's time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/mono.h"
#include "port.h"
#include "services/log.h"
#include "services/snapshot.h"
#include "services/why_log.h"

static struct status s;
static mono_ns now;

uint64_t port_ticks(void)
{
    return (uint64_t)now;
}

uint32_t port_tick_hz(void)
{
    return 1000000000;
}

size_t port_console(const char *text, size_t len)
{
    (void)text;
    return len;
}

const struct status *snapshot_take(void)
{
    return &s;
}

static int setup(void **state)
{
    (void)state;
    memset(&s, 0, sizeof s);
    now = MONO_S;
    s.sources.count = 2;
    s.net.link = true;
    s.net.addr4.family = s.net.gateway4.family = 4;
    s.net.dhcp = STATUS_DHCP_LEASE;
    s.net.nameservers = 1;
    for (unsigned i = 0; i < 2; i++) {
        strcpy(s.sources.row[i].name, i ? "b.test" : "a.test");
        s.sources.row[i].last_rx_ago_s = -1;
        s.timekeeper.row[i].select.letter = 'M';
    }
    strcpy(s.timekeeper.tracking.why, "0 of 2 sources agree, 2 needed");
    log_init();
    why_log_init();
    return 0;
}

static void run(unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++, now += MONO_S)
        assert_true(why_log_poll(now) > now);
}

static unsigned lines(void)
{
    return log_ring()->next;
}

static bool last_is(const char *text)
{
    uint32_t at = lines() - 1, missed;
    const char *line = logring_read(log_ring(), &at, &missed);
    return line && strstr(line, text) != NULL;
}

/* The start has its time; the clock that runs ahead of that is quiet. */
static void a_start(void **state)
{
    (void)state;
    run(9);
    assert_int_equal(lines(), 0);
    s.timekeeper.tracking.synchronised = true;
    run(60);
    assert_int_equal(lines(), 0);
}

static void each_cause_once(void **state)
{
    (void)state;
    s.net.link = false;
    run(100);
    assert_int_equal(lines(), 1);
    assert_true(last_is("clock not set: no Ethernet link"));
    s.net.link = true;
    strcpy(s.sources.row[0].trouble, "says 2007-01-01 00:00:00, before the "
                                     "time floor: not believed");
    run(3);
    assert_int_equal(lines(), 2);
    for (unsigned i = 0; i < 50; i++) { /* its clock runs, too */
        s.sources.row[0].trouble[23] = (char)('0' + i % 10);
        run(1);
    }
    assert_int_equal(lines(), 2);
    s.net.link = false; /* known already */
    run(100);
    assert_int_equal(lines(), 2);
    run(6 * 3600); /* but it lasts */
    assert_int_equal(lines(), 3);
    assert_true(last_is("no Ethernet link"));
}

/* A cause that changes all the time: a line in ten seconds. */
static void no_flood(void **state)
{
    (void)state;
    char *text = s.sources.row[0].trouble;
    for (unsigned i = 0; i < 26; i++) {
        text[0] = (char)('a' + i);
        run(3);
    }
    assert_in_range(lines(), 5, 8);
}

static void in_hold_over(void **state)
{
    (void)state;
    struct status_tracking *k = &s.timekeeper.tracking;
    k->synchronised = k->alone = true;
    strcpy(k->why, "no usable source");
    strcpy(s.sources.row[0].trouble, "no answer");
    strcpy(s.sources.row[1].trouble, "no answer");
    run(5);
    assert_int_equal(lines(), 1);
    assert_true(last_is("clock runs on alone: no usable source: a.test and "
                        "b.test: no answer"));
    k->alone = false;
    run(5);
    k->alone = true; /* again is news */
    run(20);
    assert_int_equal(lines(), 2);
}

static void one_source(void **state)
{
    (void)state;
    s.sources.count = 1;
    s.timekeeper.tracking.synchronised = true;
    run(50);
    assert_int_equal(lines(), 1);
    assert_true(last_is("note: one source alone"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_start, setup),
        cmocka_unit_test_setup(each_cause_once, setup),
        cmocka_unit_test_setup(no_flood, setup),
        cmocka_unit_test_setup(in_hold_over, setup),
        cmocka_unit_test_setup(one_source, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
