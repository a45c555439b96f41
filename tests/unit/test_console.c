/* The console and the log on one UART that takes a few bytes at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "port.h"
#include "core/utc.h"
#include "services/console.h"
#include "services/crashloop.h"
#include "services/log.h"
#include "services/restart.h"
#include "services/snapshot.h"
#include "services/timefloor.h"
#include "services/timekeeper.h"
#include "services/version.h"

static char screen[200000];
static size_t shown, typed_at;
static const char *typed = "";
static size_t room; /* bytes the UART takes at once */
static uint64_t ticks;
static struct status snapshot;
static int resets, floor_resets, floor_rc;
static bool waits; /* crashloop.h */
static int64_t floor_set_to;

uint64_t port_ticks(void)
{
    return ticks;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

size_t port_console(const char *s, size_t len)
{
    size_t n = len < room ? len : room;
    assert_true(shown + n < sizeof(screen));
    memcpy(screen + shown, s, n);
    shown += n;
    screen[shown] = 0;
    return n;
}

int port_console_read(void)
{
    return typed[typed_at] ? (unsigned char)typed[typed_at++] : RC_AGAIN;
}

/* Too many for one buffer of the console. */
#define FACTS 60

int port_fact(unsigned n, char *buf, size_t cap)
{
    return n < FACTS ? snprintf(buf, cap,
                                "fact %u of this machine, with so "
                                "much to be said of it that the "
                                "lines do not all find room",
                                n)
                     : RC_STATE;
}

static struct clientlog *clients;

const struct clientlog *clients_log(void)
{
    return clients;
}

const struct status *snapshot_take(void)
{
    return &snapshot;
}

ntp64 timekeeper_utc(uint64_t at_ticks)
{
    (void)at_ticks;
    return utc_of_unix(1795392000, 123456789);
}

int64_t timekeeper_unix_of(ntp64 utc)
{
    return utc_unix_s(utc, 1795392000);
}

bool crashloop_waits(void)
{
    return waits;
}

void restart_request(void)
{
    resets++;
}

int timefloor_set(int64_t unix_s)
{
    floor_set_to = unix_s;
    return floor_rc;
}

int timefloor_reset(void)
{
    floor_resets++;
    return RC_OK;
}

static int setup(void **state)
{
    (void)state;
    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.sources.count = 1;
    strcpy(snapshot.sources.row[0].name, "nts1.test");
    snapshot.timekeeper.row[0].state = '*';
    shown = 0;
    screen[0] = 0;
    typed = "";
    typed_at = 0;
    room = 7;
    ticks = 0;
    resets = floor_resets = 0;
    waits = false;
    floor_set_to = 0;
    log_init();
    console_init();
    return 0;
}

static void spin(void)
{
    for (int i = 0; i < 20000; i++, ticks += 1000) {
        mono_ns now = (mono_ns)ticks * 1000;
        assert_true(console_poll(now) > now);
        assert_true(log_poll(now) > now);
    }
}

static void type(const char *keys)
{
    shown = 0;
    screen[0] = 0;
    typed = keys;
    typed_at = 0;
    spin();
}

static void quiet_until_a_key(void **state)
{
    (void)state;
    log_line("booting %d", 1);
    spin();
    assert_string_equal(screen, "[    0.000000] booting 1\r\n");
    type("\r");
    assert_string_equal(screen, "gnomon> ");
}

static void commands(void **state)
{
    (void)state;
    type("\rsources\r");
    assert_string_equal(
        screen,
        "gnomon> sources\r\n"
        "MS Name/IP address         Stratum Poll Reach LastRx Last sample    "
        "           \r\n"
        "===================================================================="
        "===========\r\n"
        "^* nts1.test                     0   0     0     0     +0ns[   +0ns]"
        " +/-    0ns\r\n"
        "gnomon> ");
    type("auth -v\r\n");
    assert_non_null(strstr(screen, "KeyID Type KLen"));
    type("s\n");
    assert_non_null(strstr(screen, "`s' may be: selectdata serverstats "
                                   "sources sourcestats\r\n"));
    type("sourcs\n");
    assert_non_null(
        strstr(screen, "`sourcs' is not a command here; `help' lists them"));
    type("ntpdata 1\n");
    assert_non_null(strstr(screen, "ntpdata 1\r\nRemote address "));
    assert_non_null(strstr(screen, "Total good RX   : 0\r\ngnomon> "));
    type("ntp x\n");
    assert_non_null(strstr(screen, "ntpdata: which source?"));
    type("ntpdata 0\n");
    assert_non_null(strstr(screen, "ntpdata: which source?"));
    snapshot.sources.count = 16; /* more than the buffer holds at once */
    for (int i = 0; i < 16; i++)
        snapshot.sources.row[i].ke_addr.family = 4;
    type("ntpdata\n");
    const char *p = screen;
    for (int i = 0; i < 16; i++)
        assert_non_null(p = strstr(p + 1, "\r\n\r\nRemote address "));
    assert_null(strstr(p + 5, "Remote address "));
    assert_non_null(strstr(p, "Total good RX   : 0\r\ngnomon> "));
    snapshot.sources.count = 1;
    snapshot.sources.row[0].ke_addr.family = 0; /* left out, as by chronyc */
    type("ntpdata\n");
    assert_non_null(strstr(screen, "ntpdata\r\ngnomon> "));
    type("help\n");
    static const char *const names[] = {"authdata",    "sources",  "tracking",
                                        "serverstats", "activity", "board",
                                        "log",         "help",     "reset"};
    for (size_t i = 0; i < LEN(names); i++)
        assert_non_null(strstr(screen, names[i]));
    type("   \r\r");
    assert_string_equal(screen, "   \r\ngnomon> \r\ngnomon> ");
}

/* `board` ends in what the machine knows of itself, every line of it. */
static void facts(void **state)
{
    (void)state;
    char fact[20];
    type("\rboard\r");
    const char *p = screen;
    for (unsigned n = 0; n < FACTS; n++) {
        (void)snprintf(fact, sizeof fact, "\r\nfact %u ", n);
        assert_non_null(p = strstr(p, fact));
    }
    assert_non_null(strstr(p, "room\r\ngnomon> "));
}

/* `board' fits a terminal of 80 columns, and loses nothing by it. */
static void board_fits(void **state)
{
    static struct status_loop *const l = &snapshot.loop;
    (void)state;
    l->count = LEN(l->poll);
    for (size_t i = 0; i < LEN(l->poll); i++) {
        l->poll[i].name = "a_long_name";
        l->poll[i].longest_ns = 1234567890;
    }
    static char name[96];
    memset(name, 'x', 95);
    snapshot.machine.name = name;
    type("\rboard\r");
    unsigned polls = 0, letters = 0;
    for (const char *p = screen; *p; p += strcspn(p, "\n") + 1) {
        assert_true(strcspn(p, "\r") < 80);
        for (const char *c = p; *c && *c != '\n'; c++) {
            polls += strncmp(c, "a_long_name", 11) == 0;
            letters += *c == 'x';
        }
        if (!strchr(p, '\n'))
            break;
    }
    assert_int_equal(polls, LEN(l->poll));
    assert_true(letters >= 95);
    assert_non_null(strstr(screen, "us\r\n                  a_long_name"));
}

static void date(void **state)
{
    (void)state;
    type("\rdate\r");
    assert_string_equal(screen, "gnomon> date\r\n"
                                "2026-11-23 00:00:00.123456 UTC, "
                                "not synchronised\r\n"
                                "gnomon> ");
    snapshot.timekeeper.tracking.synchronised = true;
    type("date\r");
    assert_string_equal(screen, "date\r\n"
                                "2026-11-23 00:00:00.123456 UTC\r\n"
                                "gnomon> ");
}

static void editing(void **state)
{
    (void)state;
    type("\rtracx\bking\r");
    assert_non_null(strstr(screen, "tracx\b \bking\r\nReference ID"));
    type("\b\x7f");
    assert_string_equal(screen, "");
    type("zzz\x15"
         "activity\r");
    assert_non_null(strstr(screen, "200 OK\r\n"));
    type("reset\x03");
    assert_string_equal(screen, "reset^C\r\ngnomon> ");
    assert_int_equal(resets, 0);
    char longline[300];
    memset(longline, 'a', sizeof(longline));
    memcpy(longline + 297, "\r", 2);
    type(longline);
    assert_non_null(strstr(screen, "a\a\a"));
    assert_non_null(strstr(screen, "\r\nlonger than 78 characters: not run"));
    /* What was beyond the end is rubbed out first. */
    memcpy(longline, "activity ", 9);
    memset(longline + 9, ' ', 78 - 9);
    memcpy(longline + 78, "xy\b\b\r", 6);
    type(longline);
    assert_non_null(strstr(screen, "200 OK\r\n"));
    memcpy(longline + 78, "x\x15tracking\r", 11);
    type(longline);
    assert_non_null(strstr(screen, "Reference ID"));
    type("\xff\x01track\r"); /* noise: what is printable */
    assert_non_null(strstr(screen, "track\r\nReference ID"));
}

/* Of what no key of the editor sends nothing is shown or typed. */
static void escape_sequences(void **state)
{
    (void)state;
    static const char *const keys[] = {"\x1b[2~",    "\x1bOP",    "\x1bx",
                                       "\x1b\x1b[B", "\x1b[1;5P", "\x1b[200~",
                                       "\x1b[[A",    "\x1b]0;t\a"};
    type("\r");
    for (size_t i = 0; i < LEN(keys); i++) {
        char line[40];
        sprintf(line, "acti%svity\r", keys[i]);
        type(line);
        assert_memory_equal(screen, "activity\r\n200 OK\r\n", 18);
    }
    type("\x1b[\ractivity\r"); /* cut off */
    assert_non_null(strstr(screen, "200 OK"));
}

/* Each poll sees one byte of the key. */
static void keys_in_pieces(void **state)
{
    (void)state;
    static const char keys[] = "xctivity\x1b[1~\x1b[3~a\x1b[F\r";
    char last[sizeof screen] = "";
    type("\r");
    for (size_t i = 0; i + 1 < sizeof keys; i++) {
        char one[2] = {keys[i], 0};
        type(one);
        strcpy(last, screen);
    }
    assert_memory_equal(last, "\r\n200 OK\r\n", 10);
}

static void history_and_clear(void **state)
{
    (void)state;
    type("\rdate\rlog 0\r");
    type("\x1b[A\x1b[A\r");
    assert_non_null(strstr(screen, "2026-11-23"));
    type("dat\f");
    assert_string_equal(screen, "dat\x1b[H\x1b[2Jgnomon> dat");
    type("e\x1b[D\x1b[D");
    log_line("came in between");
    shown = 0;
    spin(); /* the cursor is where it was */
    assert_non_null(strstr(screen, "between\r\ngnomon> date\b\b"));
    type("\r");
    assert_non_null(strstr(screen, "2026-11-23"));
}

static void tab(void **state)
{
    static const struct {
        const char *typed, *shown;
    } row[] = {
        {"tr\t", "tracking "},
        {"TR\t", "TRacking "},
        {"sour\t", "sources"},
        {"sources\t", "sources\r\nsources sourcestats\r\ngnomon> sources"},
        {"chronyc auth\t", "chronyc authdata "},
        {"help auth\t", "help authdata "},
        {"re\t", "re\a"}, /* `reset' is to be written out */
        {"xyz\t", "xyz\a"},
        {"sources \t", "sources \a"},
    };
    (void)state;
    type("\r");
    for (size_t i = 0; i < LEN(row); i++) {
        type(row[i].typed);
        assert_string_equal(screen, row[i].shown);
        type("\x03");
    }
    type("\t");
    assert_non_null(strstr(screen, "activity authdata"));
    assert_null(strstr(screen, " reset"));
    assert_int_equal(resets, 0);
}

static void waitsync(void **state)
{
    (void)state;
    struct status_tracking *k = &snapshot.timekeeper.tracking;
    type("\rwaitsync 2\r"); /* one each 10 s */
    assert_string_equal(screen, "gnomon> waitsync 2\r\n"
                                "try: 1, refid: 00000000, correction: "
                                "0.000000000, skew: 0.000\r\n"
                                "try: 2, refid: 00000000, correction: "
                                "0.000000000, skew: 0.000\r\n"
                                "gnomon> ");
    k->synchronised = true;
    k->ref_id = 0xc0000201;
    k->system_ns = -1234567;
    k->freq_sigma_e12 = 64000;
    type("waitsync\r");
    assert_string_equal(screen, "waitsync\r\n"
                                "try: 1, refid: C0000201, correction: "
                                "0.001234567, skew: 0.064\r\n"
                                "gnomon> ");
    type("waitsync 2 0.001 0 0.5\r");
    assert_non_null(strstr(screen, "\r\ntry: 2, refid"));
    type("waitsync 0 0 0.063 0\rdate\r");
    assert_non_null(strstr(screen, "\r\ntry: 199, refid"));
    assert_null(strstr(screen, "gnomon> ")); /* for ever */
    log_line("heard meanwhile");
    spin();
    assert_non_null(strstr(screen, "heard meanwhile"));
    type("\x03");
    assert_string_equal(screen, "^C\r\ngnomon> "); /* `date' is gone, too */
}

/* What is typed while an answer is under way is done after it. */
static void typed_ahead(void **state)
{
    (void)state;
    snapshot.sources.count = 16;
    type("\rntpdata\rlog 0\rdate\r");
    const char *p = strstr(screen, "gnomon> log 0\r\n");
    assert_non_null(p);
    assert_non_null(strstr(p, "gnomon> date\r\n2026"));
}

/* What has an effect elsewhere has none by accident here. */
static void words_not_understood(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *answer;
    } row[] = {
        {"reset sources", "reset: takes no argument; alone it restarts"},
        {"RESET sources", "reset: takes no argument"},
        {"chronyc reset sources", "reset: takes no argument"},
        {"r", "`r' is not a command here; `help' lists them\r\n"},
        {"re", "`re' is not a command here; `help' lists them\r\n"},
        {"rese", "`rese' is not a command here; `help' lists them; nearest is "
                 "`reset'\r\n"},
        {"sorces", "nearest is `sources'"},
        {"tarcking", "nearest is `tracking'"},
        {"bord", "nearest is `board'"},
        {"makestep", "makestep: the clock is stepped as makestep in"},
        {"burst 4/4", "burst: a source that has to be asked sooner is"},
        {"online", "online: Gnomon asks by itself"},
        {"offline", "offline: a dead link is seen"},
        {"waitsync x", "waitsync: up to four numbers"},
        {"waitsync 1 2 3 4 5", "waitsync: up to four numbers"},
        {"chronyc", "chronyc: its commands are typed here"},
        {"chronyc -c tracking", "chronyc: option -c is not known"},
        {"ntpdata -x", "ntpdata: option -x is not known"},
        {"clients", "clients: none are kept: nobody is served"},
        {"clients -p 5", "clients: knows -k alone"},
        {"quit", "quit: the console stays"},
        {"reboot", "reboot: `reset' saves"},
        {"version", "Gnomon "},
        {"sources -x", "sources: option -x is not known; -v explains"},
        {"sources -v -x", "sources: option -x is not known"},
        {"tracking now", "tracking: takes no argument, so not `now'"},
        {"board -v", "board: takes no argument, so not `-v'"},
        {"log x", "log: how many lines?"},
        {"help sorces", "nearest is `sources'"},
        {"help s", "`s' may be: selectdata serverstats sources sourcestats"},
        {"help makestep", "makestep: the clock is stepped as"},
    };
    type("\r");
    for (size_t i = 0; i < LEN(row); i++) {
        char line[80];
        sprintf(line, "%s\r", row[i].typed);
        type(line);
        if (!strstr(screen, row[i].answer))
            fail_msg("%s: %s", row[i].typed, screen);
    }
    assert_int_equal(resets, 0);
}

