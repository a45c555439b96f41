/* whom the board serves, and how much */
#include <string.h>

#include "cmdmon.h"
#include "conf_private.h"

/* ---- allow, deny, cmdallow, cmddeny -------------------------------------- */

/* Without a subnet: both families, or neither where there is no room. */
static int everybody(struct access *list, bool allow, bool all)
{
    const struct addr_prefix any[] = {{.addr.family = 4}, {.addr.family = 6}};
    struct access both = *list;
    for (size_t i = 0; i < LEN(any); i++)
        if (access_add(&both, &any[i], allow, all) != RC_OK)
            return RC_SPACE;
    *list = both;
    return RC_OK;
}

/* ::ffff:10.0.0.1: no packet comes from there (RFC 4038 section 4.2). */
static bool is_ipv4_mapped(const struct addr_prefix *net)
{
    static const struct addr_prefix mapped = {
        .addr = {.family = 6, .b = {[10] = 0xff, [11] = 0xff}}, .bits = 96};
    return net->bits >= mapped.bits && addr_in_prefix(&net->addr, &mapped);
}

int conf_read_access(struct conf_parser *p)
{
    struct addr_prefix net;
    const char *directive = p->w.word[0];
    bool cmd = conf_lex_equal(directive, "cmdallow") ||
               conf_lex_equal(directive, "cmddeny");
    bool allow = !conf_lex_equal(directive, "deny") &&
                 !conf_lex_equal(directive, "cmddeny");
    struct access *list = cmd ? &p->c->cmdallow
                          : conf_lex_equal(directive, "httpallow")
                              ? &p->c->httpallow
                              : &p->c->allow;
    size_t at = 1;
    bool all = p->w.count > 1 && conf_lex_equal(p->w.word[1], "all");
    at += all;
    if (conf_want(p, 0, (int)at) < 0)
        return RC_BAD;
    int rc;
    if (at == (size_t)p->w.count) {
        rc = everybody(list, allow, all);
    } else {
        const char *word = p->w.word[at];
        if (access_parse(word, &net) != RC_OK)
            return conf_bad(p,
                            conf_lex_is_host(word)
                                ? "* is a name, and none is looked up here; "
                                  "write its address"
                                : "* is not a subnet",
                            word);
        if (is_ipv4_mapped(&net))
            conf_report(p, CONF_NOTE, directive,
                        "* is IPv4 written as IPv6, where no packet comes "
                        "from: write it as IPv4",
                        word);
        rc = access_add(list, &net, allow, all);
    }
    return rc == RC_OK ? RC_OK
                       : conf_bad(p, "there are 64 subnets already", NULL);
}
static_assert(LIMIT_ACCESS_RULES == 64, "the message says so");

/* ---- options with a value, in any order ---------------------------------- */

struct option {
    const char *word;
    int32_t least, most;
    int8_t *to_i8;
    uint8_t *to_u8;
    double *to_real; /* seconds, 0 or more                                  */
    bool *to_flag;   /* an option without a value                           */
};

static const struct option *find(const struct option *o, size_t n,
                                 const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (conf_lex_equal(o[i].word, word))
            return &o[i];
    return NULL;
}

static int read_option(struct conf_parser *p, const struct option *o,
                       const char *word)
{
    int64_t n;
    if (o->to_real) {
        struct conf_row r = {.kind = CONF_REAL_0, .size = 1};
        struct conf_value v;
        if (conf_read_value(p, &r, o->word, word, &v) < 0)
            return RC_BAD;
        *o->to_real = v.real;
        return RC_OK;
    }
    if (conf_read_int(p, o->word, word, o->least, o->most, &n) < 0)
        return RC_BAD;
    if (o->to_i8)
        *o->to_i8 = (int8_t)n;
    else
        *o->to_u8 = (uint8_t)n;
    return RC_OK;
}

static int unknown_option(struct conf_parser *p, const struct option *o,
                          size_t n, const char *word)
{
    const char *known[8];
    if (strchr("#%!;", word[0]))
        return conf_bad(p, "a comment needs a line of its own", NULL);
    ASSERT(n <= LEN(known));
    for (size_t i = 0; i < n; i++)
        known[i] = o[i].word;
    return conf_bad_near(p, "unknown option *", word,
                         conf_near_word(p, word, known, n));
}

