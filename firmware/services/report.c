#include "report.h"

#include <string.h>

#include "core/chronyc_text.h"
#include "core/mono.h"
#include "core/report.h"
#include "core/stage.h"
#include "crashloop.h"
#include "log.h"
#include "port.h"
#include "snapshot.h"
#include "store.h"
#include "timekeeper.h"

#define FIRST_AT    (10500 * MONO_MS) /* the stage has been said      */
#define SECOND_AT   (60500 * MONO_MS)
#define CRASHED_AT  MONO_S /* after crashes in a row: before the next one   */
#define LOOK_EVERY  (500 * MONO_MS)
#define WRITE_TAKES (2 * MONO_MS)
#define BOARD_MAX   6144
#define FACT_MAX    280 /* of port_fact */
#define FACTS       128 /* of them, at most                                  */

static struct {
    int found;               /* as store_report_find says; RC_AGAIN: closed  */
    struct report_head head; /* as of the last writing                      */
    mono_ns start;
    unsigned early; /* of the writings at times, those that are over        */
    bool crashed;   /* the one after crashes is to come                     */
    bool over;      /* nothing more is written in this run                  */
    bool writing, said;
    bool save;  /* the journal may be written                               */
    int ticket; /* of STORE_REPORT, 0: not put                              */
    _Alignas(64) char text[REPORT_BYTES];
} rp;

static bool was_synchronised_before(void)
{
    uint8_t b[4];
    return store_get(STORE_REPORT, 0, b, sizeof b) >= 0;
}

void report_init(const struct conf *conf)
{
    struct port_info info;
    port_info(&info);
    memset(&rp, 0, sizeof rp);
    rp.start = port_mono();
    rp.save = conf->save;
    rp.crashed = info.crashes > CRASHLOOP_FREE;
    rp.over = conf->report == CONF_NEVER;
    if (rp.over)
        return;
    rp.found = store_report_find(&rp.head);
    if (conf->report == CONF_UNTIL_SYNC)
        rp.over = rp.head.last || was_synchronised_before();
    /* What the file says of its number is of this power-on if it is not the
     * first start in it. */
    if (info.boots <= 1)
        rp.head.number = 0;
}

static const char *why_not(void)
{
    switch (rp.found) {
    case RC_STATE:
        return "is not on the card";
    case RC_SPACE:
        return "is not 32768 bytes long";
    case RC_BAD:
        return "lies in pieces, or is not the one that the card came with";
    default:
        return "cannot be read";
    }
}

static void add_facts(struct report *r)
{
    char fact[FACT_MAX];
    for (unsigned n = 0; n < FACTS && port_fact(n, fact, sizeof fact) >= 0; n++)
        report_add(r, fact);
}

static void build(void)
{
    static char board[BOARD_MAX];
    struct report r;
    report_begin(&r, rp.text, &rp.head);
    (void)chronyc_board(snapshot_take(), board, sizeof board);
    report_add(&r, board);
    add_facts(&r);
    report_add(&r, "\n");
    report_log(&r, log_ring());
    report_end(&r);
}

/* Begins to write, unless that was done REPORT_MOST times, or `most` times. */
static void write(unsigned most, bool last)
{
    if (rp.found != RC_OK) {
        if (!rp.said)
            log_at(LOG_NOTICE, NULL, "REPORT.TXT %s: no report is written",
                   why_not());
        rp.said = true;
        return;
    }
    if (rp.head.number >= most)
        return;
    rp.head.number++;
    rp.head.last = last;
    build();
    rp.writing = store_report_write(rp.text) == RC_OK;
}

/* A synchronisation was had: the journal has to know it before the report is
 * written for the last time. */
static void note_synchronisation(void)
{
    static const uint8_t version = 1;
    if (rp.save && store_state_partition()) {
        if (!rp.ticket)
            rp.ticket = store_put(STORE_REPORT, 0, &version, 1);
        if (rp.ticket > 0 && !store_durable(rp.ticket))
            return; /* asked again */
    }
    write(REPORT_MOST, true);
    rp.over = true;
}

/* What is due, the last writing of a power-on being kept for what is worth
 * most: the synchronisation, or the crashes. */
static void look(mono_ns now)
{
    static const mono_ns at[] = {FIRST_AT, SECOND_AT};
    if (timekeeper_synchronised()) {
        note_synchronisation();
        return;
    }
    if (rp.crashed && now - rp.start >= CRASHED_AT) {
        rp.crashed = false;
        write(REPORT_MOST, false);
        return;
    }
    if (rp.early < LEN(at) && now - rp.start >= at[rp.early]) {
        rp.early++;
        write(REPORT_MOST - 1, false);
    }
}

mono_ns report_poll(mono_ns now)
{
    if (rp.writing) {
        int r = store_report_done();
        if (r == RC_AGAIN)
            return now + WRITE_TAKES;
        rp.writing = false;
        log_at(r == RC_OK ? LOG_INFO : LOG_WARNING, NULL,
               r == RC_OK ? "REPORT.TXT: written, %u of %u"
                          : "REPORT.TXT: the card took no report (%u of %u)",
               rp.head.number, REPORT_MOST);
    } else if (!rp.over) {
        look(now);
    }
    return rp.over && !rp.writing ? MONO_NEVER
           : rp.writing           ? now + WRITE_TAKES
                                  : now + LOOK_EVERY;
}
