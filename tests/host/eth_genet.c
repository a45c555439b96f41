/* eth_genet.c -- port_eth_* through drivers/genet.c and the model of its chip
 * (tests/drivers), whose wire is the faked network. What the model would not
 * forgive ends the process.
 *
 *     build/host/gnomon-genet      as build/host/gnomon
 *
 * GENET_TX_LAG_MS is how much longer a frame takes from memory to the wire.
 * SIGUSR1 pulls the cable and puts it back, in turns; SIGUSR2 makes the chip
 * fall silent, and speak again. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../drivers/genet_model.h"
#include "core/mono.h"
#include "genet.h"
#include "host.h"
#include "hw.h"
#include "port.h"

static struct genet genet;
static volatile sig_atomic_t pulled, silenced;

uint64_t hw_ticks(void)
{
    return port_ticks();
}

static void irq(void)
{
    genet_irq(&genet);
}

static mono_ns now(void)
{
    return mono_of_ticks(port_ticks(), port_tick_hz());
}

static void on_signal(int number)
{
    if (number == SIGUSR1)
        pulled = !pulled;
    else
        silenced = !silenced;
}

void host_eth_start(void)
{
    struct genet_setup setup = {GENET_MODEL_BASE, port_tick_hz(), {0}};
    const char *lag = getenv("GENET_TX_LAG_MS");
    ASSERT(port_tick_hz() == GENET_MODEL_HZ);
    memcpy(setup.mac, host_mac, sizeof setup.mac);
    genet_model = (struct genet_model){
        .cable = true,
        .partner = CAN_1000_FULL | CAN_100_FULL,
        .revision = 0x06000000,
        .phy_address = 1,
        .first_index = 65500, /* wraps soon */
        .aneg_ms = 300,
        .tx_lag_us = lag ? (uint32_t)atoi(lag) * 1000 : 0,
        .irq = irq,
        .wire = host_net_give,
    };
    genet_model_power(&genet, sizeof genet);
    genet_init(&genet, &setup, now());
    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, on_signal);
}

/* What has come on the wire, and the driver's pass. */
void host_eth_poll(void)
{
    uint8_t frame[2048];
    uint64_t stamp;
    int len;
    genet_model.cable = !pulled;
    genet_model.mute = silenced;
    while ((len = host_net_take(frame, sizeof frame, &stamp)) > 0)
        (void)genet_model_receive(frame, (size_t)len);
    genet_model_run();
    genet_poll(&genet, now());
    if (genet_model.faults != 0) {
        fprintf(stderr, "GENET model: %s\n", genet_model.fault);
        abort();
    }
}

int host_eth_wait(int ms)
{
    while (genet_model_sending()) /* microseconds */
        genet_model_run();
    span_ns left = genet_due(&genet) - now();
    if (left < 0)
        return 0;
    return left / MONO_MS < ms ? (int)(left / MONO_MS) : ms;
}

bool port_eth_link(void)
{
    return genet_ops.link(&genet);
}

void port_eth_mac(uint8_t mac[6])
{
    genet_ops.mac(&genet, mac);
}

void port_eth_groups(const uint8_t (*mac)[6], size_t count)
{
    genet_groups(&genet, mac, count);
}

int port_eth_recv(uint8_t *buf, size_t cap, uint64_t *stamp)
{
    return genet_ops.recv(&genet, buf, cap, stamp);
}

int port_eth_send(const uint8_t *frame, size_t len, uint64_t *stamp)
{
    return genet_ops.send(&genet, frame, len, stamp);
}

int port_eth_left(uint64_t *stamp)
{
    return genet_ops.left(&genet, stamp);
}
