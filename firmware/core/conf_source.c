/* server and pool lines */
#include <string.h>

#include "addr.h"
#include "conf_private.h"
#include "fmt.h"

#define ROW(word, kind, field, least, most, ...)                               \
    CONF_ROW(struct conf_source, word, kind, field, least, most, __VA_ARGS__)
#define CLAMP    .beyond = CONF_CLAMP
#define MILLIARD 1000000000

/* clang-format off */
const struct conf_row conf_source_options[] = {
    ROW("iburst",        CONF_FLAG, iburst,             0,        0, 0),
    ROW("nts",           CONF_FLAG, nts,                0,        0, 0),
    ROW("port",          CONF_INT,  port,               1,    65535, 123),
    ROW("ntsport",       CONF_INT,  ntsport,            1,    65535, 4460),
    ROW("version",       CONF_INT,  version,            1,        4, 4),
    ROW("ipv4",          CONF_FLAG, family,             0,        4, 0),
    ROW("ipv6",          CONF_FLAG, family,             0,        6, 0),
    ROW("certset",       CONF_INT,  certset,            0, INT32_MAX, 0),
    ROW("maxsources",    CONF_INT,  maxsources,         1,       16, 4, CLAMP),
    ROW("minpoll",       CONF_INT,  minpoll,           -7,       24, 6, CLAMP),
    ROW("maxpoll",       CONF_INT,  maxpoll,           -7,       24, 10, CLAMP),
    ROW("maxntsretry",   CONF_INT,  maxntsretry,        6,       24, 19, CLAMP),
    ROW("xleave",        CONF_FLAG, xleave,             0,        0, 0),
    ROW("prefer",        CONF_FLAG, prefer,             0,        0, 0),
    ROW("noselect",      CONF_FLAG, noselect,           0,        0, 0),
    ROW("trust",         CONF_FLAG, trust,              0,        0, 0),
    ROW("require",       CONF_FLAG, require,            0,        0, 0),
    ROW("minstratum",    CONF_INT,  minstratum,         0,       15, 0, CLAMP),
    ROW("offset",        CONF_REAL, offset_s,   -MILLIARD, MILLIARD, 0, CLAMP),
    ROW("maxdelay",      CONF_REAL, maxdelay_s,         0,     1000, 3, CLAMP),
    ROW("maxdelayratio", CONF_REAL, maxdelayratio,      0,  1000000, 0, CLAMP),
    /* chrony's default is 10; our filter weighs each sample by its delay. */
    ROW("maxdelaydevratio", CONF_REAL, maxdelaydevratio, 0, 1000000, 0, CLAMP),
    {.kind = CONF_LINE},
};
/* clang-format on */

/* An option that has no effect. With a key left out the source would be asked
 * without authentication: that one is refused. */
static int explain(struct conf_parser *p, const struct conf_row *o)
{
    char f[96];
    if (conf_lex_equal(o->word, "key")) {
        (void)fmt(f, sizeof(f), "option *: %s", o->why);
        return conf_bad(p, f, o->word);
    }
    (void)fmt(f, sizeof(f), "option * ignored: %s", o->why);
    conf_report(p, CONF_IGNORED, p->w.word[0], f, o->word);
    return RC_OK;
}

static int unknown(struct conf_parser *p, const char *word)
{
    struct addr another;
    if (strchr("#%!;", word[0]))
        return conf_bad(p, "a comment needs a line of its own", NULL);
    if (addr_parse(word, &another) == RC_OK || strchr(word, '.'))
        return conf_bad(p, "*: one server a line", word);
    return conf_bad_near(p, "unknown option *", word,
                         conf_near_option(p, word));
}

static int read_options(struct conf_parser *p, struct conf_source *s)
{
    for (size_t i = 2; i < p->w.count; i++) {
        const char *word = p->w.word[i], *arg = NULL;
        const struct conf_row *o = conf_find(conf_source_options, word);
        struct conf_value v;
        if (!o)
            o = conf_find(conf_chrony_options, word);
        if (!o)
            return unknown(p, word);
        if (conf_lex_equal(o->word, "maxsources") && !s->pool)
            conf_report(p, CONF_NOTE, "maxsources", "is for pool lines", NULL);
        if (o->kind != CONF_FLAG) {
            if (++i == p->w.count) {
                conf_report(p, CONF_ERROR, o->word, "its value is missing",
                            NULL);
                return RC_BAD;
            }
            arg = p->w.word[i];
        }
        if (conf_read_value(p, o, o->word, arg, &v) < 0)
            return RC_BAD;
        conf_store(o, &v, s);
        if (o->size == 0 && explain(p, o) < 0)
            return RC_BAD;
    }
    return RC_OK;
}

