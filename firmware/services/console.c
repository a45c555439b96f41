#include "console.h"

#include <string.h>

#include "core/chronyc_text.h"
#include "core/floor_record.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/utc.h"
#include "crashloop.h"
#include "log.h"
#include "port.h"
#include "restart.h"
#include "snapshot.h"
#include "timefloor.h"
#include "timekeeper.h"
#include "version.h"

#define LINE_MAX_LEN 78
#define NTPDATA_MAX  1600 /* a source's, with CR LF */
#define KEYS_EVERY   (20 * MONO_MS)
#define DRAIN_EVERY  (2 * MONO_MS)
static const char prompt[] = "gnomon> ";

static struct {
    char out[LIMIT_CONSOLE]; /* not yet printed: from done to len           */
    size_t len, done;
    char line[LINE_MAX_LEN + 1];
    size_t line_len;
    bool awake;    /* a key was pressed: keep a prompt up         */
    bool after_cr; /* swallow the LF of a CR LF                   */
    bool resetting;
    bool listing; /* `log` prints lines .. until, as room comes  */
    uint32_t at, until;
    size_t ntp_at, ntp_until; /* so does `ntpdata`, sources                 */
    bool ntp_all;             /* with a blank line before each               */
    const char *rest;         /* of the line, after the command              */
} con;

/* ---- output -------------------------------------------------------------- */

static void say_bytes(const char *s, size_t n)
{
    if (con.done == con.len)
        con.done = con.len = 0;
    if (n > sizeof(con.out) - con.len)
        n = sizeof(con.out) - con.len;
    memcpy(con.out + con.len, s, n);
    con.len += n;
}

/* Lines end in CR LF on a terminal. */
static void say(const char *s)
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

/* ---- commands ------------------------------------------------------------ */

static void say_table(size_t (*layout)(const struct status *, char *, size_t))
{
    static char text[LIMIT_CONSOLE / 2];
    (void)layout(snapshot_take(), text, sizeof(text));
    say(text);
}

static void do_authdata(void)
{
    say_table(chronyc_authdata);
}

static void do_sources(void)
{
    say_table(chronyc_sources);
}

static void do_sourcestats(void)
{
    say_table(chronyc_sourcestats);
}

static void do_selectdata(void)
{
    say_table(chronyc_selectdata);
}

/* `ntpdata N`: the Nth source of `sources`, from 1; without: all. */
static void do_ntpdata(void)
{
    const char *p = con.rest;
    size_t count = snapshot_take()->sources.count, n = 0;
    for (; *p >= '0' && *p <= '9' && n <= count; p++)
        n = n * 10 + (size_t)(*p - '0');
    if (*con.rest && (*p || n == 0 || n > count)) {
        say("ntpdata: which source? 1 is the first of `sources'\n");
        return;
    }
    con.ntp_all = n == 0;
    con.ntp_at = n ? n - 1 : 0;
    con.ntp_until = n ? n : count;
}

static void do_tracking(void)
{
    say_table(chronyc_tracking);
}

static void do_serverstats(void)
{
    say_table(chronyc_serverstats);
}

static void do_activity(void)
{
    say_table(chronyc_activity);
}

static void do_board(void)
{
    say_table(chronyc_board);
}

static void read_clock(int64_t *unix_s, uint32_t *ns)
{
    if (crashloop_waits()) { /* there is none yet */
        *unix_s = gnomon_build_unix;
        *ns = 0;
        return;
    }
    ntp64 now = timekeeper_utc(port_ticks());
    *unix_s = timekeeper_unix_of(now);
    *ns = utc_unix_ns(now);
}

/* chronyc has no word for it: the clock as it stands when the line's end is
 * read, so that it can be held against another one. */
static void do_date(void)
{
    char when[UTC_TEXT], text[UTC_TEXT + 32];
    int64_t unix_s;
    uint32_t ns;
    read_clock(&unix_s, &ns);
    utc_text(unix_s, ns, when);
    (void)fmt(text, sizeof(text), "%s%s\n", when,
              snapshot_take()->timekeeper.tracking.synchronised
                  ? ""
                  : ", not synchronised");
    say(text);
}

