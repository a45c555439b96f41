/* REPORT.TXT: what a board that does not get to the time leaves on its card,
 * when, and that nothing else of the boot partition is ever written. The whole
 * firmware in virtual time (tests/world). SIM_SHOW=1: the console. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../world/case.h"
#include "core/report.h"

static uint8_t *report; /* on the card */
static uint8_t *before; /* the card as it was, REPORT.TXT and all          */

static void new_case(const char *name, const char *conf)
{
    size_t len;
    sim_case(name, conf);
    report = sim_report(true);
    const uint8_t *card = sim_card(&len);
    before = realloc(before, len);
    if (!before)
        sim_broken("no memory");
    memcpy(before, card, len);
}

/* All but REPORT.TXT is as it was, byte for byte. */
static bool rest_untouched(void)
{
    size_t len;
    const uint8_t *card = sim_card(&len);
    size_t at = (size_t)(report - card), after = at + REPORT_BYTES;
    return w->stray_writes == 0 && memcmp(card, before, at) == 0 &&
           memcmp(card + after, before + after, len - after) == 0;
}

static bool as_new(void)
{
    size_t len;
    const uint8_t *card = sim_card(&len);
    return memcmp(report, before + (report - card), REPORT_BYTES) == 0;
}

static bool says(const char *text)
{
    return memmem(report, REPORT_BYTES, text, strlen(text)) != NULL;
}

static bool all_text(void)
{
    for (size_t i = 0; i < REPORT_BYTES; i++)
        if ((report[i] < ' ' || report[i] > '~') && report[i] != '\r' &&
            report[i] != '\n')
            return false;
    return true;
}

static void silence(void)
{
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        w->server[i].ntp = NTP_SILENT;
}

/* ---- when ---------------------------------------------------------------- */

static void three_times(void)
{
    new_case("at 10 s, at 60 s, at the first synchronisation", NULL);
    silence();
    sim_boot();
    sim_run(10);
    sim_check(as_new(), "not before ten seconds");
    sim_run(2);
    sim_check(says("GNOMON REPORT 1 of 3\r\n"), "the first");
    sim_check(says("Stage           : 8 of 9") &&
                  says("Clock not set   : no source"),
              "it names stage and cause");
    sim_run(45);
    sim_check(says("GNOMON REPORT 1 of 3\r\n"), "none in between");
    sim_run(10);
    sim_check(says("GNOMON REPORT 2 of 3\r\n"), "the second");
    unsigned writes = w->report_writes;
    sim_run(3600);
    sim_check(w->report_writes == writes, "none for an hour");
    for (unsigned i = 0; i < SIM_SERVERS; i++)
        w->server[i].ntp = NTP_OK;
    sim_check(sim_until("synchronised: ", 4000), "the time is had");
    sim_run(5);
    sim_check(says("GNOMON REPORT 3 of 3, the last\r\n") &&
                  says("] synchronised: "),
              "the third has the synchronisation");
    sim_check(all_text() && says("\r\nEND OF GNOMON REPORT\r\n"), "all text");
    sim_check(rest_untouched(), "nothing else was written");
    sim_end();
}

static void no_link(void)
{
    new_case("6: no link: the report names it", NULL);
    w->link = false;
    sim_boot();
    sim_run(12);
    sim_check(says("Stage           : 6 of 9: no Ethernet link\r\n") &&
                  says("Clock not set   : no Ethernet link: is the cable in?"),
              "stage and cause");
    sim_check(rest_untouched(), "nothing else was written");
    sim_end();
}

/* Never again, whatever happens then. */
static void never_again(const char *conf, bool journal)
{
    static uint8_t last[REPORT_BYTES];
    new_case(journal ? "never after the first synchronisation"
                     : "never, on a card whose journal keeps nothing",
             conf);
    sim_boot();
    sim_check(sim_until("REPORT.TXT: written, 1 of 3", 30), "the time is had");
    sim_check(says("GNOMON REPORT 1 of 3, the last\r\n"), "and reported");
    memcpy(last, report, sizeof last);
    unsigned writes = w->report_writes;
    silence();
    for (int i = 0; i < 4; i++) {
        w->server[0].ke = w->server[1].ke = KE_DEAF;
        w->link = i != 2;
        w->crashes = i == 3 ? 4 : 0;
        sim_boot();
        sim_run(200);
        sim_check(!sim_synchronised() && !sim_said("REPORT.TXT"),
                  "no time, and no report of it");
    }
    if (journal) /* even if the file is as new again */
        (void)sim_report(true);
    sim_boot();
    sim_run(100);
    sim_check(w->report_writes == writes &&
                  (journal || memcmp(last, report, sizeof last) == 0),
              "its sectors are as they were");
    sim_check(rest_untouched(), "nothing else was written");
    sim_end();
}

static void directive(void)
{
    const char *const servers = "server nts1.test iburst nts\n"
                                "server nts2.test iburst nts\n";
    char conf[200];
    snprintf(conf, sizeof conf, "%sreport never\n", servers);
    new_case("report never", conf);
    silence();
    sim_boot();
    sim_run(100);
    sim_check(as_new() && w->report_writes == 0, "never");
    sim_check(!sim_said("REPORT.TXT"), "nor a word of it");
    sim_end();

    snprintf(conf, sizeof conf, "%sreport always\n", servers);
    new_case("report always", conf);
    for (int i = 0; i < 3; i++) {
        sim_boot();
        sim_check(sim_until("REPORT.TXT: written, 1 of 3", 60), "at each");
    }
    sim_check(rest_untouched(), "nothing else was written");
    sim_end();
}

