/* bcm2835_irq.h -- the GPU's interrupt controller, which BCM2835, BCM2836 and
 * BCM2837 have at peripherals + 0xb200: who of its 64 lines may interrupt the
 * ARM. On a BCM2835 it is the only one; on the others bcm2836_local stands
 * before it. */
#ifndef BCM2835_IRQ_H
#define BCM2835_IRQ_H

#include "core/base.h"

/* Turns every interrupt off, the ARM's own block and the FIQ too. */
void bcm2835_irq_init(uintptr_t base);

/* Which interrupts are pending, as bits 0 .. 63. */
uint64_t bcm2835_irq_pending(uintptr_t base);

/* Turns one of them on, by its number 0 .. 63. */
void bcm2835_irq_enable(uintptr_t base, unsigned n);

#endif
