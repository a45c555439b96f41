#include "gic400.h"

#include "hw.h"

/* Distributor. */
#define D_CTRL     0x000u
#define D_ENABLE   0x100u
#define D_DISABLE  0x180u
#define D_NOTHING  0x280u /* clears what is pending */
#define D_PRIORITY 0x400u /* a byte each */
#define D_TARGET   0x800u /* a byte each, a bit a core */

/* CPU interface. */
#define C_CTRL  0x1000u
#define C_MASK  0x1004u
#define C_POINT 0x1008u
#define C_TAKE  0x100cu
#define C_END   0x1010u

#define ON        1u
#define ALL       0xffu /* priorities let through */
#define ORDINARY  0xc0u
#define URGENT    0x80u
#define CORE_0    1u
#define ID_MASK   0x3ffu
#define FIRST_SPI 32u

void gic400_init(uintptr_t d)
{
    hw_write(d + D_CTRL, 0);
    for (uint32_t i = 0; i < GIC400_IDS / 32; i++) {
        hw_write(d + D_DISABLE + 4 * i, 0xffffffffu);
        hw_write(d + D_NOTHING + 4 * i, 0xffffffffu);
    }
    hw_write(d + C_MASK, ALL);
    hw_write(d + C_POINT, 0);
    hw_write(d + C_CTRL, ON);
    hw_write(d + D_CTRL, ON);
}

static void set_byte(uintptr_t d, uint32_t table, unsigned id, uint32_t v)
{
    uintptr_t reg = d + table + id / 4 * 4;
    unsigned shift = id % 4 * 8;
    hw_write(reg, (hw_read(reg) & ~(0xffu << shift)) | v << shift);
}

void gic400_enable(uintptr_t d, unsigned id, bool urgent)
{
    ASSERT(id < GIC400_IDS);
    set_byte(d, D_PRIORITY, id, urgent ? URGENT : ORDINARY);
    if (id >= FIRST_SPI) /* those below have one core each */
        set_byte(d, D_TARGET, id, CORE_0);
    hw_write(d + D_ENABLE + id / 32 * 4, 1u << id % 32);
}

unsigned gic400_take(uintptr_t d)
{
    unsigned id = hw_read(d + C_TAKE) & ID_MASK;
    return id < GIC400_IDS ? id : GIC400_NONE;
}

void gic400_end(uintptr_t d, unsigned id)
{
    hw_write(d + C_END, id);
}
