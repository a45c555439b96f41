/* What the VideoCore answers to all that the machine asks of it, at start and
 * while it runs: any bytes in each message that comes back, or none.
 *
 * Input: per message a byte, even: it never comes back; odd: so many of the
 * next bytes are what stands in it. */
#include <string.h>

#include "core/mono.h"
#include "machine.h"
#include "vc.h"

#define BASE 0x3f00b880u
#define SENT 0xc0001000u

static struct vc vc;
static struct {
    const uint8_t *in;
    size_t len;
    bool back;
    mono_ns now;
} sim;

mono_ns machine_now(void)
{
    return sim.now += MONO_MS;
}

uint32_t hw_bus_addr(const void *p)
{
    ASSERT(p == vc.box.msg);
    return SENT;
}

uint32_t hw_read(uintptr_t reg)
{
    if (reg == BASE + 0x18)
        return sim.back ? 0 : 0x40000000;
    if (reg == BASE) {
        sim.back = false;
        return SENT | 8;
    }
    return 0;
}

void hw_write(uintptr_t reg, uint32_t value)
{
    ASSERT(reg == BASE + 0x20 && value == (SENT | 8));
    if (sim.len == 0)
        return;
    size_t n = *sim.in++;
    sim.len--;
    sim.back = (n & 1) != 0;
    n = n < sim.len ? n : sim.len;
    n = n < sizeof vc.box.msg ? n : sizeof vc.box.msg;
    if (sim.back) {
        memcpy(vc.box.msg, sim.in, n);
        sim.in += n;
        sim.len -= n;
    }
}

void hw_dma_clean(const void *p, size_t len)
{
    ASSERT(p == vc.box.msg && len == sizeof vc.box.msg);
}
void hw_dma_discard(void *p, size_t len)
{
    ASSERT(p == vc.box.msg && len == sizeof vc.box.msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    sim.in = in;
    sim.len = len;
    sim.back = false;
    mono_ns start = sim.now;
    vc_ask(&vc, BASE, MAILBOX_CLOCK_EMMC, 250000000);
    ASSERT(sim.now - start < 2 * MONO_S);
    ASSERT(vc.clock[VC_UART].hz != 0 && vc.clock[VC_SD].hz != 0);
    ASSERT((vc.mac[0] & 1) == 0);
    for (unsigned i = 0; i < 100; i++) {
        mono_ns now = machine_now();
        if (i % 8 == 0)
            vc_pin(&vc, 130, i % 16 == 0);
        vc_poll(&vc, now);
        sim.now += vc_due(&vc, now) > now ? MONO_S : 0;
    }
    return 0;
}
