/* Time that cannot be: servers that say a time of long ago, servers that are
 * wrong and change their mind, a time floor that must not follow them. The
 * whole firmware in virtual time (tests/world). An argument: the rows whose
 * name has that in it; SIM_SHOW=1 the console of every row.
 *
 * "Before" in a row's comment is what the firmware did before the rule. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/utc.h"
#include "../world/case.h"

#define ONE   "server nts1.test iburst\n"
#define TWO   ONE "server nts2.test iburst\n"
#define HOUR  3600
#define LATER 1800 /* s after a lie's end                                   */

static const char *only;

static void begin(const char *conf)
{
    sim_world(conf);
}

static int64_t unix_of(int32_t year, uint8_t month, uint8_t day)
{
    const struct utc_civil c = {.year = year, .month = month, .day = day};
    int64_t s = 0;
    if (utc_unix_of(&c, &s) != RC_OK)
        sim_broken("no such day");
    return s;
}

/* Servers 0 .. n - 1 are off by so many seconds from now on. */
static void lie(unsigned n, int64_t by_s)
{
    for (unsigned i = 0; i < n; i++)
        w->server[i].lie_ns = by_s * MONO_S;
}

static void say(unsigned n, int64_t unix_s)
{
    lie(n, unix_s - sim_true_ns() / MONO_S);
}

static bool not_synchronised(void)
{
    return strstr(sim_ask("tracking"), "Not synchronised") != NULL;
}

static bool star(void)
{
    return strstr(sim_ask("sources"), "^*") != NULL;
}

/* Right to 20 ms, or said not to be. */
static void right_or_said(const char *when)
{
    double error = sim_error();
    if (!not_synchronised()) {
        sim_check(fabs(error) < 0.02, when);
        return;
    }
    sim_check(!star(), when);
    sim_check(sim_said("clock not set: "), when);
    sim_check(strstr(sim_ask("tracking"), "Clock not set") != NULL, when);
    sim_check(strstr(sim_ask("board"), "Clock not set") != NULL, when);
}

/* In pieces: each has its limit of real time. */
static void run(double seconds)
{
    for (; seconds > HOUR; seconds -= HOUR)
        sim_run(HOUR);
    sim_run(seconds);
}

static void right(const char *when)
{
    double error = sim_error();
    sim_check(!not_synchronised(), when);
    sim_check(fabs(error) < 0.02, when);
}

/* ---- eras: decades before the floor stay before it ----------------------- */

/* Before: set to 2143-05-21, 2136-02-07, 2106-02-07, 2152-02-07; 1900 is what
 * a clock that began at 0 says. */
static void long_ago(const char *conf, unsigned servers)
{
    static const int32_t day[][3] = {
        {2007, 4, 13}, {2000, 1, 1}, {1970, 1, 1}, {2016, 1, 1},
        {1980, 1, 6},  {1900, 1, 1}, {2019, 4, 7}, {1999, 8, 22},
    };
    for (size_t i = 0; i < LEN(day); i++) {
        char text[40];
        begin(conf);
        int64_t s = unix_of(day[i][0], (uint8_t)day[i][1], (uint8_t)day[i][2]);
        snprintf(text, sizeof text, "says %d-%02d-%02d", (int)day[i][0],
                 (int)day[i][1], (int)day[i][2]);
        say(servers, s);
        sim_boot();
        run(200);
        sim_check(not_synchronised(), text);
        sim_check(!sim_said("clock set to"), text);
        sim_check(sim_said("before the time floor") || day[i][0] == 1900, text);
        if (day[i][0] == 1900 && servers > 1)
            continue; /* 2036, outside its certificate's validity */
        sim_check(sim_said(text), text);
        sim_check(sim_said("before the time floor: not believed"), text);
    }
}

static void long_ago_plain(void)
{
    long_ago(ONE, 1);
}

static void long_ago_nts(void)
{
    long_ago(NULL, 3);
}

/* ---- wrong when the clock is set, then right ----------------------------- */

