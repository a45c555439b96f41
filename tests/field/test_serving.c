/* Floods at what the board serves: NTP on port 123, chronyc on 323. The whole
 * firmware in virtual time (tests/world): three NTS servers asked every 16 s,
 * a client of its own every 2 s, and strangers who send as much as they can.
 * Each row: Reach of the three, how many of the client's requests were
 * answered, and that what came is the sum of what was answered, on the wire,
 * and of each kind of drop. Then silence: the service is whole at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../world/case.h"

#define CONF                                                                   \
    "server nts1.test iburst nts minpoll 4 maxpoll 4\n"                        \
    "server nts2.test iburst nts minpoll 4 maxpoll 4\n"                        \
    "server nts3.test iburst nts minpoll 4 maxpoll 4\n"                        \
    "allow\ncmdallow\nratelimit interval 1 burst 8 leak 2\n"                   \
    "cmdratelimit\n"                                                           \
    "ntsserverkey key.pem\nntsservercert cert.pem\n"

static const struct {
    const char *name;
    enum sim_flood kind;
    enum sim_flood_from from;
    unsigned per_s;
    double seconds;
    bool nts; /* so is the client                                            */
} rows[] = {
    {"plain requests, from afar", FLOOD_ASK, FLOOD_FAR, 10000, 30, false},
    {"plain requests, addresses of nobody", FLOOD_ASK, FLOOD_UNKNOWN, 10000, 30,
     false},
    {"plain requests in the client's name", FLOOD_ASK, FLOOD_KNOWN, 1000, 140,
     false},
    {"plain requests, a million addresses", FLOOD_ASK, FLOOD_WORLD, 10000, 100,
     false},
    {"malformed requests", FLOOD_ASK_ODD, FLOOD_FAR, 10000, 30, false},
    {"one request over and over", FLOOD_ASK_SAME, FLOOD_FAR, 10000, 30, false},
    {"replies to the server", FLOOD_ASK_BACK, FLOOD_FAR, 10000, 30, false},
    {"plain requests in an NTS client's name", FLOOD_ASK, FLOOD_KNOWN, 1000,
     140, true},
    {"all that it asked, again", FLOOD_NTS_REPLAY, FLOOD_KNOWN, 1000, 140,
     true},
    {"NTS in its name, the authenticator forged", FLOOD_NTS_FORGED, FLOOD_KNOWN,
     1000, 60, true},
    {"NTS in its name, by a stranger's own session", FLOOD_NTS_OWN, FLOOD_KNOWN,
     1000, 60, true},
    {"NTS in its name, in disorder", FLOOD_NTS_ODD, FLOOD_KNOWN, 1000, 60,
     true},
    {"one cookie of NTS, from afar", FLOOD_NTS_OWN, FLOOD_FAR, 2000, 20, true},
    {"commands", FLOOD_COMMAND, FLOOD_FAR, 10000, 30, false},
    {"commands in one's name", FLOOD_COMMAND, FLOOD_KNOWN, 10000, 30, false},
    {"garbage for chronyc", FLOOD_GARBAGE, FLOOD_FAR, 10000, 30, false},
};

static bool all_reached(void)
{
    const char *p = sim_ask("sources");
    unsigned n = 0;
    for (; (p = strstr(p, " 377 ")) != NULL; p++)
        n++;
    return n == 3;
}

/* The numbers on a line of serverstats, summed. */
static unsigned long sum(const char *table, const char *line)
{
    unsigned long n = 0;
    const char *p = strstr(table, line);
    if (!p)
        return 0;
    for (p += strlen(line); *p && *p != '\n'; p++)
        if (*p >= '0' && *p <= '9')
            n += strtoul(p, (char **)&p, 10), p--;
    return n;
}

struct counts {
    unsigned long hits, drops, reasons;
};

static struct counts counts(const char *what)
{
    static char line[60];
    static char table[4096];
    struct counts c;
    snprintf(table, sizeof table, "\n%s", sim_ask("serverstats"));
    snprintf(line, sizeof line, "\n%s packets received", what);
    c.hits = sum(table, line);
    snprintf(line, sizeof line, "\n%s packets dropped", what);
    c.drops = sum(table, line);
    snprintf(line, sizeof line, "\n%s dropped:", what);
    c.reasons = sum(table, line);
    return c;
}

