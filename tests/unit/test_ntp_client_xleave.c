/* ntp_client in the interleaved mode (RFC 9769 section 2): what a request
 * names, which exchange a sample is of, and servers that forget, restart,
 * mix replies up or lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ntp_peer.h"

static struct peer p;
static ntp64 left;  /* when the server's last reply really left it */
static mono_ns was; /* p.now of the exchange before */

static uint64_t req_origin(void)
{
    return bytes_get64(p.req + 24);
}

static uint64_t req_receive(void)
{
    return bytes_get64(p.req + 32);
}

static void begin(bool nts)
{
    peer_begin(&p, nts);
    p.n.conf.xleave = true;
    left = 0;
    was = 0;
    if (nts)
        peer_keys(&p, 1, 8, 100);
}

static void ask(void)
{
    was = p.now;
    assert_true(peer_poll(&p) > 0);
}

/* 1 ms there, 2 ms held as the packet says, 2.5 ms in truth, 3 ms back. */
static struct ntp_header interleaved(void)
{
    struct ntp_header h = peer_header(&p);
    h.origin = req_receive();
    h.transmit = left;
    return h;
}

static void write(const struct ntp_header *h)
{
    peer_reply(&p, h);
    if (p.n.conf.nts) {
        peer_uid(&p);
        peer_seal(&p, 1, 100);
    }
}

static void heard(const struct ntp_header *h)
{
    write(h);
    assert_int_equal(peer_give(&p), RC_OK);
    left = peer_utc(p.now + 3 * MS + 500000);
}

/* The server answers as asked. */
static void exchange(void)
{
    ask();
    struct ntp_header h = req_receive() ? interleaved() : peer_header(&p);
    heard(&h);
}

static void refused(int rc, enum ntp_drop why)
{
    struct ntp_client before = p.n;
    assert_int_equal(peer_give(&p), rc);
    assert_int_equal(p.why, why);
    peer_unchanged(&p, &before);
}

static bool asks_basic(void)
{
    ask();
    return req_origin() == 0 && req_receive() == 0 && p.n.nonce_rx == 0;
}

/* ---- requests -------------------------------------------------------------- */

static void names_the_last_reply(void **state)
{
    (void)state;
    begin(false);
    uint64_t seen[40];
    for (size_t i = 0; i < LEN(seen); i += 2) {
        ask();
        assert_int_equal(p.req[0], 0x23);
        for (size_t k = 1; k < 24; k++)
            assert_int_equal(p.req[k], 0);
        if (i == 0)
            assert_true(req_origin() == 0 && req_receive() == 0);
        else
            assert_true(req_origin() == peer_utc(was + 1 * MS));
        seen[i] = bytes_get64(p.req + 40);
        seen[i + 1] = i == 0 ? 1 : req_receive();
        for (size_t k = 0; k <= i; k++) /* nothing is said twice */
            assert_true(seen[k] != seen[i + 1] &&
                        (k == i || seen[k] != seen[i]));
        struct ntp_header h = i ? interleaved() : peer_header(&p);
        heard(&h);
    }
}

static void only_if_configured(void **state)
{
    (void)state;
    begin(false);
    p.n.conf.xleave = false;
    for (int i = 0; i < 3; i++) {
        assert_true(asks_basic());
        struct ntp_header h = peer_header(&p);
        heard(&h);
        assert_false(p.s.interleaved);
    }
}

/* ---- samples --------------------------------------------------------------- */

static void sample_of_the_exchange_before(void **state)
{
    (void)state;
    begin(false);
    exchange();
    assert_false(p.s.interleaved);
    assert_int_equal(p.s.failed, 0);
    assert_int_equal(p.s.delay_ns, 4 * MS);
    exchange(); /* measured already, as basic */
    assert_true(p.s.interleaved);
    assert_int_equal(p.s.failed, NTP_TEST_A);
    assert_int_equal(p.n.reach, 3);
    for (int i = 0; i < 5; i++) {
        exchange();
        assert_true(p.s.interleaved);
        assert_int_equal(p.s.failed, 0);
        assert_int_equal(p.s.at_ticks, was / 1000 + 3000);
        assert_int_equal(p.s.server_ns, 2 * MS + 500000);
        assert_int_equal(p.s.delay_ns, 3 * MS + 500000);
        assert_in_range(p.s.utc - peer_utc(was + 2 * MS + 250000) + 4, 0, 8);
    }
    assert_memory_equal(&p.n.last, &p.s, sizeof p.s);
}