static void words_of_chronyc(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *answer;
    } row[] = {
        {"TRACKING", "Reference ID"},
        {"Floor SET tomorrow", "a time in UTC"},
        {"chronyc sources", "^* nts1.test"},
        {"sources -a -n", "^* nts1.test"},
        {"chronyc -n sources", "^* nts1.test"},
        {"chronyc -n -v sources", "falseticker, ~ too variable"},
        {"chronyc -v", "Gnomon "},
        {"ntpdata -n 192.0.2.1", "Remote address  : 192.0.2.1 (C0000201)"},
        {"sources -v", "falseticker, ~ too variable"},
        {"sources -V", "^* nts1.test"},
        {"sourcestats -v", "NP: samples"},
        {"selectdata -v", "COpts"},
        {"authdata -v", "KLen: bits of a key"},
        {"tracking -v", "its lines need no legend\r\nReference ID"},
        {"?", "activity     how many"},
        {"ntpdata 192.0.2.1", "Remote address  : 192.0.2.1 (C0000201)"},
        {"ntpdata nts1.test", "Remote address  : 192.0.2.1 (C0000201)"},
        {"help tracking", "help tracking\r\ntracking     the clock"},
    };
    snapshot.sources.row[0].addr =
        (struct addr){.family = 4, .b = {192, 0, 2, 1}};
    type("\r");
    for (size_t i = 0; i < LEN(row); i++) {
        char line[80];
        sprintf(line, "%s\r", row[i].typed);
        type(line);
        if (!strstr(screen, row[i].answer))
            fail_msg("%s: %s", row[i].typed, screen);
    }
    type("help tracking\r");
    assert_null(strstr(screen, "activity"));
    type("ntpdata 192.0.2.2\r");
    assert_non_null(strstr(screen, "ntpdata: which source?"));
}

