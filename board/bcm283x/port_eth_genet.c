/* port_eth_genet.c -- struct machine_eth: a BCM2711's own Ethernet. */
#include <string.h>

#include "genet.h"
#include "machine_private.h"
#include "text.h"

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

static void groups(const uint8_t (*mac)[6], size_t count)
{
    genet_groups(&genet, mac, count);
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

static void say_link(struct text *t)
{
    const struct genet_phy *p = &genet.phy;
    text_str(t, "Ethernet chip   : GENET revision ");
    text_hex(t, genet.revision);
    text_str(t, ", PHY ");
    text_hex(t, p->id);
    text_count(t, " at ", p->address);
    text_str(t, p->link ? ", link up" : ", no link");
    if (p->link) {
        text_count(t, " at ", p->mbps);
        text_str(t, p->full ? " Mb/s full duplex" : " Mb/s half duplex");
    }
    text_str(t, ", partner offers ");
    text_hex4(t, p->partner);
    text_str(t, " ");
    text_hex4(t, p->partner_1000);
}

static void say_counts(struct text *t)
{
    const struct genet_stats *s = &genet.stats;
    text_count(t, "Ethernet frames : in ", s->rx);
    text_count(t, ", out ", s->tx);
    text_count(t, ", bad ", s->rx_bad);
    text_count(t, ", lost ", s->rx_lost);
    text_count(t, ", without interrupt ", s->rx_polled);
    text_count(t, ", links ", s->links);
    text_count(t, ", deaf ", s->deaf);
    text_count(t, ", stuck ", s->stuck);
    text_count(t, ", PHY lost ", genet.phy.restarts);
    text_count(t, ", longest way out (ns) ",
               (uint32_t)(s->tx_wait_ticks * 1000000000ull / timer_hz()));
}

static void fact(unsigned n, struct text *t)
{
    if (n == 0)
        say_link(t);
    else if (n == 1)
        say_counts(t);
}

const struct machine_eth machine_eth_genet = {
    .init = start,
    .poll = poll,
    .due = due,
    .irq = irq,
    .device = device,
    .groups = groups,
    .trouble = trouble,
    .found = found,
    .fact = fact,
};
