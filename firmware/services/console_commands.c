#include <string.h>

#include "console_private.h"
#include "console_words.h"
#include "core/addr.h"
#include "core/chronyc_text.h"
#include "core/conf_lex.h"
#include "core/floor_record.h"
#include "core/ke_text.h"
#include "core/mono.h"
#include "core/utc.h"
#include "crashloop.h"
#include "log.h"
#include "port.h"
#include "snapshot.h"
#include "timefloor.h"
#include "timekeeper.h"
#include "version.h"

#define LINE_MAX_LEN LINE_EDIT_MAX
#define FACT_MAX     280  /* of port_fact: a card's three registers and more */
#define NTPDATA_MAX  1600 /* a source's, with CR LF */

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
    console_say(text);
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
        addr_text(status_source_addr(&l->row[i]), addr);
        *found = i;
        if (strcmp(text, addr) == 0 || strcmp(text, l->row[i].name) == 0)
            return true;
    }
    return false;
}

static void do_ntpdata(void)
{
    size_t count = snapshot_take()->sources.count, at = 0;
    console_state.ntp_all = *console_state.rest == 0;
    if (!console_state.ntp_all && !find_source(console_state.rest, &at)) {
        console_say("ntpdata: which source? 1 is the first of `sources'; or an "
                    "address, or a name\n");
        return;
    }
    console_state.ntp_at = at;
    console_state.ntp_until = console_state.ntp_all ? count : at + 1;
}

static void do_tracking(void)
{
    say_table(chronyc_tracking);
}

static void do_serverstats(void)
{
    say_table(chronyc_serverstats);
}

static void do_ntske(void)
{
    say_table(ke_text);
}

static void do_activity(void)
{
    say_table(chronyc_activity);
}

/* What `tracking' and the log say in the same words is one line here, too, that
 * it can be looked for. */
static bool is_sentence(const char *line)
{
    static const char *const label[] = {"Clock not set", "Hold-over", "WARNING",
                                        "Note",          "Trouble",   "Stage"};
    for (size_t i = 0; i < LEN(label); i++)
        if (strncmp(line, label[i], strlen(label[i])) == 0)
            return true;
    return false;
}

static void do_board(void)
{
    static char text[LIMIT_CONSOLE / 2];
    (void)chronyc_board(snapshot_take(), text, sizeof text);
    for (char *p = text, *end; *p; p = end) {
        end = p + strcspn(p, "\n");
        bool more = *end;
        *end = 0;
        if (is_sentence(p)) {
            console_say(p);
            console_say("\n");
        } else {
            console_say_folded(p);
        }
        end += more;
    }
    console_state.fact = 1;
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
    console_say(text);
}

static void do_version(void)
{
    console_say("Gnomon ");
    console_say(gnomon_version);
    console_say("\n");
}

static void do_log(void)
{
    uint32_t oldest = logring_oldest(log_ring()), next = log_ring()->next;
    uint32_t n = 0;
    const char *p = console_state.rest;
    for (; *p >= '0' && *p <= '9' && n <= LIMIT_LOG_LINES; p++)
        n = n * 10 + (uint32_t)(*p - '0');
    if (*console_state.rest && *p && n <= LIMIT_LOG_LINES) {
        console_say(
            "log: how many lines? `log' alone shows all that are kept\n");
        return;
    }
    console_state.at =
        *console_state.rest && n < next - oldest ? next - n : oldest;
    console_state.until = next;
    console_state.listing = true;
}

static void do_reset(void)
{
    if (*console_state.rest) {
        console_say(
            "reset: takes no argument; alone it restarts this machine. "
            "Samples are not\ndropped by hand: a source that changes its mind "
            "is seen\n");
        return;
    }
    console_say("saving, then resetting\n");
    console_state.resetting = true;
}

/* As chronyc's: a line for each try, until the clock follows a source and is as
 * good as was asked for. What keeps it away is in the log, meanwhile. */
