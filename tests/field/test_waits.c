/* Waits that must not outlive their cause: what kept key exchanges from
 * succeeding was here or on the way, and is over. The whole firmware in
 * virtual time (tests/world). SIM_SHOW=1: the console of every case. */
#include <stdio.h>

#include "../world/case.h"

#define HOUR 3600.0
#define ONE  "server nts1.test iburst nts\n"

enum outage { UPLINK, NAMES, REFUSED, OUTAGES };

static void outage(enum outage kind, bool on)
{
    if (kind != REFUSED)
        w->dns_lie = on ? SIM_DNS_DEAD : SIM_DNS_TRUE;
    for (unsigned i = 0; kind != NAMES && i < SIM_SERVERS; i++) {
        w->server[i].ke = !on ? KE_OK : kind == REFUSED ? KE_REFUSE : KE_DEAF;
        w->server[i].ntp = on ? NTP_SILENT : NTP_OK;
    }
}

static unsigned asked(void)
{
    unsigned all = 0;
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        all += w->server[i].connections;
    return all;
}

static void set_within(double seconds)
{
    double from = sim_uptime();
    sim_mark();
    sim_check(sim_until("synchronised: ", seconds), "time, soon enough");
    sim_note("set after %.1f s", sim_uptime() - from);
}

/* Before: 1178 s after 6 hours, 26834 s after a day, and neither power nor
 * plug made it less. */
static void outages(enum outage kind, const char *name, double seconds,
                    int cures)
{
    char text[80];
    for (int then = 0; then < cures; then++) {
        static const char *const cure[] = {"", ", power cycled", ", replugged"};
        snprintf(text, sizeof text, "%s for %.0f h%s", name, seconds / HOUR,
                 cure[then]);
        sim_case(text, NULL);
        outage(kind, true);
        sim_boot();
        for (double at = 0; at < seconds; at += 2 * HOUR)
            sim_run(2 * HOUR);
        sim_check(!sim_synchronised(), "no time");
        if (then == 2) {
            w->link = false;
            sim_run(10);
        }
        outage(kind, false);
        if (then == 1)
            sim_boot();
        w->link = true;
        set_within(60);
        sim_check(!sim_said("before the restart"), "nothing was written");
        sim_end();
    }
}

/* Before: the wait for what was wrong on the card went on when it was not. */
static void card_changed(void)
{
    sim_case("the card lacks its CA file for an hour", ONE);
    sim_authority(false);
    sim_boot();
    sim_run(HOUR);
    sim_check(sim_said("nts1.test: certificate"), "refused");
    unsigned before = asked();
    for (int i = 0; i < 3; i++) {
        sim_boot(); /* nothing changed: it waits */
        sim_run(60);
    }
    sim_note("%u exchanges in an hour, %u more in 3 min", before,
             asked() - before);
    sim_authority(true);
    sim_boot();
    set_within(60);
    sim_end();
    sim_case("chrony.conf has the wrong set of certificates",
             "server nts1.test iburst nts certset 7\n");
    sim_boot();
    for (int i = 0; i < 10; i++)
        sim_run(60);
    sim_conf(ONE);
    sim_boot();
    set_within(60);
    sim_end();
}

/* The server was reached, and its certificate is of a stranger: RFC 8915
 * section 4.2 says how often. */
