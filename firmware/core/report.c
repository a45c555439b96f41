#include "report.h"

#include <string.h>

#include "fmt.h"

static const char head_text[] = "GNOMON REPORT ";
static const char last_text[] = ", the last";
static const char end_text[] = "\r\nEND OF GNOMON REPORT\r\n";

#define END_LEN (sizeof end_text - 1)
#define ROOM    (REPORT_BYTES - END_LEN) /* for all that is added            */

/* Whether `text` stands at the bytes, which are at least as long. */
static bool stands(const uint8_t *at, const char *text)
{
    return memcmp(at, text, strlen(text)) == 0;
}

int report_head_read(struct report_head *out,
                     const uint8_t first[REPORT_SECTOR],
                     const uint8_t last[REPORT_SECTOR])
{
    const uint8_t *p = first + sizeof head_text - 1;
    if (stands(first, head_text) && *p >= '0' && *p <= '0' + (int)REPORT_MOST &&
        stands(p + 1, " of 3")) {
        out->number = (uint8_t)(*p - '0');
        out->last = stands(p + 6, last_text);
        return RC_OK;
    }
    if (!stands(last + REPORT_SECTOR - END_LEN, end_text))
        return RC_BAD;
    out->number = REPORT_MOST;
    out->last = false;
    return RC_OK;
}

static void put(struct report *r, char c)
{
    if (r->len < ROOM)
        r->out[r->len++] = c;
}

void report_begin(struct report *r, char out[REPORT_BYTES],
                  const struct report_head *head)
{
    char line[64];
    r->out = out;
    r->len = 0;
    (void)fmt(line, sizeof line, "%s%u of %u%s\n", head_text, head->number,
              REPORT_MOST, head->last ? last_text : "");
    report_add(r, line);
}

void report_add(struct report *r, const char *text)
{
    char c = '\n';
    for (; *text; text++) {
        c = *text;
        if (c == '\n')
            put(r, '\r');
        put(r, c == '\n' || (c >= ' ' && c <= '~') ? c : '?');
    }
    if (c != '\n') {
        put(r, '\r');
        put(r, '\n');
    }
}

/* What lines n .. end of the log take up, but no more than `most`: how many of
 * them, from n on (step 1) or from the end back (step -1). */
static uint32_t fitting(const struct logring *log, uint32_t n, uint32_t count,
                        bool back, size_t most)
{
    uint32_t taken = 0, missed;
    size_t size = 0;
    while (taken < count) {
        uint32_t at = back ? n + count - 1 - taken : n + taken;
        size += strlen(logring_read(log, &at, &missed)) + 2;
        if (size > most)
            break;
        taken++;
    }
    return taken;
}

static void add_lines(struct report *r, const struct logring *log, uint32_t at,
                      uint32_t count)
{
    uint32_t missed;
    for (; count > 0; count--)
        report_add(r, logring_read(log, &at, &missed));
}

void report_log(struct report *r, const struct logring *log)
{
    char line[48];
    uint32_t oldest = logring_oldest(log), count = log->kept;
    size_t room = r->len + sizeof line < ROOM ? ROOM - r->len - sizeof line : 0;
    if (fitting(log, oldest, count, false, room) == count) {
        add_lines(r, log, oldest, count);
        return;
    }
    uint32_t before = fitting(log, oldest, count, false, room / 2);
    uint32_t after =
        fitting(log, oldest + before, count - before, true, room / 2);
    add_lines(r, log, oldest, before);
    (void)fmt(line, sizeof line, "(%lu lines left out)",
              (unsigned long)(count - before - after));
    report_add(r, line);
    add_lines(r, log, log->next - after, after);
}

void report_end(struct report *r)
{
    /* Lines as long as a sector, so that no editor is given one of 30 KB. */
    while (r->len < ROOM) {
        size_t at = r->len % REPORT_SECTOR;
        r->out[r->len++] = at == REPORT_SECTOR - 2   ? '\r'
                           : at == REPORT_SECTOR - 1 ? '\n'
                                                     : ' ';
    }
    memcpy(r->out + ROOM, end_text, END_LEN);
}
