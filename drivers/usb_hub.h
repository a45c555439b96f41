/* usb_hub.h -- USB hubs (USB 2.0 chapter 11), any depth up to USB_DEPTH.
 *
 * One control transfer at a time per hub; what the ports need is kept as
 * flags and done in turn, so nothing is refused and nothing lost. Ports are
 * looked at once after power-up, then when the hub's interrupt endpoint
 * reports a change. */
#ifndef USB_HUB_H
#define USB_HUB_H

#include "usb_core.h"

#define USB_HUBS      5
#define USB_HUB_PORTS 8 /* further ports stay off                            */

struct usb_hub_port {
    uint8_t state, tries, speed;
    bool check, want_reset, want_disable, want_power;
    uint16_t clear; /* change bits still to be acknowledged            */
    mono_ns when;   /* next look, or MONO_NEVER                        */
    struct usb_dev *child;
};

struct usb_hub {
    struct usb_dev *dev; /* NULL: free                                      */
    uint8_t state, ports, op, op_port;
    uint16_t op_bit;
    bool check_hub, clear_halt;
    uint16_t hub_clear;
    uint8_t errors;
    mono_ns when;
    span_ns power_good_ns;
    struct dwc2_pipe pipe;
    struct dwc2_xfer xfer;
    struct usb_hub_port port[USB_HUB_PORTS + 1]; /* from 1                   */
    _Alignas(HW_LINE) uint8_t buf[HW_LINE];
};

/* Its pool is an array of USB_HUBS struct usb_hub. */
extern const struct usb_class_driver usb_hub_driver;

#endif
