/* usb_eth.h -- what every USB Ethernet chip has in common: the rings and their
 * buffers, stamps, sending, and a watch over the device's health. A chip adds
 * its start-up and the framing of its transfers (struct usb_eth_chip); its
 * class driver (usb_core.h) calls, in this order:
 *
 *     start:  usb_eth_begin, then its own control transfers
 *     ready:  usb_eth_up
 *     poll:   usb_eth_poll     due: usb_eth_due     gone: usb_eth_gone
 *
 * The board sees it as usb_eth_ops, whichever chip it is.
 *
 * Receiving: USB_ETH_RX bulk INs are always queued; each is stamped in the
 * interrupt that reports it, which also arms the next buffer, so a busy loop
 * costs latency and not accuracy.
 *
 * Sending: the stamp is the counter just before the frame was handed to the
 * USB channel. So that it is never a guess, send() with a stamp pointer
 * starts the frame at once or returns RC_AGAIN (another frame is on its way:
 * some 10 us at high speed, 1.3 ms at full speed; in QEMU practically
 * never). send() with stamp == NULL may also queue, up to USB_ETH_TX frames,
 * and returns RC_AGAIN only when that ring is full. left() is the interrupt for
 * the transfer's end: the chip has the whole frame then, and begins. */
#ifndef USB_ETH_H
#define USB_ETH_H

#include "eth.h"
#include "usb_core.h"

#define USB_ETH_RX     8
#define USB_ETH_TX     8
#define USB_ETH_FRAME  1514
#define USB_ETH_GROUPS 8
/* QEMU moves a whole frame at once only when asked for more than 1536. */
#define USB_ETH_RX_BYTES 2048
#define USB_ETH_TX_BYTES 1536

/* A frame found in what was received; data NULL: none. */
struct usb_eth_frame {
    const uint8_t *data;
    size_t len;
};

/* How one kind of chip packs frames into transfers. */
struct usb_eth_chip {
    /* Takes bytes from the front of a received transfer, of which `len` are
     * left at p: outside input. Returns how many it took, at least one where
     * there is one, and sets *f where they complete a frame; f->data then lies
     * in p or with the chip, and stays until the next call. Called once with
     * len 0 for a transfer without data. A length that no frame has (0, say,
     * for a piece of something overlong) is counted and refused by the
     * caller. */
    size_t (*take)(void *self, const uint8_t *p, size_t len,
                   struct usb_eth_frame *f);
    /* Puts a frame and what goes before it into buf (USB_ETH_TX_BYTES), and
     * returns the sum of both lengths. NULL: the frame alone. */
    size_t (*pack)(void *self, uint8_t *buf, const uint8_t *frame, size_t len);
    /* The interrupt endpoint said this: outside input. */
    void (*noted)(void *self, const uint8_t *p, size_t len);
    /* A received transfer was lost. NULL: frames do not span transfers. */
    void (*lost)(void *self);
};

struct usb_eth_stats {
    uint32_t rx, tx, rx_bad, rx_errors, tx_errors, tx_busy;
    uint32_t rx_gap; /* frames that may have waited for a frame's end to pass */
    uint32_t deaf;   /* resets, since frames went out and none came in       */
};

/* What every chip here needs to know of the machine. */
struct usb_eth_machine {
    uint8_t mac[6]; /* for chips that have none of their own; zero: not known */
    uint32_t tick_hz; /* of hw_ticks()                                       */
};

