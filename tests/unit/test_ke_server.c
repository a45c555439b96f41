/* Sessions of the key exchange that is served, over TLS that the test plays:
 * who is turned away, who gives way, when they end, and that our own client
 * comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "adapters/net_tcp.h"
#include "adapters/tls_server.h"
#include "core/mono.h"
#include "port.h"
#include "services/cookies.h"
#include "services/ke_client.h"
#include "services/ke_server.h"
#include "services/timekeeper.h"

#include "entropy.h"

/* ---- doubles --------------------------------------------------------------- */

struct tls_session {
    struct net_tcp tcp;
    bool open, waiting, done;
    const char *request;
    size_t request_len, read;
    unsigned written, aborted, closed, refused;
};

static struct tls_session session[LIMIT_KE_SESSIONS];
static struct net_tcp_listener *listener;
static struct conf conf;
static mono_ns now;
static unsigned client_steps, steps, pairs;
static bool deaf; /* TLS that never gets anywhere                          */
static bool clock_set;
static int64_t clock_now;

uint64_t port_ticks(void)
{
    return (uint64_t)now;
}

uint32_t port_tick_hz(void)
{
    return 1000000000;
}

size_t port_console(const char *s, size_t len)
{
    (void)s;
    return len;
}

bool timekeeper_synchronised(void)
{
    return clock_set;
}

int64_t timekeeper_unix(void)
{
    return clock_now;
}

unsigned ke_client_steps(void)
{
    return client_steps;
}

struct nts_cookie_jar *cookies_jar(void)
{
    static struct nts_cookie_jar jar;
    if (jar.nonces == 0)
        assert_int_equal(nts_cookie_begin(&jar), RC_OK);
    return &jar;
}

int net_tcp_listen(struct net_tcp_listener *l, uint16_t port)
{
    assert_int_equal(port, conf.ntsport);
    listener = l;
    return RC_OK;
}

void tls_server_init(void)
{
    pairs = 0;
}

int tls_server_add(const uint8_t *cert, size_t cert_len, const uint8_t *key,
                   size_t key_len, struct status_ke_pair *out)
{
    (void)cert;
    (void)key;
    if (cert_len != key_len) {
        strcpy(out->trouble, "k: is empty");
        return RC_BAD;
    }
    out->used = true;
    out->begin_unix_s = 0;
    out->end_unix_s = 1000000;
    pairs++;
    return RC_OK;
}

unsigned tls_server_pairs(void)
{
    return pairs;
}

struct net_tcp *tls_server_tcp(unsigned n)
{
    return &session[n].tcp;
}

struct tls_session *tls_server_session(unsigned n)
{
    return &session[n];
}

int tls_server_open(unsigned n)
{
    session[n].open = true;
    return RC_OK;
}

int tls_server_step(unsigned n, mono_ns at, mono_ns deadline)
{
    struct tls_session *s = &session[n];
    assert_true(at < deadline);
    s->waiting = deaf && !s->done;
    if (!s->waiting)
        steps++;
    return s->waiting ? RC_AGAIN : RC_OK;
}

static void end(struct tls_session *s)
{
    s->open = false;
    s->tcp.state = NET_TCP_CLOSED;
}

void tls_server_refuse(unsigned n)
{
    session[n].refused++;
    end(&session[n]);
}

void tls_server_status(struct status_ke *out)
{
    out->arena_used = 0;
}

bool tls_session_waiting(const struct tls_session *s)
{
    return s->waiting;
}

int tls_session_read(struct tls_session *s, uint8_t *buf, size_t cap)
{
    size_t left = s->request_len - s->read;
    size_t n = left < cap ? left : cap;
    s->waiting = n == 0;
    if (n == 0)
        return RC_AGAIN;
    steps++;
    memcpy(buf, s->request + s->read, n);
    s->read += n;
    return (int)n;
}

int tls_session_write(struct tls_session *s, const uint8_t *buf, size_t len)
{
    (void)buf;
    steps++;
    s->written += (unsigned)len;
    return (int)len;
}

int tls_session_export(struct tls_session *s, const char *label,
                       const uint8_t *context, size_t context_len, uint8_t *out,
                       size_t len)
{
    (void)s;
    (void)label;
    (void)context;
    (void)context_len;
    memset(out, 7, len);
    return RC_OK;
}

void tls_session_close(struct tls_session *s)
{
    s->closed++;
    end(s);
}

