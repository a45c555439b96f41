/* What servers said that do not want us, and what became of the source: kiss
 * codes (RFC 5905 section 7.4), replies of another version. The whole firmware
 * in virtual time (tests/world). SIM_SHOW=1: the console of every case. */
#include <stdio.h>
#include <string.h>

#include "../world/case.h"

#define HOUR 3600.0
#define ONE  "server nts1.test iburst"

static struct sim_server *server(unsigned n)
{
    return &w->server[n];
}

static void says(unsigned n, const char *code)
{
    snprintf(server(n)->kiss, sizeof server(n)->kiss, "%s", code);
}

/* The row of `sources` with this server has Reach 0. */
static bool unreached(unsigned n)
{
    char name[16];
    unsigned poll = 0, reach = 1, stratum = 0;
    snprintf(name, sizeof name, "nts%u.test", n + 1);
    const char *p = strstr(sim_ask("sources"), name);
    return p &&
           sscanf(p + strlen(name), "%u %u %o", &stratum, &poll, &reach) == 3 &&
           reach == 0;
}

/* It is asked again within so many seconds, and its answer is used. */
static void comes_back(unsigned n, double seconds)
{
    unsigned before = server(n)->replies;
    double end = sim_uptime() + seconds;
    while (server(n)->replies == before && sim_uptime() < end)
        sim_run(60);
    sim_note("asked again after %.0f s", seconds - (end - sim_uptime()));
    sim_check(server(n)->replies > before, "asked again");
    sim_run(60);
    sim_check(sim_state(n) == '*' || sim_state(n) == '+', "and used");
}

/* Before: next request after 36 h at last, then at that interval. */
static void rate_for_an_hour(const char *name, const char *conf)
{
    sim_case(name, conf);
    says(0, "RATE");
    sim_boot();
    sim_run(HOUR);
    says(0, "");
    sim_run(2 * HOUR);
    unsigned before = server(0)->requests;
    sim_run(HOUR);
    sim_note("%u requests in the hour after", server(0)->requests - before);
    sim_check(server(0)->requests - before >= 3600 / 128, "128 s apart");
    sim_check(sim_state(0) == '*', "used");
    sim_end();
}

/* Before: each doubled the interval, for good. */
static void rate_now_and_then(void)
{
    sim_case("one RATE in forty", ONE " minpoll 4 maxpoll 6\n");
    says(0, "RATE");
    server(0)->kiss_every = 40;
    sim_boot();
    sim_run(3 * HOUR);
    unsigned before = server(0)->requests;
    sim_run(HOUR);
    sim_note("%u requests in 1 h", server(0)->requests - before);
    sim_check(server(0)->requests - before >= 3600 / 67, "within maxpoll");
    sim_check(sim_state(0) == '*', "used");
    sim_end();
}

/* Before: not asked again until a restart, `*` with stale numbers. */
static void refused(const char *code, const char *conf, double until)
{
    char name[64];
    snprintf(name, sizeof name, "five minutes of %s%s", code,
             strstr(conf, " nts\n") ? ", authentic" : "");
    sim_case(name, conf);
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "synchronises");
    sim_run(600);
    says(0, code);
    sim_mark();
    sim_check(sim_until("the server refuses us", 600), "said");
    sim_check(sim_said("asked again in "), "and when it is asked next");
    sim_run(5);
    sim_check(unreached(0), "Reach 0");
    sim_check(sim_state(0) == '?', "not followed");
    unsigned before = server(0)->requests;
    sim_run(300);
    sim_check(server(0)->requests == before, "not asked meanwhile");
    says(0, "");
    comes_back(0, until);
    sim_end();
}

static void longer_each_time(const char *conf, double least, double most)
{
    sim_case(strstr(conf, " nts\n") ? "a day of DENY, authentic"
                                    : "a day of DENY",
             conf);
    says(0, "DENY");
    sim_boot();
    for (int i = 0; i < 6; i++)
        sim_run(4 * HOUR);
    double gap = (double)server(0)->gap_ns / 1e9;
    sim_note("%u requests, the last %.0f s apart", server(0)->requests, gap);
    sim_check(gap > least && gap < most, "hours apart, no more");
    sim_check(server(0)->requests < 80, "few");
    says(0, "");
    comes_back(0, most);
    sim_end();
}

/* Kisses that anybody may have sent, before each real reply. */
static void forged(const char *code, const char *conf)
{
    char name[64];
    snprintf(name, sizeof name, "%s before each reply%s", code,
             strstr(conf, " nts\n") ? ", not authentic" : "");
    sim_case(name, conf);
    says(0, code);
    server(0)->kiss_forged = true;
    sim_boot();
    sim_run(2 * HOUR);
    sim_check(sim_state(0) == '*', "used");
    sim_check(!sim_said("refuses us"), "no refusal");
    sim_check((double)server(0)->gap_ns / 1e9 < 1070, "asked at maxpoll");
    sim_end();
}

static void alternating(const char *code)
{
    char name[64];
    snprintf(name, sizeof name, "every second answer %s", code);
    sim_case(name, ONE " maxpoll 6\n");
    says(0, code);
    server(0)->kiss_every = 2;
    sim_boot();
    sim_run(HOUR);
    sim_check(sim_state(0) == '*', "used");
    unsigned before = server(0)->requests;
    sim_run(HOUR);
    sim_check(server(0)->requests - before >= 3600 / 70, "asked");
    sim_check(!sim_said("refuses us"), "no refusal");
    sim_end();
}

