/* mmu.c -- the MMU of an ARM1176, turned on. start.S has set SCTLR.XP, for the
 * page format with XN, and forgotten what caches and TLB came up with. It has
 * no WXN: that nothing is writable and executable is up to the tables alone. */
#include "cp15.h"
#include "mmu_private.h"

void mmu_enable(const uint32_t *table)
{
    cp15_set_ttbcr(0);
    /* Walks go past the data cache: no bit here would lead them into it. */
    cp15_set_ttbr0((uint32_t)(uintptr_t)table);
    cp15_set_dacr(1); /* domain 0: checked against the descriptors */
    cp15_set_tlbiall(0);
    cpu_dsb();
    cpu_isb();
    /* SCTLR.A stays 0: Mbed TLS and lwIP load unaligned words. */
    cp15_set_sctlr(cp15_sctlr() | SCTLR_M | SCTLR_C | SCTLR_Z | SCTLR_I);
    cpu_isb();
}