static void try_sync(mono_ns now)
{
    const struct status *s = snapshot_take();
    const struct status_tracking *k = &s->timekeeper.tracking;
    const struct status_served served = status_served(s);
    double correction_s = (double)k->system_ns / 1e9;
    double skew_ppm = (double)k->freq_sigma_e12 / 1e6;
    char text[120];
    console_state.wait.tries++;
    if (correction_s < 0)
        correction_s = -correction_s;
    (void)fmt(text, sizeof text,
              "try: %u, refid: %08lX, correction: %.9f, skew: %.3f\n",
              console_state.wait.tries, (unsigned long)served.ref_id,
              correction_s, skew_ppm);
    console_say(text);
    bool good = k->synchronised && served.ref_id != 0 && !served.local &&
                (console_state.wait.max_correction_s == 0 ||
                 correction_s <= console_state.wait.max_correction_s) &&
                (console_state.wait.max_skew_ppm == 0 ||
                 skew_ppm <= console_state.wait.max_skew_ppm);
    console_state.wait.on =
        !good && console_state.wait.tries != console_state.wait.max_tries;
    console_state.wait.next = now + console_state.wait.interval;
}

static void do_waitsync(void)
{
    double value[] = {0, 0, 0, 10}; /* chronyc's defaults */
    char word[LINE_MAX_LEN + 1];
    bool good = true;
    size_t i = 0;
    for (; *console_state.rest && i < LEN(value); i++) {
        console_state.rest = take_word(console_state.rest, word);
        good = good && conf_lex_real(word, &value[i]) == RC_OK &&
               value[i] >= 0 && value[i] <= 1e9;
    }
    if (!good || *console_state.rest) {
        console_say(
            "waitsync: up to four numbers: tries (0: no end), correction in "
            "seconds and\nskew in ppm at most (0: any), interval in seconds\n");
        return;
    }
    console_state.wait.on = true;
    console_state.wait.tries = 0;
    console_state.wait.max_tries = (unsigned)value[0];
    console_state.wait.max_correction_s = value[1];
    console_state.wait.max_skew_ppm = value[2];
    console_state.wait.interval =
        (mono_ns)((value[3] < 0.1 ? 0.1 : value[3]) * 1e9);
    console_state.wait.next = 0;
}

static void set_floor(const char *when)
{
    int64_t unix_s;
    if (floor_record_time(when, &unix_s) != RC_OK) {
        console_say("floor set: a time in UTC, as 2026-11-23T04:05:06Z\n");
        return;
    }
    int rc = timefloor_set(unix_s);
    console_say(rc == RC_OK      ? "floor set\n"
                : rc == RC_AGAIN ? "refused: not started yet\n"
                : rc == RC_STATE
                    ? "refused: the clock is set, the floor follows it\n"
                    : "refused: Gnomon was built after that\n");
}

/* chronyc has no word for it. Only here: who stands before the machine may
 * move the floor, nobody else. */
static void do_floor(void)
{
    char word[LINE_MAX_LEN + 1];
    const char *when = take_word(console_state.rest, word);
    if (*console_state.rest == 0)
        say_table(chronyc_floor);
    else if (strcmp(word, "set") == 0 && *when)
        set_floor(when);
    else if (strcmp(word, "reset") == 0 && !*when) {
        console_say(timefloor_reset() == RC_OK
                        ? "floor reset to the build time\n"
                        : "refused: not started yet\n");
    } else
        console_say("floor | floor set YYYY-MM-DDThh:mm:ssZ | floor reset\n");
}

static void do_help(void);

