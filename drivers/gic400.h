/* gic400.h -- ARM's GIC-400 (GIC architecture version 2) for one core, from the
 * non-secure side: the boot stub has put all interrupts into group 1. IDs 16 to
 * 31 are the core's own (PPI), from 32 on the SoC's (SPI).
 *
 *     gic400_init; gic400_enable for each interrupt; in the interrupt
 *     gic400_take until it says GIC400_NONE, and gic400_end after each. */
#ifndef GIC400_H
#define GIC400_H

#include "core/base.h"

#define GIC400_IDS  256u
#define GIC400_NONE 1023u

#define GIC400_PPI_VIRTUAL  27u
#define GIC400_PPI_PHYSICAL 30u
#define GIC400_PPI_SECURE   29u /* physical timer, entered in secure state */

/* Turns all interrupts off and the controller on. distributor is its address,
 * the CPU interface lies 0x1000 behind it. */
void gic400_init(uintptr_t distributor);

/* Turns one on, leads it to core 0; an urgent one comes before others that
 * wait. It stays pending while the device's line is up. */
void gic400_enable(uintptr_t distributor, unsigned id, bool urgent);

/* The most urgent interrupt that waits, which is now being served, or
 * GIC400_NONE. */
unsigned gic400_take(uintptr_t distributor);

/* It has been served. */
void gic400_end(uintptr_t distributor, unsigned id);

#endif
