/* The tables against chronyc 4.3 of Debian 12: the expected lines are what
 * the real chronyc printed for these numbers, which a stand-in for chronyd
 * had sent it (offsets there are local - reference: the other sign). */
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
        s.sources.count = 1;
        struct status_source *x = &s.sources.row[0];
        struct status_clock_source *e = &s.timekeeper.row[0];
        strcpy(x->name, r->name);
        e->state = r->state;
        x->stratum = r->stratum;
        x->poll = r->poll;
        x->reach = r->reach;
        x->last_rx_ago_s = r->last;
        e->offset_ns = -r->adjusted;
        e->measured_ns = -r->measured;
        e->bound_ns = r->error;
        strcat(want, r->line);
        /* f.example: chronyd's 32-bit float is 9999.4999 where ours is
         * 9999.5 exactly, which begins the next unit. */
        if (strcmp(r->name, "f.example") == 0)
            memcpy(strstr(want, "[-9999us] +/- 9999us"), "[  -10ms] +/-   10ms",
                   20);
        (void)chronyc_sources(&s, out, sizeof(out));
        assert_string_equal(out, want);
    }
}

/* Names are cut as chronyc's format_name does it: 25 columns, the last `>`. */
static void long_names(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    s.sources.count = 1;
    strcpy(s.sources.row[0].name, "exactly.26.characters.abcd");
    s.timekeeper.row[0].state = '?';
    (void)chronyc_sources(&s, out, sizeof(out));
    assert_non_null(strstr(out, "\n^? exactly.26.characters.ab>     0 "));
    /* The port is what tells two apart. */
    strcpy(s.sources.row[0].name, "exactly.26.characters.abcd:4461");
    (void)chronyc_sources(&s, out, sizeof(out));
    assert_non_null(strstr(out, "\n^? exactly.26.characte>:4461     0 "));
    strcpy(s.sources.row[0].name, "[2001:db8:1111:2222:3333:4444:5:6]:65535");
    (void)chronyc_sources(&s, out, sizeof(out));
    assert_non_null(strstr(out, "\n^? [2001:db8:1111:222>:65535     0 "));
    strcpy(s.sources.row[0].name, "2001:db8:1111:2222:3333:4444:5:6");
    (void)chronyc_sources(&s, out, sizeof(out));
    assert_non_null(strstr(out, "\n^? 2001:db8:1111:2222:3333:>     0 "));
    memset(s.sources.row[0].name, 'n', LIMIT_NAME - 1);
    assert_true(chronyc_authdata(&s, out, sizeof(out)) < 300);
}

