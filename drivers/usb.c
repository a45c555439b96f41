#include <string.h>

#include "usb.h"

/* A kind of device is a row here; the first that matches takes it. */
void usb_init(struct usb *u, uintptr_t dwc2_base,
              const struct usb_eth_machine *machine, mono_ns now)
{
    const struct usb_class rows[USB_CLASSES] = {
        {&usb_hub_driver, u->hub, NULL},
        {&usb_lan95xx_driver, &u->smsc, &u->eth},
        {&usb_lan78xx_driver, &u->smsc, &u->eth},
        {&usb_ecm_driver, &u->ecm, &u->eth},
    };
    memset(u, 0, sizeof *u);
    memcpy(u->classes, rows, sizeof rows);
    usb_eth_init(&u->eth, machine);
    usb_core_init(&u->core, &u->host, u->classes, USB_CLASSES);
    dwc2_init(&u->host, dwc2_base, now);
}

void usb_poll(struct usb *u, mono_ns now)
{
    dwc2_poll(&u->host, now);
    usb_core_poll(&u->core);
}

mono_ns usb_due(struct usb *u)
{
    return mono_min(dwc2_due(&u->host), usb_core_due(&u->core));
}

void usb_irq(struct usb *u)
{
    dwc2_irq(&u->host);
}

const struct eth_ops *usb_ethernet(struct usb *u, void **dev)
{
    if (!usb_eth_ops.link(&u->eth))
        return NULL;
    *dev = &u->eth;
    return &usb_eth_ops;
}

bool usb_has_ethernet(const struct usb *u)
{
    return u->eth.dev != NULL;
}

bool usb_has_foreign(const struct usb *u)
{
    for (size_t i = 0; i < USB_DEVICES; i++)
        if (u->core.dev[i].state == USB_UNUSED)
            return true;
    return false;
}

void usb_groups(struct usb *u, const uint8_t (*mac)[6], size_t count)
{
    usb_eth_groups(&u->eth, mac, count);
}
