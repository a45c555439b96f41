/* timer.h -- in the place of the processor's: the test moves the time. */
#ifndef TIMER_H
#define TIMER_H

#include "cp15.h"

void timer_init(uintptr_t system_timer, uint32_t hz_unset);
uint32_t timer_hz(void);
uint32_t timer_hz_told(void);
uint64_t timer_ticks(void);
void timer_wake_arm(uint64_t at);
void timer_pulse_arm(uint64_t at);
void timer_pulse_stop(void);

#endif
