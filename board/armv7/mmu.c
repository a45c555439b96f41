/* mmu.c -- the MMU of an ARMv7-A, turned on. */
#include "cp15.h"
#include "mmu_private.h"

#define SCTLR_WXN (1u << 19) /* what can be written is never executed */

void mmu_enable(const uint32_t *table)
{
    cp15_set_ttbcr(0);
    /* Table walks through the write-back caches (IRGN 01, RGN 01). */
    cp15_set_ttbr0((uint32_t)(uintptr_t)table | 0x48);
    cp15_set_dacr(1); /* domain 0: checked against the descriptors */
    cpu_isb();
    cp15_set_tlbiall(0);
    cp15_set_iciallu(0);
    cp15_set_bpiall(0);
    cpu_dsb();
    cpu_isb();
    /* SCTLR.A stays 0: Mbed TLS and lwIP load unaligned words. */
    cp15_set_sctlr(cp15_sctlr() | SCTLR_M | SCTLR_C | SCTLR_Z | SCTLR_I |
                   SCTLR_WXN);
    cpu_isb();
}
