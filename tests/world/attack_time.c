/* attack_time.c -- rows about certificates, floors, quorums and the card. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/utc.h"
#include "case.h"
#include "attack.h"

#define EXPIRED "certificate expired: notAfter"

/* The floor is 30 days before day 0. */
static void below_floor_one(void)
{
    sim_row_liar(0, -400, -40, -45);
    sim_row_good(10);
    sim_check(sim_said("nts1.test: " EXPIRED) && sim_said("before floor"),
              "refused by the floor");
}

static void below_floor_all(void)
{
    for (unsigned i = 0; i < 3; i++)
        sim_row_liar(i, -400, -40, -45);
    sim_row_unset(300);
    sim_check(sim_count(EXPIRED) >= 3, "all refused by the floor");
}

static void reply_below_floor(void)
{
    for (unsigned i = 0; i < 3; i++)
        sim_row_liar(i, -400, 80, -45);
    sim_row_unset(60);
    sim_check(sim_said("before the time floor"), "the reply is not believed");
}

static void expired_one(void)
{
    sim_row_at(400);
    sim_row_liar(0, 10, 100, 50);
    sim_row_good(10);
    sim_check(sim_said("nts1.test: certificate not valid at the time found"),
              "its keys are dropped");
    sim_run(30);
    sim_check(sim_said("nts1.test: " EXPIRED), "and it gets none again");
    sim_row_right();
}

static void expired_two_honest(void)
{
    sim_row_at(400);
    sim_row_liar(0, 10, 100, 400);
    sim_row_liar(1, 10, 100, 400);
    sim_row_unset(120);
    sim_check(sim_said("1 of 3 sources agree, 2 needed, 2 outside"),
              "and says how many were missing");
}

static void stolen_two(void)
{
    sim_row_at(400);
    sim_row_liar(0, 10, 100, 50);
    sim_row_liar(1, 10, 100, 50);
    sim_boot();
    sim_check(sim_until("synchronised: ", 30), "a quorum is believed");
    double day = 400 + sim_error() / (double)SIM_DAY;
    sim_check(day > 49.9 && day < 50.1, "nothing but what it said");
}

static void stolen_two_apart(void)
{
    sim_row_at(400);
    sim_row_liar(0, 10, 100, 50);
    sim_row_liar(1, 10, 40, 50);
    sim_row_unset(120);
    sim_check(sim_said("outside its certificate's validity"), "says why");
}

static void outside_one(void)
{
    sim_row_at(400);
    sim_row_liar(2, 10, 100, 400);
    sim_row_good(10);
    sim_check(sim_said("nts3.test: certificate not valid at the time found") ||
                  sim_said("nts3.test: " EXPIRED),
              "the third gets no say");
}

/* After hours of agreement the floor follows a quorum (bootstrap.h). */
static void until_the_floor_follows(void)
{
    for (int hours = 0; hours < 6; hours++)
        sim_run(3600);
}

static void year_off(void)
{
    sim_row_at(400);
    sim_row_good(10);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].keys += 10; /* so that keys are exchanged again */
    w->server[0].cert_lo = sim_start + 500 * SIM_DAY;
    w->server[0].cert_hi = sim_start + 600 * SIM_DAY;
    sim_check(sim_until("nts1.test: certificate not yet valid", 2000),
              "from now on notBefore is judged, too");
    sim_row_right();
    until_the_floor_follows();
    sim_check(strstr(sim_ask("floor"), "quorum") != NULL, "the floor rose");
    sim_row_right();
}

static void lie_within(void)
{
    for (unsigned i = 0; i < 3; i++)
        w->server[i].lie_ns = 10 * SIM_DAY * MONO_S;
    sim_boot();
    sim_check(sim_until("synchronised: ", 30), "three of three are believed");
    double error = sim_error() / (double)SIM_DAY;
    sim_check(error > 9.9 && error < 10.1, "as far as they went");
}

static void lie_beyond(void)
{
    for (unsigned i = 0; i < 3; i++)
        w->server[i].lie_ns = 100 * SIM_DAY * MONO_S;
    sim_row_unset(120);
    sim_check(sim_said("3 outside"), "all windows are over by then");
}

static void one_lies(void)
{
    w->server[1].lie_ns = 5 * MONO_S;
    sim_row_good(10);
    sim_check(sim_until("nts2.test: falseticker", 60), "told from the others");
    sim_row_right();
}

static void poisoned(void)
{
    for (unsigned i = 0; i < 3; i++)
        sim_row_liar(i, -10, 6 * 365, 5 * 365);
    sim_boot();
    sim_check(sim_until("synchronised: ", 30), "poisoned");
    until_the_floor_follows();
    sim_off(SIM_DAY);
    sim_row_at(1);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].lie_ns = 0;
    sim_row_unset(10);
    sim_check(sim_said("before the time floor"), "no reply is believed");
    for (unsigned i = 0; i < 3; i++)
        w->server[i].keys += 10;
    sim_row_unset(300);
    sim_check(sim_count(EXPIRED) >= 3, "every certificate is refused");
    (void)sim_ask("floor reset");
    sim_check(sim_until("synchronised: ", 60), "the way out");
    sim_run(10);
    sim_row_right();
    sim_off(60);
    sim_row_good(30);
    sim_check(sim_said("an operator reset the time floor"),
              "the next start tells of it");
}

