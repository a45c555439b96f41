#include "conf.h"

#include <string.h>

#include "addr.h"
#include "aead.h"
#include "conf_private.h"
#include "fmt.h"

/* ---- reports ------------------------------------------------------------- */

/* Quoted pieces of the file are cut here and cleaned: a report goes to a
 * terminal. */
#define QUOTE_MAX 32

static void clean(char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~')
            *s = '?';
}

void conf_report(struct conf_parser *p, enum conf_level level, const char *what,
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

int conf_bad(struct conf_parser *p, const char *f, const char *arg)
{
    conf_report(p, CONF_ERROR, p->w.word[0], f, arg);
    return RC_BAD;
}

int conf_want(struct conf_parser *p, int lo, int hi)
{
    int n = p->w.count - 1;
    if (n < lo)
        return conf_bad(p, "its argument is missing", NULL);
    if (n > hi)
        return conf_bad(p, "does not know what to do with *",
                        p->w.word[hi + 1]);
    return RC_OK;
}

/* ---- fields -------------------------------------------------------------- */

static bool is_real(const struct conf_row *r)
{
    return r->kind >= CONF_REAL && r->kind <= CONF_REAL_ANY;
}

void conf_store(const struct conf_row *r, const struct conf_value *v, void *to)
{
    uint8_t *field = (uint8_t *)to + r->at;
    uint8_t n8 = (uint8_t)v->n;
    uint16_t n16 = (uint16_t)v->n;
    uint32_t n32 = (uint32_t)v->n;
    if (r->size == 0)
        return;
    if (is_real(r))
        memcpy(field, &v->real, sizeof v->real);
    else if (r->size == sizeof n8)
        memcpy(field, &n8, sizeof n8);
    else if (r->size == sizeof n16)
        memcpy(field, &n16, sizeof n16);
    else
        memcpy(field, &n32, sizeof n32);
}

/* ---- tables -------------------------------------------------------------- */

bool conf_row_ends(const struct conf_row *r)
{
    return !r->word && r->kind == CONF_LINE;
}

const struct conf_row *conf_find(const struct conf_row *table, const char *word)
{
    for (; !conf_row_ends(table); table++)
        if (table->word && conf_lex_equal(word, table->word))
            return table;
    return NULL;
}

void conf_store_defaults(const struct conf_row *table, void *to)
{
    for (; !conf_row_ends(table); table++) {
        struct conf_value v = {.n = (int64_t)table->value,
                               .real = table->value};
        conf_store(table, &v, to);
    }
}

/* ---- directives that are more than values -------------------------------- */

static int read_trust(struct conf_parser *p)
{
    int64_t set = 0;
    if (conf_want(p, 1, 2) < 0)
        return RC_BAD;
    const char *file = p->w.word[p->w.count - 1];
    if (p->w.count == 3 &&
        conf_read_int(p, "ntstrustedcerts", p->w.word[1], 0, 255, &set) < 0)
        return RC_BAD;
    if (strlen(file) >= LIMIT_NAME)
        return conf_bad(p, "the file name is too long", NULL);
    if (p->c->trust_count == LIMIT_TRUST_FILES)
        return conf_bad(p, "too many of them", NULL);
    struct conf_trust *t = &p->c->trust[p->c->trust_count++];
    memcpy(t->file, file, strlen(file) + 1);
    t->line = p->line;
    t->certset = (uint8_t)set;
    return RC_OK;
}

/* Those known, each once, in their order. */
static int read_aeads(struct conf_parser *p)
{
    uint16_t known[LIMIT_AEADS] = {0};
    uint8_t n = 0;
    const char *odd = NULL, *unknown = "* is not known to Gnomon";
    if (conf_want(p, 1, CONF_ARGS_MAX - 2) < 0)
        return RC_BAD;
    for (size_t i = 1; i < p->w.count; i++) {
        int64_t id;
        bool again = false;
        if (conf_lex_int(p->w.word[i], &id) < 0 || id < 0 || id > UINT16_MAX)
            return conf_bad(p, "* is not an AEAD's number", p->w.word[i]);
        for (size_t j = 0; j < n; j++)
            again |= known[j] == id;
        if (!aead_known((uint16_t)id))
            odd = p->w.word[i];
        else if (!again && n < LIMIT_AEADS)
            known[n++] = (uint16_t)id;
    }
    if (n == 0)
        return conf_bad(p, unknown, odd);
    if (odd)
        conf_report(p, CONF_NOTE, p->w.word[0], unknown, odd);
    memcpy(p->c->aeads, known, sizeof(known));
    p->c->aead_count = n;
    return RC_OK;
}

static int read_hostname(struct conf_parser *p)
{
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    const char *name = p->w.word[1];
    /* RFC 2132 section 3.14: a DHCP host name follows RFC 1035. */
    if (!conf_lex_is_host(name) || strchr(name, ':') ||
        strlen(name) >= sizeof(p->c->hostname))
        return conf_bad(p, "* is not a host name of up to 63 characters", name);
    memcpy(p->c->hostname, name, strlen(name) + 1);
    return RC_OK;
}

static int read_address(struct conf_parser *p)
{
    struct addr_prefix net;
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    const char *word = p->w.word[1];
    if (addr_prefix_parse(word, &net) < 0 || net.addr.family != 4 ||
        !strchr(word, '/') || net.bits == 0 || net.addr.b[0] == 0 ||
        net.addr.b[0] >= 224)
        return conf_bad(p, "* is not an address A.B.C.D/N", word);
    memcpy(p->c->ip4, net.addr.b, 4);
    p->c->ip4_prefix = net.bits;
    p->c->static_ip4 = true;
    return RC_OK;
}

static int read_gateway(struct conf_parser *p)
{
    struct addr a;
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    if (addr_parse(p->w.word[1], &a) < 0 || a.family != 4)
        return conf_bad(p, "* is not an address A.B.C.D", p->w.word[1]);
    memcpy(p->c->gateway4, a.b, 4);
    return RC_OK;
}

static int read_nameserver(struct conf_parser *p)
{
    struct addr a;
    if (conf_want(p, 1, 1) < 0)
        return RC_BAD;
    if (addr_parse(p->w.word[1], &a) < 0)
        return conf_bad(p, "* is not an address", p->w.word[1]);
    if (p->c->nameserver_count == LIMIT_NAMESERVERS)
        return conf_bad(p, "two are enough", NULL);
    p->c->nameserver[p->c->nameserver_count++] = a;
    return RC_OK;
}

/* N or Nms. */
static int read_width(struct conf_parser *p, const char *word, int64_t *ms)
{
    char digits[8] = {0};
    size_t n = strspn(word, "0123456789");
    if (n == 0 || n >= sizeof(digits) ||
        (word[n] && !conf_lex_equal(word + n, "ms")))
        return conf_bad(p, "width * is not a number of milliseconds", word);
    memcpy(digits, word, n);
    return conf_read_int(p, "width", digits, 1, 900, ms);
}

static int read_pps(struct conf_parser *p)
{
    int64_t gpio, width_ms = p->c->pps_width_ms;
    if (conf_want(p, 2, 5) < 0)
        return RC_BAD;
    if (!conf_lex_equal(p->w.word[1], "gpio"))
        return conf_bad(p, "comes out of a gpio, not of *", p->w.word[1]);
    if (conf_read_int(p, "gpio", p->w.word[2], 0, 53, &gpio) < 0)
        return RC_BAD;
    bool always = false;
    for (size_t i = 3; i < p->w.count; i++) {
        const char *word = p->w.word[i];
        if (conf_lex_equal(word, "always"))
            always = true;
        else if (!conf_lex_equal(word, "width"))
            return conf_bad(p, "unknown option *", word);
        else if (++i == p->w.count)
            return conf_bad(p, "its width is missing", NULL);
        else if (read_width(p, p->w.word[i], &width_ms) < 0)
            return RC_BAD;
    }
    p->c->pps = true;
    p->c->pps_always = always;
    p->c->pps_gpio = (uint8_t)gpio;
    p->c->pps_width_ms = (uint16_t)width_ms;
    return RC_OK;
}

/* ---- the table ----------------------------------------------------------- */

static void note_maxslewrate(struct conf_parser *p)
{
    if (p->c->maxslewrate_ppm > CONF_SLEW_PPM)
        conf_report(p, CONF_NOTE, "maxslewrate",
                    "Gnomon never slews by more than 500 ppm", NULL);
}

static void note_leapsecmode(struct conf_parser *p)
{
    if (p->c->leapsecmode == LEAP_SYSTEM)
        conf_report(p, CONF_NOTE, p->w.word[0],
                    "no kernel here: system is as step", NULL);
}

static const struct conf_choice bootstrap_modes[] = {
    {"strict", true}, {"default", false}, {NULL, 0}};
static const struct conf_choice authselect_modes[] = {
    {"require", AUTHSELECT_REQUIRE},
    {"prefer", AUTHSELECT_PREFER},
    {"mix", AUTHSELECT_MIX},
    {"ignore", AUTHSELECT_IGNORE},
    {NULL, 0}};
static const struct conf_choice leap_modes[] = {{"system", LEAP_SYSTEM},
                                                {"step", LEAP_STEP},
                                                {"slew", LEAP_SLEW},
                                                {"ignore", LEAP_IGNORE},
                                                {NULL, 0}};

#define ROW(word, kind, field, least, most, ...)                               \
    CONF_ROW(struct conf, word, kind, field, least, most, __VA_ARGS__)
#define LEAST INT32_MIN
#define MOST  INT32_MAX

/* clang-format off */
const struct conf_row conf_directives[] = {
    {"server",          CONF_LINE, .read = conf_read_source},
    {"pool",            CONF_LINE, .read = conf_read_source},
    ROW("dhcpservers",     CONF_FLAG,     dhcpservers,         0,     0, 0),

    {"ntstrustedcerts", CONF_LINE, .read = read_trust},
    ROW("nosystemcert",    CONF_FLAG,     nosystemcert,        0,     0, 0),
    {"ntsaeads",        CONF_LINE, .read = read_aeads},

    ROW("ntsdumpdir",      CONF_GIVEN,    save,                0,     0, 0),
    ROW("driftfile",       CONF_GIVEN,    save,                0,     0, 0),
    /* Shorter wears the card for nothing, longer leaves the floor a day
     * behind at the least. */
    ROW("saveinterval",    CONF_INT,      saveinterval_s,     60, 86400, 900),

    ROW("bootstrap",       CONF_CHOICE,   bootstrap_strict,    0,     0, false,
        .choices = bootstrap_modes),
    ROW("nocerttimecheck", CONF_INT,      nocerttimecheck,     0,  MOST, 0),

    ROW("authselectmode",  CONF_CHOICE,   authselect,          0,     0,
        AUTHSELECT_MIX, .choices = authselect_modes),
    ROW("minsources",      CONF_INT,      minsources,          1,   255, 0),
    /* chrony takes any number; less than none makes no sense of these. */
    ROW("maxdistance",     CONF_REAL_0,   maxdistance_s,       0,     0, 3),
    ROW("maxjitter",       CONF_REAL_0,   maxjitter_s,         0,     0, 1),
    ROW("reselectdist",    CONF_REAL_0,   reselectdist_s,      0,     0, 1e-4),
    ROW("stratumweight",   CONF_REAL_0,   stratumweight_s,     0,     0, 1e-3),
    ROW("combinelimit",    CONF_REAL_0,   combinelimit,        0,     0, 3),

    ROW("makestep",        CONF_REAL_ANY, makestep_s,          0,     0, 1),
    ROW(NULL,              CONF_INT,      makestep_limit,  LEAST,  MOST, 3),
    ROW("maxchange",       CONF_REAL_POS, maxchange_s,         0,     0, 0),
    ROW(NULL,              CONF_INT,      maxchange_start, LEAST,  MOST, 0),
    ROW(NULL,              CONF_INT,      maxchange_ignore, LEAST, MOST, 0),
    ROW("maxslewrate",     CONF_REAL_POS, maxslewrate_ppm,     0,     0,
        83333.333, .note = note_maxslewrate),
    ROW("maxupdateskew",   CONF_REAL_POS, maxupdateskew_ppm,   0,     0, 1000),
    ROW("maxdrift",        CONF_REAL_POS, maxdrift_ppm,        0,     0, 5e5),
    ROW("maxclockerror",   CONF_REAL_POS, maxclockerror_ppm,   0,     0, 1),
    ROW("leapsecmode",     CONF_CHOICE,   leapsecmode,         0,     0,
        LEAP_SYSTEM, .choices = leap_modes, .note = note_leapsecmode),

    {"pps",             CONF_LINE, .read = read_pps},
    {"hostname",        CONF_LINE, .read = read_hostname},
    {"address",         CONF_LINE, .read = read_address},
    {"gateway",         CONF_LINE, .read = read_gateway},
    {"nameserver",      CONF_LINE, .read = read_nameserver},
    {.kind = CONF_LINE},
};
/* clang-format on */

static void set_defaults(struct conf *c)
{
    memset(c, 0, sizeof(*c));
    conf_store_defaults(conf_directives, c);
    c->aeads[0] = AEAD_AES_128_GCM_SIV;
    c->aeads[1] = AEAD_AES_SIV_CMAC_256;
    c->aead_count = 2;
    c->pps_gpio = 18;
    c->pps_width_ms = 100;
    memcpy(c->hostname, "gnomon", 7);
}

/* ---- the walk ------------------------------------------------------------ */

#define VALUES_MAX 3

/* A directive's values, one row each, and only then into their fields: a line
 * that is wrong in its last word has no effect. */
static int read_values(struct conf_parser *p, const struct conf_row *r)
{
    struct conf_value v[VALUES_MAX];
    int n = 1;
    while (!conf_row_ends(r + n) && !r[n].word)
        n++;
    ASSERT(n <= VALUES_MAX);
    int words = r->kind == CONF_FLAG ? 0 : n;
    if (conf_want(p, words, words) < 0)
        return RC_BAD;
    for (int i = 0; i < n; i++)
        if (conf_read_value(p, r + i, p->w.word[0],
                            words ? p->w.word[1 + i] : NULL, &v[i]) < 0)
            return RC_BAD;
    for (int i = 0; i < n; i++)
        conf_store(r + i, &v[i], p->c);
    if (r->note)
        r->note(p);
    return RC_OK;
}

static int read_directive(struct conf_parser *p)
{
    const char *word = p->w.word[0];
    const struct conf_row *r = conf_find(conf_directives, word);
    if (r)
        return r->kind == CONF_LINE ? r->read(p) : read_values(p, r);
    const char *why = conf_chrony_ignored(word);
    if (why)
        conf_report(p, CONF_IGNORED, word, why, NULL);
    else
        conf_report(p, CONF_ERROR, NULL, "unknown directive *", word);
    return why ? RC_OK : RC_BAD;
}

static void read_line(struct conf_parser *p, const char *line, size_t len)
{
    int r = conf_lex_split(&p->w, line, len);
    if (r == RC_SPACE)
        conf_report(p, CONF_ERROR, NULL, "the line is too long", NULL);
    else if (r < 0)
        conf_report(p, CONF_ERROR, NULL, "control characters: is this text?",
                    NULL);
    else if (p->w.count > 0)
        (void)read_directive(p); /* has reported; the next line applies */
}

static void check_whole(struct conf_parser *p)
{
    const struct conf *c = p->c;
    p->line = 0;
    if (c->bootstrap_strict && c->nocerttimecheck)
        conf_report(p, CONF_NOTE, "nocerttimecheck",
                    "has no effect beside bootstrap strict", NULL);
    if (!c->static_ip4 && (c->gateway4[0] || c->gateway4[1]))
        conf_report(p, CONF_NOTE, "gateway", "no address line: DHCP decides",
                    NULL);
}

int conf_parse(struct conf *c, const char *text, size_t len)
{
    struct conf_parser p = {.c = c};
    set_defaults(c);
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3; /* UTF-8 byte order mark: Windows' editors write it */
        len -= 3;
    }
    if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 ||
                     memcmp(text, "\xfe\xff", 2) == 0)) {
        conf_report(&p, CONF_ERROR, NULL, "UTF-16: save it as UTF-8 or ASCII",
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