static void changes_its_mind(const char *conf, unsigned liars, int64_t by_s,
                             double for_s)
{
    char what[80];
    begin(conf);
    snprintf(what, sizeof what, "%lld s off for %.0f s", (long long)by_s,
             for_s);
    lie(liars, by_s);
    sim_boot();
    run(for_s);
    lie(liars, 0);
    run(LATER);
    right_or_said(what);
    run(for_s > HOUR ? 2 * HOUR : HOUR);
    right(what);
    sim_off(60);
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), what);
    run(10);
    right(what);
}

/* Before: `^*`, Leap Normal and a System time of years, hours or a minute that
 * goes at 500 ppm. */
static const int64_t off_s[] = {
    8 * SIM_YEAR, 400 * SIM_DAY, HOUR, -HOUR, 60, -60, 20, 3, -3};

static void one_plain(void)
{
    for (size_t i = 0; i < LEN(off_s); i++)
        changes_its_mind(ONE, 1, off_s[i], 60);
    for (size_t i = 1; i < LEN(off_s); i += 3) {
        changes_its_mind(ONE, 1, off_s[i], 10);
        changes_its_mind(ONE, 1, off_s[i], 600);
    }
    changes_its_mind(ONE, 1, HOUR, SIM_DAY);
}

static void nts_majority(void)
{
    for (size_t i = 2; i < LEN(off_s); i += 2)
        changes_its_mind(NULL, 2, off_s[i], 60);
    changes_its_mind(NULL, 2, 40 * SIM_DAY, 60);
    changes_its_mind(NULL, 3, 40 * SIM_DAY, 600);
    changes_its_mind(NULL, 3, HOUR, 10);
}

/* As behind an address that several servers share, one of which is wrong.
 * Before: Leap Normal on the wrong side for as long as it went on, and for 90
 * minutes after; the source was too jittery to be selected. */
static void to_and_fro(void)
{
    static const struct {
        int64_t by_s;
        double every_s;
    } row[] = {{HOUR, 130}, {-30, 130}, {400 * SIM_DAY, 7}, {-30, 7}};
    for (size_t i = 0; i < LEN(row); i++) {
        char what[80];
        snprintf(what, sizeof what, "%lld s off every %.0f s",
                 (long long)row[i].by_s, row[i].every_s);
        begin(ONE);
        lie(1, row[i].by_s);
        sim_boot();
        for (double at = 0; at < 1000; at += row[i].every_s) {
            run(row[i].every_s);
            lie(1, w->server[0].lie_ns ? 0 : row[i].by_s);
        }
        sim_check(not_synchronised() || fabs(sim_error()) < 0.02, what);
        lie(1, 0);
        run(LATER);
        right(what);
    }
}

static void refused_then_right(void)
{
    begin(ONE);
    say(1, unix_of(2000, 1, 1));
    sim_boot();
    run(60);
    lie(1, 0);
    sim_check(sim_until("synchronised: ", 300), "right as soon as it is");
    run(10);
    right("2000, then right");
}

/* makestep lets it follow: a step, no withdrawal. */
static void makestep_always(void)
{
    begin(ONE "makestep 1 -1\n");
    lie(1, HOUR);
    sim_boot();
    run(600);
    lie(1, 0);
    run(600);
    sim_check(sim_said("clock stepped to"), "stepped, and says so");
    right("makestep 1 -1");
}

/* ---- the floor ----------------------------------------------------------- */

/* The time floor of the start, Unix s. */
static int64_t floor_said(void)
{
    unsigned y, mo, d, h, mi, s;
    const char *p = strstr(w->text, "time floor 2");
    struct utc_civil c;
    int64_t unix_s = 0;
    if (!p || sscanf(p, "time floor %u-%u-%u %u:%u:%u", &y, &mo, &d, &h, &mi,
                     &s) != 6)
        sim_broken("no floor said");
    c = (struct utc_civil){.year = (int32_t)y,
                           .month = (uint8_t)mo,
                           .day = (uint8_t)d,
                           .hour = (uint8_t)h,
                           .minute = (uint8_t)mi,
                           .second = (uint8_t)s};
    if (utc_unix_of(&c, &unix_s) != RC_OK)
        sim_broken("no such time");
    return unix_s;
}

