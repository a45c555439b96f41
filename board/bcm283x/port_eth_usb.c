/* port_eth_usb.c -- struct machine_eth: the USB host and the Ethernet chip
 * behind it, soldered or plugged in. */
#include <string.h>

#include "machine_private.h"
#include "text.h"
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
    if (why != NULL && machine_vc.mute)
        why = "the boot firmware does not answer, so USB may have no power: "
              "are start.elf and fixup.dat on the card those of make card?";
    else if (why != NULL && machine_vc.usb == VC_OFF)
        why = "the boot firmware did not switch USB on: power supply too weak?";
    return why == NULL ? "" : why;
}

static enum machine_eth_found found(void)
{
    return usb_has_ethernet(&usb)  ? MACHINE_ETH_THERE
           : usb_has_foreign(&usb) ? MACHINE_ETH_FOREIGN
                                   : MACHINE_ETH_SILENT;
}

/* Line 0: the controller. Then a line for each device on the bus. */
static void fact(unsigned n, struct text *t)
{
    static const char *const speeds[] = {"high", "full", "low"};
    if (n == 0) {
        text_str(t, "USB             : ");
        text_str(t, usb_trouble(&usb) != NULL ? usb_trouble(&usb)
                                              : "controller runs");
        text_str(t, ", attached ");
        text_dec(t, usb.core.attached);
        text_str(t, ", removed ");
        text_dec(t, usb.core.removed);
        text_str(t, ", failed ");
        text_dec(t, usb.core.failed);
        return;
    }
    if (n - 1 >= LEN(usb.core.dev) || usb.core.dev[n - 1].state == USB_FREE)
        return;
    const struct usb_dev *d = &usb.core.dev[n - 1];
    text_str(t, "USB device      : ");
    text_hex4(t, d->desc.vid);
    text_str(t, ":");
    text_hex4(t, d->desc.pid);
    text_str(t, ", ");
    text_str(t, d->speed < LEN(speeds) ? speeds[d->speed] : "unknown");
    text_str(t, " speed, port ");
    text_dec(t, d->port);
    text_str(t, d->parent == NULL ? " of the board: " : " of a hub: ");
    if (d->why != NULL)
        text_str(t, d->why);
    else
        text_str(t, d->driver != NULL ? d->driver->name : "being looked at");
}

const struct machine_eth machine_eth_usb = {
    .init = usb_up,
    .poll = poll,
    .due = due,
    .irq = irq,
    .device = device,
    .groups = groups,
    .trouble = trouble,
    .fact = fact,
    .found = found,
};
