#include "stack.h"

extern uint32_t __main_stack_bottom[], __main_stack_top[], __irq_stack_bottom[],
    __irq_stack_top[];
extern char STACK_PAINT[]; /* start.S: its address is the pattern */

static size_t used(const uint32_t *bottom, const uint32_t *top)
{
    const uint32_t *p = bottom;
    while (p < top && *p == (uint32_t)(uintptr_t)STACK_PAINT)
        p++;
    return (size_t)(top - p) * sizeof *p;
}

size_t stack_size(void)
{
    return (size_t)(__main_stack_top - __main_stack_bottom) * sizeof(uint32_t);
}

size_t stack_used(void)
{
    return used(__main_stack_bottom, __main_stack_top);
}

size_t stack_irq_size(void)
{
    return (size_t)(__irq_stack_top - __irq_stack_bottom) * sizeof(uint32_t);
}

size_t stack_irq_used(void)
{
    return used(__irq_stack_bottom, __irq_stack_top);
}
