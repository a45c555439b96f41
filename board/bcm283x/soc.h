/* soc.h -- what BCM2835, BCM2836 and BCM2837 have in the same place: devices
 * counted from the board's BOARD_PERIPHERALS, and their interrupts. */
#ifndef SOC_H
#define SOC_H

#include "board.h"

#define SOC_PERIPHERALS_SIZE 0x01000000u
#define SOC_IRQC             (BOARD_PERIPHERALS + 0x00b200u)
#define SOC_MAILBOX          (BOARD_PERIPHERALS + 0x00b880u)
#define SOC_PM               (BOARD_PERIPHERALS + 0x100000u)
#define SOC_RNG              (BOARD_PERIPHERALS + 0x104000u)
#define SOC_GPIO             (BOARD_PERIPHERALS + 0x200000u)
#define SOC_PL011            (BOARD_PERIPHERALS + 0x201000u)
#define SOC_SDHCI            (BOARD_PERIPHERALS + 0x300000u) /* Arasan */
#define SOC_DWC2             (BOARD_PERIPHERALS + 0x980000u)

/* The cores' own controller: timers, interrupts. BCM2835 has none. */
#define SOC_LOCAL      0x40000000u
#define SOC_LOCAL_SIZE 0x00100000u

/* Interrupts of the GPU's controller. */
#define SOC_IRQ_USB   9u
#define SOC_IRQ_PL011 57u

/* What QEMU's firmware stand-in calls itself, in every version seen. */
#define SOC_QEMU_FIRMWARE 346337u

#endif
