/* bcm2836_local.h -- who may interrupt core 0 of a BCM2836 or BCM2837: the
 * core's own timers and the GPU's controller behind it ("QA7", 0x40000000). */
#ifndef BCM2836_LOCAL_H
#define BCM2836_LOCAL_H

#include "core/base.h"

/* Bits of bcm2836_local_pending(). A physical timer has one line in secure
 * state and another in non-secure. */
#define BCM2836_LOCAL_PHYS 0x003u
#define BCM2836_LOCAL_VIRT 0x008u
#define BCM2836_LOCAL_GPU  0x100u

/* Lets the timers count the crystal undivided; no more. A BCM2711, whose
 * interrupts go through a GIC, wants just this. */
void bcm2836_local_clock(uintptr_t base);

/* Lets the timers count the crystal undivided, and leads timers and GPU to
 * core 0's IRQ. */
void bcm2836_local_init(uintptr_t base);

/* Which of core 0's lines want it now: BCM2836_LOCAL_ bits. */
uint32_t bcm2836_local_pending(uintptr_t base);

#endif
