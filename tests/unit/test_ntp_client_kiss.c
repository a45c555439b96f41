/* ntp_client and kiss codes (RFC 5905 section 7.4) without NTS, and versions of
 * NTP. With NTS: test_ntp_client_nts.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ntp_peer.h"

static struct peer p;

static void ask(void)
{
    assert_int_equal(peer_poll(&p), NTP_HEADER);
}

static void exchange(void)
{
    ask();
    peer_good(&p);
    assert_int_equal(peer_give(&p), RC_OK);
}

static int kiss(uint32_t code)
{
    ask();
    struct ntp_header h = peer_header(&p);
    h.leap = 3;
    h.stratum = 0;
    h.refid = code;
    peer_reply(&p, &h);
    return peer_give(&p);
}

/* Before: one that anybody may have sent stopped the source for good. */
static void refusals(void **state)
{
    (void)state;
    const uint32_t stop[] = {NTP_KISS_DENY, NTP_KISS_RSTR};
    for (size_t i = 0; i < LEN(stop); i++) {
        peer_begin(&p, false);
        exchange();
        exchange();
        for (int k = 1; k <= NTP_CLIENT_NAKS; k++) {
            assert_false(p.n.refused);
            assert_int_equal(kiss(stop[i]), RC_STATE);
            assert_int_equal(p.why, NTP_DROP_DENY);
            assert_int_equal(peer_give(&p), RC_STATE); /* again: not counted */
            assert_int_equal(p.n.deny_run, k);
        }
        assert_true(p.n.refused);
        assert_int_equal(p.n.reach, 0);
        mono_ns wait = ntp_client_due(&p.n) - p.now;
        assert_true(wait >= 1024 * S && wait < 1100 * S);
        for (int k = 1; k < 10; k++) { /* longer each time, up to 4.6 h */
            mono_ns then = wait;
            ntp_client_set_poll(&p.n, 6);
            ntp_client_again(&p.n, p.now);
            assert_int_equal(kiss(stop[i]), RC_STATE);
            wait = ntp_client_due(&p.n) - p.now;
            assert_true(k > 4 || wait > then * 18 / 10);
            assert_true(wait < 17100 * S);
        }
        exchange();
        assert_false(p.n.refused);
        assert_true(ntp_client_due(&p.n) - p.now < 70 * S);
        assert_int_equal(kiss(stop[i]), RC_STATE);
        assert_false(p.n.refused);
    }
}

/* What a kiss without NTS says may be forged: the real reply still counts. */
static void reply_after_a_kiss(void **state)
{
    (void)state;
    const uint32_t code[] = {NTP_KISS_DENY, NTP_KISS_RSTR, NTP_KISS_RATE,
                             NTP_KISS('N', 'K', 'E', 'Y')};
    peer_begin(&p, false);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(kiss(code[i % 4]), RC_STATE);
        peer_good(&p);
        assert_int_equal(peer_give(&p), RC_OK);
        assert_false(p.n.refused);
        assert_int_equal(p.n.deny_run, 0);
    }
    assert_int_equal(p.n.reach, 0377);
    assert_true(p.n.slow <= 10);
}

/* What a server says that has no time yet (RFC 5905 section 7.4). */
static void not_yet(void **state)
{
    (void)state;
    const uint32_t code[] = {NTP_KISS_INIT, NTP_KISS_STEP};
    peer_begin(&p, false);
    for (size_t i = 0; i < LEN(code); i++) {
        ask();
        struct ntp_header h = peer_header(&p);
        h.leap = 3, h.stratum = 0, h.refid = code[i];
        peer_reply(&p, &h);
        assert_int_equal(peer_give(&p), RC_STATE);
        assert_int_equal(p.why, NTP_DROP_INIT);
    }
    assert_int_equal(p.n.refused, false);
}