/* Restarts within one power-on have no more than three together. */
static void restarts(void)
{
    new_case("restarts and crashes: three in all", NULL);
    silence();
    for (uint32_t i = 1; i <= 6; i++) {
        w->starts = i;
        w->crashes = i - 1;
        sim_boot();
        sim_run(i > 3 ? 120 : 30);
    }
    sim_check(says("GNOMON REPORT 3 of 3\r\n") && says("crashes in a row"),
              "the third is the crashes'");
    sim_check(w->report_writes == 3 * REPORT_SECTORS / 16,
              "three times 64 sectors");
    w->starts = 1;
    w->crashes = 0;
    sim_boot();
    sim_run(30);
    sim_check(says("GNOMON REPORT 1 of 3\r\n"), "a power-on begins anew");
    sim_check(rest_untouched(), "nothing else was written");
    sim_end();
}

/* ---- power cuts ---------------------------------------------------------- */

/* A hundred of them, each within a report's writes; the FAT, the directory and
 * all other files are as they were, and the next power-on writes it anew. */
static void cuts(void)
{
    new_case("a hundred power cuts while it is written", NULL);
    silence();
    unsigned missed = 0;
    for (unsigned i = 0; i < 100; i++) {
        w->cut_after = 0;
        sim_boot();
        sim_run(10.2);
        w->cut = i % CUT_KINDS;
        w->cut_after = 1 + i / CUT_KINDS % 4;
        sim_run(3);
        missed += sim_alive();
        sim_check(rest_untouched(), "nothing else was written");
    }
    sim_check(missed == 0, "each cut was within a report");
    w->cut_after = 0;
    sim_boot();
    sim_run(15);
    sim_check(says("GNOMON REPORT 1 of 3\r\n") &&
                  says("Stage           : 8 of 9") &&
                  says("\r\nEND OF GNOMON REPORT\r\n") && all_text(),
              "the next one is whole");
    sim_check(rest_untouched(), "nothing else was written");
    sim_end();
}

/* ---- files that are not the one ------------------------------------------ */

/* The FAT's entry of a cluster, in both FATs. */
static void chain(uint32_t cluster, uint32_t next)
{
    size_t len;
    uint8_t *card = sim_card(&len), *boot = card + 2048 * 512;
    uint32_t reserved = boot[14] | (uint32_t)boot[15] << 8;
    uint32_t size = boot[36] | (uint32_t)boot[37] << 8;
    for (int copy = 0; copy < 2; copy++) {
        uint8_t *e = boot + (size_t)(reserved + (uint32_t)copy * size) * 512 +
                     4 * (size_t)cluster;
        for (int b = 0; b < 4; b++)
            e[b] = (uint8_t)(next >> (8 * b));
    }
}

static uint32_t first_cluster(const uint8_t *entry)
{
    return entry[26] | (uint32_t)entry[27] << 8 | (uint32_t)entry[20] << 16;
}

static uint8_t *entry(void)
{
    size_t len;
    uint8_t *card = sim_card(&len);
    return memmem(card, len, "REPORT  TXT", 11);
}

static void refused(const char *why)
{
    char line[120];
    size_t len;
    const uint8_t *card = sim_card(&len);
    memcpy(before, card, len);
    silence();
    w->report_blocks = 0; /* every write is a stray one */
    sim_boot();
    sim_run(100);
    snprintf(line, sizeof line, "REPORT.TXT %s: no report is written", why);
    sim_check(sim_count(line) == 1, "said once");
    sim_check(w->stray_writes == 0 && as_new() && rest_untouched(),
              "nothing was written");
    sim_end();
}

static void others(void)
{
    new_case("no REPORT.TXT", NULL);
    report = sim_report(false);
    refused("is not on the card");

    new_case("a longer one", NULL);
    entry()[29] ^= 1;
    refused("is not 32768 bytes long");
    entry()[29] ^= 1;

    new_case("one in pieces", NULL);
    uint32_t at = first_cluster(entry());
    chain(at + 30, at + 32); /* 31 left out; its last one goes elsewhere */
    chain(at + 63, at + 31);
    chain(at + 31, 0x0fffffff);
    refused("lies in pieces, or is not the one that the card came with");
    chain(at + 30, at + 31);
    chain(at + 31, at + 32);
    chain(at + 63, 0x0fffffff);

    new_case("another file's sectors under its name", NULL);
    memset(report, 'x', REPORT_BYTES);
    refused("lies in pieces, or is not the one that the card came with");
}

int main(void)
{
    sim_setup();
    three_times();
    no_link();
    never_again(NULL, true);
    never_again("server nts1.test iburst nts\nserver nts2.test iburst nts\n"
                "nodump\n",
                false);
    directive();
    restarts();
    cuts();
    others();
    free(before);
    return sim_done();
}
