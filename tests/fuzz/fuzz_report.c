/* Any bytes as the first and the last sector of REPORT.TXT: what is read is a
 * head, and a report with that head is read as the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static char out[REPORT_BYTES];
    uint8_t first[REPORT_SECTOR + 1] = {0}, last[REPORT_SECTOR] = {0};
    struct report_head h, again;
    struct report r;
    size_t n = len < REPORT_SECTOR ? len : REPORT_SECTOR;
    memcpy(first, data, n);
    len = len - n < REPORT_SECTOR ? len - n : REPORT_SECTOR;
    memcpy(last + REPORT_SECTOR - len, data + n, len);
    if (report_head_read(&h, first, last) != RC_OK)
        return 0;
    if (h.number > REPORT_MOST)
        abort();
    report_begin(&r, out, &h);
    report_add(&r, (const char *)first);
    report_end(&r);
    if (report_head_read(&again, (const uint8_t *)out,
                         (const uint8_t *)out + REPORT_BYTES - REPORT_SECTOR) !=
            RC_OK ||
        again.number != h.number || again.last != h.last)
        abort();
    return 0;
}
