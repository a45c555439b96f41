#include "journal.h"

#include <string.h>

#include "bytes.h"

/* header offsets, see journal.h */
enum {
    H_MAGIC = 0,
    H_CRC = 4,
    H_EPOCH = 8,
    H_SEQ = 12,
    H_PREV = 16,
    H_LEN = 20,
    H_VERSION = 22,
    H_KIND = 23,
    H_ID = 24,
    H_INDEX = 25,
    H_COUNT = 26,
    H_SIZE = 32,
};
#define MAGIC   0x476e4a6cu
#define VERSION 1u

/* CRC-32 (IEEE 802.3, reflected), four bits at a step. */
static uint32_t crc32_more(uint32_t crc, const uint8_t *p, size_t len)
{
    static const uint32_t nibble[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        crc = nibble[crc & 15] ^ (crc >> 4);
        crc = nibble[crc & 15] ^ (crc >> 4);
    }
    return crc;
}

static uint32_t record_crc(const uint8_t head[H_SIZE], const uint8_t *payload,
                           size_t len)
{
    uint8_t h[H_SIZE];
    memcpy(h, head, H_SIZE);
    h[H_INDEX] = 0;
    uint32_t crc = crc32_more(0xffffffffu, h + H_EPOCH, H_SIZE - H_EPOCH);
    return ~crc32_more(crc, payload, len);
}

static uint32_t sectors_of(size_t len)
{
    return len ? (uint32_t)((len + JOURNAL_PAYLOAD - 1) / JOURNAL_PAYLOAD) : 1;
}

/* ---- the map ---------------------------------------------------------- */

static struct journal_entry *find(struct journal *j, uint8_t kind, uint8_t id)
{
    for (size_t i = 0; i < LEN(j->entry); i++)
        if (j->entry[i].kind == kind && (kind == 0 || j->entry[i].id == id))
            return &j->entry[i];
    return NULL;
}

static void store_value(struct journal_entry *e, uint8_t kind, uint8_t id,
                        const uint8_t *data, size_t len)
{
    e->kind = kind;
    e->id = id;
    e->len = (uint16_t)len;
    if (len)
        memcpy(e->data, data, len);
}

/* A forgotten key keeps its entry until the card knows. */
static void release_if_gone(struct journal_entry *e)
{
    if (e->kind && e->len == 0 && !e->unsaved && !e->writing)
        e->kind = 0;
}

int journal_get(const struct journal *j, uint8_t kind, uint8_t id, uint8_t *buf,
                size_t cap)
{
    for (size_t i = 0; i < LEN(j->entry); i++) {
        const struct journal_entry *e = &j->entry[i];
        if (!kind || e->kind != kind || e->id != id || e->len == 0)
            continue;
        if (e->len > cap)
            return RC_SPACE;
        memcpy(buf, e->data, e->len);
        return e->len;
    }
    return RC_STATE;
}

int journal_put(struct journal *j, uint8_t kind, uint8_t id,
                const uint8_t *data, size_t len)
{
    ASSERT(kind > 0 && j->phase == JOURNAL_READY);
    if (len > LIMIT_JOURNAL_DATA || j->ticket == INT32_MAX)
        return RC_SPACE;
    struct journal_entry *e = find(j, kind, id);
    if (!e)
        e = find(j, 0, 0);
    if (!e)
        return RC_SPACE;
    if (!e->kind)
        e->unsaved = e->writing = 0;
    store_value(e, kind, id, data, len);
    j->ticket++;
    if (!j->half_sectors)
        release_if_gone(e);
    else if (!e->unsaved)
        e->unsaved = j->ticket;
    return j->ticket;
}

bool journal_durable(const struct journal *j, int ticket)
{
    if (!j->half_sectors || ticket <= 0 || ticket > j->ticket)
        return false;
    for (size_t i = 0; i < LEN(j->entry); i++) {
        const struct journal_entry *e = &j->entry[i];
        if (!e->kind)
            continue;
        if ((e->unsaved && e->unsaved <= ticket) ||
            (e->writing && e->writing <= ticket))
            return false;
    }
    return true;
}

