/* stack.h -- how deep the painted main stack has been. */
#ifndef STACK_H
#define STACK_H

#include "core/base.h"

size_t stack_size(void);
size_t stack_used(void); /* deepest since start, bytes */
size_t stack_irq_used(void);

#endif
