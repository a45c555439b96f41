/* core/ntp_server: requests by hand. What each gets is what chronyd 4.3 and 4.9
 * answer to the same bytes (measured on loopback); interleaved mode as RFC 9769
 * section 2 draws it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/ntp_ef.h"
#include "core/ntp_server.h"
#include "core/utc.h"
#include "entropy.h"

#define CLIENT_PORT 40000
#define NOW         ((ntp64)0xee000000 << 32)
#define MS          INT64_C(1000000)
#define REFID       0xc0000201u

static struct ntp_server s;
static struct ntp_server_clock c;
static struct ntp_header rq; /* what is asked                                */
static uint8_t req[2048], out[NTP_SERVER_REQUEST_MAX];
static struct ntp_header rp;

static int setup(void **state)
{
    (void)state;
    ntp_server_init(&s, INT8_MIN);
    c = (struct ntp_server_clock){
        .ref = {.leap = 0,
                .stratum = 2,
                .precision = -25,
                .refid = REFID,
                .ref_time = NOW - UTC_S,
                .root_delay_ns = 10 * MS,
                .root_disp_ns = 3 * MS},
        .receive = NOW,
    };
    rq = (struct ntp_header){.version = 4,
                             .mode = NTP_MODE_CLIENT,
                             .poll = 6,
                             .transmit = 0x1122334455667788};
    memset(req, 0, sizeof req);
    return 0;
}

/* The length of the answer to rq and what follows it in req. */
static size_t ask_from(uint16_t port, size_t len)
{
    ntp_wire_write(&rq, req);
    size_t n = ntp_server_reply(&s, &c, port, req, len, out);
    if (n > 0) {
        ntp_server_stamp(&s, out, c.receive + 2000);
        assert_int_equal(ntp_wire_parse(out, n, &rp), RC_OK);
    }
    return n;
}

static size_t ask(size_t len)
{
    return ask_from(CLIENT_PORT, len);
}

static void fields(void **state)
{
    (void)state;
    assert_int_equal(ask(48), 48);
    assert_int_equal(rp.leap, 0);
    assert_int_equal(rp.version, 4);
    assert_int_equal(rp.mode, NTP_MODE_SERVER);
    assert_int_equal(rp.stratum, 2);
    assert_int_equal(rp.poll, 6);
    assert_int_equal(rp.precision, -25);
    assert_int_equal(rp.refid, REFID);
    assert_true(rp.ref == c.ref.ref_time);
    assert_true(rp.origin == rq.transmit);
    assert_true(utc_short_ns(rp.root_delay) >= 10 * MS &&
                utc_short_ns(rp.root_delay) < 10 * MS + 20000);
    assert_true(utc_short_ns(rp.root_disp) >= 3 * MS);
    assert_true((rp.receive & 1) == 1 && (rp.transmit & 1) == 0);
    assert_true(llabs(utc_diff_ns(rp.receive, NOW)) <= 30);
    assert_true(llabs(utc_diff_ns(rp.transmit, NOW + 2000)) <= 30);
}

/* Bits below the precision are random, those above it true. */
static void stamps_are_blurred(void **state)
{
    (void)state;
    ntp64 seen = 0;
    c.ref.precision = -20;
    for (int i = 0; i < 200; i++) {
        c.receive = NOW + (ntp64)i * UTC_S;
        assert_int_equal(ask(48), 48);
        assert_true((rp.receive ^ c.receive) >> 12 == 0);
        seen |= rp.receive ^ c.receive;
    }
    assert_int_equal(seen, 0xfff);
}

static void versions_and_modes(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 8; version++)
        for (unsigned mode = 0; mode < 8; mode++) {
            rq.version = (uint8_t)version;
            rq.mode = (uint8_t)mode;
            int want = version < 1 || version > 4  ? -1
                       : mode == 3                 ? 4
                       : mode == 1                 ? 2
                       : mode == 0 && version == 1 ? 4
                                                   : -1;
            size_t n = ask(48);
            if ((n == 48) != (want >= 0) || (n && rp.mode != want) ||
                (n && rp.version != version))
                fail_msg("version %u, mode %u: %zu, %u", version, mode, n,
                         rp.mode);
        }
    rq.version = 1;
    rq.mode = 0;
    assert_int_equal(ask_from(123, 48), 0); /* two servers never talk */
}

static size_t put_field(size_t at, unsigned type, unsigned len)
{
    bytes_put16(req + at, (uint16_t)type);
    bytes_put16(req + at + 2, (uint16_t)len);
    return at + len;
}

