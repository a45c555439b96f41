#include "dwc2_private.h"

/* Start-up, each state with its deadline in h->when. */
enum {
    ST_IDLE,  /* wait for the AHB master to be idle                       */
    ST_RESET, /* core soft reset under way                                */
    ST_MODE,  /* wait for host mode                                       */
    ST_FLUSH_TX,
    ST_FLUSH_RX,
    ST_READY,
    ST_DEAD, /* try again at h->when                                     */
};

#define RESET_NS  (100 * MONO_MS)
#define MODE_NS   (150 * MONO_MS) /* forcing host mode takes 25 ms and more  */
#define FLUSH_NS  (10 * MONO_MS)
#define REVIVE_NS (1000 * MONO_MS)

static void enter(struct dwc2 *h, uint8_t state, span_ns limit)
{
    h->state = state;
    h->when = h->now + limit;
}

static void dead(struct dwc2 *h, const char *why)
{
    h->trouble = why;
    enter(h, ST_DEAD, REVIVE_NS);
}

static bool high_speed_phy(const struct dwc2 *h)
{
    return (dwc2_read(h, GHWCFG2) >> 6 & 3) != 0;
}

static void begin(struct dwc2 *h)
{
    h->gintmsk = 0;
    if ((dwc2_read(h, GSNPSID) & 0xfffff000u) != 0x4f542000u) {
        dead(h, "no DWC2 USB controller answers at its address");
        return;
    }
    if ((dwc2_read(h, GHWCFG2) >> 3 & 3) != 2) {
        dead(h, "USB controller without DMA");
        return;
    }
    dwc2_write(h, GAHBCFG, 0);
    dwc2_write(h, GINTMSK, 0);
    dwc2_write(h, PCGCCTL, 0); /* PHY clock on */
    h->emulated = !high_speed_phy(h);
    uint32_t n = (dwc2_read(h, GHWCFG2) >> 14 & 15) + 1;
    h->channels = (uint8_t)(n < DWC2_CHANNELS ? n : DWC2_CHANNELS);
    enter(h, ST_IDLE, RESET_NS);
}

void dwc2_init(struct dwc2 *h, uintptr_t base, mono_ns now)
{
    *h = (struct dwc2){.base = base, .now = now};
    begin(h);
}

void dwc2_restart(struct dwc2 *h, const char *why)
{
    h->stats.restarts++;
    h->trouble = why;
    dwc2_write(h, GAHBCFG, 0);
    dwc2_chan_abandon(h);
    begin(h);
}

/* The Pi's PHY is on 8-bit UTMI+; the full-speed serial one is the choice
 * only where nothing else exists. */
static void select_phy(struct dwc2 *h)
{
    uint32_t v = dwc2_read(h, GUSBCFG);
    v &= ~(USB_PHYIF | USB_ULPI | USB_PHYSEL_FS | USB_SRP | USB_HNP |
           USB_ULPI_FSLS | USB_ULPI_SUSP | USB_ULPI_VBUS | USB_TERM_SEL |
           USB_FORCE_DEV);
    v |= USB_FORCE_HOST;
    if (!high_speed_phy(h))
        v |= USB_PHYSEL_FS;
    dwc2_write(h, GUSBCFG, v);
}

/* Receive, non-periodic and periodic transmit share one RAM (4080 words on
 * BCM2835): three equal quarters, one behind the other. */
static void size_fifos(struct dwc2 *h)
{
    uint32_t words = (dwc2_read(h, GHWCFG3) >> 16) / 4;
    if (words > 1024)
        words = 1024;
    dwc2_write(h, GRXFSIZ, words);
    dwc2_write(h, GNPTXFSIZ, words << 16 | words);
    dwc2_write(h, HPTXFSIZ, words << 16 | 2 * words);
}

static void configure(struct dwc2 *h)
{
    dwc2_write(h, PCGCCTL, 0);
    uint32_t hcfg = dwc2_read(h, HCFG) & ~7u;
    if (!high_speed_phy(h))
        hcfg |= 1; /* 48 MHz; with a UTMI+ PHY 0: 30/60 MHz */
    dwc2_write(h, HCFG, hcfg);
    size_fifos(h);
    dwc2_write(h, GRSTCTL, RST_TX_ALL | RST_TX_FLUSH);
    enter(h, ST_FLUSH_TX, FLUSH_NS);
}

static void power_port(struct dwc2 *h)
{
    uint32_t v = dwc2_read(h, HPRT0);
    if (!(v & PRT_PWR))
        dwc2_write(h, HPRT0, (v & ~PRT_W1C) | PRT_PWR);
}

static void go(struct dwc2 *h)
{
    for (uint32_t i = 0; i < h->channels; i++) {
        dwc2_write(h, HCINTMSK(i), 0);
        dwc2_write(h, HCINT(i), HCI_ALL);
    }
    dwc2_write(h, HAINTMSK, (1u << h->channels) - 1);
    dwc2_write(h, GINTSTS, ~0u);
    h->gintmsk = INT_CHAN | INT_PORT;
    dwc2_write(h, GINTMSK, h->gintmsk);
    dwc2_write(h, GAHBCFG, AHB_DMA | AHB_AXI_WAIT | AHB_GINT);
    power_port(h);
    h->trouble = NULL;
    h->state = ST_READY;
}

