/* store.h -- the SD card: files of the FAT boot partition (read at start-up
 * only, through FatFs), the journal in the raw state partition, and the sectors
 * of REPORT.TXT, the only ones outside it that are ever written.
 *
 * Everything works without a card or without a state partition, except
 * memory: store_put still answers, nothing is durable. The same with a card
 * that is write-protected, worn out or pulled out at run time: a write that
 * fails, or is not there when it is read back, is logged and tried again,
 * after 100 ms at first and every minute in the end; store_failing() says
 * that this is so now. */
#ifndef STORE_H
#define STORE_H

#include "core/base.h"
#include "core/conf_path.h"
#include "core/report.h"
#include "core/status.h"

/* Journal record types; id distinguishes several. 3 to 5 were never written. A
 * new type takes the next number, one that is no longer used keeps its. What
 * is in each: journal.h. */
enum store_kind {
    STORE_FLOOR = 1,  /* time floor and frequency                           */
    STORE_ASSOC = 2,  /* id: slot; server name + nts_assoc_write            */
    STORE_RETRY = 6,  /* key exchanges that failed: sources_ke.c            */
    STORE_REPORT = 7, /* there has been a synchronisation: report.c         */
    STORE_SERVER_KEYS = 8, /* of the cookies that we give out: cookies.c    */
    STORE_THERMAL = 9,     /* the crystal's temperature: core/thermal.h     */
};

/* Finds card, partitions and file system and recovers the journal. Its waits
 * are bounded (the card has 2 s, all of recovery 10 s and 514 sectors), and
 * port_poll is called meanwhile. What it found or missed goes to the log.
 * Returns RC_OK, or RC_IO: there is no readable card. */
int store_init(void) MUST_CHECK;

/* Tells whether there is a card that can be read. */
bool store_card(void);

/* Returns why the card's boot partition cannot be read, as the log has it; ""
 * if it can. */
const char *store_trouble(void);

/* Returns the number of a partition that holds FAT, too, but is not the boot
 * partition and is not looked at; 0: there is none. */
unsigned store_other_fat(void);

/* Tells whether what could not be read of the card at start can be read now, or
 * a card is there that was not: a restart would find chrony.conf. */
bool store_came_late(void);

/* Tells whether it has a state partition, so that what is put may last. */
bool store_state_partition(void);

/* What is said of a file that is there and that RC_IO came for. */
#define STORE_UNREADABLE "cannot be read: check the card on a PC (chkdsk, fsck)"

/* Reads a whole file of the boot partition; at start-up only. Returns its
 * length; RC_STATE: there is no such file (or card); RC_SPACE: it is longer
 * than cap; RC_IO. */
int store_read_file(const char *name, uint8_t *buf, size_t cap) MUST_CHECK;

/* Finds the first file in a folder of the boot partition that comes after
 * `after` in alphabetical order and matches a pattern; at start-up only.
 * Returns as store_fat_next does. */
int store_next_file(const char *folder, const char *pattern, const char *after,
                    char name[CONF_PATH_MAX]) MUST_CHECK;

/* Finds REPORT.TXT, whose sectors may then be written over, and reads its first
 * line; at start-up only. Returns RC_OK; RC_STATE: there is no such file;
 * RC_SPACE: it is not REPORT_BYTES long; RC_BAD: it lies in pieces, or is no
 * report; RC_IO. */
int store_report_find(struct report_head *head) MUST_CHECK;

/* Begins to write over all of it, from its end to its beginning; the journal
 * goes first. text is REPORT_BYTES long and stays the caller's, untouched until
 * store_report_done stops saying RC_AGAIN. Returns RC_OK, or RC_STATE: it was
 * not found, or is being written. */
int store_report_write(const char *text) MUST_CHECK;

/* How that went: RC_OK, RC_AGAIN, or RC_IO: the rest was given up. */
int store_report_done(void);

/* Gets the newest value, recovered or put. Returns its length, or RC_STATE:
 * there is none. */
int store_get(enum store_kind kind, uint8_t id, uint8_t *buf,
              size_t cap) MUST_CHECK;

/* Replaces (kind, id) and writes it soon; len 0 forgets it. Returns a ticket
 * > 0, or RC_SPACE. */
int store_put(enum store_kind kind, uint8_t id, const uint8_t *data,
              size_t len) MUST_CHECK;

/* Tells whether what was put with this ticket is on the card for good; never,
 * where there is no state partition. */
bool store_durable(int ticket);

/* Tells whether nothing is left to write. */
bool store_idle(void);

/* Tells whether the last write did not work. */
bool store_failing(void);

/* Tells how often services save, from which store_status estimates the wear
 * of the card. */
void store_save_interval(uint32_t interval_s);

/* Carries writes on. Returns when to be called next. */
mono_ns store_poll(mono_ns now);

/* Fills the card's section of the snapshot. */
void store_status(struct status_store *out);

#endif
