#include "bcm2836_local.h"
#include "hw.h"

#define CONTROL      0x00u
#define PRESCALER    0x08u
#define GPU_ROUTING  0x0cu
#define CORE0_TIMERS 0x40u
#define CORE0_SOURCE 0x60u

#define UNDIVIDED 0x80000000u /* prescaler: 2^31 / this */

void bcm2836_local_clock(uintptr_t base)
{
    hw_write(base + CONTROL, 0); /* crystal, steps of one */
    hw_write(base + PRESCALER, UNDIVIDED);
}

void bcm2836_local_init(uintptr_t base)
{
    bcm2836_local_clock(base);
    hw_write(base + GPU_ROUTING, 0);
    hw_write(base + CORE0_TIMERS, BCM2836_LOCAL_PHYS | BCM2836_LOCAL_VIRT);
}

uint32_t bcm2836_local_pending(uintptr_t base)
{
    return hw_read(base + CORE0_SOURCE);
}
