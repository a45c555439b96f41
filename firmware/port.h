/* port.h -- everything firmware/ may ask of a machine.
 *
 * Owned by firmware/, implemented once per image and bound by the linker:
 * board/bcm283x/port.c on a Pi, tests/host/port_linux.c for the whole firmware
 * as a Linux process. No call blocks, none is made from an interrupt.
 * `ticks` is the raw, unsteered 64-bit counter behind port_ticks().
 *
 * The machine calls gnomon_main() (main.c) once it stands; that never
 * returns. panic() (base.h) is the machine's too: it notes file and line
 * where a reset does not erase them, then resets. */
#ifndef PORT_H
#define PORT_H

#include "core/mono.h"

/* The firmware's own entry (main.c). */
_Noreturn void gnomon_main(void);

/* ---- time ---- */

/* The counter as it stands: monotonic, never wraps, never fails. */
uint64_t port_ticks(void);

/* Its rate, 1 .. 100 MHz, the same until reset. */
uint32_t port_tick_hz(void);

/* Returns now, since the counter's zero. */
static inline mono_ns port_mono(void)
{
    return mono_of_ticks(port_ticks(), port_tick_hz());
}

/* Lets the drivers do their bounded work (USB enumeration, card commands).
 * Called once per pass of the superloop, and while start-up waits. */
void port_poll(void);

/* Sleeps until an interrupt or `until`, whichever is first; may return early.
 * Returns at once if an interrupt came in since the last port_poll. */
void port_idle(uint64_t until_ticks);

/* ---- Ethernet: frames without FCS, with a counter stamp each ---- */

#define PORT_FRAME_MAX 1514

/* Takes a frame that came in. *stamp is the counter in the interrupt that
 * reported it. Returns the frame's length, or RC_AGAIN where there is none. */
int port_eth_recv(uint8_t *buf, size_t cap, uint64_t *stamp) MUST_CHECK;

/* Sends a copy of the frame. *stamp is the counter when it was handed to the
 * MAC. Returns RC_OK, or RC_AGAIN where the ring is full. */
int port_eth_send(const uint8_t *frame, size_t len, uint64_t *stamp) MUST_CHECK;

/* Tells when the frame that port_eth_send has taken last began to leave on the
 * wire, by what the device says once it is through: *stamp is that counter
 * value, not before the one that port_eth_send gave. Returns RC_OK, once for a
 * frame, or RC_AGAIN: not known yet, told already, or never to be known. */
int port_eth_left(uint64_t *stamp) MUST_CHECK;

/* Whether a device is there and its wire is live. */
bool port_eth_link(void);

/* The device's address, valid once port_eth_link has been true. */
void port_eth_mac(uint8_t mac[6]);

/* The multicast addresses to be heard beside our own and broadcast, from now on
 * and on whatever device there will be: the list replaces the one before. A
 * machine that does not filter may hear them all. */
void port_eth_groups(const uint8_t (*mac)[6], size_t count);

/* ---- the card: blocks of 512 bytes, one operation at a time ---- */

#define PORT_BLK_SIZE 512u

/* Begins to write, or to read, `count` blocks. buf stays the caller's, and
 * untouched until port_blk_done stops saying RC_AGAIN. Returns RC_OK, or
 * RC_STATE: busy, or no card. */
int port_blk_write(uint32_t lba, const uint8_t *buf, uint32_t count) MUST_CHECK;
int port_blk_read(uint32_t lba, uint8_t *buf, uint32_t count) MUST_CHECK;

/* How the operation went: RC_OK (after a write: what was written is durable),
 * RC_AGAIN, RC_IO or RC_TIMEOUT; RC_STATE where none was begun. */
int port_blk_done(void) MUST_CHECK;

/* The card's size in blocks; RC_AGAIN while it is being identified, RC_STATE
 * where there is none. */
int64_t port_blk_count(void) MUST_CHECK;

/* ---- entropy, console, pulse, LED ---- */

/* Fills all of buf with random bytes, or returns RC_IO. */
int port_entropy(uint8_t *buf, size_t len) MUST_CHECK;

/* Takes bytes to be shown, as far as there is room, and returns how many. */
size_t port_console(const char *s, size_t len);

/* The next byte typed, or RC_AGAIN. */
int port_console_read(void);

/* Must be called once, before port_pps_arm: the pulse comes out of this header
 * pin (BCM number). Returns RC_BAD where there is no such pin, or it has
 * another use on this board. */
int port_pps_pin(unsigned gpio) MUST_CHECK;

/* Pulse per second: raises the output when the counter reaches `at`, for
 * width_ticks. Armed again before that, it follows the last call. Returns
 * RC_STATE where `at` has passed already: nothing was armed. */
int port_pps_arm(uint64_t at_ticks, uint32_t width_ticks) MUST_CHECK;

/* Lights the board's activity LED, or puts it out. */
void port_led(bool lit);

/* ---- the machine ---- */

#define PORT_SILENCE_S 10u

/* Called once a pass of the superloop. After PORT_SILENCE_S (at most a second
 * more) without, the machine notes where the loop hangs and resets; where not
 * even interrupts come any more, the hardware's watchdog does, 15 s after the
 * last kick, and can note only that. */
void port_watchdog_kick(void);

/* The board's own temperature as its sensor told it last, some seconds ago, in
 * thousandths of a degree C. Returns RC_OK, or RC_STATE where there is no
 * sensor or it does not say. Asks nobody and waits for nothing. */
int port_temperature(int32_t *millidegrees) MUST_CHECK;

/* This run is no failure: ends the row that port_info.crashes counts. */
void port_stable(void);

/* Resets the machine. The next run tells that it was asked for. */
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
    bool eth_silent;  /* no Ethernet device: the bus or the chip is silent  */
    bool eth_foreign; /* none, but there is a device that no driver knows   */
    uint32_t card_errors; /* commands and transfers of the card that failed,
                               those that a second attempt mended included */
    /* Bytes; used: the deepest since start. The second pair is the stack that
     * interrupts run on; its size is 0 where there is none. */
    size_t stack_size, stack_used;
    size_t irq_stack_size, irq_stack_used;
};
/* Fills *out with how things are now. */
void port_info(struct port_info *out);

/* All else that this machine knows of itself, a line each, for a person to
 * read: "name: value", without an end of line, cut to cap. n counts from 0.
 * Returns the line's length, never 0, or RC_STATE where there is no such
 * line. */
int port_fact(unsigned n, char *buf, size_t cap) MUST_CHECK;

#endif