static void lengths_and_fields(void **state)
{
    (void)state;
    for (size_t len = 0; len < 48; len++)
        assert_int_equal(ask(len), 0);
    for (size_t len = 49; len <= 72; len++)
        assert_int_equal(ask(len), 0); /* no MAC of ours, a crypto-NAK too */
    assert_int_equal(ask(put_field(48, 0x0002, 28)), 48);
    assert_int_equal(ask(put_field(put_field(48, 0x0002, 16), 0x0003, 28)), 48);
    assert_int_equal(ask(put_field(put_field(48, 0x0002, 12), 0x0003, 28)), 0);
    assert_int_equal(ask(put_field(put_field(48, 0x0002, 28), 0x0003, 16)), 0);
    assert_int_equal(ask(put_field(48, 0x0002, 28) - 4), 0);
    assert_int_equal(ask(put_field(48, 0x0002, 30)), 0);
    assert_int_equal(ask(put_field(48, 0x0002, 1092)), 48);
    assert_int_equal(ask(put_field(48, 0x0002, 1096)), 0);
    rq.version = 3;
    assert_int_equal(ask(48), 48);
    assert_int_equal(ask(put_field(48, 0x0002, 28)), 0);
}

/* While NTS is not served its fields get silence, not a plain reply. */
static void nts_fields_get_silence(void **state)
{
    (void)state;
    static const unsigned nts[] = {0x0104, 0x0204, 0x0304, 0x0404};
    for (size_t i = 0; i < LEN(nts); i++)
        assert_int_equal(ask(put_field(48, nts[i], 36)), 0);
}

static void not_set(void **state)
{
    (void)state;
    c.ref = (struct ntp_reference){.leap = 3,
                                   .stratum = NTP_STRATUM_UNSET,
                                   .precision = -25,
                                   .root_disp_ns = 16000 * MS};
    assert_int_equal(ask(48), 48);
    assert_int_equal(rp.leap, 3);
    assert_int_equal(rp.stratum, 0);
    assert_int_equal(rp.refid, 0);
    assert_true(rp.ref == 0);
    assert_int_equal(rp.root_delay, 0x10000);
    assert_int_equal(rp.root_disp, 0x10000);
    assert_true(rp.receive != 0 && rp.transmit != 0);
}

static void kiss(void **state)
{
    (void)state;
    ntp_server_init(&s, 9);
    ntp_wire_write(&rq, req);
    assert_int_equal(ntp_server_kiss(&s, &c, CLIENT_PORT, req, 48, out), 48);
    ntp_server_stamp(&s, out, c.receive);
    assert_int_equal(ntp_wire_parse(out, 48, &rp), RC_OK);
    assert_int_equal(rp.leap, 3);
    assert_int_equal(rp.stratum, 0);
    assert_int_equal(rp.refid, NTP_KISS_RATE);
    assert_int_equal(rp.poll, 9);
    assert_true(rp.origin == rq.transmit);
    rq.mode = 4;
    ntp_wire_write(&rq, req);
    assert_int_equal(ntp_server_kiss(&s, &c, CLIENT_PORT, req, 48, out), 0);
    rq.mode = NTP_MODE_CLIENT;
    assert_int_equal(ask(48), 48);
    assert_int_equal(rp.poll, 9); /* the limit's interval */
}

/* Nothing that we send is something that we answer. */
static void own_replies_get_silence(void **state)
{
    (void)state;
    for (unsigned mode = 0; mode < 8; mode++)
        for (unsigned version = 1; version <= 4; version++) {
            rq.mode = (uint8_t)mode;
            rq.version = (uint8_t)version;
            if (ask(48) == 0)
                continue;
            uint8_t again[NTP_HEADER];
            assert_int_equal(ntp_server_reply(&s, &c, 123, out, 48, again), 0);
        }
}

/* ---- interleaved ---- */

static ntp64 left_at; /* of the last reply, by its frame's stamp             */

static void exchange(ntp64 at)
{
    c.receive = at;
    assert_int_equal(ask(48), 48);
    left_at = (at + 50000) & ~(ntp64)1;
    ntp_server_left(&s, out, 48, left_at);
}