/* Its distance then or now, whichever is greater; the rest is news. */
static void distance_of_both(void **state)
{
    (void)state;
    begin(false);
    exchange();
    exchange();
    for (int i = 0; i < 2; i++) {
        ask();
        struct ntp_header h = interleaved();
        h.root_delay = i ? 1 : 0x10000;
        h.root_disp = i ? 1 : 0x8000;
        h.stratum = (uint8_t)(3 + i);
        h.leap = (uint8_t)i;
        heard(&h);
        assert_int_equal(p.s.root_delay_ns, S);
        assert_int_equal(p.s.root_disp_ns, S / 2);
        assert_int_equal(p.s.stratum, 3 + i);
        assert_int_equal(p.s.leap, i);
    }
}

/* One that cannot, or holds no state for us: as without the option. */
static void basic_server(void **state)
{
    (void)state;
    begin(false);
    for (int i = 0; i < 5; i++) {
        ask();
        assert_true(i == 0 || req_origin() == peer_utc(was + 1 * MS));
        struct ntp_header h = peer_header(&p);
        heard(&h);
        assert_false(p.s.interleaved);
        assert_int_equal(p.s.failed, 0);
        assert_int_equal(p.s.at_ticks, p.now / 1000 + 3000);
    }
}

/* It restarts and has forgotten: no sample is lost, none counted twice. */
static void restarted_server(void **state)
{
    (void)state;
    begin(false);
    for (int i = 0; i < 4; i++)
        exchange();
    ask();
    struct ntp_header h = peer_header(&p);
    heard(&h);
    assert_false(p.s.interleaved);
    assert_int_equal(p.s.failed, 0);
    exchange();
    assert_int_equal(p.s.failed, NTP_TEST_A);
    exchange();
    assert_true(p.s.interleaved && p.s.failed == 0);
}

/* It sets its clock back between two replies: each exchange is whole. */
static void server_steps(void **state)
{
    (void)state;
    begin(false);
    for (int i = 0; i < 3; i++)
        exchange();
    ask();
    struct ntp_header h = interleaved();
    h.receive -= UINT64_C(3600) << 32;
    h.ref = h.receive - 1;
    heard(&h);
    assert_in_range(p.s.utc - peer_utc(was + 2 * MS + 250000) + 4, 0, 8);
    assert_int_equal(p.s.delay_ns, 3 * MS + 500000);
}

static void maxdelay_of_the_one_before(void **state)
{
    (void)state;
    begin(false);
    p.n.conf.maxdelay_ns = 3 * MS; /* they take 3.5 */
    for (int i = 0; i < 4; i++) {
        exchange();
        assert_int_equal(p.s.failed, NTP_TEST_A);
    }
    p.n.conf.maxdelay_ns = 4 * MS;
    exchange();
    assert_int_equal(p.s.failed, 0);
}

/* A driver that learns late when the transfer was complete. */
static void late_stamp(void **state)
{
    (void)state;
    begin(false);
    exchange();
    exchange();
    exchange();
    ntp_client_left(&p.n, (uint64_t)p.now / 1000 + 200); /* 0.2 ms later */
    exchange();
    assert_int_equal(p.s.delay_ns, 3 * MS + 300000);
    assert_int_equal(p.s.at_ticks, was / 1000 + 3100);
    exchange();
    assert_int_equal(p.s.delay_ns, 3 * MS + 500000);
}

