#include "gpio.h"
#include "hw.h"

#define FSEL   0x00u
#define SET    0x1cu
#define CLR    0x28u
#define LEV    0x34u
#define PUD    0x94u
#define PUDCLK 0x98u
#define PULLS  0xe4u /* BCM2711: two bits a pin */

static uintptr_t bank(uintptr_t base, unsigned reg, unsigned pin)
{
    ASSERT(pin < GPIO_PINS);
    return base + reg + pin / 32 * 4;
}

static uint32_t bit(unsigned pin)
{
    return 1u << pin % 32;
}

void gpio_function(uintptr_t base, unsigned pin, enum gpio_function f)
{
    ASSERT(pin < GPIO_PINS);
    uintptr_t reg = base + FSEL + pin / 10 * 4;
    unsigned shift = pin % 10 * 3;
    uint32_t others = hw_read(reg) & ~(7u << shift);
    hw_write(reg, others | (uint32_t)f << shift);
}

void gpio_set(uintptr_t base, unsigned pin)
{
    hw_write(bank(base, SET, pin), bit(pin));
}

void gpio_clear(uintptr_t base, unsigned pin)
{
    hw_write(bank(base, CLR, pin), bit(pin));
}

bool gpio_level(uintptr_t base, unsigned pin)
{
    return (hw_read(bank(base, LEV, pin)) & bit(pin)) != 0;
}

void gpio_pull(uintptr_t base, unsigned pin, enum gpio_pull pull)
{
    static const uint32_t codes[] = {
        [GPIO_PULL_NONE] = 0, [GPIO_PULL_UP] = 1, [GPIO_PULL_DOWN] = 2};
    ASSERT(pin < GPIO_PINS);
    uintptr_t reg = base + PULLS + pin / 16 * 4;
    unsigned shift = pin % 16 * 2;
    uint32_t others = hw_read(reg) & ~(3u << shift);
    hw_write(reg, others | codes[pull] << shift);
}

void gpio_pull_choose(uintptr_t base, enum gpio_pull pull)
{
    hw_write(base + PUD, (uint32_t)pull);
}

void gpio_pull_clock(uintptr_t base, unsigned pin)
{
    hw_write(bank(base, PUDCLK, pin), bit(pin));
}

void gpio_pull_end(uintptr_t base, unsigned pin)
{
    hw_write(base + PUD, 0);
    hw_write(bank(base, PUDCLK, pin), 0);
}