void tls_session_abort(struct tls_session *s)
{
    s->aborted++;
    end(s);
}

/* ---- helpers --------------------------------------------------------------- */

static const char request[] = "\x80\1\0\2\0\0"
                              "\x80\4\0\2\0\17"
                              "\x80\0\0";

static struct status_ke status(void)
{
    struct status_ke s;
    ke_server_status(&s);
    assert_true(s.hits == s.answered + s.drops + s.sessions);
    assert_true(s.drops == s.not_allowed + s.ratelimited + s.too_many +
                               s.gave_way + s.timed_out + s.no_tls + s.closed);
    return s;
}

/* Returns the session's number, or -1. */
static int knock(const char *from)
{
    struct addr a;
    assert_int_equal(addr_parse(from, &a), RC_OK);
    struct net_tcp *t = listener->accept(listener->arg, &a, 50000);
    if (!t)
        return -1;
    assert_int_equal(t->state, NET_TCP_CLOSED);
    t->state = NET_TCP_OPEN;
    struct tls_session *s = (struct tls_session *)(void *)t;
    s->request = request;
    s->request_len = sizeof request; /* with its 0: the record's last byte */
    s->read = 0;
    s->done = false;
    return (int)(s - session);
}

static void run(mono_ns for_ns)
{
    for (mono_ns until = now + for_ns;;) {
        mono_ns next = ke_server_poll(now);
        if (next <= now)
            continue;
        now = next < until ? next : until;
        if (next > until)
            break;
    }
}

static int setup(void **state)
{
    (void)state;
    static const struct conf_pair pair = {.key = "k", .cert = "c"};
    const char text[] = "allow 10.0.0.0/8\nallow 2001:db8::/32\n";
    memset(session, 0, sizeof session);
    assert_int_equal(conf_parse(&conf, text, sizeof text - 1), 0);
    now = 5 * MONO_S;
    client_steps = steps = 0;
    deaf = clock_set = false;
    ke_server_init();
    ke_server_add(&pair, "chrony.conf:1", (const uint8_t *)"", 1,
                  (const uint8_t *)"", 1);
    ke_server_start(&conf);
    assert_true(status().open);
    return 0;
}

/* ---- tests ----------------------------------------------------------------- */

static void one(void **state)
{
    (void)state;
    int n = knock("10.1.2.3");
    assert_int_equal(n, 0);
    run(MONO_S / 1000);
    assert_int_equal(session[0].closed, 1);
    assert_true(session[0].written > 0);
    struct status_ke s = status();
    assert_true(s.hits == 1 && s.answered == 1 && s.sessions == 0);
}

static void strangers(void **state)
{
    (void)state;
    assert_int_equal(knock("192.0.2.1"), -1);
    assert_int_equal(knock("fe80::1"), -1);
    assert_int_equal(status().not_allowed, 2);
    assert_true(knock("2001:db8::1") >= 0);
}

static void four_of_one(void **state)
{
    (void)state;
    deaf = true;
    for (unsigned i = 0; i < LIMIT_KE_PER_ADDRESS; i++)
        assert_true(knock("10.0.0.1") >= 0);
    assert_int_equal(knock("10.0.0.1"), -1);
    assert_int_equal(status().too_many, 1);
    static const char *const of_one[] = {"2001:db8::1", "2001:db8::2",
                                         "2001:db8::3", "2001:db8::f:0:0:4"};
    for (unsigned i = 0; i < LEN(of_one); i++)
        assert_true(knock(of_one[i]) >= 0);
    assert_int_equal(knock("2001:db8::5"), -1); /* of one /64 */
    assert_true(knock("2001:db8:0:1::5") >= 0);
    assert_int_equal(status().too_many, 2);
    assert_true(knock("10.0.0.2") >= 0);
    run(1999 * MONO_MS);
    assert_int_equal(status().sessions, 10);
    run(MONO_MS); /* two seconds are over */
    assert_int_equal(status().sessions, 0);
    assert_int_equal(status().timed_out, 10);
    assert_true(knock("10.0.0.1") >= 0);
}

/* All places are taken: the oldest that has proved nothing gives way, before
 * anybody who has. */
