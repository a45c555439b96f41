/* eth.h -- the seam between the board and whichever Ethernet device carries
 * its frames: one const struct of functions per kind of device, with dev that
 * device's own struct. Each function has the contract of the call of the same
 * name in firmware/port.h (port_eth_recv ...). */
#ifndef ETH_H
#define ETH_H

#include "core/base.h"

struct eth_ops {
    int (*recv)(void *dev, uint8_t *buf, size_t cap, uint64_t *stamp);
    int (*send)(void *dev, const uint8_t *frame, size_t len, uint64_t *stamp);
    int (*left)(void *dev, uint64_t *stamp);
    bool (*link)(const void *dev);
    void (*mac)(const void *dev, uint8_t mac[6]);
};

#endif
