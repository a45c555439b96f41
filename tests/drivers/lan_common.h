/* lan_common.h -- what models of Ethernet chips share: the receive FIFO; and
 * those of LAN95xx and LAN78xx: how it fills transfers, registers by vendor
 * requests, the way to the PHY. */
#ifndef LAN_COMMON_H
#define LAN_COMMON_H

#include "usb_chip.h"

#define LAN_QUEUE 64
#define LAN_EXTRA 24 /* header, FCS, and what else stands around a frame    */

struct lan_fifo {
    struct {
        uint64_t ready; /* ns: wholly received                              */
        size_t len;
        uint8_t b[CHIP_FRAME + LAN_EXTRA];
    } rx[LAN_QUEUE];
    unsigned first, count, bytes;
};

/* Room for a frame of `all` bytes with its header and FCS, which the caller
 * fills in; NULL where the FIFO, of `size` bytes, has none. */
uint8_t *lan_fifo_put(struct lan_fifo *f, uint64_t ready, size_t all,
                      size_t size);

/* Takes the first one out of it, into b; its length. */
size_t lan_fifo_pop(struct lan_fifo *f, uint8_t *b);

/* How the chip is set to fill a transfer: frames at most, or what the test
 * says; bytes; how long the first is held back in the hope of more. */
struct lan_packing {
    bool many;
    size_t cap;
    uint64_t hold_ns;
};
size_t lan_fifo_next(const struct usb_chip *c, struct lan_fifo *f,
                     struct lan_packing how, uint8_t *b);

/* A request for a register below `end`; false: refused. */
bool lan_request(struct usb_chip *c, const uint8_t s[8], uint8_t *data,
                 size_t *len, size_t end,
                 void (*write)(struct usb_chip *c, unsigned r, uint32_t v),
                 uint32_t (*read)(struct usb_chip *c, unsigned r));

/* The two registers before the PHY, which is busy until a time. */
#define LAN_MII_BUSY 1u
struct lan_mii {
    uint32_t command, data;
    uint64_t until;
    void (*write)(struct usb_chip *c, struct chip_phy *p, unsigned reg,
                  uint16_t v);
    uint16_t (*read)(struct usb_chip *c, struct chip_phy *p, unsigned reg);
};
void lan_mii_command(struct usb_chip *c, struct lan_mii *m, struct chip_phy *p,
                     uint32_t v);
void lan_mii_put(struct usb_chip *c, struct lan_mii *m, uint32_t v);
uint32_t lan_mii_state(const struct usb_chip *c, const struct lan_mii *m);
uint32_t lan_mii_get(struct usb_chip *c, const struct lan_mii *m);

#endif
