/* adapters/net_tcp on frames made by hand: a connection made, refused, reset,
 * ended by either side, accepted or not, and what a peer that falls silent
 * may hold of ours. The tests share one lwIP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adapters/net_tcp.h"
#include "core/limit.h"
#include "net_segments.h"

static struct conf conf;

static const struct addr router = {.family = 4, .b = {10, 9, 0, 1}};

/* Its Ethernet address is asked for, and known for five minutes. */
static void meet_router(void)
{
    struct frame f;
    struct net_tcp t = {0};
    assert_int_equal(net_tcp_connect(&t, &router, 1), RC_OK);
    run(10, NULL);
    arp_reply(&f, router_ip);
    arrive(&f, sim.ticks);
    run(10, NULL);
    net_tcp_abort(&t);
}

static bool is_text(const struct frame *f, const char *text)
{
    size_t head = (size_t)(f->b[46] >> 4) * 4;
    return memcmp(f->b + 34 + head, text, strlen(text)) == 0;
}

static void connect_to(struct net_tcp *t, unsigned port)
{
    forget_sent();
    peer = (struct peer){.port = port, .seq = 1000};
    assert_int_equal(net_tcp_connect(t, &router, (uint16_t)port), RC_OK);
    assert_int_equal(t->state, NET_TCP_CONNECTING);
    const struct frame *f = segment();
    assert_non_null(f);
    assert_int_equal(flags_of(f), SYN);
    assert_int_equal(at16(f->b + 36), port);
}

static void open_to(struct net_tcp *t, unsigned port)
{
    connect_to(t, port);
    tcp_frame(SYN | ACK, "");
    run(2, NULL);
    assert_int_equal(t->state, NET_TCP_OPEN);
}

static void test_bytes(void **state)
{
    (void)state;
    struct net_tcp t = {0};
    uint8_t buf[32];
    open_to(&t, 4460);
    assert_int_equal(net_tcp_read(&t, buf, sizeof buf), RC_AGAIN);
    assert_int_equal(net_tcp_write(&t, (const uint8_t *)"hello", 5), 5);
    const struct frame *f = run(100, is_tcp);
    while (f && !(flags_of(f) & PSH))
        f = run(100, is_tcp);
    assert_non_null(f);
    assert_true(is_text(f, "hello"));
    peer.ack += 5;
    tcp_frame(ACK | PSH, "good ");
    tcp_frame(ACK | PSH, "morning");
    run(2, NULL);
    assert_int_equal(net_tcp_read(&t, buf, 3), 3);
    assert_int_equal(net_tcp_read(&t, buf + 3, sizeof buf - 3), 9);
    assert_memory_equal(buf, "good morning", 12);
    tcp_frame(ACK | PSH, "bye");
    tcp_frame(ACK | FIN, "");
    run(2, NULL);
    assert_int_equal(t.state, NET_TCP_EOF);
    assert_int_equal(net_tcp_read(&t, buf, sizeof buf), 3);
    assert_int_equal(net_tcp_read(&t, buf, sizeof buf), 0);
    assert_int_equal(net_tcp_write(&t, buf, 1), 1); /* half of it is ours */
    net_tcp_close(&t);
    assert_int_equal(t.state, NET_TCP_CLOSED);
    net_tcp_close(&t); /* a second time: nothing */
    net_tcp_abort(&t);
}

/* Written before the connection is there, as a TLS client does. */
static void test_early(void **state)
{
    (void)state;
    struct net_tcp t = {0};
    connect_to(&t, 4460);
    assert_int_equal(net_tcp_write(&t, (const uint8_t *)"early", 5), 5);
    tcp_frame(SYN | ACK, "");
    const struct frame *f = run(100, is_tcp);
    while (f && !(flags_of(f) & PSH))
        f = run(1000, is_tcp);
    assert_non_null(f);
    assert_true(is_text(f, "early"));
    net_tcp_abort(&t);
}

/* More than the peer takes: it is kept for later, then there is no room. */
static void test_full(void **state)
{
    (void)state;
    static const uint8_t much[1000];
    struct net_tcp t = {0};
    open_to(&t, 4460);
    int rc, sum = 0;
    while ((rc = net_tcp_write(&t, much, sizeof much)) > 0)
        sum += rc;
    assert_int_equal(rc, RC_AGAIN);
    assert_true(sum >= 4000 && sum < 65536);
    net_tcp_abort(&t);
}

