/* A clock that is not set says why, in the same words on tracking, board and
 * in the log, where people used to read "0 of 3 sources agree". The whole
 * firmware in virtual time (tests/world). SIM_SHOW=1: the console of every
 * case. */
#include <stdio.h>
#include <string.h>

#include "../world/case.h"

/* The answer to a command, its lines' breaks and blanks as one blank each. */
static const char *unbroken(const char *command)
{
    static char text[16384];
    size_t n = 0;
    for (const char *p = sim_ask(command); *p && n + 1 < sizeof text; p++) {
        char c = *p == '\n' || *p == '\r' ? ' ' : *p;
        if (c != ' ' || (n > 0 && text[n - 1] != ' '))
            text[n++] = c;
    }
    text[n] = 0;
    return text;
}

/* The sentence, everywhere; the log has it once. `board` breaks it. */
static void says(const char *label, const char *why)
{
    char want[256];
    snprintf(want, sizeof want, "%-16s: %s", label, why);
    sim_check(strstr(sim_ask("tracking"), want) != NULL, "tracking says so");
    snprintf(want, sizeof want, "%s : %s", label, why);
    const char *board = unbroken("board");
    sim_check(strstr(board, want) != NULL, "board says so");
    snprintf(want, sizeof want, "clock %s: %s",
             strcmp(label, "Hold-over") == 0 ? "runs on alone" : "not set",
             why);
    sim_check(sim_count(want) == 1, "the log says so, once");
}

static void start(const char *name, const char *conf)
{
    sim_case(name, conf);
}

/* Before: nothing at all. */
static void no_link(void)
{
    start("the cable is out", NULL);
    w->link = false;
    sim_boot();
    sim_run(60);
    says("Clock not set", "no Ethernet link: is the cable in?");
    w->link = true;
    sim_check(sim_until("synchronised: ", 60), "the cable is in");
    sim_run(20);
    sim_check(!strstr(sim_ask("tracking"), "Clock not set"), "no more to say");
    sim_end();
}

/* Before: "no address from DHCP, nor from an IPv6 router", with a static
 * address, too, and "0 of 3 sources agree" where there was one. */
static void no_way(void)
{
    static const char servers[] = "server nts1.test nts iburst\n"
                                  "server nts2.test nts iburst\n"
                                  "server nts3.test nts iburst\n";
    static const struct {
        const char *name, *conf;
        bool dead, nak, no_router, no_dns;
        const char *why;
    } row[] = {
        {"no DHCP server", "", true, false, false, false,
         "no address: no answer from a DHCP server, and no IPv6 router; "
         "without DHCP, chrony.conf needs an address line"},
        {"a DHCP server that takes all back", "", false, true, false, false,
         "no address: a DHCP server refuses the address that was offered (NAK; "
         "is there a second server?), and no IPv6 router; without DHCP, "
         "chrony.conf needs an address line"},
        {"a lease without a gateway", "", false, false, true, false,
         "no gateway: the DHCP server names none (options 3 and 121)"},
        {"a lease without a name server", "", false, false, false, true,
         "no name server: neither DHCP nor chrony.conf (nameserver) names "
         "one"},
        {"a lease without both", "", false, false, true, true,
         "no gateway and no name server: the DHCP server names neither "
         "(options 3, 121 and 6)"},
        {"an address line alone", "address 10.0.0.100/24\n", false, false,
         false, false,
         "no gateway and no name server: beside its address line, chrony.conf "
         "needs a gateway and a nameserver line"},
        {"no gateway line", "address 10.0.0.100/24\nnameserver 10.0.0.1\n",
         false, false, false, false,
         "no gateway: chrony.conf has an address, but no gateway line"},
        {"a gateway that nobody is",
         "address 10.0.0.100/24\ngateway 10.0.0.199\nnameserver 10.0.0.1\n",
         false, false, false, false,
         "no answer from the gateway 10.0.0.199 (ARP)"},
        {"no nameserver line", "address 10.0.0.100/24\ngateway 10.0.0.1\n",
         false, false, false, false,
         "no name server: chrony.conf has an address, but no nameserver line"},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        char conf[400];
        snprintf(conf, sizeof conf, "%s%s", servers, row[i].conf);
        start(row[i].name, conf);
        w->dhcp_dead = row[i].dead;
        w->dhcp_nak = row[i].nak;
        w->dhcp_no_router = row[i].no_router;
        w->dhcp_no_dns = row[i].no_dns;
        sim_boot();
        sim_run(60);
        says("Clock not set", row[i].why);
        sim_end();
    }
}