struct usb_eth { /* struct usb's; one, since one device is in use at a time */
    /* These outlive a device. */
    struct usb_eth_machine machine;
    struct usb_eth_stats stats;
    uint8_t group[USB_ETH_GROUPS][6]; /* multicast addresses to be heard    */
    uint8_t groups;
    bool all_groups; /* more than these: all                               */
    uint32_t groups_changed;
    span_ns deaf_ns; /* patience with a device that hears nothing          */
    /* From here on: the device in use. */
    struct usb_dev *dev; /* NULL: free                                     */
    const struct usb_eth_chip *chip;
    void *self;           /* the chip's own state                             */
    bool running;         /* from usb_eth_up on                               */
    bool link;            /* the chip sets it                                 */
    uint8_t mac[6];       /* set before usb_eth_up                            */
    uint8_t asked;        /* the control transfer of ours that is under way   */
    uint8_t errors;       /* receive errors in a row                          */
    uint8_t silent;       /* health checks without an answer, in a row        */
    mono_ns heard;        /* last frame or successful health check            */
    uint32_t unheard;     /* frames sent since the last one came in         */
    mono_ns unheard_from; /* when the first of them was                     */
    /* The wire's speed, which the chip sets; 0: not known. A frame's time on
     * the wire is taken off its stamp: the chip has it whole before it says a
     * word of it, and on the way out the stamp is before its first bit too. */
    uint32_t mbps;
    struct dwc2_pipe in, out, notify;
    struct dwc2_xfer rx[USB_ETH_RX], tx[USB_ETH_TX], note;
    uint8_t full[USB_ETH_RX], full_head, full_count; /* rx slots to be read  */
    uint8_t tx_next;
    bool tx_stamped; /* the one before tx_next was, and left() not told yet   */
    uint32_t taken;  /* bytes of the oldest full slot that the chip took    */
    _Alignas(HW_LINE) uint8_t rx_buf[USB_ETH_RX][USB_ETH_RX_BYTES];
    _Alignas(HW_LINE) uint8_t tx_buf[USB_ETH_TX][USB_ETH_TX_BYTES];
    _Alignas(HW_LINE) uint8_t note_buf[HW_LINE];
};

/* Must be called once, before any device is there. */
void usb_eth_init(struct usb_eth *e, const struct usb_eth_machine *machine);

/* The multicast addresses to be heard from now on, by this device and by those
 * that come after it; more than USB_ETH_GROUPS: all there are. */
void usb_eth_groups(struct usb_eth *e, const uint8_t (*mac)[6], size_t count);

/* Ethernet's CRC-32 before its last complement, the first bit on the wire
 * being the highest: its top bits are what chips hash addresses by. */
uint32_t usb_eth_crc(const uint8_t *p, size_t len);

/* Sets e->mac: the chip's own address, if that is one (NULL: it has none),
 * else the board's, else one that is made up for this run. */
void usb_eth_choose_mac(struct usb_eth *e, const uint8_t own[6]);

/* Gives the rings to a device that was just configured: sets dev->cls to e, and
 * `self` goes to the chip's functions. RC_SPACE, with dev->why set: another
 * device has them, or the last one's transfers are not all back yet. */
int usb_eth_begin(struct usb_eth *e, struct usb_dev *dev,
                  const struct usb_eth_chip *chip, void *self) MUST_CHECK;

/* Opens both bulk pipes and starts to receive. With notify, not NULL, listens
 * to that interrupt endpoint too (one with packets beyond HW_LINE is left
 * alone). The link is taken to be up until the chip says otherwise. */
void usb_eth_up(struct usb_eth *e, const struct usb_endpoint *in,
                const struct usb_endpoint *out,
                const struct usb_endpoint *notify);

/* One pass of a running device: counts what was lost, clears halted endpoints
 * and, after ten silent seconds, asks whether the device still lives. Resets
 * one that does not. Before usb_eth_up it does nothing. */
void usb_eth_poll(struct usb_eth *e, mono_ns now);

/* When usb_eth_poll has something to do by itself, or MONO_NEVER. */
mono_ns usb_eth_due(const struct usb_eth *e);

/* The device was unplugged or is being reset: closes the pipes, frees the
 * rings as soon as their transfers are back. */
void usb_eth_gone(struct usb_eth *e);

/* For usb_ethernet(); dev is a struct usb_eth. */
extern const struct eth_ops usb_eth_ops;

#endif
