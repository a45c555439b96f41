/* port_eth_genet.c -- struct machine_eth: a BCM2711's own Ethernet. */
#include <string.h>

#include "genet.h"
#include "machine_private.h"

static struct genet genet;

static void start(void)
{
    struct genet_setup setup = {.base = soc->genet, .tick_hz = timer_hz()};
    memcpy(setup.mac, machine_facts.mac, sizeof setup.mac);
    genet_init(&genet, &setup, machine_now());
    machine_irq_enable(soc->irq_genet[0]);
}

static void poll(void)
{
    genet_poll(&genet, machine_now());
}

static mono_ns due(void)
{
    return genet_due(&genet);
}

static void irq(void)
{
    genet_irq(&genet);
}

static const struct eth_ops *device(void **dev)
{
    *dev = &genet;
    return &genet_ops;
}

static const char *trouble(void)
{
    const char *why = genet_trouble(&genet);
    return why == NULL ? "" : why;
}

static enum machine_eth_found found(void)
{
    return genet_trouble(&genet) == NULL ? MACHINE_ETH_THERE
                                         : MACHINE_ETH_SILENT;
}

const struct machine_eth machine_eth_genet = {
    .init = start,
    .poll = poll,
    .due = due,
    .irq = irq,
    .device = device,
    .trouble = trouble,
    .found = found,
};
