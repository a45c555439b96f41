/* console_private.h -- the one console, for console*.c: what is typed and what
 * is not yet printed (console.c), and what commands answer
 * (console_commands.c). */
#ifndef CONSOLE_PRIVATE_H
#define CONSOLE_PRIVATE_H

#include "console.h"
#include "core/fmt.h"
#include "core/line_edit.h"

struct console {
    char out[LIMIT_CONSOLE]; /* not yet printed: from done to len           */
    size_t len, done;
    struct line_edit edit;
    char ahead[512]; /* typed while an answer was under way           */
    size_t ahead_len;
    bool awake; /* a key was pressed: keep a prompt up            */
    bool resetting;
    bool listing; /* `log` prints lines .. until, as room comes  */
    uint32_t at, until;
    size_t ntp_at, ntp_until; /* so does `ntpdata`, sources                 */
    bool ntp_all;             /* with a blank line before each               */
    unsigned fact;            /* and `board`, the machine's: next + 1, or 0 */
    unsigned client;          /* and `clients`, likewise                    */
    bool client_ke;
    struct { /* `waitsync`                                 */
        bool on;
        unsigned tries, max_tries;
        double max_correction_s, max_skew_ppm;
        mono_ns interval, next;
    } wait;
    const char *rest; /* of the line, after command and options      */
};

extern struct console console_state;

/* Prints a text, its newlines as CR LF. What has no room in `out` is cut. */
void console_say(const char *s);

/* Prints a line, up to its newline, for a terminal of 80 columns: a longer one
 * is cut at blanks and goes on below. */
void console_say_folded(const char *line);

/* Runs a line. What is longer than `out` may hold, or takes time, is left to
 * console_more. */
void console_run_line(const char *line);

/* Prints the next part of an answer that is under way, as much as has room.
 * Returns true while there is more to come, now or at console_state.wait.next.
 */
bool console_more(mono_ns now);

/* Tells whether an answer is under way. */
bool console_busy(void);

/* Ends the answer that is under way. */
void console_stop(void);

/* Run `clients [-k]`, and print its next lines, as many as have room. */
void console_clients(void);
void console_clients_more(mono_ns now);

/* Tab: completes the command that is typed, or lists those that it may be. */
void console_complete(void);

#endif
