#include <string.h>

#include "console_private.h"
#include "core/mono.h"
#include "log.h"
#include "port.h"
#include "restart.h"

#define KEYS_EVERY  (20 * MONO_MS)
#define DRAIN_EVERY (2 * MONO_MS)
#define COLUMNS     79 /* of a terminal, but the last                       */
#define VALUE_AT    18 /* of a line of `board'                              */
static const char prompt[] = "gnomon> ";

struct console console_state;

/* ---- output -------------------------------------------------------------- */

static void say_bytes(const char *s, size_t n)
{
    if (console_state.done == console_state.len)
        console_state.done = console_state.len = 0;
    if (n > sizeof(console_state.out) - console_state.len)
        n = sizeof(console_state.out) - console_state.len;
    memcpy(console_state.out + console_state.len, s, n);
    console_state.len += n;
}

/* Lines end in CR LF on a terminal. */
void console_say(const char *s)
{
    while (*s) {
        size_t n = strcspn(s, "\n");
        say_bytes(s, n);
        s += n;
        if (*s) {
            say_bytes("\r\n", 2);
            s++;
        }
    }
}

/* Where its value began, or a little to the right. */
void console_say_folded(const char *line)
{
    char out[COLUMNS + 2];
    size_t at = 0, n = strcspn(line, "\n");
    size_t indent = n > VALUE_AT && line[VALUE_AT - 2] == ':' ? VALUE_AT : 4;
    do {
        size_t left = at > 0 ? indent : 0, room = COLUMNS - left;
        size_t take = n - at;
        if (take > room) {
            take = room;
            while (take > room / 2 && line[at + take] != ' ')
                take--;
            if (line[at + take] != ' ')
                take = room;
        }
        (void)fmt(out, sizeof out, "%*s%.*s\n", (int)left, "", (int)take,
                  line + at);
        console_say(out);
        at += take;
        at += strspn(line + at, " ");
    } while (at < n);
}

/* ---- keys ---------------------------------------------------------------- */

static void draw_prompt(void)
{
    char text[LINE_EDIT_OUT];
    struct fmt_text t = fmt_text_of(text, sizeof text);
    line_edit_draw(&console_state.edit, &t);
    console_say(prompt);
    console_say(text);
    log_prompt(true);
}

static void end_line(void)
{
    char line[LINE_EDIT_MAX + 1];
    int rc = line_edit_take(&console_state.edit, line);
    console_say("\n");
    log_prompt(false);
    if (rc == RC_OK)
        console_run_line(line);
    else
        console_say("longer than 78 characters: not run\n");
}

static void cancel(void)
{
    console_stop();
    console_state.ahead_len = 0;
    line_edit_drop(&console_state.edit);
    console_say("^C\n");
    log_prompt(false);
}

static void key(char c)
{
    char text[LINE_EDIT_OUT];
    struct fmt_text t = fmt_text_of(text, sizeof text);
    enum line_edit_event event = line_edit_key(&console_state.edit, c, &t);
    if (!console_state.awake) {
        if (event == LINE_EDIT_NONE && console_state.edit.len == 0)
            return;
        console_state.awake = true;
        draw_prompt();
        if (event == LINE_EDIT_ENTER)
            return;
    } else {
        console_say(text);
    }
    if (event == LINE_EDIT_ENTER) {
        end_line();
    } else if (event == LINE_EDIT_CANCEL) {
        cancel();
    } else if (event == LINE_EDIT_TAB) {
        console_complete();
    } else if (event == LINE_EDIT_CLEAR) {
        console_say("\x1b[H\x1b[2J");
        draw_prompt();
    }
}

/* ---- the poll ------------------------------------------------------------ */

/* false: the UART is full, or a log line is half out. */
static bool drained(void)
{
    if (console_state.done == console_state.len)
        return true;
    if (!log_hold(true))
        return false;
    console_state.done += port_console(console_state.out + console_state.done,
                                       console_state.len - console_state.done);
    return console_state.done == console_state.len;
}

void console_init(void)
{
    memset(&console_state, 0, sizeof(console_state));
}

void console_run(const char *command)
{
    bool typing = log_prompt_stands();
    console_say(typing ? "\r\x1b[K" : "");
    console_say(prompt);
    console_say(command);
    console_say("\n");
    log_prompt(false);
    console_run_line(command);
}

/* The next key: what was typed ahead first. */
static int next_key(void)
{
    if (console_state.ahead_len == 0)
        return port_console_read();
    int c = (unsigned char)console_state.ahead[0];
    console_state.ahead_len--;
    memmove(console_state.ahead, console_state.ahead + 1,
            console_state.ahead_len);
    return c;
}

/* While a long answer runs ctrl-C is heard; what else is typed waits for its
 * end. */
static void hear_cancel(void)
{
    for (int c = port_console_read(); c >= 0; c = port_console_read())
        if (c == 0x03)
            cancel();
        else if (console_state.ahead_len == sizeof console_state.ahead)
            console_say("\a");
        else
            console_state.ahead[console_state.ahead_len++] = (char)c;
}

mono_ns console_poll(mono_ns now)
{
    for (;;) {
        if (!drained())
            return now + DRAIN_EVERY;
        console_state.done = console_state.len = 0;
        if (console_busy()) {
            hear_cancel();
            if (console_more(now) && console_state.len == 0) {
                (void)log_hold(false);
                return now + KEYS_EVERY;
            }
            if (console_state.len > 0)
                continue;
        }
        (void)log_hold(false);
        if (console_state.resetting) {
            console_state.resetting = false;
            restart_request();
        }
        if (console_state.awake && !log_prompt_stands()) {
            if (log_pending())
                return now + DRAIN_EVERY;
            draw_prompt();
            continue;
        }
        int c = next_key();
        if (c < 0)
            return now + KEYS_EVERY;
        key((char)c);
    }
}
