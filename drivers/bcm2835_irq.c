#include "bcm2835_irq.h"
#include "hw.h"

#define PENDING_1     0x04u
#define PENDING_2     0x08u
#define FIQ_CONTROL   0x0cu
#define ENABLE_1      0x10u
#define DISABLE_1     0x1cu
#define DISABLE_2     0x20u
#define DISABLE_BASIC 0x24u

#define ALL 0xffffffffu

void bcm2835_irq_init(uintptr_t base)
{
    hw_write(base + FIQ_CONTROL, 0);
    hw_write(base + DISABLE_1, ALL);
    hw_write(base + DISABLE_2, ALL);
    hw_write(base + DISABLE_BASIC, ALL);
}

uint64_t bcm2835_irq_pending(uintptr_t base)
{
    uint32_t low = hw_read(base + PENDING_1);
    return (uint64_t)hw_read(base + PENDING_2) << 32 | low;
}

void bcm2835_irq_enable(uintptr_t base, unsigned n)
{
    ASSERT(n < 64);
    hw_write(base + ENABLE_1 + n / 32 * 4, 1u << n % 32);
}
