/* board.h -- Raspberry Pi 2 (BCM2836, and BCM2837 in 32-bit state): where
 * things are and what is wired to what. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_PERIPHERALS 0x3f000000u
#define BOARD_PERIPH_SIZE 0x01000000u
#define BOARD_LOCAL       0x40000000u /* timers, interrupts of the cores */
#define BOARD_LOCAL_SIZE  0x00100000u

#define BOARD_IRQC    (BOARD_PERIPHERALS + 0x00b200u)
#define BOARD_MAILBOX (BOARD_PERIPHERALS + 0x00b880u)
#define BOARD_PM      (BOARD_PERIPHERALS + 0x100000u)
#define BOARD_RNG     (BOARD_PERIPHERALS + 0x104000u)
#define BOARD_GPIO    (BOARD_PERIPHERALS + 0x200000u)
#define BOARD_PL011   (BOARD_PERIPHERALS + 0x201000u)
#define BOARD_SDHCI   (BOARD_PERIPHERALS + 0x300000u) /* Arasan */
#define BOARD_DWC2    (BOARD_PERIPHERALS + 0x980000u)

#define BOARD_IRQ_USB   9u
#define BOARD_IRQ_PL011 57u

#define BOARD_PIN_TXD      14u /* header pin 8  */
#define BOARD_PIN_RXD      15u /* header pin 10 */
#define BOARD_PIN_PPS      18u /* header pin 12 */
#define BOARD_PIN_LED      47u /* ACT, lit when high */
#define BOARD_PIN_SD_FIRST 48u /* clock, command, data 0..3: ALT3 is Arasan */
#define BOARD_PIN_SD_LAST  53u

#define BOARD_BAUD            115200u
#define BOARD_UART_HZ_DEFAULT 48000000u /* firmware's init_uart_clock    */
#define BOARD_COUNTER_HZ      19200000u /* crystal; where CNTFRQ is unset */

/* What QEMU's firmware stand-in calls itself, in every version seen. */
#define BOARD_QEMU_FIRMWARE 346337u

#endif