static void test_refused(void **state)
{
    (void)state;
    struct net_tcp t = {0};
    uint8_t b = 0;
    connect_to(&t, 4460);
    tcp_frame(RST | ACK, "");
    run(2, NULL);
    assert_int_equal(t.state, NET_TCP_REFUSED);
    assert_int_equal(net_tcp_read(&t, &b, 1), RC_IO);
    assert_int_equal(net_tcp_write(&t, &b, 1), RC_IO);
    net_tcp_abort(&t);
    assert_int_equal(t.state, NET_TCP_CLOSED);
}

/* What had arrived before can still be read. */
static void test_reset(void **state)
{
    (void)state;
    struct net_tcp t = {0};
    uint8_t buf[8];
    open_to(&t, 4460);
    tcp_frame(ACK | PSH, "last");
    tcp_frame(RST | ACK, "");
    run(2, NULL);
    assert_int_equal(t.state, NET_TCP_RESET);
    assert_int_equal(net_tcp_write(&t, buf, 1), RC_IO);
    assert_int_equal(net_tcp_read(&t, buf, sizeof buf), 4);
    assert_int_equal(net_tcp_read(&t, buf, sizeof buf), RC_IO);
    net_tcp_close(&t);
}

static void test_no_route(void **state)
{
    (void)state;
    struct net_tcp t = {0};
    const struct addr far = {.family = 6, .b = {0x20, 1, 0x0d, 0xb8, [15] = 9}};
    assert_int_equal(net_tcp_connect(&t, &far, 4460), RC_IO);
    assert_int_equal(t.state, NET_TCP_CLOSED);
}

/* Peers that fall silent, in the middle of a connection and before it is
 * one, with bytes of ours unacknowledged: aborted, they hold nothing. */
static void test_silent_peers(void **state)
{
    (void)state;
    struct net_tcp t = {0};
    for (int i = 0; i < 60; i++) {
        if (i % 3 == 0)
            connect_to(&t, 4460);
        else
            open_to(&t, 4460);
        assert_true(net_tcp_write(&t, (const uint8_t *)"hello", 5) == 5);
        tcp_frame(ACK | PSH, "unread");
        run(2, NULL);
        net_tcp_abort(&t);
    }
}

static bool is_syn(const struct frame *f)
{
    return is_tcp(f) && flags_of(f) == SYN;
}

/* lwIP keeps its half of what is closed in order until it is delivered, but
 * not where a new connection needs the place. */
static void test_closing(void **state)
{
    (void)state;
    struct net_tcp t = {0};
    for (int i = 0; i < 60; i++) {
        forget_sent();
        peer = (struct peer){.port = 4460, .seq = 1000};
        assert_int_equal(net_tcp_connect(&t, &router, 4460), RC_OK);
        const struct frame *f = run(100, is_syn);
        assert_non_null(f);
        peer.ours = at16(f->b + 34);
        peer.ack = bytes_get32(f->b + 38) + 1;
        tcp_frame(SYN | ACK, "");
        run(2, NULL);
        assert_int_equal(t.state, NET_TCP_OPEN);
        assert_int_equal(net_tcp_write(&t, (const uint8_t *)"hello", 5), 5);
        net_tcp_close(&t);
    }
    /* those in use are let alone */
    struct net_tcp held[LIMIT_TCP_CONNECTIONS + 1] = {0};
    unsigned n = 0;
    while (n < LEN(held) && net_tcp_connect(&held[n], &router, 9) == RC_OK) {
        forget_sent();
        n++;
    }
    assert_true(n >= LIMIT_TLS_SESSIONS && n < LEN(held));
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(held[i].state, NET_TCP_CONNECTING);
        net_tcp_abort(&held[i]);
        forget_sent();
    }
}

/* ---- listening --------------------------------------------------------------- */

static struct server {
    struct net_tcp_listener l;
    struct net_tcp t[LIMIT_KE_SESSIONS];
    unsigned calls, limit;
    struct addr from;
    uint16_t port;
} server;

static struct net_tcp *take(void *arg, const struct addr *from, uint16_t port)
{
    struct server *s = arg;
    s->from = *from;
    s->port = port;
    s->calls++;
    for (unsigned i = 0; i < s->limit; i++)
        if (s->t[i].state == NET_TCP_CLOSED)
            return &s->t[i];
    return NULL;
}

