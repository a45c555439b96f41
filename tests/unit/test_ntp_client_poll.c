/* ntp_client: the poll interval that somebody else wishes for, intervals below
 * a second, and cookies that must last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ntp_peer.h"

static struct peer p;

static void exchange(void)
{
    assert_int_equal(peer_poll(&p), NTP_HEADER);
    peer_good(&p);
    assert_int_equal(peer_give(&p), RC_OK);
}

static void after_the_ramp(void)
{
    peer_begin(&p, false);
    for (int i = 0; i < 25; i++)
        exchange();
}

/* From the last request to the next, in s; 4 % are chance's. */
static void gap_is(int s)
{
    mono_ns t = ntp_client_due(&p.n) - p.now;
    assert_in_range(t / MS, s * 1000, s * 1040);
}

/* It counts from the last request, up and down, and never twice. */
static void takes_effect_at_once(void **state)
{
    static const int8_t wish[] = {7, 8, 10, 9, 6, 10, 6};
    (void)state;
    after_the_ramp();
    gap_is(64);
    for (size_t i = 0; i < LEN(wish); i++) {
        ntp_client_set_poll(&p.n, wish[i]);
        gap_is(1 << wish[i]);
        assert_int_equal(p.n.poll, wish[i]);
        exchange();
        gap_is(1 << wish[i]);
    }
    exchange();
    ntp_client_set_poll(&p.n, 8);
    mono_ns due = ntp_client_due(&p.n);
    ntp_client_set_poll(&p.n, 8);
    assert_int_equal(ntp_client_due(&p.n), due);
}

/* A shorter interval may be over already. */
static void overdue(void **state)
{
    (void)state;
    after_the_ramp();
    ntp_client_set_poll(&p.n, 10);
    exchange();
    mono_ns now = p.now + 500 * S;
    assert_int_equal(ntp_client_poll(&p.n, now, p.req, sizeof p.req), RC_AGAIN);
    ntp_client_set_poll(&p.n, 6);
    assert_true(ntp_client_due(&p.n) < now);
    assert_int_equal(ntp_client_poll(&p.n, now, p.req, sizeof p.req),
                     NTP_HEADER);
    assert_true(ntp_client_due(&p.n) >= now + 64 * S);
}

static void never_beyond_its_limits(void **state)
{
    (void)state;
    after_the_ramp();
    ntp_client_set_poll(&p.n, 127);
    gap_is(1024);
    ntp_client_set_poll(&p.n, -128);
    gap_is(64);
}

static void ramp_unaffected(void **state)
{
    static const int gap[] = {2, 2,  2,  2,  4,  4,  4,  4,  8,  8,   8,
                              8, 16, 16, 16, 16, 32, 32, 32, 32, 256, 256};
    (void)state;
    peer_begin(&p, false);
    ntp_client_set_poll(&p.n, 8);
    for (size_t i = 0; i < LEN(gap); i++) {
        exchange();
        mono_ns due = ntp_client_due(&p.n);
        ntp_client_set_poll(&p.n, 10);
        if (i < 20)
            assert_int_equal(ntp_client_due(&p.n), due);
        ntp_client_set_poll(&p.n, 8);
        mono_ns t = ntp_client_due(&p.n) - p.now;
        assert_true(t >= gap[i] * S && t <= gap[i] * S * 104 / 100 + 6 * MS);
    }
}

/* A kiss's interval is the least, whoever wishes what. */
static void kiss_is_respected(void **state)
{
    (void)state;
    after_the_ramp();
    assert_int_equal(peer_poll(&p), NTP_HEADER);
    struct ntp_header h = peer_header(&p);
    h.stratum = 0;
    h.refid = NTP_KISS_RATE;
    peer_reply(&p, &h);
    assert_int_equal(peer_give(&p), RC_STATE);
    mono_ns due = ntp_client_due(&p.n);
    assert_true(due >= p.now + 128 * S);
    ntp_client_set_poll(&p.n, 6);
    assert_int_equal(p.n.poll, 7);
    assert_int_equal(ntp_client_due(&p.n), due);
    exchange();
    ntp_client_set_poll(&p.n, 6);
    gap_is(128);
    ntp_client_set_poll(&p.n, 9);
    gap_is(512);
    ntp_client_set_poll(&p.n, 6);
    gap_is(128);
}

/* A refused sample's second question stays at 2 s. */
static void again_stays(void **state)
{
    (void)state;
    after_the_ramp();
    ntp_client_again(&p.n, p.now);
    mono_ns due = ntp_client_due(&p.n);
    assert_int_equal(due, p.now + 2 * S);
    ntp_client_set_poll(&p.n, 9);
    assert_int_equal(ntp_client_due(&p.n), due);
    exchange();
    gap_is(512);
}

