/* ntp_client without NTS: RFC 5905's acceptance tests one by one, and
 * when requests go. Kiss codes: test_ntp_client_kiss.c; with NTS:
 * test_ntp_client_nts.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ntp_peer.h"
#include "adapters/crypto_mbed.h"

static struct peer p;

static void ask(void)
{
    assert_int_equal(peer_poll(&p), NTP_HEADER);
}

/* A good exchange. */
static void exchange(void)
{
    ask();
    peer_good(&p);
    assert_int_equal(peer_give(&p), RC_OK);
}

/* The reply as it stands is refused for `why`, and the real one is heard. */
static void refused(int rc, enum ntp_drop why)
{
    struct ntp_client before = p.n;
    uint32_t count = p.n.drops[why];
    assert_int_equal(peer_give(&p), rc);
    assert_int_equal(p.why, why);
    assert_int_equal(p.n.drops[why], count + 1);
    peer_unchanged(&p, &before);
    peer_good(&p);
    assert_int_equal(peer_give(&p), RC_OK);
}

static void refused_header(const struct ntp_header *h, enum ntp_drop why)
{
    peer_reply(&p, h);
    refused(RC_BAD, why);
}

static void request_says_nothing(void **state)
{
    (void)state;
    peer_begin(&p, false);
    assert_int_equal(ntp_client_due(&p.n), 5 * S);
    assert_int_equal(ntp_client_poll(&p.n, 5 * S - 1, p.req, sizeof p.req),
                     RC_AGAIN);
    uint64_t seen[20];
    for (size_t i = 0; i < LEN(seen); i++) {
        ask();
        assert_int_equal(p.req[0], 0x23); /* version 4, mode 3 */
        for (size_t k = 1; k < 40; k++)
            assert_int_equal(p.req[k], 0);
        seen[i] = bytes_get64(p.req + 40);
        assert_true(seen[i] != 0);
        for (size_t k = 0; k < i; k++)
            assert_true(seen[k] != seen[i]);
    }
    assert_int_equal(p.n.tx, LEN(seen));
}

static void sample_arithmetic(void **state)
{
    (void)state;
    peer_begin(&p, false);
    exchange();
    assert_int_equal(p.s.at_ticks, 5003000); /* 5 s + 6 ms / 2 */
    assert_int_equal(p.s.server_ns, 2 * MS);
    assert_int_equal(p.s.delay_ns, 4 * MS);
    assert_in_range(p.s.utc - peer_utc(5 * S + 2 * MS) + 2, 0, 4);
    assert_int_equal(p.s.root_delay_ns, 3906250);
    assert_int_equal(p.s.root_disp_ns, 7812500);
    assert_int_equal(p.s.stratum, 2);
    assert_int_equal(p.s.refid, 0x0a000001);
    assert_int_equal(p.s.server_precision, -20);
    assert_int_equal(p.n.reach, 1);
    assert_int_equal(p.n.valid, 1);
    assert_int_equal(p.n.last_rx, 5 * S + 6 * MS);
    assert_memory_equal(&p.n.last, &p.s, sizeof p.s);
}

static void mode_and_version(void **state)
{
    (void)state;
    for (uint8_t mode = 0; mode < 8; mode++) {
        for (uint8_t version = 0; version < 8; version++) {
            if (mode == 4 && version >= 1 && version <= 4)
                continue;
            peer_begin(&p, false);
            ask();
            struct ntp_header h = peer_header(&p);
            h.mode = mode;
            h.version = version;
            refused_header(&h, NTP_DROP_MODE);
        }
    }
}

static void origin_once(void **state)
{
    (void)state;
    peer_begin(&p, false);
    peer_good(&p);
    assert_int_equal(peer_give(&p), RC_BAD); /* nothing was asked */
    assert_int_equal(p.why, NTP_DROP_ORIGIN);
    ask();
    struct ntp_header h = peer_header(&p);
    h.origin ^= 1;
    refused_header(&h, NTP_DROP_ORIGIN);
    struct ntp_client before = p.n;
    assert_int_equal(peer_give(&p), RC_BAD); /* a duplicate */
    peer_unchanged(&p, &before);
    uint8_t old[NTP_HEADER];
    memcpy(old, p.rep, sizeof old);
    ask();
    memcpy(p.rep, old, sizeof old); /* a replay of the last answer */
    refused(RC_BAD, NTP_DROP_ORIGIN);
    ask();
    h = peer_header(&p);
    h.origin = 0;
    refused_header(&h, NTP_DROP_ORIGIN);
}

