/* log.h -- lines into a ring (core/logring), drained to the console as it
 * has room. Never blocks; lost lines are counted. No keys, no cookies. A line
 * that a packet can cause goes through log_limited. printf with what newlib
 * has: no %zu. */
#ifndef LOG_H
#define LOG_H

#include "core/base.h"

void log_init(void);
mono_ns log_poll(mono_ns now); /* moves bytes to port_console */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* At most one line per `key` (a static object's address) in 10 s; what was
 * held back is counted into the next. */
void log_limited(const void *key, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
uint32_t log_lost(void);

#endif
