/* cp15.h -- the processor's own registers (ARM1176JZF-S, ARM DDI 0301H).
 * Barriers and the wait for an interrupt are writes to CP15 here, not
 * instructions. Another processor's cp15.h has the same cpu_ functions. */
#ifndef CP15_H
#define CP15_H

#include "cp15_regs.h"

CP15_WRITE(wfi, 0, c7, c0, 4)
CP15_WRITE(prefetch_flush, 0, c7, c5, 4)
CP15_WRITE(dsb, 0, c7, c10, 4)
CP15_WRITE(dmb, 0, c7, c10, 5)

/* Barriers: all memory accesses done; in order; the pipeline emptied. */
static inline void cpu_dsb(void)
{
    cp15_set_dsb(0);
}
static inline void cpu_dmb(void)
{
    cp15_set_dmb(0);
}
static inline void cpu_isb(void)
{
    cp15_set_prefetch_flush(0);
}

/* Sleeps until an interrupt is pending, masked or not. */
static inline void cpu_wfi(void)
{
    cpu_dsb();
    cp15_set_wfi(0);
}

#endif
