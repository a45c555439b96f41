/* Names that stand for several servers, with NTS: a pool's sources, their keys
 * over a power cut, a server that refuses us while others of its name would
 * not. The whole firmware in virtual time (tests/world). SIM_SHOW=1: the
 * console of every case. */
#include <stdio.h>
#include <string.h>

#include "../world/case.h"

#define POOL "pool pool.test iburst nts maxpoll 6\n"

static unsigned rows(void)
{
    unsigned n = 0;
    for (const char *p = sim_ask("sources"); (p = strchr(p, '^')) != NULL; p++)
        n++;
    return n;
}

/* Each of the first n servers has been asked for keys so often. */
static bool exchanges(unsigned n, unsigned each)
{
    for (unsigned i = 0; i < n; i++)
        if (w->server[i].exchanges != each)
            return false;
    return true;
}

static bool all_asked(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (w->server[i].replies == 0)
            return false;
    return true;
}

static void forget_requests(void)
{
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        w->server[i].replies = 0;
}

static void with_nts(void)
{
    sim_case("a pool of four with NTS", POOL "minsources 3\n");
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "set");
    sim_run(120);
    sim_check(rows() == 4, "four rows");
    sim_check(exchanges(4, 1) && all_asked(4), "each address once");
    sim_check(sim_count("one vote for both") == 0, "and no address twice");
    sim_end();
}

/* The card has the cookies of four sources that one line stands for. */
static void over_a_cut(void)
{
    sim_case("a pool's cookies over power cuts", POOL "minsources 3\n");
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "set");
    sim_run(1000);
    for (unsigned boot = 0; boot < 4; boot++) {
        sim_cut();
        sim_off(3600);
        forget_requests();
        sim_boot();
        sim_check(sim_until("synchronised: ", 60), "set again");
        sim_note("set after %.2f s", sim_uptime());
        sim_run(boot < 2 ? 1000 : 100);
        sim_check(rows() == 4, "four rows");
        sim_check(all_asked(4), "each address is asked");
        sim_check(exchanges(4, 1), "with the keys that were saved");
        sim_check(sim_count("one vote for both") == 0, "no address twice");
    }
    sim_check(w->repeats == 0, "no cookie twice");
    sim_end();
}

/* The cut comes while its sources are about to join. */
static void cut_early(void)
{
    sim_case("a cut before a pool is complete", POOL);
    for (unsigned boot = 0; boot < 12; boot++) {
        sim_boot();
        sim_run(0.02 + 0.04 * boot);
        sim_cut();
    }
    sim_boot();
    sim_check(sim_until("synchronised: ", 120), "set");
    sim_run(600);
    sim_check(rows() == 4 && all_asked(4), "four rows, each asked");
    sim_check(w->repeats == 0, "no cookie twice");
    sim_end();
}

/* A line of its own has one of the pool's addresses. */
static void beside_a_line(void)
{
    sim_case("a pool beside a server of it",
             "server nts2.test iburst nts maxpoll 6\n" POOL "minsources 3\n");
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "set");
    sim_run(1000);
    sim_check(rows() == 4 && exchanges(4, 1), "each address once");
    sim_cut();
    sim_off(60);
    forget_requests();
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "set again");
    sim_run(120);
    sim_check(rows() == 4 && exchanges(4, 1), "and after a cut");
    sim_check(all_asked(4), "each is asked");
    sim_check(w->repeats == 0, "no cookie twice");
    sim_end();
}

/* Lines with one name, as old guides have them. Before: one server of three,
 * "given already". */
static void three_lines(void)
{
    sim_case("one name in three lines",
             "server pool.test iburst\nserver pool.test iburst nts\n"
             "server pool.test iburst nts\n");
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "set");
    sim_run(1000);
    sim_check(rows() == 3 && all_asked(3), "three servers");
    sim_check(sim_count("one vote for both") == 0, "and no address twice");
    sim_check(strstr(sim_ask("sources"), "10.0.1.2") != NULL, "by address");
    sim_cut();
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "set again");
    sim_run(100);
    unsigned exchanges_made = 0;
    for (unsigned i = 0; i < 4; i++)
        exchanges_made += w->server[i].exchanges;
    sim_check(exchanges_made == 2, "with the keys that were saved");
    sim_check(rows() == 3 && w->repeats == 0, "each has its own");
    sim_end();
    sim_case("one name of one address in two lines",
             "server nts1.test iburst\nserver nts1.test iburst\n"
             "server nts2.test iburst\n");
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "set");
    sim_check(sim_count("one vote for both") == 1, "one vote, and it is said");
    sim_end();
}

