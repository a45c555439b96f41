#include "store.h"

#include <string.h>

#include "core/journal.h"
#include "core/mbr.h"
#include "core/mono.h"
#include "log.h"
#include "port.h"
#include "adapters/store_fat.h"
#include "store_mount.h"

static_assert(JOURNAL_SECTOR == PORT_BLK_SIZE, "the journal's sectors");

#define CARD_WAIT    (2 * MONO_S) /* to be identified                      */
#define READ_WAIT    (1 * MONO_S) /* SD allows 100 ms a read               */
#define READ_TRIES   3
#define RECOVER_WAIT (10 * MONO_S) /* all of the journal's sectors, at start  */
#define POLL_EVERY   (1 * MONO_MS) /* while a write is under way            */
#define RETRY_MIN    (100 * MONO_MS)
#define RETRY_MAX    (60 * MONO_S)
#define LOOK_EVERY   (10 * MONO_S) /* for a card that could not be read      */

static struct {
    struct journal journal;
    bool card;
    unsigned other_fat;
    enum { IDLE, WRITING, CHECKING, LOOKING, REPORTING } step;
    uint32_t state_lba, state_sectors;
    uint32_t lba, count;           /* lba, count: of the write under way   */
    mono_ns retry_at, retry_after; /* after a failed write; 0: none failed  */
    uint32_t writes, errors;
    uint32_t save_interval_s; /* 0: not told yet */
    mono_ns look_at; /* for a card that could not be read at start, whether it
                      * can be read now; MONO_NEVER: it could              */
    bool late;       /* it can                                              */
    struct {
        uint32_t lba;     /* of REPORT.TXT; 0: none that may be written      */
        const char *text; /* NULL: nothing to write                         */
        uint32_t left;    /* sectors of it                                  */
        bool failed;
    } report;
    _Alignas(64) uint8_t batch[JOURNAL_BATCH * JOURNAL_SECTOR];
    _Alignas(64) uint8_t back[JOURNAL_BATCH * JOURNAL_SECTOR];
} st;

/* ---- start-up: the only place that waits, within bounds ----------------- */

static int64_t wait_card(void)
{
    mono_ns end = port_mono() + CARD_WAIT;
    int64_t n;
    while ((n = port_blk_count()) == RC_AGAIN && port_mono() < end)
        port_poll();
    return n;
}

static int read_once(uint32_t lba, uint8_t *buf, uint32_t count)
{
    int r = port_blk_read(lba, buf, count);
    mono_ns end = port_mono() + READ_WAIT;
    if (r < 0)
        return RC_IO;
    while ((r = port_blk_done()) == RC_AGAIN) {
        if (port_mono() >= end) {
            st.card = false; /* the read may still own its buffer */
            return RC_IO;
        }
        port_poll();
    }
    return r;
}

int store_read_blocks(uint32_t lba, uint8_t *buf, uint32_t count)
{
    for (int i = 0; i < READ_TRIES && st.card; i++)
        if (read_once(lba, buf, count) == RC_OK)
            return RC_OK;
    st.errors++;
    return RC_IO;
}

static int recover(void)
{
    uint32_t sector, count;
    mono_ns end = port_mono() + RECOVER_WAIT;
    while (journal_want(&st.journal, &sector, &count)) {
        int r = store_read_blocks(st.state_lba + sector, st.batch, count);
        if (r < 0 || port_mono() > end) {
            journal_give_up(&st.journal);
            return RC_IO;
        }
        journal_feed(&st.journal, st.batch);
    }
    return RC_OK;
}

static void open_journal(const struct mbr_partition *p)
{
    st.state_lba = p->lba;
    st.state_sectors = p->sectors;
    if (journal_init(&st.journal, p->sectors) < 0) {
        log_at(LOG_ERROR, NULL,
               "card: the state partition is too small (%lu KiB of %u): "
               "nothing will be saved",
               (unsigned long)p->sectors / 2, JOURNAL_HALF_MIN);
        return;
    }
    if (recover() < 0) {
        log_at(LOG_ERROR, NULL,
               "card: the state partition cannot be read: nothing will be "
               "saved");
        return;
    }
    switch (journal_found(&st.journal)) {
    case JOURNAL_BLANK:
        log_line("journal: empty, a new card");
        break;
    case JOURNAL_GARBAGE:
        log_at(LOG_ERROR, NULL,
               "journal: garbage in the state partition; a fresh one "
               "begins, what was saved is lost");
        break;
    case JOURNAL_WHOLE:
        log_line("journal: %lu records recovered",
                 (unsigned long)st.journal.records);
        break;
    }
}

