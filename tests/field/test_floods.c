/* Floods: strangers send as much as they can, and the clock goes on asking its
 * servers. The whole firmware in virtual time (tests/world): three NTS servers
 * asked every 16 s. Each row: what is sent, where from, how often; Reach of
 * the three after 128 s of 100 and of 1000 frames a second (eight polls), how
 * many of 24 requests arrived, and the same of 20 s at 10,000. Then silence:
 * seconds until all three have been asked again. */
#include <stdio.h>
#include <string.h>

#include "../world/case.h"

static const struct {
    const char *name;
    enum sim_flood kind;
    enum sim_flood_from from;
} rows[] = {
    {"ping, addresses of nobody", FLOOD_PING, FLOOD_UNKNOWN},
    {"ping, a neighbour", FLOOD_PING, FLOOD_KNOWN},
    {"ping, from afar", FLOOD_PING, FLOOD_FAR},
    {"UDP, addresses of nobody", FLOOD_UDP, FLOOD_UNKNOWN},
    {"UDP, a neighbour", FLOOD_UDP, FLOOD_KNOWN},
    {"UDP, from afar", FLOOD_UDP, FLOOD_FAR},
    {"SYN, addresses of nobody", FLOOD_SYN, FLOOD_UNKNOWN},
    {"SYN, a neighbour", FLOOD_SYN, FLOOD_KNOWN},
    {"SYN, from afar", FLOOD_SYN, FLOOD_FAR},
    {"ARP questions", FLOOD_ARP_ASK, FLOOD_UNKNOWN},
    {"ARP answers", FLOOD_ARP_SAY, FLOOD_UNKNOWN},
    {"ARP answers, the router's address", FLOOD_ARP_CLAIM, FLOOD_UNKNOWN},
    {"NTP replies, forged", FLOOD_NTP, FLOOD_FAR},
    {"DNS answers, forged", FLOOD_DNS, FLOOD_FAR},
    {"fragments", FLOOD_FRAGMENT, FLOOD_UNKNOWN},
    {"IGMP", FLOOD_IGMP, FLOOD_UNKNOWN},
    {"ping, IPv6", FLOOD_PING6, FLOOD_UNKNOWN},
    {"neighbour solicitations", FLOOD_NS, FLOOD_UNKNOWN},
    {"router advertisements", FLOOD_RA, FLOOD_UNKNOWN},
    {"MLD queries", FLOOD_MLD, FLOOD_UNKNOWN},
    {"ping to all", FLOOD_BROADCAST, FLOOD_UNKNOWN},
    {"port unreachable, forged", FLOOD_UNREACHABLE, FLOOD_FAR},
    {"DHCP answers", FLOOD_DHCP, FLOOD_UNKNOWN},
    {"mDNS questions", FLOOD_MDNS, FLOOD_UNKNOWN},
    {"SYN to the page", FLOOD_SYN_PAGE, FLOOD_UNKNOWN},
    {"SYN to the page, from afar", FLOOD_SYN_PAGE, FLOOD_WORLD},
    {"SYN to the key exchange", FLOOD_SYN_KEYS, FLOOD_UNKNOWN},
    {"SYN to the key exchange, from afar", FLOOD_SYN_KEYS, FLOOD_WORLD},
    {"ping, tagged", FLOOD_PING, FLOOD_UNKNOWN},
    {"ARP answers, tagged", FLOOD_ARP_SAY, FLOOD_UNKNOWN},
    {"neighbour solicitations, tagged", FLOOD_NS, FLOOD_UNKNOWN},
    {"IPv6: ping", FLOOD_PING6, FLOOD_UNKNOWN},
    {"IPv6: ping, our prefix", FLOOD_PING6, FLOOD_KNOWN},
    {"IPv6: ping, from afar", FLOOD_PING6, FLOOD_FAR},
    {"IPv6: UDP", FLOOD_UDP6, FLOOD_UNKNOWN},
    {"IPv6: UDP, our prefix", FLOOD_UDP6, FLOOD_KNOWN},
    {"IPv6: UDP, from afar", FLOOD_UDP6, FLOOD_FAR},
    {"IPv6: SYN", FLOOD_SYN6, FLOOD_UNKNOWN},
    {"IPv6: SYN, our prefix", FLOOD_SYN6, FLOOD_KNOWN},
    {"IPv6: SYN, from afar", FLOOD_SYN6, FLOOD_FAR},
    {"IPv6: options", FLOOD_OPTIONS6, FLOOD_KNOWN},
    {"IPv6: too big", FLOOD_TOO_BIG6, FLOOD_KNOWN},
    {"IPv6: solicitations", FLOOD_NS, FLOOD_UNKNOWN},
    {"IPv6: solicitations, our prefix", FLOOD_NS, FLOOD_KNOWN},
    {"IPv6: advertisements", FLOOD_NA, FLOOD_UNKNOWN},
    {"IPv6: advertisements, the router's address", FLOOD_NA_CLAIM,
     FLOOD_UNKNOWN},
    {"IPv6: other routers", FLOOD_RA, FLOOD_UNKNOWN},
    {"IPv6: prefixes in the router's name", FLOOD_RA_ROUTER, FLOOD_UNKNOWN},
    {"IPv6: the router's end", FLOOD_RA_END, FLOOD_UNKNOWN},
    {"IPv6: MLD queries", FLOOD_MLD, FLOOD_UNKNOWN},
    {"IPv6: ARP answers", FLOOD_ARP_SAY, FLOOD_UNKNOWN},
};

