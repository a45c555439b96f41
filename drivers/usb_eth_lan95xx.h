/* usb_eth_lan95xx.h -- LAN9512, LAN9514 (Raspberry Pi B to 3B, behind their
 * own hub), LAN9500 and LAN9500A (dongles): 10/100 Mb/s at USB high speed.
 *
 * Set up for time, not for throughput: one frame a transfer, nothing held
 * back, checksums left to lwIP. The link is looked at every second; the
 * interrupt endpoint stays closed, since asking it every millisecond would
 * stand in the way of frames. */
#ifndef USB_ETH_LAN95XX_H
#define USB_ETH_LAN95XX_H

#include "usb_eth_smsc.h"

/* Its pool is the struct usb_smsc that it shares with others of its kind. */
extern const struct usb_class_driver usb_lan95xx_driver;

#endif
