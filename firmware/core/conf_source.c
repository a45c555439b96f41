/* server and pool lines */
#include <string.h>

#include "conf_read.h"
#include "fmt.h"

static void set_option(struct conf_source *s, enum conf_option o, int64_t v)
{
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
    case CONF_OPT_IBURST:
        s->iburst = true;
        break;
    case CONF_OPT_NTS:
        s->nts = true;
        break;
    case CONF_OPT_PREFER:
        s->prefer = true;
        break;
    case CONF_OPT_NOSELECT:
        s->noselect = true;
        break;
    case CONF_OPT_TRUST:
        s->trust = true;
        break;
    case CONF_OPT_REQUIRE:
        s->require = true;
        break;
    case CONF_OPT_XLEAVE:
        s->xleave = true;
        break;
    case CONF_OPT_IGNORED:
        break;
    }
}

static int check_value(struct conf_read *p, const struct conf_option_word *o,
                       const char *word, int64_t *v)
{
    double real;
    if (o->value == CONF_VALUE_NONE)
        return RC_OK;
    if (!word) {
        conf_report(p, CONF_ERROR, o->name, "its value is missing", NULL);
        return RC_BAD;
    }
    if (o->value == CONF_VALUE_INT)
        return conf_int(p, o->name, word, o->min, o->max, v);
    if (o->value == CONF_VALUE_REAL && conf_words_real(word, &real) < 0) {
        conf_report(p, CONF_ERROR, o->name, "* is not a number", word);
        return RC_BAD;
    }
    return RC_OK;
}

static int read_options(struct conf_read *p, struct conf_source *s)
{
    for (size_t i = 2; i < p->w.count; i++) {
        const char *word = p->w.word[i];
        const struct conf_option_word *o = conf_words_option(word);
        int64_t v = 0;
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
        set_option(s, o->option, v);
        if (o->option == CONF_OPT_IGNORED)
            conf_report(p, CONF_IGNORED, p->w.word[0],
                   "option *: accepted, not needed by Gnomon", word);
    }
    return RC_OK;
}

static bool same_source(const struct conf_source *a,
                        const struct conf_source *b)
{
    return a->port == b->port && a->ntsport == b->ntsport &&
           conf_words_equal(a->name, b->name);
}

static int read_source(struct conf_read *p, bool pool)
{
    struct conf *c = p->c;
    struct conf_source s = {.line = p->line,
                            .port = 123,
                            .ntsport = 4460,
                            .minpoll = 6,
                            .maxpoll = 10,
                            .pool = pool,
                            .maxsources = 4};
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
