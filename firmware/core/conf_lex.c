#include "conf_lex.h"

#include <string.h>

#include "addr.h"
#include "conf_private.h"
#include "fmt.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What stands in pasted text where a blank should (takes_space), or where
 * nothing should: UTF-8, and a no-break space of an 8-bit code. */
static const struct {
    const char *bytes;
    bool takes_space;
} odd_blanks[] = {
    {"\xc2\xa0", true},      {"\xc2\x85", true},      {"\xe1\x9a\x80", true},
    {"\xe2\x80\xa8", true},  {"\xe2\x80\xa9", true},  {"\xe2\x80\xaf", true},
    {"\xe2\x81\x9f", true},  {"\xe3\x80\x80", true},  {"\xc2\xad", false},
    {"\xe2\x81\xa0", false}, {"\xef\xbb\xbf", false},
};

/* Returns the length of the odd blank that s[n] begins with, or 0. */
static size_t odd_blank(const char *s, size_t n, bool *takes_space)
{
    for (size_t i = 0; i < LEN(odd_blanks); i++) {
        size_t len = strlen(odd_blanks[i].bytes);
        *takes_space = odd_blanks[i].takes_space;
        if (len <= n && memcmp(s, odd_blanks[i].bytes, len) == 0)
            return len;
    }
    if (n < 3 || memcmp(s, "\xe2\x80", 2) != 0)
        return 0;
    unsigned char last = (unsigned char)s[2]; /* U+2000 .. 200A, .. 200F */
    *takes_space = last <= 0x8a;
    return last >= 0x80 && last <= 0x8f ? 3 : 0;
}

/* Copy one character of s[n], whose predecessor is before, to *c; ' ' for any
 * blank, 0 for none. Returns how many bytes it had. */
static size_t next_char(const char *s, size_t n, char before, char *c)
{
    bool takes_space;
    size_t odd = (unsigned char)*s < 0x80 ? 0 : odd_blank(s, n, &takes_space);
    *c = *s;
    if (odd)
        *c = takes_space ? ' ' : 0;
    else if (is_blank(*s) || (*s == '\xa0' && (unsigned char)before < 0x80))
        *c = ' ';
    return odd ? odd : 1;
}

int conf_lex_split(struct conf_words *w, const char *line, size_t len)
{
    size_t n = 0, ends = 0; /* of w->text; and behind its last word */
    w->count = 0;
    w->odd = false;
    for (size_t i = 0; i < len;) {
        char c;
        unsigned char raw = (unsigned char)line[i];
        i += next_char(line + i, len - i, i ? line[i - 1] : 0, &c);
        if (c == 0 && raw != 0)
            continue; /* takes no space */
        if (n == 0 && (c == ' ' || (c && strchr("#%!;", c)))) {
            if (c == ' ')
                continue;
            return RC_OK; /* a comment */
        }
        if ((unsigned char)c < ' ' || c == 0x7f)
            return RC_BAD;
        if (c == ' ') {
            if (n <= CONF_LINE_MAX)
                w->text[n] = 0;
            n++;
            continue;
        }
        if (n >= CONF_LINE_MAX)
            return RC_SPACE;
        w->odd |= (unsigned char)c >= 0x80;
        if (n == 0 || n > ends) { /* a word begins */
            if (w->count == CONF_ARGS_MAX)
                return RC_SPACE;
            w->word[w->count++] = w->text + n;
        }
        w->text[n++] = c;
        ends = n;
    }
    w->text[ends] = 0;
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

/* A row's value beyond its range; chrony takes the nearest for some. */
static bool clamped(struct conf_parser *p, const struct conf_row *r,
                    const char *what, const char *word, bool above)
{
    char f[80];
    if (r->beyond != CONF_CLAMP && !(above && r->beyond == CONF_CLAMP_MOST))
        return false;
    (void)fmt(f, sizeof(f), "* is outside %ld .. %ld: %ld is taken",
              (long)r->least, (long)r->most,
              (long)(above ? r->most : r->least));
    conf_report(p, CONF_NOTE, what, f, word);
    return true;
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
    if (r->kind == CONF_REAL && (*v < r->least || *v > r->most)) {
        bool above = *v > r->most;
        if (!clamped(p, r, what, word, above))
            return outside(p, what, word, r->least, r->most);
        *v = above ? r->most : r->least;
    }
    if ((r->kind == CONF_REAL_0 || r->kind == CONF_REAL_POS) && *v < 0)
        return wrong(p, what, "* is less than nothing", word);
    if (r->kind == CONF_REAL_POS && *v <= 0)
        return wrong(p, what, "* is not more than nothing", word);
    return RC_OK;
}

static int read_int(struct conf_parser *p, const struct conf_row *r,
                    const char *what, const char *word, int64_t *v)
{
    if (conf_lex_int(word, v) < 0)
        return wrong(p, what, "* is not a number", word);
    if (*v >= r->least && *v <= r->most)
        return RC_OK;
    bool above = *v > r->most;
    if (!clamped(p, r, what, word, above))
        return outside(p, what, word, r->least, r->most);
    *v = above ? r->most : r->least;
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
        return read_int(p, r, what, word, &v->n);
    case CONF_REAL:
    case CONF_REAL_0:
    case CONF_REAL_POS:
    case CONF_REAL_ANY:
        return read_real(p, r, what, word, &v->real);
    case CONF_CHOICE:
        return read_choice(p, r, what, word, &v->n);
    case CONF_FLAG:
        v->n = r->most ? r->most : 1;
        break;
    case CONF_GIVEN:
    case CONF_LINE:
        break;
    }
    return RC_OK;
}
