/* log.h -- lines into a ring (core/logring), drained to the console as it
 * has room. Never blocks; lost lines are counted. No keys, no cookies. A line
 * that a packet can cause goes through log_limited. Formats are core/fmt's. */
#ifndef LOG_H
#define LOG_H

#include "core/logring.h"
#include "core/status.h"

void log_init(void);
mono_ns log_poll(mono_ns now); /* moves bytes to port_console */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* At most one line per `key` (a static object's address) in 10 s; what was
 * held back is counted into the next. */
void log_limited(const void *key, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Fills the log's section of the snapshot. */
void log_status(struct status_log *out);

/* For console.c, which shares the UART. */
const struct logring *log_ring(void);
/* Hold lines back (true), or let them flow. Returns whether the console is
 * free: no line is half out. */
bool log_hold(bool hold);
bool log_pending(void);
/* A prompt stands on the line: the next log line wipes it first. */
void log_prompt(bool stands);
bool log_prompt_stands(void);

#endif