static void find_state(const struct mbr *m, const struct mbr_partition *fat)
{
    if (!m->state.sectors)
        log_at(LOG_WARNING, NULL,
               "card: no state partition (type da)%s: nothing will be saved",
               m->gpt ? " in a GPT" : "");
    else if (m->overlap || mbr_overlap(fat, &m->state))
        log_at(LOG_ERROR, NULL,
               "card: the state partition lies over the FAT partition: "
               "nothing will be saved");
    else
        open_journal(&m->state);
}

/* A second one, where people may have put their files. */
static void find_other_fat(const struct mbr *m, const struct mbr_partition *fat)
{
    st.other_fat = 0;
    for (unsigned i = 0; i < MBR_PARTITIONS && fat->sectors; i++) {
        const struct mbr_partition *p = &m->part[i];
        if (p->sectors && p->lba != fat->lba &&
            store_read_blocks(p->lba, st.batch, 1) >= 0 &&
            mbr_file_system(st.batch) == MBR_FS_FAT)
            st.other_fat = i + 1;
    }
}

int store_init(void)
{
    memset(&st, 0, sizeof(st));
    int r = journal_init(&st.journal, 0);
    ASSERT(r == RC_OK);
    int64_t size = wait_card();
    st.look_at = port_mono() + LOOK_EVERY;
    if (size <= 0) {
        log_at(LOG_ERROR, NULL,
               "card: none: no chrony.conf, nothing will be saved");
        return RC_IO;
    }
    uint32_t sectors = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
    st.card = true;
    if (store_read_blocks(0, st.batch, 1) < 0) {
        log_at(LOG_ERROR, NULL, "card: cannot be read");
        st.card = false;
        return RC_IO;
    }
    log_line("card: %lu MiB", (unsigned long)(sectors / 2048));
    struct mbr m;
    struct mbr_partition fat;
    mbr_read(st.batch, sectors, &m);
    for (unsigned i = 0; i < MBR_PARTITIONS; i++)
        if (m.beyond & 1u << i)
            log_at(LOG_ERROR, NULL, "card: partition %u ends beyond the card",
                   i + 1);
    if (store_mount(&m, sectors, st.batch, &fat) != RC_IO)
        st.look_at = MONO_NEVER; /* all could be read */
    find_other_fat(&m, &fat);
    find_state(&m, &fat);
    return RC_OK;
}

/* ---- afterwards -------------------------------------------------------- */

bool store_card(void)
{
    return st.card;
}

const char *store_trouble(void)
{
    return st.card ? store_mount_trouble() : "";
}

unsigned store_other_fat(void)
{
    return st.other_fat;
}

bool store_came_late(void)
{
    return st.late;
}

bool store_state_partition(void)
{
    return st.journal.half_sectors > 0;
}

int store_read_file(const char *name, uint8_t *buf, size_t cap)
{
    int r = st.card ? store_fat_read(name, buf, cap) : RC_STATE;
    if (r == RC_IO)
        st.look_at = port_mono() + LOOK_EVERY;
    return r;
}

int store_next_file(const char *folder, const char *pattern, const char *after,
                    char name[CONF_PATH_MAX])
{
    return st.card ? store_fat_next(folder, pattern, after, name) : RC_STATE;
}

int store_get(enum store_kind kind, uint8_t id, uint8_t *buf, size_t cap)
{
    return journal_get(&st.journal, (uint8_t)kind, id, buf, cap);
}

int store_put(enum store_kind kind, uint8_t id, const uint8_t *data, size_t len)
{
    return journal_put(&st.journal, (uint8_t)kind, id, data, len);
}

bool store_durable(int ticket)
{
    return journal_durable(&st.journal, ticket);
}

bool store_idle(void)
{
    return journal_idle(&st.journal);
}

bool store_failing(void)
{
    return st.retry_after > 0;
}

void store_save_interval(uint32_t interval_s)
{
    st.save_interval_s = interval_s;
}

void store_status(struct status_store *out)
{
    *out = (struct status_store){
        .card = st.card,
        .state_partition = store_state_partition(),
        .failing = store_failing(),
        .writes = st.writes,
        .errors = st.errors,
        .save_interval_s = st.save_interval_s,
    };
    if (st.save_interval_s > 0)
        journal_wear(&st.journal, st.save_interval_s, &out->wear);
}

/* ---- REPORT.TXT ---------------------------------------------------------- */

static_assert(REPORT_SECTORS % JOURNAL_BATCH == 0, "whole batches");

