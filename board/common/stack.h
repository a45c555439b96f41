/* stack.h -- how deep the painted stacks have been. */
#ifndef STACK_H
#define STACK_H

#include "core/base.h"

/* Bytes of the main stack, and how many of them have been used since start. */
size_t stack_size(void);
size_t stack_used(void);

/* The same for the stack that interrupts run on. */
size_t stack_irq_size(void);
size_t stack_irq_used(void);

#endif
