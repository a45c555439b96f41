/* fault.h -- the end of a run: exceptions and panic().
 *
 * Both note what happened (crashnote.h), say it on the UART and reset. From
 * the third failure in a row on they wait FAULT_PAUSE_S before the reset, so
 * that a machine that cannot live does not hammer card, servers and network. */
#ifndef FAULT_H
#define FAULT_H

#include "core/base.h"

#define FAULT_IN_A_ROW 3
#define FAULT_PAUSE_S  5 /* below the watchdog's 15 s */

enum fault_kind { /* vectors.S counts on these */
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

_Noreturn void fault_report(const struct fault_frame *f);

#endif