static const struct command {
    const char *name, *help;
    void (*run)(void);
    enum { TABLE, PLAIN, ARGUMENT, OWN, WHOLE } kind;
} commands[] = {
    /* TABLE, ARGUMENT: have options; OWN: reads them by itself; WHOLE: must
     * not be cut short */
    {"activity", "how many sources are asked", do_activity, TABLE},
    {"authdata", "[-v] NTS of each source: keys, cookies, NAKs", do_authdata,
     TABLE},
    {"board", "this machine: address, card, memory, times", do_board, PLAIN},
    {"clients", "[-k] who has asked for time, or for keys, and how often",
     console_clients, OWN},
    {"date", "the clock, as it stands now", do_date, PLAIN},
    {"floor", "[set TIME | reset] the time before which nothing is believed",
     do_floor, ARGUMENT},
    {"help", "[COMMAND] this list, or one of it", do_help, ARGUMENT},
    {"log", "[N] the last lines of the log", do_log, ARGUMENT},
    {"ntpdata", "[N | ADDRESS] the last reply of each source, or of one",
     do_ntpdata, ARGUMENT},
    {"ntske", "the key exchange that is served: port, certificates, sessions",
     do_ntske, PLAIN},
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
    {"waitsync",
     "[TRIES [CORRECTION [SKEW [INTERVAL]]]] until the clock is set",
     do_waitsync, ARGUMENT},
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
    console_say(text);
}

static void say_help(const struct command *c)
{
    char text[100];
    (void)fmt(text, sizeof text, "%-12s %s\n", c->name, c->help);
    console_say(text);
}

static void do_help(void)
{
    char word[LINE_MAX_LEN + 1], names[100] = "";
    struct fmt_text like = fmt_text_of(names, sizeof names);
    (void)take_word(console_state.rest, word);
    const struct command *c = *word ? find(word, &like) : NULL;
    if (!*word)
        for (size_t i = 0; i < LEN(commands); i++)
            say_help(&commands[i]);
    else if (!c)
        say_unknown(word, names);
    else {
        say_help(c);
        console_say(
            console_words_legend(c->name) ? console_words_legend(c->name) : "");
    }
}

/* Takes chronyc's options off: -v asks for a legend; -a and -n change nothing,
 * for all sources are shown, by the names of chrony.conf. Returns false if
 * there is another one, which is said. */
static bool take_options(const char *name, bool *legend)
{
    char option[LINE_MAX_LEN + 1], text[160];
    while (*console_state.rest == '-') {
        console_state.rest = take_word(console_state.rest, option);
        if (strcmp(option, "-v") == 0) {
            *legend = true;
        } else if (strcmp(option, "-a") != 0 && strcmp(option, "-n") != 0) {
            (void)fmt(text, sizeof text,
                      "%s: option %s is not known; -v explains the columns\n",
                      name, option);
            console_say(text);
            return false;
        }
    }
    return true;
}

static bool takes_rest(const struct command *c)
{
    char text[160];
    if ((c->kind != TABLE && c->kind != PLAIN) || !*console_state.rest)
        return true;
    (void)fmt(text, sizeof text, "%s: takes no argument, so not `%s'\n",
              c->name, console_state.rest);
    console_say(text);
    return false;
}

void console_run_line(const char *line)
{
    char word[LINE_MAX_LEN + 1], names[100] = "";
    struct fmt_text like = fmt_text_of(names, sizeof names);
    bool legend = false;
    console_state.rest = take_word(line, word);
    if (strcmp(word, "chronyc") == 0 && *console_state.rest) {
        if (!take_options(word, &legend)) /* as in a shell */
            return;
        console_state.rest = take_word(console_state.rest, word);
        if (!*word) { /* chronyc -v */
            do_version();
            return;
        }
    }
    const struct command *c =
        find(strcmp(word, "?") == 0 ? "help" : word, &like);
    if (!*word)
        return;
    if (!c) {
        say_unknown(word, names);
        return;
    }
    if ((c->kind == TABLE || c->kind == ARGUMENT) &&
        !take_options(c->name, &legend))
        return;
    if (takes_rest(c)) {
        const char *text = legend ? console_words_legend(c->name) : "";
        console_say(text ? text : "its lines need no legend\n");
        c->run();
    }
}

/* ---- answers that take time --------------------------------------------- */

bool console_busy(void)
{
    return console_state.listing || console_state.fact > 0 ||
           console_state.client > 0 ||
           console_state.ntp_at < console_state.ntp_until ||
           console_state.wait.on;
}