static void do_log(void)
{
    con.at = logring_oldest(log_ring());
    con.until = log_ring()->next;
    con.listing = true;
}

static void do_reset(void)
{
    say("saving, then resetting\n");
    con.resetting = true;
}

static void set_floor(const char *when)
{
    int64_t unix_s;
    if (floor_record_time(when, &unix_s) != RC_OK) {
        say("floor set: a time in UTC, as 2026-11-23T04:05:06Z\n");
        return;
    }
    int rc = timefloor_set(unix_s);
    say(rc == RC_OK      ? "floor set\n"
        : rc == RC_AGAIN ? "refused: not started yet\n"
        : rc == RC_STATE ? "refused: the clock is set, the floor follows it\n"
                         : "refused: Gnomon was built after that\n");
}

/* chronyc has no word for it. Only here: who stands before the machine may
 * move the floor, nobody else. */
static void do_floor(void)
{
    if (*con.rest == 0)
        say_table(chronyc_floor);
    else if (strncmp(con.rest, "set ", 4) == 0)
        set_floor(con.rest + 4 + strspn(con.rest + 4, " "));
    else if (strcmp(con.rest, "reset") == 0) {
        say(timefloor_reset() == RC_OK ? "floor reset to the build time\n"
                                       : "refused: not started yet\n");
    } else
        say("floor | floor set YYYY-MM-DDThh:mm:ssZ | floor reset\n");
}

static void do_help(void);

static const struct command {
    const char *name, *help;
    void (*run)(void);
} commands[] = {
    {"activity", "how many sources are asked", do_activity},
    {"authdata", "NTS of each source: keys, cookies, NAKs", do_authdata},
    {"board", "this machine: address, card, memory, times", do_board},
    {"date", "the clock, as it stands now", do_date},
    {"floor", "[set TIME | reset] the time before which nothing is believed",
     do_floor},
    {"help", "this list", do_help},
    {"log", "the last lines of the log", do_log},
    {"ntpdata", "[N] the last reply of each source, or of the Nth", do_ntpdata},
    {"reset", "save what is to be kept, then restart", do_reset},
    {"selectdata", "why a source is selected or not", do_selectdata},
    {"serverstats", "requests served", do_serverstats},
    {"sources", "the time sources, their reach and last sample", do_sources},
    {"sourcestats", "each source's rate, offset and spread", do_sourcestats},
    {"tracking", "the clock: offset, frequency, error bounds", do_tracking},
};

static void do_help(void)
{
    for (size_t i = 0; i < LEN(commands); i++) {
        char text[80];
        (void)fmt(text, sizeof(text), "%-12s %s\n", commands[i].name,
                  commands[i].help);
        say(text);
    }
}

/* The command that `word` of n bytes names; NULL: none, or several (their
 * names go to *like). An exact name wins. */
static const struct command *find(const char *word, size_t n,
                                  struct fmt_text *like)
{
    const struct command *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < LEN(commands); i++) {
        if (strncmp(commands[i].name, word, n) != 0)
            continue;
        if (strlen(commands[i].name) == n)
            return &commands[i];
        fmt_add(like, " %s", commands[i].name);
        found = &commands[i];
        count++;
    }
    return count == 1 ? found : NULL;
}

static void run(const char *line)
{
    char names[100], text[200];
    struct fmt_text like = fmt_text_of(names, sizeof(names));
    line += strspn(line, " ");
    size_t n = strcspn(line, " ");
    if (n == 0)
        return;
    const struct command *c = find(line, n, &like);
    if (c) {
        con.rest = line + n + strspn(line + n, " ");
        if (*con.rest == '-') /* chronyc's options */
            con.rest = "";
        c->run();
        return;
    }
    if (like.len)
        (void)fmt(text, sizeof(text), "`%.*s' may be:%s\n", (int)n, line,
                  names);
    else
        (void)fmt(text, sizeof(text),
                  "`%.*s' is not a command here; `help' lists them\n", (int)n,
                  line);
    say(text);
}

