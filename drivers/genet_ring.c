/* genet_ring.c -- the two rings, their buffers and the stamps. Indices count
 * frames, wrap at 65536 and are never zeroed: the chip goes on from where it
 * is, and so do we. */
#include <string.h>

#include "genet_private.h"

#define PAD       2u /* RBUF_ALIGN_2 */
#define FRAME_MIN 14u
#define WIRE_MIN  60u
#define OVERHEAD  12u         /* preamble and FCS */
#define GONE      0xffffffffu /* what a chip reads that is not there */
#define STUCK_NS  (1000 * MONO_MS)

static_assert(65536 % GENET_RX == 0 && GENET_RX == RING_DESCS, "index = place");
static_assert(65536 % RING_DESCS == 0 && RING_DESCS % GENET_TX == 0, "too");

/* ---- setting up ---------------------------------------------------------- */

/* The processor's own address: GENET needs no alias. */
static void describe(const struct genet *g, uint32_t desc, const void *buf)
{
    uint64_t address = (uintptr_t)buf;
    genet_write(g, desc + DESC_LOW(0), (uint32_t)address);
    genet_write(g, desc + DESC_HI(0), (uint32_t)(address >> 32));
}

static void place(const struct genet *g, uint32_t dma, uint32_t bytes)
{
    genet_write(g, DMA_BURST(dma), BURST);
    genet_write(g, RING_START(dma), 0);
    genet_write(g, RING_END(dma), RING_DESCS * DESC_BYTES / 4 - 1);
    genet_write(g, RING_SIZE(dma), RING_DESCS << 16 | bytes);
    genet_write(g, RING_THRESH(dma), 1);
    genet_write(g, RING_FLOW(dma), 0);
}

static uint32_t words(uint16_t index)
{
    return index % RING_DESCS * DESC_BYTES / 4;
}

static void start_rx(struct genet *g)
{
    for (uint32_t i = 0; i < GENET_RX; i++)
        describe(g, RX_DMA + DESC(i), g->rx_buf[i]);
    hw_dma_discard(g->rx_buf, sizeof g->rx_buf);
    place(g, RX_DMA, GENET_RX_BYTES);
    genet_write(g, RX_TIMEOUT, 0);
    genet_write(g, RX_PRODUCED, 0); /* the count of discards, no more */
    g->seen = g->consumed = INDEX(genet_read(g, RX_PRODUCED));
    g->discarded = 0;
    genet_write(g, RX_CONSUMED, g->consumed);
    genet_write(g, RX_WRITE, words(g->consumed));
    genet_write(g, RX_READ, words(g->consumed));
}

static void start_tx(struct genet *g)
{
    place(g, TX_DMA, GENET_TX_BYTES);
    g->produced = INDEX(genet_read(g, TX_CONSUMED));
    genet_write(g, TX_PRODUCED, g->produced);
    genet_write(g, TX_READ, words(g->produced));
    genet_write(g, TX_WRITE, words(g->produced));
    g->sent_at = 0;
    g->has_left = false;
    g->tx_since = MONO_NEVER;
}

void genet_ring_start(struct genet *g)
{
    g->nonsense = false;
    start_rx(g);
    start_tx(g);
    genet_write(g, DMA_RINGS(RX_DMA), 1u << RING);
    genet_write(g, DMA_RINGS(TX_DMA), 1u << RING);
    genet_write(g, DMA_CTRL(RX_DMA), DMA_RING_ON | DMA_ON);
    genet_write(g, DMA_CTRL(TX_DMA), DMA_RING_ON | DMA_ON);
}

/* ---- stamps -------------------------------------------------------------- */

/* Of a frame without preamble and FCS. */
static uint32_t wire_ticks(const struct genet *g, uint32_t len)
{
    if (g->phy.mbps == 0)
        return 0;
    uint64_t bits = (len + OVERHEAD) * 8;
    return (uint32_t)(bits * g->tick_hz / (g->phy.mbps * 1000000u));
}

/* Frames that are in memory and not stamped yet. The last of them ended before
 * `at`; the one before it ended before that one began. */
static unsigned collect(struct genet *g, uint64_t at)
{
    uint16_t produced = INDEX(genet_read(g, RX_PRODUCED));
    uint16_t fresh = (uint16_t)(produced - g->seen);
    if ((uint16_t)(produced - g->consumed) > GENET_RX) {
        g->nonsense = true;
        return 0;
    }
    for (uint16_t i = fresh; i > 0; i--) {
        unsigned slot = (uint16_t)(g->seen + i - 1) % GENET_RX;
        uint32_t status = genet_read(g, RX_DMA + DESC(slot));
        uint32_t len = DESC_LENGTH(status);
        at -= wire_ticks(g, len > PAD ? len - PAD : 0);
        g->stamp[slot] = at;
        g->status[slot] = status;
    }
    g->seen = produced;
    return fresh;
}

static void sent(struct genet *g, uint64_t at)
{
    uint64_t began = g->sent_at;
    if (began == 0)
        return;
    if (at - began < g->sent_wire) /* the frame before, reported late */
        return;
    g->sent_at = 0;
    uint64_t took = at - began - g->sent_wire;
    if (took > g->stats.tx_wait_ticks)
        g->stats.tx_wait_ticks = (uint32_t)took;
    g->left_at = began + took;
    g->has_left = true;
}

