/* port_eth_usb.c -- struct machine_eth: the USB host and the Ethernet chip
 * behind it, soldered or plugged in. */
#include <string.h>

#include "hw.h"
#include "machine_private.h"
#include "text.h"
#include "usb.h"

#define DWC2_ID   0x040u /* GSNPSID */
#define DWC2_PORT 0x440u /* HPRT    */

static_assert(2 + USB_DEVICES <= MACHINE_ETH_FACTS, "lines of port_fact");

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

static void say_controller(struct text *t)
{
    const char *why = usb_trouble(&usb);
    text_str(t, "USB             : ");
    text_str(t, why != NULL ? why : "controller runs");
    text_str(t, ", id ");
    text_hex(t, hw_read(soc->dwc2 + DWC2_ID));
    text_str(t, ", port ");
    text_hex(t, hw_read(soc->dwc2 + DWC2_PORT));
    text_count(t, ", attached ", usb.core.attached);
    text_count(t, ", removed ", usb.core.removed);
    text_count(t, ", failed ", usb.core.failed);
}

static void say_device(struct text *t, const struct usb_dev *d)
{
    static const char *const speeds[] = {"high", "full", "low"};
    text_str(t, "USB device      : ");
    text_hex4(t, d->desc.vid);
    text_str(t, ":");
    text_hex4(t, d->desc.pid);
    text_str(t, ", ");
    text_str(t, d->speed < LEN(speeds) ? speeds[d->speed] : "unknown");
    text_count(t, " speed, port ", d->port);
    text_str(t, d->parent == NULL ? " of the board: " : " of a hub: ");
    if (d->why != NULL)
        text_str(t, d->why);
    else
        text_str(t, d->driver != NULL ? d->driver->name : "being looked at");
}

static void say_chip(struct text *t)
{
    const struct usb_eth_stats *s = &usb.eth.stats;
    text_str(t, "Ethernet chip   : ");
    if (usb.smsc.eth != NULL && usb.smsc.id != 0) {
        text_str(t, "id ");
        text_hex(t, usb.smsc.id);
        text_str(t, ", PHY ");
        text_hex4(t, usb.smsc.phy[2]);
        text_hex4(t, usb.smsc.phy[3]);
        text_str(t, ", ");
    }
    text_str(t, usb.eth.link ? "link up" : "no link");
    if (usb.eth.link && usb.eth.mbps != 0) {
        text_count(t, " at ", usb.eth.mbps);
        text_str(t, " Mb/s");
    }
    text_count(t, ", frames in ", s->rx);
    text_count(t, ", out ", s->tx);
    text_count(t, ", bad ", s->rx_bad);
    text_count(t, ", errors in ", s->rx_errors);
    text_count(t, ", out ", s->tx_errors);
    text_count(t, ", deaf ", s->deaf);
    text_count(t, ", in as a microframe began ", s->rx_gap);
}

/* The controller, each device on the bus, the chip in use. */
static void fact(unsigned n, struct text *t)
{
    if (n == 0)
        say_controller(t);
    else if (n == 1 + USB_DEVICES && usb.eth.dev != NULL)
        say_chip(t);
    else if (n <= USB_DEVICES && usb.core.dev[n - 1].state != USB_FREE)
        say_device(t, &usb.core.dev[n - 1]);
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
