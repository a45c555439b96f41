/* systimer.h -- the system timer of every BCM283x (peripherals + 0x3000): one
 * 64-bit counter at 1 MHz and four compares. The GPU's firmware has C0 and C2;
 * C1 and C3 are ours, and interrupt as 1 and 3 of bcm2835_irq.
 *
 * A compare sees 32 bits and matches when they are equal, at that microsecond
 * only: one that is written late would stay silent for 71 minutes.
 * systimer_arm sees to it that none is. */
#ifndef SYSTIMER_H
#define SYSTIMER_H

#include "core/base.h"

#define SYSTIMER_HZ 1000000u

/* What the two are for, on a processor without timers of its own. */
#define SYSTIMER_WAKE  1u
#define SYSTIMER_PULSE 3u

/* The furthest that a compare looks ahead, in ticks. */
#define SYSTIMER_REACH 0x40000000u

/* Reads the counter, both halves of the same moment. */
uint64_t systimer_ticks(uintptr_t base);

/* Compare n, 1 or 3, interrupts once the counter has reached `at`, and goes on
 * interrupting until armed anew or disarmed. Where `at` has passed or is about
 * to, that is some microseconds from now; where it is further away than
 * SYSTIMER_REACH, it is then, and whoever wanted it later arms it again. */
void systimer_arm(uintptr_t base, unsigned n, uint64_t at);

/* Compare n interrupts no more: for now. It matches again when the counter's
 * low half comes by, within 71 minutes, and must then be disarmed again. */
void systimer_disarm(uintptr_t base, unsigned n);

#endif
