/* hw.c -- the registers and the counter of drivers/hw.h; its memory is
 * board/common/dma.c.
 *
 * A barrier follows each read and comes before each write of a register: reads
 * of two devices of a BCM2835 may come back in the wrong order, and a device
 * that is told of memory shall find it written. */
#include "cp15.h"
#include "hw.h"
#include "timer.h"

uint32_t hw_read(uintptr_t reg)
{
    uint32_t v = *(const volatile uint32_t *)reg;
    cpu_dmb();
    return v;
}

void hw_write(uintptr_t reg, uint32_t value)
{
    cpu_dmb();
    *(volatile uint32_t *)reg = value;
}

uint64_t hw_ticks(void)
{
    return timer_ticks();
}