/* An answer to a request that was overtaken by the next. */
static void late_answer(void **state)
{
    (void)state;
    peer_begin(&p, false);
    ask();
    peer_good(&p);
    uint8_t late[NTP_HEADER];
    memcpy(late, p.rep, sizeof late);
    ask();
    memcpy(p.rep, late, sizeof late);
    refused(RC_BAD, NTP_DROP_ORIGIN);
}

static void not_before_it_left(void **state)
{
    (void)state;
    peer_begin(&p, false);
    int rc = ntp_client_poll(&p.n, 5 * S, p.req, sizeof p.req);
    assert_int_equal(rc, NTP_HEADER);
    p.now = 5 * S;
    peer_good(&p);
    assert_int_equal(peer_give(&p), RC_BAD);
    assert_int_equal(p.why, NTP_DROP_ORIGIN);
    ntp_client_sent(&p.n, 4000000); /* stamps: the last one counts */
    ntp_client_sent(&p.n, 5000000);
    assert_int_equal(peer_give(&p), RC_OK);
    assert_int_equal(p.s.delay_ns, 4 * MS);
    ntp_client_sent(&p.n, 5000001); /* late news of a settled request */
    assert_int_equal(peer_give(&p), RC_BAD);
}

static void impossible_times(void **state)
{
    (void)state;
    for (int i = 0; i < 13; i++) {
        peer_begin(&p, false);
        ask();
        struct ntp_header h = peer_header(&p);
        switch (i) {
        case 0:
            h.receive = 0;
            break;
        case 1:
            h.transmit = 0;
            break;
        case 2:
            h.transmit = h.receive - 8192;
            break; /* 2 us */
        case 3:
            h.ref = h.transmit + 8192;
            break;
        case 4:
            h.root_delay = 32u << 16;
            break; /* / 2 = 16 s */
        case 5:
            h.root_disp = 16u << 16;
            break;
        case 6:
            h.root_delay = h.root_disp = UINT32_MAX;
            break;
        case 7:
            h.transmit = h.receive + (UINT64_C(7) << 22);
            break; /* 7 ms */
        case 8:
            h.receive += UINT64_C(1) << 63;
            break;
        case 9:
            h.transmit = h.receive + (UINT64_C(1) << 40);
            break;
        case 11:
            h.receive = h.ref = 0;
            h.transmit = 1 << 20;
            break;
        case 12:
            h.transmit = h.ref = 0;
            h.receive = -(ntp64)(1 << 20);
            break;
        case 10:
            h.precision = 127;
            h.receive -= UINT64_C(1) << 27;
            break;
        }
        refused_header(&h,
                       i >= 4 && i <= 6 ? NTP_DROP_DISTANCE : NTP_DROP_TIMES);
    }
}

static void delay_near_zero(void **state)
{
    (void)state;
    peer_begin(&p, false);
    ask();
    struct ntp_header h = peer_header(&p);
    h.transmit = peer_utc(p.now + 7 * MS + 1000); /* held 1 us too long */
    peer_reply(&p, &h);
    assert_int_equal(peer_give(&p), RC_OK);
    assert_int_equal(p.s.delay_ns, 0);
    ask();
    h = peer_header(&p);
    h.transmit = h.receive - 2048; /* 0.5 us: below its precision, 1 us */
    peer_reply(&p, &h);
    assert_int_equal(peer_give(&p), RC_OK);
    assert_int_equal(p.s.server_ns, 0);
    ask();
    h = peer_header(&p);
    h.transmit = peer_utc(p.now + 7 * MS + 50000); /* 50 us */
    refused_header(&h, NTP_DROP_TIMES);
}

