/* irq.c -- who owns which interrupt, on the controllers of a BCM2836 or
 * BCM2837. All of them go to core 0. */
#include "bcm2835_irq.h"
#include "bcm2836_local.h"
#include "machine.h"
#include "machine_private.h"

void machine_irq_init(void)
{
    bcm2835_irq_init(SOC_IRQC);
    bcm2836_local_init(SOC_LOCAL);
}

void machine_irq_enable(unsigned n)
{
    bcm2835_irq_enable(SOC_IRQC, n);
}

static void gpu_interrupts(void)
{
    uint64_t pending = bcm2835_irq_pending(SOC_IRQC);
    if ((pending & 1ull << SOC_IRQ_USB) != 0)
        machine_eth->irq();
    if ((pending & 1ull << SOC_IRQ_PL011) != 0)
        pl011_service(&machine_uart);
    machine_woken = true;
}

void irq_handler(uint32_t pc)
{
    uint32_t pending = bcm2836_local_pending(SOC_LOCAL);
    if ((pending & BCM2836_LOCAL_VIRT) != 0)
        machine_pps_irq(); /* first: it has an edge to meet */
    if ((pending & BCM2836_LOCAL_PHYS) != 0)
        machine_silence_irq(pc);
    if ((pending & BCM2836_LOCAL_GPU) != 0)
        gpu_interrupts();
}