static bool same_source(const struct conf_source *a,
                        const struct conf_source *b)
{
    return a->port == b->port && a->ntsport == b->ntsport &&
           conf_lex_equal(a->name, b->name);
}

/* The address stands in an earlier line: nothing is lost. Of a name each line
 * gets another address, as with chrony. */
static int twice(struct conf_parser *p, const struct conf_source *first)
{
    char f[96];
    if (first->file == p->file)
        (void)fmt(f, sizeof(f), "* is given already, in line %u", first->line);
    else
        (void)fmt(f, sizeof(f), "* is given already, in %.48s:%u",
                  conf_file_name(p->c, first->file), first->line);
    p->loss = "line not used";
    return conf_bad(p, f, p->w.word[1]);
}

struct conf_source conf_source_plain(void)
{
    struct conf_source s = {0};
    conf_store_defaults(conf_source_options, &s);
    return s;
}

/* Letters beyond ASCII, in UTF-8, as names have them; not quotes, dashes or
 * blanks, which begin with E2. */
static bool has_letters(const char *name)
{
    for (; *name; name++)
        if ((unsigned char)*name >= 0xc3 && (unsigned char)*name != 0xe2)
            return true;
    return false;
}

/* What is not a host name, as people write it elsewhere. */
static int not_a_host(struct conf_parser *p, const char *name)
{
    const char *colon = strchr(name, ':');
    if (strpbrk(name, ",;\"'"))
        return conf_bad(p, "*: one server a line, without commas or quotes",
                        name);
    if (name[0] == '[')
        return conf_bad(p, "*: an IPv6 address has no brackets here", name);
    if (strstr(name, "://"))
        return conf_bad(p, "* is not a host name, but a URL", name);
    if (strchr(name, '%'))
        return conf_bad(p, "*: an address of the link alone is not asked",
                        name);
    if (has_letters(name)) {
        p->w.odd = false; /* it is meant */
        return conf_bad(p, "*: write an international name as xn--...", name);
    }
    if (colon && !strchr(colon + 1, ':'))
        return conf_bad(p, "*: a port is an option: port N, ntsport N", name);
    return conf_bad(p, "* is not a host name or an address", name);
}

int conf_read_source(struct conf_parser *p)
{
    struct conf *c = p->c;
    struct conf_source s = conf_source_plain();
    s.line = p->line;
    s.file = p->file;
    s.pool = conf_lex_equal(p->w.word[0], "pool");
    if (p->w.count < 2)
        return conf_bad(p, "a name or an address is missing", NULL);
    const char *name = p->w.word[1];
    struct addr literal;
    bool is_address = addr_parse(name, &literal) == RC_OK;
    if (!is_address && !name[strspn(name, "0123456789.")])
        return conf_bad(p, "* is no IPv4 address, and no name has only digits",
                        name);
    if (!conf_lex_is_host(name))
        return not_a_host(p, name);
    memcpy(s.name, name, strlen(name) + 1); /* is_host: at most 253 */
    if (read_options(p, &s) < 0)
        return RC_BAD;
    for (size_t i = 0; i < c->source_count; i++)
        if (same_source(&c->sources[i], &s)) {
            if (is_address)
                return twice(p, &c->sources[i]);
            c->sources[i].shared = s.shared = true;
        }
    p->sources_given++;
    if (c->source_count == LIMIT_SOURCES) {
        if (!p->too_many.line)
            p->too_many = conf_here(p);
        return RC_OK; /* said once, at the end */
    }
    if (s.maxpoll < s.minpoll)
        s.maxpoll = s.minpoll; /* as chrony does */
    c->sources[c->source_count++] = s;
    return RC_OK;
}

static uint16_t port_of(const struct conf_source *c)
{
    return c->nts ? c->ntsport : c->port;
}

/* Lines with name and both ports alike are told apart by their addresses, once
 * they have some. */
void conf_label_sources(struct conf *c)
{
    for (unsigned i = 0; i < c->source_count; i++) {
        struct conf_source *s = &c->sources[i];
        bool twin = false, clash = false;
        for (unsigned j = 0; j < c->source_count; j++) {
            const struct conf_source *other = &c->sources[j];
            if (j == i || !conf_lex_equal(other->name, s->name) ||
                same_source(other, s))
                continue;
            twin = true;
            clash |= port_of(other) == port_of(s);
        }
        bool ip6 = strchr(s->name, ':') != NULL;
        size_t n = fmt(s->label, sizeof s->label, twin && ip6 ? "[%s]" : "%s",
                       s->name);
        if (twin)
            (void)fmt(s->label + n, sizeof s->label - n, ":%u",
                      (unsigned)(clash ? s->port : port_of(s)));
    }
}