static void authdata(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    s.sources.count = 3;
    s.sources.row[0] = (struct status_source){.name = "nts1.test",
                                              .nts = true,
                                              .aead = 15,
                                              .key_id = 1,
                                              .key_bits = 256,
                                              .last_ke_ago_s = 3,
                                              .cookies = 8,
                                              .cookie_len = 100};
    s.sources.row[1] = (struct status_source){.name = "127.0.0.3",
                                              .nts = true,
                                              .aead = 30,
                                              .key_id = 123456,
                                              .key_bits = 128,
                                              .last_ke_ago_s = 1200,
                                              .ke_attempts = 12345,
                                              .naks = 54321};
    s.sources.row[2] =
        (struct status_source){.name = "plain.example", .last_ke_ago_s = -1};
    (void)chronyc_authdata(&s, out, sizeof(out));
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
    struct status_tracking *k = &s.timekeeper.tracking;
    s.sources.count = 2;
    strcpy(s.sources.row[0].name, "203.0.113.15");
    strcpy(s.sources.row[1].name, "127.0.0.1");
    *k = (struct status_tracking){
        .synchronised = true,
        .ref_id = 0xcb00710f,
        .stratum = 3,
        .ref_unix_s = 1485510557,
        .system_ns = 6523,
        .last_offset_ns = 6747,
        .rms_offset_ns = 35822,
        .freq_e12 = 3225000,
        .resid_e12 = 400,
        .freq_sigma_e12 = 129000,
        .root_delay_ns = 13639022,
        .root_disp_ns = 1100737,
        .update_ns = 64200000000,
    };
    (void)chronyc_tracking(&s, out, sizeof(out));
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
        .synchronised = true,
        .selected = 1,
        .ref_id = 0x7f000001,
        .stratum = 2,
        .leap = 1,
        .ref_unix_s = 951782399,
        .system_ns = -1500000000,
        .last_offset_ns = -12250000000,
        .freq_e12 = -12500000,
        .resid_e12 = -250000,
        .freq_sigma_e12 = 1000125000,
        .root_delay_ns = 2000000000,
        .root_disp_ns = 16000000000,
        .update_ns = 1024 * INT64_C(1000000000),
    };
    (void)chronyc_tracking(&s, out, sizeof(out));
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

    /* Hold-over: chronyd keeps the last reference. */
    k->selected = -1;
    k->alone = true;
    strcpy(k->why, "no usable source");
    s.sources.row[1].addr = (struct addr){.family = 4, .b = {127, 0, 0, 1}};
    (void)chronyc_tracking(&s, out, sizeof(out));
    assert_non_null(strstr(out, "Reference ID    : 7F000001 (127.0.0.1)\n"));
    assert_non_null(strstr(out, "\nHold-over       : no Ethernet link"));

    /* As chronyd answers before the first update. */
    *k = (struct status_tracking){.selected = -1, .stratum = 16, .leap = 3};
    (void)chronyc_tracking(&s, out, sizeof(out));
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
             "Root delay      : 1.000000000 seconds\n"
             "Root dispersion : 1.000000000 seconds\n"
             "Update interval : 0.0 seconds\n"
             "Leap status     : Not synchronised\n"
             "Clock not set   : no Ethernet link: is the cable in?\n");
}

static void activity_and_serverstats(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    s.sources.count = 13;
    for (size_t i = 0; i < 12; i++)
        s.sources.row[i].addr.family = 4;
    (void)chronyc_activity(&s, out, sizeof(out));
    assert_string_equal(out, "200 OK\n"
                             "12 sources online\n"
                             "0 sources offline\n"
                             "0 sources doing burst (return to online)\n"
                             "0 sources doing burst (return to offline)\n"
                             "1 sources with unknown address\n");
    /* That of its key exchange will do: chronyd counts it as online. */
    s.sources.row[12].ke_addr.family = 6;
    (void)chronyc_activity(&s, out, sizeof(out));
    assert_non_null(strstr(out, "OK\n13 sources online\n"));
    assert_non_null(strstr(out, "\n0 sources with unknown address\n"));
    (void)chronyc_serverstats(&s, out, sizeof(out));
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
    s.server = (struct status_server){
        .serving = true, .ntp_hits = UINT64_MAX, .authenticated = 4};
    (void)chronyc_serverstats(&s, out, sizeof(out));
    assert_non_null(strstr(out, "received       : 18446744073709551615\n"));
    assert_non_null(strstr(out, "Authenticated NTP packets  : 4\n"));
    assert_null(strstr(out, "all zero"));
    assert_null(strstr(out, "NTS: "));
    s.server.nts = true;
    s.server.naks = 3;
    s.server.cookie_key_age_s = -1;
    s.server.ntp_dropped[STATUS_DROP_LIMIT] = 5;
    s.server.ntp_dropped[STATUS_DROP_NTS] = 7;
    (void)chronyc_serverstats(&s, out, sizeof(out));
    assert_non_null(strstr(out, "\nNTP dropped: limit 5 NTS 7\n"));
    assert_non_null(strstr(
        out,
        "\nNTS: 3 NAKs; the key of its cookies is older than this start\n"));
    s.server.cookie_key_age_s = 86401;
    (void)chronyc_serverstats(&s, out, sizeof(out));
    assert_non_null(strstr(out, "the key of its cookies is 86401 s old\n"));
}

