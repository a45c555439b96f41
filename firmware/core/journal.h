/* journal.h -- what survives a power cut: the newest value of each
 * (kind, id), appended to two halves of a raw partition. Sans I/O: says which
 * sectors to read or write, the caller (services/store.c, a test) moves them.
 *
 *     init -> while want(): read those sectors, feed() -> found()
 *     put / get at any time; put answers with a ticket
 *     while next() > 0: write those sectors, then written(ok)
 *
 * Who writes when: services/timefloor.c and source_record.h. Recovery reads no
 * more than 2 * half + 2 sectors (514, 0.03 s at 10 MB/s), each at most
 * twice, whatever is on the card; services/store.c gives it 10 s.
 *
 * The map of newest values is in RAM, in the struct, whatever the card does;
 * it has values only once recovery has ended.
 *
 * On the card. Sectors of 512 bytes; the first 2 * half sectors of the
 * partition are used (half: at most JOURNAL_HALF). A record is 1 .. 6
 * consecutive sectors of one half, each with the same 32-byte header but for
 * `index`, all numbers big-endian:
 *
 *      0  4  magic 47 6e 4a 6c ("GnJl")
 *      4  4  CRC-32 of the record: bytes 8 .. 31 with index 0, then payload
 *      8  4  epoch: 1 .. 2^31 - 1, counts the halves begun; greater is newer
 *     12  4  sequence: one more for each record, across halves
 *     16  4  CRC-32 field of the record before it in this half, first: 0
 *     20  2  payload length, whole record, 0: the key is forgotten
 *     22  1  format version, 1
 *     23  1  kind (0: end of the snapshot)
 *     24  1  id
 *     25  1  index of this sector in the record   26  1  count of sectors
 *     27  5  zero
 *     32 480 payload, the next 480 bytes of it; after its end zeros
 *
 * A half begins with a snapshot (every key, then a record of kind 0) and
 * counts only when that is whole; then records are appended. A half that is
 * full is left alone while the other one is begun anew, so at any instant one
 * is whole. Recovery takes the whole half of the greater epoch up to the first
 * record that does not fit: wrong CRC, or not chained to the one before it.
 * The chain is what makes leftovers harmless: sectors of a write that came
 * only in part (dropped, reordered, torn, garbled) can never continue a
 * record that was written later in their place. What a power cut can take is
 * the write under way: never a value whose ticket was durable.
 *
 * Payloads, by kind (enum store_kind; a number is never used again):
 *
 *   1 floor, id 0: core/floor_record.h
 *   2 association, id 0 .. 15 (services/source_record.c, core/nts_assoc.c):
 *      0  1  version, 1
 *      1  1  length n, n: name on the server line
 *         2  ntsport, 2  port, as configured
 *         1  length m, m: name of the NTP server that the key exchange named
 *         1  address family, 4 or 6; 16 address, an IPv4 one in the first 4
 *         2  NTP port; then
 *         1  version, 1    2  AEAD number
 *         k  C2S key, k S2C key: 32 bytes each for AEAD 15, 16 for 30
 *         8  latest notBefore, 8 earliest notAfter of the chain, Unix seconds
 *         4  key exchanges so far
 *         1  cookies c, then c times: 2 length, the cookie; oldest first
 *   6 key exchanges that failed, id 0 (services/sources_ke.c): 1 version, 1;
 *      then for each server: 4 FNV-1a of its name and ntsport, 1 failures in
 *      a row, 4 seconds left to wait
 *   7 there has been a synchronisation, id 0 (services/report.c):
 *      1  version, 1
 *   8 keys of the NTS server's cookies, id 0 (core/nts_cookie.c):
 *      1  version, 1
 *      1  place of the current key, 0 .. 3; the next one's is the one after it
 *      1  bits of the places that hold a key
 *      8  when the current one became that, Unix seconds
 *         four times: 4 id, 32 key of AEAD 15
 *   9 the crystal's rate by temperature, id 0: core/thermal.h */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "limit.h"
#include "base.h"

#define JOURNAL_SECTOR  512u
#define JOURNAL_PAYLOAD 480u
#define JOURNAL_HALF    256u /* sectors; both halves: 256 KiB                */
#define JOURNAL_BATCH   16u  /* most sectors asked for at once, either way   */
#define JOURNAL_RECORD                                                         \
    ((LIMIT_JOURNAL_DATA + JOURNAL_PAYLOAD - 1) / JOURNAL_PAYLOAD)
/* A snapshot of full records, its end, one more record, and some air. */
#define JOURNAL_HALF_MIN (LIMIT_JOURNAL_KEYS * JOURNAL_RECORD + 16u)
static_assert(JOURNAL_HALF_MIN <= JOURNAL_HALF, "a snapshot fits");
static_assert(JOURNAL_RECORD <= JOURNAL_BATCH, "a record fits a batch");