/* Before: all later ones were of a server that has refused us. */
static void another_address(void)
{
    sim_case("one of a name's addresses refuses us",
             "server pool.test iburst\n");
    says(0, "DENY");
    sim_boot();
    sim_check(sim_until("synchronised: ", 300), "another one is asked");
    sim_note("set after %.0f s", sim_uptime());
    sim_end();
    sim_case("all of them do", "server pool.test iburst\n");
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        says(i, "RSTR");
    sim_boot();
    for (int i = 0; i < 4; i++)
        sim_run(4 * HOUR);
    unsigned all = 0;
    for (unsigned i = 0; i < SIM_SERVERS; i++) {
        all += server(i)->requests;
        says(i, "");
    }
    sim_note("%u requests in 16 h", all);
    sim_check(all < 80, "few");
    sim_check(sim_until("synchronised: ", 5 * HOUR), "asked again");
    sim_end();
    /* Before: each address that refused doubled the wait, 19 h in all. */
    sim_case("all of them do for five minutes, authentic",
             "server pool.test iburst nts\n");
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        says(i, "DENY");
    sim_boot();
    sim_run(300);
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        says(i, "");
    sim_check(sim_until("synchronised: ", 3 * HOUR), "asked again");
    sim_note("set after %.0f s", sim_uptime());
    sim_end();
}

static void without_meaning(const char *code, const char *conf)
{
    char name[64];
    snprintf(name, sizeof name, "an hour of %s", code);
    sim_case(name, conf);
    says(0, code);
    sim_boot();
    sim_run(HOUR);
    says(0, "");
    comes_back(0, 300);
    sim_end();
}

static void versions(void)
{
    sim_case("version 3 in answer to our version 4", ONE "\n");
    server(0)->version = 3;
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "used");
    sim_check(server(0)->asked_version == 4, "asked with version 4");
    sim_end();
    sim_case("version 3 as configured", ONE " version 3\n");
    server(0)->version = 3;
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "used");
    sim_check(server(0)->asked_version == 3, "asked with version 3");
    sim_end();
    for (uint8_t v = 1; v <= 7; v++) {
        char name[40];
        snprintf(name, sizeof name, "replies of version %u", v);
        sim_case(name, ONE "\n");
        server(0)->version = v;
        sim_boot();
        sim_check(sim_until("synchronised: ", 60) == (v <= 4),
                  "1 to 4 are used");
        sim_check(v <= 4 || sim_said("or of another version"), "it is said");
        sim_end();
    }
}

static void kept_out(const char *name, const char *conf, double disp_s,
                     const char *what)
{
    sim_case(name, conf);
    server(0)->root_disp_s = disp_s;
    sim_boot();
    sim_run(120);
    sim_check(sim_said(what), "said");
    sim_check(sim_count(": not used") == 1, "once");
    sim_check(sim_state(0) == '?', "not used");
    sim_check(strstr(sim_ask("board"), what) != NULL, "board");
    sim_check(strstr(sim_ask("tracking"), what) != NULL, "tracking");
    sim_end();
}

/* Before: "no usable source", nothing of the limit. */
static void limits(void)
{
    kept_out("root dispersion of 10.5 s", ONE "\n", 10.5,
             "root distance 10.5 s is beyond maxdistance 3 s");
    kept_out("maxdistance 0.1", ONE "\nmaxdistance 0.1\n", 0.3,
             "root distance 0.3 s is beyond maxdistance 0.1 s");
    /* The server's own delay is half of it. */
    sim_case("root delay of 10 s", ONE "\n");
    server(0)->root_delay_s = 10;
    sim_boot();
    sim_run(120);
    sim_check(strstr(sim_ask("board"), "root distance 5.0 s is beyond "
                                       "maxdistance 3 s") != NULL,
              "board");
    sim_end();
    sim_case("stratum 16, then leap 3", ONE "\n");
    server(0)->stratum = 16;
    sim_boot();
    sim_run(60);
    sim_check(sim_said("server not synchronised"), "said");
    server(0)->stratum = 0;
    server(0)->leap = 3;
    sim_mark();
    sim_run(300);
    sim_check(strstr(sim_ask("board"), "server not synchronised") != NULL,
              "board");
    sim_end();
}

int main(void)
{
    sim_setup();
    limits();
    rate_for_an_hour("an hour of RATE", ONE " minpoll 4 maxpoll 6\n");
    rate_for_an_hour("an hour of RATE, authentic",
                     ONE " minpoll 4 maxpoll 6 nts\n");
    rate_for_an_hour("an hour of RATE, interleaved",
                     ONE " minpoll 4 maxpoll 6 xleave\n");
    rate_now_and_then();
    refused("DENY", ONE "\n", HOUR);
    refused("RSTR", ONE " xleave\n", HOUR);
    refused("DENY", ONE " nts\n", 3 * HOUR);
    refused("RSTR", ONE " nts\n", 3 * HOUR);
    longer_each_time(ONE "\n", 4 * HOUR, 5 * HOUR);
    longer_each_time(ONE " nts\n", 9 * HOUR, 19 * HOUR);
    forged("DENY", ONE "\n");
    forged("RATE", ONE "\n");
    forged("DENY", ONE " nts\n");
    forged("RATE", ONE " nts\n");
    alternating("DENY");
    alternating("RATE");
    alternating("AUTH");
    another_address();
    without_meaning("NKEY", ONE "\n");
    without_meaning("CRYP", ONE " nts\n");
    without_meaning("WXYZ", ONE "\n");
    versions();
    return sim_done();
}
