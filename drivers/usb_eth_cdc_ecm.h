/* usb_eth_cdc_ecm.h -- Ethernet over USB, CDC Ethernet Control Model (ECM
 * 1.2): QEMU's usb-net and whatever else speaks it.
 *
 * Receiving: USB_ECM_RX bulk INs are always queued; each frame is stamped in
 * the interrupt that reports it, which also arms the next buffer, so a busy
 * loop costs latency and not accuracy.
 *
 * Sending: the stamp is the counter just before the frame was handed to the
 * USB channel. So that it is never a guess, send() with a stamp pointer
 * starts the frame at once or returns RC_AGAIN (another frame is on its way:
 * some 10 us at high speed, 1.3 ms at full speed; in QEMU practically
 * never). send() with stamp == NULL may also queue, up to USB_ECM_TX frames,
 * and returns RC_AGAIN only when that ring is full. */
#ifndef USB_ETH_CDC_ECM_H
#define USB_ETH_CDC_ECM_H

#include "eth.h"
#include "usb_core.h"

#define USB_ECM_RX    8
#define USB_ECM_TX    8
#define USB_ECM_FRAME 1514
/* QEMU moves a whole frame at once only when asked for more than 1536. */
#define USB_ECM_RX_BYTES 2048
#define USB_ECM_TX_BYTES 1536

struct usb_ecm_stats {
    uint32_t rx, tx, rx_bad, rx_errors, tx_errors, tx_busy;
};

struct usb_ecm {
    struct usb_dev *dev; /* NULL: free                                     */
    uint8_t state;
    bool link;    /* as its notifications say; true without them    */
    bool usb_net; /* QEMU's device                                  */
    bool skip;    /* inside an overlong frame                       */
    struct usb_ecm_desc desc;
    uint8_t mac[6];
    uint8_t errors, silent; /* receive errors, failed health checks in a row */
    mono_ns heard;          /* last frame or successful health check          */
    struct dwc2_pipe in, out, notify;
    struct dwc2_xfer rx[USB_ECM_RX], tx[USB_ECM_TX], note;
    uint8_t full[USB_ECM_RX], full_head, full_count; /* rx slots to be read  */
    uint8_t tx_next;
    struct usb_ecm_stats stats;
    _Alignas(HW_LINE) uint8_t rx_buf[USB_ECM_RX][USB_ECM_RX_BYTES];
    _Alignas(HW_LINE) uint8_t tx_buf[USB_ECM_TX][USB_ECM_TX_BYTES];
    _Alignas(HW_LINE) uint8_t note_buf[HW_LINE];
};

/* pool: one struct usb_ecm. */
extern const struct usb_class_driver usb_ecm_driver;
/* dev: that struct usb_ecm. */
extern const struct eth_ops usb_ecm_eth;

#endif