/* Each that came was answered or dropped, and each drop has a reason. */
static void adds_up(const char *what, unsigned out, bool on_wire)
{
    struct counts c = counts(what);
    sim_check(c.drops == c.reasons, "each drop has its reason");
    sim_check(!on_wire || c.hits == c.drops + out,
              "received = answered + dropped");
    sim_check(c.hits >= c.drops, "no more is dropped than came");
    sim_note("%s: %lu received, %lu dropped, %u answers on the wire", what,
             c.hits, c.drops, out);
}

static void whole_again(void)
{
    w->flood.per_s = 0;
    w->client.every_ms = 2000;
    sim_run(0.1);
    unsigned asked = w->client.asked, answered = w->client.answered;
    sim_run(5);
    sim_check(w->client.asked - asked >= 2 &&
                  w->client.answered - answered >= w->client.asked - asked - 1,
              "served again within 5 s");
}

static void row(unsigned i)
{
    bool in_its_name = rows[i].from == FLOOD_KNOWN;
    sim_mark();
    w->client.nts = rows[i].nts;
    w->client.every_ms = 2000;
    w->client.asked = w->client.answered = 0;
    w->flood.kind = rows[i].kind;
    w->flood.from = rows[i].from;
    w->flood.per_s = rows[i].per_s;
    sim_run(rows[i].seconds);
    sim_note("client: %u of %u answered", w->client.answered, w->client.asked);
    sim_check(w->client.asked >= 10, "the client asked");
    sim_check(in_its_name && rows[i].kind == FLOOD_ASK && !rows[i].nts
                  ? w->client.answered * 10 >= w->client.asked
                  : w->client.answered + 1 >= w->client.asked,
              "the client was answered");
    sim_check(sim_count("] ") <= 3, "no log line for a packet");
    whole_again();
    sim_check(all_reached(), "Reach 377");
    /* Who is nobody's answer is for no wire. */
    adds_up("NTP", w->ntp_out, rows[i].from != FLOOD_UNKNOWN);
    adds_up("Command", w->cmd_out, true);
}

/* Our own reply, which comes back from where it went: what two Gnomons would
 * say to each other, once somebody has forged a first request. */
static void mirror(void)
{
    sim_case("our own replies, reflected", CONF);
    sim_boot();
    sim_check(sim_until("synchronised: ", 60), "set");
    w->mirror = true;
    w->client.every_ms = 2000;
    sim_run(20);
    w->client.every_ms = 0;
    w->flood.kind = FLOOD_COMMAND;
    w->flood.from = FLOOD_KNOWN;
    w->flood.per_s = 5;
    sim_run(2);
    w->flood.per_s = 0;
    sim_run(2);
    sim_check(w->client.answered + 1 >= w->client.asked, "answered");
    sim_check(w->ntp_out == w->client.asked, "each once, and no more");
    struct counts ntp = counts("NTP"), cmd = counts("Command");
    sim_check(ntp.drops == w->ntp_out && ntp.hits == 2 * w->ntp_out,
              "what came back was dropped");
    sim_check(w->cmd_out >= 8 && cmd.drops == w->cmd_out &&
                  cmd.hits == 2 * w->cmd_out,
              "chronyc's, too");
    sim_note("%u and %u answers, as many came back", w->ntp_out, w->cmd_out);
    sim_end();
}

int main(int argc, char **argv)
{
    sim_setup();
    for (unsigned i = 0; i < LEN(rows); i++) {
        if (argc > 1 && !strstr(rows[i].name, argv[1]))
            continue;
        sim_case(rows[i].name, CONF);
        sim_boot();
        sim_check(sim_until("synchronised: ", 60), "set");
        sim_run(140);
        row(i);
        sim_check(w->repeats == 0, "no cookie twice");
        sim_end();
    }
    if (argc <= 1 || strstr("mirror", argv[1]))
        mirror();
    return sim_done();
}
