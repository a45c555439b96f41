/* why_log.h -- says in the log why the clock is not set, or runs on alone: the
 * sentence of core/why.h, when the cause becomes another. A cause that was
 * said in the last six hours is not said again, and there is at most one
 * line in ten seconds. */
#ifndef WHY_LOG_H
#define WHY_LOG_H

#include "core/base.h"

/* Starts with nothing said. */
void why_log_init(void);

/* Looks at the snapshot. Returns when to be called next. */
mono_ns why_log_poll(mono_ns now);

#endif
