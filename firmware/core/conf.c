#include "conf.h"

#include <string.h>

#include "addr.h"
#include "aead.h"
#include "cmdmon.h"
#include "conf_private.h"
#include "fmt.h"

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
    if (p->w.count == 3 && conf_read_int(p, "ntstrustedcerts", p->w.word[1], 0,
                                         INT32_MAX, &set) < 0)
        return RC_BAD;
    if (strlen(file) >= LIMIT_NAME)
        return conf_bad(p, "the file name is too long", NULL);
    p->trust_given++;
    if (p->c->trust_count == LIMIT_TRUST_FILES) {
        if (!p->too_many_trust.line)
            p->too_many_trust = conf_here(p);
        return RC_OK; /* said once, at the end */
    }
    struct conf_trust *t = &p->c->trust[p->c->trust_count++];
    memcpy(t->file, file, strlen(file) + 1);
    t->line = p->line;
    t->from = p->file;
    t->certset = (uint32_t)set;
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
    static const char *const known[] = {"width", "always"};
    bool always = false;
    for (size_t i = 3; i < p->w.count; i++) {
        const char *word = p->w.word[i];
        if (conf_lex_equal(word, "always"))
            always = true;
        else if (!conf_lex_equal(word, "width"))
            return conf_bad_near(p, "unknown option *", word,
                                 conf_near_word(p, word, known, LEN(known)));
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

/* chrony's interval is how often the file is written. */
static int read_driftfile(struct conf_parser *p)
{
    int64_t interval_s = 0;
    if (conf_want(p, 1, 3) < 0)
        return RC_BAD;
    if (p->w.count > 2 && !conf_lex_equal(p->w.word[2], "interval"))
        return conf_bad_near(
            p, "does not know what to do with *", p->w.word[2],
            conf_near_word(p, p->w.word[2], (const char *[]){"interval"}, 1));
    if (p->w.count == 3)
        return conf_bad(p, "its interval is missing", NULL);
    if (p->w.count == 4 && conf_read_int(p, "driftfile", p->w.word[3], 0,
                                         INT32_MAX, &interval_s) < 0)
        return RC_BAD;
    p->drift_interval_s = (uint32_t)interval_s;
    p->drift = p->w.count == 4 ? conf_here(p) : (struct conf_place){0};
    return RC_OK;
}

static int read_nodump(struct conf_parser *p)
{
    if (conf_want(p, 0, 0) < 0)
        return RC_BAD;
    p->c->save = false;
    conf_report(p, CONF_NOTE, p->w.word[0],
                "keys, cookies and the time floor are not kept", NULL);
    return RC_OK;
}

/* ---- the table ----------------------------------------------------------- */

static void note_maxslewrate(struct conf_parser *p)
{
    if (p->c->maxslewrate_ppm > CONF_SLEW_PPM)
        conf_report(p, CONF_NOTE, "maxslewrate",
                    "Gnomon never slews by more than 500 ppm", NULL);
}

static void note_saveinterval(struct conf_parser *p)
{
    p->saveinterval_given = true;
}

static void note_nocerttimecheck(struct conf_parser *p)
{
    p->nocerttimecheck = conf_here(p);
}

static void note_strata(struct conf_parser *p)
{
    p->strata = conf_here(p);
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

static const struct conf_choice on_off[] = {
    {"on", true}, {"off", false}, {NULL, 0}};
static const struct conf_choice report_whens[] = {{"once", CONF_UNTIL_SYNC},
                                                  {"always", CONF_ALWAYS},
                                                  {"never", CONF_NEVER},
                                                  {NULL, 0}};

#define ROW(word, kind, field, least, most, ...)                               \
    CONF_ROW(struct conf, word, kind, field, least, most, __VA_ARGS__)
#define CLAMP .beyond = CONF_CLAMP
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

    {"ntsdumpdir",      CONF_GIVEN, .size = 0},
    {"ntscachedir",     CONF_GIVEN, .size = 0}, /* chrony's older name of it */
    {"dumpdir",         CONF_GIVEN, .size = 0},
    {"driftfile",       CONF_LINE, .read = read_driftfile},
    {"nodump",          CONF_LINE, .read = read_nodump},
    /* Shorter wears the card for nothing, longer leaves the floor a day
     * behind at the least. */
    ROW("saveinterval",    CONF_INT,      saveinterval_s,     60, 86400, 900,
        .note = note_saveinterval),

    ROW("bootstrap",       CONF_CHOICE,   bootstrap_strict,    0,     0, false,
        .choices = bootstrap_modes),
    ROW("nocerttimecheck", CONF_INT,      nocerttimecheck,     0,  MOST, 0,
        .note = note_nocerttimecheck),

    ROW("authselectmode",  CONF_CHOICE,   authselect,          0,     0,
        AUTHSELECT_MIX, .choices = authselect_modes),
    ROW("minsources",      CONF_INT,      minsources,          1,   255, 0,
        .beyond = CONF_CLAMP_MOST),
    /* chrony takes any number; less than none makes no sense of these. */
    ROW("maxdistance",     CONF_REAL_0,   maxdistance_s,       0,     0, 3),
    ROW("maxjitter",       CONF_REAL_0,   maxjitter_s,         0,     0, 1),
    ROW("reselectdist",    CONF_REAL_0,   reselectdist_s,      0,     0, 1e-4),
    ROW("stratumweight",   CONF_REAL_0,   stratumweight_s,     0,     0, 1e-3),
    ROW("combinelimit",    CONF_REAL_0,   combinelimit,        0,     0, 3),

    ROW("minstratum",      CONF_INT,      minstratum,          0,   255, 0,
        .beyond = CONF_CLAMP_MOST, .note = note_strata),
    ROW("maxstratum",      CONF_INT,      maxstratum,          0,   255, 15,
        .beyond = CONF_CLAMP_MOST, .note = note_strata),

    ROW("refresh",         CONF_INT,      refresh_s,           0,  MOST,
        1209600),
    /* A shorter one would ask for keys more often than for the time. */
    ROW("ntsrefresh",      CONF_INT,      ntsrefresh_s,     3600,  MOST,
        2419200, CLAMP),
    ROW("dscp",            CONF_INT,      dscp,                0,    63, 0),

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
    ROW("logchange",       CONF_REAL_0,   logchange_s,         0,     0, 1),
    ROW("leapsecmode",     CONF_CHOICE,   leapsecmode,         0,     0,
        LEAP_SYSTEM, .choices = leap_modes, .note = note_leapsecmode),

    {"allow",           CONF_LINE, .read = conf_read_access},
    {"deny",            CONF_LINE, .read = conf_read_access},
    ROW("port",            CONF_INT,      port,                0, 65535, 123),
    {"ratelimit",       CONF_LINE, .read = conf_read_ratelimit},
    {"ntsratelimit",    CONF_LINE, .read = conf_read_ratelimit},
    ROW("ntsrotate",       CONF_INT,      ntsrotate_s,         0,  MOST,
        604800),
    {"local",           CONF_LINE, .read = conf_read_local},

    {"ntsserverkey",    CONF_LINE, .read = conf_read_pair},
    {"ntsservercert",   CONF_LINE, .read = conf_read_pair},
    ROW("ntsport",         CONF_INT,      ntsport,             0, 65535, 4460),
    {"ntsntpserver",    CONF_LINE, .read = conf_read_ntsntpserver},
    ROW("maxntsconnections", CONF_INT,    maxntsconnections,   1,
        LIMIT_KE_SESSIONS, LIMIT_KE_SESSIONS, .beyond = CONF_CLAMP_MOST),
    {"ntsprocesses",    CONF_LINE, .read = conf_read_ntsprocesses},

    {"clientloglimit",  CONF_LINE, .read = conf_read_clientloglimit},
    ROW("noclientlog",     CONF_FLAG,     noclientlog,         0,     0, 0),
    ROW("httpport",        CONF_INT,      httpport,            0, 65535, 80),
    {"httpallow",       CONF_LINE, .read = conf_read_access},

    {"cmdallow",        CONF_LINE, .read = conf_read_access},
    {"cmddeny",         CONF_LINE, .read = conf_read_access},
    ROW("cmdport",         CONF_INT,      cmdport,             0, 65535, 323),
    {"cmdratelimit",    CONF_LINE, .read = conf_read_ratelimit},
    {"opencommands",    CONF_LINE, .read = conf_read_opencommands},

    {"pps",             CONF_LINE, .read = read_pps},
    ROW("report",          CONF_CHOICE,   report,              0,     0,
        CONF_UNTIL_SYNC, .choices = report_whens),
    {"include",         CONF_LINE, .read = conf_read_list},
    {"confdir",         CONF_LINE, .read = conf_read_list},
    {"sourcedir",       CONF_LINE, .read = conf_read_list},

    {"hostname",        CONF_LINE, .read = conf_read_hostname},
    {"address",         CONF_LINE, .read = conf_read_address},
    {"gateway",         CONF_LINE, .read = conf_read_gateway},
    {"nameserver",      CONF_LINE, .read = conf_read_nameserver},
    {"syslog",          CONF_LINE, .read = conf_read_syslog},
    ROW("mdns",            CONF_CHOICE,   mdns,                0,     0, true,
        .choices = on_off),
    {.kind = CONF_LINE},
};
/* clang-format on */

void conf_set_defaults(struct conf *c)
{
    memset(c, 0, sizeof(*c));
    c->save = true;
    conf_store_defaults(conf_directives, c);
    c->aeads[0] = AEAD_AES_128_GCM_SIV;
    c->aeads[1] = AEAD_AES_SIV_CMAC_256;
    c->aead_count = 2;
    c->opencommands = CMDMON_OPEN;
    c->pps_gpio = 18;
    c->pps_width_ms = 100;
    memcpy(c->hostname, "gnomon", 7);
}

/* ---- a line ---- */

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
    if (words > 1 && p->w.count - 1 < words)
        return conf_bad(
            p, words == 2 ? "wants two numbers" : "wants three numbers", NULL);
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

/* What it means that this directive's line is not used. */
static const char *loss_of(const char *directive)
{
    static const struct {
        const char *word, *loss;
    } lost[] = {
        {"server", "line not used: one server fewer"},
        {"peer", "line not used: one server fewer"},
        {"pool", "line not used: one pool fewer"},
        {"ntstrustedcerts", "line not used: its certificates are not trusted"},
        {"include", "line not used: its files are not read"},
        {"confdir", "line not used: its files are not read"},
        {"sourcedir", "line not used: its files are not read"},
        {"allow", "line not used: its hosts are not served"},
        {"deny", "line not used: its hosts are not shut out"},
        {"cmdallow", "line not used: its hosts get no report"},
        {"cmddeny", "line not used: its hosts are not shut out"},
        {"httpallow", "line not used: its hosts see no page"},
        {"ratelimit", "line not used: requests are not limited"},
        {"ntsratelimit", "line not used: key exchanges are not limited"},
        {"cmdratelimit", "line not used: commands are not limited"},
        {"opencommands", "line not used: every report but clients is given"},
        {"local", "line not used: no time is served where no source is heard"},
        {"ntsserverkey", "line not used: its pair is not served"},
        {"ntsservercert", "line not used: its pair is not served"},
        {"address", "line not used: DHCP is asked for one"},
        {"nameserver", "line not used: it is not asked"},
        {"syslog", "line not used: the log is not sent there"},
    };
    for (size_t i = 0; i < LEN(lost); i++)
        if (conf_lex_equal(directive, lost[i].word))
            return lost[i].loss;
    return "line not used";
}

static int read_unknown(struct conf_parser *p)
{
    char f[96];
    const char *word = p->w.word[0], *near = conf_near_directive(p, word);
    const char *whose = conf_foreign(word);
    if (conf_find(conf_source_options, word) ||
        conf_find(conf_chrony_options, word))
        whose = "an option of server and pool lines";
    p->loss = loss_of(near && !whose ? near : "");
    if (whose)
        (void)fmt(f, sizeof f, "unknown directive * (%s)", whose);
    else if (near)
        (void)fmt(f, sizeof f, "unknown directive * (%s?)", near);
    else
        (void)fmt(f, sizeof f, "unknown directive *");
    conf_report(p, CONF_ERROR, NULL, f, word);
    return RC_BAD;
}

static int read_directive(struct conf_parser *p)
{
    const char *word = p->w.word[0];
    const struct conf_row *r = conf_find(conf_directives, word);
    const struct conf_ignored *ignored = conf_ignored_find(word);
    p->loss = loss_of(word);
    if (p->open[p->depth - 1].sources_only &&
        !(r && r->read == conf_read_source) && !conf_lex_equal(word, "peer"))
        return conf_bad(p,
                        "a sourcedir's file has only server, pool and peer "
                        "lines",
                        NULL);
    if (r)
        return r->kind == CONF_LINE ? r->read(p) : read_values(p, r);
    if (!ignored)
        return read_unknown(p);
    char f[128];
    (void)fmt(f, sizeof f, "ignored: %s", ignored->why);
    conf_report(p, CONF_IGNORED, word, f, NULL);
    return RC_OK;
}

void conf_read_line(struct conf_parser *p, const char *line, size_t len)
{
    int r = conf_lex_split(&p->w, line, len);
    p->loss = "line not used";
    if (r == RC_SPACE)
        conf_report(p, CONF_ERROR, NULL, "the line is too long", NULL);
    else if (r < 0)
        conf_report(p, CONF_ERROR, NULL, "control characters: is this text?",
                    NULL);
    else if (p->w.count > 0 && read_directive(p) == RC_OK && p->w.odd)
        conf_report(p, CONF_NOTE, p->w.word[0],
                    "not ASCII: is it pasted from a page?", NULL);
}

/* ---- all lines together ---- */

static void check_interval(struct conf_parser *p)
{
    const struct conf_row *r = conf_find(conf_directives, "saveinterval");
    uint32_t s = p->drift_interval_s;
    char f[80];
    if (!p->drift.line)
        return;
    if (p->saveinterval_given) {
        conf_report_at(p, &p->drift, CONF_IGNORED, "driftfile",
                       "its interval is ignored: saveinterval is given");
        return;
    }
    if (s < (uint32_t)r->least || s > (uint32_t)r->most)
        s = s < (uint32_t)r->least ? (uint32_t)r->least : (uint32_t)r->most;
    p->c->saveinterval_s = s;
    (void)fmt(f, sizeof f, "its interval is taken for saveinterval: %lu s",
              (unsigned long)s);
    conf_report_at(p, &p->drift, CONF_NOTE, "driftfile", f);
}

static void check_count(struct conf_parser *p, const struct conf_place *at,
                        const char *what, unsigned used, unsigned given)
{
    char f[64];
    (void)fmt(f, sizeof f, "%u of %u lines are used: there is no room for more",
              used, given);
    if (at->line)
        conf_report_at(p, at, CONF_ERROR, what, f);
}

void conf_check_whole(struct conf_parser *p)
{
    const struct conf *c = p->c;
    if (c->bootstrap_strict && c->nocerttimecheck)
        conf_report_at(p, &p->nocerttimecheck, CONF_NOTE, "nocerttimecheck",
                       "has no effect beside bootstrap strict");
    if (c->minstratum > c->maxstratum)
        conf_report_at(p, &p->strata, CONF_NOTE, "minstratum",
                       "is above maxstratum: no source can be selected");
    if (!c->static_ip4 && (c->gateway4[0] || c->gateway4[1]))
        conf_report_at(p, &p->gateway, CONF_NOTE, "gateway",
                       "no address line: DHCP decides");
    check_interval(p);
    conf_check_pairs(p);
    check_count(p, &p->too_many, "server and pool", c->source_count,
                p->sources_given);
    check_count(p, &p->too_many_trust, "ntstrustedcerts", c->trust_count,
                p->trust_given);
    check_count(p, &p->too_many_nameserver, "nameserver", c->nameserver_count,
                p->nameserver_given);
}
