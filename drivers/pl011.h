/* pl011.h -- ARM PL011 UART (ARM DDI 0183), 8N1, FIFOs on.
 *
 * write() only fills a ring; service() moves bytes between rings and FIFOs
 * and is called from the interrupt and from the loop, never both at once
 * (the caller masks interrupts in the loop). What finds no room is not kept:
 * write() says how much it took, bytes received too many are counted. */
#ifndef PL011_H
#define PL011_H

#include "core/base.h"

#define PL011_TX_RING 4096u /* powers of two */
#define PL011_RX_RING 256u

struct pl011 { /* board's; fields are private */
    uintptr_t base;
    uint32_t tx_in, tx_out, rx_in, rx_out; /* free running */
    uint32_t rx_lost;
    uint8_t tx[PL011_TX_RING], rx[PL011_RX_RING];
};

/* Starts the UART at this baud rate; clock_hz is what its clock runs at. */
void pl011_init(struct pl011 *u, uintptr_t base, uint32_t clock_hz,
                uint32_t baud);

/* Puts bytes into the ring to be sent. Returns how many found room. */
size_t pl011_write(struct pl011 *u, const char *s, size_t len);

/* The next byte received, or RC_AGAIN. */
int pl011_read(struct pl011 *u);

/* Moves bytes between rings and FIFOs, as far as there is room. */
void pl011_service(struct pl011 *u);

/* Whether the ring is empty: all has been handed to the FIFO. */
bool pl011_idle(const struct pl011 *u);

/* Whether the last bit has left the line, too. */
bool pl011_silent(uintptr_t base);

/* For a machine that is failing: sends a byte past the ring, without any state.
 * Returns false where the FIFO is full. */
bool pl011_put_direct(uintptr_t base, char c);

#endif
