/* machine.h -- what board/common and the processor's start-up ask of the
 * machine they are linked with. */
#ifndef MACHINE_H
#define MACHINE_H

#include "core/base.h"

/* Called by start.S, with the CPSR that the firmware left; never returns. */
_Noreturn void board_main(uint32_t entry_cpsr);

/* Called by vectors.S, interrupts masked; pc is what was interrupted. */
void irq_handler(uint32_t pc);

/* Says something although nothing works any more: polls the UART, and gives up
 * when that does not take a byte for some milliseconds. */
void machine_last_words(const char *s, size_t len);

/* The time for drivers' deadlines: the counter as mono_ns, whose zero is the
 * counter's own, as everywhere in firmware/. */
mono_ns machine_now(void);

/* Resets the machine at once. */
_Noreturn void machine_reset(void);

#endif