static void log_lines_keep_apart(void **state)
{
    (void)state;
    type("\rtrack");
    assert_string_equal(screen, "gnomon> track");
    shown = 0;
    log_line("came in between");
    spin();
    char want[200];
    const char *line = strchr(screen, '[');
    assert_non_null(line);
    assert_memory_equal(screen, "\r\x1b[K[", 5); /* the prompt is wiped */
    sprintf(want, "came in between\r\ngnomon> track");
    assert_string_equal(strstr(screen, "came"), want);

    /* An answer is whole, whatever is logged meanwhile. */
    shown = 0;
    typed = "ing\r";
    typed_at = 0;
    room = 3;
    for (int i = 0; i < 600; i++, ticks += 1000) {
        mono_ns now = (mono_ns)ticks * 1000;
        (void)console_poll(now);
        if (i % 20 == 0)
            log_line("noise %d", i);
        (void)log_poll(now);
    }
    const char *from = strstr(screen, "Reference ID");
    const char *to = strstr(screen, "Leap status");
    assert_true(from && to);
    const char *noise = strstr(screen, "noise");
    while (noise && noise < from)
        noise = strstr(noise + 1, "noise");
    assert_true(!noise || noise > to);
}

static void log_command(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++)
        log_line("line %d", i);
    room = 50;
    spin();
    assert_non_null(strstr(screen, "(44 lines lost)\r\n"));
    struct status_log l;
    log_status(&l);
    assert_int_equal(l.lost, 44);
    type("\rlog\r");
    assert_null(strstr(screen, "line 43\r\n"));
    assert_non_null(strstr(screen, "log\r\n[    0.000000] line 44\r\n"));
    assert_non_null(strstr(screen, "line 299\r\ngnomon> "));
    type("log 5\r");
    assert_null(strstr(screen, "line 294\r\n"));
    assert_non_null(strstr(screen, "log 5\r\n[    0.000000] line 295\r\n"));
    assert_non_null(strstr(screen, "line 299\r\ngnomon> "));
    type("log 0\r");
    assert_string_equal(screen, "log 0\r\ngnomon> ");
    type("log 99999999999\r");
    assert_non_null(strstr(screen, "line 44\r\n"));
    room = 1;
    type("log\r");
    shown = 0;
    typed = "log\rx\x03";
    typed_at = 0;
    room = 4000;
    spin();
    assert_non_null(strstr(screen, "^C\r\n"));
}

