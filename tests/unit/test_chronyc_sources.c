/* sourcestats, selectdata and ntpdata against chronyc 4.3 of Debian 12: the
 * lines are what the real one printed with a chronyd that asked three others
 * on loopback, one of them half a second slow, and an address where nobody
 * answers (offsets there are local - reference: the other sign). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/chronyc_text.h"

static struct status s;
static char out[4096];

static struct status_clock_source *e; /* of the source that came last */

static struct status_source *source(const char *name)
{
    e = &s.timekeeper.row[s.sources.count];
    struct status_source *x = &s.sources.row[s.sources.count++];
    memset(x, 0, sizeof *x);
    strcpy(x->name, name);
    assert_int_equal(addr_parse(name, &x->addr), RC_OK);
    return x;
}

static int setup(void **state)
{
    (void)state;
    memset(&s, 0, sizeof s);
    return 0;
}

static void sourcestats(void **state)
{
    (void)state;
    (void)source("127.0.0.1");
    e->stats = (struct status_stats){14, 8, 18, 226, 33000, 60000};
    e->offset_ns = -691;
    (void)source("127.0.0.2");
    e->stats = (struct status_stats){26, 13, 43, 210, -9000, 13000};
    e->offset_ns = -1753;
    (void)source("127.0.0.3");
    e->stats = (struct status_stats){14, 10, 17, 211, 5000, 50000};
    e->offset_ns = -500000000;
    (void)source("127.0.0.4");
    e->stats = (struct status_stats){.freq_sigma_e12 = STATUS_SIGMA_UNKNOWN,
                                     .spread_ns = INT64_C(4000000000)};
    (void)chronyc_sourcestats(&s, out, sizeof(out));
    assert_string_equal(
        out, "Name/IP Address            NP  NR  Span  Frequency  Freq Skew  "
             "Offset  Std Dev\n"
             "=============================================================="
             "================\n"
             "127.0.0.1                  14   8    18     -0.033      0.060  "
             " +691ns   226ns\n"
             "127.0.0.2                  26  13    43     +0.009      0.013  "
             "+1753ns   210ns\n"
             "127.0.0.3                  14  10    17     -0.005      0.050  "
             " +500ms   211ns\n"
             "127.0.0.4                   0   0     0     +0.000   2000.000  "
             "   +0ns  4000ms\n");
}

static void selectdata(void **state)
{
    (void)state;
    struct status_source *x = source("127.0.0.1");
    x->nts = true;
    x->last_rx_ago_s = 5;
    e->select = (struct status_select){
        'W', STATUS_OPT_PREFER, STATUS_OPT_PREFER, 1.0, true, -5814, 2359, ""};
    x = source("127.0.0.2");
    x->nts = true;
    e->select = s.timekeeper.row[0].select;
    x->last_rx_ago_s = 0;
    e->select.lo_ns = -4830;
    e->select.hi_ns = 986;
    x = source("127.0.0.3");
    x->nts = true;
    e->select = s.timekeeper.row[1].select;
    e->select.letter = 'x';
    e->select.lo_ns = -500003000;
    e->select.hi_ns = -499997000;
    x = source("127.0.0.4");
    x->leap = 3;
    e->select = (struct status_select){
        .letter = 'N',
        .configured =
            STATUS_OPT_NOSELECT | STATUS_OPT_TRUST | STATUS_OPT_REQUIRE,
        .effective =
            STATUS_OPT_NOSELECT | STATUS_OPT_TRUST | STATUS_OPT_REQUIRE,
        .score = 1};
    static const char want[] =
        "S Name/IP Address        Auth COpts EOpts Last Score     Interval  "
        "Leap\n"
        "==================================================================="
        "====\n"
        "W 127.0.0.1                 Y -P--- -P---    5   1.0 -2359ns "
        "+5814ns  N\n"
        "W 127.0.0.2                 Y -P--- -P---    0   1.0  -986ns "
        "+4830ns  N\n"
        "x 127.0.0.3                 Y -P--- -P---    0   1.0  +500ms  "
        "+500ms  N\n"
        "N 127.0.0.4                 N N-TR- N-TR-    0   1.0    +0ns    "
        "+0ns  ?\n";
    (void)chronyc_selectdata(&s, out, sizeof(out));
    assert_string_equal(out, want);
    s.sources.row[1].leap = 1;
    s.sources.row[2].leap = 2;
    (void)chronyc_selectdata(&s, out, sizeof(out));
    assert_non_null(strstr(out, "+4830ns  +\n"));
    assert_non_null(strstr(out, "+500ms  -\n"));
}

