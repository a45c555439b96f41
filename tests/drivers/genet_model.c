#include "genet_model.h"

#include <stdio.h>
#include <string.h>

#include "hw.h"

struct genet_model genet_model;
#define M genet_model

#define REGISTERS (0x10000u / 4)
static uint32_t reg[REGISTERS];

/* Memory as the processor has it, and as it is. */
static uint8_t *mem, shadow[1 << 20];
static size_t mem_len;

static struct {
    bool in_reset, latched_down, link, with_eee;
    uint64_t up_at; /* end of negotiation, 0: none under way */
    uint64_t reset_until;
    uint16_t bmcr, offer, offer_1000, mmd_ctrl, mmd_register, eee;
} phy;

static struct {
    uint64_t mdio_until; /* 0: nothing under way */
    uint64_t stopped_at[2];
    uint64_t flushed_at, tx_until;
    bool in_irq;
} at;

static void fault(const char *what)
{
    if (M.faults++ == 0)
        snprintf(M.fault, sizeof M.fault, "%s", what);
}

static uint32_t *r(uint32_t offset)
{
    return &reg[offset / 4 % REGISTERS];
}

uint32_t genet_model_register(uint32_t offset)
{
    return *r(offset);
}

void genet_model_set(uint32_t offset, uint32_t value)
{
    *r(offset) = value;
}

static uint64_t us(uint32_t n)
{
    return (uint64_t)n * (GENET_MODEL_HZ / 1000000);
}

/* ---- memory ---------------------------------------------------------------- */

static bool inside(const void *p, size_t len, size_t *from, size_t *to)
{
    uintptr_t a = (uintptr_t)p, m = (uintptr_t)mem;
    if (a < m || len > mem_len || a - m > mem_len - len)
        return false;
    *from = (a - m) & ~(size_t)(HW_LINE - 1);
    *to = (a - m + len + HW_LINE - 1) & ~(size_t)(HW_LINE - 1);
    return *to <= sizeof shadow;
}

void hw_dma_clean(const void *p, size_t len)
{
    size_t from, to;
    if (inside(p, len, &from, &to))
        memcpy(shadow + from, mem + from, to - from);
    else
        fault("clean of other memory");
}

void hw_dma_discard(void *p, size_t len)
{
    size_t from, to;
    if (inside(p, len, &from, &to))
        memcpy(mem + from, shadow + from, to - from);
    else
        fault("discard of other memory");
}

/* Nobody may ask: GENET has no alias. */
uint32_t hw_bus_addr(const void *p)
{
    fault("bus address");
    return (uint32_t)(uintptr_t)p | 0xc0000000u;
}

static uint8_t *dma(uint32_t desc, size_t len)
{
    uint64_t a = *r(desc + 4) | (uint64_t)*r(desc + 8) << 32;
    size_t from, to;
    if (!inside((void *)(uintptr_t)a, len, &from, &to)) {
        fault("DMA outside the buffers");
        return NULL;
    }
    return shadow + ((uintptr_t)a - (uintptr_t)mem);
}

/* ---- PHY ------------------------------------------------------------------- */

static void phy_power(void)
{
    memset(&phy, 0, sizeof phy);
    phy.bmcr = 0x1140;
    phy.offer = 0x01e1;
    phy.offer_1000 = 0x0200;
    phy.eee = 6; /* offered until somebody says no */
    phy.latched_down = true;
}

static void link_goes(void)
{
    phy.latched_down = phy.latched_down || phy.link;
    phy.link = false;
    M.mbps = 0;
}

static uint32_t common(void)
{
    uint32_t ours = phy.offer & 0x1e0u;
    if ((phy.offer_1000 & 0x200) != 0)
        ours |= CAN_1000_FULL;
    uint32_t both = ours & M.partner;
    if (M.partner_fixed) /* parallel detection finds the speed, not more */
        both &= CAN_10_HALF | CAN_100_HALF;
    return both;
}

static void link_comes(void)
{
    uint32_t c = common();
    phy.up_at = 0;
    if (c == 0)
        return;
    phy.link = true;
    M.mbps = c & CAN_1000_FULL                   ? 1000
             : c & (CAN_100_FULL | CAN_100_HALF) ? 100
                                                 : 10;
    M.full = (c & (CAN_1000_FULL | CAN_100_FULL)) != 0 ||
             (M.mbps == 10 && (c & CAN_10_FULL) != 0);
    phy.with_eee = phy.eee != 0;
}

static void negotiate(void)
{
    link_goes();
    phy.up_at = M.cable ? hw_ticks() + us(M.aneg_ms * 1000) : 0;
}

