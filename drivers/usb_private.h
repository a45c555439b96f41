/* usb_private.h -- what usb_core.c, usb_root.c and usb_hub.c share: a device's
 * way from its port to the bus and back. */
#ifndef USB_PRIVATE_H
#define USB_PRIVATE_H

#include "usb_core.h"

/* A device has been on this port for 100 ms. NULL: no room for another one. */
struct usb_dev *usb_attach(struct usb_core *c, struct usb_dev *hub,
                           uint8_t port);

/* The device has left its port, and with it all that hung on it. */
void usb_detach(struct usb_dev *dev);

/* The port answers the core's port_reset: its reset is over by 10 ms, and the
 * device runs at this speed. */
void usb_port_ready(struct usb_dev *dev, uint8_t speed);

/* The other answer: its reset has failed, and why. */
void usb_port_failed(struct usb_dev *dev, const char *why);

/* The port answers the core's port_disable: it is off. */
void usb_port_off(struct usb_dev *dev);

/* ---- usb_root.c: the controller's own port, as a hub's driver has its ---- */

/* Resets the device on it. */
void usb_root_reset(struct usb_core *c);

/* Looks again at what is there, as if it had just been plugged in. */
void usb_root_rescan(struct usb_core *c);

/* One pass of the loop. */
void usb_root_poll(struct usb_core *c);

/* When usb_root_poll has something to do without an interrupt, or
 * MONO_NEVER. */
mono_ns usb_root_due(const struct usb_core *c);

#endif