/* One of the pool's servers does no key exchange for us. */
static void one_refuses(void)
{
    sim_case("a pool of which one has no keys", POOL "minsources 2\n");
    w->server[0].ke = KE_REFUSE;
    sim_boot();
    sim_check(sim_until("synchronised: ", 120), "set by the others");
    sim_run(600);
    unsigned asked = 0;
    for (unsigned i = 1; i < 4; i++)
        asked += w->server[i].replies > 0;
    sim_check(asked == 3, "all others are asked");
    sim_end();
}

/* Another address of the name meanwhile; it is asked at once. */
static void denied(const char *name, const char *conf, const char *code)
{
    sim_case(name, conf);
    snprintf(w->server[0].kiss, sizeof w->server[0].kiss, "%s", code);
    sim_boot();
    sim_check(sim_until("synchronised: ", 600), "by another address");
    sim_check(sim_said("pool.test: the server refuses us (kiss code DENY or "
                       "RSTR): asked again in"),
              "the log says so");
    sim_note("set after %.0f s", sim_uptime());
    unsigned before = w->server[0].requests;
    sim_run(3600);
    sim_check(w->server[0].requests == before, "who refuses is left alone");
    sim_check(strstr(sim_ask("sources"), "^* pool.test") != NULL, "in use");
    /* It goes on when that one refuses, too. */
    w->server[0].kiss[0] = 0;
    for (unsigned i = 1; i < 4; i++)
        snprintf(w->server[i].kiss, sizeof w->server[i].kiss, "%s", code);
    for (int i = 0; i < 12; i++)
        sim_run(3600);
    sim_check(w->server[0].requests > before, "back where it began");
    sim_check(strstr(sim_ask("sources"), "^* pool.test") != NULL, "in use");
    sim_end();
}

/* The clock is right, whatever the one server says that so many names are of.
 */
static void right(const char *when)
{
    double error = sim_error();
    sim_check(sim_synchronised(), when);
    sim_check(error > -0.02 && error < 0.02, when);
}

/* An hour wrong under three names, beside two servers that are right. */
static void outvoted(const char *name, const char *options, bool six)
{
    sim_case_five(name, options);
    w->ip6 = w->only6 = six;
    w->server[1].alias = w->server[2].alias = 1;
    w->server[0].lie_ns = 3600 * MONO_S;
    sim_boot();
    sim_run(300);
    right("two of three servers");
    sim_check(sim_count("one vote for both") == 2, "and it is said");
    sim_run(3600);
    right("an hour later");
    sim_end();
}

/* Three key exchanges of servers of their own name one NTP server. */
static void outvoted_by_key_exchanges(void)
{
    sim_case_five("three key-exchange servers name one liar", " nts");
    for (unsigned i = 0; i < 3; i++) {
        w->server[i].ke = KE_NAMES_OTHER;
        w->server[i].to_server = 5;
        w->server[i].keys = w->server[5].keys;
    }
    w->server[5].lie_ns = 3600 * MONO_S;
    sim_boot();
    sim_run(300);
    right("two of three servers");
    sim_end();
}

int main(void)
{
    sim_setup();
    with_nts();
    over_a_cut();
    cut_early();
    beside_a_line();
    three_lines();
    one_refuses();
    outvoted("three names of one liar", "", false);
    outvoted("three names of one liar, interleaved", " xleave", false);
    outvoted("three names of one liar, IPv6", "", true);
    outvoted_by_key_exchanges();
    denied("DENY from one address of a name", "server pool.test iburst\n",
           "DENY");
    denied("RSTR from one address, authentic",
           "server pool.test iburst nts maxpoll 6\n", "RSTR");
    return sim_done();
}
