/* rpi2.h -- what the files of this board share. Only board/rpi2 includes it.
 *
 * board.c brings the machine up and owns the drivers' structs, port.c is
 * firmware/port.h on them; Ethernet and card are in files of their own. */
#ifndef RPI2_H
#define RPI2_H

#include "bcm2836_irq.h"
#include "core/base.h"
#include "pl011.h"
#include "rng.h"

struct rpi2_facts { /* from the VideoCore firmware; zeros if it is mute */
    uint32_t firmware, revision, memory_bytes, emmc_hz;
    uint32_t uart_hz; /* never 0 */
    uint8_t mac[6];   /* the board's own, for LAN95xx; zero if not known */
    bool emulated;
    uint32_t entry_cpsr; /* the mode that start.S found */
};

extern struct rpi2_facts rpi2_facts;
extern struct pl011 rpi2_uart;
extern struct rng rpi2_rng;
extern const struct bcm2836_irq rpi2_irq;

uint32_t rpi2_hz(void);
mono_ns rpi2_now(void); /* since start-up; for drivers' deadlines */

/* An interrupt other than the idle deadline came since it was cleared. */
extern volatile bool rpi2_woken;

void rpi2_uart_drain(void); /* bounded; interrupts masked */

/* The timer has fired: count the seconds of silence, end a run that hangs at
 * pc. rpi2_silence_arm() from start-up on. */
void rpi2_silence_arm(void);
void rpi2_silence_irq(uint32_t pc);

/* port_eth.c, port_blk.c: start-up, one pass, and when the next pass must
 * come at the latest even without an interrupt (INT64_MAX: not
 * at all). */
void rpi2_eth_init(void);
void rpi2_eth_poll(void);
void rpi2_eth_irq(void);
mono_ns rpi2_eth_due(void);
const char *rpi2_eth_trouble(void); /* as port_info().trouble */
void rpi2_blk_init(void);
void rpi2_blk_poll(void);
mono_ns rpi2_blk_due(void);
uint32_t rpi2_blk_errors(void);

/* port_pps.c */
void rpi2_pps_init(void);
void rpi2_pps_irq(void);

struct pps_report {
    uint32_t pulses;
    uint64_t at, done; /* last pulse: wanted, counter right after the store */
};
void rpi2_pps_last(struct pps_report *out);

#endif
