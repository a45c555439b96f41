/* model.h -- what differs between boards that carry the same SoC, as data: one
 * row each in model.c, chosen by the revision code that the VideoCore firmware
 * tells. No pin but the console's is touched before. */
#ifndef MODEL_H
#define MODEL_H

#include "core/base.h"

enum model_led {
    MODEL_LED_NONE,
    MODEL_LED_HIGH,     /* on a GPIO, lit when high */
    MODEL_LED_LOW,      /* lit when low             */
    MODEL_LED_EXPANDER, /* behind the VideoCore: by the mailbox alone */
};

enum model_eth {
    MODEL_ETH_NONE, /* on no account */
    MODEL_ETH_DONGLE,
    MODEL_ETH_USB, /* a chip on the SoC's USB */
    MODEL_ETH_GENET,
};

struct board_model {
    const char *name;
    enum model_led led;
    unsigned led_pin; /* GPIO, or the expander's number */
    /* WiFi and Bluetooth: the firmware may have given GPIO34-39 to the card's
     * controller and GPIO32-33 to the PL011. */
    bool radio;
    enum model_eth eth;
    bool emmc; /* may have eMMC soldered on, which is no SD card */
    /* GPIO 0 .. 27 that are on the header, the console's two included. */
    uint32_t header;
};

#define MODEL_PIN_TXD 14u /* header pin 8, on every board  */
#define MODEL_PIN_RXD 15u /* header pin 10                 */
#define MODEL_PIN_PPS 18u /* header pin 12, unless set otherwise */

/* The row of this revision code, old style or new, overvoltage and warranty
 * bits masked. A board that has no row gets one with which no pin is driven
 * and nothing but console and card started; 0, a firmware that told none,
 * likewise, but Ethernet is looked for on USB. Never NULL. */
const struct board_model *board_model_of(uint32_t revision);

/* Whether there is a row for this code. */
bool board_model_known(uint32_t revision);

#endif
