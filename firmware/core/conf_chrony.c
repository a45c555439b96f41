#include "conf_private.h"

/* ---- directives ---------------------------------------------------------- */

static const char not_needed[] = "accepted, not needed by Gnomon";
static const char not_yet[] = "accepted, but not yet done by Gnomon";

/* clang-format off */
static const char *const useless[] = {
    "acquisitionport", "bindacqdevice", "bindcmdaddress", "bindcmddevice",
    "binddevice", "clientloglimit", "clockprecision", "commandkey",
    "corrtimeratio", "dumpdir", "dumponexit", "fallbackdrift",
    "generatecommandkey", "hwclockfile", "hwtimestamp", "hwtstimeout",
    "initstepslew", "keyfile", "leapseclist", "leapsectz", "linux_freq_scale",
    "linux_hz", "lock_all", "log", "logbanner", "logchange", "logdir",
    "mailonchange", "manual", "maxsamples", "maxtxbuffers", "minsamples",
    "noclientlog", "ntpsigndsocket", "ntscachedir", "ntsprocesses",
    "opencommands", "pidfile", "ptpdomain", "ptpport", "refresh",
    "rtcautotrim", "rtcdevice", "rtcfile", "rtconutc", "rtcsync",
    "sched_priority", "tempcomp", "user"};
static const char *const later[] = {
    "allow", "bindacqaddress", "bindaddress", "broadcast", "cmdallow",
    "cmddeny", "cmdport", "cmdratelimit", "confdir", "deny", "dscp",
    "include", "local", "maxntsconnections", "maxstratum", "minstratum",
    "ntsntpserver", "ntsport", "ntsratelimit", "ntsrefresh", "ntsrotate",
    "ntsservercert", "ntsserverkey", "peer", "port", "ratelimit", "refclock",
    "smoothtime", "sourcedir"};
/* clang-format on */

const char *conf_chrony_word(size_t i, const char **why)
{
    if (i < LEN(useless)) {
        *why = not_needed;
        return useless[i];
    }
    i -= LEN(useless);
    *why = not_yet;
    return i < LEN(later) ? later[i] : NULL;
}

const char *conf_chrony_ignored(const char *directive)
{
    const char *word, *why;
    for (size_t i = 0; (word = conf_chrony_word(i, &why)); i++)
        if (conf_lex_equal(directive, word))
            return why;
    return NULL;
}

/* ---- options of server and pool ------------------------------------------ */

#define MORE INT32_MAX
static const char by_delay[] = "each sample is weighed by its delay";
static const char all_kept[] = "the filter has no register of samples";
static const char both[] = "IPv4 is taken where there is both";

/* clang-format off */
const struct conf_row conf_chrony_options[] = {
    {"key", CONF_INT, .least = 1, .most = MORE,
     .why = "there are no symmetric keys here; nts authenticates"},
    {"auto_offline", CONF_FLAG, .why = "a dead link is seen by itself"},
    {"burst", CONF_FLAG, .why = "what is refused is asked again"},
    {"copy", CONF_FLAG, .why = "the stratum stays our own"},
    {"ipv4", CONF_FLAG, .why = both},
    {"ipv6", CONF_FLAG, .why = both},
    {"offline", CONF_FLAG, .why = "asked as soon as there is a link"},
    {"filter", CONF_INT, .most = MORE,
     .why = "no median: all samples are used"},
    {"minsamples", CONF_INT, .most = MORE, .why = all_kept},
    {"maxsamples", CONF_INT, .most = MORE, .why = all_kept},
    {"maxunreach", CONF_INT, .most = MORE,
     .why = "unreachable is not selected"},
    {"polltarget", CONF_INT, .least = 1, .most = MORE, .why = all_kept},
    {"presend", CONF_INT, .least = -32, .most = 32,
     .why = "stamped as it leaves, after ARP"},
    {"version", CONF_INT, .least = 1, .most = 4,
     .why = "requests are of version 4"},
    {"asymmetry", CONF_REAL, .least = -1, .most = 1,
     .why = "found by the filter"},
    {"maxdelayquant", CONF_REAL, .least = 0, .most = 1, .why = by_delay},
    {"mindelay", CONF_REAL, .least = 0, .most = 1000,
     .why = "the least one seen is used"},
    {"extfield", CONF_GIVEN, .why = "not sent"},
    {.kind = CONF_LINE},
};
/* clang-format on */
