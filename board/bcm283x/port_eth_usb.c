/* port_eth_usb.c -- struct machine_eth: the USB host and the Ethernet chip
 * behind it, soldered or plugged in. */
#include "machine_private.h"
#include "usb.h"

static struct usb usb;

static void start(void)
{
    usb_init(&usb, soc->dwc2, machine_now());
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
    .init = start,
    .poll = poll,
    .due = due,
    .irq = irq,
    .device = device,
    .trouble = trouble,
    .found = found,
};
