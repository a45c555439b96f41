/* timer.h -- the SoC's system timer as the machine's counter: an ARM1176 has
 * none of its own. Compare 1 wakes port_idle at its deadline, compare 3 times
 * the pulse per second. One written late fires at once and none is lost; one
 * more than SYSTIMER_REACH away fires then, too early (drivers/systimer.h).
 *
 * Another processor's timer.h has the same functions. */
#ifndef TIMER_H
#define TIMER_H

#include "cp15.h"

/* Must be called before everything else here, interrupts masked: stops the
 * pulse's timer. system_timer is its address. The rate is known, whatever
 * hz_unset says. */
void timer_init(uintptr_t system_timer, uint32_t hz_unset);

/* The counter's rate, the same until reset: 1 MHz. */
uint32_t timer_hz(void);

/* What the processor itself says of it (CNTFRQ), 0: nothing. */
uint32_t timer_hz_told(void);

/* Reads the counter, after all that comes earlier in the program. */
uint64_t timer_ticks(void);

/* Interrupts once timer_ticks() reaches `at`, and until armed anew: what
 * wakes the loop and counts its silence. */
void timer_wake_arm(uint64_t at);

/* The same for the pulse per second, by a compare of its own. */
void timer_pulse_arm(uint64_t at);

/* The pulse's timer interrupts no more; or once, within 71 minutes, and must
 * then be stopped again. */
void timer_pulse_stop(void);

#endif
