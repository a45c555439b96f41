/* The tables against chronyc 4.3 of Debian 12: the expected lines are what
 * the real chronyc printed for these numbers, which a stand-in for chronyd
 * had sent it (offsets there are local - reference: the other sign). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/status.h"

static struct status s;
static char out[4096];

#define SOURCES_HEAD                                                           \
    "MS Name/IP address         Stratum Poll Reach LastRx Last sample       "  \
    "        \n"                                                               \
    "======================================================================="  \
    "========\n"
#define AUTH_HEAD                                                              \
    "Name/IP address             Mode KeyID Type KLen Last Atmp  NAK Cook "    \
    "CLen\n"                                                                   \
    "====================================================================="    \
    "====\n"

struct row {
    const char *name;
    char state;
    uint8_t stratum;
    int8_t poll;
    uint8_t reach;
    int64_t last;
    span_ns adjusted, measured, error; /* as chronyd sends them */
    const char *line;
};

static void sources(void **state)
{
    static const struct row rows[] = {
        {"nts1.test", '*', 1, -1, 0377, 1, 146, 161, 1061,
         "^* nts1.test                     1  -1   377     1   "
         "+146ns[ +161ns] +/- 1061ns\n"},
        {"127.0.0.3", 'x', 1, 6, 0377, 23, -5000000000, -5000000000, 1061000,
         "^x 127.0.0.3                     1   6   377    23  "
         "-5000ms[-5000ms] +/- 1061us\n"},
        {"exactly.25.characters.abc", '-', 15, 10, 1, 1200, 10000, -10000, 9999,
         "^- exactly.25.characters.abc    15  10     1   20m    "
         "+10us[  -10us] +/- 9999ns\n"},
        {"y", '~', 16, 24, 0, 35999, -923000, -924000, 43000000,
         "^~ y                            16  24     0  599m   "
         "-923us[ -924us] +/-   43ms\n"},
        {"x", '?', 0, 6, 0, -1, 0, 0, 0,
         "^? x                             0   6     0     -     "
         "+0ns[   +0ns] +/-    0ns\n"},
        {"f.example", '?', 3, -7, 0252, 36000, 9999499, -9999500, 9999500,
         "^? f.example                     3  -7   252   10h  "
         "+9999us[-9999us] +/- 9999us\n"},
        {"h.example", '?', 3, 17, 0252, 345600, 999400000000, -999600000000,
         12340000000,
         "^? h.example                     3  17   252    4d  "
         "+999.4s[ -1000s] +/-  12.3s\n"},
        {"i.example", '?', 3, 17, 0252, 86399999, 99999000000000,
         -99999600000000, 5000000000000,
         "^? i.example                     3  17   252  999d  "
         "+99999s[ -1667m] +/-  5000s\n"},
        {"j.example", '?', 3, 17, 0252, 86400000, 5999000000000000,
         -6000000000000000, 360000000000000,
         "^? j.example                     3  17   252    2y  "
         "+99983m[ -1667h] +/-  6000m\n"},
        {"k.example", '?', 3, 17, 0252, 4294967294, 400000000000000000,
         -8639000000000000000, 8640000000000000000,
         "^? k.example                     3  17   252  136y   "
         "+4630d[-99988d] +/-   274y\n"},
        {"l.example", '?', 3, 17, 0252, 1000, 12600, -12400, 1234567,
         "^? l.example                     3  17   252  1000    "
         "+13us[  -12us] +/- 1235us\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct row *r = &rows[i];
        char want[400] = SOURCES_HEAD;
        memset(&s, 0, sizeof(s));
        s.source_count = 1;
        struct status_source *x = &s.source[0];
        strcpy(x->name, r->name);
        x->mode = '^';
        x->state = r->state;
        x->stratum = r->stratum;
        x->poll = r->poll;
        x->reach = r->reach;
        x->last_rx_s = r->last;
        x->offset_ns = -r->adjusted;
        x->measured_ns = -r->measured;
        x->error_ns = r->error;
        strcat(want, r->line);
        /* f.example: chronyd's 32-bit float is 9999.4999 where ours is
         * 9999.5 exactly, which begins the next unit. */
        if (strcmp(r->name, "f.example") == 0)
            memcpy(strstr(want, "[-9999us] +/- 9999us"), "[  -10ms] +/-   10ms",
                   20);
        (void)status_sources(&s, out, sizeof(out));
        assert_string_equal(out, want);
    }
}

/* Names are cut as chronyc's format_name does it: 25 columns, the last `>`. */
static void long_names(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    s.source_count = 1;
    strcpy(s.source[0].name, "exactly.26.characters.abcd");
    s.source[0].mode = '^';
    s.source[0].state = '?';
    (void)status_sources(&s, out, sizeof(out));
    assert_non_null(strstr(out, "\n^? exactly.26.characters.ab>     0 "));
    memset(s.source[0].name, 'n', LIMIT_NAME - 1);
    assert_true(status_authdata(&s, out, sizeof(out)) < 300);
}

static void authdata(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    s.source_count = 3;
    s.source[0] = (struct status_source){.name = "nts1.test",
                                         .nts = true,
                                         .aead = 15,
                                         .key_id = 1,
                                         .key_bits = 256,
                                         .last_ke_s = 3,
                                         .cookies = 8,
                                         .cookie_len = 100};
    s.source[1] = (struct status_source){.name = "127.0.0.3",
                                         .nts = true,
                                         .aead = 30,
                                         .key_id = 123456,
                                         .key_bits = 128,
                                         .last_ke_s = 1200,
                                         .ke_attempts = 12345,
                                         .naks = 54321};
    s.source[2] =
        (struct status_source){.name = "plain.example", .last_ke_s = -1};
    (void)status_authdata(&s, out, sizeof(out));
    assert_string_equal(
        out, AUTH_HEAD
        "nts1.test                    NTS     1   15  256    3    0    0"
        "    8  100\n"
        "127.0.0.3                    NTS 123456   30  128  20m 12345 54321"
        "    0    0\n"
        "plain.example                  -     0    0    0    -    0    0"
        "    0    0\n");
}

static void tracking(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    struct status_tracking *k = &s.tracking;
    *k = (struct status_tracking){
        .ref_name = "203.0.113.15",
        .ref_id = 0xcb00710f,
        .stratum = 3,
        .ref_unix_s = 1485510557,
        .system_ns = 6523,
        .last_offset_ns = 6747,
        .rms_offset_ns = 35822,
        .freq_ppm = -3.225,
        .resid_ppm = -0.0004,
        .skew_ppm = 0.129,
        .root_delay_ns = 13639022,
        .root_disp_ns = 1100737,
        .update_s = 64.2,
    };
    (void)status_tracking_text(&s, out, sizeof(out));
    assert_string_equal(
        out, "Reference ID    : CB00710F (203.0.113.15)\n"
             "Stratum         : 3\n"
             "Ref time (UTC)  : Fri Jan 27 09:49:17 2017\n"
             "System time     : 0.000006523 seconds slow of NTP time\n"
             "Last offset     : -0.000006747 seconds\n"
             "RMS offset      : 0.000035822 seconds\n"
             "Frequency       : 3.225 ppm slow\n"
             "Residual freq   : -0.000 ppm\n"
             "Skew            : 0.129 ppm\n"
             "Root delay      : 0.013639022 seconds\n"
             "Root dispersion : 0.001100737 seconds\n"
             "Update interval : 64.2 seconds\n"
             "Leap status     : Normal\n");

    *k = (struct status_tracking){
        .ref_name = "127.0.0.1",
        .ref_id = 0x7f000001,
        .stratum = 2,
        .leap = 1,
        .ref_unix_s = 951782399,
        .system_ns = -1500000000,
        .last_offset_ns = -12250000000,
        .freq_ppm = 12.5,
        .resid_ppm = 0.25,
        .skew_ppm = 1000.125,
        .root_delay_ns = 2000000000,
        .root_disp_ns = 16000000000,
        .update_s = 1024,
    };
    (void)status_tracking_text(&s, out, sizeof(out));
    assert_string_equal(
        out, "Reference ID    : 7F000001 (127.0.0.1)\n"
             "Stratum         : 2\n"
             "Ref time (UTC)  : Mon Feb 28 23:59:59 2000\n"
             "System time     : 1.500000000 seconds fast of NTP time\n"
             "Last offset     : +12.250000000 seconds\n"
             "RMS offset      : 0.000000000 seconds\n"
             "Frequency       : 12.500 ppm fast\n"
             "Residual freq   : +0.250 ppm\n"
             "Skew            : 1000.125 ppm\n"
             "Root delay      : 2.000000000 seconds\n"
             "Root dispersion : 16.000000000 seconds\n"
             "Update interval : 1024.0 seconds\n"
             "Leap status     : Insert second\n");

    *k = (struct status_tracking){.leap = 3};
    (void)status_tracking_text(&s, out, sizeof(out));
    assert_string_equal(
        out, "Reference ID    : 00000000 ()\n"
             "Stratum         : 0\n"
             "Ref time (UTC)  : Thu Jan 01 00:00:00 1970\n"
             "System time     : 0.000000000 seconds fast of NTP time\n"
             "Last offset     : +0.000000000 seconds\n"
             "RMS offset      : 0.000000000 seconds\n"
             "Frequency       : 0.000 ppm slow\n"
             "Residual freq   : +0.000 ppm\n"
             "Skew            : 0.000 ppm\n"
             "Root delay      : 0.000000000 seconds\n"
             "Root dispersion : 0.000000000 seconds\n"
             "Update interval : 0.0 seconds\n"
             "Leap status     : Not synchronised\n");
}

static void activity_and_serverstats(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    s.source_count = 13;
    for (size_t i = 0; i < 12; i++)
        strcpy(s.source[i].address, "192.0.2.1");
    (void)status_activity(&s, out, sizeof(out));
    assert_string_equal(out, "200 OK\n"
                             "12 sources online\n"
                             "0 sources offline\n"
                             "0 sources doing burst (return to online)\n"
                             "0 sources doing burst (return to offline)\n"
                             "1 sources with unknown address\n");
    (void)status_serverstats(&s, out, sizeof(out));
    static const char stats[] = "NTP packets received       : 0\n"
                                "NTP packets dropped        : 0\n"
                                "Command packets received   : 0\n"
                                "Command packets dropped    : 0\n"
                                "Client log records dropped : 0\n"
                                "NTS-KE connections accepted: 0\n"
                                "NTS-KE connections dropped : 0\n"
                                "Authenticated NTP packets  : 0\n"
                                "Interleaved NTP packets    : 0\n"
                                "NTP timestamps held        : 0\n"
                                "NTP timestamp span         : 0\n";
    assert_memory_equal(out, stats, sizeof(stats) - 1);
}

/* Beyond chronyc's lines: why there is no time, and what is not checked. */
static void bootstrap(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    (void)status_tracking_text(&s, out, sizeof(out));
    assert_null(strstr(out, "Clock not set"));
    assert_null(strstr(out, "WARNING"));
    strcpy(s.tracking.why, "1 of 3 sources agree, 2 needed");
    strcpy(s.tracking.warning, "nocerttimecheck 1: not checked");
    (void)status_tracking_text(&s, out, sizeof(out));
    assert_non_null(strstr(out, "\nClock not set   : 1 of 3 sources agree, 2 "
                                "needed\nWARNING         : nocerttimecheck 1"
                                ": not checked\n"));
    s.run.floor_from = "a quorum";
    (void)status_floor(&s, out, sizeof(out));
    assert_non_null(strstr(out, "1970 UTC, from a quorum\nClock not set"));
}

/* Every value at its end, every size of buffer: cut, never overrun. */
static void extremes(void **state)
{
    (void)state;
    memset(&s, 0x7f, sizeof(s));
    s.source_count = 2;
    s.run.poll_count = 12;
    s.run.floor_from = "somewhere";
    s.tracking.why[95] = s.tracking.warning[95] = 0;
    for (size_t i = 0; i < LEN(s.run.poll); i++)
        s.run.poll[i].name = "poll";
    for (size_t i = 0; i < 2; i++) {
        s.source[i].name[LIMIT_NAME - 1] = 0;
        s.source[i].trouble[95] = 0;
        s.source[i].address[ADDR_TEXT - 1] = 0;
        s.source[i].offset_ns = i ? INT64_MIN : INT64_MAX;
        s.source[i].measured_ns = i ? INT64_MAX : INT64_MIN;
        s.source[i].nts = true;
    }
    s.tracking.ref_name[LIMIT_NAME - 1] = 0;
    s.tracking.system_ns = INT64_MIN;
    s.tracking.freq_ppm = 1e300;
    s.tracking.resid_ppm = -1e300;
    s.run.hostname[63] = s.run.board[63] = s.run.last_reset[79] = 0;
    s.run.address4[ADDR_TEXT - 1] = s.run.address6[ADDR_TEXT - 1] = 0;
    s.run.link = s.run.card = s.run.state_partition = s.run.conf_ok = true;
    s.run.first_from_cookies = s.run.journal_failing = true;
    for (size_t cap = 1; cap <= sizeof(out); cap += cap < 99 ? 1 : 397) {
        memset(out, '#', sizeof(out));
        assert_true(status_sources(&s, out, cap) < cap);
        assert_true(status_authdata(&s, out, cap) < cap);
        assert_true(status_tracking_text(&s, out, cap) < cap);
        assert_true(status_board(&s, out, cap) < cap);
        assert_true(cap == sizeof(out) || out[cap] == '#');
    }
}

static void card_wear(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    struct status_run *r = &s.run;
    r->save_interval_s = 900;
    r->wear = (struct journal_wear){.sectors = 7,
                                    .writes_a_year = 35064,
                                    .sectors_a_year = 253365,
                                    .each_a_year = 494};
    (void)status_board(&s, out, sizeof(out));
    assert_non_null(strstr(out, "Card wear       : 7 sectors every 900 s: a "
                                "year 35064 writes, 129 MB, each sector 494 "
                                "times\n"));
    assert_null(strstr(out, "takes none now"));
    r->journal_failing = true;
    (void)status_board(&s, out, sizeof(out));
    assert_non_null(strstr(out, "the card takes none now: nothing is saved"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources),
        cmocka_unit_test(long_names),
        cmocka_unit_test(authdata),
        cmocka_unit_test(tracking),
        cmocka_unit_test(activity_and_serverstats),
        cmocka_unit_test(card_wear),
        cmocka_unit_test(bootstrap),
        cmocka_unit_test(extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
