#include "console.h"

#include <string.h>

#include "core/addr.h"
#include "core/chronyc_text.h"
#include "core/floor_record.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/utc.h"
#include "console_words.h"
#include "crashloop.h"
#include "log.h"
#include "port.h"
#include "restart.h"
#include "snapshot.h"
#include "timefloor.h"
#include "timekeeper.h"
#include "version.h"

#define LINE_MAX_LEN 78
#define FACT_MAX     280  /* of port_fact: a card's three registers and more */
#define NTPDATA_MAX  1600 /* a source's, with CR LF */
#define KEYS_EVERY   (20 * MONO_MS)
#define DRAIN_EVERY  (2 * MONO_MS)
static const char prompt[] = "gnomon> ";

static struct {
    char out[LIMIT_CONSOLE]; /* not yet printed: from done to len           */
    size_t len, done;
    char line[LINE_MAX_LEN + 1];
    size_t line_len, beyond; /* keys that the line had no room for          */
    enum { ESC_NONE, ESC_BEGUN, ESC_ONE_MORE, ESC_SEQUENCE } esc;
    bool awake;    /* a key was pressed: keep a prompt up         */
    bool after_cr; /* swallow the LF of a CR LF                   */
    bool resetting;
    bool listing; /* `log` prints lines .. until, as room comes  */
    uint32_t at, until;
    size_t ntp_at, ntp_until; /* so does `ntpdata`, sources                 */
    bool ntp_all;             /* with a blank line before each               */
    unsigned fact;            /* and `board`, the machine's: next + 1, or 0 */
    const char *rest;         /* of the line, after command and options      */
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

/* Cut the next word off, in small letters. */
static const char *take_word(const char *line, char word[LINE_MAX_LEN + 1])
{
    size_t n = 0;
    line += strspn(line, " ");
    for (; *line && *line != ' '; line++) {
        char c = *line;
        word[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    word[n] = 0;
    return line + strspn(line, " ");
}

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

/* The row that `text` names: its number from 1, its address or its name. */
static bool find_source(const char *text, size_t *found)
{
    const struct status_sources *l = &snapshot_take()->sources;
    size_t n = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && n <= LIMIT_SOURCES; p++)
        n = n * 10 + (size_t)(*p - '0');
    *found = n - 1;
    if (!*p)
        return n > 0 && n <= l->count;
    for (size_t i = 0; i < l->count; i++) {
        char addr[ADDR_TEXT];
        addr_text(&l->row[i].addr, addr);
        *found = i;
        if (strcmp(text, addr) == 0 || strcmp(text, l->row[i].name) == 0)
            return true;
    }
    return false;
}

static void do_ntpdata(void)
{
    size_t count = snapshot_take()->sources.count, at = 0;
    con.ntp_all = *con.rest == 0;
    if (!con.ntp_all && !find_source(con.rest, &at)) {
        say("ntpdata: which source? 1 is the first of `sources'; or an "
            "address, or a name\n");
        return;
    }
    con.ntp_at = at;
    con.ntp_until = con.ntp_all ? count : at + 1;
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
    con.fact = 1;
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

static void do_version(void)
{
    say("Gnomon ");
    say(gnomon_version);
    say("\n");
}

static void do_log(void)
{
    uint32_t oldest = logring_oldest(log_ring()), next = log_ring()->next;
    uint32_t n = 0;
    const char *p = con.rest;
    for (; *p >= '0' && *p <= '9' && n <= LIMIT_LOG_LINES; p++)
        n = n * 10 + (uint32_t)(*p - '0');
    if (*con.rest && *p && n <= LIMIT_LOG_LINES) {
        say("log: how many lines? `log' alone shows all that are kept\n");
        return;
    }
    con.at = *con.rest && n < next - oldest ? next - n : oldest;
    con.until = next;
    con.listing = true;
}

static void do_reset(void)
{
    if (*con.rest) {
        say("reset: takes no argument; alone it restarts this machine. "
            "Samples are not\ndropped by hand: a source that changes its mind "
            "is seen\n");
        return;
    }
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
    char word[LINE_MAX_LEN + 1];
    const char *when = take_word(con.rest, word);
    if (*con.rest == 0)
        say_table(chronyc_floor);
    else if (strcmp(word, "set") == 0 && *when)
        set_floor(when);
    else if (strcmp(word, "reset") == 0 && !*when) {
        say(timefloor_reset() == RC_OK ? "floor reset to the build time\n"
                                       : "refused: not started yet\n");
    } else
        say("floor | floor set YYYY-MM-DDThh:mm:ssZ | floor reset\n");
}

static void do_help(void);

static const struct command {
    const char *name, *help;
    void (*run)(void);
    enum { TABLE, PLAIN, ARGUMENT, WHOLE } kind;
} commands[] = {
    /* TABLE: has options; WHOLE: takes arguments, but must not
                  * be cut short                                            */
    {"activity", "how many sources are asked", do_activity, TABLE},
    {"authdata", "[-v] NTS of each source: keys, cookies, NAKs", do_authdata,
     TABLE},
    {"board", "this machine: address, card, memory, times", do_board, PLAIN},
    {"date", "the clock, as it stands now", do_date, PLAIN},
    {"floor", "[set TIME | reset] the time before which nothing is believed",
     do_floor, ARGUMENT},
    {"help", "[COMMAND] this list, or one of it", do_help, ARGUMENT},
    {"log", "[N] the last lines of the log", do_log, ARGUMENT},
    {"ntpdata", "[N | ADDRESS] the last reply of each source, or of one",
     do_ntpdata, ARGUMENT},
    {"reset", "save what is to be kept, then restart", do_reset, WHOLE},
    {"selectdata", "[-v] why a source is selected or not", do_selectdata,
     TABLE},
    {"serverstats", "requests served", do_serverstats, TABLE},
    {"sources", "[-v] the time sources, their reach and last sample",
     do_sources, TABLE},
    {"sourcestats", "[-v] each source's rate, offset and spread",
     do_sourcestats, TABLE},
    {"tracking", "the clock: offset, frequency, error bounds", do_tracking,
     TABLE},
    {"version", "which Gnomon this is", do_version, PLAIN},
};

/* The command that a word names, cut short as it may be; NULL: none, or
 * several (their names go to *like). An exact name wins. */
static const struct command *find(const char *word, struct fmt_text *like)
{
    const struct command *found = NULL;
    size_t count = 0, n = strlen(word);
    for (size_t i = 0; i < LEN(commands); i++) {
        if (strcmp(commands[i].name, word) == 0)
            return &commands[i];
        if (strncmp(commands[i].name, word, n) != 0 ||
            commands[i].kind == WHOLE)
            continue;
        fmt_add(like, " %s", commands[i].name);
        found = &commands[i];
        count++;
    }
    return count == 1 ? found : NULL;
}

/* What there is to say of a word that is no command, or is several. */
static void say_unknown(const char *word, const char *several)
{
    char text[160];
    const char *why = console_words_foreign(word), *nearest = NULL;
    unsigned least = 3;
    for (size_t i = 0; i < LEN(commands); i++) {
        unsigned d = console_words_distance(word, commands[i].name);
        if (d < least && d < strlen(word)) {
            least = d;
            nearest = commands[i].name;
        }
    }
    if (*several)
        (void)fmt(text, sizeof text, "`%s' may be:%s\n", word, several);
    else if (why)
        (void)fmt(text, sizeof text, "%s: %s\n", word, why);
    else
        (void)fmt(text, sizeof text,
                  "`%s' is not a command here; `help' lists them%s%s%s\n", word,
                  nearest ? "; nearest is `" : "", nearest ? nearest : "",
                  nearest ? "'" : "");
    say(text);
}

static void say_help(const struct command *c)
{
    char text[100];
    (void)fmt(text, sizeof text, "%-12s %s\n", c->name, c->help);
    say(text);
}

static void do_help(void)
{
    char word[LINE_MAX_LEN + 1], names[100] = "";
    struct fmt_text like = fmt_text_of(names, sizeof names);
    (void)take_word(con.rest, word);
    const struct command *c = *word ? find(word, &like) : NULL;
    if (!*word)
        for (size_t i = 0; i < LEN(commands); i++)
            say_help(&commands[i]);
    else if (!c)
        say_unknown(word, names);
    else {
        say_help(c);
        say(console_words_legend(c->name) ? console_words_legend(c->name) : "");
    }
}

/* Take chronyc's options off. -a and -n change nothing: all sources are shown,
 * by the names of chrony.conf. false: one is not known, which is said. */
static bool take_options(const struct command *c, bool *legend)
{
    char option[LINE_MAX_LEN + 1], text[160];
    *legend = false;
    while (c->kind == TABLE && *con.rest == '-') {
        con.rest = take_word(con.rest, option);
        if (strcmp(option, "-v") == 0) {
            *legend = true;
        } else if (strcmp(option, "-a") != 0 && strcmp(option, "-n") != 0) {
            (void)fmt(text, sizeof text,
                      "%s: option %s is not known; -v explains the columns\n",
                      c->name, option);
            say(text);
            return false;
        }
    }
    if ((c->kind == TABLE || c->kind == PLAIN) && *con.rest) {
        (void)fmt(text, sizeof text, "%s: takes no argument, so not `%s'\n",
                  c->name, con.rest);
        say(text);
        return false;
    }
    return true;
}

static void run(const char *line)
{
    char word[LINE_MAX_LEN + 1], names[100] = "";
    struct fmt_text like = fmt_text_of(names, sizeof names);
    con.rest = take_word(line, word);
    if (strcmp(word, "chronyc") == 0 && *con.rest) /* as in a shell */
        con.rest = take_word(con.rest, word);
    const struct command *c =
        find(strcmp(word, "?") == 0 ? "help" : word, &like);
    bool legend;
    if (!*word)
        return;
    if (!c) {
        say_unknown(word, names);
    } else if (take_options(c, &legend)) {
        const char *text = legend ? console_words_legend(c->name) : "";
        say(text ? text : "its lines need no legend\n");
        c->run();
    }
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
    if (con.beyond)
        say("longer than 78 characters: not run\n");
    else
        run(con.line);
    con.beyond = 0;
}

static void rub_out(size_t n)
{
    for (; n > 0 && con.beyond > 0; n--)
        con.beyond--; /* they were not shown */
    for (; n > 0 && con.line_len > 0; n--, con.line_len--)
        say("\b \b");
}

static void cancel(void)
{
    con.listing = false;
    con.ntp_at = con.ntp_until = con.fact = 0;
    con.line_len = con.beyond = 0;
    say("^C\n");
    log_prompt(false);
}

/* Arrows and the like are escape sequences (ECMA-48: ESC, `[`, parameters, a
 * final letter; or ESC O and a letter), and mean nothing here. True: c belongs
 * to one. */
static bool in_escape(char c)
{
    bool was = con.esc != ESC_NONE;
    if (c == 0x1b)
        con.esc = ESC_BEGUN;
    else if (c < ' ') /* none has a control character in it */
        con.esc = ESC_NONE;
    else if (con.esc == ESC_BEGUN)
        con.esc = c == '[' ? ESC_SEQUENCE : c == 'O' ? ESC_ONE_MORE : ESC_NONE;
    else if (con.esc == ESC_ONE_MORE || c >= '@')
        con.esc = ESC_NONE;
    return c == 0x1b || (was && c >= ' ');
}

static void put(char c)
{
    if (con.line_len == LINE_MAX_LEN) {
        con.beyond++;
        say("\a");
        return;
    }
    con.line[con.line_len++] = c;
    say_bytes(&c, 1);
}

static void key(char c)
{
    if (in_escape(c))
        return;
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
        rub_out(LINE_MAX_LEN + con.beyond);
    else if (c == 0x03) /* ctrl-C */
        cancel();
    else if (c >= ' ' && c <= '~')
        put(c);
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

/* The next lines of `log` and of `board`, or sources of `ntpdata`, as many as
 * have room; false: no more. */
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
    while (con.fact > 0 && con.len + FACT_MAX + 2 < sizeof(con.out)) {
        char text[FACT_MAX];
        int n = port_fact(con.fact - 1, text, sizeof(text));
        con.fact = n < 0 ? 0 : con.fact + 1;
        say(n > 0 ? text : "");
        say(n > 0 ? "\n" : "");
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
        if (con.listing || con.fact > 0 || con.ntp_at < con.ntp_until) {
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
