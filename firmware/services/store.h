/* store.h -- the SD card: files of the FAT boot partition (read at start-up
 * only, through FatFs) and the journal in the raw state partition.
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
#include "core/status.h"

/* Journal record types; id distinguishes several. 3 to 5 were never written. A
 * new type takes the next number, one that is no longer used keeps its. What
 * is in each: journal.h. */
enum store_kind {
    STORE_FLOOR = 1, /* time floor and frequency                           */
    STORE_ASSOC = 2, /* id: slot; server name + nts_assoc_write            */
    STORE_RETRY = 6, /* key exchanges that failed: sources_ke.c            */
};

/* Find card, partitions, file system; recover the journal. Bounded waits
 * (the card has 2 s, all of recovery 10 s and 514 sectors), calls port_poll
 * meanwhile. Reports what it found or missed through log. RC_OK, or RC_IO: no
 * readable card. */
int store_init(void) MUST_CHECK;
bool store_card(void);
bool store_state_partition(void);

/* A whole file of the boot partition. Returns its length; RC_STATE no such
 * file (or card), RC_SPACE longer than cap, RC_IO. Start-up only. */
int store_read_file(const char *name, uint8_t *buf, size_t cap) MUST_CHECK;

/* The newest recovered or put value. Returns its length, RC_STATE: none. */
int store_get(enum store_kind kind, uint8_t id, uint8_t *buf,
              size_t cap) MUST_CHECK;

/* Replace (kind, id) and write it soon; len 0 forgets it. Returns a ticket
 * > 0, or RC_SPACE. store_durable(ticket): on the card for good, or false
 * for ever when there is no state partition. */
int store_put(enum store_kind kind, uint8_t id, const uint8_t *data,
              size_t len) MUST_CHECK;
bool store_durable(int ticket);
bool store_idle(void);    /* nothing left to write */
bool store_failing(void); /* the last write did not work               */
/* Tells how often services save, from which store_status estimates the wear
 * of the card. */
void store_save_interval(uint32_t interval_s);

mono_ns store_poll(mono_ns now);

/* Fills the card's section of the snapshot. */
void store_status(struct status_store *out);

#endif