/* RFC 9769 figure 1: the second reply tells when the first one left. */
static void interleaved(void **state)
{
    (void)state;
    exchange(NOW);
    ntp64 first_left = left_at, first_receive = rp.receive;
    rq.origin = first_receive;
    rq.receive = 0xaaaa;
    rq.transmit = 0xbbbb;
    exchange(NOW + UTC_S);
    assert_true(rp.origin == 0xaaaa);
    assert_true(rp.transmit == first_left);
    assert_int_equal(s.interleaved, 1);
    /* Again: told already, so a basic one. */
    exchange(NOW + 2 * UTC_S);
    assert_true(rp.origin == 0xbbbb);
    assert_int_equal(s.interleaved, 1);
}

/* The device tells later when that one was on the wire: it counts, but not
 * once the client was told, and not of a reply that is not known. */
static void interleaved_on_wire(void **state)
{
    (void)state;
    exchange(NOW);
    ntp64 on_wire = left_at + 8000;
    ntp_server_on_wire(&s, out, 48, on_wire + 1);
    ntp_server_on_wire(&s, out, 47, on_wire + 4000);
    rq.origin = rp.receive;
    rq.receive = 0xaaaa;
    rq.transmit = 0xbbbb;
    uint8_t before[48], strange[48] = {0};
    memcpy(before, out, sizeof before);
    exchange(NOW + UTC_S);
    assert_true(rp.origin == 0xaaaa);
    assert_true(rp.transmit == on_wire);
    ntp_server_on_wire(&s, before, 48, on_wire + 4000);
    ntp_server_on_wire(&s, strange, 48, on_wire + 4000);
    exchange(NOW + 2 * UTC_S);
    assert_true(rp.origin == 0xbbbb);
    assert_int_equal(s.interleaved, 1);
}

static void basic_where_it_cannot_be(void **state)
{
    (void)state;
    exchange(NOW);
    ntp64 good = rp.receive;
    static const struct {
        ntp64 origin_off, receive, transmit;
    } row[] = {{1, 0xa, 0xb}, {2, 0xa, 0xb}, {0, 0xb, 0xb}};
    for (size_t i = 0; i < LEN(row); i++) {
        rq.origin = good + row[i].origin_off;
        rq.receive = row[i].receive;
        rq.transmit = row[i].transmit;
        exchange(NOW + (i + 1) * UTC_S);
        assert_true(rp.origin == rq.transmit);
    }
    rq.origin = good;
    rq.receive = 0xa;
    ntp_server_forget(&s); /* the clock was stepped */
    exchange(NOW + 9 * UTC_S);
    assert_true(rp.origin == rq.transmit);
    assert_int_equal(s.interleaved, 0);
}

/* A reply whose leaving nobody stamped cannot be told. */
static void unknown_leaving(void **state)
{
    (void)state;
    c.receive = NOW;
    assert_int_equal(ask(48), 48);
    rq.origin = rp.receive;
    rq.receive = 0xa;
    exchange(NOW + UTC_S);
    assert_true(rp.origin == rq.transmit);
}

/* Many clients behind one address, in the same instants: each finds its own. */
static void many_clients(void **state)
{
    (void)state;
    enum { CLIENTS = LIMIT_SERVER_STAMPS / 2 };
    static ntp64 receive[CLIENTS], left[CLIENTS];
    for (unsigned i = 0; i < CLIENTS; i++) {
        exchange(NOW + i / 8);
        receive[i] = rp.receive;
        left[i] = left_at;
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        rq.origin = receive[i];
        rq.receive = 0xa;
        exchange(NOW + UTC_S + i);
        assert_true(rp.transmit == left[i]);
        assert_int_equal(s.interleaved, i + 1);
    }
    /* The ring has turned since. */
    rq.origin = 0;
    for (unsigned i = 0; i < LIMIT_SERVER_STAMPS; i++)
        exchange(NOW + 2 * UTC_S + i);
    rq.origin = receive[0];
    exchange(NOW + 3 * UTC_S);
    assert_int_equal(s.interleaved, CLIENTS);
    assert_int_equal(s.held, LIMIT_SERVER_STAMPS);
    assert_in_range(ntp_server_span_s(&s), 0, 1);
}

/* Receive stamps are never repeated, even in one instant, nor is one equal to
 * the request's transmit stamp, for which it could be taken. */
static void stamps_are_unique(void **state)
{
    (void)state;
    ntp64 last = 0;
    for (int i = 0; i < 100; i++) {
        rq.transmit = last + 2;
        exchange(NOW);
        assert_true(i == 0 || utc_diff(rp.receive, last) > 0);
        assert_true(rp.receive != rq.transmit && rp.receive != rp.transmit);
        assert_true(rp.transmit != rq.transmit);
        last = rp.receive;
    }
}

