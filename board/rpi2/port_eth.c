/* port_eth.c -- USB host and the Ethernet chip behind it. */
#include "board.h"
#include "gentimer.h"
#include "port.h"
#include "rpi2.h"
#include "usb.h"

static struct usb usb;

void rpi2_eth_init(void)
{
    usb_init(&usb, BOARD_DWC2, rpi2_now()); /* the mailbox powered it */
    bcm2836_irq_gpu_enable(&rpi2_irq, BOARD_IRQ_USB);
}

void rpi2_eth_poll(void)
{
    usb_poll(&usb, rpi2_now());
}

void rpi2_eth_irq(void)
{
    usb_irq(&usb);
}

mono_ns rpi2_eth_due(void)
{
    return usb_due(&usb);
}

const char *rpi2_eth_trouble(void)
{
    const char *why = usb_trouble(&usb);
    if (why == NULL && usb.ecm.dev == NULL)
        why = "no Ethernet adapter on USB";
    return why == NULL ? "" : why;
}

int port_eth_recv(uint8_t *buf, size_t cap, uint64_t *stamp)
{
    void *dev;
    const struct eth_ops *eth = usb_eth(&usb, &dev);
    return eth == NULL ? RC_AGAIN : eth->recv(dev, buf, cap, stamp);
}

int port_eth_send(const uint8_t *frame, size_t len, uint64_t *stamp)
{
    void *dev;
    const struct eth_ops *eth = usb_eth(&usb, &dev);
    return eth == NULL ? RC_AGAIN : eth->send(dev, frame, len, stamp);
}

bool port_eth_link(void)
{
    void *dev;
    const struct eth_ops *eth = usb_eth(&usb, &dev);
    return eth != NULL && eth->link(dev);
}

/* Before a device is up: the board's own address. */
void port_eth_mac(uint8_t mac[6])
{
    void *dev;
    const struct eth_ops *eth = usb_eth(&usb, &dev);
    if (eth != NULL) {
        eth->mac(dev, mac);
        return;
    }
    for (int i = 0; i < 6; i++)
        mac[i] = rpi2_facts.mac[i];
}
