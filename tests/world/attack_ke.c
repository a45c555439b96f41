/* attack_ke.c -- rows about NTS-KE servers that do not behave. */
#include <string.h>

#include "core/base.h"
#include "case.h"
#include "attack.h"

/* One of three does that, and it is said why; the clock is set no later, for
 * no exchange waits for another. */
static void one(enum sim_ke ke, const char *why, double seconds)
{
    w->server[0].ke = ke;
    sim_row_good(seconds);
    sim_run(30);
    if (why)
        sim_check(sim_said(why), "says why");
    sim_row_right();
}

/* All do: no time, no hammering; and then they recover. */
static void all(enum sim_ke ke)
{
    unsigned most = 0;
    for (unsigned i = 0; i < 3; i++)
        w->server[i].ke = ke;
    sim_row_unset(600);
    for (unsigned i = 0; i < 3; i++)
        if (w->server[i].connections > most)
            most = w->server[i].connections;
    /* Without a TCP connection no server was met: it is tried every half
     * minute. One that was met and failed is spared, as RFC 8915 section 4.2
     * says. */
    if (ke == KE_REFUSE)
        sim_check(most >= 10 && most <= 25,
                  "within a minute, every 10 s at most");
    else
        sim_check(most >= 2 && most <= 10, "RFC 8915 section 4.2's back-off");
    sim_note("at most %u connections in 600 s", most);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].ke = KE_OK;
    sim_check(sim_until("synchronised: ", 600), "they recover");
    sim_run(10);
    sim_row_right();
}

/* More of them than key exchanges go on side by side: the others wait. */
static void most(void)
{
    sim_world("server nts1.test iburst nts\nserver nts2.test iburst nts\n"
              "server nts3.test iburst nts\nserver nts4.test iburst nts\n"
              "server nts5.test iburst nts\nserver nts6.test iburst nts\n"
              "server nts7.test iburst nts\n");
    w->server[0].ke = KE_DEAF;
    w->server[1].ke = KE_HANG;
    w->server[2].ke = KE_HANG_ANSWER;
    sim_row_good(6);
}

static void refuses(void)
{
    one(KE_REFUSE, "nts1.test: connection refused", 10);
    sim_world(NULL);
    all(KE_REFUSE);
}

static void deaf(void)
{
    one(KE_DEAF, "nts1.test: timed out: no TCP connection", 1);
}

static void hangs(void)
{
    one(KE_HANG, "nts1.test: timed out in the TLS handshake", 1);
    sim_world(NULL);
    all(KE_HANG);
}

static void hangs_answer(void)
{
    one(KE_HANG_ANSWER, "nts1.test: timed out: no answer", 1);
}

static void drips(void)
{
    one(KE_DRIP, "nts1.test: timed out", 1);
    sim_world(NULL);
    all(KE_DRIP);
}

static void sliced(void)
{
    one(KE_SLICED, NULL, 10);
    sim_check(sim_auth(0, 8) == 8, "eight cookies");
}

static void endless(void)
{
    one(KE_ENDLESS, "nts1.test: ", 1);
    sim_check(sim_auth(0, 2) == 0, "no keys");
}

static void many(void)
{
    one(KE_COOKIES_MANY, NULL, 10);
    sim_check(sim_auth(0, 8) == 8, "eight are kept");
}

static void odd(void)
{
    one(KE_COOKIES_ODD, NULL, 10);
    sim_check(sim_auth(0, 8) > 0 && w->server[0].naks == 0,
              "the good one is used");
}

static void none(void)
{
    one(KE_COOKIES_NONE, "nts1.test: NTS-KE server sent no usable cookie", 10);
}

static void error(void)
{
    one(KE_ERROR, "nts1.test: NTS-KE server answered with an error (1)", 10);
}

static void names_other(void)
{
    w->server[0].to_server = 3;
    w->server[3].keys = w->server[0].keys;
    w->server[3].ntp_port = 10123;
    one(KE_NAMES_OTHER, NULL, 10);
    sim_check(w->server[3].replies > 0 && w->server[0].requests == 0,
              "time comes from the server named, at the port named");
}

static void keys_lost(void)
{
    sim_row_good(10);
    sim_run(100);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].keys += 10;
    sim_run(1200);
    for (unsigned i = 0; i < 3; i++) {
        sim_check(w->server[i].exchanges == 2, "one new key exchange");
        sim_check(w->server[i].naks <= 5, "after a few NAKs");
    }
    sim_row_right();
}

static void keys_lost_off(void)
{
    sim_row_good(10);
    sim_off(3600);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].keys += 10;
    sim_row_good(60);
    sim_check(w->repeats == 0, "no cookie twice");
}

#define DOES "the others set the clock; says why, backs off"
#define ALSO "the others set the clock; backs off"
const struct sim_row sim_rows_ke[] = {
    {"an NTS-KE server refuses, then all do", refuses, DOES, ALSO, SIM_SAME,
     ALSO},
    {"an NTS-KE server does not answer", deaf, DOES, ALSO, SIM_SAME, ALSO},
    {"an NTS-KE server hangs in the handshake, then all do", hangs, DOES, ALSO,
     SIM_SAME, ALSO},
    {"an NTS-KE server hangs after it", hangs_answer, DOES, ALSO, SIM_SAME,
     ALSO},
    {"an NTS-KE server drips one byte a second, then all do", drips, DOES, ALSO,
     SIM_SAME, ALSO},
    {"three of seven NTS-KE servers do not answer", most,
     "the others set the clock, 4 s late", ALSO, SIM_SAME, ALSO},
    {"an NTS-KE answer in TLS records of one byte", sliced, "works",
     "works (RFC 8915 section 4)", SIM_SAME, "works"},
    {"an NTS-KE answer without end", endless, DOES, ALSO, SIM_SAME, ALSO},
    {"40 cookies", many, "eight kept", SIM_SILENT, SIM_SILENT, SIM_SILENT},
    {"cookies of 0, 3, 300 and 5000 bytes and a good one", odd,
     "the good one works", SIM_SILENT, SIM_SILENT,
     "refuses empty and huge ones (release notes of 1.5.0)"},
    {"no cookie", none, DOES, ALSO, SIM_SAME, ALSO},
    {"an NTS-KE error", error, DOES, ALSO, SIM_SAME, ALSO},
    {"another server and port are named", names_other, "asks that one",
     "asks that one", "asks that one", "asks that one"},
    {"all servers lose their cookie keys", keys_lost,
     "three NAKs, one key exchange each", "a NAK, then a key exchange",
     SIM_SAME, SIM_SILENT},
    {"all servers lost their cookie keys while the power was off",
     keys_lost_off, "NAKs, then key exchange", "a NAK, then a key exchange",
     SIM_SAME, "keeps no cookies"},
};
const unsigned sim_rows_ke_count = LEN(sim_rows_ke);
