/* usb.h -- the whole USB side as a board sees it: one static struct, a poll,
 * an interrupt, and the Ethernet that came up on it.
 *
 *     static struct usb usb;
 *     usb_init(&usb, PERIPHERALS + 0x980000,         power on first (mailbox)
 *              &(struct usb_eth_machine){...}, now);
 *     loop:       usb_poll(&usb, now);   at the latest at usb_due(&usb)
 *     IRQ 9:      usb_irq(&usb);         optional; without it stamps are
 *                                        taken in usb_poll
 *     Ethernet:   void *dev;
 *                 const struct eth_ops *e = usb_ethernet(&usb, &dev);
 *                 NULL until a device is up and again when it is unplugged:
 *                 ask each time
 *
 * Holds DMA buffers (about 50 KB): plain cached memory, aligned by its type.
 * No call blocks. hw.h is what it needs of the machine. */
#ifndef USB_H
#define USB_H

#include "usb_eth_cdc_ecm.h"
#include "usb_eth_lan78xx.h"
#include "usb_eth_lan95xx.h"
#include "usb_hub.h"

#define USB_CLASSES 4

struct usb {
    struct dwc2 host;
    struct usb_core core;
    struct usb_class classes[USB_CLASSES];
    struct usb_hub hub[USB_HUBS];
    struct usb_eth eth;
    struct usb_ecm ecm;
    struct usb_smsc smsc;
    char text[240]; /* usb_refused's                                        */
};

/* Starts the controller; the bus comes up over the next polls. */
void usb_init(struct usb *u, uintptr_t dwc2_base,
              const struct usb_eth_machine *machine, mono_ns now);

/* Does what is due on the bus; calls back from here only. */
void usb_poll(struct usb *u, mono_ns now);

/* When usb_poll has something to do without an interrupt, or MONO_NEVER. */
mono_ns usb_due(struct usb *u);

/* Must be called from the interrupt handler; it may interrupt any other call
 * of this header. */
void usb_irq(struct usb *u);

/* The functions of the Ethernet device in use and, in *dev, their first
 * argument; or NULL where there is none whose link is up. */
const struct eth_ops *usb_ethernet(struct usb *u, void **dev);

/* Whether there is an Ethernet device, its link up or not; and whether there is
 * any device that no driver made something of. */
bool usb_has_ethernet(const struct usb *u);
bool usb_has_foreign(const struct usb *u);

/* The multicast addresses that the Ethernet is to hear from now on. */
void usb_groups(struct usb *u, const uint8_t (*mac)[6], size_t count);

/* One line on why there is no Ethernet: what is wrong with the controller or
 * the port, or which device has been refused; NULL where there is nothing to
 * say. The text stays until the next call of this or the one below. */
const char *usb_trouble(struct usb *u);

/* One line on a device that is not used: which one (ids, what it calls itself,
 * its kind, its port) and why; NULL where there is none. Of several it is the
 * one that the Ethernet is likeliest to be. */
const char *usb_refused(struct usb *u);

#endif
