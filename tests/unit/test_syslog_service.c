/* services/syslog over a double of the network: what was logged before there is
 * one, a server that nobody finds, a ring that overtakes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "adapters/net.h"
#include "adapters/net_udp.h"
#include "core/mono.h"
#include "core/utc.h"
#include "port.h"
#include "services/log.h"
#include "services/syslog.h"
#include "services/timekeeper.h"

static uint64_t ticks; /* of a microsecond */
static bool up;
static enum { LEAVES, STAYS, NO_ROUTE } wire;
static struct conf conf;
static struct {
    bool synchronised;
    mono_ns first_sync;
    span_ns bound_ns;
} tk;
static struct net_udp *socket_of[LIMIT_SYSLOG];
static size_t sockets;
static char said[2000][300];
static struct addr said_to[2000];
static size_t count;

uint64_t port_ticks(void)
{
    return ticks;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

size_t port_console(const char *s, size_t len)
{
    (void)s;
    return len;
}

bool net_up(void)
{
    return up;
}

int net_udp_open(struct net_udp *u, uint16_t port)
{
    assert_int_equal(port, 0);
    u->pcb = u;
    socket_of[sockets++] = u;
    return RC_OK;
}

int net_udp_send(struct net_udp *u, const struct addr *to, uint16_t port,
                 const uint8_t *msg, size_t len)
{
    assert_true(port == 514 || port == 5514);
    if (wire == NO_ROUTE)
        return RC_IO;
    snprintf(said[count], sizeof said[0], "%.*s", (int)len, (const char *)msg);
    said_to[count++] = *to;
    if (wire == LEAVES)
        u->sent(u->arg, 0, msg, len);
    return RC_OK;
}

bool timekeeper_figures(struct history_state *out)
{
    if (tk.synchronised)
        *out = (struct history_state){.bound_ns = tk.bound_ns};
    return tk.synchronised;
}

mono_ns timekeeper_first_sync(void)
{
    return tk.first_sync;
}

/* The clock stands on its last correction, and knows nothing before it. */
ntp64 timekeeper_utc(uint64_t at_ticks)
{
    assert_true(at_ticks == ticks);
    return utc_of_unix(1795392000 + (int64_t)(at_ticks / 1000000),
                       (uint32_t)(at_ticks % 1000000) * 1000);
}

int64_t timekeeper_unix_of(ntp64 utc)
{
    return utc_unix_s(utc, 1795392000);
}

static void run(mono_ns ns)
{
    for (uint64_t end = ticks + (uint64_t)ns / 1000; ticks < end;
         ticks += 1000) {
        mono_ns now = port_mono();
        assert_true(syslog_poll(now) > now);
    }
}

static int setup(void **state)
{
    (void)state;
    memset(&conf, 0, sizeof conf);
    memset(&tk, 0, sizeof tk);
    strcpy(conf.hostname, "gnomon");
    conf.syslog_count = 1;
    conf.syslog[0].addr = (struct addr){.family = 4, .b = {192, 0, 2, 9}};
    conf.syslog[0].port = 514;
    ticks = 0;
    count = sockets = 0;
    up = true;
    wire = LEAVES;
    tk.first_sync = -1;
    log_init();
    return 0;
}

static struct status_syslog status(void)
{
    struct status_syslog s;
    syslog_status(&s);
    return s;
}

static void from_the_first_line_on(void **state)
{
    (void)state;
    up = false;
    log_line("one");
    syslog_init(&conf);
    log_at(LOG_ERROR, NULL, "two [with a bracket] ]");
    run(MONO_S);
    assert_int_equal(count, 0);
    up = true;
    run(MONO_S);
    assert_int_equal(count, 2);
    assert_memory_equal(said[0], "<102>1 - gnomon gnomon - - [timeQuality", 39);
    assert_non_null(strstr(said[0], "sequenceId=\"1\" sysUpTime=\"0\"] one"));
    assert_memory_equal(said[1], "<99>1 - ", 8);
    assert_non_null(strstr(said[1], "] two [with a bracket] ]"));
    assert_int_equal(status().row[0].sent, 2);
}

/* A line has the time when it was logged, not when it is sent. */
static void times(void **state)
{
    (void)state;
    syslog_init(&conf);
    log_line("before");
    run(MONO_S / 2);
    up = false;
    ticks = 1500000;
    tk.synchronised = true;
    tk.first_sync = 1500 * MONO_MS;
    tk.bound_ns = 5000;
    log_line("set");
    run(MONO_S);
    up = true;
    run(MONO_S);
    assert_int_equal(count, 2);
    assert_memory_equal(said[1], "<102>1 2026-11-23T00:00:01.500000Z gnomon",
                        41);
    assert_non_null(strstr(said[1], "isSynced=\"1\" syncAccuracy=\"6\"]"));
}

static void ring_overtakes(void **state)
{
    (void)state;
    syslog_init(&conf);
    up = false;
    for (int i = 0; i < LIMIT_LOG_LINES + 44; i++)
        log_line("line %d", i);
    up = true;
    run(MONO_S);
    assert_true(count <= 101); /* so many a second */
    run(4 * MONO_S);
    assert_int_equal(count, LIMIT_LOG_LINES);
    assert_non_null(strstr(said[0], "sequenceId=\"45\""));
    assert_non_null(strstr(said[0], "] line 44"));
    assert_int_equal(status().row[0].lost, 44);
    assert_int_equal(status().row[0].waiting, 0);
}

/* Nobody has its address: one line waits, no more are thrown after it. */
static void nobody_there(void **state)
{
    (void)state;
    wire = STAYS;
    syslog_init(&conf);
    for (int i = 0; i < 5; i++)
        log_line("line %d", i);
    run(9 * MONO_S);
    assert_int_equal(count, 1);
    assert_true(status().row[0].mute);
    assert_int_equal(status().row[0].waiting, 5);
    run(52 * MONO_S);
    assert_in_range(count, 5, 7);
    wire = LEAVES;
    count = 0;
    run(11 * MONO_S);
    assert_int_equal(count, 5);
    assert_non_null(strstr(said[0], "] line 0"));
    assert_non_null(strstr(said[4], "] line 4"));
    assert_false(status().row[0].mute);
    socket_of[0]->sent(socket_of[0]->arg, 0, NULL, 0); /* the late one */
    assert_int_equal(status().row[0].sent, 5);
}

static void no_route(void **state)
{
    (void)state;
    wire = NO_ROUTE;
    syslog_init(&conf);
    log_line("line");
    run(MONO_S);
    wire = LEAVES;
    run(MONO_S);
    assert_int_equal(count, 1);
}

static void each_server_for_itself(void **state)
{
    (void)state;
    conf.syslog_count = 2;
    conf.syslog[1].addr = (struct addr){.family = 4, .b = {192, 0, 2, 10}};
    conf.syslog[1].port = 5514;
    syslog_init(&conf);
    log_line("line");
    run(MONO_S);
    assert_int_equal(count, 2);
    assert_int_equal(said_to[0].b[3], 9);
    assert_int_equal(said_to[1].b[3], 10);
}

static void none_configured(void **state)
{
    (void)state;
    conf.syslog_count = 0;
    syslog_init(&conf);
    log_line("line");
    run(MONO_S);
    assert_int_equal(count, 0);
    assert_int_equal(sockets, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(from_the_first_line_on, setup),
        cmocka_unit_test_setup(times, setup),
        cmocka_unit_test_setup(ring_overtakes, setup),
        cmocka_unit_test_setup(nobody_there, setup),
        cmocka_unit_test_setup(no_route, setup),
        cmocka_unit_test_setup(each_server_for_itself, setup),
        cmocka_unit_test_setup(none_configured, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
