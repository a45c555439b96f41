/* lan78xx_model.h -- LAN7515's and LAN7800's Ethernet chip (0424:7800):
 * registers behind vendor requests, the gigabit PHY in it, receive FIFO,
 * framing, perfect filter. A driver that negotiates gigabit or Energy Efficient
 * Ethernet is at fault. */
#ifndef LAN78XX_MODEL_H
#define LAN78XX_MODEL_H

#include "usb_chip.h"

extern const struct usb_chip_kind lan78xx_model;

/* A register as it stands. */
uint32_t lan78xx_reg(const struct usb_chip *c, unsigned reg);

/* What the PHY would tell its partner: abilities of 10 and 100 Mb/s, of
 * gigabit, EEE (registers 4, 9; 45.2.7.13). */
struct lan78xx_offer {
    uint16_t anar, gbcr, eee;
};
struct lan78xx_offer lan78xx_offer(const struct usb_chip *c);

/* Its PHY starts anew, unasked, and with what it likes to offer. */
void lan78xx_forget(struct usb_chip *c);

/* Frames that its FIFO had no room for; longer than MAC_RX allows; filtered;
 * sent or received while the MAC did not follow the PHY, and lost. */
struct lan78xx_counts {
    unsigned overrun, too_long, filtered, not_following;
};
struct lan78xx_counts lan78xx_counts(const struct usb_chip *c);

#endif