/* chrony.conf(5), minpoll. */
static void below_a_second_only_nearby(void **state)
{
    (void)state;
    struct ntp_client_conf c = {.minpoll = -4, .maxpoll = -4, .iburst = true};
    peer_begin(&p, false);
    ntp_client_init(&p.n, &c, 1000000, S);
    for (int i = 0; i < 3; i++) { /* silent: not 16 a second */
        assert_int_equal(peer_poll(&p), NTP_HEADER);
        assert_true(ntp_client_due(&p.n) >= p.now + S);
    }
    exchange();
    assert_true(ntp_client_due(&p.n) < p.now + 100 * MS);
    exchange();
    assert_true(ntp_client_due(&p.n) < p.now + 100 * MS);
    assert_int_equal(peer_poll(&p), NTP_HEADER); /* 11 ms away */
    peer_good(&p);
    mono_ns t = p.now + 13 * MS;
    assert_int_equal(ntp_client_recv(&p.n, t, (uint64_t)t / 1000, p.rep,
                                     p.rep_len, &p.s, &p.why),
                     RC_OK);
    exchange();
    assert_true(ntp_client_due(&p.n) >= p.now + S);
    exchange();
    assert_true(ntp_client_due(&p.n) < p.now + 100 * MS);
    for (int i = 0; i < 9; i++)
        assert_int_equal(peer_poll(&p), NTP_HEADER);
    assert_true(ntp_client_due(&p.n) >= p.now + S); /* unreachable */
}

/* New keys may be had in an hour: the cookies last until then, whoever is
 * silent, and are not held back from who answers. */
static void cookies_are_spared(void **state)
{
    (void)state;
    peer_begin(&p, true);
    peer_keys(&p, 1, LIMIT_COOKIES, 100);
    mono_ns until = p.now + 3600 * S, longest = 0, before = p.now;
    for (int i = 0; i < LIMIT_COOKIES; i++) {
        assert_true(peer_poll(&p) > NTP_HEADER);
        ntp_client_spare(&p.n, until);
        if (p.now - before > longest)
            longest = p.now - before;
        before = p.now;
    }
    assert_int_equal(p.n.nts.count, 0);
    assert_true(longest < 520 * S);
    assert_in_range((until - ntp_client_due(&p.n)) / S, 0, 1);

    peer_keys(&p, 2, LIMIT_COOKIES, 100);
    ntp_client_rekeyed(&p.n, p.now);
    for (int i = 0; i < 2; i++) {
        assert_true(peer_poll(&p) > NTP_HEADER);
        ntp_client_spare(&p.n, p.now + 3600 * S);
    }
    assert_true(ntp_client_due(&p.n) > p.now + 400 * S);
    peer_good_nts(&p, 1);
    assert_int_equal(peer_give(&p), RC_OK);
    assert_true(ntp_client_due(&p.n) < p.now + 3 * S);
}

/* Unless it is answered: then the interval is what it was. */
static void repeated_soon(void **state)
{
    (void)state;
    after_the_ramp();
    ntp_client_set_poll(&p.n, 10);
    exchange();
    gap_is(1024);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(peer_poll(&p), NTP_HEADER);
        ntp_client_repeat(&p.n);
        gap_is(64);
    }
    peer_good(&p);
    assert_int_equal(peer_give(&p), RC_OK);
    gap_is(1024);
    ntp_client_set_poll(&p.n, 8);
    gap_is(256);
}

static void nak(void)
{
    struct ntp_header h = peer_header(&p);
    h.leap = 3;
    h.stratum = 0;
    h.refid = NTP_KISS_NTSN;
    peer_reply(&p, &h);
    peer_uid(&p);
    assert_int_equal(peer_give(&p), RC_AUTH);
}

/* A NAK is asked about at once: three of them want new keys. */
static void but_not_from_a_nak(void **state)
{
    (void)state;
    peer_begin(&p, true);
    peer_keys(&p, 1, LIMIT_COOKIES, 100);
    for (int i = 0; i < 3; i++) {
        assert_true(peer_poll(&p) > NTP_HEADER);
        ntp_client_spare(&p.n, p.now + 3600 * S);
    }
    for (int i = 0; i < NTP_CLIENT_NAKS; i++) {
        assert_false(ntp_client_refused(&p.n));
        nak();
        if (i + 1 == NTP_CLIENT_NAKS)
            break;
        assert_true(ntp_client_due(&p.n) < p.now + 10 * S);
        assert_true(peer_poll(&p) > NTP_HEADER);
        ntp_client_spare(&p.n, p.now + 3600 * S);
    }
    assert_true(ntp_client_refused(&p.n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_effect_at_once),
        cmocka_unit_test(overdue),
        cmocka_unit_test(never_beyond_its_limits),
        cmocka_unit_test(ramp_unaffected),
        cmocka_unit_test(kiss_is_respected),
        cmocka_unit_test(again_stays),
        cmocka_unit_test(repeated_soon),
        cmocka_unit_test(cookies_are_spared),
        cmocka_unit_test(but_not_from_a_nak),
        cmocka_unit_test(below_a_second_only_nearby),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
