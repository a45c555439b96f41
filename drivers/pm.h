/* pm.h -- BCM2835..7 power manager: reset and watchdog.
 *
 * QEMU's model has no countdown: arming the watchdog resets at once, so the
 * board arms it only on real hardware. */
#ifndef PM_H
#define PM_H

#include "core/base.h"

#define PM_WATCHDOG_MAX_MS 15000u /* 20 bits of 1/65536 s, rounded down */

void pm_watchdog(uintptr_t base, uint32_t ms); /* arm, or start over */
void pm_reset(uintptr_t base); /* takes a fraction of a millisecond  */

#endif