static void stranger(void)
{
    sim_case("a captive portal for 6 h, then another network", ONE);
    w->server[0].stranger = true;
    sim_boot();
    for (int i = 0; i < 3; i++)
        sim_run(2 * HOUR);
    sim_note("%u connections in 6 h", asked());
    sim_check(asked() < 25, "as RFC 8915 says");
    w->server[0].stranger = false;
    w->link = false;
    sim_run(10);
    w->link = true;
    set_within(60);
    sim_end();

    sim_case("a captive portal for 6 h, then a power cycle", ONE);
    w->server[0].stranger = true;
    sim_boot();
    for (int i = 0; i < 3; i++)
        sim_run(2 * HOUR);
    w->server[0].stranger = false;
    sim_boot();
    set_within(60);
    sim_end();

    sim_case("starts of 20 s in a row do not ask more often", ONE);
    w->server[0].stranger = true;
    for (int i = 0; i < 60; i++) {
        sim_boot();
        sim_run(20);
    }
    sim_note("%u connections in 20 min", asked());
    sim_check(asked() <= 12, "as RFC 8915 says");
    sim_end();

    sim_case("a link that comes and goes does not ask more often", ONE);
    w->server[0].stranger = true;
    sim_boot();
    for (int i = 0; i < 360; i++) {
        w->link = !w->link;
        sim_run(20);
    }
    sim_note("%u connections in 2 h", asked());
    sim_check(asked() <= 24, "seldom");
    sim_end();

    sim_case("maxntsretry 7", "server nts1.test iburst nts maxntsretry 7\n");
    w->server[0].stranger = true;
    sim_boot();
    sim_run(2 * HOUR);
    w->server[0].stranger = false;
    set_within(135);
    sim_end();
}

/* Before: counted, and on the card. */
static void no_route(void)
{
    sim_case("a server's address of a family that we have not",
             "server 2001:db8::1 iburst nts\n" ONE);
    sim_boot();
    sim_check(sim_until("no route", 60), "said");
    sim_run(HOUR);
    sim_boot();
    sim_run(60);
    sim_check(!sim_said("before the restart"), "nothing was written");
    sim_end();
}

/* Before: each poll cost a cookie, and after eight a key exchange was due. */
enum obstacle { NO_LINK, ROUTER_MUTE, RING_FULL, MAC_FAILS, OBSTACLES };

static void cookies_kept(enum obstacle o)
{
    static const char *const name[] = {
        "a link that is down costs no cookie",
        "a router that does not answer costs no cookie",
        "a transmit ring that is full costs no cookie",
        "a MAC that sends nothing costs no cookie"};
    sim_case(name[o], "server nts1.test iburst nts minpoll 2 maxpoll 2\n");
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "set");
    sim_run(60);
    sim_check(sim_auth(0, 8) == 8, "eight cookies");
    unsigned before = asked(), requests = w->server[0].requests;
    w->link = o != NO_LINK && o != ROUTER_MUTE;
    w->tx_rc = o == RING_FULL ? RC_AGAIN : o == MAC_FAILS ? RC_IO : RC_OK;
    sim_run(5);
    w->arp_dead = o == ROUTER_MUTE;
    w->link = o != NO_LINK;
    sim_run(100);
    sim_note("%ld cookies after 100 s", sim_auth(0, 8));
    sim_check(sim_auth(0, 8) == 8, "eight cookies still");
    sim_check(w->server[0].requests - requests <= 1, "nothing left");
    w->arp_dead = false;
    w->tx_rc = RC_OK;
    w->link = true;
    sim_run(60);
    sim_check(sim_auth(0, 8) == 8 && w->server[0].requests > requests + 5,
              "goes on");
    sim_check(asked() == before, "without a key exchange");
    sim_check(w->repeats == 0, "no cookie twice");
    sim_end();
}

/* The key exchanges succeed, and then no request is answered: each counts as
 * failed, so the next may be an hour away; the cookies must last until then.
 * Before: 8 cookies were gone within a minute, and time came 1900 s late. */
static void unanswered(enum sim_ntp how, bool new_keys, const char *name)
{
    sim_case(name, NULL);
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        w->server[i].ntp = how;
    sim_boot();
    for (int i = 0; i < 5; i++)
        sim_run(HOUR / 2);
    unsigned before = asked();
    sim_check(!sim_synchronised(), "no time");
    for (unsigned i = 0; i < SIM_SERVERS; i++) {
        w->server[i].ntp = NTP_OK;
        w->server[i].keys += new_keys ? 10 : 0;
    }
    set_within(600);
    sim_note("%u exchanges before, %u since", before, asked() - before);
    sim_check(w->repeats == 0, "no cookie twice");
    sim_end();
}

