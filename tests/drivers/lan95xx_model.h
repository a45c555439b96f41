/* lan95xx_model.h -- LAN9512/9514's Ethernet chip (0424:ec00): registers
 * behind vendor requests, the PHY in it, receive FIFO, framing, filters. */
#ifndef LAN95XX_MODEL_H
#define LAN95XX_MODEL_H

#include "usb_chip.h"

extern const struct usb_chip_kind lan95xx_model;

/* A register as it stands. */
uint32_t lan95xx_reg(const struct usb_chip *c, unsigned reg);

/* Frames that its FIFO had no room for; filtered; sent or received while the
 * MAC's duplex was not the PHY's, and lost. */
struct lan95xx_counts {
    unsigned overrun, filtered, duplex;
};
struct lan95xx_counts lan95xx_counts(const struct usb_chip *c);

#endif
