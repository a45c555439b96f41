/* usb_desc.h -- reading USB descriptors (USB 2.0 chapter 9, CDC 1.2, ECM).
 *
 * Pure. The bytes come from whatever was plugged in: nothing here asserts or
 * reads outside them, and a descriptor that does not fit ends the walk. */
#ifndef USB_DESC_H
#define USB_DESC_H

#include "core/base.h"

enum {
    USB_DT_DEVICE = 1,
    USB_DT_CONFIG = 2,
    USB_DT_STRING = 3,
    USB_DT_INTERFACE = 4,
    USB_DT_ENDPOINT = 5,
    USB_DT_CS_INTERFACE = 0x24,
    USB_DT_HUB = 0x29,
};

struct usb_device_desc {
    uint16_t usb_bcd, vid, pid, bcd;
    uint8_t dev_class, subclass, protocol, mps0, configs;
    uint8_t product; /* number of the string, or 0                         */
};

struct usb_endpoint {
    uint8_t number, type; /* without the direction bit; as in bmAttributes    */
    bool in;
    uint16_t mps;
    uint8_t interval; /* bInterval as it stands                          */
};

/* One walk over a configuration. type/p/len: the present descriptor. */
struct usb_walk {
    const uint8_t *at, *end;
    const uint8_t *p;
    uint8_t type, len;
};

/* The two bytes at p, low one first. */
uint16_t usb_get16(const uint8_t *p);

/* Reads a device descriptor, of which all 18 bytes must be there. Returns
 * RC_BAD where it is none. */
int usb_desc_device(const uint8_t *p, size_t len,
                    struct usb_device_desc *out) MUST_CHECK;
/* The length of a whole configuration, as its first 9 bytes say it; RC_BAD
 * where they are no configuration descriptor. */
int usb_desc_total(const uint8_t *p, size_t len) MUST_CHECK;

/* What kind of device it is: its class or, where each interface has its own,
 * that of its first. */
uint8_t usb_desc_kind(const struct usb_device_desc *d, const uint8_t *cfg,
                      size_t len);

/* Reads a string descriptor as ASCII, question marks for all else; "" where it
 * is none. out holds cap bytes, the last 0 included. */
void usb_desc_text(const uint8_t *str, size_t len, char *out, size_t cap);

/* Begins a walk over a whole configuration, its own 9-byte descriptor first. */
struct usb_walk usb_walk_of(const uint8_t *cfg, size_t len);

/* Goes on to the next descriptor, and returns whether there is one. */
bool usb_walk_next(struct usb_walk *w);

/* Reads the present descriptor as an endpoint. Returns RC_BAD unless it is
 * one that can work. */
int usb_desc_endpoint(const struct usb_walk *w,
                      struct usb_endpoint *out) MUST_CHECK;

/* How often an interrupt endpoint wants to be asked, in nanoseconds (9.6.6). */
int64_t usb_interval_ns(const struct usb_endpoint *e, bool high_speed);

/* Finds the first endpoint of the hub interface. Returns RC_BAD where the
 * configuration is no hub's. */
int usb_desc_hub_endpoint(const uint8_t *cfg, size_t len,
                          struct usb_endpoint *out) MUST_CHECK;

/* Finds the first interface with a bulk endpoint each way. Returns RC_BAD where
 * there is none. */
int usb_desc_bulk_pair(const uint8_t *cfg, size_t len, struct usb_endpoint *in,
                       struct usb_endpoint *out) MUST_CHECK;

/* An Ethernet Control Model function (ECM 1.2 section 5). */
struct usb_ecm_desc {
    uint8_t control_if, data_if, data_alt;
    uint8_t mac_string; /* iMACAddress                                     */
    bool has_notify;
    struct usb_endpoint notify, in, out;
};

/* Finds such a function in a configuration. Returns RC_BAD where there is none,
 * or one that lacks what it needs. */
int usb_desc_ecm(const uint8_t *cfg, size_t len,
                 struct usb_ecm_desc *out) MUST_CHECK;

/* Reads an Ethernet address from a string descriptor of 12 hexadecimal digits.
 * Returns RC_BAD where it is not one, or is a group or all-zero address. */
int usb_desc_mac(const uint8_t *str, size_t len, uint8_t mac[6]) MUST_CHECK;

#endif
