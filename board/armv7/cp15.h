/* cp15.h -- the processor's own registers (ARMv7-A with the virtualization
 * and generic timer extensions: Cortex-A7, and A53 and A72 in 32-bit state).
 * Another processor's cp15.h has the same cpu_ functions. */
#ifndef CP15_H
#define CP15_H

#include "cp15_regs.h"

CP15_WRITE(iciallu, 0, c7, c5, 0)
CP15_WRITE(bpiall, 0, c7, c5, 6)
CP15_READ(cntfrq, 0, c14, c0, 0)
CP15_WRITE(cntp_ctl, 0, c14, c2, 1)
CP15_WRITE(cntv_ctl, 0, c14, c3, 1)

/* Barriers: all memory accesses done; in order; the pipeline emptied. */
static inline void cpu_dsb(void)
{
    __asm__ volatile("dsb" ::: "memory");
}
static inline void cpu_dmb(void)
{
    __asm__ volatile("dmb" ::: "memory");
}
static inline void cpu_isb(void)
{
    __asm__ volatile("isb" ::: "memory");
}

/* Sleeps until an interrupt is pending, masked or not. */
static inline void cpu_wfi(void)
{
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

#endif