void console_stop(void)
{
    console_state.listing = console_state.wait.on = false;
    console_state.ntp_at = console_state.ntp_until = console_state.fact = 0;
    console_state.client = 0;
}

/* The next lines of `log` and of `board`, or sources of `ntpdata`, as many as
 * have room; false: no more. */
bool console_more(mono_ns now)
{
    uint32_t missed;
    while (console_state.listing &&
           console_state.len + LIMIT_LOG_LINE + 2 < sizeof(console_state.out)) {
        const char *line = NULL;
        if ((int32_t)(console_state.until - console_state.at) > 0)
            line = logring_read(log_ring(), &console_state.at, &missed);
        if (!line) {
            console_state.listing = false;
            break;
        }
        console_say(line);
        console_say("\n");
    }
    while (console_state.ntp_at < console_state.ntp_until &&
           console_state.len + NTPDATA_MAX < sizeof(console_state.out)) {
        char text[NTPDATA_MAX];
        const struct status *s = snapshot_take();
        size_t at = console_state.ntp_at++;
        if (console_state.ntp_all && /* chronyc leaves those out */
            status_source_addr(&s->sources.row[at])->family == 0)
            continue;
        (void)chronyc_ntpdata(s, at, text, sizeof(text));
        if (console_state.ntp_all)
            console_say("\n");
        console_say(text);
    }
    while (console_state.fact > 0 &&
           console_state.len + 2 * FACT_MAX < sizeof(console_state.out)) {
        char text[FACT_MAX];
        int n = port_fact(console_state.fact - 1, text, sizeof(text));
        console_state.fact = n < 0 ? 0 : console_state.fact + 1;
        if (n > 0)
            console_say_folded(text);
    }
    console_clients_more(now);
    if (console_state.wait.on && now >= console_state.wait.next)
        try_sync(now);
    return console_busy();
}

/* ---- Tab ----------------------------------------------------------------- */

/* What is typed of a command's name before the cursor, in small letters; false:
 * the cursor is beyond it. */
static bool begun_name(char name[LINE_MAX_LEN + 1])
{
    char before[LINE_MAX_LEN + 1];
    size_t n = console_state.edit.cursor;
    memcpy(before, console_state.edit.line, n);
    before[n] = 0;
    bool ended = n > 0 && before[n - 1] == ' ';
    const char *rest = take_word(before, name);
    while (*name && (*rest || ended)) {
        if (strcmp(name, "chronyc") != 0 && strcmp(name, "help") != 0)
            return false;
        rest = take_word(rest, name);
    }
    return true;
}

/* Tab: as much of a command's name as is clear, or the names that it may be;
 * not `reset', which has to be written out. */
void console_complete(void)
{
    char name[LINE_MAX_LEN + 1], more[LINE_MAX_LEN + 1], text[LINE_EDIT_OUT];
    char names[200] = "";
    struct fmt_text like = fmt_text_of(names, sizeof names);
    struct fmt_text t = fmt_text_of(text, sizeof text);
    const char *first = NULL;
    size_t count = 0, same = 0;
    bool beyond = !begun_name(name);
    size_t n = strlen(name);
    for (size_t i = 0; i < LEN(commands) && !beyond; i++) {
        const char *c = commands[i].name;
        if (commands[i].kind == WHOLE || strncmp(c, name, n) != 0)
            continue;
        if (count++ == 0) {
            first = c;
            same = strlen(c);
        }
        while (strncmp(first, c, same) != 0)
            same--;
        fmt_add(&like, " %s", c);
    }
    if (count == 0) {
        console_say("\a");
    } else if (count == 1 || same > n) {
        (void)fmt(more, sizeof more, "%.*s%s", (int)(same - n), first + n,
                  count == 1 ? " " : "");
        line_edit_insert(&console_state.edit, more, &t);
        console_say(text);
    } else {
        console_say("\n");
        console_say(names + 1);
        console_say("\n");
        log_prompt(false);
    }
}
