/* genet.c -- start, link and health of the chip; the frames are in
 * genet_ring.c. */
#include "genet.h"

#include <string.h>

#include "genet_private.h"

#define STOP_NS       (10 * MONO_MS) /* DMA: a frame at 10 Mb/s is 1.2 ms */
#define RESET_NS      (50 * MONO_US) /* 10 us, and the caller's `now` is old */
#define DEAF_NS       (60000 * MONO_MS) /* at first; then twice as long   */
#define DEAF_MOST_NS  (3600000 * MONO_MS)
#define DEAF_SENT     8u /* fewer frames need not have had an answer      */
#define FRAME_LONGEST 1536u

/* ---- start --------------------------------------------------------------- */

static void enter(struct genet *g, enum genet_state state, mono_ns when)
{
    g->state = state;
    g->resume = when;
}

static void stop(struct genet *g, mono_ns now)
{
    genet_write(g, INTR_0 + INTR_MASK_SET, ~0u);
    genet_write(g, INTR_1 + INTR_MASK_SET, ~0u);
    genet_write(g, UMAC_CMD, genet_read(g, UMAC_CMD) & ~(CMD_TX | CMD_RX));
    genet_write(g, DMA_CTRL(RX_DMA), 0);
    genet_write(g, DMA_CTRL(TX_DMA), 0);
    g->deadline = now + STOP_NS;
    enter(g, GENET_STOP, now);
}

static bool stopped(const struct genet *g)
{
    return (genet_read(g, DMA_STATUS(RX_DMA)) &
            genet_read(g, DMA_STATUS(TX_DMA)) & DMA_STOPPED) != 0;
}

static bool usable_mac(const uint8_t m[6])
{
    return (m[0] | m[1] | m[2] | m[3] | m[4] | m[5]) != 0 && (m[0] & 1) == 0;
}

/* Two boards must not have the same one, so it is no constant. */
static void choose_mac(struct genet *g, const uint8_t mac[6])
{
    memcpy(g->mac, mac, 6);
    if (usable_mac(mac))
        return;
    uint64_t t = hw_ticks() * 0x9e3779b97f4a7c15u;
    g->mac[0] = 0x02; /* locally administered */
    for (unsigned i = 1; i < 6; i++)
        g->mac[i] = (uint8_t)(t >> (64 - 8 * i));
}

void genet_init(struct genet *g, const struct genet_setup *setup, mono_ns now)
{
    memset(g, 0, offsetof(struct genet, rx_buf));
    g->base = setup->base;
    g->tick_hz = setup->tick_hz;
    g->all_groups = true;
    g->tx_since = MONO_NEVER;
    g->patience = DEAF_NS;
    choose_mac(g, setup->mac);
    g->revision = genet_read(g, SYS_REVISION);
    if (REVISION_MAJOR(g->revision) != REVISION_5) {
        enter(g, GENET_ABSENT, MONO_NEVER);
        return;
    }
    genet_phy_init(&g->phy, g->base + UMAC_MDIO, now);
    stop(g, now);
}

static void set_filter(const struct genet *g, unsigned n, const uint8_t a[6])
{
    genet_write(g, UMAC_FILTER(n), (uint32_t)a[0] << 8 | a[1]);
    genet_write(g, UMAC_FILTER(n) + 4,
                (uint32_t)a[2] << 24 | (uint32_t)a[3] << 16 |
                    (uint32_t)a[4] << 8 | a[5]);
}

/* Own address, broadcast, groups: the first is the highest bit. */
static void write_filters(struct genet *g)
{
    static const uint8_t broadcast[6] = {255, 255, 255, 255, 255, 255};
    unsigned n = 0;
    set_filter(g, n++, g->mac);
    set_filter(g, n++, broadcast);
    for (unsigned i = 0; i < g->groups; i++)
        set_filter(g, n++, g->group[i]);
    uint32_t on = ((1u << n) - 1) << (FILTERS - n);
    genet_write(g, UMAC_FILTERS, g->all_groups ? 0 : on);
    g->filter_changed = false;
}

void genet_groups(struct genet *g, const uint8_t (*mac)[6], size_t count)
{
    g->all_groups = count > GENET_GROUPS;
    g->groups = (uint8_t)(g->all_groups ? 0 : count);
    memcpy(g->group, mac, 6u * g->groups);
    g->filter_changed = true;
}

/* After the reset: everything that does not depend on the link. */
static void set_up_mac(struct genet *g)
{
    const uint8_t *m = g->mac;
    genet_write(g, UMAC_CMD, 0);
    genet_write(g, SYS_PORT, PORT_EXTERNAL_PHY);
    genet_write(g, UMAC_MIB, MIB_RESET);
    genet_write(g, UMAC_MIB, 0);
    genet_write(g, UMAC_MAX_FRAME, FRAME_LONGEST);
    genet_write(g, UMAC_MAC_0,
                (uint32_t)m[0] << 24 | (uint32_t)m[1] << 16 |
                    (uint32_t)m[2] << 8 | m[3]);
    genet_write(g, UMAC_MAC_1, (uint32_t)m[4] << 8 | m[5]);
    genet_write(g, RBUF_CTRL, RBUF_ALIGN_2);
    genet_write(g, RBUF_TBUF, 1);
    genet_write(g, FILTER_BLOCK, 0);
    /* Whoever ran before us may have turned EEE on. */
    genet_write(g, UMAC_EEE, 0);
    genet_write(g, RBUF_ENERGY, genet_read(g, RBUF_ENERGY) & ~ENERGY_EEE);
    genet_write(g, TBUF_ENERGY, genet_read(g, TBUF_ENERGY) & ~ENERGY_EEE);
    uint32_t rgmii = genet_read(g, EXT_RGMII);
    genet_write(g, EXT_RGMII, rgmii & ~(RGMII_LINK | RGMII_OOB_OFF));
    write_filters(g);
}

