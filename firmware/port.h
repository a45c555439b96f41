/* port.h -- everything firmware/ may ask of a machine.
 *
 * Owned by firmware/, implemented once per image and bound by the linker:
 * board/<name>/port.c on a Pi, tests/host/port_linux.c for the whole firmware
 * as a Linux process. No call blocks, none is made from an interrupt.
 * `ticks` is the raw, unsteered 64-bit counter behind port_ticks().
 *
 * The machine calls gnomon_main() (main.c) once it stands; that never
 * returns. panic() (base.h) is the machine's too: it notes file and line
 * where a reset does not erase them, then resets. */
#ifndef PORT_H
#define PORT_H

#include "core/base.h"

_Noreturn void gnomon_main(void);

/* Counter: monotonic, never wraps, never fails, same rate until reset. */
uint64_t port_ticks(void);
uint32_t port_tick_hz(void); /* 1 .. 100 MHz */

/* Let the drivers do their bounded work (USB enumeration, card commands).
 * Called once per pass of the superloop, and while start-up waits. */
void port_poll(void);

/* Sleep until an interrupt or `until`, whichever is first; may return early.
 * Returns at once if an interrupt came in since the last port_poll. */
void port_idle(uint64_t until_ticks);

/* Ethernet. *stamp is the counter as close to the wire as the hardware
 * allows: latched in the receive interrupt, or when the frame was handed to
 * the MAC. recv returns the frame length (no FCS), RC_AGAIN when there is
 * none. send copies; RC_AGAIN when the ring is full. */
#define PORT_FRAME_MAX 1514
int port_eth_recv(uint8_t *buf, size_t cap, uint64_t *stamp) MUST_CHECK;
int port_eth_send(const uint8_t *frame, size_t len, uint64_t *stamp) MUST_CHECK;
bool port_eth_link(void);          /* a device is there and the wire is live  */
void port_eth_mac(uint8_t mac[6]); /* valid once link has been true          */

/* Blocks of 512 bytes. One operation in flight; buf stays the caller's and
 * untouched until done() stops saying RC_AGAIN. RC_OK from done() after a
 * write means durable. start functions: RC_OK, RC_STATE (busy or no card).
 * done(): RC_OK, RC_AGAIN, RC_IO, RC_TIMEOUT; RC_STATE if nothing began. */
#define PORT_BLK_SIZE 512u
int port_blk_write(uint32_t lba, const uint8_t *buf, uint32_t count) MUST_CHECK;
int port_blk_read(uint32_t lba, uint8_t *buf, uint32_t count) MUST_CHECK;
int port_blk_done(void) MUST_CHECK;
/* The card's size in blocks; RC_AGAIN while it is being identified, RC_STATE
 * when there is none. */
int64_t port_blk_count(void) MUST_CHECK;

int port_entropy(uint8_t *buf, size_t len) MUST_CHECK; /* all len, or RC_IO */

size_t port_console(const char *s, size_t len); /* bytes accepted        */
int port_console_read(void); /* next byte typed, or RC_AGAIN              */

/* First, once: which header pin (BCM number) it comes out of. RC_BAD: no such
 * pin, or it has another use on this board. */
int port_pps_pin(unsigned gpio) MUST_CHECK;
/* Pulse per second: raise the output when the counter reaches `at`, for
 * width_ticks. Armed again before that, it follows the last call. RC_STATE if
 * `at` has passed already: nothing was armed. */
int port_pps_arm(uint64_t at_ticks, uint32_t width_ticks) MUST_CHECK;

void port_led(bool lit); /* the board's activity LED */

/* Kicked once a pass of the superloop. After PORT_SILENCE_S (at most a second
 * more) without, the machine notes where the loop hangs and resets; where not
 * even interrupts come any more, the hardware's watchdog does, 15 s after the
 * last kick, and can note only that. */
#define PORT_SILENCE_S 10u
void port_watchdog_kick(void);
/* This run is no failure: ends the row that port_info.crashes counts. */
void port_stable(void);
_Noreturn void port_reset(void);

/* What the machine says of itself. Texts are static and never NULL. */
struct port_info {
    const char *board;      /* "Raspberry Pi 2 Model B (BCM2836)"           */
    uint32_t revision;      /* board revision code, 0: not known            */
    const char *last_reset; /* "power-on", "reset", "watchdog", "panic f:l" */
    uint32_t boots;         /* since power-on, with this; 0: not counted    */
    uint32_t crashes;       /* runs in a row that ended so, up to this one  */
    const char *trouble;    /* why there is no Ethernet, in one line; "" as
                               long as there is nothing to say             */
    uint32_t card_errors;   /* commands and transfers of the card that failed,
                               those that a second attempt mended included */
    /* Bytes; used: the deepest since start. The second pair is the stack that
     * interrupts run on; its size is 0 where there is none. */
    size_t stack_size, stack_used;
    size_t irq_stack_size, irq_stack_used;
};
/* Fills *out with how things are now. */
void port_info(struct port_info *out);

#endif
