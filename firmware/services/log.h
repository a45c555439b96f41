/* log.h -- lines into a ring (core/logring), drained to the console as it
 * has room. Never blocks; lost lines are counted. No keys, no cookies. A line
 * that a packet can cause goes through log_limited. Formats are core/fmt's. */
#ifndef LOG_H
#define LOG_H

#include "core/logring.h"
#include "core/status.h"

/* Starts with an empty ring. First of all services. */
void log_init(void);

/* Moves bytes to port_console as it takes them. Returns when to be called
 * next. */
mono_ns log_poll(mono_ns now);

/* Adds a line of this severity, with the time since start before it. With a
 * `limit`, a static object's address, it adds at most one in 10 s, and counts
 * what was held back into the next. */
void log_at(enum log_severity severity, const void *limit, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a line that nobody has to act on: LOG_INFO, always. */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Adds a warning, at most one per `key`, as log_at does. */
void log_limited(const void *key, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Fills the log's section of the snapshot. */
void log_status(struct status_log *out);

/* The rest is for console.c, which shares the UART.
 *
 * Returns the ring, to read lines from. */
const struct logring *log_ring(void);

/* Holds lines back (true), or lets them flow. Returns whether the console is
 * free: no line is half out. */
bool log_hold(bool hold);

/* Tells whether lines wait to be printed. */
bool log_pending(void);

/* Says whether a prompt stands on the line: the next log line wipes it
 * first. */
void log_prompt(bool stands);

/* Tells whether one does. */
bool log_prompt_stands(void);

#endif