/* Beyond chronyc's lines: why there is no time, and what is not checked. */
static void bootstrap(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    s.timekeeper.tracking.synchronised = true;
    (void)chronyc_tracking(&s, out, sizeof(out));
    assert_null(strstr(out, "Clock not set"));
    assert_null(strstr(out, "WARNING"));
    assert_null(strstr(out, "Note"));
    s.timekeeper.tracking.synchronised = false;
    s.sources.count = 3;
    s.net.link = true;
    s.net.addr4.family = s.net.gateway4.family = 4;
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(s.sources.row[i].name, LIMIT_NAME, "nts%zu.test", i + 1);
        s.sources.row[i].last_rx_ago_s = -1;
        s.timekeeper.row[i].select.letter = i ? 'M' : 'W';
    }
    s.sources.row[0].last_rx_ago_s = 1;
    strcpy(s.timekeeper.tracking.why, "1 of 3 sources agree, 2 needed");
    strcpy(s.timekeeper.tracking.warning, "nocerttimecheck 1: not checked");
    (void)chronyc_tracking(&s, out, sizeof(out));
    assert_non_null(strstr(out, "\nClock not set   : 1 of 3 sources agree, 2 "
                                "needed: nts2.test and nts3.test not heard yet"
                                "\nWARNING         : nocerttimecheck 1"
                                ": not checked\n"));
    s.timefloor.from = "a quorum";
    (void)chronyc_floor(&s, out, sizeof(out));
    assert_non_null(strstr(out, "1970 UTC, from a quorum\nClock not set"));
}

static void board_tells_of_the_temperature(void **state)
{
    (void)state;
    struct status_temperature *k = &s.timekeeper.temperature;
    memset(&s, 0, sizeof s);
    s.machine.name = s.machine.last_reset = s.machine.trouble = "";
    s.config.hostname = "gnomon";
    (void)chronyc_board(&s, out, sizeof out);
    assert_null(strstr(out, "Temperature"));
    *k = (struct status_temperature){.told = true, .millidegrees = 48312};
    (void)chronyc_board(&s, out, sizeof out);
    assert_non_null(
        strstr(out, "Temperature law : none yet: it is learned "
                    "from changes, and the sensor says 48.3 C all the time\n"));
    k->learned = true;
    k->range = 7810;
    k->slope_e12 = -203111;
    k->slope_sigma_e12 = 12000;
    (void)chronyc_board(&s, out, sizeof out);
    assert_non_null(
        strstr(out, "Temperature law : crystal +0.203 ppm per degree C, +- "
                    "0.012, from 7.8 degrees: not used, the samples do not "
                    "bear it out (yet)\n"));
    k->used = true;
    (void)chronyc_board(&s, out, sizeof out);
    assert_non_null(strstr(out, "from 7.8 degrees: used\n"));
}

/* What board says of the configuration, and of how the clock was set. */
static void board_names_what_there_is(void **state)
{
    (void)state;
    memset(&s, 0, sizeof s);
    s.machine.name = s.machine.last_reset = s.machine.trouble = "";
    s.config.hostname = "gnomon";
    s.timefloor.from = "the build";
    (void)chronyc_board(&s, out, sizeof out);
    assert_non_null(strstr(out, "chrony.conf missing"));
    s.config.file = CONFIG_EMPTY;
    (void)chronyc_board(&s, out, sizeof out);
    assert_non_null(strstr(out, "chrony.conf empty"));
    s.config.file = CONFIG_READ;
    (void)chronyc_board(&s, out, sizeof out);
    assert_non_null(strstr(out, "chrony.conf good"));
    assert_non_null(strstr(out, "after key exchange"));
    s.config.errors = 2;
    s.timefloor.from_plain = s.timekeeper.temperature.told = true;
    s.timekeeper.temperature.learned = s.timekeeper.temperature.used = true;
    (void)chronyc_board(&s, out, sizeof out);
    assert_non_null(strstr(out, "chrony.conf has errors"));
    assert_non_null(strstr(out, "from servers without NTS"));
}

