/* Any bytes as the state partition: recovery ends, within its bounds, and the
 * journal that it leaves works: what is put and written is there next time,
 * and so is everything that was recovered.
 *
 * Input: records of 2 + n bytes: sector number (low byte), flags, then what
 * the first bytes of that sector are. Flag bit 0: in the other half; bit 1:
 * make its CRC right (the fuzzer cannot guess one); bit 2: give it the usual
 * header to start from; bit 3: chain it to the record just before; n = 8 *
 * bits 4..7. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/journal.h"

#define SECTORS (2 * JOURNAL_HALF)
#define CHECK(c)                                                               \
    do {                                                                       \
        if (!(c))                                                              \
            abort();                                                           \
    } while (0)

static uint8_t card[SECTORS][JOURNAL_SECTOR];

static uint32_t crc32(uint32_t crc, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int b = 0; b < 8; b++)
            crc = crc & 1 ? (crc >> 1) ^ 0xedb88320u : crc >> 1;
    }
    return crc;
}

static void seal(uint8_t *s)
{
    size_t len = bytes_get16(s + 20);
    if (len > JOURNAL_PAYLOAD)
        len = JOURNAL_PAYLOAD;
    bytes_put32(s + 4, ~crc32(0xffffffffu, s + 8, 24 + len));
}

static void fill(const uint8_t *data, size_t len)
{
    memset(card, 0, sizeof(card));
    for (uint32_t seq = 0; len >= 2; seq++) {
        uint32_t at = data[0] + (data[1] & 1 ? JOURNAL_HALF : 0);
        uint8_t flags = data[1], *s = card[at];
        size_t n = 8u * (flags >> 4);
        if (n > len - 2)
            n = len - 2;
        if (flags & 4) {
            static const uint8_t usual[32] = {
                0x47, 0x6e, 0x4a, 0x6c, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,
                0,    0,    0,    0,    0, 0, 0, 4, 1, 1, 0, 0, 1};
            memcpy(s, usual, sizeof(usual));
            bytes_put32(s + 12, seq);
            if (n)
                memcpy(s + 20, data + 2, n);
        } else if (n) {
            memcpy(s, data + 2, n);
        }
        if ((flags & 8) && at % JOURNAL_HALF)
            memcpy(s + 16, card[at - 1] + 4, 4);
        if (flags & 2)
            seal(s);
        data += 2 + n;
        len -= 2 + n;
    }
}

static enum journal_found recover(struct journal *j)
{
    uint32_t sector, count, reads = 0;
    CHECK(journal_init(j, SECTORS) == RC_OK);
    while (journal_want(j, &sector, &count)) {
        CHECK(count > 0 && count <= JOURNAL_BATCH);
        CHECK(sector + count <= SECTORS);
        reads += count;
        CHECK(reads <= SECTORS + 2);
        journal_feed(j, card[sector]);
    }
    return journal_found(j);
}

static void write_all(struct journal *j)
{
    static uint8_t buf[JOURNAL_BATCH * JOURNAL_SECTOR];
    uint32_t sector, n;
    while ((n = journal_next(j, buf, &sector)) > 0) {
        CHECK(sector + n <= SECTORS);
        memcpy(card[sector], buf, n * JOURNAL_SECTOR);
        journal_written(j, true);
    }
    CHECK(journal_idle(j));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct journal first, second;
    static uint8_t a[LIMIT_JOURNAL_DATA], b[LIMIT_JOURNAL_DATA];
    fill(data, len);
    enum journal_found found = recover(&first);
    CHECK(found == JOURNAL_WHOLE || first.records == 0);
    int room = journal_put(&first, 200, 200, (const uint8_t *)"new", 3);
    CHECK(room > 0 || room == RC_SPACE); /* all keys taken, by the fuzzer */
    write_all(&first);
    if (room > 0) {
        CHECK(journal_durable(&first, room));
        CHECK(recover(&second) == JOURNAL_WHOLE);
    } else {
        (void)recover(&second);
    }
    for (size_t i = 0; i < LIMIT_JOURNAL_KEYS; i++) {
        const struct journal_entry *e = &first.entry[i];
        if (!e->kind)
            continue;
        int n = journal_get(&first, e->kind, e->id, a, sizeof(a));
        CHECK(journal_get(&second, e->kind, e->id, b, sizeof(b)) == n);
        CHECK(n <= 0 || memcmp(a, b, (size_t)n) == 0);
    }
    return 0;
}
