/* irq.c -- who owns which interrupt, on the controllers of a BCM2836 or
 * BCM2837. All of them go to core 0. */
#include "bcm2836_irq.h"
#include "machine.h"
#include "machine_private.h"

static const struct bcm2836_irq irq = {SOC_LOCAL, SOC_IRQC};

void machine_irq_init(void)
{
    bcm2836_irq_init(&irq);
}

void machine_irq_enable(unsigned n)
{
    bcm2836_irq_gpu_enable(&irq, n);
}

static void gpu_interrupts(void)
{
    uint64_t pending = bcm2836_irq_gpu_pending(&irq);
    if ((pending & 1ull << SOC_IRQ_USB) != 0)
        machine_eth->irq();
    if ((pending & 1ull << SOC_IRQ_PL011) != 0)
        pl011_service(&machine_uart);
    machine_woken = true;
}

void irq_handler(uint32_t pc)
{
    uint32_t pending = bcm2836_irq_pending(&irq);
    if ((pending & BCM2836_IRQ_VIRT) != 0)
        machine_pps_irq(); /* first: it has an edge to meet */
    if ((pending & BCM2836_IRQ_PHYS) != 0)
        machine_silence_irq(pc);
    if ((pending & BCM2836_IRQ_GPU) != 0)
        gpu_interrupts();
}