/* Mostly it knows before the reply. A basic sample is as it was. */
static void on_wire(void **state)
{
    (void)state;
    for (int told = 0; told < 2; told++) {
        begin(false);
        p.n.conf.xleave = false;
        ask();
        if (told)
            ntp_client_left(&p.n, (uint64_t)p.now / 1000 + 200);
        struct ntp_header h = peer_header(&p);
        heard(&h);
        assert_int_equal(p.s.at_ticks, p.now / 1000 + 3000);
    }
    begin(false);
    exchange();
    exchange();
    ask();
    ntp_client_left(&p.n, (uint64_t)p.now / 1000 + 200);
    struct ntp_header h = interleaved();
    heard(&h);
    exchange();
    assert_int_equal(p.s.delay_ns, 3 * MS + 300000);
    assert_int_equal(p.s.at_ticks, was / 1000 + 3100);
    exchange();
    assert_int_equal(p.s.delay_ns, 3 * MS + 500000);
}

/* ---- back to basic --------------------------------------------------------- */

static void after_silence(void **state)
{
    (void)state;
    begin(false);
    exchange();
    exchange();
    ask(); /* lost */
    assert_true(req_receive() != 0);
    assert_true(asks_basic());
    assert_true(asks_basic());
    struct ntp_header h = peer_header(&p);
    heard(&h);
    assert_int_equal(p.s.at_ticks, p.now / 1000 + 3000);
    exchange();
    assert_int_equal(p.s.failed, NTP_TEST_A);
    exchange();
    assert_int_equal(p.s.failed, 0);
}

/* Silence, then no cookie to ask with, then one. */
static void after_silence_and_thirst(void **state)
{
    (void)state;
    uint8_t cookie[100] = {9};
    begin(true);
    exchange();
    exchange();
    while (p.n.nts.count > 0)
        ask();
    ntp_client_sent(&p.n, (uint64_t)p.now / 1000);
    assert_int_equal(peer_poll(&p), RC_STATE);
    assert_int_equal(nts_assoc_put(&p.n.nts, cookie, sizeof cookie), RC_OK);
    assert_true(asks_basic());
}

static void after_what_has_no_time(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        begin(false);
        exchange();
        exchange();
        ask();
        struct ntp_header h = interleaved();
        if (i == 0)
            h.stratum = 16;
        if (i == 1)
            h.stratum = 0, h.refid = NTP_KISS_RATE;
        write(&h);
        if (i < 2)
            assert_int_equal(peer_give(&p), RC_STATE);
        else
            assert_int_equal(peer_give(&p), RC_OK);
        if (i == 2)
            ntp_client_basic(&p.n); /* our address is another one */
        if (i == 3)
            ntp_client_rekeyed(&p.n, p.now + S);
        assert_true(asks_basic());
    }
}

/* The exchange before does not fit the transmit stamp: not from this server,
 * or it mixes its clients up. */
static void wrong_stamp(void **state)
{
    static const int64_t off_ms[] = {-1000, -5, 4, 1000, 3600000};
    (void)state;
    for (size_t i = 0; i < LEN(off_ms) + 2; i++) {
        bool nts = i % 2;
        begin(nts);
        exchange();
        exchange();
        exchange();
        ask();
        struct ntp_header h = interleaved();
        if (i < LEN(off_ms))
            h.transmit += (uint64_t)utc_span_ntp(off_ms[i] * MS);
        else if (i == LEN(off_ms))
            h.transmit = 0;
        else
            h.receive = 0; /* could not be named */
        write(&h);
        if (nts) {
            assert_int_equal(peer_give(&p), RC_STATE);
            assert_int_equal(p.why, NTP_DROP_TIMES);
        } else {
            refused(RC_BAD, NTP_DROP_TIMES);
        }
        assert_true(asks_basic());
        h = peer_header(&p);
        heard(&h);
        assert_int_equal(p.s.delay_ns, 4 * MS);
    }
}

/* ---- strangers ------------------------------------------------------------- */

