/* soc.h -- what differs between BCM2835, BCM2836, BCM2837 and BCM2711, as
 * data: one row each in soc.c, chosen by the processor's part number before a
 * device is touched. Drivers get these numbers as arguments. */
#ifndef SOC_H
#define SOC_H

#include "core/base.h"
#include "sdhci_host.h"

enum soc_irq {
    SOC_IRQ_BCM2835, /* one controller for all; the processor has no timer */
    SOC_IRQ_BCM2836, /* the cores' own in front of that one               */
    SOC_IRQ_GIC400,
};

enum soc_rng { SOC_RNG_BCM2835, SOC_RNG_RNG200 };

enum soc_pulls { SOC_PULLS_CLOCKED /* GPPUD */, SOC_PULLS_DIRECT /* +0xe4 */ };

#define SOC_RANGES 3

struct soc {
    const char *name;
    uint32_t part; /* MIDR bits 4..15 */

    /* What is mapped as devices, in whole MB; size 0: not there. */
    struct {
        uint32_t base, size;
    } range[SOC_RANGES];

    /* Where the devices are; 0: there is none. */
    uintptr_t system_timer, mailbox, pm, rng, gpio, uart, sd, dwc2, genet;
    /* Where an emulator has the card, an Arasan then; 0: as silicon does. */
    uintptr_t sd_emulated;
    /* The GPU's interrupt controller, the cores' own timers and interrupt
     * lines, and the GIC's distributor, whose CPU interface is 0x1000 on. */
    uintptr_t irq_gpu, local, gic;

    enum soc_irq irq;
    enum soc_rng rng_kind;
    enum sdhci_kind sd_kind;
    enum soc_pulls pulls;
    unsigned sd_1v8_pin; /* expander's: low gives the card 3.3 V; 0: none */

    /* Numbers on this SoC's interrupt controller. */
    unsigned irq_usb, irq_uart, irq_genet[2];

    /* What the VideoCore's side (mailbox, USB) adds to a RAM address. GENET
     * sees RAM where the processor does. */
    uint32_t bus_alias;
    uint32_t cache_line; /* bytes of the processor's data caches */
    /* The counter's rate, where the processor does not tell a believable one
     * (CNTFRQ) or has no counter of its own. */
    uint32_t counter_hz;
};

/* The SoC's row, or NULL where the part number is none of ours. */
const struct soc *soc_of_midr(uint32_t midr);

/* The one that this machine is; set before anything else happens. */
extern const struct soc *soc;

/* The crystal times the system timer on all of them. */
#define SOC_SYSTEM_TIMER_HZ 1000000u

/* What QEMU's firmware stand-in calls itself, in every version seen. */
#define SOC_QEMU_FIRMWARE 346337u

#endif
