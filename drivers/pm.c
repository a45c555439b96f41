#include "pm.h"
#include "hw.h"

#define RSTC 0x1cu
#define WDOG 0x24u

#define PASSWORD   0x5a000000u
#define RSTC_MASK  0x30u
#define RSTC_RESET 0x20u /* full reset when the count ends */
#define WDOG_HZ    65536u

static_assert((uint64_t)PM_WATCHDOG_MAX_MS * WDOG_HZ / 1000 < 1u << 20,
              "20 bits");

static void count_down(uintptr_t base, uint32_t ticks)
{
    hw_write(base + WDOG, PASSWORD | ticks);
    uint32_t rstc = hw_read(base + RSTC) & 0x00ffffffu & ~RSTC_MASK;
    hw_write(base + RSTC, PASSWORD | rstc | RSTC_RESET);
}

void pm_watchdog(uintptr_t base, uint32_t ms)
{
    ASSERT(ms > 0 && ms <= PM_WATCHDOG_MAX_MS);
    count_down(base, ms * (WDOG_HZ / 16) / 1000 * 16 + 16);
}

void pm_reset(uintptr_t base)
{
    count_down(base, 10);
}
