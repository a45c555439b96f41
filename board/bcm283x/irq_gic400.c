/* irq_gic400.c -- the controller of a BCM2711. */
#include "bcm2836_local.h"
#include "gic400.h"
#include "machine_private.h"

#define MOST_AT_ONCE 8u /* then the loop has its turn */

static void init(void)
{
    bcm2836_local_clock(soc->local);
    gic400_init(soc->gic);
    gic400_enable(soc->gic, GIC400_PPI_VIRTUAL, true); /* an edge to meet */
    gic400_enable(soc->gic, GIC400_PPI_PHYSICAL, false);
    gic400_enable(soc->gic, GIC400_PPI_SECURE, false);
}

static void enable(unsigned n)
{
    gic400_enable(soc->gic, n, false);
}

static void handle(uint32_t pc)
{
    for (unsigned i = 0; i < MOST_AT_ONCE; i++) {
        unsigned id = gic400_take(soc->gic);
        if (id == GIC400_NONE)
            break;
        if (id == GIC400_PPI_VIRTUAL)
            machine_pps_irq();
        else if (id == GIC400_PPI_PHYSICAL || id == GIC400_PPI_SECURE)
            machine_silence_irq(pc);
        else
            machine_irq_device(id);
        gic400_end(soc->gic, id);
    }
}

const struct machine_irq machine_irq_gic400 = {init, enable, handle};