/* What was wrong here or near, for an hour, and is over: time within a minute,
 * nobody is blamed, and nothing of it outlives a restart. */
enum near {
    CABLE_OUT,
    NO_DHCP,
    REFUSING_DHCP,
    NO_GATEWAY,
    NO_NAMESERVER,
    NO_SUCH_NAME,
    FAILING_NAMES,
    DEAD_ROUTER,
    DEAF_MAC,
    NO_ENTROPY,
    NEAR,
};

static void wrong_near(enum near what, bool wrong)
{
    w->link = !(wrong && what == CABLE_OUT);
    w->dhcp_dead = wrong && what == NO_DHCP;
    w->dhcp_nak = wrong && what == REFUSING_DHCP;
    w->dhcp_no_router = wrong && what == NO_GATEWAY;
    w->dhcp_no_dns = wrong && what == NO_NAMESERVER;
    w->dns_lie = !wrong                  ? SIM_DNS_TRUE
                 : what == NO_SUCH_NAME  ? SIM_DNS_NONE
                 : what == FAILING_NAMES ? SIM_DNS_FAILS
                                         : SIM_DNS_TRUE;
    w->arp_dead = wrong && what == DEAD_ROUTER;
    w->tx_rc = wrong && what == DEAF_MAC ? RC_IO : RC_OK;
    w->no_entropy = wrong && what == NO_ENTROPY;
}

static void near_for_an_hour(enum near what)
{
    static const char *const name[NEAR] = {"no cable",
                                           "no DHCP server",
                                           "a DHCP server that refuses",
                                           "no gateway",
                                           "no name server",
                                           "a name that does not exist",
                                           "a name server that fails",
                                           "a router that is off",
                                           "a MAC that sends nothing",
                                           "no entropy"};
    char text[80];
    snprintf(text, sizeof text, "%s for an hour", name[what]);
    sim_case(text, ONE);
    /* A lease's end is when it is asked again what it should have said. */
    w->lease_s = what == NO_GATEWAY || what == NO_NAMESERVER ? 60 : 3600;
    wrong_near(what, true);
    sim_boot();
    sim_run(HOUR);
    sim_check(!sim_synchronised(), "no time");
    sim_check(asked() == 0, "no server was reached");
    wrong_near(what, false);
    set_within(75);
    sim_check(!sim_said("key exchanges had failed"), "nothing was counted");
    sim_end();
}

/* The exchange is begun with the address, not with the next attempt. */
static void later_family(double seconds)
{
    char text[80];
    snprintf(text, sizeof text, "IPv6 %.0f s later than IPv4", seconds);
    sim_case(text, "server nts1.test nts iburst ipv6\n");
    w->names6 = true;
    sim_boot();
    sim_run(seconds);
    sim_check(asked() == 0, "no way yet");
    w->ip6 = true;
    sim_check(sim_until("IPv6 address 2", 90), "an address");
    sim_mark();
    sim_check(sim_until("key exchange done", 1.5), "an exchange at once");
    sim_check(!sim_said("had failed"), "nothing in the journal");
    sim_end();
}

int main(void)
{
    sim_setup();
    unanswered(NTP_SILENT, false, "silent servers for 150 min");
    unanswered(NTP_TAMPER, false, "150 min of replies that are not authentic");
    unanswered(NTP_SILENT, true, "silent servers for 150 min, then new keys");
    outages(UPLINK, "uplink dead", 6 * HOUR, 3);
    outages(NAMES, "no name server", 24 * HOUR, 1);
    outages(REFUSED, "connections refused", 4 * HOUR, 2);
    card_changed();
    stranger();
    no_route();
    for (enum near what = CABLE_OUT; what < NEAR; what++)
        near_for_an_hour(what);
    later_family(3);
    for (enum obstacle o = NO_LINK; o < OBSTACLES; o++)
        cookies_kept(o);
    return sim_done();
}
