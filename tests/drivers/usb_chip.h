/* usb_chip.h -- a USB Ethernet chip as a model, whatever it hangs on: the
 * model of a DWC2 with its packets (usb_dev_model.h), QEMU by usb-redir
 * (usbredir.c). A kind of chip is a struct of functions; what all have in
 * common is here: the wire, how it and the transfers misbehave, time.
 *
 *     chip_init, chip_reset at each bus reset, chip_clock as time passes;
 *     chip_control, chip_out, chip_in, chip_note from the bus;
 *     chip_frame for what the wire brings; wire() is called for what leaves. */
#ifndef USB_CHIP_H
#define USB_CHIP_H

#include "core/base.h"

#define CHIP_FRAME    1600
#define CHIP_TRANSFER 32768

struct usb_chip;

struct usb_chip_kind {
    const char *name;
    const uint8_t *device; /* descriptor, 18 bytes                           */
    /* Writes configuration `index`, and returns its length. */
    size_t (*config)(const struct usb_chip *c, unsigned index, uint8_t *b);
    uint8_t configs;
    const char *mac; /* string 3: 12 digits; or NULL                        */
    uint8_t in, out, note; /* endpoint numbers                               */
    size_t state;          /* bytes of its own state, at most CHIP_STATE     */
    void (*reset)(struct usb_chip *c);
    /* A vendor's or class's request; data both ways. False: refused. */
    bool (*control)(struct usb_chip *c, const uint8_t setup[8], uint8_t *data,
                    size_t *len);
    /* SET_CONFIGURATION, SET_INTERFACE; NULL: any will do. */
    bool (*configure)(struct usb_chip *c, uint8_t configuration);
    bool (*alternate)(struct usb_chip *c, uint8_t interface, uint8_t alt);
    /* A whole bulk OUT transfer. */
    void (*out_done)(struct usb_chip *c, const uint8_t *p, size_t len);
    /* The next bulk IN transfer; 0: nothing to say. *empty: say that with an
     * empty packet instead of a NAK. */
    size_t (*in_next)(struct usb_chip *c, uint8_t *b, bool *empty);
    /* What the interrupt endpoint has to say; 0: nothing. */
    size_t (*note_next)(struct usb_chip *c, uint8_t *b);
    /* A frame without its FCS has come from the wire, whole. */
    void (*frame)(struct usb_chip *c, const uint8_t *p, size_t len);
    void (*clock)(struct usb_chip *c);
    /* The cable, or what is at its other end, has changed. */
    void (*linked)(struct usb_chip *c);
};

#define CHIP_STATE 131072

/* At the other end of the cable. */
struct chip_partner {
    bool there;
    uint32_t mbps; /* 10, 100, 1000                                          */
    bool full, negotiates;
};

struct usb_chip {
    const struct usb_chip_kind *kind;
    bool high; /* USB high speed                                             */
    uint64_t now_ns;
    uint64_t negotiation_ns; /* how long it takes                           */
    struct chip_partner partner;
    void (*wire)(void *ctx, const uint8_t *frame, size_t len);
    void *ctx;
    bool any_offer; /* a driver that is not ours may offer what it likes    */
    /* How it misbehaves. */
    bool dead;      /* answers nothing, whatever is done                    */
    bool silent;    /* answers nothing any more, until a bus reset       */
    bool stuck;     /* receives nothing any more, until a bus reset      */
    unsigned pack;  /* so many frames in a transfer, if there are        */
    unsigned cut;   /* transfers of so many bytes, wherever that cuts    */
    unsigned lose;  /* every so many-th frame is lost                    */
    unsigned twice; /* every so many-th frame comes twice                */
    /* What the driver did that must not be done; the first in words. */
    unsigned faults;
    char fault[120];
    unsigned resets, frames_in, frames_out, transfers;
    /* Private. */
    unsigned counted;
    uint8_t configuration;
    uint8_t rest[CHIP_TRANSFER]; /* of a transfer that was cut              */
    size_t rest_len, rest_at;
    _Alignas(16) uint8_t state[CHIP_STATE];
};

void chip_init(struct usb_chip *c, const struct usb_chip_kind *kind, bool high,
               void (*wire)(void *ctx, const uint8_t *frame, size_t len),
               void *ctx);
void chip_reset(struct usb_chip *c);
void chip_clock(struct usb_chip *c, uint64_t now_ns);

/* How an endpoint answers. */
enum chip_answer { CHIP_OK, CHIP_NAK, CHIP_STALL, CHIP_SILENT };

/* Any control request but SET_ADDRESS; data holds 2048 bytes, *len of them
 * from the host or for it. */
enum chip_answer chip_control(struct usb_chip *c, const uint8_t setup[8],
                              uint8_t *data, size_t *len);
enum chip_answer chip_out(struct usb_chip *c, const uint8_t *p, size_t len);
/* b holds CHIP_TRANSFER bytes. */
enum chip_answer chip_in(struct usb_chip *c, uint8_t *b, size_t *len);
enum chip_answer chip_note(struct usb_chip *c, uint8_t *b, size_t *len);

void chip_frame(struct usb_chip *c, const uint8_t *p, size_t len);
/* The cable goes in or out, or the partner changes. */
void chip_partner(struct usb_chip *c, struct chip_partner partner);

/* ---- for the kinds ---- */

void chip_fault(struct usb_chip *c, const char *what);
void chip_sends(struct usb_chip *c, const uint8_t *p, size_t len);
uint32_t chip_fcs(const uint8_t *p, size_t len);
uint32_t chip_get32(const uint8_t *p);
void chip_put32(uint8_t *p, uint32_t v);
/* A configuration with one vendor interface: bulk IN, bulk OUT, interrupt. */
size_t chip_plain_config(const struct usb_chip *c, unsigned index, uint8_t *b);

/* Multicast addresses by hash: the bit that CRC's top six choose. */
unsigned chip_hash(const uint8_t mac[6]);

/* ---- a PHY (802.3 clause 22), as it is in all of them ---- */

struct chip_phy {
    uint16_t id1, id2, bmcr, anar, gbcr, mask;
    uint16_t special[32]; /* other registers: written and read back          */
    bool latched_down, link, link_before;
    uint16_t source; /* interrupts that have happened                        */
    uint64_t reset_until, ready_at; /* of BMCR's reset; of the negotiation   */
};

void chip_phy_reset(struct usb_chip *c, struct chip_phy *p, bool gigabit);
uint16_t chip_phy_read(struct usb_chip *c, struct chip_phy *p, unsigned reg);
void chip_phy_write(struct usb_chip *c, struct chip_phy *p, unsigned reg,
                    uint16_t v);
void chip_phy_clock(struct usb_chip *c, struct chip_phy *p);
void chip_phy_linked(struct usb_chip *c, struct chip_phy *p);
/* What both ends have agreed on, once the link is up. */
uint32_t chip_phy_mbps(const struct usb_chip *c, const struct chip_phy *p);
bool chip_phy_full(const struct usb_chip *c, const struct chip_phy *p);
/* When a frame of len bytes whose first bit comes now is here, FCS and all. */
uint64_t chip_phy_received(const struct usb_chip *c, const struct chip_phy *p,
                           size_t len);

#endif