struct journal_entry {
    uint8_t kind, id; /* kind 0: free                                       */
    uint16_t len;
    int32_t unsaved; /* ticket of the oldest put not yet in any write      */
    int32_t writing; /* the same for the write (or snapshot) under way     */
    uint8_t data[LIMIT_JOURNAL_DATA];
};

struct journal_cursor { /* the end of the log, as of the last good write    */
    uint32_t epoch, seq, prev, pos; /* next sequence; pos within the half   */
    uint8_t half;
    bool snapshot; /* its snapshot is still being written              */
    uint8_t next;  /* then: the entry that comes next                  */
};

enum journal_found {
    JOURNAL_BLANK,   /* nothing was ever written here                       */
    JOURNAL_GARBAGE, /* something, but no whole half: starts a fresh one    */
    JOURNAL_WHOLE,
};

enum journal_phase { JOURNAL_PEEK, JOURNAL_SCAN, JOURNAL_READY };

struct journal_wear { /* estimated from what is in the map now         */
    uint32_t sectors; /* of all its values                             */
    uint64_t writes_a_year, sectors_a_year; /* snapshots included           */
    uint32_t each_a_year; /* times that each sector is written             */
};

struct journal {           /* fields private; 62 KB: static */
    uint32_t half_sectors; /* 0: no partition, a map in RAM only           */
    struct journal_entry entry[LIMIT_JOURNAL_KEYS];
    int32_t ticket; /* of the last put                              */
    struct journal_cursor end, after; /* after: if the write succeeds       */
    uint32_t in_flight; /* sectors of the write under way               */
    uint8_t failures;   /* of writes, in a row                          */
    uint32_t wear;      /* sectors written since init                   */
    /* recovery */
    enum journal_phase phase;
    enum journal_found found;
    uint32_t peeked; /* halves whose first sector has been seen      */
    bool looks[2], scanned[2], dirt;
    uint32_t first_epoch[2], top_epoch;
    uint32_t records; /* taken over                                   */
    uint8_t have;     /* sectors of the record being put together    */
    uint8_t head[32];
    uint8_t build[JOURNAL_RECORD * JOURNAL_PAYLOAD];
};

/* Begin with a partition of so many sectors; 0 for none. Returns RC_OK, or
 * RC_SPACE when it is too small, which is treated as none. */
int journal_init(struct journal *j, uint32_t sectors) MUST_CHECK;

/* Say which sectors, counted from the start of the partition, recovery has to
 * read next: *count of them, at most JOURNAL_BATCH. Returns false when recovery
 * has ended. Every sector of a half is asked for at most twice, once as its
 * first. */
bool journal_want(const struct journal *j, uint32_t *sector, uint32_t *count);
/* Take the sectors that journal_want asked for. They may hold any bytes. */
void journal_feed(struct journal *j, const uint8_t *sectors);
/* End recovery because the sectors cannot be read: there is no journal then,
 * and the map stays in RAM (half a view of the card could bring back what a
 * later record has replaced). */
void journal_give_up(struct journal *j);
/* Return what recovery has found. */
enum journal_found journal_found(const struct journal *j);

/* Copy the newest value of a key to buf. Returns its length; RC_STATE: there is
 * none; RC_SPACE: cap is too small. */
int journal_get(const struct journal *j, uint8_t kind, uint8_t id, uint8_t *buf,
                size_t cap) MUST_CHECK;
/* Replace the value of a key, whose kind is 1 or more; len 0 forgets it.
 * Returns a ticket above 0 for journal_durable, or RC_SPACE when there are too
 * many keys or bytes, and then nothing has changed. */
int journal_put(struct journal *j, uint8_t kind, uint8_t id,
                const uint8_t *data, size_t len) MUST_CHECK;
/* Tell whether what journal_put gave this ticket for is on the card. */
bool journal_durable(const struct journal *j, int ticket);
/* Tell whether nothing is left to write. */
bool journal_idle(const struct journal *j);

/* Put the next write into buf, up to JOURNAL_BATCH sectors, which belong at
 * *sector. Returns how many; 0: nothing is left to write. Each write is
 * followed by journal_written before the next one. A failed one comes again;
 * after three in a row in the same half the other half is begun. */
uint32_t journal_next(struct journal *j, uint8_t *buf, uint32_t *sector);
/* Note how the write that journal_next gave has ended. */
void journal_written(struct journal *j, bool ok);

/* Estimate what saving all values anew every interval_s > 0, in batches, does
 * to the card. All zeros without one. */
void journal_wear(const struct journal *j, uint32_t interval_s,
                  struct journal_wear *out);

#endif
