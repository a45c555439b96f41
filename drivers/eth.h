/* eth.h -- the seam between the board and whichever USB Ethernet chip is
 * plugged in: one const struct of functions per class driver
 * (usb_eth_cdc_ecm, later LAN95xx and LAN78xx). Same contract as the
 * Ethernet calls of firmware/port.h. */
#ifndef ETH_H
#define ETH_H

#include "core/base.h"

struct eth_ops {
    const char *name;
    int (*recv)(void *dev, uint8_t *buf, size_t cap, uint64_t *stamp);
    int (*send)(void *dev, const uint8_t *frame, size_t len, uint64_t *stamp);
    bool (*link)(const void *dev);
    void (*mac)(const void *dev, uint8_t mac[6]);
};

#endif
