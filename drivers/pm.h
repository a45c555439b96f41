/* pm.h -- BCM2835..7 power manager: reset and watchdog.
 *
 * QEMU's model has no countdown: arming the watchdog resets at once, so the
 * board arms it only on real hardware. */
#ifndef PM_H
#define PM_H

#include "core/base.h"

#define PM_WATCHDOG_MAX_MS 15000u /* 20 bits of 1/65536 s, rounded down */

/* Arms the watchdog, or starts its time over: in ms milliseconds, at most
 * PM_WATCHDOG_MAX_MS, the SoC is reset. */
void pm_watchdog(uintptr_t base, uint32_t ms);

/* Resets the SoC within a fraction of a millisecond. */
void pm_reset(uintptr_t base);

#endif