/* Before: 545,459 messages in 2 min with a server that says no to everybody; no
 * address where another one said it first; "no answer from a DHCP server" when
 * a lease had ended. */
static void refusals(void)
{
    sim_case("a DHCP server that refuses all is not asked all the time", NULL);
    w->dhcp_nak = true;
    sim_boot();
    sim_run(120);
    sim_note("%u messages in 2 min", w->dhcp_heard);
    sim_check(w->dhcp_heard >= 8 && w->dhcp_heard < 80, "asked, now and then");
    w->dhcp_nak = false;
    sim_check(sim_until("synchronised: ", 90), "and used once it gives");
    sim_end();

    sim_case("another DHCP server refuses, faster than ours confirms", NULL);
    w->dhcp_other = true;
    sim_boot();
    sim_check(sim_until("synchronised: ", 30), "it was not asked");
    sim_end();

    sim_case("a lease that nobody renews", "server nts1.test nts iburst\n");
    w->lease_s = 120;
    sim_boot();
    sim_run(60);
    w->dhcp_dead = true;
    sim_run(2400);
    says("Hold-over", "no address: the lease is over, and no answer from a "
                      "DHCP server, and no IPv6 router; without DHCP, "
                      "chrony.conf needs an address line");
    sim_end();

    sim_case("a lease that is taken back", "server nts1.test nts iburst\n");
    w->lease_s = 120;
    sim_boot();
    sim_run(50);
    w->dhcp_nak = true;
    sim_run(2400);
    says("Hold-over", "no address: a DHCP server refuses the address that was "
                      "offered (NAK; is there a second server?), and no IPv6 "
                      "router; without DHCP, chrony.conf needs an address "
                      "line");
    sim_end();
}

/* Before: "no answer from the name server", "the name server fails". */
static void bad_names(void)
{
    static const struct {
        int lie;
        const char *conf, *why;
    } row[] = {
        {SIM_DNS_DEAD, "server nts1.test nts\n",
         "nts1.test: name does not resolve: no answer from the name server "
         "10.0.0.1"},
        {SIM_DNS_FAILS, "server nts1.test nts\n",
         "nts1.test: name does not resolve: the name server 10.0.0.1 fails "
         "(SERVFAIL)"},
        {SIM_DNS_TRUE, "server mts1.test nts\n",
         "mts1.test: name does not resolve: no such name (NXDOMAIN): is it "
         "spelt right?"},
        {SIM_DNS_TRUE, "server nas.Local nts\n",
         "nas.Local: name does not resolve: names of .local (mDNS) are not "
         "found: write its address"},
        {SIM_DNS_TRUE, "server ntp nts\n",
         "ntp: name does not resolve: no such name (NXDOMAIN): no search "
         "domain "
         "is added: write it in full"},
        {SIM_DNS_TRUE, "server 2001:db8::1 nts\n",
         "2001:db8::1: no IPv6 address: no router: none advertises itself"},
    };
    for (size_t i = 0; i < LEN(row); i++) {
        char why[200];
        start("a name server's ways", row[i].conf);
        w->dns_lie = row[i].lie;
        sim_boot();
        sim_run(60);
        snprintf(why, sizeof why, "no source can be used: %s", row[i].why);
        says("Clock not set", why);
        sim_end();
    }
}

/* Before: 0 of 3 sources agree, 2 needed. */
static void no_names(void)
{
    start("no name resolves", NULL);
    w->dns_lie = SIM_DNS_DEAD;
    sim_boot();
    sim_run(120);
    says("Clock not set", "no source can be used: all 3 sources: name does "
                          "not resolve: no answer from the name server "
                          "10.0.0.1");
    sim_end();
}

/* Before: "ignored: a stratum bars no source in this version". */
static void bad_strata(void)
{
    start("strata", "server nts1.test nts iburst\n"
                    "server nts2.test nts iburst\n"
                    "server nts3.test nts iburst\n"
                    "maxstratum 3\n");
    w->server[0].stratum = w->server[1].stratum = 5;
    sim_boot();
    sim_run(60);
    says("Clock not set",
         "1 of 3 sources agree, 2 needed: nts1.test and nts2.test: stratum 5 "
         "is above maxstratum 3");
    sim_check(sim_count("nts1.test: stratum 5 is above maxstratum 3: not "
                        "used") == 1,
              "the log says so of each source");
    w->server[0].stratum = 3;
    sim_check(sim_until("synchronised: ", 200), "of a better stratum");
    sim_end();
}

