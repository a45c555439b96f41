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
#include "machine.h"
#include "model.h"
#include "pl011.h"
#include "rng.h"
#include "soc.h"
#include "timer.h"
#include "vc.h"

struct machine_facts {
    uint32_t revision; /* of the board; 0: not told */
    uint8_t mac[6];    /* the board's own, for chips that have none; never 0 */
    bool emulated;
    uint32_t entry_cpsr; /* the mode that start.S found */
};

extern struct machine_facts machine_facts;
extern struct vc machine_vc;
extern const struct board_model *machine_model; /* of the revision */
extern struct pl011 machine_uart;
extern struct rng machine_rng;

/* Set by every interrupt but the idle deadline's; port_poll clears it. */
extern volatile bool machine_woken;

/* Sends what still waits for the UART, in bounded time. Interrupts must be
 * masked. */
void machine_uart_drain(void);

/* One kind of interrupt controller; irq.c chooses by soc->irq. */
struct machine_irq {
    /* Turns every interrupt off but the timers'. */
    void (*init)(void);
    /* Turns one on, by its number in struct soc. */
    void (*enable)(unsigned n);
    /* Called in the interrupt: hands on whatever is pending, the pulse's timer
     * first (machine_pps_irq), then the other (machine_silence_irq), then the
     * devices; pc is what was interrupted. */
    void (*handle)(uint32_t pc);
};
extern const struct machine_irq machine_irq_bcm2835;
extern const struct machine_irq machine_irq_bcm2836;
extern const struct machine_irq machine_irq_gic400;

/* stage.c: a line of the boot log, for whoever looks at the console and for
 * port_fact. Begin, add to the text, end: it is shown with the time, and kept
 * as long as there is room. */
#define MACHINE_STAGE_BYTES 160u /* of a line, with its end */
struct text *machine_stage(const char *what);
void machine_stage_end(void);

/* stage.c: line n of what was shown; NULL where there is none. */
const char *machine_stage_line(unsigned n);

/* facts.c: notes where the counters stand. */
void machine_facts_start(void);

/* facts.c: false where the counter's rate, by the system timer, is 2 % off what
 * it is said to be; needs a millisecond since machine_facts_start. */
bool machine_counter_believable(void);

/* irq.c: as struct machine_irq has it, on this SoC's controller. */
void machine_irq_init(void);
void machine_irq_enable(unsigned n);

/* irq.c: a device's interrupt, by its number in struct soc, is pending. */
void machine_irq_device(unsigned n);

/* irq.c: the same for all of the GPU's controller, as bits 0 .. 63. */
void machine_irq_devices(uint64_t pending);

/* port.c: from here on the seconds without port_watchdog_kick are counted. */
void machine_silence_arm(void);

/* port.c: the wake-up timer has fired. Ends a run that hangs at pc, and does
 * not return then. */
void machine_silence_irq(uint32_t pc);

#define MACHINE_ETH_FACTS 16u

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
    /* As port_eth_groups; NULL: it hears all. */
    void (*groups)(const uint8_t (*mac)[6], size_t count);
    /* As port_info.trouble. */
    const char *(*trouble)(void);
    /* Whether there is a device, its link up or not (as port_info.eth_silent
     * and eth_foreign). */
    enum machine_eth_found {
        MACHINE_ETH_THERE,
        MACHINE_ETH_SILENT,
        MACHINE_ETH_FOREIGN
    } (*found)(void);
    /* Adds a line for port_fact, n below MACHINE_ETH_FACTS, or nothing. NULL
     * where there is never one. */
    void (*fact)(unsigned n, struct text *t);
};
extern const struct machine_eth machine_eth_usb;
extern const struct machine_eth machine_eth_genet;
extern const struct machine_eth machine_eth_none; /* port_eth.c */
extern const struct machine_eth *machine_eth;     /* the one in use */

/* port_blk.c: routes the card's pins and begins to look for a card. */
void machine_blk_init(void);

/* port_blk.c: one pass of the loop. */
void machine_blk_poll(void);

/* port_blk.c: the time by which the next pass must come, or MONO_NEVER. */
mono_ns machine_blk_due(void);

struct text;

/* port_blk.c: what port_fact says of the card and its controller. */
void machine_blk_fact(struct text *t);

/* port_blk.c: port_info.card_errors. */
uint32_t machine_blk_errors(void);

/* port_pps.c: keeps the usual pin quiet until a pulse is asked for, on a board
 * whose header is known. */
void machine_pps_init(void);

/* port_pps.c: the pulse's timer has fired: raises or drops the pin. */
void machine_pps_irq(void);

struct pps_report {
    uint32_t pulses;
    uint64_t at, done; /* last pulse: wanted, counter right after the store */
};

/* Fills *out with how the last pulse went. */
void machine_pps_last(struct pps_report *out);

#endif