static bool start_up_done(struct dwc2 *h)
{
    switch (h->state) {
    case ST_IDLE:
    case ST_RESET: {
        uint32_t v = dwc2_read(h, GRSTCTL);
        return (v & RST_AHB_IDLE) && !(v & RST_CORE);
    }
    case ST_MODE:
        return dwc2_read(h, GINTSTS) & INT_HOST_MODE;
    case ST_FLUSH_TX:
        return !(dwc2_read(h, GRSTCTL) & RST_TX_FLUSH);
    case ST_FLUSH_RX:
        return !(dwc2_read(h, GRSTCTL) & RST_RX_FLUSH);
    default:
        return false;
    }
}

static void start_up_next(struct dwc2 *h)
{
    switch (h->state) {
    case ST_IDLE:
        select_phy(h);
        dwc2_write(h, GRSTCTL, RST_CORE);
        enter(h, ST_RESET, RESET_NS);
        break;
    case ST_RESET:
        select_phy(h);
        enter(h, ST_MODE, MODE_NS);
        break;
    case ST_MODE:
        configure(h);
        break;
    case ST_FLUSH_TX:
        dwc2_write(h, GRSTCTL, RST_RX_FLUSH);
        enter(h, ST_FLUSH_RX, FLUSH_NS);
        break;
    default:
        go(h);
        break;
    }
}

static void start_up(struct dwc2 *h)
{
    static const char *const late[] = {
        [ST_IDLE] = "USB controller: bus master never idle",
        [ST_RESET] = "USB controller: reset never ends",
        [ST_MODE] = "USB controller does not enter host mode",
        [ST_FLUSH_TX] = "USB controller: FIFO flush never ends",
        [ST_FLUSH_RX] = "USB controller: FIFO flush never ends",
    };

    if (h->state == ST_DEAD) {
        if (h->now >= h->when)
            begin(h);
        return;
    }
    if (start_up_done(h))
        start_up_next(h);
    else if (h->now >= h->when)
        dead(h, late[h->state]);
}

bool dwc2_ready(const struct dwc2 *h)
{
    return h->state == ST_READY;
}

/* A done call may queue the next transfer, which QEMU ends at once: go round
 * while that happens, but not for ever. */
void dwc2_poll(struct dwc2 *h, mono_ns now)
{
    dwc2_lock(h);
    h->now = now;
    dwc2_unlock(h);
    for (int i = 0; i < 8 && h->state != ST_READY && h->state != ST_DEAD; i++)
        start_up(h);
    if (h->state == ST_DEAD)
        start_up(h);

    for (int turn = 0; turn < 32; turn++) {
        dwc2_lock(h);
        if (h->state == ST_READY)
            dwc2_chan_scan(h);
        struct dwc2_xfer *x = dwc2_chan_ended(h);
        dwc2_unlock(h);
        if (!x)
            return;
        x->done(x->ctx, x);
    }
}

mono_ns dwc2_due(struct dwc2 *h)
{
    if (h->state == ST_DEAD)
        return h->when;
    if (h->state != ST_READY)
        return h->now + MONO_MS;
    /* A channel's transfer is the interrupt's to take: seen under a flood,
     * between the question whether there is one and that for its deadline. */
    dwc2_lock(h);
    mono_ns due = dwc2_chan_due(h);
    dwc2_unlock(h);
    return due;
}

struct dwc2_port dwc2_port_take(struct dwc2 *h)
{
    uint32_t v = dwc2_read(h, HPRT0);
    uint32_t changes = v & (PRT_CONNDET | PRT_ENACHG | PRT_OCCHG);
    if (changes)
        dwc2_write(h, HPRT0, (v & ~PRT_W1C) | changes);
    if (!(h->gintmsk & INT_PORT)) {
        h->gintmsk |= INT_PORT;
        dwc2_write(h, GINTMSK, h->gintmsk);
    }
    uint32_t speed = v >> 17 & 3;
    return (struct dwc2_port){
        .connected = v & PRT_CONN,
        .connect_changed = v & PRT_CONNDET,
        .enabled = v & PRT_ENA,
        .enable_changed = v & PRT_ENACHG,
        .over_current = v & PRT_OC,
        .speed = speed == 0   ? DWC2_HIGH
                 : speed == 1 ? DWC2_FULL
                              : DWC2_LOW,
    };
}

void dwc2_port_reset(struct dwc2 *h, bool on)
{
    uint32_t v = dwc2_read(h, HPRT0) & ~(PRT_W1C | PRT_RST);
    dwc2_write(h, HPRT0, v | PRT_PWR | (on ? PRT_RST : 0));
}

void dwc2_port_enabled(struct dwc2 *h, enum dwc2_speed speed)
{
    /* Frame interval in PHY clocks: 60 MHz on 8-bit UTMI+. */
    uint32_t mhz = high_speed_phy(h) ? 60 : 48;
    uint32_t us = speed == DWC2_HIGH ? 125 : 1000;
    uint32_t v = dwc2_read(h, HFIR) & 0xffff0000u;
    dwc2_write(h, HFIR, v | (mhz * us - 1));
}
