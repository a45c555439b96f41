/* usb_eth_lan78xx.h -- LAN7515 (Raspberry Pi 3B+, behind two hubs of its own)
 * and LAN7800 (dongles), at USB high speed.
 *
 * The chip can do gigabit, and would lose frames by it: a burst overruns its
 * 12 KB of receive memory faster than USB empties them. So it offers its
 * partner 100 Mb/s full duplex and nothing else, and no Energy Efficient
 * Ethernet. What cannot do 100 Mb/s full duplex, an old hub or a port set to 10
 * or half duplex by hand, gets no link.
 *
 * Set up for time, as usb_eth_lan95xx.h says. */
#ifndef USB_ETH_LAN78XX_H
#define USB_ETH_LAN78XX_H

#include "usb_eth_smsc.h"

/* Its pool is the struct usb_smsc that it shares with others of its kind. */
extern const struct usb_class_driver usb_lan78xx_driver;

#endif
