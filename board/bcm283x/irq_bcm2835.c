/* irq_bcm2835.c -- the one controller of a BCM2835. The processor has no timer
 * of its own: both of ours are compares of the system timer, and they come as
 * interrupts of their numbers (board/armv6/timer.c). */
#include "bcm2835_irq.h"
#include "machine_private.h"
#include "systimer.h"

static void init(void)
{
    bcm2835_irq_init(soc->irq_gpu);
    bcm2835_irq_enable(soc->irq_gpu, SYSTIMER_PULSE);
    bcm2835_irq_enable(soc->irq_gpu, SYSTIMER_WAKE);
}

static void enable(unsigned n)
{
    bcm2835_irq_enable(soc->irq_gpu, n);
}

static void handle(uint32_t pc)
{
    uint64_t pending = bcm2835_irq_pending(soc->irq_gpu);
    if ((pending & 1ull << SYSTIMER_PULSE) != 0)
        machine_pps_irq(); /* first: it has an edge to meet */
    if ((pending & 1ull << SYSTIMER_WAKE) != 0)
        machine_silence_irq(pc);
    pending &= ~(1ull << SYSTIMER_PULSE | 1ull << SYSTIMER_WAKE);
    if (pending != 0)
        machine_irq_devices(pending);
}

const struct machine_irq machine_irq_bcm2835 = {init, enable, handle};