static void kisses_without_meaning(void **state)
{
    (void)state;
    const uint32_t code[] = {NTP_KISS('N', 'K', 'E', 'Y'),
                             NTP_KISS('A', 'U', 'T', 'H'),
                             NTP_KISS('C', 'R', 'Y', 'P'),
                             NTP_KISS('X', 'Y', 'Z', 'W'),
                             NTP_KISS('R', 'A', 'T', 'X'),
                             NTP_KISS_NTSN,
                             0};
    peer_begin(&p, false);
    exchange();
    for (size_t i = 0; i < LEN(code); i++) {
        ask();
        struct ntp_client before = p.n;
        struct ntp_header h = peer_header(&p);
        h.leap = 3, h.stratum = 0, h.refid = code[i];
        peer_reply(&p, &h);
        assert_int_equal(peer_give(&p), RC_STATE);
        assert_int_equal(p.why,
                         i < LEN(code) - 1 ? NTP_DROP_KISS : NTP_DROP_ZERO);
        before.nak_seen = true;
        peer_unchanged(&p, &before);
    }
    ask();
    struct ntp_header h = peer_header(&p); /* off-path: guesses the origin */
    h.stratum = 0, h.refid = NTP_KISS_DENY, h.origin++;
    peer_reply(&p, &h);
    assert_int_equal(peer_give(&p), RC_BAD);
    assert_int_equal(p.why, NTP_DROP_ORIGIN);
    assert_int_equal(p.n.deny_run, 0);
}

static void at(int minpoll, int maxpoll)
{
    struct ntp_client_conf c = {
        .minpoll = (int8_t)minpoll, .maxpoll = (int8_t)maxpoll, .iburst = true};
    peer_begin(&p, false);
    ntp_client_init(&p.n, &c, 1000000, 5 * S);
}

static void good(int8_t wish)
{
    exchange();
    ntp_client_set_poll(&p.n, wish);
}

/* Before: the interval grew to 36 h, and no good answer brought it back. */
static void rate_slows_down(void **state)
{
    (void)state;
    for (int hours = 1; hours < 40; hours += 38) {
        at(4, 6);
        if (hours > 1)
            good(4);
        mono_ns end = p.now + hours * 3600 * S, gap = 0;
        while (ntp_client_due(&p.n) < end) {
            assert_int_equal(kiss(NTP_KISS_RATE), RC_STATE);
            mono_ns next = ntp_client_due(&p.n) - p.now;
            assert_true(next > gap * 18 / 10 || next >= 2048 * S);
            gap = next;
        }
        end += 7200 * S;
        while (p.now < end)
            good(4);
        assert_true(ntp_client_due(&p.n) - p.now <= 128 * S);
        for (int i = 0; i < 40; i++)
            good(4);
        assert_true(ntp_client_due(&p.n) - p.now <= 17 * S);
    }
}

/* Now and then one: within maxpoll, wherever it is. */
static void rate_now_and_then(void **state)
{
    (void)state;
    for (int every = 2; every <= 40; every += 38) {
        at(6, 10);
        for (int i = 1; i < 400; i++) {
            if (i % every == 0)
                assert_int_equal(kiss(NTP_KISS_RATE), RC_STATE);
            else
                good(i < 200 ? 6 : 10);
            assert_true(ntp_client_due(&p.n) - p.now <= 1066 * S);
            assert_int_equal(p.n.burst == 0 || i < every, true);
        }
    }
}

static void versions(void **state)
{
    (void)state;
    for (uint8_t asked = 0; asked <= 4; asked++)
        for (uint8_t said = 0; said < 8; said++) {
            struct ntp_client_conf c = {
                .minpoll = 6, .maxpoll = 10, .version = asked};
            peer_begin(&p, false);
            ntp_client_init(&p.n, &c, 1000000, 5 * S);
            ask();
            assert_int_equal(p.req[0], (asked ? asked : 4) << 3 | 3);
            struct ntp_header h = peer_header(&p);
            h.version = said;
            peer_reply(&p, &h);
            assert_int_equal(peer_give(&p),
                             said >= 1 && said <= 4 ? RC_OK : RC_BAD);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(reply_after_a_kiss),
        cmocka_unit_test(not_yet),
        cmocka_unit_test(kisses_without_meaning),
        cmocka_unit_test(rate_slows_down),
        cmocka_unit_test(rate_now_and_then),
        cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
