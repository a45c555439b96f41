#include "systimer.h"
#include "hw.h"

#define STATUS 0x00u /* match bits: written with 1, cleared */
#define LOW    0x04u
#define HIGH   0x08u
#define C0     0x0cu

#define LEAD 2u /* ticks: a compare that is written is not yet one that looks */

uint64_t systimer_ticks(uintptr_t base)
{
    uint32_t high, low;
    do {
        high = hw_read(base + HIGH);
        low = hw_read(base + LOW);
    } while (hw_read(base + HIGH) != high);
    return (uint64_t)high << 32 | low;
}

/* In this order a match is never lost, and one that an older compare left is:
 * what matches after STATUS was cleared is ours; if the counter has not got
 * there when that is done, it will. If it has, the match may have been before
 * the clearing: again, further ahead. */
void systimer_arm(uintptr_t base, unsigned n, uint64_t at)
{
    uint64_t now = systimer_ticks(base);
    for (uint32_t lead = LEAD; lead < SYSTIMER_REACH; lead *= 2) {
        uint64_t ahead = at > now + lead ? at - now : lead;
        uint32_t wait =
            (uint32_t)(ahead < SYSTIMER_REACH ? ahead : SYSTIMER_REACH);
        uint32_t compare = (uint32_t)now + wait;
        hw_write(base + C0 + 4 * n, compare);
        hw_write(base + STATUS, 1u << n);
        uint64_t then = systimer_ticks(base);
        if (then - now < wait)
            return;
        now = then;
    }
}

void systimer_disarm(uintptr_t base, unsigned n)
{
    hw_write(base + STATUS, 1u << n);
}
