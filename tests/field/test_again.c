/* What was wrong for hours and is right again, or goes to and fro: servers that
 * have moved, a captive portal that named all names, links that flap, key
 * exchanges that end in errors, power cycles in the middle of each; liars who
 * change their minds. The whole firmware in virtual time (tests/world).
 * SIM_SHOW=1: the console of every case; an argument: cases whose kind has it.
 */
#include <stdio.h>
#include <string.h>

#include "../world/case.h"

#define HOUR  3600.0
#define ONE   "server nts1.test iburst nts\n"
#define DAY_S 86400

static void set_within(double seconds)
{
    double from = sim_uptime();
    sim_mark();
    sim_check(sim_until("synchronised: ", seconds), "time, soon enough");
    sim_note("set after %.1f s", sim_uptime() - from);
}

static void right(const char *when)
{
    double error = sim_error();
    sim_check(sim_synchronised(), when);
    sim_check(error > -0.02 && error < 0.02, when);
}

static void hours(double n)
{
    for (; n > 0; n -= 0.5)
        sim_run(HOUR / 2);
}

static void replug(void)
{
    w->link = false;
    sim_run(10);
    w->link = true;
}

/* Before: one that was heard last was looked for again after 8 polls without
 * an answer, which is hours; and the name's time to live could be a day. */
static void moved(void)
{
    for (int nts = 0; nts < 2; nts++) {
        sim_case(nts ? "a server with NTS has moved" : "a server has moved",
                 nts ? ONE : "server nts1.test iburst\n");
        w->dns_ttl_s = DAY_S;
        sim_boot();
        sim_run(2 * HOUR);
        w->server[0].alias = 5;
        w->server[4].keys = w->server[0].keys;
        w->dead4 = 1;
        double from = sim_uptime();
        while (w->server[4].replies == 0 && sim_uptime() - from < HOUR)
            sim_run(60);
        sim_note("found after %.0f s", sim_uptime() - from);
        sim_check(sim_uptime() - from < 40 * 60, "two polls, not six");
        sim_run(60);
        right("at its new address");
        sim_end();
    }
}

/* Before: its addresses were believed for a day. The last wait is that of RFC
 * 8915 section 4.2: somebody was reached, and failed. */
static void portal(void)
{
    for (int plug = 0; plug < 2; plug++) {
        sim_case(plug ? "a portal's names, and another network"
                      : "a portal's names hold for a day",
                 NULL);
        w->dns_lie = SIM_SERVERS - 1;
        w->dns_ttl_s = DAY_S;
        w->server[SIM_SERVERS - 1].stranger = true;
        sim_boot();
        hours(2);
        sim_check(!sim_synchronised(), "no time");
        w->dns_lie = SIM_DNS_TRUE;
        if (plug)
            replug();
        set_within(plug ? 75 : HOUR);
        sim_end();
    }
}

static void flaps(void)
{
    for (int early = 0; early < 2; early++) {
        sim_case(early ? "a link that flaps from the start"
                       : "a link that flaps for an hour",
                 NULL);
        sim_boot();
        sim_run(early ? 0 : 30);
        for (int i = 0; i < 720; i++) {
            w->link = !w->link;
            sim_run(early && i % 2 == 0 ? 0.3 : 5);
        }
        w->link = true;
        sim_run(60);
        right("once it is up");
        sim_check(w->repeats == 0, "no cookie twice");
        sim_end();
    }
}

/* Key exchanges that end in an Error record: what RFC 8915 waits for, and not
 * longer than until somebody looks after it. */
static void errors(void)
{
    sim_case("error records for 3 h, then replugged", NULL);
    for (int i = 0; i < 3; i++)
        w->server[i].ke = KE_ERROR;
    sim_boot();
    hours(3);
    sim_note("%u connections", w->server[0].connections);
    sim_check(w->server[0].connections < 25, "as RFC 8915 says");
    for (int i = 0; i < 3; i++)
        w->server[i].ke = KE_OK;
    replug();
    set_within(75);
    sim_end();
}