/* A clock that goes back empties the ring, whose order is that of time. */
static void clock_goes_back(void **state)
{
    (void)state;
    exchange(NOW);
    rq.origin = rp.receive;
    rq.receive = 0xa;
    exchange(NOW - 100 * UTC_S);
    assert_int_equal(s.held, 1);
    assert_true(utc_diff(rp.receive, NOW) < -99 * UTC_S);
}

static void era_end(void **state)
{
    (void)state;
    const ntp64 end = (ntp64)0 - UTC_S / 2; /* half a second before 2036 */
    exchange(end);
    rq.origin = rp.receive;
    rq.receive = 0xa;
    ntp64 first_left = left_at;
    exchange(end + UTC_S);
    assert_true(rp.transmit == first_left);
}

/* ---- local ---- */

static struct ntp_local_state ls;
static const struct ntp_local local = {
    .on = true, .stratum = 10, .distance_s = 1};

static bool applies(const struct ntp_local *l, struct ntp_reference ref,
                    double since_s)
{
    return ntp_local_apply(l, &ls, (span_ns)(since_s * 1e9), NOW, &ref);
}

static void local_of_a_clock_never_set(void **state)
{
    (void)state;
    struct ntp_reference unset = {.leap = 3, .stratum = NTP_STRATUM_UNSET};
    struct ntp_local off = local, waits = local, later = local;
    off.on = false;
    waits.waitunsynced_s = 300;
    later.activate_s = 0.5;
    ls = (struct ntp_local_state){0};
    assert_false(applies(&off, unset, 0));
    assert_false(applies(&waits, unset, 299));
    assert_true(applies(&waits, unset, 301));
    ls = (struct ntp_local_state){0};
    assert_false(applies(&later, unset, 1e6));
    assert_true(applies(&local, unset, 0));
    assert_true(ntp_local_apply(&local, &ls, 0, NOW, &unset));
    assert_int_equal(unset.stratum, 10);
    assert_int_equal(unset.leap, 0);
    assert_int_equal(unset.refid, 0x7f7f0101);
    assert_int_equal(unset.root_delay_ns + unset.root_disp_ns, 0);
    assert_true(utc_diff(NOW, unset.ref_time) >= 0 &&
                utc_diff(NOW, unset.ref_time) < 10 * UTC_S);
}

static void local_of_a_clock_that_was(void **state)
{
    (void)state;
    struct ntp_reference near = {.stratum = 2, .root_disp_ns = 400 * MS};
    struct ntp_reference far = {
        .stratum = 2, .root_delay_ns = 200 * MS, .root_disp_ns = 950 * MS};
    struct ntp_local later = local, waits = local;
    later.activate_s = 0.5;
    waits.waitsynced_s = 1000;
    ls = (struct ntp_local_state){0};
    assert_false(applies(&local, near, 1e6));
    assert_true(applies(&local, far, 0));
    assert_false(applies(&waits, far, 999));
    assert_true(applies(&waits, far, 1001));
    ls = (struct ntp_local_state){0};
    assert_false(applies(&later, far, 0)); /* never was below 0.5 s */
    assert_false(applies(&later, near, 0));
    assert_true(applies(&later, far, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fields, setup),
        cmocka_unit_test_setup(stamps_are_blurred, setup),
        cmocka_unit_test_setup(versions_and_modes, setup),
        cmocka_unit_test_setup(lengths_and_fields, setup),
        cmocka_unit_test_setup(nts_fields_get_silence, setup),
        cmocka_unit_test_setup(not_set, setup),
        cmocka_unit_test_setup(kiss, setup),
        cmocka_unit_test_setup(own_replies_get_silence, setup),
        cmocka_unit_test_setup(interleaved, setup),
        cmocka_unit_test_setup(interleaved_on_wire, setup),
        cmocka_unit_test_setup(basic_where_it_cannot_be, setup),
        cmocka_unit_test_setup(unknown_leaving, setup),
        cmocka_unit_test_setup(many_clients, setup),
        cmocka_unit_test_setup(stamps_are_unique, setup),
        cmocka_unit_test_setup(clock_goes_back, setup),
        cmocka_unit_test_setup(era_end, setup),
        cmocka_unit_test_setup(local_of_a_clock_never_set, setup),
        cmocka_unit_test_setup(local_of_a_clock_that_was, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