static void too_late(void **state)
{
    (void)state;
    peer_begin(&p, false);
    ask();
    peer_good(&p);
    mono_ns t = p.now + 17100 * MS; /* a round trip above 16 s */
    assert_int_equal(ntp_client_recv(&p.n, t, (uint64_t)t / 1000, p.rep,
                                     p.rep_len, &p.s, &p.why),
                     RC_BAD);
    assert_int_equal(p.why, NTP_DROP_TIMES);
    uint64_t early = (uint64_t)p.now / 1000 - 1; /* before it was sent */
    assert_int_equal(
        ntp_client_recv(&p.n, t, early, p.rep, p.rep_len, &p.s, &p.why),
        RC_BAD);
    assert_int_equal(p.why, NTP_DROP_TIMES);
}

/* Test A. The reply is valid all the same: it has been answered. */
static void over_maxdelay(void **state)
{
    (void)state;
    static const struct {
        int64_t maxdelay, delay; /* ms; the server holds it for 2 */
        unsigned failed;
    } row[] = {{0, 2999, 0},    {0, 3001, NTP_TEST_A},
               {4, 4, 0},       {4, 5, NTP_TEST_A},
               {9000, 8999, 0}, {9000, 9001, NTP_TEST_A}};
    for (size_t i = 0; i < LEN(row); i++) {
        peer_begin(&p, false);
        p.n.conf.maxdelay_ns = row[i].maxdelay * MS;
        ask();
        peer_good(&p);
        mono_ns t = p.now + (row[i].delay + 2) * MS;
        assert_int_equal(ntp_client_recv(&p.n, t, (uint64_t)t / 1000, p.rep,
                                         p.rep_len, &p.s, &p.why),
                         RC_OK);
        assert_int_equal(p.s.failed, row[i].failed);
        assert_int_equal(p.n.reach, 1);
        assert_int_equal(peer_give(&p), RC_BAD); /* a duplicate */
    }
    peer_begin(&p, false);
    p.n.conf.maxdelay_ns = 9 * S;
    ask();
    struct ntp_header h = peer_header(&p);
    h.transmit = peer_utc(p.now + 4002 * MS); /* held for 4.001 s */
    peer_reply(&p, &h);
    mono_ns t = p.now + 4010 * MS;
    assert_int_equal(ntp_client_recv(&p.n, t, (uint64_t)t / 1000, p.rep,
                                     p.rep_len, &p.s, &p.why),
                     RC_OK);
    assert_int_equal(p.s.failed, NTP_TEST_A);
}

/* chrony.conf(5): 100 us more to the server than back: -50 us. */
static void offset_and_minstratum(void **state)
{
    (void)state;
    peer_begin(&p, false);
    p.n.conf.offset_ns = -50000;
    p.n.conf.minstratum = 2;
    exchange();
    ntp64 want = peer_utc(5 * S + 2 * MS - 50000);
    assert_in_range(p.s.utc - want + 20, 0, 40);
    assert_int_equal(p.s.stratum, 2);
    p.n.conf.minstratum = 9;
    exchange();
    assert_int_equal(p.s.stratum, 9);
}

static void across_the_era(void **state)
{
    (void)state;
    peer_begin(&p, false);
    ask();
    struct ntp_header h = peer_header(&p);
    h.ref = (ntp64)0xfffffff0 << 32;
    h.receive = UINT64_MAX - 5; /* just before 2036-02-07 06:28:16 */
    h.transmit = h.receive + 100000;
    peer_reply(&p, &h);
    assert_int_equal(peer_give(&p), RC_OK);
    assert_true(p.s.utc == h.receive + 50000);
}