static void phy_run(void)
{
    if (phy.in_reset && !M.phy_in_reset && hw_ticks() >= phy.reset_until) {
        phy_power();
        negotiate();
    }
    if (!M.cable || phy.in_reset) {
        link_goes();
        phy.up_at = 0;
    } else if (!phy.link && phy.up_at == 0) {
        negotiate(); /* the cable came back */
    } else if (phy.up_at != 0 && hw_ticks() >= phy.up_at) {
        link_comes();
    }
}

static uint16_t phy_read(unsigned n)
{
    uint16_t v;
    switch (n) {
    case 0:
        return phy.in_reset ? 0x8000 : phy.bmcr;
    case 1:
        v = 0x7949;
        if (phy.link)
            v |= 0x20u | (phy.latched_down ? 0u : 4u);
        phy.latched_down = false;
        return v;
    case 2:
        return 0x600d;
    case 3:
        return 0x84a2;
    case 5:
        if (M.partner_fixed)
            return M.partner & (CAN_100_HALF | CAN_100_FULL) ? CAN_100_HALF
                                                             : CAN_10_HALF;
        return phy.link ? (uint16_t)(0x4001 | (M.partner & 0x1e0u)) : 0;
    case 10:
        return phy.link && !M.partner_fixed && (M.partner & CAN_1000_FULL)
                   ? 0x7800
                   : 0;
    case 14:
        return (phy.mmd_ctrl & 0xc01f) == 0x4007 && phy.mmd_register == 60
                   ? phy.eee
                   : 0;
    default:
        fault("PHY register read");
        return 0;
    }
}

static void phy_write(unsigned n, uint16_t v)
{
    switch (n) {
    case 0:
        if ((v & 0x8000) != 0) {
            phy.in_reset = true;
            phy.reset_until = hw_ticks() + us(5000);
        } else {
            phy.bmcr = v & 0xfdff;
            if ((v & 0x1200) != 0x1200)
                fault("no negotiation");
            negotiate();
        }
        break;
    case 4:
        phy.offer = v;
        break;
    case 9:
        phy.offer_1000 = v;
        break;
    case 13:
        phy.mmd_ctrl = v;
        break;
    case 14:
        if ((phy.mmd_ctrl & 0xc000) == 0)
            phy.mmd_register = v;
        else if ((phy.mmd_ctrl & 31) == 7 && phy.mmd_register == 60)
            phy.eee = v;
        else
            fault("PHY register behind 13 and 14");
        break;
    default:
        fault("PHY register write");
    }
}

static void mdio_begin(uint32_t v)
{
    if (at.mdio_until != 0)
        fault("MDIO while it is busy");
    *r(0xe14) = v;
    if ((v & 0x20000000) != 0)
        at.mdio_until = hw_ticks() + us(30);
}

static void mdio_run(void)
{
    if (at.mdio_until == 0 || M.mdio_stuck || hw_ticks() < at.mdio_until)
        return;
    at.mdio_until = 0;
    uint32_t v = *r(0xe14) & ~0x30000000u;
    unsigned n = v >> 16 & 31;
    bool here = (v >> 21 & 31) == M.phy_address && !M.phy_dead;
    if ((v & 0x0c000000) == 0x08000000)
        v = (v & 0xffff0000u) | (here ? phy_read(n) : 0xffffu) |
            (here ? 0 : 0x10000000u);
    else if (here && (v & 0x0c000000) == 0x04000000)
        phy_write(n, (uint16_t)v);
    *r(0xe14) = v;
}

/* ---- rings ------------------------------------------------------------------ */

#define RX          0x2000u
#define TX          0x4000u
#define RX_RING     0x3000u
#define TX_RING     0x5000u
#define RX_REGS     0x3040u
#define TX_REGS     0x5040u
#define CMD         (*r(0x808))
#define RX_PRODUCED (*r(RX_RING + 0x08))
#define RX_CONSUMED (*r(RX_RING + 0x0c))
#define TX_CONSUMED (*r(TX_RING + 0x08))
#define TX_PRODUCED (*r(TX_RING + 0x0c))

static bool ring_on(uint32_t ring, uint32_t regs)
{
    if ((*r(regs + 4) & 0x20001u) != 0x20001u || (*r(regs) & 0x10000u) == 0)
        return false;
    if (*r(ring + 0x10) >> 16 != 256 || *r(ring + 0x14) != 0 ||
        *r(ring + 0x1c) != 767 || *r(regs + 0xc) != 8 || *r(ring + 0x24) != 1) {
        fault("a ring is set up wrongly");
        return false;
    }
    return true;
}