/* The floor would rise again at the next save. */
static void reset_while_set(void)
{
    sim_row_good(10);
    (void)sim_ask("floor reset");
    sim_run(5);
    sim_check(!sim_alive(), "it restarts");
    sim_boot();
    sim_run(1);
    sim_check(sim_said("an operator reset the time floor") &&
                  sim_said("from the build"),
              "with the build time for a floor, and says so");
    sim_check(sim_said("synchronised: ") || sim_until("synchronised: ", 60),
              "synchronises");
    sim_run(10);
    sim_row_right();
}

static void rolled_back(void)
{
    static uint8_t old[SIM_STATE];
    sim_row_good(10);
    sim_off(60);
    memcpy(old, w->state, sizeof old);
    sim_row_at(200);
    sim_row_good(10);
    sim_off(60);
    memcpy(w->state, old, sizeof old);
    sim_row_at(201);
    sim_row_liar(0, -10, 100, 50); /* stolen, above the old floor only */
    sim_row_good(30);
    sim_check(w->repeats > 0, "the old card's cookies were sent before");
    sim_note("%u old cookies sent again", w->repeats);
}

static void warm(void)
{
    sim_row_good(10);
    sim_off(SIM_DAY);
    unsigned before = w->server[0].connections;
    sim_row_good(2);
    sim_check(w->server[0].connections == before, "no TLS");
    sim_check(sim_said("nts1.test: ") && w->repeats == 0, "no cookie twice");
}

/* The windows were checked while the time was known: they are done with. */
static void year_off_with_cookies(void)
{
    sim_row_good(10);
    sim_off(60);
    sim_row_at(400);
    unsigned before = w->server[0].connections;
    sim_row_good(30);
    sim_check(w->server[0].connections == before, "no TLS");
    sim_check(w->repeats == 0, "no cookie twice");
}

/* Keys came, but no time before the power went. */
static void year_off_unproved(void)
{
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        w->server[i].ntp = NTP_SILENT;
    sim_row_unset(10);
    sim_cut();
    sim_off(60);
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        w->server[i].ntp = NTP_OK;
    sim_row_at(400);
    sim_row_good(60);
    sim_check(sim_said("saved keys are from another time"), "and says why");
    sim_check(w->repeats == 0, "no cookie twice");
}

/* "2026-12-24 04:55:08", as the start says it. */
static const char *floor_said(char text[20])
{
    const char *p = strstr(w->text, "time floor 2");
    text[0] = 0;
    return p ? memcpy(text, p + strlen("time floor "), 19) : text;
}

/* In the nth write after a start; the card holds what came before, in
 * whatever way the last write failed. */
static void cut_in_writes(void)
{
    char before[20] = "", now[20] = "";
    unsigned cuts = 0;
    sim_row_good(10);
    for (unsigned nth = 1; nth <= 6; nth++)
        for (unsigned how = 0; how < CUT_KINDS; how++) {
            w->cut = (enum sim_cut)how;
            w->cut_after = nth;
            sim_boot();
            sim_run(4000);
            sim_check(!sim_alive(), "the power fails in a write");
            cuts++;
            w->cut_after = 0;
            sim_boot();
            sim_check(sim_until("synchronised: ", 60), "synchronises again");
            (void)floor_said(now);
            sim_check(now[0] && strcmp(now, before) >= 0, "the floor holds");
            memcpy(before, now, sizeof before);
        }
    sim_check(w->repeats == 0, "no cookie twice");
    sim_note("%u cuts, %u cookies, %u twice", cuts, w->cookies, w->repeats);
    sim_run(10);
    sim_row_right();
}

static const char *floor_set(int day, char text[64])
{
    struct utc_civil c = utc_civil_of(sim_start + day * SIM_DAY);
    snprintf(text, 64, "floor set %04d-%02u-%02uT00:00:00Z", (int)c.year,
             (unsigned)c.month, (unsigned)c.day);
    return text;
}

static void strict(void)
{
    char text[64];
    sim_world("bootstrap strict\nserver nts1.test iburst nts\n"
              "server nts2.test iburst nts\n");
    sim_row_unset(60);
    sim_check(w->server[0].connections == 0, "nobody is asked");
    sim_check(strstr(sim_ask(floor_set(-31, text)), "refused") != NULL,
              "not below the build time");
    (void)sim_ask(floor_set(-20, text));
    sim_check(!sim_until("synchronised: ", 30) && sim_said("not yet valid"),
              "notBefore is judged by that floor");
    (void)sim_ask(floor_set(100, text));
    sim_check(!sim_until("synchronised: ", 30) && sim_said(EXPIRED),
              "and notAfter");
    (void)sim_ask(floor_set(-1, text));
    sim_check(sim_until("synchronised: ", 60), "by a good one there is time");
    sim_run(10);
    sim_row_right();
}

