/* bcm2836_irq.h -- who may interrupt core 0 of a BCM2836 or BCM2837: the
 * core's own timers (local controller, "QA7") and the GPU's interrupts. */
#ifndef BCM2836_IRQ_H
#define BCM2836_IRQ_H

#include "core/base.h"

/* Bits of bcm2836_irq_pending(), as in the local controller. A physical
 * timer has one line in secure state and another in non-secure. */
#define BCM2836_IRQ_PHYS 0x003u
#define BCM2836_IRQ_VIRT 0x008u
#define BCM2836_IRQ_GPU  0x100u

struct bcm2836_irq { /* board's */
    uintptr_t local; /* 0x40000000             */
    uintptr_t gpu;   /* peripherals + 0xb200   */
};

/* Lets the timers count the crystal undivided, leads timers and GPU to core 0's
 * IRQ, and turns every GPU interrupt off. */
void bcm2836_irq_init(const struct bcm2836_irq *c);

/* Which of core 0's lines want it now: BCM2836_IRQ_ bits. */
uint32_t bcm2836_irq_pending(const struct bcm2836_irq *c);

/* Which GPU interrupts are pending, as bits 0 .. 63. */
uint64_t bcm2836_irq_gpu_pending(const struct bcm2836_irq *c);

/* Turns one of them on, by its number 0 .. 63. */
void bcm2836_irq_gpu_enable(const struct bcm2836_irq *c, unsigned n);

#endif
