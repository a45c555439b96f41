/* fault.h -- the end of a run: exceptions, panic() and a loop that hangs.
 *
 * Each notes what happened (crashnote.h), says it on the UART and resets at
 * once. Whoever boots next slows a row of failures down (port_info.crashes). */
#ifndef FAULT_H
#define FAULT_H

#include "core/base.h"

/* vectors.S counts on these */
enum fault_kind {
    FAULT_RESET,
    FAULT_UNDEFINED,
    FAULT_SVC,
    FAULT_PREFETCH,
    FAULT_DATA,
    FAULT_FIQ,
};

struct fault_frame { /* laid out by vectors.S */
    uint32_t r[13], sp, lr, pc, psr, kind;
};

/* Called by vectors.S: an exception that nothing is expected to raise. */
_Noreturn void fault_report(const struct fault_frame *f);

/* Must be called from an interrupt: what it interrupted, at pc, has kept the
 * loop from turning for ms milliseconds. */
_Noreturn void fault_silence(uint32_t pc, uint32_t ms);

#endif
