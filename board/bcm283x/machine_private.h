/* machine_private.h -- what the files of board/bcm283x share, and nobody else.
 *
 * machine.c brings the machine up and owns the drivers' structs, irq.c hands
 * interrupts out, port.c is firmware/port.h on them; Ethernet, card and pulse
 * are in files of their own. */
#ifndef MACHINE_PRIVATE_H
#define MACHINE_PRIVATE_H

#include "core/base.h"
#include "core/mono.h"
#include "eth.h"
#include "pl011.h"
#include "rng.h"
#include "soc.h"
#include "timer.h"

struct machine_facts { /* from the VideoCore firmware; zeros if it is mute */
    uint32_t firmware, revision, memory_bytes, emmc_hz;
    uint32_t uart_hz; /* never 0 */
    uint8_t mac[6];   /* the board's own, for LAN95xx; zero if not known */
    bool emulated;
    uint32_t entry_cpsr; /* the mode that start.S found */
};

extern struct machine_facts machine_facts;
extern struct pl011 machine_uart;
extern struct rng machine_rng;

/* The time for drivers' deadlines: the counter as mono_ns, whose zero is the
 * counter's own, as everywhere in firmware/. */
mono_ns machine_now(void);

/* Set by every interrupt but the idle deadline's; port_poll clears it. */
extern volatile bool machine_woken;

/* Sends what still waits for the UART, in bounded time. Interrupts must be
 * masked. */
void machine_uart_drain(void);

/* irq.c: everything off but the timers; then one GPU interrupt (soc.h) on. */
void machine_irq_init(void);
void machine_irq_enable(unsigned n);

/* port.c: the loop's silence is counted from machine_silence_arm() on, by the
 * wake-up timer's interrupts; machine_silence_irq ends a run that hangs at pc
 * and does not return then. */
void machine_silence_arm(void);
void machine_silence_irq(uint32_t pc);

/* Where this board's Ethernet comes from: one struct for USB
 * (port_eth_usb.c), another for each controller of another kind. port_eth.c
 * is the part that all have in common. */
struct machine_eth {
    /* Starts the hardware, which the mailbox has powered. */
    void (*init)(void);
    /* One pass of the loop; it must come by due() even without an interrupt
     * (MONO_NEVER: it need not come at all). */
    void (*poll)(void);
    mono_ns (*due)(void);
    void (*irq)(void);
    /* The device that carries frames now, or NULL; ask each time. */
    const struct eth_ops *(*device)(void **dev);
    /* As port_info.trouble. */
    const char *(*trouble)(void);
};
extern const struct machine_eth machine_eth_usb;
extern const struct machine_eth *machine_eth; /* the one in use */

/* port_blk.c: start-up, one pass of the loop, the time by which the next one
 * must come (MONO_NEVER: it need not come), and port_info.card_errors. */
void machine_blk_init(void);
void machine_blk_poll(void);
mono_ns machine_blk_due(void);
uint32_t machine_blk_errors(void);

/* port_pps.c */
void machine_pps_init(void);
void machine_pps_irq(void);

struct pps_report {
    uint32_t pulses;
    uint64_t at, done; /* last pulse: wanted, counter right after the store */
};

/* Fills *out with how the last pulse went. */
void machine_pps_last(struct pps_report *out);

#endif