static void wrong_origin(void **state)
{
    (void)state;
    begin(false);
    exchange();
    uint64_t old_tx = bytes_get64(p.req + 40);
    exchange();
    uint64_t old_rx = req_receive();
    ask();
    const uint64_t origin[] = {0,
                               old_tx,
                               old_rx,
                               req_origin(),
                               left,
                               req_receive() ^ 1,
                               bytes_get64(p.req + 40) + 1};
    for (size_t i = 0; i < LEN(origin); i++) {
        struct ntp_header h = interleaved();
        h.origin = origin[i];
        write(&h);
        refused(RC_BAD, NTP_DROP_ORIGIN);
    }
    struct ntp_header h = interleaved();
    heard(&h);
}

/* A basic request has no receive timestamp: 0 is no answer to it. */
static void zero_origin(void **state)
{
    (void)state;
    begin(false);
    ask();
    struct ntp_header h = peer_header(&p);
    h.origin = 0;
    write(&h);
    refused(RC_BAD, NTP_DROP_ORIGIN);
    h = peer_header(&p);
    heard(&h);
}

static void replayed_and_crossed(void **state)
{
    uint8_t old[PEER_MAX];
    (void)state;
    for (int nts = 0; nts < 2; nts++) {
        begin(nts);
        exchange();
        exchange();
        exchange();
        size_t len = p.rep_len;
        memcpy(old, p.rep, len);
        refused(RC_BAD, NTP_DROP_ORIGIN); /* at once */
        ask();
        refused(RC_BAD, NTP_DROP_ORIGIN); /* to the next request */
        struct ntp_header h = interleaved();
        write(&h);
        len = p.rep_len;
        memcpy(old, p.rep, len); /* the answer, but overtaken */
        ask();
        memcpy(p.rep, old, len);
        p.rep_len = len;
        refused(RC_BAD, NTP_DROP_ORIGIN);
        assert_true(req_receive() == 0); /* it was not heard: basic */
        h = peer_header(&p);
        heard(&h);
    }
}

/* Both answers to one request: the second is a duplicate. */
static void answered_once(void **state)
{
    (void)state;
    begin(false);
    exchange();
    exchange();
    exchange();
    struct ntp_header h = peer_header(&p);
    write(&h);
    refused(RC_BAD, NTP_DROP_ORIGIN);
}

/* ---- NTS ------------------------------------------------------------------- */

static void with_nts(void **state)
{
    (void)state;
    begin(true);
    for (int i = 0; i < 20; i++) {
        ask();
        struct ntp_header h = i ? interleaved() : peer_header(&p);
        write(&h);
        p.rep[p.rep_len - 1] ^= 1;
        refused(RC_AUTH, NTP_DROP_FORGED);
        p.rep[p.rep_len - 1] ^= 1;
        p.rep[40] ^= 1; /* the transmit timestamp */
        refused(RC_AUTH, NTP_DROP_FORGED);
        peer_reply(&p, &h); /* as plain NTP */
        refused(RC_AUTH, NTP_DROP_UNSIGNED);
        heard(&h);
        assert_int_equal(p.s.interleaved, i > 0);
        assert_int_equal(p.s.failed, i == 1 ? NTP_TEST_A : 0);
        assert_int_equal(p.n.nts.count, 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_last_reply),
        cmocka_unit_test(only_if_configured),
        cmocka_unit_test(sample_of_the_exchange_before),
        cmocka_unit_test(distance_of_both),
        cmocka_unit_test(basic_server),
        cmocka_unit_test(restarted_server),
        cmocka_unit_test(server_steps),
        cmocka_unit_test(maxdelay_of_the_one_before),
        cmocka_unit_test(late_stamp),
        cmocka_unit_test(on_wire),
        cmocka_unit_test(after_silence),
        cmocka_unit_test(after_silence_and_thirst),
        cmocka_unit_test(after_what_has_no_time),
        cmocka_unit_test(wrong_stamp),
        cmocka_unit_test(wrong_origin),
        cmocka_unit_test(zero_origin),
        cmocka_unit_test(replayed_and_crossed),
        cmocka_unit_test(answered_once),
        cmocka_unit_test(with_nts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
