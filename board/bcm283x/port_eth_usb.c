/* port_eth_usb.c -- struct machine_eth: the USB host and the Ethernet chip
 * behind it, soldered or plugged in. */
#include <string.h>

#include "machine_private.h"
#include "usb.h"

static struct usb usb;

static void usb_up(void)
{
    struct usb_eth_machine m = {.tick_hz = timer_hz()};
    memcpy(m.mac, machine_facts.mac, sizeof m.mac);
    usb_init(&usb, soc->dwc2, &m, machine_now());
    machine_irq_enable(soc->irq_usb);
}

static void poll(void)
{
    usb_poll(&usb, machine_now());
}

static mono_ns due(void)
{
    return usb_due(&usb);
}

static void irq(void)
{
    usb_irq(&usb);
}

static const struct eth_ops *device(void **dev)
{
    return usb_ethernet(&usb, dev);
}

static void groups(const uint8_t (*mac)[6], size_t count)
{
    usb_groups(&usb, mac, count);
}

static const char *trouble(void)
{
    const char *why = usb_trouble(&usb);
    if (why == NULL && usb.eth.dev == NULL)
        why = "no Ethernet adapter on USB";
    return why == NULL ? "" : why;
}

static enum machine_eth_found found(void)
{
    return usb_has_ethernet(&usb)  ? MACHINE_ETH_THERE
           : usb_has_foreign(&usb) ? MACHINE_ETH_FOREIGN
                                   : MACHINE_ETH_SILENT;
}

const struct machine_eth machine_eth_usb = {
    .init = usb_up,
    .poll = poll,
    .due = due,
    .irq = irq,
    .device = device,
    .groups = groups,
    .trouble = trouble,
    .found = found,
};
