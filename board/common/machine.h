/* machine.h -- what board/common asks of the board it is linked with. */
#ifndef MACHINE_H
#define MACHINE_H

#include "core/base.h"
#include "mmu.h"

/* Where a DMA master sees RAM past the GPU's L2 cache (BCM283x). */
#define MACHINE_BUS_ALIAS 0xc0000000u

/* From start.S, with the CPSR that the firmware left. */
_Noreturn void board_main(uint32_t entry_cpsr);

/* From vectors.S, interrupts masked; pc: what was interrupted. */
void irq_handler(uint32_t pc);

/* Say something although nothing works any more: polled, gives up when the
 * UART does not take a byte for some milliseconds. */
void machine_last_words(const char *s, size_t len);
_Noreturn void machine_reset(void);

#endif