/* Every value at its end, every size of buffer: cut, never overrun. */
static void extremes(void **state)
{
    (void)state;
    memset(&s, 0x7f, sizeof(s));
    s.sources.count = 2;
    s.loop.count = LEN(s.loop.poll);
    s.timefloor.from = "somewhere";
    s.timekeeper.tracking.synchronised = s.timekeeper.tracking.alone = true;
    s.timekeeper.tracking.split = true;
    s.timekeeper.tracking.operators_turn = false;
    memset(&s.syslog, 0, sizeof s.syslog);
    memset(&s.mdns, 0, sizeof s.mdns);
    s.mdns.on = true;
    memset(s.mdns.name, 'n', sizeof s.mdns.name - 1);
    s.timekeeper.tracking.why[127] = s.timekeeper.tracking.warning[95] = 0;
    for (size_t i = 0; i < LEN(s.loop.poll); i++)
        s.loop.poll[i].name = "poll";
    for (size_t i = 0; i < 2; i++) {
        s.sources.row[i].name[LIMIT_NAME - 1] = 0;
        s.sources.row[i].trouble[95] = 0;
        s.sources.row[i].nts = s.timekeeper.row[i].select.judged = true;
        s.timekeeper.row[i].select.letter = 'x';
        s.timekeeper.row[i].offset_ns = i ? INT64_MIN : INT64_MAX;
        s.timekeeper.row[i].measured_ns = i ? INT64_MAX : INT64_MIN;
    }
    s.timekeeper.tracking.system_ns = INT64_MIN;
    s.timekeeper.tracking.freq_e12 = -INT64_MAX;
    s.timekeeper.tracking.resid_e12 = INT64_MAX;
    s.config.hostname = s.machine.name = s.machine.last_reset =
        s.machine.trouble = "text";
    s.config.file = CONFIG_READ;
    s.net.router6 = s.net.link = s.store.card = s.store.state_partition = true;
    s.net.addr4.family = 4;
    s.net.addr6.family = 6;
    s.config.save = s.store.failing = s.pps.on = s.timefloor.from_cookies =
        true;
    s.timefloor.from_plain = s.timekeeper.temperature.told = true;
    s.timekeeper.temperature.learned = s.timekeeper.temperature.used = true;
    for (size_t cap = 1; cap <= sizeof(out); cap += cap < 99 ? 1 : 397) {
        memset(out, '#', sizeof(out));
        assert_true(chronyc_sources(&s, out, cap) < cap);
        assert_true(chronyc_authdata(&s, out, cap) < cap);
        assert_true(chronyc_tracking(&s, out, cap) < cap);
        assert_true(chronyc_board(&s, out, cap) < cap);
        assert_true(cap == sizeof(out) || out[cap] == '#');
    }
}

static void card_wear(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    struct status_store *r = &s.store;
    r->save_interval_s = 900;
    r->wear = (struct journal_wear){.sectors = 7,
                                    .writes_a_year = 35064,
                                    .sectors_a_year = 253365,
                                    .each_a_year = 494};
    (void)chronyc_board(&s, out, sizeof(out));
    assert_non_null(strstr(out, "Card wear       : 7 sectors every 900 s: a "
                                "year 35064 writes, 129 MB, each sector 494 "
                                "times\n"));
    assert_null(strstr(out, "takes none now"));
    r->failing = true;
    (void)chronyc_board(&s, out, sizeof(out));
    assert_non_null(strstr(out, "the card takes none now: nothing is saved"));
}

