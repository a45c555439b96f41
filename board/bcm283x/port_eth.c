/* port_eth.c -- the Ethernet of firmware/port.h on whichever device the board
 * has (struct machine_eth). */
#include <string.h>
#include "machine_private.h"
#include "port.h"

int port_eth_recv(uint8_t *buf, size_t cap, uint64_t *stamp)
{
    void *dev;
    const struct eth_ops *eth = machine_eth->device(&dev);
    return eth == NULL ? RC_AGAIN : eth->recv(dev, buf, cap, stamp);
}

int port_eth_send(const uint8_t *frame, size_t len, uint64_t *stamp)
{
    void *dev;
    const struct eth_ops *eth = machine_eth->device(&dev);
    return eth == NULL ? RC_AGAIN : eth->send(dev, frame, len, stamp);
}

int port_eth_left(uint64_t *stamp)
{
    void *dev;
    const struct eth_ops *eth = machine_eth->device(&dev);
    return eth == NULL ? RC_AGAIN : eth->left(dev, stamp);
}

bool port_eth_link(void)
{
    void *dev;
    const struct eth_ops *eth = machine_eth->device(&dev);
    return eth != NULL && eth->link(dev);
}

void port_eth_groups(const uint8_t (*mac)[6], size_t count)
{
    if (machine_eth->groups != NULL)
        machine_eth->groups(mac, count);
}

/* Before a device is up: the board's own address. */
void port_eth_mac(uint8_t mac[6])
{
    void *dev;
    const struct eth_ops *eth = machine_eth->device(&dev);
    if (eth != NULL)
        eth->mac(dev, mac);
    else
        memcpy(mac, machine_facts.mac, sizeof machine_facts.mac);
}

/* ---- a machine without ---- */

static void nothing(void)
{
}

static mono_ns never(void)
{
    return MONO_NEVER;
}

static const struct eth_ops *no_device(void **dev)
{
    (void)dev;
    return NULL;
}

static const char *why_none(void)
{
    return board_model_known(machine_facts.revision)
               ? "no driver for this board's Ethernet"
               : "a board that Gnomon does not know: only console and card "
                 "are started";
}

static enum machine_eth_found found_none(void)
{
    return MACHINE_ETH_FOREIGN;
}

const struct machine_eth machine_eth_none = {
    .init = nothing,
    .poll = nothing,
    .due = never,
    .irq = nothing,
    .device = no_device,
    .trouble = why_none,
    .found = found_none,
};
