/* board.h -- Raspberry Pi 2 B (BCM2836, or BCM2837 in 32-bit state): where its
 * devices are and what is wired to what. What every SoC of the family has at
 * the same place is in board/bcm283x/soc.h. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "Raspberry Pi 2 Model B"
#define BOARD_SOC  "BCM2836" /* where the revision code does not tell */

#define BOARD_PERIPHERALS 0x3f000000u
#define BOARD_BUS_ALIAS                                                        \
    0xc0000000u /* RAM as a DMA master sees it, past the
                                         GPU's L2 cache */

#define BOARD_PIN_TXD      14u /* header pin 8  */
#define BOARD_PIN_RXD      15u /* header pin 10 */
#define BOARD_PIN_PPS      18u /* header pin 12 */
#define BOARD_PIN_LED      47u /* ACT, lit when high */
#define BOARD_PIN_SD_FIRST 48u /* clock, command, data 0..3: ALT3 is Arasan */
#define BOARD_PIN_SD_LAST  53u

#define BOARD_BAUD            115200u
#define BOARD_UART_HZ_DEFAULT 48000000u /* firmware's init_uart_clock    */
#define BOARD_COUNTER_HZ      19200000u /* crystal; where CNTFRQ is unset */

#define BOARD_ETH machine_eth_usb /* board/bcm283x/machine_private.h */

#endif
