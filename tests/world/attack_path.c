/* attack_path.c -- rows about an attacker on the path: packets, names,
 * addresses, delays. */
#include <math.h>
#include <string.h>

#include "core/base.h"
#include "case.h"
#include "attack.h"

static void on_all(enum sim_ntp ntp)
{
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        w->server[i].ntp = ntp;
}

static void gone(const char *why)
{
    on_all(NTP_OK);
    sim_check(sim_until("synchronised: ", 300), why);
    sim_run(10);
    sim_row_right();
}

static void replay_start(void)
{
    sim_row_good(10);
    sim_off(SIM_DAY); /* what was recorded then is played now */
    on_all(NTP_REPLAY);
    sim_row_unset(60);
    sim_check(sim_said("reply refused: not an answer to our request"),
              "says why");
    gone("the attacker is gone");
    sim_check(w->repeats == 0, "no cookie twice");
}

static void replay_running(void)
{
    sim_row_good(10);
    on_all(NTP_REPLAY);
    sim_run(600);
    sim_row_right();
    on_all(NTP_OK);
    sim_run(600);
    sim_row_right();
    sim_check(sim_state(0) == '*' || sim_state(0) == '+', "and in use again");
}

static void replay_first(void)
{
    sim_row_good(10);
    sim_off(SIM_DAY);
    on_all(NTP_REPLAY_FIRST);
    sim_row_good(2);
    sim_run(600);
    sim_row_right();
    sim_check(sim_said("not an answer to our request"), "seen");
    sim_check(w->server[0].exchanges == 1, "keys are kept");
}

static void tampered(void)
{
    on_all(NTP_TAMPER);
    sim_row_unset(60);
    sim_check(sim_said("authentication failed"), "says why");
    gone("the attacker is gone");
}

static void stripped(void)
{
    on_all(NTP_PLAIN);
    sim_row_unset(60);
    sim_check(sim_said("not authenticated"), "says why");
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        sim_check(w->server[i].plain == 0, "never asks without NTS");
    gone("the attacker is gone");
}

static void nak_first(void)
{
    on_all(NTP_NAK_FIRST);
    sim_row_good(10);
    sim_run(600);
    sim_row_right();
    for (unsigned i = 0; i < 3; i++)
        sim_check(w->server[i].exchanges == 1, "keys are kept");
}

/* Two requests of each server's meet a NAK and no reply. */
static void nak_twice(void)
{
    sim_row_good(10);
    unsigned before[3], left = 3;
    for (unsigned i = 0; i < 3; i++) {
        before[i] = w->server[i].requests;
        w->server[i].ntp = NTP_NAK_ONLY;
    }
    for (unsigned s = 0; s < 600 && left; s++) {
        sim_run(1);
        for (unsigned i = 0; i < 3; i++)
            if (w->server[i].ntp && w->server[i].requests >= before[i] + 2) {
                w->server[i].ntp = NTP_OK;
                left--;
            }
    }
    sim_run(120);
    sim_check(left == 0 && sim_auth(0, 7) == 0, "valid replies again");
    for (unsigned i = 0; i < 3; i++)
        sim_check(w->server[i].exchanges == 1, "keys are kept");
    sim_row_right();
}

static void nak_only(void)
{
    unsigned most = 0;
    on_all(NTP_NAK_ONLY);
    sim_row_unset(600);
    for (unsigned i = 0; i < 3; i++)
        if (w->server[i].connections > most)
            most = w->server[i].connections;
    sim_check(most <= 12, "key exchanges back off");
    sim_note("at most %u key exchanges in 600 s", most);
    gone("the attacker is gone");
}

/* The same with `dhcpservers`: the server that DHCP names is asked, in the
 * clear, and has no say; an hour of lying later it is marked. */
static void evil_dhcp_asked(void)
{
    sim_world("dhcpservers\n"
              "server nts1.test nts iburst\nserver nts2.test nts iburst\n"
              "server nts3.test nts iburst\n");
    w->dhcp_evil = true;
    w->dns_lie = -1;
    w->server[SIM_SERVERS - 1].lie_ns = INT64_C(3600000000000);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].ntp = NTP_SILENT;
    sim_row_unset(120);
    sim_check(sim_said("an NTP server that DHCP names"), "it is told");
    sim_check(w->server[SIM_SERVERS - 1].plain > 0, "it is asked");
    w->dhcp_evil = false; /* and the honest router is back */
    w->link = false;
    sim_run(2);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].ntp = NTP_OK;
    w->link = true;
    sim_check(sim_until("synchronised: ", 300), "by the servers with NTS");
    sim_run(600);
    sim_row_right();
}

static void evil_dhcp(void)
{
    w->dhcp_evil = true;
    w->server[SIM_SERVERS - 1].stranger = true;
    sim_row_unset(60);
    sim_check(sim_said("certificate from unknown issuer"), "says why");
    sim_check(w->server[SIM_SERVERS - 1].requests == 0,
              "option 42 is not asked");
    w->dhcp_evil = false;
    w->link = false;
    sim_run(2);
    w->link = true;
    sim_check(sim_until("synchronised: ", 300), "on an honest network");
    sim_run(10);
    sim_row_right();
}

