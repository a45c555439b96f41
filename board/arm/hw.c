/* hw.c -- drivers/hw.h with caches on: RAM is cached, and a device reads and
 * writes it past our caches. hw_bus_addr is the machine's.
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

void hw_dma_clean(const void *p, size_t len)
{
    uintptr_t line = (uintptr_t)p & ~(uintptr_t)(CPU_LINE - 1);
    uintptr_t end = (uintptr_t)p + len;
    for (; line < end; line += CPU_LINE)
        cp15_set_dccmvac((uint32_t)line);
    cpu_dsb();
}

/* A line that is only partly the buffer's is written back as well: its other
 * part belongs to somebody. */
void hw_dma_discard(void *p, size_t len)
{
    uintptr_t start = (uintptr_t)p, end = start + len;
    uintptr_t line = start & ~(uintptr_t)(CPU_LINE - 1);
    for (; line < end; line += CPU_LINE)
        if (line < start || end - line < CPU_LINE)
            cp15_set_dccimvac((uint32_t)line);
        else
            cp15_set_dcimvac((uint32_t)line);
    cpu_dsb();
}

uint64_t hw_ticks(void)
{
    return timer_ticks();
}
