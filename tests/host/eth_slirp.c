/* eth_slirp.c -- port_eth_* on the faked network itself: no chip, no driver. */
#include <string.h>

#include "host.h"
#include "port.h"

void host_eth_start(void)
{
}

void host_eth_poll(void)
{
}

int host_eth_wait(int ms)
{
    return ms;
}

bool port_eth_link(void)
{
    return host_net_linked();
}

void port_eth_mac(uint8_t mac[6])
{
    memcpy(mac, host_mac, sizeof host_mac);
}

void port_eth_groups(const uint8_t (*mac)[6], size_t count)
{
    (void)mac;
    (void)count;
}

int port_eth_recv(uint8_t *buf, size_t cap, uint64_t *stamp)
{
    return host_net_take(buf, cap, stamp);
}

int port_eth_left(uint64_t *stamp)
{
    (void)stamp;
    return RC_AGAIN;
}

int port_eth_send(const uint8_t *frame, size_t len, uint64_t *stamp)
{
    if (!host_net_linked())
        return RC_OK; /* into the void, as on a dead wire */
    *stamp = port_ticks();
    host_net_give(frame, len);
    return RC_OK;
}
