/* hw.h -- the two things every driver needs of the machine: registers and
 * memory that a device can see. Bound by the linker: the processor's hw.c on a
 * Pi, the register model of a test in tests/drivers on the host.
 *
 * Drivers get their block's base address and the time (mono_ns) as
 * arguments, keep state in a struct the board owns, and never wait. */
#ifndef HW_H
#define HW_H

#include "core/base.h"

/* Reads a 32-bit register, in order with the device's other accesses. */
uint32_t hw_read(uintptr_t reg);

/* Writes a 32-bit register, after all earlier stores to memory. */
void hw_write(uintptr_t reg, uint32_t value);

/* The address that a DMA master (USB, DMA engine) uses for p. */
uint32_t hw_bus_addr(const void *p);

/* What DMA buffers are aligned to and padded to: at least a cache line of any
 * processor. */
#define HW_LINE 64

/* Writes the caches back. Must be called before a device reads [p, p + len). */
void hw_dma_clean(const void *p, size_t len);

/* Forgets what the caches hold. Must be called before a device writes
 * [p, p + len), and again before the processor reads it. */
void hw_dma_discard(void *p, size_t len);

/* The counter as it stands, for stamps; the same one as port_ticks(). */
uint64_t hw_ticks(void);

#endif
