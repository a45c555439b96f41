/* Any bytes as the floor's record: what is read is a floor, and is written
 * as it was read. Any text as an operator's time. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/floor_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct floor_record r;
    uint8_t again[FLOOR_RECORD_LEN];
    char text[64] = {0};
    int64_t t;
    memcpy(text, data, len < sizeof text ? len : sizeof text - 1);
    if (floor_record_time(text, &t) == RC_OK &&
        (t < 0 || t > FLOOR_RECORD_MAX || strlen(text) != 20))
        abort();
    if (floor_record_read(&r, data, len) != RC_OK)
        return 0;
    floor_record_write(&r, again);
    if (r.floor < 0 || r.floor > FLOOR_RECORD_MAX ||
        (len == sizeof again && memcmp(again, data, len) != 0))
        abort();
    return 0;
}