/* After a power cut: the floor is not above the truth, and there is time. */
static void starts_again(const char *what)
{
    sim_off(10);
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), what);
    sim_check(floor_said() <= sim_true_ns() / MONO_S, what);
    run(10);
    right(what);
}

/* Before: floor of 2028 on the card, no time after the next start. */
static void servers_jump(unsigned liars, int64_t by_s, double after_s,
                         double for_s)
{
    char what[80];
    begin(NULL);
    snprintf(what, sizeof what, "%u of 3 jump by %lld s for %.0f s", liars,
             (long long)by_s, for_s);
    sim_boot();
    run(after_s);
    lie(liars, by_s);
    run(for_s);
    if (by_s > 2 || by_s < -2) /* else what a quorum says is followed */
        right_or_said(what);
    lie(liars, 0);
    run(after_s > HOUR ? 2000 : 600); /* polls are longer then */
    if (by_s > 2 || by_s < -2)
        right(what);
    run(1000); /* over a save */
    starts_again(what);
}

static void floor_when_they_jump(void)
{
    static const int64_t by[] = {400 * SIM_DAY, HOUR, -HOUR, 30, 2, 1};
    for (size_t i = 0; i < LEN(by); i++) {
        servers_jump(2, by[i], 2000, 320);
        servers_jump(3, by[i], 2000, 320);
    }
    servers_jump(2, 400 * SIM_DAY, 880, 320); /* over the first save */
    servers_jump(3, HOUR, 880, 320);
    servers_jump(2, 400 * SIM_DAY, 6 * HOUR, 320);
    servers_jump(3, HOUR, 6 * HOUR, 320);
}

static void floor_back_and_forth(void)
{
    begin(NULL);
    sim_boot();
    run(5 * HOUR);
    for (unsigned i = 0; i < 8; i++) {
        lie(2 + i % 2, i % 4 < 2 ? 400 * SIM_DAY : HOUR);
        run(400);
        right_or_said("they lie");
        lie(3, 0);
        run(400);
        right_or_said("they do not");
    }
    run(2000);
    right("it is over");
    starts_again("back and forth");
}

/* Before: the floor is where they said, at the first sync. */
static void floor_at_first_sync(void)
{
    static const int64_t by[] = {40 * SIM_DAY, HOUR, 60};
    for (size_t i = 0; i < LEN(by); i++) {
        begin(NULL);
        lie(3, by[i]);
        sim_boot();
        run(320);
        lie(3, 0);
        starts_again("wrong at the first sync");
    }
}

/* A year off is no lie: there is time at once, and the floor follows after
 * hours; before that it moves no faster than the counter. */
static void floor_after_a_year(void)
{
    begin(NULL);
    w->boot_ns += 400 * SIM_DAY * MONO_S;
    for (unsigned i = 0; i < SIM_SERVERS; i++) {
        w->server[i].cert_lo += 400 * SIM_DAY;
        w->server[i].cert_hi += 400 * SIM_DAY;
    }
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "time at once");
    int64_t before = floor_said();
    run(HOUR);
    right("a year later");
    sim_off(60);
    sim_boot();
    run(10);
    sim_check(floor_said() - before > 2500, "it moved as the counter did");
    sim_check(floor_said() - before <= HOUR, "and no further");
    run(6 * HOUR);
    right("hours later");
    sim_off(60);
    sim_boot();
    run(10);
    int64_t behind = sim_true_ns() / MONO_S - floor_said();
    sim_check(behind > 0 && behind < HOUR, "it has come along");
}

/* ---- one plain server, years after the floor ----------------------------- */

static const char warning[] =
    "time from one plain (unauthenticated) server, 8 years after the floor: "
    "nobody confirms it";

static void alone_and_far(void)
{
    begin(ONE);
    lie(1, 8 * SIM_YEAR);
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "believed");
    run(10);
    sim_check(sim_said("WARNING: time from one plain"), "in the log");
    sim_check(strstr(sim_ask("tracking"), warning) != NULL, "on tracking");
    sim_check(strstr(sim_ask("board"), warning) != NULL, "on board");
}

