#include "conf_words.h"

#include <string.h>

#include "addr.h"
#include "aead.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int conf_words_split(struct conf_words *w, const char *line, size_t len)
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

bool conf_words_equal(const char *a, const char *b)
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

int conf_words_int(const char *word, int64_t *v)
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
int conf_words_real(const char *word, double *v)
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
        if (conf_words_int(word + 1, &exponent) < 0)
            return RC_BAD;
        word += strlen(word);
    }
    if (*word)
        return RC_BAD;
    n = scale10(n, exponent - places);
    *v = negative ? -n : n;
    return RC_OK;
}

bool conf_words_is_host(const char *word)
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

int conf_words_aeads(const struct conf_words *w, uint16_t list[LIMIT_AEADS],
                     const char **odd)
{
    uint16_t known[LIMIT_AEADS] = {0};
    int n = 0;
    for (size_t i = 1; i < w->count; i++) {
        int64_t id;
        bool again = false;
        if (conf_words_int(w->word[i], &id) < 0 || id < 0 || id > UINT16_MAX) {
            *odd = w->word[i];
            return RC_BAD;
        }
        for (int j = 0; j < n; j++)
            again |= known[j] == id;
        if (!aead_known((uint16_t)id))
            *odd = w->word[i];
        else if (!again && n < LIMIT_AEADS)
            known[n++] = (uint16_t)id;
    }
    if (n > 0)
        memcpy(list, known, sizeof(known));
    return n;
}

static const char not_needed[] = "accepted, not needed by Gnomon";
static const char not_yet[] = "accepted, but not yet done by Gnomon";

/* clang-format off */
const char *conf_words_ignored(const char *directive)
{
    static const char *const useless[] = {
        "acquisitionport", "bindacqdevice", "bindcmdaddress",
        "bindcmddevice", "binddevice", "clientloglimit", "clockprecision",
        "commandkey", "corrtimeratio", "dumpdir", "dumponexit",
        "fallbackdrift", "generatecommandkey", "hwclockfile", "hwtimestamp",
        "hwtstimeout", "initstepslew", "keyfile", "leapseclist", "leapsectz",
        "linux_freq_scale", "linux_hz", "lock_all", "log", "logbanner",
        "logchange", "logdir", "mailonchange", "manual", "maxsamples",
        "maxtxbuffers", "minsamples", "noclientlog", "ntpsigndsocket",
        "ntscachedir", "ntsprocesses", "opencommands", "pidfile",
        "ptpdomain", "ptpport", "refresh", "rtcautotrim", "rtcdevice",
        "rtcfile", "rtconutc", "rtcsync", "sched_priority", "tempcomp",
        "user"};
    static const char *const later[] = {
        "allow", "bindacqaddress", "bindaddress", "broadcast", "cmdallow",
        "cmddeny", "cmdport", "cmdratelimit", "confdir", "deny", "dscp",
        "include", "local", "maxntsconnections", "maxstratum", "minstratum",
        "ntsntpserver", "ntsport", "ntsratelimit", "ntsrefresh", "ntsrotate",
        "ntsservercert", "ntsserverkey", "peer", "port", "ratelimit",
        "refclock", "smoothtime", "sourcedir"};
    for (size_t i = 0; i < LEN(useless); i++)
        if (conf_words_equal(directive, useless[i]))
            return not_needed;
    for (size_t i = 0; i < LEN(later); i++)
        if (conf_words_equal(directive, later[i]))
            return not_yet;
    return NULL;
}

const struct conf_option_word *conf_words_option(const char *word)
{
#define FLAG(n, o)          {n, o, CONF_VALUE_NONE, 0, 0, NULL}
#define NUM(n, o, lo, hi)   {n, o, CONF_VALUE_INT, lo, hi, NULL}
#define REAL(n, o, lo, hi)  {n, o, CONF_VALUE_REAL, lo, hi, NULL}
#define IGNORED(n, v, lo, hi, why) {n, CONF_OPT_IGNORED, v, lo, hi, why}
#define NONE                CONF_VALUE_NONE
#define INT                 CONF_VALUE_INT
#define MORE                INT32_MAX
    static const char by_delay[] = "each sample is weighed by its delay";
    static const char all_kept[] = "the filter has no register of samples";
    static const struct conf_option_word table[] = {
        NUM("minpoll", CONF_OPT_MINPOLL, -7, 24),
        NUM("maxpoll", CONF_OPT_MAXPOLL, -7, 24),
        NUM("port", CONF_OPT_PORT, 1, 65535),
        NUM("ntsport", CONF_OPT_NTSPORT, 1, 65535),
        NUM("maxsources", CONF_OPT_MAXSOURCES, 1, 16),
        NUM("certset", CONF_OPT_CERTSET, 0, 255),
        NUM("minstratum", CONF_OPT_MINSTRATUM, 0, 15),
        REAL("maxdelay", CONF_OPT_MAXDELAY, 0, 1000),
        REAL("maxdelayratio", CONF_OPT_MAXDELAYRATIO, 0, 1000000),
        REAL("maxdelaydevratio", CONF_OPT_MAXDELAYDEVRATIO, 0, 1000000),
        REAL("offset", CONF_OPT_OFFSET, -1000000000, 1000000000),
        FLAG("iburst", CONF_OPT_IBURST),
        FLAG("nts", CONF_OPT_NTS),
        FLAG("prefer", CONF_OPT_PREFER),
        FLAG("noselect", CONF_OPT_NOSELECT),
        FLAG("trust", CONF_OPT_TRUST),
        FLAG("require", CONF_OPT_REQUIRE),
        FLAG("xleave", CONF_OPT_XLEAVE),
        {"key", CONF_OPT_REFUSED, INT, 1, MORE,
         "there are no symmetric keys here; nts authenticates"},
        IGNORED("auto_offline", NONE, 0, 0, "a dead link is seen by itself"),
        IGNORED("burst", NONE, 0, 0, "what is refused is asked again"),
        IGNORED("copy", NONE, 0, 0, "the stratum stays our own"),
        IGNORED("ipv4", NONE, 0, 0, "IPv4 is taken where there is both"),
        IGNORED("ipv6", NONE, 0, 0, "IPv4 is taken where there is both"),
        IGNORED("offline", NONE, 0, 0, "asked as soon as there is a link"),
        IGNORED("filter", INT, 0, MORE, "no median: all samples are used"),
        IGNORED("minsamples", INT, 0, MORE, all_kept),
        IGNORED("maxsamples", INT, 0, MORE, all_kept),
        IGNORED("maxunreach", INT, 0, MORE, "unreachable is not selected"),
        IGNORED("polltarget", INT, 1, MORE, all_kept),
        IGNORED("presend", INT, -32, 32, "stamped as it leaves, after ARP"),
        IGNORED("version", INT, 1, 4, "requests are of version 4"),
        IGNORED("asymmetry", CONF_VALUE_REAL, -1, 1, "found by the filter"),
        IGNORED("maxdelayquant", CONF_VALUE_REAL, 0, 1, by_delay),
        IGNORED("mindelay", CONF_VALUE_REAL, 0, 1000, "the least one seen is"
                                                      " used"),
        IGNORED("extfield", CONF_VALUE_HEX, 0, 0, "not sent"),
    };
    for (size_t i = 0; i < LEN(table); i++)
        if (conf_words_equal(word, table[i].name))
            return &table[i];
    return NULL;
}
/* clang-format on */