static void saved_state(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    static const char *const want[] = {
        "\nSaved state     : none: there is no card that can be read\n",
        "\nSaved state     : none: the card has no state partition (type da)\n",
        "\nSaved state     : none: chrony.conf says nodump\n",
        "\nSaved state     : yes\n",
        "\nSaved state     : the card takes no write just now\n",
    };
    for (size_t i = 0; i < LEN(want); i++) {
        s.store.card = i > 0;
        s.store.state_partition = i > 1;
        s.config.save = i > 2;
        s.store.failing = i > 3;
        (void)chronyc_board(&s, out, sizeof(out));
        assert_non_null(strstr(out, want[i]));
    }
}

/* The counter goes on over a reset; what is counted is this start. */
static void since_this_start(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    s.machine.start = 139000000000;
    s.machine.up = 155971000000;
    s.timekeeper.tracking.first_sync = 139516000000;
    s.store.wear.sectors = 1;
    (void)chronyc_board(&s, out, sizeof(out));
    assert_non_null(strstr(out, "\nUp              : 16.971 s, "));
    assert_non_null(strstr(out, "\nFirst sync      : 0.516 s after start, "));
    assert_non_null(strstr(out, "\nCard wear       : 1 sector every"));
}

/* What is measured has its line, what there is not has none. */
static void machine(void **state)
{
    (void)state;
    memset(&s, 0, sizeof(s));
    s.machine = (struct status_machine){
        .name = "a board",
        .last_reset = "watchdog",
        .trouble = "the adapter is of a kind that Gnomon does not know",
        .boots = 7,
        .crashes = 2,
        .card_errors = 3,
        .stack_size = 4096,
        .stack_peak = 99,
        .irq_stack_size = 2048,
        .irq_stack_peak = 77};
    s.config.hostname = "gnomon";
    s.net = (struct status_net){
        .addr6 = {.family = 6, .b = {0x20, 1, 0xd, 0xb8, [15] = 1}},
        .router6 = true,
        .nameservers = 2,
        .nameserver = {{4, {192, 0, 2, 53}},
                       {6, {0x20, 1, 0xd, 0xb8, [15] = 0x35}}},
        .dropped = 5};
    s.pps = (struct status_pps){.on = true, .armed = 3600, .missed = 4};
    (void)chronyc_board(&s, out, sizeof(out));
    static const char *const want[] = {
        "Board           : a board\nHost name       : gnomon\n",
        "Starts          : 7 since power-on\nCrashes         : 2 in a row\n",
        "Ethernet        : no link: the adapter is of a kind that Gnomon does "
        "not know\nAddresses       : - 2001:db8::1\n"
        "Routers         : no gateway, an IPv6 router\n"
        "Name servers    : 192.0.2.53 2001:db8::35\nFrames dropped  : 5\n",
        "Card errors     : 3\nJournal         : 0 writes, 0 errors\n",
        "Pulses          : 3600, 4 missed\n",
        "Stack peak      : 99 of 4096 bytes\nInterrupt stack : 77 of 2048 "
        "bytes\n"};
    for (size_t i = 0; i < LEN(want); i++)
        assert_non_null(strstr(out, want[i]));

    s.machine = (struct status_machine){
        .name = "", .last_reset = "", .trouble = "", .stack_size = 1};
    s.net = (struct status_net){.link = true,
                                .addr4 = {.family = 4, .b = {192, 0, 2, 1}},
                                .gateway4 = {4, {192, 0, 2, 9}}};
    s.pps.on = false;
    (void)chronyc_board(&s, out, sizeof(out));
    assert_non_null(strstr(out, "Ethernet        : link up\n"
                                "Addresses       : 192.0.2.1 \n"
                                "Routers         : gateway 192.0.2.9, no "
                                "IPv6 router\n"
                                "Name servers    : no name server\n"));
    static const char *const none[] = {"Starts", "Crashes", "Pulses",
                                       "Interrupt stack"};
    for (size_t i = 0; i < LEN(none); i++)
        assert_null(strstr(out, none[i]));
}