/* The entry whose oldest unsaved put is the oldest of all: so records go out
 * in the order of the puts. */
static struct journal_entry *oldest_unsaved(struct journal *j)
{
    struct journal_entry *best = NULL;
    for (size_t i = 0; i < LEN(j->entry); i++) {
        struct journal_entry *e = &j->entry[i];
        if (e->kind && e->unsaved && (!best || e->unsaved < best->unsaved))
            best = e;
    }
    return best;
}

bool journal_idle(const struct journal *j)
{
    if (!j->half_sectors)
        return true;
    for (size_t i = 0; i < LEN(j->entry); i++)
        if (j->entry[i].kind && (j->entry[i].unsaved || j->entry[i].writing))
            return false;
    return !j->in_flight;
}

/* ---- writing ---------------------------------------------------------- */

/* One record at the cursor into buf; moves the cursor past it. */
static uint32_t write_record(struct journal_cursor *c, uint8_t kind, uint8_t id,
                             const uint8_t *data, size_t len, uint8_t *buf)
{
    uint32_t count = sectors_of(len);
    uint8_t head[H_SIZE] = {0};
    bytes_put32(head + H_MAGIC, MAGIC);
    bytes_put32(head + H_EPOCH, c->epoch);
    bytes_put32(head + H_SEQ, c->seq);
    bytes_put32(head + H_PREV, c->prev);
    bytes_put16(head + H_LEN, (uint16_t)len);
    head[H_VERSION] = VERSION;
    head[H_KIND] = kind;
    head[H_ID] = id;
    head[H_COUNT] = (uint8_t)count;
    c->prev = record_crc(head, data, len);
    bytes_put32(head + H_CRC, c->prev);

    for (uint32_t i = 0; i < count; i++, buf += JOURNAL_SECTOR) {
        size_t at = i * JOURNAL_PAYLOAD;
        size_t n = len - at < JOURNAL_PAYLOAD ? len - at : JOURNAL_PAYLOAD;
        memset(buf, 0, JOURNAL_SECTOR);
        head[H_INDEX] = (uint8_t)i;
        memcpy(buf, head, H_SIZE);
        if (n)
            memcpy(buf + H_SIZE, data + at, n);
    }
    c->seq++;
    c->pos += count;
    return count;
}

static uint32_t write_entry(struct journal_cursor *c, struct journal_entry *e,
                            uint8_t *buf)
{
    if (!e->writing)
        e->writing = e->unsaved;
    e->unsaved = 0;
    return write_record(c, e->kind, e->id, e->data, e->len, buf);
}

/* The other half, from its first sector, with every key. */
static void begin_half(struct journal *j)
{
    j->top_epoch++;
    j->end = (struct journal_cursor){
        .epoch = j->top_epoch,
        .seq = j->end.seq,
        .half = (uint8_t)!j->end.half,
        .snapshot = true,
    };
    j->failures = 0;
}

static uint32_t next_of_snapshot(struct journal *j, uint8_t *buf)
{
    struct journal_cursor *c = &j->after;
    uint32_t n = 0;
    for (; c->next < LIMIT_JOURNAL_KEYS; c->next++) {
        struct journal_entry *e = &j->entry[c->next];
        if (!e->kind)
            continue;
        if (n + sectors_of(e->len) > JOURNAL_BATCH)
            return n;
        n += write_entry(c, e, buf + n * JOURNAL_SECTOR);
    }
    if (n == JOURNAL_BATCH)
        return n;
    n += write_record(c, 0, 0, NULL, 0, buf + n * JOURNAL_SECTOR);
    c->snapshot = false;
    return n;
}

static uint32_t next_of_log(struct journal *j, uint8_t *buf)
{
    uint32_t n = 0;
    struct journal_entry *e;
    while ((e = oldest_unsaved(j))) {
        uint32_t count = sectors_of(e->len);
        if (n + count > JOURNAL_BATCH || j->after.pos + count > j->half_sectors)
            break;
        n += write_entry(&j->after, e, buf + n * JOURNAL_SECTOR);
    }
    return n;
}

