#include "pl011.h"
#include "hw.h"

#define DR   0x00
#define FR   0x18
#define IBRD 0x24
#define FBRD 0x28
#define LCRH 0x2c
#define CR   0x30
#define IMSC 0x38
#define ICR  0x44

#define FR_BUSY   0x08u
#define FR_RXFE   0x10u
#define FR_TXFF   0x20u
#define LCRH_8BIT 0x60u
#define LCRH_FEN  0x10u
#define CR_ON     0x301u /* UARTEN, TXE, RXE */
#define INT_RX    0x50u  /* FIFO level, and bytes left waiting */
#define INT_TX    0x20u
#define INT_ALL   0x7ffu

static_assert((PL011_TX_RING & (PL011_TX_RING - 1)) == 0, "power of two");
static_assert((PL011_RX_RING & (PL011_RX_RING - 1)) == 0, "power of two");

void pl011_init(struct pl011 *u, uintptr_t base, uint32_t clock_hz,
                uint32_t baud)
{
    ASSERT(baud > 0 && clock_hz >= 16 * baud && clock_hz <= 1000000000);
    u->base = base;
    u->tx_in = u->tx_out = u->rx_in = u->rx_out = u->rx_lost = 0;
    /* clock / (16 baud) in 1/64ths, to the nearest. */
    uint32_t divisor = (clock_hz * 4 + baud / 2) / baud;
    hw_write(base + CR, 0);
    hw_write(base + ICR, INT_ALL);
    hw_write(base + IBRD, divisor >> 6);
    hw_write(base + FBRD, divisor & 63);
    hw_write(base + LCRH, LCRH_8BIT | LCRH_FEN); /* latches the divisor */
    hw_write(base + IMSC, INT_RX);
    hw_write(base + CR, CR_ON);
}

size_t pl011_write(struct pl011 *u, const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && u->tx_in - u->tx_out < PL011_TX_RING)
        u->tx[u->tx_in++ % PL011_TX_RING] = (uint8_t)s[n++];
    return n;
}

int pl011_read(struct pl011 *u)
{
    if (u->rx_in == u->rx_out)
        return RC_AGAIN;
    return u->rx[u->rx_out++ % PL011_RX_RING];
}

static void receive(struct pl011 *u)
{
    /* Bounded: a line that never falls silent must not hold the loop. */
    for (unsigned n = 0; n < PL011_RX_RING; n++) {
        if ((hw_read(u->base + FR) & FR_RXFE) != 0)
            return;
        uint8_t c = (uint8_t)hw_read(u->base + DR);
        if (u->rx_in - u->rx_out < PL011_RX_RING)
            u->rx[u->rx_in++ % PL011_RX_RING] = c;
        else
            u->rx_lost++;
    }
}

void pl011_service(struct pl011 *u)
{
    hw_write(u->base + ICR, INT_RX | INT_TX);
    receive(u);
    while (u->tx_in != u->tx_out && (hw_read(u->base + FR) & FR_TXFF) == 0)
        hw_write(u->base + DR, u->tx[u->tx_out++ % PL011_TX_RING]);
    hw_write(u->base + IMSC, pl011_idle(u) ? INT_RX : INT_RX | INT_TX);
}

bool pl011_idle(const struct pl011 *u)
{
    return u->tx_in == u->tx_out;
}

bool pl011_silent(uintptr_t base)
{
    return (hw_read(base + FR) & FR_BUSY) == 0;
}

bool pl011_put_direct(uintptr_t base, char c)
{
    if ((hw_read(base + FR) & FR_TXFF) != 0)
        return false;
    hw_write(base + DR, (uint8_t)c);
    return true;
}