void genet_irq(struct genet *g)
{
    uint64_t at = hw_ticks();
    if (g->state != GENET_UP)
        return;
    uint32_t status = genet_read(g, INTR_0 + INTR_STATUS) &
                      ~genet_read(g, INTR_0 + INTR_MASKED);
    /* Cleared first: a frame that comes from here on interrupts anew. */
    genet_write(g, INTR_0 + INTR_CLEAR, status);
    if ((status & INTR_RX) != 0)
        (void)collect(g, at);
    if ((status & INTR_TX) != 0)
        sent(g, at);
}

/* ---- receiving ----------------------------------------------------------- */

/* The frame's length, or RC_BAD. */
static int judge(uint32_t status, size_t cap)
{
    uint32_t len = DESC_LENGTH(status), whole = DESC_FIRST | DESC_LAST;
    if ((status & DESC_RX_ERRORS) != 0 || (status & whole) != whole)
        return RC_BAD;
    if (len < PAD + FRAME_MIN || len > PAD + GENET_FRAME || len - PAD > cap)
        return RC_BAD;
    return (int)(len - PAD);
}

static int eth_recv(void *dev, uint8_t *buf, size_t cap, uint64_t *stamp)
{
    struct genet *g = dev;
    int rc = RC_AGAIN;
    while (rc == RC_AGAIN && g->consumed != g->seen) {
        unsigned slot = g->consumed % GENET_RX;
        int len = judge(g->status[slot], cap);
        if (len > 0) {
            size_t lines = (PAD + (size_t)len + HW_LINE - 1) / HW_LINE;
            hw_dma_discard(g->rx_buf[slot], lines * HW_LINE);
            memcpy(buf, g->rx_buf[slot] + PAD, (size_t)len);
            *stamp = g->stamp[slot];
            g->stats.rx++;
            g->unheard = 0;
            g->heard_any = true;
            rc = len;
        } else {
            g->stats.rx_bad++;
        }
        g->consumed++;
        genet_write(g, RX_CONSUMED, g->consumed);
    }
    return rc;
}

/* Counts what found no buffer. The count stops at its end: begin anew. */
static void count_discards(struct genet *g, uint32_t produced)
{
    uint16_t now = DISCARDED(produced);
    if (produced == GONE) {
        g->nonsense = true;
        return;
    }
    g->stats.rx_lost += (uint16_t)(now - g->discarded);
    g->discarded = now;
    if (now >= DISCARDS_MANY) {
        genet_write(g, RX_PRODUCED, 0);
        g->discarded = 0;
    }
}

/* The interrupt is held back meanwhile. */
void genet_ring_poll(struct genet *g, mono_ns now)
{
    uint32_t produced = genet_read(g, RX_PRODUCED);
    count_discards(g, produced);
    if (INDEX(produced) != g->seen) {
        genet_write(g, INTR_0 + INTR_MASK_SET, INTR_RX);
        g->stats.rx_polled += collect(g, hw_ticks());
        genet_write(g, INTR_0 + INTR_MASK_CLEAR, INTR_RX);
    }
    if (INDEX(genet_read(g, TX_CONSUMED)) == g->produced)
        g->tx_since = MONO_NEVER;
    else if (g->tx_since == MONO_NEVER)
        g->tx_since = now;
}

bool genet_ring_stuck(struct genet *g, mono_ns now)
{
    return g->nonsense ||
           (g->tx_since != MONO_NEVER && now - g->tx_since > STUCK_NS);
}

/* ---- sending ------------------------------------------------------------- */

static int eth_send(void *dev, const uint8_t *frame, size_t len,
                    uint64_t *stamp)
{
    struct genet *g = dev;
    if (len < FRAME_MIN || len > GENET_FRAME)
        return RC_BAD;
    if (g->state != GENET_UP)
        return RC_STATE;
    uint16_t under_way = g->produced - INDEX(genet_read(g, TX_CONSUMED));
    if (under_way >= GENET_TX || (stamp != NULL && under_way != 0)) {
        g->stats.tx_busy++;
        return RC_AGAIN;
    }
    uint8_t *buf = g->tx_buf[g->produced % GENET_TX];
    size_t sent_len = len < WIRE_MIN ? WIRE_MIN : len;
    memcpy(buf, frame, len);
    memset(buf + len, 0, sent_len - len);
    hw_dma_clean(buf, (sent_len + HW_LINE - 1) / HW_LINE * HW_LINE);
    uint32_t desc = TX_DMA + DESC(g->produced % RING_DESCS);
    describe(g, desc, buf);
    genet_write(g, desc,
                (uint32_t)sent_len << 16 | DESC_TX_QUEUE | DESC_TX_CRC |
                    DESC_FIRST | DESC_LAST);
    g->produced++;
    g->sent_wire = wire_ticks(g, (uint32_t)sent_len);
    g->sent_at = 0;
    g->has_left = false;
    uint64_t at = hw_ticks();
    if (stamp != NULL)
        *stamp = g->sent_at = at;
    genet_write(g, TX_PRODUCED, g->produced);
    g->stats.tx++;
    g->unheard++;
    return RC_OK;
}

static int eth_left(void *dev, uint64_t *stamp)
{
    struct genet *g = dev;
    if (!g->has_left)
        return RC_AGAIN;
    *stamp = g->left_at;
    g->has_left = false;
    return RC_OK;
}

static bool eth_link(const void *dev)
{
    const struct genet *g = dev;
    return g->state == GENET_UP;
}

static void eth_mac(const void *dev, uint8_t mac[6])
{
    const struct genet *g = dev;
    memcpy(mac, g->mac, 6);
}

const struct eth_ops genet_ops = {
    .recv = eth_recv,
    .send = eth_send,
    .left = eth_left,
    .link = eth_link,
    .mac = eth_mac,
};
