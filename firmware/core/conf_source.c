/* server and pool lines */
#include <string.h>

#include "conf_read.h"
#include "fmt.h"

struct value {
    int64_t n;
    double real;
};

/* Options that are a word alone. */
static void set_flag(struct conf_source *s, enum conf_option o)
{
    s->iburst |= o == CONF_OPT_IBURST;
    s->nts |= o == CONF_OPT_NTS;
    s->prefer |= o == CONF_OPT_PREFER;
    s->noselect |= o == CONF_OPT_NOSELECT;
    s->trust |= o == CONF_OPT_TRUST;
    s->require |= o == CONF_OPT_REQUIRE;
    s->xleave |= o == CONF_OPT_XLEAVE;
}

static void set_option(struct conf_source *s, enum conf_option o,
                       const struct value *value)
{
    int64_t v = value->n;
    switch (o) {
    case CONF_OPT_MINPOLL:
        s->minpoll = (int8_t)v;
        break;
    case CONF_OPT_MAXPOLL:
        s->maxpoll = (int8_t)v;
        break;
    case CONF_OPT_PORT:
        s->port = (uint16_t)v;
        break;
    case CONF_OPT_NTSPORT:
        s->ntsport = (uint16_t)v;
        break;
    case CONF_OPT_MAXSOURCES:
        s->maxsources = (uint8_t)v;
        break;
    case CONF_OPT_CERTSET:
        s->certset = (uint8_t)v;
        break;
    case CONF_OPT_MINSTRATUM:
        s->minstratum = (uint8_t)v;
        break;
    case CONF_OPT_MAXDELAY:
        s->maxdelay_s = value->real;
        break;
    case CONF_OPT_MAXDELAYRATIO:
        s->maxdelayratio = value->real;
        break;
    case CONF_OPT_MAXDELAYDEVRATIO:
        s->maxdelaydevratio = value->real;
        break;
    case CONF_OPT_OFFSET:
        s->offset_s = value->real;
        break;
    default:
        set_flag(s, o);
    }
}

static int check_real(struct conf_read *p, const struct conf_option_word *o,
                      const char *word, double *v)
{
    char f[64];
    if (conf_words_real(word, v) < 0) {
        conf_report(p, CONF_ERROR, o->name, "* is not a number", word);
        return RC_BAD;
    }
    if (*v >= o->min && *v <= o->max)
        return RC_OK;
    (void)fmt(f, sizeof(f), "* is outside %ld .. %ld", (long)o->min,
              (long)o->max);
    conf_report(p, CONF_ERROR, o->name, f, word);
    return RC_BAD;
}

static int check_value(struct conf_read *p, const struct conf_option_word *o,
                       const char *word, struct value *v)
{
    if (o->value == CONF_VALUE_NONE)
        return RC_OK;
    if (!word) {
        conf_report(p, CONF_ERROR, o->name, "its value is missing", NULL);
        return RC_BAD;
    }
    if (o->value == CONF_VALUE_INT)
        return conf_int(p, o->name, word, o->min, o->max, &v->n);
    if (o->value == CONF_VALUE_REAL)
        return check_real(p, o, word, &v->real);
    return RC_OK;
}

/* An option that has no effect, or may not be without. */
static int explain(struct conf_read *p, const struct conf_option_word *o)
{
    char f[96];
    (void)fmt(f, sizeof(f), "option *: %s", o->why);
    if (o->option == CONF_OPT_REFUSED)
        return conf_bad(p, f, o->name);
    conf_report(p, CONF_IGNORED, p->w.word[0], f, o->name);
    return RC_OK;
}

static int read_options(struct conf_read *p, struct conf_source *s)
{
    for (size_t i = 2; i < p->w.count; i++) {
        const char *word = p->w.word[i];
        const struct conf_option_word *o = conf_words_option(word);
        struct value v = {0};
        if (!o && word[0] == '#')
            return conf_bad(p, "a comment needs a line of its own", NULL);
        if (!o)
            return conf_bad(p, "unknown option *", word);
        if (o->option == CONF_OPT_MAXSOURCES && !s->pool)
            conf_report(p, CONF_NOTE, "maxsources", "is for pool lines", NULL);
        bool last = i + 1 == p->w.count;
        if (check_value(p, o, last ? NULL : p->w.word[i + 1], &v) < 0)
            return RC_BAD;
        if (o->value != CONF_VALUE_NONE)
            i++;
        set_option(s, o->option, &v);
        if (o->why && explain(p, o) < 0)
            return RC_BAD;
    }
    return RC_OK;
}

static bool same_source(const struct conf_source *a,
                        const struct conf_source *b)
{
    return a->port == b->port && a->ntsport == b->ntsport &&
           conf_words_equal(a->name, b->name);
}

struct conf_source conf_source_plain(void)
{
    return (struct conf_source){.port = 123,
                                .ntsport = 4460,
                                .minpoll = 6,
                                .maxpoll = 10,
                                .maxsources = 4,
                                .maxdelay_s = 3};
}

static int read_source(struct conf_read *p, bool pool)
{
    struct conf *c = p->c;
    struct conf_source s = conf_source_plain();
    s.line = p->line;
    s.pool = pool;
    if (p->w.count < 2)
        return conf_bad(p, "a name or an address is missing", NULL);
    const char *name = p->w.word[1];
    if (!conf_words_is_host(name))
        return conf_bad(p, "* is not a host name or an address", name);
    memcpy(s.name, name, strlen(name) + 1); /* is_host: at most 253 */
    if (read_options(p, &s) < 0)
        return RC_BAD;
    for (size_t i = 0; i < c->source_count; i++)
        if (same_source(&c->sources[i], &s)) {
            char f[48];
            (void)fmt(f, sizeof(f), "* is given already, in line %u",
                      c->sources[i].line);
            return conf_bad(p, f, name);
        }
    if (c->source_count == LIMIT_SOURCES) {
        char f[48];
        (void)fmt(f, sizeof(f), "too many sources (%d)", LIMIT_SOURCES);
        return conf_bad(p, f, NULL);
    }
    if (s.maxpoll < s.minpoll)
        s.maxpoll = s.minpoll; /* as chrony does */
    c->sources[c->source_count++] = s;
    return RC_OK;
}

int conf_read_server(struct conf_read *p)
{
    return read_source(p, false);
}

int conf_read_pool(struct conf_read *p)
{
    return read_source(p, true);
}