static void cycles(void)
{
    static const char *const name[] = {
        "power cycles before a portal", "power cycles while NTP is blocked",
        "power cycles and error records", "power cycles while all are deaf"};
    for (int kind = 0; kind < 4; kind++) {
        sim_case(name[kind], NULL);
        for (int i = 0; i < 3; i++) {
            w->server[i].stranger = kind == 0;
            w->server[i].ntp = kind == 1 ? NTP_SILENT : NTP_OK;
            w->server[i].ke = kind == 2   ? KE_ERROR
                              : kind == 3 ? KE_DEAF
                                          : KE_OK;
        }
        for (int i = 0; i < 60; i++) {
            sim_boot();
            sim_run(3 + i * 7 % 50);
        }
        for (int i = 0; i < 3; i++) {
            w->server[i].stranger = false;
            w->server[i].ntp = NTP_OK;
            w->server[i].ke = KE_OK;
        }
        sim_boot();
        set_within(600);
        sim_check(w->repeats == 0, "no cookie twice");
        sim_end();
    }
}

/* Each liar is an hour off in every other span of 200 s. */
static void to_and_fro(unsigned liars, const char *name, const char *options)
{
    sim_case_five(name, options);
    sim_boot();
    sim_run(600);
    right("before");
    unsigned wrong = 0;
    for (unsigned k = 0; k < 18; k++) {
        for (unsigned i = 0; i < liars; i++)
            w->server[i].lie_ns = k % 2 ? 0 : (i % 2 ? -1 : 1) * 3600 * MONO_S;
        for (unsigned q = 0; q < 10; q++) {
            sim_run(20);
            double error = sim_error();
            wrong += sim_synchronised() && (error > 1 || error < -1);
        }
    }
    for (unsigned i = 0; i < liars; i++)
        w->server[i].lie_ns = 0;
    sim_check(wrong == 0, "never with them");
    sim_run(900);
    right("after");
    sim_end();
}

/* Before: its two addresses were two votes, and two against two set nothing. */
static void both_families(unsigned dead4, unsigned dead6, const char *name)
{
    sim_case_five(name, " maxpoll 6");
    w->ip6 = true;
    w->server[1].alias = w->server[2].alias = 1;
    w->dead4 = dead4;
    w->dead6 = dead6;
    w->server[0].lie_ns = 3600 * MONO_S;
    sim_boot();
    sim_run(300);
    right("two of three servers");
    sim_run(3600);
    right("an hour later");
    sim_end();
}

static void late_names(void)
{
    sim_case("a name server ten minutes later", NULL);
    w->dns_lie = SIM_DNS_DEAD;
    sim_boot();
    sim_run(600);
    w->dns_lie = SIM_DNS_TRUE;
    set_within(60);
    sim_end();
}

/* Longer packets than so many bytes vanish, and nobody says so (RFC 2923). */
static void black_hole(bool six)
{
    sim_case(six ? "a path of 1280 bytes, IPv6" : "a path of 1280 bytes", NULL);
    w->ip6 = w->only6 = six;
    w->mtu = 1280;
    sim_boot();
    set_within(60);
    sim_run(1200);
    right("later");
    sim_end();
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    sim_setup();
    if (strstr("moved", only))
        moved();
    if (strstr("portal", only))
        portal();
    if (strstr("flaps", only))
        flaps();
    if (strstr("errors", only))
        errors();
    if (strstr("cycles", only))
        cycles();
    if (strstr("liars", only)) {
        to_and_fro(2, "two of five go to and fro", " maxpoll 6");
        to_and_fro(3, "three of five go to and fro", " maxpoll 6 nts");
        both_families(0, 0, "three names of one liar, both families");
        both_families(1, 0, "three names of one liar, its A dead");
        both_families(0, 1, "three names of one liar, its AAAA dead");
    }
    if (strstr("names", only))
        late_names();
    if (strstr("path", only)) {
        black_hole(false);
        black_hole(true);
    }
    return sim_done();
}
