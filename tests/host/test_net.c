/* adapters/net over the real lwIP and libslirp: address, echo over UDP and
 * TCP with servers on loopback, a pulled plug, IPv6. The echo servers are
 * sockets of this process, served from the same loop. Time-outs are long
 * and nothing is asserted about durations; what needs exact frames or time
 * is in tests/unit/test_net.c. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/mono.h"
#include "host.h"
#include "port.h"
#include "adapters/net.h"
#include "adapters/net_tcp.h"
#include "adapters/net_udp.h"

#define LIMIT (60 * MONO_S)

static struct conf conf;
static unsigned changes;
static int udp_fd, tcp_fd, tcp_client = -1;

static mono_ns now(void)
{
    return mono_of_ticks(port_ticks(), port_tick_hz());
}

/* ---- echo servers on 127.0.0.1 ------------------------------------------- */

static int loopback(int type, uint16_t *port)
{
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static void serve_udp(void)
{
    char buf[2048];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    ssize_t n =
        recvfrom(udp_fd, buf, sizeof buf, 0, (struct sockaddr *)&from, &len);
    if (n > 0)
        assert_int_equal(
            sendto(udp_fd, buf, (size_t)n, 0, (struct sockaddr *)&from, len),
            n);
}

static void serve_tcp(void)
{
    char buf[2048];
    if (tcp_client < 0)
        tcp_client = accept4(tcp_fd, NULL, NULL, SOCK_NONBLOCK);
    if (tcp_client < 0)
        return;
    ssize_t n = recv(tcp_client, buf, sizeof buf, 0);
    if (n > 0)
        assert_int_equal(send(tcp_client, buf, (size_t)n, 0), n);
}

/* ---- the loop -------------------------------------------------------------- */

static void changed(mono_ns at)
{
    (void)at;
    changes++;
}

/* True: it happened; false: not within LIMIT. */
static bool until(bool (*happened)(void))
{
    mono_ns end = now() + LIMIT;
    while (!happened()) {
        port_poll();
        mono_ns t = now();
        if (t > end)
            return false;
        mono_ns next = mono_min(net_poll(t), t + 5 * MONO_MS);
        serve_udp();
        serve_tcp();
        port_idle(mono_to_ticks(next, port_tick_hz()));
    }
    return true;
}

/* What people read. */
static void text_of(struct addr a, char out[ADDR_TEXT])
{
    addr_text(&a, out);
}

static bool has4(void)
{
    char text[ADDR_TEXT];
    text_of(net_address4(), text);
    return net_up() && text[0];
}

static bool has6(void)
{
    char text[ADDR_TEXT];
    text_of(net_address6(), text);
    return text[0];
}

/* ---- address ----------------------------------------------------------------- */

static void test_dhcp(void **state)
{
    (void)state;
    char text[ADDR_TEXT];
    assert_false(net_up());
    assert_true(until(has4));
    text_of(net_address4(), text);
    assert_string_equal(text, "10.0.2.15");
    assert_true(changes >= 2); /* link, address */
}

static void test_slaac(void **state)
{
    (void)state;
    char text[ADDR_TEXT];
    assert_true(until(has6));
    text_of(net_address6(),
            text); /* slirp's prefix, our MAC as EUI-64 (RFC 4291 A) */
    assert_string_equal(text, "fec0::5054:ff:fe12:3457");
}

/* ---- UDP and its stamps -------------------------------------------------------- */

static struct {
    uint16_t port;
    unsigned sent, got;
    uint64_t tx, rx;
    char text[64];
    const char *wanted;
} echo;

static void left(void *arg, uint64_t stamp, const uint8_t *msg, size_t len)
{
    (void)arg;
    assert_memory_equal(msg, echo.wanted, len);
    echo.sent++;
    echo.tx = stamp;
}

static void datagram(void *arg, const struct net_udp_datagram *d)
{
    (void)arg;
    assert_int_equal(d->from_port, echo.port);
    echo.got++;
    echo.rx = d->stamp;
    assert_true(d->len < sizeof echo.text);
    memcpy(echo.text, d->msg, d->len);
}

static bool echoed(void)
{
    return echo.got > 0;
}

static void exchange(const char *text)
{
    const struct addr host = {.family = 4, .b = {10, 0, 2, 2}};
    struct net_udp sock = {.received = datagram, .sent = left};
    assert_int_equal(net_udp_open(&sock, 0), RC_OK);
    memset(echo.text, 0, sizeof echo.text);
    echo.wanted = text;
    echo.sent = echo.got = 0;
    uint64_t before = port_ticks();
    assert_int_equal(net_udp_send(&sock, &host, echo.port,
                                  (const uint8_t *)text, strlen(text)),
                     RC_OK);
    assert_true(until(echoed));
    net_udp_close(&sock);
    assert_string_equal(echo.text, text);
    assert_int_equal(echo.sent, 1);
    assert_true(echo.tx >= before);
    assert_true(echo.rx > echo.tx);
    assert_true(echo.rx < port_ticks());
}

static void test_udp(void **state)
{
    (void)state;
    exchange("from a clock without a battery");
    exchange("and again"); /* this time the neighbour is known */
}

/* ---- TCP ------------------------------------------------------------------------- */

#define BYTES 20000

static struct {
    struct net_tcp conn;
    unsigned sent, got;
    bool connected;
} tcp;

static uint8_t byte(unsigned i)
{
    return (uint8_t)(i * 7 + i / 256);
}

static void tcp_more(void)
{
    int rc = 1;
    while (tcp.sent < BYTES && rc > 0) {
        uint8_t b[512];
        unsigned n =
            BYTES - tcp.sent < sizeof b ? BYTES - tcp.sent : (unsigned)sizeof b;
        for (unsigned i = 0; i < n; i++)
            b[i] = byte(tcp.sent + i);
        rc = net_tcp_write(&tcp.conn, b, n);
        if (rc > 0)
            tcp.sent += (unsigned)rc;
    }
    assert_true(rc > 0 || rc == RC_AGAIN);
}

/* Writes what there is room for, reads what has come; true: at the end. */
static bool tcp_done(void)
{
    uint8_t b[700];
    int rc;
    if (tcp.conn.state == NET_TCP_REFUSED)
        return true;
    if (tcp.conn.state != NET_TCP_OPEN)
        return false;
    tcp.connected = true;
    tcp_more();
    while ((rc = net_tcp_read(&tcp.conn, b, sizeof b)) > 0)
        for (int i = 0; i < rc; i++)
            assert_int_equal(b[i], byte(tcp.got++));
    assert_int_equal(rc, RC_AGAIN);
    return tcp.got == BYTES;
}

static void tcp_open(uint16_t port)
{
    const struct addr host = {.family = 4, .b = {10, 0, 2, 2}};
    net_tcp_abort(&tcp.conn);
    memset(&tcp, 0, sizeof tcp);
    assert_int_equal(net_tcp_connect(&tcp.conn, &host, port), RC_OK);
}

static void test_tcp(void **state)
{
    (void)state;
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    assert_int_equal(getsockname(tcp_fd, (struct sockaddr *)&a, &len), 0);
    tcp_open(ntohs(a.sin_port));
    assert_true(until(tcp_done));
    assert_true(tcp.connected);
    assert_int_equal(tcp.got, BYTES);
    net_tcp_close(&tcp.conn);
}

static void test_tcp_refused(void **state)
{
    (void)state;
    uint16_t port;
    close(loopback(SOCK_STREAM, &port)); /* nobody listens there */
    tcp_open(port);
    assert_true(until(tcp_done));
    assert_int_equal(tcp.conn.state, NET_TCP_REFUSED);
    assert_false(tcp.connected);
}

/* ---- names ------------------------------------------------------------------------- */

static struct {
    unsigned calls;
    size_t count;
    struct addr addr;
} found;

static void on_found(void *arg, const struct resolver_answer *a)
{
    assert_ptr_equal(arg, &found);
    found.calls++;
    found.count = a->count;
    if (a->count)
        found.addr = a->addr[0];
}

static void test_literals(void **state)
{
    (void)state;
    char text[ADDR_TEXT];
    memset(&found, 0, sizeof found);
    assert_int_equal(net_resolve("10.0.2.2", on_found, &found), RC_OK);
    assert_int_equal(found.calls, 1);
    assert_int_equal(found.count, 1);
    addr_text(&found.addr, text);
    assert_string_equal(text, "10.0.2.2");
    assert_int_equal(net_resolve("fec0::2", on_found, &found), RC_OK);
    assert_int_equal(found.calls, 2);
    assert_int_equal(found.addr.family, 6);
    addr_text(&found.addr, text);
    assert_string_equal(text, "fec0::2");
}

/* ---- the plug ---------------------------------------------------------------------- */

static bool down(void)
{
    return !net_up();
}

static void test_link(void **state)
{
    (void)state;
    unsigned before = changes;
    host_net_link(false);
    assert_true(until(down));
    assert_true(changes > before);
    assert_false(has6()); /* the next network has another prefix */
    host_net_link(true);
    assert_true(until(has4));
    exchange("after the plug");
    assert_true(until(has6));
}

static void test_loss(void **state)
{
    (void)state;
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    host_net_faults(5, 3, 20261123);
    close(tcp_client);
    tcp_client = -1;
    assert_int_equal(getsockname(tcp_fd, (struct sockaddr *)&a, &len), 0);
    tcp_open(ntohs(a.sin_port));
    assert_true(until(tcp_done));
    assert_int_equal(tcp.got, BYTES);
    host_net_faults(0, 0, 0);
}

static int start(void **state)
{
    (void)state;
    uint16_t port;
    udp_fd = loopback(SOCK_DGRAM, &echo.port);
    tcp_fd = loopback(SOCK_STREAM, &port);
    assert_int_equal(listen(tcp_fd, 4), 0);
    host_start(NULL);
    host_net_no_console();
    assert_int_equal(conf_parse(&conf, "hostname test\n", 14), 0);
    net_init(&conf, changed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dhcp),        cmocka_unit_test(test_slaac),
        cmocka_unit_test(test_udp),         cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_tcp_refused), cmocka_unit_test(test_literals),
        cmocka_unit_test(test_link),        cmocka_unit_test(test_loss),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