static void evil_dns(void)
{
    w->dns_lie = SIM_SERVERS - 1;
    sim_row_unset(60);
    sim_check(sim_said("certificate is for another name"), "says why");
    sim_check(w->server[SIM_SERVERS - 1].requests == 0, "gets no request");
    w->dns_lie = SIM_DNS_TRUE;
    gone("the name service tells the truth");
}

static void dead_dns(void)
{
    w->dns_lie = SIM_DNS_DEAD;
    sim_row_unset(60);
    sim_check(sim_said("name does not resolve"), "says why");
    w->dns_lie = SIM_DNS_TRUE;
    gone("the name service is back");
    sim_off(SIM_DAY);
    w->dns_lie = SIM_DNS_DEAD;
    sim_row_good(2);
    sim_run(600);
    sim_row_right();
}

/* Each name has two addresses, and nobody is at the first of them: with NTS
 * and without. */
static void dead_address(void)
{
    w->dns_dead_first = true;
    sim_row_good(300);
    sim_world("server nts1.test iburst\nserver nts2.test iburst\n"
              "server nts3.test\n");
    w->dns_dead_first = true;
    sim_row_good(300);
}

/* A server of four addresses, beside two others: the first lies, later the
 * second is silent; each time another one is asked within minutes. */
static void moves_on(void)
{
    sim_world("server pool.test iburst maxpoll 6\n"
              "server nts5.test iburst maxpoll 6\n"
              "server nts6.test iburst maxpoll 6\n");
    w->server[0].lie_ns = 5 * MONO_S;
    sim_row_good(60);
    sim_run(900);
    sim_check(w->server[1].requests > 0, "not the one that lies");
    sim_check(strstr(sim_ask("sources"), "^x") == NULL, "nobody lies");
    w->server[1].ntp = NTP_SILENT;
    sim_run(900);
    sim_check(w->server[2].requests > 0, "not the one that is silent");
    sim_check(strstr(sim_ask("sources"), "^?") == NULL, "all are heard");
    unsigned before = w->server[1].requests;
    sim_run(900);
    sim_check(w->server[1].requests == before, "and it stays there");
    sim_row_right();
}

/* A pool of four addresses, beside a line with one of them. */
static void pool(void)
{
    sim_world("server nts2.test iburst\npool pool.test iburst\n"
              "minsources 4\n");
    sim_row_good(60);
    const char *table = sim_ask("sources");
    unsigned rows = 0;
    for (const char *p = table; (p = strchr(p, '^')) != NULL; p++)
        rows++;
    sim_check(rows == 4, "each address once");
    sim_check(sim_count("one vote for both") == 0, "no address twice");
    sim_world("pool pool.test iburst maxsources 2\n");
    sim_row_good(60);
    rows = 0;
    table = sim_ask("sources");
    for (const char *p = table; (p = strchr(p, '^')) != NULL; p++)
        rows++;
    sim_check(rows == 2, "maxsources");
}

/* All servers' replies come x seconds late. */
static void delayed(double x)
{
    for (unsigned i = 0; i < 3; i++)
        w->server[i].down_ns += (int64_t)(x * 1e9);
}

static void within_bound(double x)
{
    double error = sim_error();
    double bound = sim_field("tracking", "Root delay") / 2 +
                   sim_field("tracking", "Root dispersion");
    double system = sim_field("tracking", "System time");
    sim_check(sim_synchronised(), "synchronised");
    sim_check(fabs(error) <= x / 2 + 0.001, "by half the delay at most");
    sim_check(fabs(error) <= bound + fabs(system), "inside the stated bound");
    sim_note("%.3f s late: off by %.4f s, stated %.4f s", x, error, bound);
}

static void delay_start(void)
{
    static const double late[] = {0.05, 0.5, 2.0, 2.9};
    for (unsigned i = 0; i < LEN(late); i++) {
        memset(w->state, 0, sizeof w->state);
        for (unsigned k = 0; k < 3; k++)
            w->server[k].down_ns = SIM_LINK_NS;
        delayed(late[i]);
        sim_boot();
        sim_check(sim_until("synchronised: ", 120), "set");
        sim_run(20);
        within_bound(late[i]);
    }
}

static void delay_beyond(void)
{
    delayed(3.1);
    sim_row_unset(120);
    sim_check(strstr(sim_ask("ntpdata 1"), "111 111 0111") != NULL,
              "ntpdata shows that test A fails");
    sim_check(
        sim_count("nts1.test: round trip 3.1 s is longer than maxdelay 3 s") ==
                1 &&
            sim_count(
                "nts2.test: round trip 3.1 s is longer than maxdelay 3 s") == 1,
        "the log says so, once a source");
    sim_check(
        sim_count("clock not set: 0 of 3 sources agree, 2 needed: all 3 "
                  "sources: round trip 3.1 s is longer than maxdelay 3 s") == 1,
        "and once for the clock");
    sim_check(w->server[0].connections <= 2, "cookies are kept");
}