static void truncated_and_malformed(void **state)
{
    (void)state;
    for (size_t len = 0; len < NTP_HEADER; len++) {
        peer_begin(&p, false);
        ask();
        peer_good(&p);
        p.rep_len = len;
        refused(RC_BAD, NTP_DROP_SHORT);
    }
    for (size_t more = 1; more < 28; more++) { /* MACs, crypto-NAKs, rests */
        peer_begin(&p, false);
        ask();
        peer_good(&p);
        p.rep_len += more;
        refused(RC_BAD, NTP_DROP_SHORT);
    }
    peer_begin(&p, false);
    ask();
    peer_good(&p);
    p.rep_len = LIMIT_NTP_PACKET + 4; /* well-formed, but whose is it? */
    bytes_put16(p.rep + NTP_HEADER + 2, (uint16_t)(p.rep_len - NTP_HEADER));
    refused(RC_BAD, NTP_DROP_SHORT);
    ask();
    peer_good(&p);
    memset(p.rep + NTP_HEADER, 0, 32); /* an unknown field is no harm */
    bytes_put16(p.rep + NTP_HEADER, 0x2323);
    bytes_put16(p.rep + NTP_HEADER + 2, 32);
    p.rep_len = NTP_HEADER + 32;
    assert_int_equal(peer_give(&p), RC_OK);
}

static void unsynchronised(void **state)
{
    (void)state;
    static const struct {
        uint8_t leap, stratum;
        enum ntp_drop why;
    } row[] = {{3, 2, NTP_DROP_UNSYNC},
               {0, 16, NTP_DROP_STRATUM},
               {0, 255, NTP_DROP_STRATUM},
               {3, 16, NTP_DROP_STRATUM}};
    for (size_t i = 0; i < LEN(row); i++) {
        peer_begin(&p, false);
        ask();
        struct ntp_header h = peer_header(&p);
        h.leap = row[i].leap;
        h.stratum = row[i].stratum;
        peer_reply(&p, &h);
        assert_int_equal(peer_give(&p), RC_STATE);
        assert_int_equal(p.why, row[i].why);
        assert_int_equal(p.n.reach & 1, 0);
        assert_int_equal(p.n.last_rx, -1);
        assert_true(ntp_client_due(&p.n) >= p.now + 2 * S);
    }
}

/* ---- when ----------------------------------------------------------------- */

static void ramp_and_reach(void **state)
{
    (void)state;
    peer_begin(&p, false);
    static const int gap[] = {2,  2,  2,  2,  4,  4,  4,  4,  8,  8,  8, 8,
                              16, 16, 16, 16, 32, 32, 32, 32, 64, 64, 64};
    for (size_t i = 0; i < LEN(gap); i++) {
        exchange();
        mono_ns t = ntp_client_due(&p.n) - p.now;
        assert_true(t >= gap[i] * S && t <= gap[i] * S * 104 / 100 + 6 * MS);
        if (i == 7) {
            assert_int_equal(p.n.reach, 0377);
            assert_true(p.now < 30 * S);
        }
    }
}

static void intervals_vary(void **state)
{
    (void)state;
    peer_begin(&p, false);
    for (int i = 0; i < 25; i++)
        exchange();
    mono_ns lo = INT64_MAX, hi = 0;
    for (int i = 0; i < 50; i++) {
        exchange();
        mono_ns t = ntp_client_due(&p.n) - p.now;
        lo = t < lo ? t : lo;
        hi = t > hi ? t : hi;
    }
    assert_true(lo >= 64 * S && hi <= 64 * S * 104 / 100);
    assert_true(hi - lo > S);
}

static void silence_at_start(void **state)
{
    (void)state;
    static const int gap[] = {1,   1,   1,   2,   4,   8,   16,  32, 64,
                              128, 128, 128, 128, 128, 128, 256, 256};
    peer_begin(&p, false);
    for (size_t i = 0; i < LEN(gap); i++) {
        ask();
        mono_ns t = ntp_client_due(&p.n) - p.now;
        assert_true(t >= gap[i] * S && t <= gap[i] * S * 104 / 100);
    }
    assert_int_equal(p.n.reach, 0);
    exchange(); /* and the ramp comes all the same */
    assert_true(ntp_client_due(&p.n) < p.now + 3 * S);
}