int store_report_find(struct report_head *head)
{
    uint32_t lba;
    st.report.lba = 0;
    int r = st.card ? store_fat_place("REPORT.TXT", REPORT_SECTORS, &lba)
                    : RC_STATE;
    if (r < 0)
        return r;
    /* Sectors of the journal would be another's: a FAT may claim anything. */
    if (lba == 0 || (st.state_lba && lba < st.state_lba + st.state_sectors &&
                     st.state_lba < lba + REPORT_SECTORS))
        return RC_BAD;
    if (store_read_blocks(lba, st.batch, 1) < 0 ||
        store_read_blocks(lba + REPORT_SECTORS - 1, st.back, 1) < 0)
        return RC_IO;
    r = report_head_read(head, st.batch, st.back);
    if (r == RC_OK)
        st.report.lba = lba;
    return r;
}

int store_report_write(const char *text)
{
    if (st.report.lba == 0 || st.report.text)
        return RC_STATE;
    st.report.text = text;
    st.report.left = REPORT_SECTORS;
    st.report.failed = false;
    return RC_OK;
}

int store_report_done(void)
{
    return st.report.text ? RC_AGAIN : st.report.failed ? RC_IO : RC_OK;
}

static void report_ends(bool good)
{
    st.report.failed = !good;
    st.report.text = NULL;
}

/* Its next batch, from the end on. Returns when to be called next. */
static mono_ns report_on(mono_ns now)
{
    uint32_t at = st.report.left - JOURNAL_BATCH;
    if (port_blk_write(st.report.lba + at,
                       (const uint8_t *)st.report.text +
                           (size_t)at * REPORT_SECTOR,
                       JOURNAL_BATCH) < 0) {
        report_ends(false);
        return now;
    }
    st.step = REPORTING;
    return now + POLL_EVERY;
}

static void report_batch_done(int r)
{
    st.report.left -= JOURNAL_BATCH;
    if (r < 0 || st.report.left == 0)
        report_ends(r == RC_OK);
}

static void failed(mono_ns now)
{
    st.errors++;
    st.retry_after = st.retry_after ? 2 * st.retry_after : RETRY_MIN;
    if (st.retry_after > RETRY_MAX)
        st.retry_after = RETRY_MAX;
    st.retry_at = now + st.retry_after;
    journal_written(&st.journal, false);
    log_at(LOG_ERROR, &st.retry_after, "card: a write failed; again in %ld ms",
           (long)(st.retry_after / MONO_MS));
}

static void succeeded(void)
{
    if (st.retry_after)
        log_at(LOG_NOTICE, &st.retry_at, "card: writing works again");
    st.retry_after = st.retry_at = 0;
    st.writes++;
    journal_written(&st.journal, true);
}

/* A worn-out card may answer that all is well and keep nothing: what was
 * written is read back before it counts. RC_AGAIN: still under way. */
static int advance(void)
{
    int r = port_blk_done();
    if (r != RC_OK)
        return r;
    if (st.step == CHECKING) {
        if (memcmp(st.batch, st.back, st.count * JOURNAL_SECTOR) == 0)
            return RC_OK;
        log_at(LOG_ERROR, st.back, "card: it does not keep what is written");
        return RC_IO;
    }
    if (port_blk_read(st.lba, st.back, st.count) < 0)
        return RC_IO;
    st.step = CHECKING;
    return RC_AGAIN;
}

/* One block is read from a card that had failed. Returns when to be called
 * next. */
static mono_ns look_again(mono_ns now)
{
    int r = port_blk_done(); /* of this look, or of a read given up long ago */
    if (r == RC_AGAIN)
        return now + POLL_EVERY;
    if (st.step == LOOKING) {
        st.step = IDLE;
        st.late = r == RC_OK;
        st.look_at = st.late ? MONO_NEVER : now + LOOK_EVERY;
    } else if (port_blk_count() > 0 && port_blk_read(0, st.back, 1) == RC_OK) {
        st.step = LOOKING;
        return now + POLL_EVERY;
    } else {
        st.look_at = now + LOOK_EVERY;
    }
    return st.look_at;
}

mono_ns store_poll(mono_ns now)
{
    uint32_t sector;
    if (st.step == LOOKING || (st.step == IDLE && now >= st.look_at))
        return look_again(now);
    if (st.step != IDLE) {
        bool report = st.step == REPORTING;
        int r = report ? port_blk_done() : advance();
        if (r == RC_AGAIN)
            return now + POLL_EVERY;
        st.step = IDLE;
        if (report)
            report_batch_done(r);
        else if (r == RC_OK)
            succeeded();
        else
            failed(now);
    }
    if (now < st.retry_at)
        return journal_idle(&st.journal) ? st.look_at : st.retry_at;
    st.count = journal_next(&st.journal, st.batch, &sector);
    if (st.count == 0)
        return st.report.text ? report_on(now) : st.look_at;
    st.lba = st.state_lba + sector;
    int r = port_blk_write(st.lba, st.batch, st.count);
    if (r < 0) {
        failed(now);
        return st.retry_at;
    }
    st.step = WRITING;
    return now + POLL_EVERY;
}
