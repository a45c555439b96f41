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

void pl011_init(struct pl011 *u, uintptr_t base, uint32_t clock_hz,
                uint32_t baud);
size_t pl011_write(struct pl011 *u, const char *s, size_t len);
int pl011_read(struct pl011 *u); /* next byte or RC_AGAIN */
void pl011_service(struct pl011 *u);
bool pl011_idle(const struct pl011 *u); /* all handed to the FIFO */

/* For a machine that is failing: past the ring, no state. False if full. */
bool pl011_put_direct(uintptr_t base, char c);

#endif