static uint32_t command(const struct genet *g)
{
    uint32_t speed = g->phy.mbps == 1000  ? CMD_1000
                     : g->phy.mbps == 100 ? CMD_100
                                          : CMD_10;
    return speed | (g->phy.full ? 0 : CMD_HALF) |
           (g->all_groups ? CMD_PROMISC : 0) | CMD_NO_RX_PAUSE |
           CMD_NO_TX_PAUSE;
}

static void link_up(struct genet *g, mono_ns now)
{
    uint32_t rgmii = genet_read(g, EXT_RGMII) & ~RGMII_OOB_OFF;
    genet_write(g, EXT_RGMII, rgmii | RGMII_LINK | RGMII_ON | RGMII_NO_ID_MODE);
    genet_ring_start(g);
    genet_write(g, INTR_0 + INTR_CLEAR, ~0u);
    g->unheard = 0;
    g->unheard_from = now;
    g->stats.links++;
    enter(g, GENET_UP, now);
    genet_write(g, INTR_0 + INTR_MASK_CLEAR, INTR_RX | INTR_TX);
    genet_write(g, UMAC_CMD, command(g));
    genet_write(g, UMAC_CMD, command(g) | CMD_TX | CMD_RX);
}

static void start_step(struct genet *g, mono_ns now)
{
    switch (g->state) {
    case GENET_STOP:
        if (!stopped(g) && now - g->deadline <= 0)
            break;
        genet_write(g, UMAC_TX_FLUSH, 1);
        genet_write(g, SYS_RBUF_FLUSH, FLUSH_MAC);
        enter(g, GENET_RESET, now + RESET_NS);
        break;
    case GENET_RESET:
        genet_write(g, UMAC_TX_FLUSH, 0);
        genet_write(g, SYS_RBUF_FLUSH, 0);
        enter(g, GENET_RESET_END, now + RESET_NS);
        break;
    case GENET_RESET_END:
        genet_write(g, UMAC_CMD, 0);
        genet_write(g, UMAC_CMD, CMD_RESET | CMD_LOOP);
        enter(g, GENET_SOFT_RESET, now + RESET_NS);
        break;
    case GENET_SOFT_RESET:
        set_up_mac(g);
        enter(g, GENET_QUIET, now);
        break;
    case GENET_QUIET:
        if (g->phy.link)
            link_up(g, now);
        break;
    default:
        break;
    }
}

/* ---- health -------------------------------------------------------------- */

/* The link is up, frames go out and for a minute nothing comes in: on a
 * network without anybody that is so, and a receiver that is stuck looks the
 * same. Starting anew costs the former nothing. */
static bool deaf(struct genet *g, mono_ns now)
{
    if (g->heard_any) {
        g->heard_any = false;
        g->unheard_from = now;
        g->patience = DEAF_NS;
    }
    if (g->unheard == 0)
        g->unheard_from = now;
    if (g->unheard < DEAF_SENT || now - g->unheard_from < g->patience)
        return false;
    g->stats.deaf++;
    g->patience =
        g->patience * 2 < DEAF_MOST_NS ? g->patience * 2 : DEAF_MOST_NS;
    return true;
}

static void watch(struct genet *g, mono_ns now)
{
    genet_ring_poll(g, now);
    if (!g->phy.link) {
        stop(g, now);
    } else if (genet_ring_stuck(g, now)) {
        g->stats.stuck++;
        stop(g, now);
    } else if (deaf(g, now)) {
        stop(g, now);
        genet_phy_restart(&g->phy, now);
    } else if (g->filter_changed) {
        write_filters(g);
        genet_write(g, UMAC_CMD, command(g) | CMD_TX | CMD_RX);
    }
}

void genet_poll(struct genet *g, mono_ns now)
{
    if (g->state == GENET_ABSENT)
        return;
    if (g->state > GENET_SOFT_RESET)
        genet_phy_poll(&g->phy, now);
    if (g->state == GENET_UP)
        watch(g, now);
    else if (now - g->resume >= 0)
        start_step(g, now);
}

mono_ns genet_due(const struct genet *g)
{
    if (g->state == GENET_ABSENT)
        return MONO_NEVER;
    if (g->state < GENET_QUIET)
        return g->resume;
    return genet_phy_due(&g->phy);
}

const char *genet_trouble(const struct genet *g)
{
    if (g->state == GENET_ABSENT)
        return "the Ethernet controller is not a GENET 5: a board that is not "
               "known here";
    return g->phy.trouble;
}
