#include "timer.h"
#include "systimer.h"

static uintptr_t base;

void timer_init(uintptr_t system_timer, uint32_t hz_unset)
{
    (void)hz_unset;
    base = system_timer;
    timer_pulse_stop();
}

uint32_t timer_hz(void)
{
    return SYSTIMER_HZ;
}

uint32_t timer_hz_told(void)
{
    return 0;
}

uint64_t timer_ticks(void)
{
    cpu_dmb();
    return systimer_ticks(base);
}

void timer_wake_arm(uint64_t at)
{
    systimer_arm(base, SYSTIMER_WAKE, at);
}

void timer_pulse_arm(uint64_t at)
{
    systimer_arm(base, SYSTIMER_PULSE, at);
}

void timer_pulse_stop(void)
{
    systimer_disarm(base, SYSTIMER_PULSE);
}
