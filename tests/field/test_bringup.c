/* A board that does not get to the time says where it stands: by its LED, as
 * somebody who stands before it reads it, and in the log. The whole firmware
 * in virtual time (tests/world). SIM_SHOW=1: the console of every case. */
#include <stdio.h>
#include <string.h>

#include "../world/case.h"

/* ---- the LED, as an eye sees it ------------------------------------------ */

static double edge_s(unsigned i)
{
    return (double)w->led[i].ticks / SIM_HZ;
}

/* The flashes between two times as letters: L long (0.9 s or more), s short
 * (0.25 s or less), ? anything else. */
static const char *flashes(double from, double to)
{
    static char seen[256];
    size_t n = 0;
    unsigned count = w->led_count < LEN(w->led) ? w->led_count : LEN(w->led);
    for (unsigned i = 0; i + 1 < count && n + 1 < sizeof seen; i++) {
        double lit = edge_s(i + 1) - edge_s(i);
        if (!w->led[i].lit || edge_s(i) < from || edge_s(i + 1) > to)
            continue;
        seen[n++] = lit >= 0.9 ? 'L' : lit <= 0.25 ? 's' : '?';
    }
    seen[n] = 0;
    return seen;
}

/* How many short flashes come between two long ones, or -1 where the LED has
 * shown anything but whole rows of that. */
static int code_shown(double from, double to)
{
    const char *p = strchr(flashes(from, to), 'L');
    int code = -1;
    while (p && strchr(p + 1, 'L')) {
        int n = (int)strspn(p + 1, "s");
        if (p[n + 1] != 'L' || (code >= 0 && n != code))
            return -1;
        code = n;
        p += n + 1;
    }
    return code;
}

/* Runs on; the code is shown, and was not before the board had stood there
 * for ten seconds. */
static void stands_at(int stage, const char *cause)
{
    char line[160];
    double from = sim_uptime();
    w->led_count = 0; /* what came before does not count */
    sim_run(40);
    sim_check(strchr(flashes(from, from + 9.9), 'L') == NULL,
              "patience for ten seconds");
    int code = code_shown(from + 9.9, sim_uptime());
    sim_check(code == stage, "the LED's code");
    snprintf(line, sizeof line, "stage %d of 9 (LED: 1 long, %d short): %s",
             stage, stage, cause);
    sim_check(sim_count(line) == 1, "and a line in the log");
    snprintf(line, sizeof line, "Stage           : %d of 9: %s", stage, cause);
    sim_check(strstr(sim_ask("board"), line) != NULL, "board says so");
    sim_note("%d", code);
}

static void all_is_well(void)
{
    sim_check(sim_until("synchronised: ", 60), "the time is had");
    double from = sim_uptime() + 1.5;
    sim_run(8);
    sim_check(strspn(flashes(from, from + 5), "s") >= 4,
              "a flash as each second begins");
    sim_check(strstr(sim_ask("board"), "Stage  ") == NULL, "no stage");
}

/* ---- each of them -------------------------------------------------------- */

static void no_card(void)
{
    sim_case("2: no card", NULL);
    w->card_gone = true;
    sim_boot();
    stands_at(2, "no card that can be read");
    sim_end();
}

static void no_servers(void)
{
    sim_case("3: a chrony.conf without a server", "# nothing\n");
    sim_boot();
    stands_at(3, "no chrony.conf with a server in it");
    sim_end();
}

static void servers(enum sim_ke ke, enum sim_ntp ntp, unsigned from)
{
    for (unsigned i = from; i < 3; i++) {
        w->server[i].ke = ke;
        w->server[i].ntp = ntp;
    }
}

/* From one to the next, in one life: a stage is left when it is passed. */
static void the_whole_way(void)
{
    sim_case("4 to 9: one after the other", NULL);
    w->eth_silent = true;
    w->link = false;
    w->dhcp_dead = true;
    servers(KE_OK, NTP_SILENT, 0);
    sim_boot();
    stands_at(4, "no Ethernet chip answers");
    w->eth_silent = false;
    w->eth_foreign = true;
    stands_at(5, "an Ethernet chip that no driver knows");
    w->eth_foreign = false;
    stands_at(6, "no Ethernet link");
    w->link = true;
    stands_at(7, "no address");
    w->dhcp_dead = false;
    sim_check(sim_until("IPv4 address", 120), "an address comes");
    stands_at(8, "no server has given an answer that counts");
    servers(KE_OK, NTP_OK, 2); /* one of three */
    for (int i = 0; i < 1200 && w->server[2].replies == 0; i++)
        sim_run(1);
    stands_at(9, "too few servers agree");
    servers(KE_OK, NTP_OK, 0);
    sim_check(sim_until("synchronised: ", 1200), "in the end the time");
    sim_end();
}

static void siblings(void)
{
    sim_case("8: key exchanges are refused", NULL);
    servers(KE_REFUSE, NTP_SILENT, 0);
    sim_boot();
    stands_at(8, "no server has given an answer that counts");
    sim_end();

    sim_case("8: no name resolves", NULL);
    w->dns_lie = SIM_DNS_DEAD;
    sim_boot();
    stands_at(8, "no server has given an answer that counts");
    sim_end();

    sim_case("9: three servers, three times", NULL);
    for (unsigned i = 0; i < 3; i++)
        w->server[i].lie_ns = (int64_t)i * 3600 * MONO_S;
    sim_boot();
    stands_at(9, "too few servers agree");
    sim_end();

    sim_case("none: all is well", NULL);
    sim_boot();
    all_is_well();
    sim_check(!strchr(flashes(0, sim_uptime()), 'L'), "no code was shown");
    sim_end();
}

int main(void)
{
    sim_setup();
    no_card();
    no_servers();
    the_whole_way();
    siblings();
    return sim_done();
}