static void log_servers(void **state)
{
    (void)state;
    memset(&s, 0, sizeof s);
    s.machine.name = s.machine.last_reset = "x";
    s.config.hostname = "gnomon";
    s.syslog.count = 1;
    s.syslog.row[0].addr = (struct addr){.family = 4, .b = {192, 0, 2, 9}};
    s.syslog.row[0].port = 514;
    s.syslog.row[0].waiting = 2;
    s.syslog.row[0].mute = true;
    (void)chronyc_board(&s, out, sizeof out);
    assert_non_null(strstr(out, "Log server      : 192.0.2.9 port 514: 0 sent, "
                                "0 lost, waits for a link\n"));
    s.net.link = true;
    (void)chronyc_board(&s, out, sizeof out);
    assert_non_null(strstr(out, "0 lost, waits for an address\n"));
    s.net.addr6.family = 6;
    (void)chronyc_board(&s, out, sizeof out);
    assert_non_null(strstr(out, "0 lost, nobody answers there\n"));
    s.syslog.row[0].waiting = 0;
    s.syslog.row[0].sent = 57;
    s.syslog.row[0].lost = 3;
    (void)chronyc_board(&s, out, sizeof out);
    assert_non_null(strstr(out, "port 514: 57 sent, 3 lost\n"));
}

#define CLIENTS_HEAD                                                           \
    "Hostname                      NTP   Drop Int IntL Last     Cmd   Drop "   \
    "Int  Last\n"                                                              \
    "======================================================================="  \
    "========\n"

/* 2^log2 seconds as a mean interval. */
static uint32_t mean(int log2_s)
{
    return 1u << (16 + log2_s);
}

static void clients(void **state)
{
    (void)state;
    const mono_ns now = 86400 * MONO_S;
    struct clientlog_client c = {
        .addr = {4, {10, 0, 2, 2}},
        .use = {
            {.hits = 1,
             .drops = 4,
             .mean = mean(-5),
             .mean_unanswered = mean(-16),
             .last = now - 7 * MONO_S},
            {.hits = 2, .drops = 5, .mean = mean(6), .last = now - 8 * MONO_S},
            {.hits = 3,
             .drops = 6,
             .mean = mean(7),
             .last = now - 9 * MONO_S}}};
    (void)chronyc_clients_header(false, out, sizeof out);
    assert_string_equal(out, CLIENTS_HEAD);
    (void)chronyc_client(&c, now, false, out, sizeof out);
    assert_string_equal(out,
                        "10.0.2.2                        1      4  -5  -16     "
                        "7       3      6   7     9\n");
    (void)chronyc_clients_header(true, out, sizeof out);
    assert_non_null(strstr(out, " Last  NTS-KE   Drop Int  Last\n==="));
    (void)chronyc_client(&c, now, true, out, sizeof out);
    assert_string_equal(out,
                        "10.0.2.2                        1      4  -5  -16     "
                        "7       2      5   6     8\n");
    c.use[0] = (struct clientlog_use){0};
    c.use[1] = (struct clientlog_use){
        .hits = UINT32_MAX, .drops = UINT32_MAX, .last = now - 36000 * MONO_S};
    (void)chronyc_client(&c, now, true, out, sizeof out);
    assert_string_equal(out,
                        "10.0.2.2                        0      0   -   -     "
                        "-  4294967295  4294967295   -   10h\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources),
        cmocka_unit_test(long_names),
        cmocka_unit_test(authdata),
        cmocka_unit_test(tracking),
        cmocka_unit_test(activity_and_serverstats),
        cmocka_unit_test(clients),
        cmocka_unit_test(card_wear),
        cmocka_unit_test(saved_state),
        cmocka_unit_test(since_this_start),
        cmocka_unit_test(machine),
        cmocka_unit_test(bootstrap),
        cmocka_unit_test(board_tells_of_the_temperature),
        cmocka_unit_test(board_names_what_there_is),
        cmocka_unit_test(extremes),
        cmocka_unit_test(log_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