static unsigned asked(void)
{
    return w->server[0].requests + w->server[1].requests +
           w->server[2].requests;
}

/* Reach of the three, as `sources` has it. */
static const char *reach(void)
{
    static char text[32];
    const char *table = sim_ask("sources");
    text[0] = 0;
    for (const char *p = table; (p = strstr(p, ".test")) != NULL; p++) {
        unsigned stratum, poll, value = 0;
        size_t n = strlen(text);
        (void)sscanf(p, ".test %u %u %o", &stratum, &poll, &value);
        (void)snprintf(text + n, sizeof text - n, n ? " %o" : "%o", value);
    }
    return text;
}

/* 376 while a request is under way. */
static bool all_reached(void)
{
    for (int i = 0; i < 3; i++) {
        if (strcmp(reach(), "377 377 377") == 0)
            return true;
        sim_run(1);
    }
    return false;
}

/* Returns how many requests arrived. */
static unsigned flood(unsigned per_s, double seconds)
{
    unsigned before = asked();
    w->flood.per_s = per_s;
    sim_run(seconds);
    w->flood.per_s = 0;
    return asked() - before;
}

static double recovered(void)
{
    unsigned before = asked();
    double from = sim_uptime();
    for (int i = 0; i < 60 && asked() - before < 3; i++)
        sim_run(1);
    return sim_uptime() - from;
}

static void row(unsigned i)
{
    static const unsigned rates[] = {100, 1000};
    w->flood.kind = rows[i].kind;
    w->flood.from = rows[i].from;
    for (unsigned k = 0; k < LEN(rates); k++) {
        unsigned n = flood(rates[k], 128);
        sim_note("%u/s: Reach %s, %u of 24", rates[k], reach(), n);
        sim_check(all_reached(), "Reach 377");
        sim_check(n >= 23, "all requests arrived");
    }
    unsigned n = flood(10000, 20);
    char during[32];
    (void)snprintf(during, sizeof during, "%s", reach());
    double after = recovered();
    sim_note("10000/s: Reach %s, %u of 3, all asked again %.0f s after", during,
             n, after);
    sim_check(n >= 3, "requests arrived");
    /* Who has been told in the router's name that it is none asks it first. */
    bool ended = rows[i].kind == FLOOD_RA_END;
    sim_check(after <= (ended ? 17 + 2 : 17), "back within a poll");
    sim_run(ended ? 128 : 0);
    sim_check(all_reached(), "Reach 377");
}

/* Another router takes over, and says so once: a few seconds. */
static void moved(void)
{
    double from;
    unsigned before;
    sim_case("another router takes its address over",
             "server nts1.test iburst nts minpoll 4 maxpoll 4\n"
             "server nts2.test iburst nts minpoll 4 maxpoll 4\n"
             "server nts3.test iburst nts minpoll 4 maxpoll 4\n");
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "set");
    sim_run(170);
    for (unsigned i = 1; i < 4; i++) {
        w->router = i % 2;
        w->announces = true;
        from = sim_uptime();
        before = asked();
        while (sim_uptime() - from < 60 && asked() - before < 3)
            sim_run(1);
        sim_note("all asked again after %.0f s", sim_uptime() - from);
        sim_check(sim_uptime() - from < 16 + 16 + 5, "within a poll");
        sim_run(100);
    }
    sim_end();
}

int main(int argc, char **argv)
{
    sim_setup();
    for (unsigned i = 0; i < LEN(rows); i++) {
        if (argc > 1 && !strstr(rows[i].name, argv[1]))
            continue;
        sim_case(rows[i].name,
                 "server nts1.test iburst nts minpoll 4 maxpoll 4\n"
                 "server nts2.test iburst nts minpoll 4 maxpoll 4\n"
                 "server nts3.test iburst nts minpoll 4 maxpoll 4\n");
        w->ip6 = w->only6 = strncmp(rows[i].name, "IPv6: ", 6) == 0;
        w->flood.tagged = strstr(rows[i].name, ", tagged") != NULL;
        sim_boot();
        sim_check(sim_until("synchronised: ", 60), "set");
        sim_run(170);
        sim_check(all_reached(), "Reach 377 before");
        row(i);
        sim_check(w->repeats == 0, "no cookie twice");
        sim_end();
    }
    if (argc <= 1 || strstr("moved", argv[1]))
        moved();
    return sim_done();
}