uint32_t journal_next(struct journal *j, uint8_t *buf, uint32_t *sector)
{
    ASSERT(!j->in_flight);
    if (!j->half_sectors || j->phase != JOURNAL_READY)
        return 0;
    const struct journal_entry *e = oldest_unsaved(j);
    if (!j->end.snapshot) {
        if (!e)
            return 0;
        if (j->failures >= 3 || !j->end.epoch ||
            j->end.pos + sectors_of(e->len) > j->half_sectors)
            begin_half(j);
    }
    j->after = j->end;
    *sector = j->end.half * j->half_sectors + j->end.pos;
    j->in_flight =
        j->end.snapshot ? next_of_snapshot(j, buf) : next_of_log(j, buf);
    ASSERT(j->in_flight > 0);
    ASSERT(j->after.pos <= j->half_sectors);
    return j->in_flight;
}

void journal_written(struct journal *j, bool ok)
{
    ASSERT(j->in_flight);
    j->wear += j->in_flight;
    j->in_flight = 0;
    if (ok) {
        j->end = j->after;
        j->failures = 0;
    } else if (j->failures < UINT8_MAX) {
        j->failures++;
    }
    if (ok && j->end.snapshot)
        return; /* none of it counts before its end */
    for (size_t i = 0; i < LEN(j->entry); i++) {
        struct journal_entry *e = &j->entry[i];
        if (!e->kind || !e->writing)
            continue;
        if (!ok && !j->end.snapshot)
            e->unsaved = e->writing;
        if (ok || !j->end.snapshot)
            e->writing = 0;
        release_if_gone(e);
    }
}

/* ---- recovery --------------------------------------------------------- */

int journal_init(struct journal *j, uint32_t sectors)
{
    memset(j, 0, sizeof(*j));
    j->end.half = 1; /* so that the first one begun is half 0 */
    j->phase = JOURNAL_READY;
    if (sectors == 0)
        return RC_OK;
    uint32_t half = sectors / 2;
    if (half < JOURNAL_HALF_MIN)
        return RC_SPACE;
    j->half_sectors = half < JOURNAL_HALF ? half : JOURNAL_HALF;
    j->phase = JOURNAL_PEEK;
    return RC_OK;
}

void journal_give_up(struct journal *j)
{
    ASSERT(!j->in_flight);
    int r = journal_init(j, 0);
    ASSERT(r == RC_OK);
}

enum journal_found journal_found(const struct journal *j)
{
    ASSERT(j->phase == JOURNAL_READY);
    return j->found;
}

bool journal_want(const struct journal *j, uint32_t *sector, uint32_t *count)
{
    if (j->phase == JOURNAL_READY)
        return false;
    if (j->phase == JOURNAL_PEEK) {
        *sector = j->peeked * j->half_sectors;
        *count = 1;
        return true;
    }
    uint32_t pos = j->end.pos + j->have;
    uint32_t left = j->half_sectors - pos;
    *sector = j->end.half * j->half_sectors + pos;
    *count = left < JOURNAL_BATCH ? left : JOURNAL_BATCH;
    return true;
}

static void clear_map(struct journal *j)
{
    for (size_t i = 0; i < LEN(j->entry); i++)
        j->entry[i].kind = 0;
    j->records = 0;
}

static void finish(struct journal *j, enum journal_found found)
{
    if (found != JOURNAL_WHOLE) {
        clear_map(j);
        j->end = (struct journal_cursor){.half = 1};
    }
    j->found = found;
    j->phase = JOURNAL_READY;
}

/* The half not yet scanned that looks newest, or what was found instead. */
static void scan_next_half(struct journal *j)
{
    int best = -1;
    for (int h = 0; h < 2; h++)
        if (j->looks[h] && !j->scanned[h] &&
            (best < 0 || j->first_epoch[h] > j->first_epoch[best]))
            best = h;
    if (best < 0) {
        finish(j, j->dirt ? JOURNAL_GARBAGE : JOURNAL_BLANK);
        return;
    }
    clear_map(j);
    j->phase = JOURNAL_SCAN;
    j->scanned[best] = true;
    j->have = 0;
    j->end = (struct journal_cursor){
        .epoch = j->first_epoch[best],
        .half = (uint8_t)best,
        .snapshot = true,
    };
}

