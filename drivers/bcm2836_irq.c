#include "bcm2836_irq.h"
#include "hw.h"

#define CONTROL      0x00u
#define PRESCALER    0x08u
#define GPU_ROUTING  0x0cu
#define CORE0_TIMERS 0x40u
#define CORE0_SOURCE 0x60u

#define PENDING_1     0x04u
#define PENDING_2     0x08u
#define FIQ_CONTROL   0x0cu
#define ENABLE_1      0x10u
#define DISABLE_1     0x1cu
#define DISABLE_2     0x20u
#define DISABLE_BASIC 0x24u

#define UNDIVIDED 0x80000000u /* prescaler: 2^31 / this */
#define ALL       0xffffffffu

void bcm2836_irq_init(const struct bcm2836_irq *c)
{
    hw_write(c->local + CONTROL, 0); /* crystal, steps of one */
    hw_write(c->local + PRESCALER, UNDIVIDED);
    hw_write(c->local + GPU_ROUTING, 0);
    hw_write(c->gpu + FIQ_CONTROL, 0);
    hw_write(c->gpu + DISABLE_1, ALL);
    hw_write(c->gpu + DISABLE_2, ALL);
    hw_write(c->gpu + DISABLE_BASIC, ALL);
    hw_write(c->local + CORE0_TIMERS, BCM2836_IRQ_PHYS | BCM2836_IRQ_VIRT);
}

uint32_t bcm2836_irq_pending(const struct bcm2836_irq *c)
{
    return hw_read(c->local + CORE0_SOURCE);
}

uint64_t bcm2836_irq_gpu_pending(const struct bcm2836_irq *c)
{
    uint32_t low = hw_read(c->gpu + PENDING_1);
    return (uint64_t)hw_read(c->gpu + PENDING_2) << 32 | low;
}

void bcm2836_irq_gpu_enable(const struct bcm2836_irq *c, unsigned n)
{
    ASSERT(n < 64);
    hw_write(c->gpu + ENABLE_1 + n / 32 * 4, 1u << n % 32);
}