static int read_options(struct conf_parser *p, const struct option *o, size_t n)
{
    for (size_t i = 1; i < (size_t)p->w.count; i++) {
        const struct option *f = find(o, n, p->w.word[i]);
        if (!f)
            return unknown_option(p, o, n, p->w.word[i]);
        if (f->to_flag) {
            *f->to_flag = true;
            continue;
        }
        if (++i == (size_t)p->w.count) {
            conf_report(p, CONF_ERROR, f->word, "its value is missing", NULL);
            return RC_BAD;
        }
        if (read_option(p, f, p->w.word[i]) < 0)
            return RC_BAD;
    }
    return RC_OK;
}

int conf_read_ratelimit(struct conf_parser *p)
{
    const char *directive = p->w.word[0];
    bool nts = conf_lex_equal(directive, "ntsratelimit");
    bool cmd = conf_lex_equal(directive, "cmdratelimit");
    struct clientlog_limit l = {.on = true,
                                .interval = nts   ? 6
                                            : cmd ? -4
                                                  : 3,
                                .burst = 8,
                                .leak = 2,
                                .kod = 0};
    const struct option options[] = {
        {"interval", -19, 12, .to_i8 = &l.interval},
        {"burst", 1, 255, .to_u8 = &l.burst},
        {"leak", 1, 4, .to_u8 = &l.leak},
        {"kod", 0, 4, .to_u8 = &l.kod}, /* NTP's alone */
    };
    if (read_options(p, options, LEN(options) - (nts || cmd)) < 0)
        return RC_BAD;
    *(nts   ? &p->c->ntsratelimit
      : cmd ? &p->c->cmdratelimit
            : &p->c->ratelimit) = l;
    return RC_OK;
}

/* The reports that are given: the line's, and no other. */
int conf_read_opencommands(struct conf_parser *p)
{
    uint32_t open = 0;
    const char *known[CMDMON_REPORTS];
    for (unsigned r = 0; r < CMDMON_REPORTS; r++)
        known[r] = cmdmon_report_name(r);
    for (size_t i = 1; i < p->w.count; i++) {
        unsigned r = 0;
        while (r < CMDMON_REPORTS && !conf_lex_equal(p->w.word[i], known[r]))
            r++;
        if (r == CMDMON_REPORTS)
            return conf_bad_near(
                p, "* is not a report of chronyc's", p->w.word[i],
                conf_near_word(p, p->w.word[i], known, LEN(known)));
        open |= 1u << r;
    }
    p->c->opencommands = open;
    return RC_OK;
}

int conf_read_local(struct conf_parser *p)
{
    struct ntp_local l = {.on = true, .stratum = 10, .distance_s = 1};
    bool orphan = false;
    const struct option options[] = {
        {"stratum", 1, 15, .to_u8 = &l.stratum},
        {"distance", .to_real = &l.distance_s},
        {"activate", .to_real = &l.activate_s},
        {"waitsynced", .to_real = &l.waitsynced_s},
        {"waitunsynced", .to_real = &l.waitunsynced_s},
        {"orphan", .to_flag = &orphan},
    };
    if (read_options(p, options, LEN(options)) < 0)
        return RC_BAD;
    if (orphan)
        conf_report(p, CONF_NOTE, p->w.word[0],
                    "orphan: servers of this stratum are not compared", NULL);
    p->c->local = l;
    return RC_OK;
}

int conf_read_clientloglimit(struct conf_parser *p)
{
    int64_t bytes;
    if (conf_want(p, 1, 1) < 0 ||
        conf_read_int(p, p->w.word[0], p->w.word[1], 0, INT32_MAX, &bytes) < 0)
        return RC_BAD;
    conf_report(p, CONF_NOTE, p->w.word[0],
                "the table here always has room for 1024 clients", NULL);
    return RC_OK;
}
static_assert(LIMIT_CLIENTS == 1024, "the message says so");
