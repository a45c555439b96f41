/* mmu_private.h -- between pagetable.c and the processor's mmu.c. */
#ifndef MMU_PRIVATE_H
#define MMU_PRIVATE_H

#include "core/base.h"

/* Turns on MMU, caches and branch prediction. The table is complete, lies in
 * memory (no cache has a newer word of it) and is never written again. */
void mmu_enable(const uint32_t *table);

#endif