/* The place of an index; the chip's own pointer must agree. */
static uint32_t place(uint32_t dma_base, uint32_t index, uint32_t pointer)
{
    uint32_t n = index % 256;
    if (*r(pointer) != n * 3)
        fault("the chip's pointer is elsewhere than the index");
    *r(pointer) = (n + 1) % 256 * 3;
    return dma_base + n * 12;
}

static bool mac_fits_the_wire(uint32_t direction)
{
    unsigned mbps = (CMD >> 2 & 3) == 2 ? 1000 : (CMD >> 2 & 3) == 1 ? 100 : 10;
    if ((CMD & direction) == 0 || M.mbps == 0)
        return false;
    if (mbps != M.mbps || ((CMD & 0x400) == 0) != M.full) {
        fault("the MAC's speed or duplex is not the wire's");
        return false;
    }
    if (*r(4) != 3 || (*r(0x8c) & 0x10070u) != 0x10050u) {
        fault("the RGMII port is set up wrongly");
        return false;
    }
    if (phy.with_eee || (*r(0x39c) & 3) != 0 || (*r(0x614) & 3) != 0 ||
        *r(0x864) != 0) {
        fault("EEE is on");
        return false;
    }
    return true;
}

static bool filter(const uint8_t *a)
{
    if ((CMD & 0x10) != 0)
        return true;
    for (uint32_t n = 0; n < 17; n++) {
        uint32_t high = *r(0xe54 + 8 * n), low = *r(0xe58 + 8 * n);
        const uint8_t f[6] = {(uint8_t)(high >> 8), (uint8_t)high,
                              (uint8_t)(low >> 24), (uint8_t)(low >> 16),
                              (uint8_t)(low >> 8),  (uint8_t)low};
        if ((*r(0xe50) >> (16 - n) & 1) != 0 && memcmp(a, f, 6) == 0)
            return true;
    }
    return false;
}

static void deliver(const uint8_t *frame, size_t len)
{
    uint32_t pad = (*r(0x300) & 2) != 0 ? 2 : 0;
    uint32_t desc = place(RX, RX_PRODUCED & 0xffff, RX_RING);
    uint32_t flags = 0x6000u | M.next_flags;
    uint32_t room = *r(RX_RING + 0x10) & 0xffff;
    if (len + 4 > *r(0x814))
        flags |= 0x10;
    M.next_flags = 0;
    if (len + pad > room)
        len = room - pad;
    uint8_t *p = dma(desc, room);
    if (p == NULL)
        return;
    memset(p, 0, pad);
    memcpy(p + pad, frame, len);
    *r(desc) = (uint32_t)(len + pad) << 16 | flags;
    RX_PRODUCED = (RX_PRODUCED & 0xffff0000u) | ((RX_PRODUCED + 1) & 0xffff);
    *r(0x200) |= 0x2000;
    M.delivered++;
}

bool genet_model_receive(const uint8_t *frame, size_t len)
{
    genet_model_run();
    if (M.mute || M.deaf || !mac_fits_the_wire(2) ||
        !ring_on(RX_RING, RX_REGS)) {
        M.lost++;
        return false;
    }
    if (!filter(frame)) {
        M.filtered++;
        return false;
    }
    if (((RX_PRODUCED - RX_CONSUMED) & 0xffff) >= 256) {
        M.discarded++;
        if (RX_PRODUCED >> 16 != 0xffff)
            RX_PRODUCED += 0x10000;
        return false;
    }
    uint32_t delivered = M.delivered;
    deliver(frame, len);
    genet_model_run();
    return M.delivered != delivered;
}

static uint64_t wire_time(uint32_t len)
{
    return (uint64_t)(len + 12) * 8 * GENET_MODEL_HZ / (M.mbps * 1000000u);
}

static void transmit(void)
{
    uint32_t desc = place(TX, TX_CONSUMED, TX_RING), status = *r(desc);
    uint32_t len = status >> 16;
    if ((status & 0x6040) != 0x6040 || len < 60 || len > 1514)
        fault("a descriptor that sends nothing good");
    const uint8_t *p = dma(desc, len);
    TX_CONSUMED = (TX_CONSUMED + 1) & 0xffff;
    *r(0x200) |= 0x10000;
    M.sent++;
    M.sent_ended = at.tx_until;
    M.sent_began = at.tx_until - wire_time(len);
    if (p != NULL && M.wire != NULL)
        M.wire(p, len);
}

static void tx_run(void)
{
    if (TX_PRODUCED == TX_CONSUMED || M.tx_stuck || !mac_fits_the_wire(1) ||
        !ring_on(TX_RING, TX_REGS))
        return;
    if (at.tx_until == 0) /* a little from memory to the wire */
        at.tx_until = hw_ticks() + us(1 + M.tx_lag_us) +
                      wire_time(*r(TX + TX_CONSUMED % 256 * 12) >> 16);
    if (hw_ticks() >= at.tx_until) {
        transmit();
        at.tx_until = 0;
    }
}

