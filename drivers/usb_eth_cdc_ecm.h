/* usb_eth_cdc_ecm.h -- Ethernet over USB, CDC Ethernet Control Model (ECM
 * 1.2): QEMU's usb-net, dongles with an RTL8152 or RTL8153, whose second
 * configuration it is, and whatever else speaks it. Its start-up, its framing
 * (a transfer is a frame) and its notifications; all else is usb_eth.h's. */
#ifndef USB_ETH_CDC_ECM_H
#define USB_ETH_CDC_ECM_H

#include "usb_eth.h"

struct usb_ecm {
    struct usb_eth *eth;
    uint8_t state; /* which control transfer of its start-up is under way */
    bool usb_net;  /* QEMU's device                                       */
    bool skip;     /* inside an overlong frame                            */
    bool speeds;   /* the next notification is the rest of the last one   */
    mono_ns guess; /* its link counts as up then, unless it says something */
    struct usb_ecm_desc desc;
};

/* Its pool is one struct usb_ecm. */
extern const struct usb_class_driver usb_ecm_driver;

#endif
