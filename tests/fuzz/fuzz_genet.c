/* A GENET that lies: lengths and status of descriptors, indices, interrupt
 * status and what MDIO reads are changed on their way from the model. The
 * memory stays whole, no frame is longer than it may be, and once the lies are
 * over the link comes up and frames go both ways again.
 *
 * Input: the first index (2 bytes), changes. A change: which register (1 byte),
 * how many of its reads pass before it (1), a value (4). */
#include <string.h>

#include "../drivers/genet_model.h"
#include "core/mono.h"
#include "genet.h"

#define M      genet_model
#define RECORD 6u
#define STEP   (100 * MONO_US)

static struct genet g;
static uint64_t ticks;
static struct {
    const uint8_t *in;
    size_t len;
    unsigned reads;
} sim;

uint64_t hw_ticks(void)
{
    return ticks++;
}

static mono_ns now(void)
{
    return mono_of_ticks(ticks, GENET_MODEL_HZ);
}

/* Descriptors, RX produced, TX consumed, interrupt status, MDIO. */
static bool chosen(unsigned which, uint32_t offset)
{
    switch (which % 5) {
    case 0:
        return offset >= 0x2000 && offset < 0x2c00 && offset % 12 == 8;
    case 1:
        return offset == 0x3008;
    case 2:
        return offset == 0x5008;
    case 3:
        return offset == 0x200;
    default:
        return offset == 0xe14;
    }
}

uint32_t __real_hw_read(uintptr_t reg);
uint32_t __wrap_hw_read(uintptr_t reg);

uint32_t __wrap_hw_read(uintptr_t reg)
{
    uint32_t v = __real_hw_read(reg);
    if (sim.len < RECORD ||
        !chosen(sim.in[0], (uint32_t)(reg - GENET_MODEL_BASE)))
        return v;
    if (sim.reads++ < sim.in[1])
        return v;
    memcpy(&v, sim.in + 2, sizeof v);
    sim.in += RECORD;
    sim.len -= RECORD;
    sim.reads = 0;
    return v;
}

/* What a driver that believes a lie may come to do. */
static bool by_lies(const char *fault)
{
    static const char *const known[] = {
        "more taken than there was",
        "more frames than places",
        "the chip's pointer is elsewhere than the index",
        "an interrupt that nobody clears",
        "the MAC's speed or duplex is not the wire's",
        "MDIO while it is busy",
        "EEE is on", /* a PHY whose reset was said to have ended */
    };
    for (size_t i = 0; i < LEN(known); i++)
        if (strcmp(fault, known[i]) == 0)
            return true;
    return false;
}

static void irq(void)
{
    genet_irq(&g);
}

static void step(void)
{
    uint8_t buf[1514 + 4];
    uint64_t stamp;
    ticks += mono_to_ticks(STEP, GENET_MODEL_HZ);
    genet_model_run();
    genet_poll(&g, now());
    ASSERT(genet_due(&g) <= now() + 2 * MONO_S);
    int n = genet_ops.recv(&g, buf, sizeof buf, &stamp);
    ASSERT(n == RC_AGAIN || (n >= 14 && n <= 1514));
    if (M.faults != 0 && !by_lies(M.fault))
        panic(__FILE__, __LINE__, M.fault);
    M.faults = 0;
}

static void exchange(unsigned i)
{
    uint8_t f[1514] = {0xdc, 0xa6, 0x32, 1, 2, 3};
    (void)genet_model_receive(f, 60 + i % 1400);
    (void)genet_ops.send(&g, f, 60 + i % 1400, NULL);
    step();
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    struct genet_setup setup = {
        GENET_MODEL_BASE, GENET_MODEL_HZ, {0xdc, 0xa6, 0x32, 1, 2, 3}};
    if (len < 2 || len > 300)
        return 0;
    memset(&M, 0, sizeof M);
    M.cable = true;
    M.partner = CAN_100_FULL;
    M.revision = 0x06000000;
    M.phy_address = 1;
    M.aneg_ms = 5;
    M.irq = irq;
    memcpy(&M.first_index, in, 2);
    ticks = 1000;
    sim.len = 0;
    genet_model_power(&g, sizeof g);
    genet_init(&g, &setup, now());
    sim.in = in + 2;
    sim.len = len - 2;
    sim.reads = 0;
    for (unsigned i = 0; i < 400; i++)
        step();
    for (unsigned i = 0; i < 60; i++)
        exchange(i);

    sim.len = 0;
    for (unsigned i = 0; i < 60000; i++) { /* seconds: a link that was lost */
        if (i > 30000 && genet_ops.link(&g))
            break;
        if (i % 100 == 0 || !genet_ops.link(&g))
            step();
        ticks += mono_to_ticks(STEP, GENET_MODEL_HZ);
    }
    ASSERT(genet_ops.link(&g));
    for (unsigned i = 0; i < 300; i++)
        step();
    uint32_t rx = g.stats.rx, sent = M.sent;
    for (unsigned i = 0; i < 5; i++)
        exchange(i);
    ASSERT(g.stats.rx > rx && M.sent > sent);
    return 0;
}
