#include "conf_lex.h"

#include <string.h>

#include "addr.h"
#include "conf_private.h"
#include "fmt.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int conf_lex_split(struct conf_words *w, const char *line, size_t len)
{
    size_t i = 0;
    w->count = 0;
    while (i < len && is_blank(line[i]))
        i++;
    if (i < len && strchr("#%!;", line[i]) && line[i])
        return RC_OK;
    while (len > i && is_blank(line[len - 1]))
        len--;
    if (len - i > CONF_LINE_MAX)
        return RC_SPACE;

    size_t n = len - i;
    memcpy(w->text, line + i, n);
    w->text[n] = 0;
    for (size_t k = 0; k < n; k++) {
        unsigned char c = (unsigned char)w->text[k];
        if (is_blank(w->text[k])) {
            w->text[k] = 0;
            continue;
        }
        if (c < ' ' || c == 0x7f)
            return RC_BAD;
        if (k > 0 && w->text[k - 1])
            continue;
        if (w->count == CONF_ARGS_MAX)
            return RC_SPACE;
        w->word[w->count++] = w->text + k;
    }
    return RC_OK;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool conf_lex_equal(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int conf_lex_int(const char *word, int64_t *v)
{
    bool negative = *word == '-';
    *v = 0;
    if (*word == '-' || *word == '+')
        word++;
    if (!is_digit(*word))
        return RC_BAD;
    int64_t n = 0;
    for (; is_digit(*word); word++)
        if (n < INT64_C(1000000000000)) /* beyond every range: no need to */
            n = n * 10 + (*word - '0');
    if (*word)
        return RC_BAD;
    *v = negative ? -n : n;
    return RC_OK;
}

static double scale10(double v, int64_t by)
{
    for (; by > 0 && v < 1e30; by--)
        v *= 10;
    for (; by < 0 && v > 1e-30; by++)
        v /= 10;
    return v;
}

/* Decimal, with an exponent: what sscanf's %lf takes in practice. */
int conf_lex_real(const char *word, double *v)
{
    bool negative = *word == '-';
    double n = 0;
    int digits = 0;
    int64_t places = 0, exponent = 0;
    *v = 0;
    if (*word == '-' || *word == '+')
        word++;
    for (; is_digit(*word); word++, digits++)
        n = n * 10 + (*word - '0');
    if (*word == '.')
        for (word++; is_digit(*word); word++, digits++, places++)
            n = n * 10 + (*word - '0');
    if (digits == 0 || digits > 60)
        return RC_BAD;
    if (*word == 'e' || *word == 'E') {
        if (conf_lex_int(word + 1, &exponent) < 0)
            return RC_BAD;
        word += strlen(word);
    }
    if (*word)
        return RC_BAD;
    n = scale10(n, exponent - places);
    *v = negative ? -n : n;
    return RC_OK;
}

bool conf_lex_is_host(const char *word)
{
    size_t label = 0, len = strlen(word);
    struct addr a;
    if (strchr(word, ':'))
        return addr_parse(word, &a) == RC_OK;
    if (len > 253) /* RFC 1035 section 2.3.4, without the root's dot */
        return false;
    for (const char *p = word; *p; p++) {
        char c = lower(*p);
        bool dot = c == '.';
        if (dot ? label == 0
                : !is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' &&
                      c != '_')
            return false;
        label = dot ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return len > 0;
}

/* ---- values -------------------------------------------------------------- */

/* An error about `what`; RC_BAD. */
static int wrong(struct conf_parser *p, const char *what, const char *f,
                 const char *word)
{
    conf_report(p, CONF_ERROR, what, f, word);
    return RC_BAD;
}

static int outside(struct conf_parser *p, const char *what, const char *word,
                   int64_t lo, int64_t hi)
{
    char f[64];
    (void)fmt(f, sizeof(f), "* is outside %lld .. %lld", (long long)lo,
              (long long)hi);
    return wrong(p, what, f, word);
}

int conf_read_int(struct conf_parser *p, const char *what, const char *word,
                  int64_t lo, int64_t hi, int64_t *v)
{
    if (conf_lex_int(word, v) < 0)
        return wrong(p, what, "* is not a number", word);
    return *v < lo || *v > hi ? outside(p, what, word, lo, hi) : RC_OK;
}

static int read_real(struct conf_parser *p, const struct conf_row *r,
                     const char *what, const char *word, double *v)
{
    if (conf_lex_real(word, v) < 0)
        return wrong(p, what, "* is not a number", word);
    if (r->kind == CONF_REAL && (*v < r->least || *v > r->most))
        return outside(p, what, word, r->least, r->most);
    if ((r->kind == CONF_REAL_0 || r->kind == CONF_REAL_POS) && *v < 0)
        return wrong(p, what, "* is less than nothing", word);
    if (r->kind == CONF_REAL_POS && *v <= 0)
        return wrong(p, what, "* is not more than nothing", word);
    return RC_OK;
}

static int read_choice(struct conf_parser *p, const struct conf_row *r,
                       const char *what, const char *word, int64_t *v)
{
    char f[80];
    struct fmt_text t = fmt_text_of(f, sizeof(f));
    fmt_add(&t, "* is not ");
    for (const struct conf_choice *c = r->choices; c->word; c++) {
        if (conf_lex_equal(word, c->word)) {
            *v = c->value;
            return RC_OK;
        }
        fmt_add(&t, "%s%s", c->word,
                !c[1].word  ? ""
                : c[2].word ? ", "
                            : " or ");
    }
    return wrong(p, what, f, word);
}

int conf_read_value(struct conf_parser *p, const struct conf_row *r,
                    const char *what, const char *word, struct conf_value *v)
{
    *v = (struct conf_value){.n = 1};
    switch (r->kind) {
    case CONF_INT:
        return conf_read_int(p, what, word, r->least, r->most, &v->n);
    case CONF_REAL:
    case CONF_REAL_0:
    case CONF_REAL_POS:
    case CONF_REAL_ANY:
        return read_real(p, r, what, word, &v->real);
    case CONF_CHOICE:
        return read_choice(p, r, what, word, &v->n);
    case CONF_FLAG:
    case CONF_GIVEN:
    case CONF_LINE:
        break;
    }
    return RC_OK;
}
