#include "soc.h"

/* Devices that all of them have at the same distance from a base. */
#define FAMILY(base)                                                           \
    .system_timer = (base) + 0x003000u, .irq_gpu = (base) + 0x00b200u,         \
    .mailbox = (base) + 0x00b880u, .pm = (base) + 0x100000u,                   \
    .rng = (base) + 0x104000u, .gpio = (base) + 0x200000u,                     \
    .uart = (base) + 0x201000u, .dwc2 = (base) + 0x980000u

/* Interrupts of the GPU's controller; on a GIC, 96 further on. */
#define GPU_USB  9u
#define GPU_UART 57u
#define GIC_GPU  96u

#define MB 0x100000u

static const struct soc socs[] = {
    {
        .name = "BCM2835",
        .part = 0xb76, /* ARM1176 */
        .range = {{0x20000000, 16 * MB}},
        FAMILY(0x20000000),
        .irq = SOC_IRQ_BCM2835,
        .irq_usb = GPU_USB,
        .irq_uart = GPU_UART,
        .sd = 0x20300000,
        .bus_alias = 0x40000000, /* the ARM sits behind the GPU's L2 cache */
        .cache_line = 32,
        .counter_hz = SOC_SYSTEM_TIMER_HZ,
    },
    {
        .name = "BCM2836",
        .part = 0xc07, /* Cortex-A7 */
        .range = {{0x3f000000, 16 * MB}, {0x40000000, 1 * MB}},
        FAMILY(0x3f000000),
        .local = 0x40000000,
        .irq = SOC_IRQ_BCM2836,
        .irq_usb = GPU_USB,
        .irq_uart = GPU_UART,
        .sd = 0x3f300000,
        .bus_alias = 0xc0000000, /* past the GPU's L2 cache */
        .cache_line = 64,
        .counter_hz = 19200000, /* the crystal */
    },
    {
        .name = "BCM2837",
        .part = 0xd03, /* Cortex-A53 */
        .range = {{0x3f000000, 16 * MB}, {0x40000000, 1 * MB}},
        FAMILY(0x3f000000),
        .local = 0x40000000,
        .irq = SOC_IRQ_BCM2836,
        .irq_usb = GPU_USB,
        .irq_uart = GPU_UART,
        .sd = 0x3f300000,
        .bus_alias = 0xc0000000,
        .cache_line = 64,
        .counter_hz = 19200000,
    },
    {
        .name = "BCM2711",
        .part = 0xd08, /* Cortex-A72 */
        .range = {{0xfe000000, 16 * MB},
                  {0xff800000, 1 * MB},
                  {0xfd500000, 1 * MB}},
        FAMILY(0xfe000000),
        .local = 0xff800000,
        .gic = 0xff841000,
        .irq = SOC_IRQ_GIC400,
        .irq_usb = GIC_GPU + GPU_USB,
        .irq_uart = GIC_GPU + GPU_UART,
        .genet = 0xfd580000,
        .irq_genet = {189, 190},
        .rng_kind = SOC_RNG_RNG200,
        .sd_kind = SDHCI_EMMC2,
        .sd = 0xfe340000,
        .sd_1v8_pin = 132,
        .sd_emulated = 0xfe300000,
        .pulls = SOC_PULLS_DIRECT,
        .bus_alias = 0xc0000000,
        .cache_line = 64,
        .counter_hz = 54000000,
    },
};

const struct soc *soc;

const struct soc *soc_of_midr(uint32_t midr)
{
    for (size_t i = 0; i < LEN(socs); i++)
        if (socs[i].part == (midr >> 4 & 0xfff))
            return &socs[i];
    return NULL;
}
