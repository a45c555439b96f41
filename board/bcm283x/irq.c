/* irq.c -- who owns which interrupt, whatever the controller. All of them go
 * to core 0. */
#include "machine.h"
#include "machine_private.h"

static const struct machine_irq *const kinds[] = {
    [SOC_IRQ_BCM2835] = &machine_irq_bcm2835,
    [SOC_IRQ_BCM2836] = &machine_irq_bcm2836,
    [SOC_IRQ_GIC400] = &machine_irq_gic400,
};

static const struct machine_irq *irq;

void machine_irq_init(void)
{
    irq = kinds[soc->irq];
    if (irq == NULL)
        panic(__FILE__, __LINE__, "no driver for this interrupt controller");
    irq->init();
}

void machine_irq_enable(unsigned n)
{
    irq->enable(n);
}

void machine_irq_device(unsigned n)
{
    if (n == soc->irq_uart)
        pl011_service(&machine_uart);
    else
        machine_eth->irq();
    machine_woken = true;
}

void machine_irq_devices(uint64_t pending)
{
    if ((pending & 1ull << soc->irq_usb) != 0)
        machine_irq_device(soc->irq_usb);
    if ((pending & 1ull << soc->irq_uart) != 0)
        machine_irq_device(soc->irq_uart);
    machine_woken = true;
}

void irq_handler(uint32_t pc)
{
    irq->handle(pc);
}
