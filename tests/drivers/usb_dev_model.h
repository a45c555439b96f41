/* usb_dev_model.h -- scripted USB devices for the DWC2 model: hubs, ECM
 * Ethernet that echoes every frame, a keyboard, and liars.
 *
 * Strict where QEMU is lenient: data toggles are checked packet by packet,
 * and each frame must arrive exactly once. */
#ifndef USB_DEV_MODEL_H
#define USB_DEV_MODEL_H

#include "usb_chip.h"

enum { ANSWER_ACK, ANSWER_NAK, ANSWER_STALL, ANSWER_NONE };
enum { SPEED_HIGH, SPEED_FULL, SPEED_LOW };
enum { TOGGLE_0 = 0, TOGGLE_1 = 2 }; /* as in HCTSIZ */

#define MDEV_PORTS  8
#define MDEV_FRAMES 64

struct mdev {
    /* What it is. */
    const uint8_t *dev_desc;
    const uint8_t *cfg[4];
    size_t cfg_len[4];
    uint8_t cfgs, speed;
    bool hub, ecm;
    struct usb_chip *chip; /* it is this one; or NULL                       */
    const char *mac;       /* 12 digits; string 3 */
    /* Where it is. */
    uint8_t addr, new_addr, config, alt;
    /* Endpoint 0. */
    uint8_t setup[8], data[2048];
    size_t len, pos;
    bool ep0_stall, ep0_one;
    /* The others. */
    bool one_in[16], one_out[16], halt_in[16], halt_out[16];
    uint32_t wrong, repeats; /* toggles that did not fit; lost-ACK repeats  */
    bool expect_repeat;
    /* Hub. */
    struct mdev *child[MDEV_PORTS + 1];
    uint16_t status[MDEV_PORTS + 1], change[MDEV_PORTS + 1];
    uint64_t reset_end[MDEV_PORTS + 1];
    /* Ethernet. */
    uint8_t frame[MDEV_FRAMES][2048], out[4096];
    size_t frame_len[MDEV_FRAMES], out_len, in_pos;
    unsigned head, count, frames_out, filters, note_polls, resets;
    uint8_t note[8];
    bool note_due, mute; /* mute: NAK everything                            */
    bool long_frame;     /* answer with 3000 bytes                          */
    /* A chip's transfer on its way in, packet by packet. */
    uint8_t in[CHIP_TRANSFER];
    size_t in_len;
    bool in_going;
};

void mdev_hub(struct mdev *d, uint8_t speed);
void mdev_hub_2514(struct mdev *d, uint8_t speed); /* a Pi 3B+'s             */
void mdev_usbnet(struct mdev *d);             /* QEMU's, two configurations */
void mdev_ecm(struct mdev *d, uint8_t speed); /* another one, one config    */
void mdev_chip(struct mdev *d, struct usb_chip *chip);
void mdev_keyboard(struct mdev *d, uint8_t speed);

void mdev_reset(struct mdev *d); /* bus reset */
void mdev_plug(struct mdev *hub, unsigned port, struct mdev *child);
void mdev_unplug(struct mdev *hub, unsigned port);
void mdev_clock(struct mdev *d, uint64_t now_ns);
/* All devices at an address that the bus would reach; first of them. */
struct mdev *mdev_find(struct mdev *d, uint8_t addr, unsigned *found);

int mdev_setup(struct mdev *d, const uint8_t setup[8]);
int mdev_out(struct mdev *d, unsigned ep, unsigned pid, const uint8_t *b,
             size_t n);
int mdev_in(struct mdev *d, unsigned ep, size_t mps, unsigned *pid, uint8_t *b,
            size_t *n);
void mdev_in_acked(struct mdev *d, unsigned ep, size_t n, size_t mps);

extern uint64_t mdev_now_ns;

#endif
