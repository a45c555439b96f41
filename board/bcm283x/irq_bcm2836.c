/* irq_bcm2836.c -- the controllers of a BCM2836 or BCM2837: the cores' own in
 * front, the GPU's behind it. */
#include "bcm2835_irq.h"
#include "bcm2836_local.h"
#include "machine_private.h"

static void init(void)
{
    bcm2835_irq_init(soc->irq_gpu);
    bcm2836_local_init(soc->local);
}

static void enable(unsigned n)
{
    bcm2835_irq_enable(soc->irq_gpu, n);
}

static void handle(uint32_t pc)
{
    uint32_t pending = bcm2836_local_pending(soc->local);
    if ((pending & BCM2836_LOCAL_VIRT) != 0)
        machine_pps_irq(); /* first: it has an edge to meet */
    if ((pending & BCM2836_LOCAL_PHYS) != 0)
        machine_silence_irq(pc);
    if ((pending & BCM2836_LOCAL_GPU) != 0)
        machine_irq_devices(bcm2835_irq_pending(soc->irq_gpu));
}

const struct machine_irq machine_irq_bcm2836 = {init, enable, handle};
