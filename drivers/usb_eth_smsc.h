/* usb_eth_smsc.h -- what Microchip's (SMSC's) LAN95xx and LAN78xx have in
 * common: 32-bit registers behind vendor requests, a PHY behind two of them,
 * and frames that follow each other in a byte stream, each with a header that
 * tells its length. A chip adds a struct smsc_chip: register scripts, framing.
 *
 * A script is a list of register accesses, one control transfer after the
 * other; nothing waits. A chip that does not answer, or whose bits never
 * settle, is reset through its hub's port and begins anew: so it goes on for
 * as long as it takes.
 *
 * All that the chip says is outside input. A length that cannot be a frame's
 * costs the rest of its transfer; the next one begins with a header again. */
#ifndef USB_ETH_SMSC_H
#define USB_ETH_SMSC_H

#include "usb_eth.h"

enum smsc_what {
    SMSC_END,
    SMSC_WRITE,  /* value                                                  */
    SMSC_ASK,    /* writes what the chip's value() says                    */
    SMSC_MODIFY, /* the bits of mask become those of value                 */
    SMSC_UNTIL,  /* reads until the bits of mask are those of value        */
    SMSC_ID,     /* reads it, for people                                   */
    SMSC_PHY_WRITE,
    SMSC_PHY_UNTIL,
    SMSC_PHY_READ, /* into usb_smsc.phy                                    */
};

struct smsc_op {
    uint8_t what;
    uint16_t reg; /* of the PHY: its number                                */
    uint32_t mask, value;
};

/* Registers of any PHY (IEEE 802.3, clause 22). */
enum { PHY_BMCR, PHY_BMSR, PHY_ID1, PHY_ID2, PHY_ANAR, PHY_ANLPAR };

#define BMCR_RESET     0x8000u
#define BMCR_NEGOTIATE 0x1200u /* enabled, restarted                         */
#define BMSR_LINK      0x0004u /* latched low                                */
#define BMSR_DONE      0x0020u
#define AN_100_FULL    0x0100u
#define AN_100_HALF    0x0080u
#define AN_10_FULL     0x0040u
#define AN_10_HALF     0x0020u
#define AN_SELECTOR    0x0001u

#define SMSC_HEAD 10 /* the longest header before a received frame           */

struct usb_smsc;

struct smsc_chip {
    const char *name;
    uint16_t mii_addr, mii_data;
    /* Scripts: from power-on to running; the link has come up, or its speed
     * has changed; the multicast groups have changed. */
    const struct smsc_op *start, *linked, *groups;
    uint32_t (*value)(const struct usb_smsc *s, uint16_t reg);
    uint16_t advertise; /* bits of PHY_ANAR                                 */
    /* Framing. head: bytes before a frame. shift: what the padding to 4 behind
     * a frame counts besides it. body(): bytes between header and padding, FCS
     * included; *bad: received with errors. pack(): see struct usb_eth_chip. */
    uint8_t head, shift;
    size_t (*body)(const uint8_t *head, bool *bad);
    size_t (*pack)(uint8_t *buf, const uint8_t *frame, size_t len);
};

/* Where the byte stream stands between two transfers. */
struct smsc_stream {
    uint8_t head[SMSC_HEAD];
    uint8_t have;  /* bytes of the header that are here                    */
    uint32_t want; /* bytes of the frame still to come                     */
    uint32_t got;  /* bytes of it in part                                  */
    uint32_t skip; /* bytes of padding still to come                       */
    uint8_t owed;  /* bytes of padding that may still come                   */
    bool bad;      /* the chip says so of this frame                       */
    uint8_t part[USB_ETH_FRAME + 4];
};

struct usb_smsc { /* struct usb's; one, as there is one struct usb_eth        */
    struct usb_eth *eth;
    const struct smsc_chip *chip;
    const struct smsc_op *script, *op; /* NULL: none is running              */
    uint8_t leg;       /* which access of a PHY's                     */
    uint8_t looks;     /* at a link that negotiates for ever          */
    uint8_t lost;      /* accesses without an answer, in a row        */
    bool asked;        /* a transfer of ours is under way             */
    bool up;           /* the start script is through                 */
    bool dropped;      /* the link was down since the last look       */
    mono_ns at, limit; /* next try; SMSC_UNTIL gives up                       */
    mono_ns look;      /* next look at the link                              */
    uint32_t word;     /* last register read                                 */
    uint32_t id;       /* ID_REV                                             */
    uint16_t phy[32];  /* last read                                          */
    bool full;         /* duplex                                             */
    uint32_t groups_seen;
    struct usb_endpoint in, out;
    struct smsc_stream stream;
};

/* For a chip's struct usb_class_driver: takes the device. */
int smsc_start(const struct usb_class *c, struct usb_dev *dev,
               const uint8_t *cfg, size_t len,
               const struct smsc_chip *chip) MUST_CHECK;
void smsc_poll(struct usb_dev *dev, mono_ns now);
mono_ns smsc_due(const struct usb_dev *dev);
void smsc_gone(struct usb_dev *dev);

/* Two halves of an Ethernet address as these chips take it: the first four
 * bytes, the first one lowest; the other two. */
uint32_t smsc_mac_low(const uint8_t mac[6]);
uint32_t smsc_mac_high(const uint8_t mac[6]);

/* The four bytes at p, low one first; and back. */
uint32_t smsc_get32(const uint8_t *p);
void smsc_put32(uint8_t *p, uint32_t v);

#endif