static void reports_as_if_typed(void **state)
{
    (void)state;
    console_run("authdata");
    console_run("sources");
    console_run("tracking");
    spin();
    assert_memory_equal(screen, "gnomon> authdata\r\nName/IP", 25);
    assert_non_null(strstr(screen, "\r\ngnomon> sources\r\nMS Name"));
    assert_non_null(strstr(screen, "\r\ngnomon> tracking\r\nReference"));
    assert_non_null(strstr(screen, "Leap status     : Not synchronised\r\n"));
}

static void resets_after_saying_so(void **state)
{
    (void)state;
    type("\rreset\r");
    assert_int_equal(resets, 1);
    assert_non_null(strstr(screen, "saving, then resetting\r\n"));
}

static void limited(void **state)
{
    static int key, other;
    (void)state;
    for (int i = 0; i < 50; i++, ticks += 100000)
        log_limited(&key, "bad packet %d", i);
    log_limited(&other, "other");
    ticks += 10000000;
    log_limited(&key, "bad packet again");
    room = 200;
    spin();
    assert_string_equal(screen,
                        "[    0.000000] bad packet 0\r\n"
                        "[    5.000000] other\r\n"
                        "[   15.000000] bad packet again (and 49 like it)\r\n");
}

/* A full house answers within its buffer. */
static void floor_command(void **state)
{
    (void)state;
    snapshot.timefloor.unix_s = 1795392000;
    snapshot.timefloor.from = "the card";
    snapshot.net.link = true;
    snapshot.net.addr4.family = 4;
    snapshot.timekeeper.row[0].select.letter = 'W';
    strcpy(snapshot.timekeeper.tracking.why, "1 of 3 sources agree, 2 needed");
    type("\rfloor\r");
    assert_non_null(strstr(screen, "Mon Nov 23 00:00:00 2026 UTC, from the "
                                   "card\r\nClock not set   : 1 of 3 sources "
                                   "agree, 2 needed\r\n"));
    floor_rc = RC_OK;
    type("floor set 2026-11-23T00:00:01Z\r");
    assert_non_null(strstr(screen, "floor set\r\n"));
    assert_int_equal(floor_set_to, 1795392001);
    floor_rc = RC_STATE;
    type("floor set 2026-11-23T00:00:02Z\r");
    assert_non_null(strstr(screen, "refused: the clock is set"));
    floor_rc = RC_BAD;
    type("floor set 2026-11-23T00:00:03Z\r");
    assert_non_null(strstr(screen, "refused: Gnomon was built after that"));
    type("floor set tomorrow\r");
    assert_non_null(strstr(screen, "a time in UTC, as 2026-"));
    assert_int_equal(floor_set_to, 1795392003);
    type("floor resett\r");
    assert_non_null(strstr(screen, "floor | floor set"));
    assert_int_equal(floor_resets, 0);
    type("floor reset\r");
    assert_int_equal(floor_resets, 1);
}

