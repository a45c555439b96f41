/* gpio.h -- BCM2835..7 GPIO: pin function, level, pull. */
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

void gpio_function(uintptr_t base, unsigned pin, enum gpio_function f);
void gpio_set(uintptr_t base, unsigned pin);
void gpio_clear(uintptr_t base, unsigned pin);
bool gpio_level(uintptr_t base, unsigned pin);

/* A pull is set in three steps with at least 150 core cycles between each
 * (BCM2835 ARM Peripherals, GPPUD); the caller passes that time. */
void gpio_pull_choose(uintptr_t base, enum gpio_pull pull);
void gpio_pull_clock(uintptr_t base, unsigned pin);
void gpio_pull_end(uintptr_t base, unsigned pin);

#endif