static bool header_fits(const uint8_t *h)
{
    uint32_t epoch = bytes_get32(h + H_EPOCH);
    size_t len = bytes_get16(h + H_LEN);
    return bytes_get32(h + H_MAGIC) == MAGIC && h[H_VERSION] == VERSION &&
           epoch > 0 && epoch < 0x7fffffff && len <= LIMIT_JOURNAL_DATA &&
           h[H_COUNT] == sectors_of(len) && h[H_INDEX] < h[H_COUNT];
}

static void peek(struct journal *j, const uint8_t *s)
{
    uint32_t h = j->peeked++;
    j->looks[h] = header_fits(s) && s[H_INDEX] == 0;
    j->first_epoch[h] = bytes_get32(s + H_EPOCH);
    for (size_t i = 1; i < JOURNAL_SECTOR; i++)
        if (s[i] != s[0])
            j->dirt = true; /* erased flash is all zeros or all ones */
    if (s[0] != 0 && s[0] != 0xff)
        j->dirt = true;
    if (j->peeked == 2)
        scan_next_half(j);
}

/* A record that has passed its CRC and its chain. */
static bool apply(struct journal *j)
{
    uint8_t kind = j->head[H_KIND], id = j->head[H_ID];
    size_t len = bytes_get16(j->head + H_LEN);
    if (kind == 0) {
        if (!j->end.snapshot || len)
            return false;
        j->end.snapshot = false;
        return true;
    }
    struct journal_entry *e = find(j, kind, id);
    if (!e && len == 0)
        return true;
    if (!e)
        e = find(j, 0, 0);
    if (!e)
        return false;
    e->unsaved = e->writing = 0;
    store_value(e, kind, id, j->build, len);
    release_if_gone(e);
    return true;
}

static bool record_starts(const struct journal *j, const uint8_t *s)
{
    return header_fits(s) && s[H_INDEX] == 0 &&
           bytes_get32(s + H_EPOCH) == j->end.epoch &&
           bytes_get32(s + H_PREV) == j->end.prev &&
           (j->end.pos == 0 || bytes_get32(s + H_SEQ) == j->end.seq) &&
           j->end.pos + s[H_COUNT] <= j->half_sectors;
}

/* The next sector of the half; false: the log has ended before it. */
static bool take_sector(struct journal *j, const uint8_t *s)
{
    if (j->have == 0) {
        if (!record_starts(j, s))
            return false;
        memcpy(j->head, s, H_SIZE);
    } else {
        j->head[H_INDEX] = j->have;
        if (memcmp(j->head, s, H_SIZE) != 0)
            return false;
    }
    memcpy(j->build + j->have * JOURNAL_PAYLOAD, s + H_SIZE, JOURNAL_PAYLOAD);
    j->have++;
    if (j->have < j->head[H_COUNT])
        return true;

    uint32_t crc = bytes_get32(j->head + H_CRC);
    if (record_crc(j->head, j->build, bytes_get16(j->head + H_LEN)) != crc ||
        !apply(j))
        return false;
    j->end.seq = bytes_get32(j->head + H_SEQ) + 1;
    j->end.prev = crc;
    j->end.pos += j->have;
    j->have = 0;
    j->records++;
    if (j->end.epoch > j->top_epoch)
        j->top_epoch = j->end.epoch;
    return true;
}

void journal_feed(struct journal *j, const uint8_t *sectors)
{
    uint32_t sector, count;
    if (!journal_want(j, &sector, &count))
        return;
    if (j->phase == JOURNAL_PEEK) {
        peek(j, sectors);
        return;
    }
    bool more = true;
    for (uint32_t i = 0; i < count && more; i++)
        more = take_sector(j, sectors + i * JOURNAL_SECTOR);
    if (more && j->end.pos + j->have < j->half_sectors)
        return;
    j->have = 0;
    if (j->end.snapshot)
        scan_next_half(j);
    else
        finish(j, JOURNAL_WHOLE);
}
