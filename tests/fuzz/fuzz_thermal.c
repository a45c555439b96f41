/* Any bytes as the card's record of the crystal's temperature, then any
 * readings and samples: what is read can be written again, and what comes of it
 * is finite and within what a clock can be steered by. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/clk.h"
#include "core/thermal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct thermal h;
    struct thermal_law law;
    uint8_t again[THERMAL_RECORD];
    size_t n = len < THERMAL_RECORD ? len : THERMAL_RECORD;
    thermal_init(&h, 1000000);
    int rc = thermal_restore(&h, data, n);
    uint64_t ticks = 1;
    int64_t rate = 0;
    for (const uint8_t *p = data + n; p + 8 <= data + len; p += 8) {
        ticks += bytes_get32(p) & 0xfffffff;
        int32_t v = (int32_t)bytes_get32(p + 4);
        if (p[0] & 0x80)
            rate += thermal_read(&h, ticks, p[0] & 0x40 ? v : v % 60000);
        else
            thermal_sample(&h, ticks, (uint64_t)(int64_t)v << (p[0] & 31),
                           1e-12 * (1 + (p[1] & 127)), p[0] >> 6 & 1);
        (void)thermal_phase(&h, ticks - 1000);
        if (rate != thermal_rate(&h) || rate > CLK_RATE_MAX ||
            rate < -CLK_RATE_MAX)
            abort();
    }
    (void)thermal_law(&h, &law);
    if (thermal_save(&h, again)) {
        thermal_init(&h, 1000000);
        if (thermal_restore(&h, again, sizeof again) != RC_OK)
            abort();
    } else if (rc == RC_OK && h.told) {
        abort();
    }
    return 0;
}
