/* port_eth.c -- USB host and the Ethernet chip behind it. */
#include "port.h"
#include "rpi2.h"

void rpi2_eth_init(void)
{
}

void rpi2_eth_poll(void)
{
}

void rpi2_eth_irq(uint64_t stamp)
{
    (void)stamp;
}

uint64_t rpi2_eth_patience(void)
{
    return UINT32_MAX;
}

int port_eth_recv(uint8_t *buf, size_t cap, uint64_t *stamp)
{
    (void)buf;
    (void)cap;
    (void)stamp;
    return RC_AGAIN;
}

int port_eth_send(const uint8_t *frame, size_t len, uint64_t *stamp)
{
    (void)frame;
    (void)len;
    (void)stamp;
    return RC_AGAIN;
}

bool port_eth_link(void)
{
    return false;
}

void port_eth_mac(uint8_t mac[6])
{
    for (int i = 0; i < 6; i++) {
        mac[i] = rpi2_facts.mac[i];
    }
}