/* ---- keys ---------------------------------------------------------------- */

static void draw_prompt(void)
{
    say(prompt);
    say_bytes(con.line, con.line_len);
    log_prompt(true);
}

static void end_line(void)
{
    con.line[con.line_len] = 0;
    con.line_len = 0;
    say("\n");
    log_prompt(false);
    run(con.line);
}

static void rub_out(size_t n)
{
    for (; n > 0 && con.line_len > 0; n--, con.line_len--)
        say("\b \b");
}

static void cancel(void)
{
    con.listing = false;
    con.ntp_at = con.ntp_until = 0;
    con.line_len = 0;
    say("^C\n");
    log_prompt(false);
}

static void key(char c)
{
    bool lf_of_crlf = c == '\n' && con.after_cr;
    con.after_cr = c == '\r';
    if (lf_of_crlf)
        return;
    if (!con.awake) {
        con.awake = true;
        draw_prompt();
        if (c == '\r' || c == '\n')
            return;
    }
    if (c == '\r' || c == '\n')
        end_line();
    else if (c == '\b' || c == 0x7f)
        rub_out(1);
    else if (c == 0x15) /* ctrl-U */
        rub_out(LINE_MAX_LEN);
    else if (c == 0x03) /* ctrl-C */
        cancel();
    else if (c >= ' ' && c <= '~' && con.line_len < LINE_MAX_LEN) {
        con.line[con.line_len++] = c;
        say_bytes(&c, 1);
    }
}

/* ---- the poll ------------------------------------------------------------ */

/* false: the UART is full, or a log line is half out. */
static bool drained(void)
{
    if (con.done == con.len)
        return true;
    if (!log_hold(true))
        return false;
    con.done += port_console(con.out + con.done, con.len - con.done);
    return con.done == con.len;
}

/* The next lines of `log` or sources of `ntpdata`, as many as have room;
 * false: no more. */
static bool list_more(void)
{
    uint32_t missed;
    while (con.listing && con.len + LIMIT_LOG_LINE + 2 < sizeof(con.out)) {
        const char *line = NULL;
        if ((int32_t)(con.until - con.at) > 0)
            line = logring_read(log_ring(), &con.at, &missed);
        if (!line) {
            con.listing = false;
            break;
        }
        say(line);
        say("\n");
    }
    while (con.ntp_at < con.ntp_until &&
           con.len + NTPDATA_MAX < sizeof(con.out)) {
        char text[NTPDATA_MAX];
        const struct status *s = snapshot_take();
        (void)chronyc_ntpdata(s, con.ntp_at++, text, sizeof(text));
        if (con.ntp_all)
            say("\n");
        say(text);
    }
    return con.len > con.done;
}

void console_init(void)
{
    memset(&con, 0, sizeof(con));
}

void console_run(const char *command)
{
    bool typing = log_prompt_stands();
    say(typing ? "\r\x1b[K" : "");
    say(prompt);
    say(command);
    say("\n");
    log_prompt(false);
    run(command);
}

mono_ns console_poll(mono_ns now)
{
    for (;;) {
        if (!drained())
            return now + DRAIN_EVERY;
        con.done = con.len = 0;
        if (con.listing || con.ntp_at < con.ntp_until) {
            /* ctrl-C, at least, is heard while a long answer runs. */
            int c = port_console_read();
            if (c == 0x03)
                cancel();
            if (list_more())
                continue;
        }
        (void)log_hold(false);
        if (con.resetting) {
            con.resetting = false;
            restart_request();
        }
        if (con.awake && !log_prompt_stands()) {
            if (log_pending())
                return now + DRAIN_EVERY;
            draw_prompt();
            continue;
        }
        int c = port_console_read();
        if (c < 0)
            return now + KEYS_EVERY;
        key((char)c);
    }
}