/* Nothing has been started: there is no clock to show. */
static void while_it_waits(void **state)
{
    char when[UTC_TEXT];
    (void)state;
    waits = true;
    utc_text(gnomon_build_unix, 0, when);
    type("\rdate\r");
    assert_non_null(strstr(screen, when));
}

static void sixteen_sources(void **state)
{
    (void)state;
    for (size_t i = 0; i < LIMIT_SOURCES; i++) {
        snapshot.sources.row[i] = snapshot.sources.row[0];
        memset(snapshot.sources.row[i].name, 'n', 200);
        snapshot.timekeeper.row[i] = snapshot.timekeeper.row[0];
    }
    snapshot.sources.count = LIMIT_SOURCES;
    for (int i = 0; i < 8; i++)
        console_run("sources"); /* more than fits: cut, not overrun */
    room = 100;
    spin();
    assert_true(shown <= LIMIT_CONSOLE);
    type("\rsources\r");
    assert_non_null(strstr(screen, "0ns\r\ngnomon> "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(quiet_until_a_key, setup),
        cmocka_unit_test_setup(commands, setup),
        cmocka_unit_test_setup(facts, setup),
        cmocka_unit_test_setup(board_fits, setup),
        cmocka_unit_test_setup(date, setup),
        cmocka_unit_test_setup(editing, setup),
        cmocka_unit_test_setup(escape_sequences, setup),
        cmocka_unit_test_setup(keys_in_pieces, setup),
        cmocka_unit_test_setup(history_and_clear, setup),
        cmocka_unit_test_setup(tab, setup),
        cmocka_unit_test_setup(waitsync, setup),
        cmocka_unit_test_setup(typed_ahead, setup),
        cmocka_unit_test_setup(words_not_understood, setup),
        cmocka_unit_test_setup(words_of_chronyc, setup),
        cmocka_unit_test_setup(log_lines_keep_apart, setup),
        cmocka_unit_test_setup(log_command, setup),
        cmocka_unit_test_setup(reports_as_if_typed, setup),
        cmocka_unit_test_setup(resets_after_saying_so, setup),
        cmocka_unit_test_setup(limited, setup),
        cmocka_unit_test_setup(floor_command, setup),
        cmocka_unit_test_setup(while_it_waits, setup),
        cmocka_unit_test_setup(sixteen_sources, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
