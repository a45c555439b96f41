#include "journal.h"

#define YEAR_S 31557600u

void journal_wear(const struct journal *j, uint32_t interval_s,
                  struct journal_wear *out)
{
    ASSERT(interval_s > 0);
    *out = (struct journal_wear){0};
    if (!j->half_sectors)
        return;
    uint32_t n = 0;
    for (size_t i = 0; i < LEN(j->entry); i++)
        if (j->entry[i].kind && j->entry[i].len)
            n += (j->entry[i].len + JOURNAL_PAYLOAD - 1) / JOURNAL_PAYLOAD;
    /* A half takes its snapshot (n, and the record that ends it) first. */
    uint32_t room = j->half_sectors - (n + 1), saves = YEAR_S / interval_s;
    out->sectors = n;
    out->writes_a_year =
        (uint64_t)saves * ((n + JOURNAL_BATCH - 1) / JOURNAL_BATCH);
    out->sectors_a_year = (uint64_t)saves * n * j->half_sectors / room;
    out->each_a_year = (uint32_t)(out->sectors_a_year / (2 * j->half_sectors));
}
