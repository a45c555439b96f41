/* timer.h -- the ARM generic timer: one 64-bit counter, two compares. The
 * physical timer wakes port_idle at its deadline, the virtual one times the
 * pulse per second. Both interrupt as long as counter >= compare, so that a
 * compare written late fires at once and none is lost.
 *
 * Another processor's timer.h has the same functions. */
#ifndef TIMER_H
#define TIMER_H

#include "cp15.h"

/* Must be called before everything else here, interrupts masked: stops the
 * pulse's timer. system_timer is the SoC's own, for a processor that has none;
 * hz_unset is the counter's rate where CNTFRQ does not say a believable one. */
void timer_init(uintptr_t system_timer, uint32_t hz_unset);

/* The counter's rate, 1 .. 100 MHz, the same until reset. */
uint32_t timer_hz(void);

/* What the processor itself says of it (CNTFRQ), 0: nothing. */
uint32_t timer_hz_told(void);

/* Reads the counter. The read is not hoisted above earlier instructions, so
 * that a stamp means "after those". */
static inline uint64_t timer_ticks(void)
{
    uint32_t lo, hi;
    __asm__ volatile("isb\n\tmrrc p15, 0, %0, %1, c14"
                     : "=r"(lo), "=r"(hi)::"memory");
    return (uint64_t)hi << 32 | lo;
}

/* Interrupts once timer_ticks() reaches `at`, and until armed anew: what
 * wakes the loop and counts its silence. */
void timer_wake_arm(uint64_t at);

/* The same for the pulse per second, by a timer of its own. */
void timer_pulse_arm(uint64_t at);

/* The pulse's timer interrupts no more. */
void timer_pulse_stop(void);

#endif
