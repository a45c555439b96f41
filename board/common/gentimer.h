/* gentimer.h -- the ARM generic timer: one 64-bit counter, two compares.
 *
 * The physical timer wakes port_idle at its deadline, the virtual one times
 * the pulse per second. Both interrupt as long as counter >= compare, so a
 * compare written late fires at once and none is lost. */
#ifndef GENTIMER_H
#define GENTIMER_H

#include "cp15.h"

/* Not hoisted above earlier instructions: a stamp means "after those". */
static inline uint64_t gentimer_ticks(void)
{
    uint32_t lo, hi;
    __asm__ volatile("isb\n\tmrrc p15, 0, %0, %1, c14"
                     : "=r"(lo), "=r"(hi)::"memory");
    return (uint64_t)hi << 32 | lo;
}

static inline void gentimer_phys_arm(uint64_t at)
{
    __asm__ volatile("mcrr p15, 2, %0, %1, c14" ::"r"((uint32_t)at),
                     "r"((uint32_t)(at >> 32)));
    cp15_set_cntp_ctl(1);
    cpu_isb();
}
static inline void gentimer_phys_stop(void)
{
    cp15_set_cntp_ctl(0);
    cpu_isb();
}

static inline uint64_t gentimer_virt_ticks(void)
{
    uint32_t lo, hi;
    __asm__ volatile("isb\n\tmrrc p15, 1, %0, %1, c14"
                     : "=r"(lo), "=r"(hi)::"memory");
    return (uint64_t)hi << 32 | lo;
}

/* `at` counts as gentimer_virt_ticks() does. */
static inline void gentimer_virt_arm(uint64_t at)
{
    __asm__ volatile("mcrr p15, 3, %0, %1, c14" ::"r"((uint32_t)at),
                     "r"((uint32_t)(at >> 32)));
    cp15_set_cntv_ctl(1);
    cpu_isb();
}
static inline void gentimer_virt_stop(void)
{
    cp15_set_cntv_ctl(0);
    cpu_isb();
}

#endif