bool genet_model_sending(void)
{
    return at.tx_until != 0;
}

void genet_model_phy_reset(void)
{
    phy_power();
    negotiate();
}

void genet_model_run(void)
{
    phy_run();
    mdio_run();
    tx_run();
    while (!at.in_irq && M.irq != NULL && !M.mute &&
           (*r(0x200) & ~*r(0x20c)) != 0) {
        at.in_irq = true;
        uint32_t before = *r(0x200);
        M.irq();
        at.in_irq = false;
        if (*r(0x200) == before)
            fault("an interrupt that nobody clears");
        if (*r(0x200) == before)
            break;
    }
}

/* ---- registers ---------------------------------------------------------------- */

void genet_model_power(void *p, size_t len)
{
    memset(reg, 0, sizeof reg);
    memset(&at, 0, sizeof at);
    mem = p;
    mem_len = len;
    memset(shadow, 0xee, sizeof shadow);
    if (len > sizeof shadow)
        fault("the model's memory is too small");
    phy_power();
    *r(0) = M.revision;
    *r(0x20c) = *r(0x24c) = 0; /* a boot loader's: nothing masked */
    *r(0x39c) = 3;
    *r(0x614) = 3;
    RX_PRODUCED = RX_CONSUMED = M.first_index;
    TX_PRODUCED = TX_CONSUMED = M.first_index;
    *r(RX_RING) = *r(TX_RING) = 0; /* ... and its pointers elsewhere */
}

static void mac_reset(void)
{
    M.deaf = M.tx_stuck = false;
    M.resets++;
    CMD = 0;
    at.tx_until = 0;
}

uint32_t hw_read(uintptr_t address)
{
    uint32_t o = (uint32_t)(address - GENET_MODEL_BASE);
    if (o >= 4 * REGISTERS || o % 4 != 0) {
        fault("register read");
        return 0;
    }
    if (M.mute)
        return 0xffffffffu;
    genet_model_run();
    uint64_t now = hw_ticks();
    if (o == RX_REGS + 8)
        return (*r(RX_REGS + 4) & 1) == 0 && now >= at.stopped_at[0] ? 1 : 0;
    if (o == TX_REGS + 8)
        return (*r(TX_REGS + 4) & 1) == 0 && now >= at.stopped_at[1] ? 1 : 0;
    return *r(o);
}

static void write_dma_control(uint32_t o, uint32_t v)
{
    if ((v & 1) == 0)
        at.stopped_at[o == TX_REGS + 4] = hw_ticks() + us(20);
    *r(o) = v;
}

static void write_flush(uint32_t v)
{
    if ((v & 2) != 0)
        at.flushed_at = hw_ticks();
    else if ((*r(8) & 2) != 0 && hw_ticks() - at.flushed_at < us(10))
        fault("the MAC's reset is too short");
    else if ((*r(8) & 2) != 0)
        mac_reset();
    *r(8) = v;
}

static bool write_special(uint32_t o, uint32_t v)
{
    switch (o) {
    case 0x008:
        write_flush(v);
        return true;
    case 0x208: /* clear */
        *r(0x200) &= ~v;
        return true;
    case 0x210: /* mask set, clear */
        *r(0x20c) |= v;
        return true;
    case 0x214:
        *r(0x20c) &= ~v;
        return true;
    case 0x250:
        *r(0x24c) |= v;
        return true;
    case 0xe14:
        mdio_begin(v);
        return true;
    case RX_RING + 0x08: /* clears the count, does not move the index */
        RX_PRODUCED &= 0xffff;
        return true;
    case TX_RING + 0x08:
        return true;
    case RX_REGS + 4:
    case TX_REGS + 4:
        write_dma_control(o, v);
        return true;
    default:
        return false;
    }
}

void hw_write(uintptr_t address, uint32_t v)
{
    uint32_t o = (uint32_t)(address - GENET_MODEL_BASE);
    if (o >= 4 * REGISTERS || o % 4 != 0) {
        fault("register write");
        return;
    }
    if (M.mute)
        return;
    if (((o == 0x39c || o == 0x614) && (v & 3) != 0) || (o == 0x864 && v != 0))
        fault("EEE switched on");
    if (o == RX_RING + 0x0c && ((RX_PRODUCED - v) & 0xffff) > 256)
        fault("more taken than there was");
    if (o == TX_RING + 0x0c && ((v - TX_CONSUMED) & 0xffff) > 256)
        fault("more frames than places");
    if (!write_special(o, v))
        *r(o) = v;
    genet_model_run();
}
