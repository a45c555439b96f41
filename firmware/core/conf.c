#include "conf.h"

#include <string.h>

#include "conf_words.h"
#include "fmt.h"

/* Quoted pieces of the file are cut here and cleaned: a report goes to a
 * terminal. */
#define QUOTE_MAX 32

struct parse {
    struct conf *c;
    uint16_t line;
    int errors;
    struct conf_words w;
};

static void clean(char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~')
            *s = '?';
}

static void report(struct parse *p, enum conf_level level, const char *what,
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
static int bad(struct parse *p, const char *f, const char *arg)
{
    report(p, CONF_ERROR, p->w.word[0], f, arg);
    return RC_BAD;
}

/* The directive has lo .. hi words after it. */
static int want_args(struct parse *p, int lo, int hi)
{
    int n = p->w.count - 1;
    if (n < lo)
        return bad(p, "its argument is missing", NULL);
    if (n > hi)
        return bad(p, "does not know what to do with *", p->w.word[hi + 1]);
    return RC_OK;
}

static int get_ranged(struct parse *p, const char *what, const char *word,
                      int64_t lo, int64_t hi, int64_t *v)
{
    if (conf_words_int(word, v) < 0) {
        report(p, CONF_ERROR, what, "* is not a number", word);
        return RC_BAD;
    }
    if (*v < lo || *v > hi) {
        char f[64];
        (void)fmt(f, sizeof(f), "* is outside %lld .. %lld", (long long)lo,
                  (long long)hi);
        report(p, CONF_ERROR, what, f, word);
        return RC_BAD;
    }
    return RC_OK;
}

/* ---- server, pool ----------------------------------------------------- */

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

static int check_value(struct parse *p, const struct conf_option_word *o,
                       const char *word, int64_t *v)
{
    double real;
    if (o->value == CONF_VALUE_NONE)
        return RC_OK;
    if (!word) {
        report(p, CONF_ERROR, o->name, "its value is missing", NULL);
        return RC_BAD;
    }
    if (o->value == CONF_VALUE_INT)
        return get_ranged(p, o->name, word, o->min, o->max, v);
    if (o->value == CONF_VALUE_REAL && conf_words_real(word, &real) < 0) {
        report(p, CONF_ERROR, o->name, "* is not a number", word);
        return RC_BAD;
    }
    return RC_OK;
}

static int read_options(struct parse *p, struct conf_source *s)
{
    for (size_t i = 2; i < p->w.count; i++) {
        const char *word = p->w.word[i];
        const struct conf_option_word *o = conf_words_option(word);
        int64_t v = 0;
        if (!o && word[0] == '#')
            return bad(p, "a comment needs a line of its own", NULL);
        if (!o)
            return bad(p, "unknown option *", word);
        if (o->option == CONF_OPT_MAXSOURCES && !s->pool)
            report(p, CONF_NOTE, "maxsources", "is for pool lines", NULL);
        bool last = i + 1 == p->w.count;
        if (check_value(p, o, last ? NULL : p->w.word[i + 1], &v) < 0)
            return RC_BAD;
        if (o->value != CONF_VALUE_NONE)
            i++;
        set_option(s, o->option, v);
        if (o->option == CONF_OPT_IGNORED)
            report(p, CONF_IGNORED, p->w.word[0],
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

static int read_source(struct parse *p, bool pool)
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
        return bad(p, "a name or an address is missing", NULL);
    const char *name = p->w.word[1];
    if (!conf_words_is_host(name))
        return bad(p, "* is not a host name or an address", name);
    memcpy(s.name, name, strlen(name) + 1); /* is_host: at most 253 */
    if (read_options(p, &s) < 0)
        return RC_BAD;
    for (size_t i = 0; i < c->source_count; i++)
        if (same_source(&c->sources[i], &s)) {
            char f[48];
            (void)fmt(f, sizeof(f), "* is given already, in line %u",
                      c->sources[i].line);
            return bad(p, f, name);
        }
    if (c->source_count == LIMIT_SOURCES) {
        char f[48];
        (void)fmt(f, sizeof(f), "too many sources (%d)", LIMIT_SOURCES);
        return bad(p, f, NULL);
    }
    if (s.maxpoll < s.minpoll)
        s.maxpoll = s.minpoll; /* as chrony does */
    c->sources[c->source_count++] = s;
    return RC_OK;
}

static int read_server(struct parse *p)
{
    return read_source(p, false);
}

static int read_pool(struct parse *p)
{
    return read_source(p, true);
}

/* ---- the other directives --------------------------------------------- */

static int read_trust(struct parse *p)
{
    int64_t set = 0;
    if (want_args(p, 1, 2) < 0)
        return RC_BAD;
    const char *file = p->w.word[p->w.count - 1];
    if (p->w.count == 3 && get_ranged(p, "ntstrustedcerts", p->w.word[1], 0,
                                      255, &set) < 0)
        return RC_BAD;
    if (strlen(file) >= LIMIT_NAME)
        return bad(p, "the file name is too long", NULL);
    if (p->c->trust_count == LIMIT_TRUST_FILES)
        return bad(p, "too many of them", NULL);
    struct conf_trust *t = &p->c->trust[p->c->trust_count++];
    memcpy(t->file, file, strlen(file) + 1);
    t->line = p->line;
    t->certset = (uint8_t)set;
    return RC_OK;
}

static int read_nosystemcert(struct parse *p)
{
    if (want_args(p, 0, 0) < 0)
        return RC_BAD;
    p->c->nosystemcert = true;
    return RC_OK;
}

static int read_save(struct parse *p)
{
    if (want_args(p, 1, 1) < 0)
        return RC_BAD;
    p->c->save = true;
    return RC_OK;
}

static int read_makestep(struct parse *p)
{
    double threshold;
    int64_t limit;
    if (want_args(p, 2, 2) < 0)
        return RC_BAD;
    if (conf_words_real(p->w.word[1], &threshold) < 0)
        return bad(p, "* is not a number", p->w.word[1]);
    if (get_ranged(p, "makestep", p->w.word[2], INT32_MIN, INT32_MAX,
                   &limit) < 0)
        return RC_BAD;
    p->c->makestep_s = threshold;
    p->c->makestep_limit = (int32_t)limit;
    return RC_OK;
}

static int read_minsources(struct parse *p)
{
    int64_t v;
    if (want_args(p, 1, 1) < 0 ||
        get_ranged(p, "minsources", p->w.word[1], 1, 255, &v) < 0)
        return RC_BAD;
    p->c->minsources = (uint8_t)v;
    return RC_OK;
}

static int read_hostname(struct parse *p)
{
    if (want_args(p, 1, 1) < 0)
        return RC_BAD;
    const char *name = p->w.word[1];
    /* RFC 2132 section 3.14: a DHCP host name follows RFC 1035. */
    if (!conf_words_is_host(name) || strchr(name, ':') ||
        strlen(name) >= sizeof(p->c->hostname))
        return bad(p, "* is not a host name of up to 63 characters", name);
    memcpy(p->c->hostname, name, strlen(name) + 1);
    return RC_OK;
}

static int read_address(struct parse *p)
{
    uint8_t ip[4], prefix;
    if (want_args(p, 1, 1) < 0)
        return RC_BAD;
    if (conf_words_net4(p->w.word[1], ip, &prefix) < 0 || prefix == 0 ||
        ip[0] == 0 || ip[0] >= 224)
        return bad(p, "* is not an address A.B.C.D/N", p->w.word[1]);
    memcpy(p->c->ip4, ip, 4);
    p->c->ip4_prefix = prefix;
    p->c->static_ip4 = true;
    return RC_OK;
}

static int read_gateway(struct parse *p)
{
    if (want_args(p, 1, 1) < 0)
        return RC_BAD;
    if (conf_words_ip4(p->w.word[1], p->c->gateway4) < 0)
        return bad(p, "* is not an address A.B.C.D", p->w.word[1]);
    return RC_OK;
}

static int read_nameserver(struct parse *p)
{
    uint8_t ip[4];
    if (want_args(p, 1, 1) < 0)
        return RC_BAD;
    if (conf_words_ip4(p->w.word[1], ip) < 0)
        return bad(p, "* is not an address A.B.C.D", p->w.word[1]);
    if (p->c->dns4_count == LEN(p->c->dns4))
        return bad(p, "two are enough", NULL);
    memcpy(p->c->dns4[p->c->dns4_count++], ip, 4);
    return RC_OK;
}

/* N or Nms. */
static int read_width(struct parse *p, const char *word)
{
    char digits[8] = {0};
    int64_t ms;
    size_t n = strspn(word, "0123456789");
    if (n == 0 || n >= sizeof(digits) ||
        (word[n] && !conf_words_equal(word + n, "ms")))
        return bad(p, "width * is not a number of milliseconds", word);
    memcpy(digits, word, n);
    if (get_ranged(p, "width", digits, 1, 900, &ms) < 0)
        return RC_BAD;
    p->c->pps_width_ms = (uint16_t)ms;
    return RC_OK;
}

static int read_pps(struct parse *p)
{
    int64_t gpio;
    if (want_args(p, 2, 5) < 0)
        return RC_BAD;
    if (!conf_words_equal(p->w.word[1], "gpio"))
        return bad(p, "comes out of a gpio, not of *", p->w.word[1]);
    if (get_ranged(p, "gpio", p->w.word[2], 0, 53, &gpio) < 0)
        return RC_BAD;
    bool always = false;
    for (size_t i = 3; i < p->w.count; i++) {
        const char *word = p->w.word[i];
        if (conf_words_equal(word, "always"))
            always = true;
        else if (!conf_words_equal(word, "width"))
            return bad(p, "unknown option *", word);
        else if (++i == p->w.count)
            return bad(p, "its width is missing", NULL);
        else if (read_width(p, p->w.word[i]) < 0)
            return RC_BAD;
    }
    p->c->pps = true;
    p->c->pps_always = always;
    p->c->pps_gpio = (uint8_t)gpio;
    return RC_OK;
}

static int read_directive(struct parse *p)
{
    static const struct {
        const char *name;
        int (*read)(struct parse *p);
    } table[] = {
        {"server", read_server},
        {"pool", read_pool},
        {"ntstrustedcerts", read_trust},
        {"nosystemcert", read_nosystemcert},
        {"ntsdumpdir", read_save},
        {"driftfile", read_save},
        {"makestep", read_makestep},
        {"minsources", read_minsources},
        {"pps", read_pps},
        {"hostname", read_hostname},
        {"address", read_address},
        {"gateway", read_gateway},
        {"nameserver", read_nameserver},
    };
    const char *word = p->w.word[0];
    for (size_t i = 0; i < LEN(table); i++)
        if (conf_words_equal(word, table[i].name))
            return table[i].read(p);
    const char *why = conf_words_ignored(word);
    if (why)
        report(p, CONF_IGNORED, word, why, NULL);
    else
        report(p, CONF_ERROR, NULL, "unknown directive *", word);
    return why ? RC_OK : RC_BAD;
}

static void read_line(struct parse *p, const char *line, size_t len)
{
    int r = conf_words_split(&p->w, line, len);
    if (r == RC_SPACE)
        report(p, CONF_ERROR, NULL, "the line is too long", NULL);
    else if (r < 0)
        report(p, CONF_ERROR, NULL, "control characters: is this text?",
               NULL);
    else if (p->w.count > 0)
        (void)read_directive(p); /* has reported; the next line applies */
}

static void check_whole(struct parse *p)
{
    const struct conf *c = p->c;
    size_t wanted = 0;
    p->line = 0;
    for (size_t i = 0; i < c->source_count; i++)
        wanted += c->sources[i].pool ? c->sources[i].maxsources : 1u;
    if (wanted > LIMIT_SOURCES)
        report(p, CONF_NOTE, NULL,
               "more sources than there is room for: pools get fewer", NULL);
    if (!c->static_ip4 && (c->gateway4[0] || c->gateway4[1]))
        report(p, CONF_NOTE, "gateway", "no address line: DHCP decides",
               NULL);
}

static void set_defaults(struct conf *c)
{
    memset(c, 0, sizeof(*c));
    c->makestep_s = 1.0;
    c->makestep_limit = 3;
    c->pps_gpio = 18;
    c->pps_width_ms = 100;
    memcpy(c->hostname, "gnomon", 7);
}

int conf_parse(struct conf *c, const char *text, size_t len)
{
    struct parse p = {.c = c};
    set_defaults(c);
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3; /* UTF-8 byte order mark: Windows' editors write it */
        len -= 3;
    }
    if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 ||
                     memcmp(text, "\xfe\xff", 2) == 0)) {
        report(&p, CONF_ERROR, NULL, "UTF-16: save it as UTF-8 or ASCII",
               NULL);
        len = 0;
    }
    for (size_t at = 0; at < len;) {
        const char *nl = memchr(text + at, '\n', len - at);
        size_t n = nl ? (size_t)(nl - (text + at)) : len - at;
        if (p.line < UINT16_MAX)
            p.line++;
        read_line(&p, text + at, n);
        at += n + 1;
    }
    check_whole(&p);
    return p.errors;
}
