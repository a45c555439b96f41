#include "conf_read.h"

#include <string.h>

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

void conf_report(struct conf_read *p, enum conf_level level, const char *what,
                 const char *f, const char *arg)
{
    if (level == CONF_ERROR)
        p->errors++;
    if (p->c->report_count == LIMIT_CONF_ERRORS) {
        if (p->c->reports_lost < UINT16_MAX)
            p->c->reports_lost++;
        return;
    }
    struct conf_report *r = &p->c->reports[p->c->report_count++];
    r->level = level;
    r->line = p->line;
    struct fmt_text t = fmt_text_of(r->text, sizeof(r->text));
    if (what)
        fmt_add(&t, "%.*s: ", QUOTE_MAX, what);
    if (strchr(f, '*'))
        fmt_add(&t, "%.*s`%.*s'%s", (int)(strchr(f, '*') - f), f, QUOTE_MAX,
                arg, strchr(f, '*') + 1);
    else
        fmt_add(&t, "%s", f);
    clean(r->text);
}

/* `*` in f stands for arg, quoted. */
int conf_bad(struct conf_read *p, const char *f, const char *arg)
{
    conf_report(p, CONF_ERROR, p->w.word[0], f, arg);
    return RC_BAD;
}

/* The directive has lo .. hi words after it. */
int conf_want(struct conf_read *p, int lo, int hi)
{
    int n = p->w.count - 1;
    if (n < lo)
        return conf_bad(p, "its argument is missing", NULL);
    if (n > hi)
        return conf_bad(p, "does not know what to do with *",
                        p->w.word[hi + 1]);
    return RC_OK;
}

int conf_int(struct conf_read *p, const char *what, const char *word,
             int64_t lo, int64_t hi, int64_t *v)
{
    if (conf_words_int(word, v) < 0) {
        conf_report(p, CONF_ERROR, what, "* is not a number", word);
        return RC_BAD;
    }
    if (*v < lo || *v > hi) {
        char f[64];
        (void)fmt(f, sizeof(f), "* is outside %lld .. %lld", (long long)lo,
                  (long long)hi);
        conf_report(p, CONF_ERROR, what, f, word);
        return RC_BAD;
    }
    return RC_OK;
}

int conf_real(struct conf_read *p, const char *word, bool zero, double *v)
{
    double got;
    if (conf_words_real(word, &got) < 0)
        return conf_bad(p, "* is not a number", word);
    if (got < 0)
        return conf_bad(p, "* is less than nothing", word);
    if (!zero && got <= 0)
        return conf_bad(p, "* is not more than nothing", word);
    *v = got;
    return RC_OK;
}
