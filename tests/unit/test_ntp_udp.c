/* The NTP client's datagrams: a new port for each request, only the asked
 * server's answers, and each to the slot that asked. The sockets are the
 * test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "adapters/net_udp.h"
#include "core/limit.h"
#include "services/ntp_udp.h"

static struct net_udp *at; /* the socket that was used last                */
static char calls[32];
static uint16_t local_port, peer_port;
static struct addr peer;
static int open_rc, send_rc;
static unsigned sent_slot, left_slot, got_slot, sents, lefts, gots;
static uint64_t sent_stamp, left_stamp, got_stamp;

static void note(char c)
{
    size_t n = strlen(calls);
    assert_true(n + 1 < sizeof calls);
    calls[n] = c;
    calls[n + 1] = 0;
}

void net_udp_close(struct net_udp *u)
{
    at = u;
    note('c');
}

int net_udp_open(struct net_udp *u, uint16_t port)
{
    assert_ptr_equal(u, at);
    local_port = port;
    assert_int_equal(u->dscp, 46);
    note('o');
    return open_rc;
}

void net_udp_connect(struct net_udp *u, const struct addr *to, uint16_t port)
{
    assert_ptr_equal(u, at);
    peer = *to;
    peer_port = port;
    note('n');
}

int net_udp_send(struct net_udp *u, const struct addr *to, uint16_t port,
                 const uint8_t *msg, size_t len)
{
    assert_true(u == at && addr_equal(to, &peer) && port == peer_port);
    assert_true(len == 3 && memcmp(msg, "abc", 3) == 0);
    note('s');
    return send_rc;
}

static void on_sent(unsigned slot, uint64_t stamp)
{
    sents++;
    sent_slot = slot;
    sent_stamp = stamp;
}

static void on_wire(unsigned slot, uint64_t stamp)
{
    lefts++;
    left_slot = slot;
    left_stamp = stamp;
}

static void on_received(unsigned slot, uint64_t stamp, const uint8_t *msg,
                        size_t len)
{
    assert_true(len > 0 && msg[0] == 'r');
    gots++;
    got_slot = slot;
    got_stamp = stamp;
}

static int setup(void **state)
{
    (void)state;
    calls[0] = 0;
    open_rc = send_rc = RC_OK;
    sents = lefts = gots = 0;
    ntp_udp_init(46, on_sent, on_wire, on_received);
    return 0;
}

static const struct addr server = {.family = 4, .b = {192, 0, 2, 9}};

static int request(unsigned slot)
{
    return ntp_udp_send(slot, &server, 123, (const uint8_t *)"abc", 3);
}

static void a_new_port_each_time(void **state)
{
    (void)state;
    assert_int_equal(request(4), RC_OK);
    assert_string_equal(calls, "cons"); /* the old one hears nothing more */
    assert_int_equal(local_port, 0);    /* one at random */
    struct net_udp *first = at;
    assert_int_equal(request(4), RC_OK);
    assert_string_equal(calls, "conscons");
    assert_ptr_equal(at, first);
    assert_int_equal(request(5), RC_OK);
    assert_ptr_not_equal(at, first);
    assert_true(addr_equal(&peer, &server) && peer_port == 123);
}

static void whose_it_is(void **state)
{
    (void)state;
    static const uint8_t big[LIMIT_NTP_PACKET + 1] = {'r'};
    for (unsigned slot = 0; slot < LIMIT_SOURCES; slot += LIMIT_SOURCES - 1) {
        assert_int_equal(request(slot), RC_OK);
        at->sent(at->arg, 700 + slot, big, 3);
        assert_true(sent_slot == slot && sent_stamp == 700 + slot);
        at->left(at->arg, 750 + slot, big, 3);
        assert_true(left_slot == slot && left_stamp == 750 + slot);
        struct net_udp_datagram d = {
            .stamp = 800 + slot, .msg = big, .len = LIMIT_NTP_PACKET};
        at->received(at->arg, &d);
        assert_true(got_slot == slot && got_stamp == 800 + slot);
        d.len++; /* longer than any answer to a request of ours */
        at->received(at->arg, &d);
    }
    assert_true(sents == 2 && lefts == 2 && gots == 2);
}

static void what_may_fail(void **state)
{
    (void)state;
    open_rc = RC_STATE; /* no entropy for a port: nothing leaves */
    assert_int_equal(request(1), RC_STATE);
    assert_string_equal(calls, "co");
    open_rc = RC_OK;
    send_rc = RC_IO;
    assert_int_equal(request(1), RC_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_port_each_time, setup),
        cmocka_unit_test_setup(whose_it_is, setup),
        cmocka_unit_test_setup(what_may_fail, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
