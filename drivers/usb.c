#include <string.h>

#include "usb.h"

void usb_init(struct usb *u, uintptr_t dwc2_base, mono_ns now)
{
    memset(u, 0, sizeof *u);
    u->classes[0] = (struct usb_class){&usb_hub_driver, u->hub};
    u->classes[1] = (struct usb_class){&usb_ecm_driver, &u->ecm};
    usb_core_init(&u->core, &u->host, u->classes, USB_CLASSES);
    dwc2_init(&u->host, dwc2_base, now);
}

void usb_poll(struct usb *u, mono_ns now)
{
    dwc2_poll(&u->host, now);
    usb_core_poll(&u->core);
}

mono_ns usb_due(const struct usb *u)
{
    mono_ns a = dwc2_due(&u->host), b = usb_core_due(&u->core);
    return a < b ? a : b;
}

void usb_irq(struct usb *u)
{
    dwc2_irq(&u->host);
}

const struct eth_ops *usb_eth(struct usb *u, void **dev)
{
    if (!usb_ecm_eth.link(&u->ecm))
        return NULL;
    *dev = &u->ecm;
    return &usb_ecm_eth;
}

const char *usb_trouble(const struct usb *u)
{
    const char *why = u->host.trouble;
    if (!why)
        why = usb_core_trouble(&u->core);
    if (why || u->ecm.dev)
        return why;
    for (size_t i = 0; i < USB_DEVICES; i++)
        if (u->core.dev[i].state == USB_UNUSED)
            why = u->core.dev[i].why;
    return why;
}