static void delay_one(void)
{
    w->server[0].down_ns += 2 * MONO_S;
    sim_row_good(20);
}

static void delay_running(void)
{
    sim_row_good(10);
    sim_run(600);
    delayed(0.5);
    sim_run(1800);
    within_bound(0.5);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].down_ns = SIM_LINK_NS;
    sim_run(3600);
    sim_row_right();
}

static void all_down(void)
{
    sim_row_good(10);
    sim_run(300);
    double before = sim_field("tracking", "Root dispersion");
    on_all(NTP_SILENT);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].ke = KE_DEAF;
    sim_run(4 * 3600);
    sim_check(sim_synchronised() &&
                  sim_field("tracking", "Root dispersion") > before,
              "hold-over, and its bound grows");
    sim_note("4 h alone: off by %.6f s", sim_error());
    on_all(NTP_OK);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].ke = KE_OK;
    sim_mark();
    unsigned replies = w->server[0].replies;
    double from = sim_uptime();
    for (int i = 0; i < 120 && w->server[0].replies == replies; i++)
        sim_run(60);
    sim_check(w->server[0].replies > replies, "asked again");
    sim_note("asked again within %.0f s", sim_uptime() - from);
    sim_run(300);
    sim_row_right();
}

static void plug_pulled(void)
{
    sim_row_good(10);
    w->link = false;
    sim_run(900);
    sim_check(sim_said("network link down"), "seen");
    w->link = true;
    sim_run(300);
    sim_row_right();
    sim_check(w->repeats == 0, "no cookie twice");
}

const struct sim_row sim_rows_path[] = {
    {"replies of yesterday replayed at start", replay_start,
     "refused (origin, unique identifier); not set", "refused", "refused",
     "refused"},
    {"replies replayed to a running clock", replay_running,
     "refused; hold-over", "refused; hold-over", SIM_SAME, SIM_SAME},
    {"old replies before every reply", replay_first,
     "refused; the real ones are taken", "the same", SIM_SAME, "the same"},
    {"replies tampered with", tampered, "refused; not set", "refused",
     "refused", "refused"},
    {"replies stripped of NTS", stripped, "refused; never falls back",
     "refused; never falls back", SIM_SAME, SIM_SAME},
    {"a forged NAK before every reply", nak_first,
     "counted, nothing else; keys kept", "waits for the reply likewise",
     SIM_SAME, SIM_SILENT},
    {"two forged NAKs in the place of replies", nak_twice,
     "counted, nothing else; keys kept", "a key exchange", SIM_SAME,
     SIM_SILENT},
    {"nothing but forged NAKs", nak_only, "not set; key exchanges back off",
     "key exchanges back off", SIM_SAME, SIM_SILENT},
    {"DHCP names a liar as NTP server, and dhcpservers asks it",
     evil_dhcp_asked, "asked, but no say before the clock is set, nor after",
     "as `sourcedir` says: a plain source beside NTS ones has no say "
     "(authselectmode mix)",
     SIM_SAME, SIM_SILENT},
    {"DHCP names the attacker's DNS, router and NTP servers", evil_dhcp,
     "unknown issuer; option 42 not asked",
     "unknown issuer; option 42 only "
     "where the system's scripts add it",
     SIM_SAME, "unknown issuer"},
    {"DNS sends all names to a server with a good certificate of its own",
     evil_dns, "certificate for another name", "refused", "refused", "refused"},
    {"nobody at the first of each name's two addresses", dead_address,
     "the next one is tried", SIM_SILENT, SIM_SILENT, SIM_SILENT},
    {"a server's first address lies, its second falls silent", moves_on,
     "the next one is asked", SIM_SILENT, SIM_SILENT, SIM_SILENT},
    {"a pool, and a server line with one of its addresses", pool,
     "each address once", SIM_SILENT, SIM_SILENT, SIM_SILENT},
    {"no name service, first without cookies, then with", dead_dns,
     "not set; with cookies their servers' addresses are on the card",
     SIM_SILENT, SIM_SILENT, "not set"},
    {"replies delayed up to the bound, at start", delay_start,
     "off by half the delay at most, inside the stated bound",
     "the same below maxdelay", SIM_SAME,
     "half the delay; its limits on it are not documented"},
    {"replies delayed beyond the bound", delay_beyond,
     "refused; not set, cookies kept", "refused (maxdelay 3 s)", SIM_SAME,
     SIM_SILENT},
    {"one of three servers' replies delayed by 2 s", delay_one,
     "the nearer ones decide", "the nearer ones decide", SIM_SAME,
     "the nearer ones decide"},
    {"replies to a running clock delayed by 0.5 s", delay_running,
     "off by half at most, inside the stated bound",
     "the same; "
     "maxdelaydevratio helps",
     SIM_SAME, "the same"},
    {"all sources down for 4 h and back", all_down,
     "hold-over, growing bound; asks again by itself", "the same", SIM_SAME,
     "the same"},
    {"the plug pulled for 15 min", plug_pulled, "goes on by itself",
     "goes on by itself", SIM_SAME, SIM_SAME},
};
const unsigned sim_rows_path_count = LEN(sim_rows_path);
