/* cost.h -- how a payload of tests/bench tells cost.py what it has measured.
 * Include it once. */
#ifndef COST_H
#define COST_H

#include "port.h"
#include "text.h"

/* Prints a line for cost.py: so many ticks for so many runs, or, with 0 runs,
 * a figure of another unit. */
static void say(const char *what, uint64_t value, unsigned runs)
{
    static char line[160];
    struct text t;
    text_init(&t, line, sizeof line);
    text_str(&t, "COST ");
    text_dec(&t, (uint32_t)value);
    text_str(&t, " ");
    text_dec(&t, runs);
    text_str(&t, " ");
    text_str(&t, what);
    text_str(&t, "\r\n");
    for (size_t done = 0; done < t.len;) {
        done += port_console(line + done, t.len - done);
        port_poll();
    }
}

#endif
