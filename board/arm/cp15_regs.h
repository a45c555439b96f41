/* cp15_regs.h -- the registers and instructions that every ARM of ours has;
 * included by each processor's cp15.h. */
#ifndef CP15_REGS_H
#define CP15_REGS_H

#include "core/base.h"

#define CP15_READ(name, op1, crn, crm, op2)                                    \
    static inline uint32_t cp15_##name(void)                                   \
    {                                                                          \
        uint32_t v;                                                            \
        __asm__ volatile("mrc p15, " #op1 ", %0, " #crn ", " #crm ", " #op2    \
                         : "=r"(v));                                           \
        return v;                                                              \
    }
#define CP15_WRITE(name, op1, crn, crm, op2)                                   \
    static inline void cp15_set_##name(uint32_t v)                             \
    {                                                                          \
        __asm__ volatile("mcr p15, " #op1 ", %0, " #crn ", " #crm ", " #op2    \
                         :                                                     \
                         : "r"(v)                                              \
                         : "memory");                                          \
    }

CP15_READ(midr, 0, c0, c0, 0)
CP15_READ(sctlr, 0, c1, c0, 0)
CP15_WRITE(sctlr, 0, c1, c0, 0)
CP15_WRITE(ttbr0, 0, c2, c0, 0)
CP15_WRITE(ttbcr, 0, c2, c0, 2)
CP15_WRITE(dacr, 0, c3, c0, 0)
CP15_READ(dfsr, 0, c5, c0, 0)
CP15_READ(ifsr, 0, c5, c0, 1)
CP15_READ(dfar, 0, c6, c0, 0)
CP15_WRITE(dcimvac, 0, c7, c6, 1)
CP15_WRITE(dccmvac, 0, c7, c10, 1)
CP15_WRITE(dccimvac, 0, c7, c14, 1)
CP15_WRITE(tlbiall, 0, c8, c7, 0)

#define SCTLR_M (1u << 0)
#define SCTLR_C (1u << 2)
#define SCTLR_Z (1u << 11)
#define SCTLR_I (1u << 12)

/* One line of the data cache: written back; thrown away; both. */
static inline void cpu_cache_clean(uintptr_t at)
{
    cp15_set_dccmvac((uint32_t)at);
}
static inline void cpu_cache_discard(uintptr_t at)
{
    cp15_set_dcimvac((uint32_t)at);
}
static inline void cpu_cache_flush(uintptr_t at)
{
    cp15_set_dccimvac((uint32_t)at);
}

/* Which processor this is: MIDR. */
static inline uint32_t cpu_id(void)
{
    return cp15_midr();
}

/* Masks everything, for good: asynchronous aborts and FIQ too. */
static inline void cpu_mask_all(void)
{
    __asm__ volatile("cpsid aif" ::: "memory");
}

/* Masks interrupts. Returns what cpu_irq_restore wants. */
static inline uint32_t cpu_irq_save(void)
{
    uint32_t cpsr;
    __asm__ volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(cpsr)::"memory");
    return cpsr;
}

/* Unmasks them, if they were unmasked at cpu_irq_save. */
static inline void cpu_irq_restore(uint32_t cpsr)
{
    if ((cpsr & 0x80) == 0)
        __asm__ volatile("cpsie i" ::: "memory");
}

#endif
