/* console.h -- the interactive prompt on the UART: chronyc's words over the
 * status snapshot. Output is paged through the same non-blocking door as the
 * log; a command's answer is never interleaved with log lines.
 *
 * The prompt comes with the first key. Editing: backspace, ctrl-U (line),
 * ctrl-C (line, or the answer under way). A command may be cut short as far
 * as it stays clear: "tr" is tracking. Options (-v, -n) are accepted. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "core/status.h"

struct console_ops {
    const struct status *(*status)(void); /* a fresh snapshot               */
    void (*clock)(int64_t *unix_s, uint32_t *ns); /* the clock, this moment */
    void (*reset)(void);              /* save, then restart             */
    int (*floor_set)(int64_t unix_s); /* keeper.h                       */
    int (*floor_reset)(void);
};

void console_init(const struct console_ops *ops);
mono_ns console_poll(mono_ns now);
/* Print the tables as if typed: for the report after first sync. What has no
 * room any more in LIMIT_CONSOLE bytes is cut. */
void console_run(const char *command);

#define LIMIT_CONSOLE 8192 /* answers waiting for the UART                  */

#endif
