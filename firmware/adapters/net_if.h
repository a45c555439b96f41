/* net_if.h -- lwIP's network interface over port_eth_*: frames in with their
 * stamps, frames out through a short queue. Private to net*.c. */
#ifndef NET_IF_H
#define NET_IF_H

#include "core/base.h"
#include "lwip/netif.h"

/* netif_add's init function; port_eth_mac must be valid. */
err_t net_if_init(struct netif *n);
/* Move what is there, a bounded number of frames. True: more is waiting. */
bool net_if_poll(struct netif *n);
/* The wire is dead: what waits to leave is of no use to the next one. */
void net_if_flush(void);
/* Frames that were dropped because a queue or a pool was full. */
uint32_t net_if_dropped(void);

#endif