/* Before: "server not synchronised (leap 3 or stratum)" for all three. */
static void not_synchronised(void)
{
    start("servers that have no time themselves", NULL);
    w->server[0].leap = 3;
    w->server[1].stratum = 16;
    snprintf(w->server[2].kiss, sizeof w->server[2].kiss, "INIT");
    sim_boot();
    sim_run(60);
    const char *said = sim_ask("tracking");
    sim_check(strstr(said, "nts1.test: reply refused: server not synchronised "
                           "(leap 3)") != NULL,
              "leap 3");
    sim_check(strstr(said, "nts2.test: reply refused: server not synchronised "
                           "(stratum 16)") != NULL,
              "stratum 16");
    sim_check(sim_count("nts3.test: reply refused: server not synchronised yet "
                        "(kiss code INIT or STEP)") >= 1,
              "INIT");
    sim_end();
}

/* Before: the same. */
static void no_keys(void)
{
    start("every certificate is of a CA that the card does not have", NULL);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].stranger = true;
    sim_boot();
    sim_run(60);
    sim_check(strstr(sim_ask("tracking"),
                     "no source can be used: all 3 sources: certificate from "
                     "unknown issuer"),
              "says which issuer");
    sim_check(strstr(sim_ask("tracking"), "ntstrustedcerts"), "and the cure");
    sim_check(sim_auth(0, 6) > 0, "Atmp counts what failed");
    sim_end();
}

/* Before: 0 of 0 sources agree, 1 needed. */
static void nobody_may(void)
{
    start("all servers are noselect", "server nts1.test iburst nts noselect\n"
                                      "server nts2.test iburst noselect\n");
    sim_boot();
    sim_run(60);
    says("Clock not set",
         "no source may be selected: all of chrony.conf's are noselect");
    sim_end();
    start("authselectmode require without NTS",
          "server nts1.test iburst\nserver nts2.test iburst\n"
          "authselectmode require\n");
    sim_boot();
    sim_run(60);
    says("Clock not set",
         "no source may be selected: chrony.conf has authselectmode require, "
         "and none of them has nts");
    sim_end();
}

/* Before: 1 of 3 sources agree, 2 needed. */
static void one_of_three(void)
{
    start("one answers, one refuses, one is silent", NULL);
    w->server[1].ke = KE_REFUSE;
    w->server[2].ntp = NTP_SILENT;
    sim_boot();
    sim_run(60);
    says("Clock not set", "1 of 3 sources agree, 2 needed: nts2.test: "
                          "connection refused (TCP port 4460); nts3.test: no "
                          "answer on UDP port 123, though keys came: filtered "
                          "on the way?");
    sim_end();
}

/* Before: "they disagree". */
static void two_times(void)
{
    start("two clocks of two", "server nts1.test nts iburst\n"
                               "server nts2.test nts iburst\n");
    w->server[1].lie_ns = 7 * MONO_S + 250 * MONO_MS;
    sim_boot();
    sim_run(60);
    const char *said = strstr(sim_ask("tracking"), "they disagree: nts1.test "
                                                   "says 20");
    sim_check(said != NULL, "who says what");
    sim_check(said && strstr(said, "nts2.test says 7.2"), "and how far off");
    sim_check(sim_count("clock not set: 1 of 2 sources agree, 2 needed: they "
                        "disagree: nts1.test says") == 1,
              "the log says so once, though time goes on");
    sim_end();
}

/* Before: "1 of 1 sources agree", and a floor "from a quorum". */
static void alone(void)
{
    start("one server alone", "server nts1.test nts iburst\n");
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "sets the clock");
    sim_run(10);
    sim_check(sim_count("note: one source alone: no other checks its time") ==
                  1,
              "the log says what that is worth");
    sim_check(strstr(sim_ask("tracking"), "Note            : one source alone"),
              "tracking, too");
    sim_check(sim_auth(0, 6) == 0, "Atmp is 0 after a success, as chrony's");
    sim_run(1000);
    sim_check(strstr(sim_ask("floor"), "from one server, which nobody checks"),
              "not from a quorum");
    sim_end();
}

/* Before: Reference ID 00000000 (), "0 of 0 agree, 1 needed". */
static void hold_over(void)
{
    start("a set clock that nobody answers", NULL);
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "sets the clock");
    sim_run(300);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].ntp = NTP_SILENT;
    sim_run(3600);
    says("Hold-over", "no usable source: all 3 sources: no answer");
    sim_check(!strstr(sim_ask("tracking"), "00000000 ()"),
              "the last reference stays");
    sim_end();
}

int main(void)
{
    sim_setup();
    no_link();
    no_way();
    no_names();
    bad_names();
    refusals();
    bad_strata();
    not_synchronised();
    no_keys();
    nobody_may();
    one_of_three();
    two_times();
    alone();
    hold_over();
    return sim_done();
}
