#include "timer.h"

static uint32_t hz;
static uint64_t virt_offset; /* virtual counter - physical counter */

static uint64_t virt_ticks(void)
{
    uint32_t lo, hi;
    __asm__ volatile("isb\n\tmrrc p15, 1, %0, %1, c14"
                     : "=r"(lo), "=r"(hi)::"memory");
    return (uint64_t)hi << 32 | lo;
}

void timer_init(uintptr_t system_timer, uint32_t hz_unset)
{
    (void)system_timer;
    uint32_t said = cp15_cntfrq();
    hz = said >= 1000000 && said <= 100000000 ? said : hz_unset;
    timer_pulse_stop();
    /* 0 after start.S's way out of HYP; entered in SVC, whatever the boot
     * loader left. Right to the time between two reads: a pulse's lead covers
     * it. */
    uint64_t phys = timer_ticks();
    virt_offset = virt_ticks() - phys;
}

uint32_t timer_hz(void)
{
    return hz;
}

uint32_t timer_hz_told(void)
{
    return cp15_cntfrq();
}

void timer_wake_arm(uint64_t at)
{
    __asm__ volatile("mcrr p15, 2, %0, %1, c14" ::"r"((uint32_t)at),
                     "r"((uint32_t)(at >> 32)));
    cp15_set_cntp_ctl(1);
    cpu_isb();
}

void timer_pulse_arm(uint64_t at)
{
    uint64_t virt = at + virt_offset;
    __asm__ volatile("mcrr p15, 3, %0, %1, c14" ::"r"((uint32_t)virt),
                     "r"((uint32_t)(virt >> 32)));
    cp15_set_cntv_ctl(1);
    cpu_isb();
}

void timer_pulse_stop(void)
{
    cp15_set_cntv_ctl(0);
    cpu_isb();
}
