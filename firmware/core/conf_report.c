#include <string.h>

#include "conf_private.h"
#include "fmt.h"

/* Quoted pieces of the file are cut here and cleaned: a report goes to a
 * terminal. */
#define QUOTE_MAX 32

static void clean(char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~')
            *s = '?';
}

/* A place for one more report, in the order of the lines; NULL: there is none.
 * An error takes that of the last one that is not. */
static struct conf_report *place(struct conf *c, enum conf_level level)
{
    unsigned i = c->report_count;
    if (i < LIMIT_CONF_ERRORS)
        return &c->reports[c->report_count++];
    if (c->reports_lost < UINT16_MAX)
        c->reports_lost++;
    while (level == CONF_ERROR && i-- > 0)
        if (c->reports[i].level != CONF_ERROR) {
            for (; i + 1 < LIMIT_CONF_ERRORS; i++)
                c->reports[i] = c->reports[i + 1];
            return &c->reports[i];
        }
    return NULL;
}

static void add_text(struct fmt_text *t, const char *what, const char *f,
                     const char *arg)
{
    const char *star = strchr(f, '*');
    if (what)
        fmt_add(t, "%.*s: ", QUOTE_MAX, what);
    if (star && arg)
        fmt_add(t, "%.*s`%.*s'%s", (int)(star - f), f, QUOTE_MAX, arg,
                star + 1);
    else
        fmt_add(t, "%s", f);
}

static void report(struct conf_parser *p, struct conf_place at,
                   enum conf_level level, const char *what, const char *f,
                   const char *arg, const char *loss)
{
    if (level == CONF_ERROR)
        p->c->errors++;
    else
        p->c->notes++;
    struct conf_report *r = place(p->c, level);
    if (!r)
        return;
    r->level = level;
    r->line = at.line;
    r->file = at.file;
    struct fmt_text t = fmt_text_of(r->text, sizeof(r->text));
    add_text(&t, what, f, arg);
    if (loss && p->w.odd)
        fmt_add(&t, " (not ASCII: retype it)");
    if (loss)
        fmt_add(&t, "; %s", loss);
    clean(r->text);
}

struct conf_place conf_here(const struct conf_parser *p)
{
    return (struct conf_place){p->file, p->line};
}

void conf_report(struct conf_parser *p, enum conf_level level, const char *what,
                 const char *f, const char *arg)
{
    report(p, conf_here(p), level, what, f, arg,
           level == CONF_ERROR ? p->loss : NULL);
}

void conf_report_at(struct conf_parser *p, const struct conf_place *at,
                    enum conf_level level, const char *what, const char *f)
{
    report(p, *at, level, what, f, NULL, NULL);
}

int conf_bad(struct conf_parser *p, const char *f, const char *arg)
{
    conf_report(p, CONF_ERROR, p->w.word[0], f, arg);
    return RC_BAD;
}

int conf_bad_near(struct conf_parser *p, const char *f, const char *arg,
                  const char *near)
{
    char text[96];
    if (!near)
        return conf_bad(p, f, arg);
    (void)fmt(text, sizeof text, "%s (%s?)", f, near);
    return conf_bad(p, text, arg);
}

int conf_want(struct conf_parser *p, int lo, int hi)
{
    int n = p->w.count - 1;
    if (n < lo)
        return conf_bad(p, "its argument is missing", NULL);
    if (n > hi && strchr("#%!;", p->w.word[hi + 1][0]))
        return conf_bad(p, "a comment needs a line of its own", NULL);
    if (n > hi)
        return conf_bad(p, "does not know what to do with *",
                        p->w.word[hi + 1]);
    return RC_OK;
}

const char *conf_file_name(const struct conf *c, uint8_t file)
{
    return file < c->file_count ? c->file[file] : "chrony.conf";
}

/* ---- the nearest word ---- */

#define WORD_MAX 24 /* longer ones have no neighbours                       */

static char letter(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters to change, put in, leave out, or swap with their neighbour
 * until a is b (the optimal string alignment distance). */
static unsigned distance(const char *a, const char *b)
{
    uint8_t d[3][WORD_MAX + 1];
    size_t n = strlen(a), m = strlen(b);
    if (n > WORD_MAX || m > WORD_MAX)
        return UINT8_MAX;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = (uint8_t)j;
    for (size_t i = 1; i <= n; i++) {
        uint8_t *now = d[i % 3], *last = d[(i + 2) % 3],
                *older = d[(i + 1) % 3];
        now[0] = (uint8_t)i;
        for (size_t j = 1; j <= m; j++) {
            char x = letter(a[i - 1]), y = letter(b[j - 1]);
            unsigned v = least(least(now[j - 1], last[j]) + 1u,
                               last[j - 1] + (unsigned)(x != y));
            if (i > 1 && j > 1 && x == letter(b[j - 2]) &&
                y == letter(a[i - 2]))
                v = least(v, older[j - 2] + 1u);
            now[j] = (uint8_t)v;
        }
    }
    return d[n % 3][m];
}

struct near { /* the best word so far */
    const char *word;
    unsigned distance;
};

static void nearer(struct near *best, const char *word, const char *known)
{
    size_t n = strlen(word), m = strlen(known);
    if ((n > m ? n - m : m - n) >= best->distance)
        return; /* so many letters are too many or missing */
    unsigned d = distance(word, known);
    if (d < best->distance)
        *best = (struct near){known, d};
}

static void nearest_of(struct near *best, const char *word,
                       const struct conf_row *table)
{
    for (; !conf_row_ends(table); table++)
        if (table->word)
            nearer(best, word, table->word);
}

/* So many wrong letters are a slip and no other word. */
static unsigned slip(const char *word)
{
    size_t n = strlen(word);
    return n < 4 ? 1 : n < 8 ? 2 : 3;
}

/* Each search takes a while: not for what no report has room for. */
static bool worth_it(const struct conf_parser *p)
{
    return p->c->errors < LIMIT_CONF_ERRORS;
}

const char *conf_near_directive(const struct conf_parser *p, const char *word)
{
    if (!worth_it(p))
        return NULL;
    struct near best = {NULL, slip(word) + 1};
    const struct conf_ignored *ignored;
    nearest_of(&best, word, conf_directives);
    for (size_t i = 0; (ignored = conf_ignored_at(i)) != NULL; i++)
        nearer(&best, word, ignored->word);
    return best.word;
}

const char *conf_near_option(const struct conf_parser *p, const char *word)
{
    if (!worth_it(p))
        return NULL;
    struct near best = {NULL, slip(word) + 1};
    nearest_of(&best, word, conf_source_options);
    nearest_of(&best, word, conf_chrony_options);
    return best.word;
}

const char *conf_near_word(const struct conf_parser *p, const char *word,
                           const char *const *known, size_t n)
{
    if (!worth_it(p))
        return NULL;
    struct near best = {NULL, slip(word) + 1};
    for (size_t i = 0; i < n; i++)
        nearer(&best, word, known[i]);
    return best.word;
}