static const struct frame *knock(unsigned from)
{
    forget_sent();
    peer = (struct peer){.ours = 4460, .port = from, .seq = 5000};
    tcp_frame(SYN, "");
    return segment();
}

static void test_listen(void **state)
{
    (void)state;
    uint8_t buf[8];
    server = (struct server){.l = {.arg = &server, .accept = take}, .limit = 2};
    assert_int_equal(flags_of(knock(900)), RST | ACK); /* nobody there yet */
    assert_int_equal(net_tcp_listen(&server.l, 4460), RC_OK);
    struct net_tcp_listener other = {.accept = take};
    assert_int_equal(net_tcp_listen(&other, 4460), RC_SPACE);

    assert_int_equal(flags_of(knock(1001)), SYN | ACK);
    assert_int_equal(server.calls, 0); /* half a handshake is no connection */
    tcp_frame(ACK, "");
    tcp_frame(ACK | PSH, "hello");
    run(2, NULL);
    assert_int_equal(server.calls, 1);
    assert_int_equal(server.port, 1001);
    assert_true(addr_equal(&server.from, &router));
    assert_int_equal(server.t[0].state, NET_TCP_OPEN);
    assert_int_equal(net_tcp_read(&server.t[0], buf, sizeof buf), 5);
    assert_memory_equal(buf, "hello", 5);
    assert_int_equal(net_tcp_write(&server.t[0], buf, 5), 5);

    server.limit = 1; /* no place for a second one: it is reset */
    assert_int_equal(flags_of(knock(1002)), SYN | ACK);
    tcp_frame(ACK, "");
    const struct frame *f = run(10, is_tcp);
    assert_int_equal(server.calls, 2);
    assert_non_null(f);
    assert_true(flags_of(f) & RST);

    net_tcp_unlisten(&server.l);
    net_tcp_unlisten(&server.l);
    assert_int_equal(flags_of(knock(1003)), RST | ACK);
    assert_int_equal(server.t[0].state, NET_TCP_OPEN); /* it goes on */
    net_tcp_abort(&server.t[0]);
}

/* What was written to a peer that is not there any more is kept for some
 * seconds, and then let go of with a reset. */
static bool is_rst(const struct frame *f)
{
    return is_tcp(f) && (flags_of(f) & RST);
}

static void test_lingers(void **state)
{
    (void)state;
    struct net_tcp t = {0};
    meet_router();
    open_to(&t, 4460);
    assert_int_equal(net_tcp_write(&t, (const uint8_t *)"hello", 5), 5);
    forget_sent();
    net_tcp_close(&t);
    assert_null(run(3000, is_rst));
    assert_non_null(run(2000, is_rst));
}

/* Strangers that only begin to connect: the oldest gives way, so that whoever
 * means it is served while they are at it. */
static void test_syn_flood(void **state)
{
    (void)state;
    server = (struct server){.l = {.arg = &server, .accept = take}, .limit = 1};
    assert_int_equal(net_tcp_listen(&server.l, 4460), RC_OK);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(flags_of(knock(3000 + i)), SYN | ACK);
    assert_int_equal(server.calls, 0);
    tcp_frame(ACK, "");
    run(2, NULL);
    assert_int_equal(server.calls, 1);
    assert_int_equal(server.t[0].state, NET_TCP_OPEN);
    net_tcp_abort(&server.t[0]);
    net_tcp_unlisten(&server.l);
    run(25000, NULL);
}

/* All places are strangers': one of them is ours as soon as we want it. */
static void test_ours_first(void **state)
{
    (void)state;
    static struct net_tcp own[LIMIT_TCP_OWN];
    static struct server many;
    meet_router();
    many = (struct server){.l = {.arg = &many, .accept = take},
                           .limit = LEN(many.t)};
    assert_int_equal(net_tcp_listen(&many.l, 4460), RC_OK);
    for (unsigned i = 0; i < LEN(many.t); i++) {
        assert_int_equal(flags_of(knock(4000 + i)), SYN | ACK);
        tcp_frame(ACK, "");
        run(2, NULL);
    }
    for (unsigned i = 0; i < 2 * LIMIT_TCP_BEGUN; i++)
        (void)knock(5000 + i);
    for (unsigned i = 0; i < LEN(own); i++) {
        forget_sent();
        assert_int_equal(net_tcp_connect(&own[i], &router, 9), RC_OK);
    }
    for (unsigned i = 0; i < LEN(own); i++) {
        forget_sent();
        net_tcp_abort(&own[i]);
    }
    for (unsigned i = 0; i < LEN(many.t); i++)
        net_tcp_abort(&many.t[i]);
    net_tcp_unlisten(&many.l);
    run(25000, NULL);
}

