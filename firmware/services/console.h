/* console.h -- the interactive prompt on the UART: chronyc's words over the
 * status snapshot. Output is paged through the same non-blocking door as the
 * log; a command's answer is never interleaved with log lines.
 *
 * The prompt comes with the first key. Lines are edited as in core/line_edit.h,
 * with a history; Tab completes a command's name, ctrl-L clears the screen, and
 * ctrl-C drops the line, or ends the answer under way. What is typed during a
 * long answer is done after it. A command may be cut short as far as it stays
 * clear: "tr" is tracking; but `reset` restarts the machine and has to be typed
 * whole. Words may be in capitals, and a `chronyc` before them is left out. -v
 * explains a table's columns, -a and -n change nothing. What is not understood
 * is refused with the reason (console_words.h). */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "core/base.h"

/* Starts with nothing typed and nothing to print. After log_init. */
void console_init(void);

/* Reads keys and prints answers as far as the UART takes them. Returns when to
 * be called next. */
mono_ns console_poll(mono_ns now);

/* Runs a command as if it had been typed, and prints it with its answer. What
 * has no room any more in LIMIT_CONSOLE bytes is cut. */
void console_run(const char *command);

#define LIMIT_CONSOLE 8192 /* answers waiting for the UART                  */

#endif