static void lower_bound(void)
{
    sim_world("nocerttimecheck 1\nserver nts1.test iburst nts\n"
              "server nts2.test iburst nts\nserver nts3.test iburst nts\n");
    sim_row_at(400);
    sim_row_liar(0, 10, 100, 400);
    sim_row_liar(1, 10, 100, 400);
    sim_row_liar(2, -400, -40, 400);
    sim_row_good(10);
    sim_check(sim_said("WARNING: nocerttimecheck"), "loudly");
    sim_check(sim_said("nts3.test: " EXPIRED), "the floor counts");
}

static void cut_often(void)
{
    sim_row_good(10);
    for (unsigned i = 1; i <= 20; i++) {
        sim_run(0.37 * i);
        sim_boot();
        sim_check(sim_until("synchronised: ", 60), "after a power cut");
    }
    sim_check(w->repeats == 0, "no cookie twice");
    sim_note("20 power cuts, %u cookies, %u twice", w->cookies, w->repeats);
}

const struct sim_row sim_rows_time[] = {
    {"stolen certificate valid below the floor only, one of three",
     below_floor_one, "refused by the floor; the others set the clock",
     "refused: expired by a clock at the floor",
     "accepted; alone and first it sets the clock (minsources 1)",
     "refused: expired"},
    {"stolen certificates valid below the floor only, all three",
     below_floor_all, "not set", "refused, not set",
     "accepted: set to before the floor", "refused, not set"},
    {"valid certificates, a time below the floor", reply_below_floor,
     "not believed, not set", "believed: the clock goes back",
     "believed: the clock goes back",
     "refused if more than a day back (startup limit)"},
    {"expired above the floor, stolen, one of three", expired_one,
     "outvoted, then dropped at the time found",
     "accepted, and never checked again; outvoted if all three answer in "
     "time, alone it sets the clock",
     "accepted likewise", "outvoted (3 must agree: not set)"},
    {"two of three honest but expired above the floor: quorum broken",
     expired_two_honest, "not set, and says that two are outside",
     "believed by a clock at the floor: set", "set", "set: dates fit floor"},
    {"two of three stolen and expired, agreed on a lie in their windows",
     stolen_two,
     "believed: what is not promised. Never outside both windows, "
     "never below the floor",
     "believed", "believed, in any window", "not set: three must agree"},
    {"two of three stolen, their lie outside one window", stolen_two_apart,
     "not believed, not set", "believed: windows are not held against time",
     "believed", "not set: three must agree"},
    {"all agree on a time outside one certificate's window", outside_one,
     "that one has no say and loses its keys; the others set the clock",
     "all three are believed", "all three are believed",
     "all three are believed"},
    {"a year without power, all certificates from after the floor", year_off,
     "accepted, held against the time found; then judged strictly",
     "refused: not yet valid, for ever", "accepted, unchecked",
     "refused: not yet valid, for ever"},
    {"a year without power, cookies from before it", year_off_with_cookies,
     "they work: their certificate was good when the time was known",
     "cookies work, no window is kept", "as without",
     "keeps no cookies: refused, not yet valid"},
    {"a year without power, keys that never brought time", year_off_unproved,
     "the saved window does not hold the time: new keys",
     "cookies work, no window is kept", "as without",
     "keeps no cookies: refused, not yet valid"},
    {"a day without power, cookies on the card", warm,
     "the time in one round trip, no TLS", "likewise with ntsdumpdir",
     "likewise", "TLS again"},
    {"all three lie together within their windows", lie_within,
     "believed: what is not promised", "believed", "believed", "believed"},
    {"all three lie together beyond their windows", lie_beyond,
     "not believed, not set", "believed", "believed", "believed"},
    {"one of three lies by 5 s", one_lies, "falseticker", "falseticker",
     "falseticker", "three must agree: not set"},
    {"poisoned floor in the future, and the way out", poisoned,
     "refuses all until an operator resets the floor; logged, told at the "
     "next start",
     "its clock is in the future: refuses all until somebody "
     "sets it",
     "accepts any date, steps back by makestep",
     "refuses: backward step above a day"},
    {"an operator resets the floor of a running clock", reset_while_set,
     "restarts with the build time for a floor, and tells", "no floor",
     "no floor", "no floor"},
    {"card rolled back to an older image", rolled_back,
     "an older floor, old cookies sent again (linkable, not forgeable); the "
     "quorum still decides",
     "an older drift file's date: the same", "no floor to roll back",
     "no floor at all"},
    {"20 power cuts in a row", cut_often, "no cookie twice",
     "saved only when it ends: old cookies again", SIM_SAME,
     "keeps no cookies"},
    {"24 power cuts in the middle of writes", cut_in_writes,
     "always starts, floor never back, no cookie twice",
     "replaces its files by renaming; the file system decides", SIM_SAME,
     "keeps nothing"},
    {"bootstrap strict waits for an operator", strict,
     "asks nobody before `floor set'", "its own way: refuses by its clock",
     "no such mode", "its own way: refuses by its clock"},
    {"nocerttimecheck 1 is a lower bound, not none", lower_bound,
     "no windows, but the floor; WARNING", "does not apply",
     "no dates at all for one update", "no such mode"},
};
const unsigned sim_rows_time_count = LEN(sim_rows_time);