static void not_alone_or_not_far(void)
{
    begin(ONE);
    sim_boot();
    run(60);
    right("a month after the floor");
    sim_check(!sim_said("nobody confirms"), "a month after the floor");
    begin(TWO);
    lie(2, 8 * SIM_YEAR);
    sim_boot();
    run(60);
    sim_check(!not_synchronised(), "two agree");
    sim_check(!sim_said("nobody confirms"), "two agree");
}

/* Before: `maxchange 1 0 2' and no time ever, for the way from the floor to
 * the time was too great a correction; given up, a line for each reply,
 * "correction of 0 ms exceeds maxchange". */
static void maxchange(void)
{
    begin(ONE "maxchange 1 0 2\n");
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "set");
    run(600);
    right("maxchange 1 0 2");
    lie(1, HOUR);
    run(HOUR);
    sim_check(not_synchronised(), "given up");
    sim_check(sim_said("clock not set: a correction exceeds maxchange"), "why");
    lie(1, 0);
    run(2 * HOUR);
    sim_check(sim_count("correction of ") == 3, "said once");
    starts_again("maxchange");
}

/* Servers that are not synchronised themselves, or too far from one that is;
 * then they are, and then not again. */
static void not_ready(void)
{
    for (unsigned what = 0; what < 4; what++) {
        const unsigned n = what % 2 ? 3 : 1;
        begin(n == 1 ? ONE : NULL);
        for (unsigned pass = 0; pass < 3; pass++) {
            const bool bad = pass != 1;
            for (unsigned i = 0; i < n; i++) {
                w->server[i].leap = bad && what == 0 ? 3 : 0;
                w->server[i].stratum = bad && what == 1 ? 16 : 0;
                w->server[i].root_delay_s = bad && what == 2 ? 10 : 0;
                w->server[i].root_disp_s = bad && what == 3 ? 16 : 0;
            }
            if (pass == 0)
                sim_boot();
            run(pass < 2 ? 900 : HOUR);
            if (pass == 0)
                right_or_said("not ready");
            else
                right(pass == 1 ? "ready" : "no longer ready");
            sim_check(star() == !bad, "*");
        }
    }
}

/* Two of three are wrong by turns, each time another two: no floor rises, and
 * a start finds the time. */
static void pairs_by_turns(void)
{
    begin(NULL);
    sim_boot();
    run(600);
    for (unsigned turn = 0; turn < 6; turn++) {
        for (unsigned i = 0; i < 3; i++)
            w->server[i].lie_ns = i == turn % 3 ? 0 : 600 * MONO_S;
        run(200);
        right_or_said("by turns");
    }
    lie(3, 0);
    starts_again("by turns");
}

static const struct {
    const char *name;
    void (*run)(void);
} rows[] = {
    {"one plain server says long ago", long_ago_plain},
    {"three NTS servers say long ago", long_ago_nts},
    {"a plain server says 2000 for a minute", refused_then_right},
    {"a plain server wrong at the start, then right", one_plain},
    {"an NTS majority wrong at the start, then right", nts_majority},
    {"a plain server that goes to and fro", to_and_fro},
    {"makestep 1 -1 follows by a step", makestep_always},
    {"maxchange lets the clock be set, and gives up once", maxchange},
    {"servers that are not ready, at first and later", not_ready},
    {"two of three servers wrong by turns", pairs_by_turns},
    {"the floor when servers jump and come back", floor_when_they_jump},
    {"the floor when servers jump back and forth", floor_back_and_forth},
    {"the floor when servers lie at the first sync", floor_at_first_sync},
    {"the floor after a year without power", floor_after_a_year},
    {"one plain server, years after the floor", alone_and_far},
    {"a plain server that is near, or not alone", not_alone_or_not_far},
};

int main(int argc, char **argv)
{
    only = argc > 1 ? argv[1] : NULL;
    sim_setup();
    for (size_t i = 0; i < LEN(rows); i++) {
        if (only && !strstr(rows[i].name, only))
            continue;
        sim_case(rows[i].name, NULL);
        rows[i].run();
        sim_end();
    }
    return sim_done();
}
