/* hw.h -- the two things every driver needs of the machine: registers and
 * memory that a device can see. Bound by the linker: the processor's hw.c on a
 * Pi, the register model of a test in tests/drivers on the host.
 *
 * Drivers get their block's base address and the time (mono_ns) as
 * arguments, keep state in a struct the board owns, and never wait. */
#ifndef HW_H
#define HW_H

#include "core/base.h"

uint32_t hw_read(uintptr_t reg);              /* 32-bit, device order        */
void hw_write(uintptr_t reg, uint32_t value); /* after all earlier stores    */

/* The address a DMA master (USB, DMA engine) uses for p. */
uint32_t hw_bus_addr(const void *p);
/* Before a device reads [p, p+len): write caches back. Before and after a
 * device writes it: discard. Buffers are aligned to and padded to HW_LINE. */
#define HW_LINE 64
void hw_dma_clean(const void *p, size_t len);
void hw_dma_discard(void *p, size_t len);

/* Counter value "now", for stamps; the same counter as port_ticks(). */
uint64_t hw_ticks(void);

#endif
