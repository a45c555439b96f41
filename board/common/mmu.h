/* mmu.h -- the address map: W^X, guards, and nothing that is not named.
 *
 * The image's own pages come from the linker script; the board adds its
 * devices in sections of 1 MB. What is in neither faults, NULL included. */
#ifndef MMU_H
#define MMU_H

#include "core/base.h"

enum mmu_kind {
    MMU_DEVICE,   /* registers: ordered, never executed           */
    MMU_UNCACHED, /* RAM that must not be lost in a cache at reset */
};

struct mmu_range {
    uint32_t base, size; /* multiples of 1 MB */
    enum mmu_kind kind;
};

/* Builds the tables and turns on MMU, caches and branch prediction. */
void mmu_init(const struct mmu_range *ranges, size_t count);

#endif