static void silence_later(void **state)
{
    (void)state;
    peer_begin(&p, false);
    for (int i = 0; i < 25; i++)
        exchange();
    for (int i = 1; i <= 40; i++) {
        ask();
        int want = i < 8 ? 64 : i < 16 ? 128 : 256;
        mono_ns t = ntp_client_due(&p.n) - p.now;
        assert_true(t >= want * S && t <= want * S * 104 / 100);
        assert_int_equal(p.n.reach, i < 8 ? (0xff << i & 0xff) : 0);
    }
    exchange();
    assert_true(ntp_client_due(&p.n) < p.now + 67 * S);
}

static void polls_as_configured(void **state)
{
    (void)state;
    static const struct {
        int8_t min, max;
        bool iburst;
        int first, later; /* ms */
    } row[] = {
        {6, 10, false, 4000, 64000}, {4, 4, true, 2000, 16000},
        {0, 4, true, 1000, 1000},    {-6, -6, true, 15, 15},
        {1, 1, false, 2000, 2000},   {10, 10, true, 2000, 1024000},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct ntp_client_conf c = {.minpoll = row[i].min,
                                    .maxpoll = row[i].max,
                                    .iburst = row[i].iburst};
        peer_begin(&p, false);
        ntp_client_init(&p.n, &c, 1000000, S);
        exchange();
        mono_ns t = ntp_client_due(&p.n) - p.now;
        assert_in_range(t / MS, row[i].first, row[i].first * 104 / 100 + 6);
        for (int k = 0; k < 40; k++)
            exchange();
        t = ntp_client_due(&p.n) - p.now;
        assert_in_range(t / MS, row[i].later, row[i].later * 26 / 25 + 1);
    }
}

static void poll_wishes(void **state)
{
    (void)state;
    peer_begin(&p, false);
    assert_int_equal(p.n.poll, 6);
    ntp_client_set_poll(&p.n, 8);
    assert_int_equal(p.n.poll, 8);
    ntp_client_set_poll(&p.n, 127);
    assert_int_equal(p.n.poll, 10);
    ntp_client_set_poll(&p.n, -128);
    assert_int_equal(p.n.poll, 6);
    struct ntp_client_conf wild = {.minpoll = 127, .maxpoll = -128};
    ntp_client_init(&p.n, &wild, 1000000, 0);
    assert_int_equal(p.n.conf.minpoll, 24);
    assert_int_equal(p.n.conf.maxpoll, 24);
}

static void no_entropy_no_request(void **state)
{
    (void)state;
    peer_begin(&p, false);
    entropy_dead = true;
    assert_int_equal(crypto_mbed_seed(), RC_IO);
    assert_int_equal(peer_poll(&p), RC_IO);
    assert_int_equal(p.n.tx, 0);
    assert_int_equal(ntp_client_due(&p.n), p.now + S);
    entropy_dead = false;
    exchange();
}

static void every_drop_has_words(void **state)
{
    (void)state;
    for (int d = 0; d < NTP_DROP_COUNT; d++)
        assert_true(strlen(ntp_drop_text((enum ntp_drop)d)) > 5);
    assert_string_equal(ntp_drop_text(NTP_DROP_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_says_nothing),
        cmocka_unit_test(sample_arithmetic),
        cmocka_unit_test(mode_and_version),
        cmocka_unit_test(origin_once),
        cmocka_unit_test(late_answer),
        cmocka_unit_test(not_before_it_left),
        cmocka_unit_test(impossible_times),
        cmocka_unit_test(delay_near_zero),
        cmocka_unit_test(too_late),
        cmocka_unit_test(over_maxdelay),
        cmocka_unit_test(offset_and_minstratum),
        cmocka_unit_test(across_the_era),
        cmocka_unit_test(truncated_and_malformed),
        cmocka_unit_test(unsynchronised),

        cmocka_unit_test(ramp_and_reach),
        cmocka_unit_test(intervals_vary),
        cmocka_unit_test(silence_at_start),
        cmocka_unit_test(silence_later),
        cmocka_unit_test(polls_as_configured),
        cmocka_unit_test(poll_wishes),
        cmocka_unit_test(no_entropy_no_request),
        cmocka_unit_test(every_drop_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
