/* usb_core.h -- devices on the bus: found, addressed, configured, given to a
 * class driver, taken away again.
 *
 * Enumeration is a state machine per device. Only one device at a time may
 * be at address 0: the others wait for their turn (`turn`), from their port's
 * reset until SET_ADDRESS is through. Each device has one control transfer of
 * its own, so no device waits for another's.
 *
 * What a device says (descriptors, status) is outside input: it is refused
 * with a reason in dev->why, three tries, and three more every half minute. */
#ifndef USB_CORE_H
#define USB_CORE_H

#include "dwc2.h"
#include "usb_desc.h"

#define USB_DEVICES   12   /* hubs included                                  */
#define USB_DEPTH     5    /* hubs in a row (USB 2.0, 4.1.1)                 */
#define USB_CTL_BYTES 1024 /* longest configuration                          */

struct usb_class;
struct usb_core;
struct usb_dev;
struct usb_eth;

/* One per kind of device; all calls come from usb_core_poll. Another Ethernet
 * chip is one of these and a struct usb_eth_chip (usb_eth.h), and a row of the
 * table in usb.c. */
struct usb_class_driver {
    const char *name;
    /* Does this driver want the device in this configuration? */
    bool (*match)(const struct usb_device_desc *d, const uint8_t *cfg,
                  size_t len);
    /* The device is configured. cfg lies in dev->buf: take from it what is
     * needed before the first control transfer. On success set dev->cls.
     * RC_BAD, RC_SPACE: refused, with dev->why set. */
    int (*start)(const struct usb_class *c, struct usb_dev *dev,
                 const uint8_t *cfg, size_t len);
    void (*poll)(struct usb_dev *dev, mono_ns now);
    mono_ns (*due)(const struct usb_dev *dev);
    /* Unplugged, or being reset: close every pipe, forget dev. */
    void (*gone)(struct usb_dev *dev);
    /* Hubs only: reset, switch off, look again at one port. Answered by
     * usb_port_ready, usb_port_failed, usb_port_off. */
    void (*port_reset)(struct usb_dev *hub, uint8_t port);
    void (*port_disable)(struct usb_dev *hub, uint8_t port);
    void (*port_rescan)(struct usb_dev *hub, uint8_t port);
};

struct usb_class {
    const struct usb_class_driver *driver;
    void *pool; /* the driver's instances, owned by struct usb               */
    struct usb_eth *eth; /* the rings that all Ethernet chips share, or NULL */
};

enum usb_dev_state {
    USB_FREE,
    USB_WAIT,  /* for the turn at address 0                               */
    USB_RESET, /* its port is being reset                                 */
    USB_DESC8,
    USB_ADDRESS,
    USB_SETTLE, /* 2 ms after SET_ADDRESS (9.2.6.3)                        */
    USB_DESC18,
    USB_CFG9,
    USB_CFG,
    USB_SET_CFG,
    USB_NAME,    /* no driver; what does it call itself?                    */
    USB_RUN,     /* a class driver has it                                   */
    USB_UNUSED,  /* no driver; addressed and left alone                     */
    USB_DISABLE, /* given up; its port is being switched off                */
    USB_FAILED,
    USB_CLOSING, /* gone; its transfers are being taken back                */
};

typedef void usb_ctl_done(struct usb_dev *dev, int rc, size_t actual);

struct usb_dev {
    struct usb_core *core;
    struct usb_dev *parent; /* hub, or NULL on the root port                */
    uint8_t state, port, depth, addr, tries, config, speed;
    uint32_t seq; /* order of arrival                             */
    mono_ns when;
    struct usb_device_desc desc;
    const char *why; /* NULL, or why it is not in use                */
    char name[32];   /* of what has no driver; "" where it tells none */
    uint8_t kind;    /* its class, or its first interface's          */
    const struct usb_class_driver *driver;
    void *cls; /* the driver's                                 */
    struct dwc2_pipe ep0;
    struct dwc2_xfer ctl;
    usb_ctl_done *ctl_done;
    uint16_t cfg_len;    /* bytes of the configuration in buf            */
    const char *skipped; /* why a configuration was passed over, or NULL */
    _Alignas(HW_LINE) uint8_t setup[HW_LINE];
    _Alignas(HW_LINE) uint8_t buf[USB_CTL_BYTES];
};

struct usb_core {
    struct dwc2 *host;
    const struct usb_class *classes;
    size_t nclasses;
    uint8_t root_state;
    bool over_current;
    enum dwc2_speed root_speed;
    mono_ns root_when;
    struct usb_dev *root; /* the device on the root port, or NULL         */
    struct usb_dev *turn; /* who is at address 0, or NULL                 */
    uint32_t seq;
    uint32_t attached, removed, failed, resets;
    const char *last_reset; /* why a driver last gave its device up         */
    struct usb_dev dev[USB_DEVICES];
};

/* Begins with nothing attached. host and classes must stay; the first class
 * whose driver matches takes a device. */
void usb_core_init(struct usb_core *c, struct dwc2 *host,
                   const struct usb_class *classes, size_t nclasses);

/* Must be called after each dwc2_poll, whose time it shares. */
void usb_core_poll(struct usb_core *c);

/* When usb_core_poll has something to do, or MONO_NEVER. */
mono_ns usb_core_due(const struct usb_core *c);

/* ---- for class drivers ---- */

struct usb_request {
    uint8_t type, request;
    uint16_t value, index, length;
};

/* Starts a control transfer; RC_STATE while the device's last one is still
 * under way. IN data arrives in dev->buf; OUT data is put there first. done is
 * called with RC_OK, RC_IO (refused) or RC_TIMEOUT, and never after the
 * driver's gone(). */
int usb_control(struct usb_dev *dev, struct usb_request r,
                usb_ctl_done *done) MUST_CHECK;

/* Whether usb_control would take another one now. */
bool usb_control_idle(const struct usb_dev *dev);

/* The time of this poll. */
mono_ns usb_now(const struct usb_dev *dev);

/* Opens a pipe to an endpoint of this device. */
void usb_open(struct usb_dev *dev, struct dwc2_pipe *p,
              const struct usb_endpoint *e);

/* Takes the device away and finds it again, from its port's reset on. */
void usb_reset(struct usb_dev *dev, const char *why);

#endif