/* Jitter asymmetry and the stamping of requests are Gnomon's own. */
static void ntpdata(void **state)
{
    (void)state;
    assert_int_equal(addr_parse("127.0.0.1", &s.net.addr4), RC_OK);
    struct status_source *x = source("127.0.0.3");
    x->nts = true;
    x->tx = x->rx = x->valid = 47;
    x->port = 26457;
    e->good = 38;
    e->reply = (struct status_reply){.any = true,
                                     .stratum = 1,
                                     .precision = -26,
                                     .ref_id = 0x7f7f0101,
                                     .ref_unix_s = 1795400605,
                                     .offset_ns = -500001907,
                                     .delay_ns = 6643,
                                     .disp_ns = 36,
                                     .response_ns = 64248};
    (void)chronyc_ntpdata(&s, 0, out, sizeof(out));
    assert_string_equal(out, "Remote address  : 127.0.0.3 (7F000003)\n"
                             "Remote port     : 26457\n"
                             "Local address   : 127.0.0.1 (7F000001)\n"
                             "Leap status     : Normal\n"
                             "Version         : 4\n"
                             "Mode            : Server\n"
                             "Stratum         : 1\n"
                             "Poll interval   : 0 (1 seconds)\n"
                             "Precision       : -26 (0.000000015 seconds)\n"
                             "Root delay      : 0.000000 seconds\n"
                             "Root dispersion : 0.000000 seconds\n"
                             "Reference ID    : 7F7F0101 ()\n"
                             "Reference time  : Mon Nov 23 02:23:25 2026\n"
                             "Offset          : -0.500001907 seconds\n"
                             "Peer delay      : 0.000006643 seconds\n"
                             "Peer dispersion : 0.000000036 seconds\n"
                             "Response time   : 0.000064248 seconds\n"
                             "Jitter asymmetry: +0.00\n"
                             "NTP tests       : 111 111 1111\n"
                             "Interleaved     : No\n"
                             "Authenticated   : Yes\n"
                             "TX timestamping : Daemon\n"
                             "RX timestamping : Kernel\n"
                             "Total TX        : 47\n"
                             "Total RX        : 47\n"
                             "Total valid RX  : 47\n"
                             "Total good RX   : 38\n");
    e->reply.refused = true;
    e->reply.ref_id = 0x47505300;
    e->reply.poll = -1;
    (void)chronyc_ntpdata(&s, 0, out, sizeof(out));
    assert_non_null(strstr(out, ": 111 111 1101\n"));
    static const char *const digits[] = {"0111", "1011", "1101", "1110"};
    e->reply.refused = false;
    for (unsigned i = 0; i < 4; i++) { /* NTP_TEST_A to D */
        char want[32];
        snprintf(want, sizeof want, ": 111 111 %s\n", digits[i]);
        e->reply.failed = (uint8_t)(1u << i);
        (void)chronyc_ntpdata(&s, 0, out, sizeof(out));
        assert_non_null(strstr(out, want));
    }
    e->reply.interleaved = true;
    (void)chronyc_ntpdata(&s, 0, out, sizeof(out));
    assert_non_null(strstr(out, "Interleaved     : Yes\n"));
    assert_non_null(strstr(out, ": 47505300 (GPS)\n"));
    e->reply.stratum = 2; /* then it is an address */
    (void)chronyc_ntpdata(&s, 0, out, sizeof(out));
    assert_non_null(strstr(out, ": 47505300 ()\n"));
}

static void no_answer_yet(void **state)
{
    (void)state;
    assert_int_equal(addr_parse("127.0.0.1", &s.net.addr4), RC_OK);
    struct status_source *x = source("127.0.0.4");
    x->tx = 8;
    x->port = 9;
    (void)chronyc_ntpdata(&s, 0, out, sizeof(out));
    assert_string_equal(out, "Remote address  : 127.0.0.4 (7F000004)\n"
                             "Remote port     : 9\n"
                             "Local address   : [UNSPEC] (00000000)\n"
                             "Leap status     : Normal\n"
                             "Version         : 0\n"
                             "Mode            : Invalid\n"
                             "Stratum         : 0\n"
                             "Poll interval   : 0 (1 seconds)\n"
                             "Precision       : 0 (1.000000000 seconds)\n"
                             "Root delay      : 0.000000 seconds\n"
                             "Root dispersion : 0.000000 seconds\n"
                             "Reference ID    : 00000000 ()\n"
                             "Reference time  : Thu Jan 01 00:00:00 1970\n"
                             "Offset          : +0.000000000 seconds\n"
                             "Peer delay      : 0.000000000 seconds\n"
                             "Peer dispersion : 0.000000000 seconds\n"
                             "Response time   : 0.000000000 seconds\n"
                             "Jitter asymmetry: +0.00\n"
                             "NTP tests       : 000 000 0000\n"
                             "Interleaved     : No\n"
                             "Authenticated   : No\n"
                             "TX timestamping : Invalid\n"
                             "RX timestamping : Invalid\n"
                             "Total TX        : 8\n"
                             "Total RX        : 0\n"
                             "Total valid RX  : 0\n"
                             "Total good RX   : 0\n");
}

/* Every value at its end, every size of buffer: cut, never overrun. */
static void extremes(void **state)
{
    (void)state;
    memset(&s, 0x7f, sizeof(s));
    s.sources.count = 2;
    s.net.addr4.family = 4;
    s.net.addr6.family = 6;
    for (size_t i = 0; i < 2; i++) {
        struct status_source *x = &s.sources.row[i];
        e = &s.timekeeper.row[i];
        x->name[LIMIT_NAME - 1] = 0;
        x->addr.family = i ? 4 : 6;
        e->offset_ns = i ? INT64_MIN : INT64_MAX;
        x->nts = e->reply.any = e->select.judged = e->reply.refused =
            e->reply.interleaved = true;
        e->select.lo_ns = e->reply.offset_ns = i ? INT64_MIN : INT64_MAX;
        e->select.hi_ns = e->reply.delay_ns = i ? INT64_MAX : INT64_MIN;
        e->reply.poll = e->reply.precision = i ? INT8_MIN : INT8_MAX;
        e->stats.freq_e12 = i ? INT64_MAX : -INT64_MAX;
    }
    for (size_t cap = 1; cap <= sizeof(out); cap += cap < 99 ? 1 : 397) {
        memset(out, '#', sizeof(out));
        assert_true(chronyc_sourcestats(&s, out, cap) < cap);
        assert_true(chronyc_selectdata(&s, out, cap) < cap);
        assert_true(chronyc_ntpdata(&s, 0, out, cap) < cap);
        assert_true(chronyc_ntpdata(&s, 1, out, cap) < cap);
        assert_true(cap == sizeof(out) || out[cap] == '#');
    }
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup(t, setup)
    const struct CMUnitTest tests[] = {
        TEST(sourcestats),   TEST(selectdata), TEST(ntpdata),
        TEST(no_answer_yet), TEST(extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