/* A flood of half connections, and of whole ones that are not taken. */
static void test_flood(void **state)
{
    (void)state;
    struct net_tcp t = {0};
    server = (struct server){.l = {.arg = &server, .accept = take}, .limit = 0};
    assert_int_equal(net_tcp_listen(&server.l, 4460), RC_OK);
    for (unsigned i = 0; i < 100; i++)
        if (knock(2000 + i) && i % 2) {
            tcp_frame(ACK, "");
            run(2, NULL);
        }
    assert_true(server.calls > 0);
    net_tcp_unlisten(&server.l);
    run(120000, NULL);
    open_to(&t, 4460);
    net_tcp_abort(&t);
}

/* One peer sends single bytes, of which every other one is missing, or that
 * nobody reads: what it uses up is its own part. */
static void hold_as_much_as_it_can(struct net_tcp *greedy, unsigned step)
{
    open_to(greedy, 4460);
    for (unsigned i = 0; i < 200; i++) {
        peer.seq += step - 1;
        tcp_frame(ACK | PSH, "x");
        run(1, NULL);
    }
}

static void test_shares(void **state)
{
    (void)state;
    struct net_tcp greedy[3] = {{0}}, t = {0};
    uint32_t before = net_dropped();
    uint8_t buf[32];
    for (unsigned i = 0; i < LEN(greedy); i++)
        hold_as_much_as_it_can(&greedy[i], i == 2 ? 1 : 2);
    open_to(&t, 4461);
    assert_int_equal(net_tcp_write(&t, (const uint8_t *)"hello", 5), 5);
    const struct frame *f = run(100, is_tcp);
    while (f && !(flags_of(f) & PSH))
        f = run(100, is_tcp);
    assert_non_null(f);
    assert_true(is_text(f, "hello"));
    peer.ack += 5;
    tcp_frame(ACK | PSH, "good morning");
    run(2, NULL);
    assert_int_equal(net_tcp_read(&t, buf, sizeof buf), 12);
    assert_int_equal(net_dropped(), before); /* never without a frame */
    net_tcp_abort(&t);
    int n, sum = 0;
    while ((n = net_tcp_read(&greedy[2], buf, sizeof buf)) > 0)
        sum += n;
    assert_true(sum >= LIMIT_TCP_UNREAD); /* read late, not lost */
    for (unsigned i = 0; i < LEN(greedy); i++)
        net_tcp_abort(&greedy[i]);
}

/* What a peer holds goes with a connection that is aborted. */
static void test_abort_frees(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LIMIT_TCP_CONNECTIONS + 3; i++) {
        struct net_tcp t = {0};
        meet_router();
        hold_as_much_as_it_can(&t, 2);
        net_tcp_abort(&t);
    }
    struct net_tcp t = {0};
    open_to(&t, 4460);
    net_tcp_abort(&t);
}

static int start(void **state)
{
    (void)state;
    static const char text[] = "address 10.9.0.42/24\n"
                               "gateway 10.9.0.1\n";
    assert_int_equal(conf_parse(&conf, text, sizeof text - 1), 0);
    sim.ticks = 5 * HZ;
    net_init(&conf, changed);
    sim.link = true;
    run(100, NULL);
    meet_router();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),      cmocka_unit_test(test_early),
        cmocka_unit_test(test_full),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_reset),      cmocka_unit_test(test_no_route),
        cmocka_unit_test(test_closing),    cmocka_unit_test(test_silent_peers),
        cmocka_unit_test(test_listen),     cmocka_unit_test(test_flood),
        cmocka_unit_test(test_shares),     cmocka_unit_test(test_abort_frees),
        cmocka_unit_test(test_lingers),    cmocka_unit_test(test_syn_flood),
        cmocka_unit_test(test_ours_first),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
