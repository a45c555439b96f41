/* cp15.h -- in the place of the processor's, for code of board/ on a PC: the
 * test that is linked with it plays the processor. */
#ifndef CP15_H
#define CP15_H

#include "core/base.h"

uint32_t cpu_id(void);

void cpu_cache_clean(uintptr_t at);
void cpu_cache_discard(uintptr_t at);
void cpu_cache_flush(uintptr_t at);

static inline void cpu_dsb(void)
{
}
static inline void cpu_wfi(void)
{
}
static inline uint32_t cpu_irq_save(void)
{
    return 0;
}
static inline void cpu_irq_restore(uint32_t cpsr)
{
    (void)cpsr;
}

#endif
