/* gpio.h -- BCM2835..7 and BCM2711 GPIO: pin function, level, pull. */
#ifndef GPIO_H
#define GPIO_H

#include "core/base.h"

#define GPIO_PINS 54u

/* FSEL codes */
enum gpio_function {
    GPIO_IN = 0,
    GPIO_OUT = 1,
    GPIO_ALT0 = 4,
    GPIO_ALT1 = 5,
    GPIO_ALT2 = 6,
    GPIO_ALT3 = 7,
    GPIO_ALT4 = 3,
    GPIO_ALT5 = 2,
};

enum gpio_pull { GPIO_PULL_NONE, GPIO_PULL_DOWN, GPIO_PULL_UP };

/* Gives the pin to a peripheral, or makes it an input or an output. */
void gpio_function(uintptr_t base, unsigned pin, enum gpio_function f);

/* Drives an output high, or low. */
void gpio_set(uintptr_t base, unsigned pin);
void gpio_clear(uintptr_t base, unsigned pin);

/* Whether the pin is high, whatever its function. */
bool gpio_level(uintptr_t base, unsigned pin);

/* Sets a pull on a BCM2711. */
void gpio_pull(uintptr_t base, unsigned pin, enum gpio_pull pull);

/* These three set a pull on the others, in this order: which one, for which
 * pin, done. The caller lets at least 150 core cycles pass between two of them
 * (BCM2835 ARM Peripherals, GPPUD). */
void gpio_pull_choose(uintptr_t base, enum gpio_pull pull);
void gpio_pull_clock(uintptr_t base, unsigned pin);
void gpio_pull_end(uintptr_t base, unsigned pin);

#endif