static void full(void **state)
{
    (void)state;
    char from[16] = "10.0.0.a";
    deaf = true;
    for (int i = 0; i < LIMIT_KE_SESSIONS; i++) {
        from[7] = (char)('0' + i % 8);
        now += MONO_MS;
        assert_int_equal(knock(from), i);
    }
    run(MONO_MS);
    session[0].done = session[1].done = true;
    session[0].request_len = session[1].request_len = 0; /* say no more */
    run(MONO_MS);
    assert_int_equal(knock("10.9.9.1"), 2);
    assert_int_equal(session[2].aborted, 1);
    now += MONO_MS;
    assert_int_equal(knock("10.9.9.2"), 3);
    struct status_ke s = status();
    assert_int_equal(s.gave_way, 2);
    assert_int_equal(s.sessions, LIMIT_KE_SESSIONS);
    assert_int_equal(s.sessions_peak, LIMIT_KE_SESSIONS);
}

static void fewer(void **state)
{
    (void)state;
    deaf = true;
    conf.maxntsconnections = 2;
    ke_server_start(&conf);
    assert_int_equal(knock("10.0.0.1"), 0);
    now += MONO_MS;
    assert_int_equal(knock("10.0.0.2"), 1);
    now += MONO_MS;
    assert_int_equal(knock("10.0.0.3"), 0);
    assert_int_equal(status().sessions, 2);
}

/* A pass has one step; none where our own client has done one, but not for
 * ever. */
static void client_first(void **state)
{
    (void)state;
    assert_int_equal(knock("10.0.0.1"), 0);
    assert_int_equal(knock("10.0.0.2"), 1);
    assert_true(ke_server_poll(now) <= now); /* TLS is opened */
    assert_true(ke_server_poll(now) <= now);
    assert_int_equal(steps, 0);
    assert_true(ke_server_poll(now) <= now);
    assert_int_equal(steps, 1);
    for (unsigned i = 0; i < 8; i++) {
        client_steps++;
        assert_true(ke_server_poll(now) <= now);
        assert_int_equal(steps, 1);
    }
    client_steps++;
    (void)ke_server_poll(now);
    assert_int_equal(steps, 2);
    client_steps++;
    (void)ke_server_poll(now);
    assert_int_equal(steps, 2);
    (void)ke_server_poll(now);
    assert_int_equal(steps, 3);
}

static void bad_requests(void **state)
{
    (void)state;
    int n = knock("10.0.0.1");
    session[n].request = "\x80\x63\0\0\x80\0\0"; /* unknown, critical */
    session[n].request_len = 8;
    run(MONO_MS);
    assert_int_equal(status().bad, 1);
    assert_int_equal(status().answered, 1);
    static const char endless[] = "\0\x63\x40\0";
    static char much[4000];
    memcpy(much, endless, 4);
    n = knock("10.0.0.1");
    session[n].request = much;
    session[n].request_len = sizeof much;
    run(MONO_MS);
    assert_int_equal(status().bad, 2);
}

/* Once a day, and only while the clock is set. */
static void warned(void **state)
{
    (void)state;
    clock_now = 1000001;
    assert_true(ke_server_poll(now) <= now + MONO_S);
    clock_set = true;
    now += MONO_S;
    assert_true(ke_server_poll(now) > now + 86399 * MONO_S);
    assert_true(ke_server_poll(now + MONO_S) > now + 86399 * MONO_S);
}

static void closed(void **state)
{
    (void)state;
    static const struct conf_pair pair = {.key = "k", .cert = "c"};
    ke_server_init();
    listener = NULL;
    ke_server_add(&pair, "chrony.conf:1", (const uint8_t *)"", 1,
                  (const uint8_t *)"", 0);
    ke_server_leave_out(&pair, "chrony.conf:2", "c", "no such file");
    ke_server_start(&conf);
    struct status_ke s = status();
    assert_false(s.open);
    assert_null(listener);
    assert_string_equal(s.why, "none of its keys and certificates can be used");
    assert_int_equal(s.pair_count, 2);
    assert_string_equal(s.pair[0].trouble, "k: is empty");
    assert_string_equal(s.pair[1].trouble, "c: no such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one, setup),
        cmocka_unit_test_setup(strangers, setup),
        cmocka_unit_test_setup(four_of_one, setup),
        cmocka_unit_test_setup(full, setup),
        cmocka_unit_test_setup(fewer, setup),
        cmocka_unit_test_setup(client_first, setup),
        cmocka_unit_test_setup(bad_requests, setup),
        cmocka_unit_test_setup(warned, setup),
        cmocka_unit_test_setup(closed, setup),
    };
    return cmocka_run_group_tests_name("ke_server", tests, NULL, NULL);
}
