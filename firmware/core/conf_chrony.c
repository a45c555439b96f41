#include "conf_private.h"

/* ---- directives ---------------------------------------------------------- */

static const char all_kept[] = "the filter has no register of samples";
static const char alone[] = "there is no other program";
static const char gone[] = "chrony has given it up, too";
static const char leaps[] = "servers announce leap seconds";
static const char no_files[] = "no log files; the console's log has it";
static const char no_ptp[] = "no NTP over PTP here";
static const char no_rtc[] = "there is no real-time clock";
static const char one_command_socket[] =
    "there is one interface, and no socket but UDP's; cmdallow opens it";
static const char one_interface[] = "there is one interface";
static const char stamped[] = "frames are stamped in the interrupt";

/* clang-format off */
static const struct conf_ignored ignored[] = {
    {"acquisitionport", "each request leaves from a port of its own"},
    {"bindacqaddress", one_interface},
    {"bindacqdevice", one_interface},
    {"bindaddress", one_interface},
    {"bindcmdaddress", one_command_socket},
    {"bindcmddevice", one_interface},
    {"binddevice", one_interface},
    {"broadcast", "no broadcast mode; clients ask"},
    {"clockprecision", "the counter's step is known"},
    {"commandkey", gone},
    {"corrtimeratio", "maxslewrate alone says how fast an offset goes"},
    {"dumponexit", gone},
    {"fallbackdrift", "the filter keeps the last frequency"},
    {"generatecommandkey", gone},
    {"hwclockfile", no_rtc},
    {"hwtimestamp", stamped},
    {"hwtstimeout", stamped},
    {"initstepslew", "makestep sets the clock; its servers need server lines"},
    {"keyfile", "no symmetric keys here; nts authenticates"},
    {"leapseclist", leaps},
    {"leapsectz", leaps},
    {"linux_freq_scale", gone},
    {"linux_hz", gone},
    {"lock_all", alone},
    {"log", no_files},
    {"logbanner", no_files},
    {"logdir", no_files},
    {"mailonchange", "no mail from here"},
    {"manual", "the clock is not set by hand"},
    {"maxsamples", all_kept},
    {"maxtxbuffers", stamped},
    {"minsamples", all_kept},
    {"ntpsigndsocket", "no Samba here"},
    {"peer", "no symmetric mode; one source fewer"},
    {"pidfile", alone},
    {"ptpdomain", no_ptp},
    {"ptpport", no_ptp},
    {"refclock", "no reference clocks in this version; one source fewer"},
    {"rtcautotrim", no_rtc},
    {"rtcdevice", no_rtc},
    {"rtcfile", no_rtc},
    {"rtconutc", no_rtc},
    {"rtcsync", no_rtc},
    {"sched_priority", alone},
    {"smoothtime", "time is served as it is"},
    {"tempcomp", "the law is learned from the board's sensor"},
    {"user", alone},
};

static const char ntpd[] = "of ntpd's ntp.conf";
static const char timesyncd[] = "of systemd-timesyncd's timesyncd.conf";
static const char ntpd_rs[] = "of ntpd-rs's ntp.toml";
static const struct conf_ignored foreign[] = {
    {"restrict", ntpd}, {"tinker", ntpd}, {"tos", ntpd}, {"fudge", ntpd},
    {"statsdir", ntpd}, {"statistics", ntpd}, {"filegen", ntpd},
    {"disable", ntpd}, {"enable", ntpd}, {"broadcastclient", ntpd},
    {"multicastclient", ntpd}, {"manycastclient", ntpd}, {"keys", ntpd},
    {"trustedkey", ntpd}, {"requestkey", ntpd}, {"controlkey", ntpd},
    {"interface", ntpd}, {"leapfile", ntpd}, {"includefile", ntpd},
    {"rlimit", ntpd}, {"mru", ntpd}, {"discard", ntpd}, {"crypto", ntpd},
    {"autokey", ntpd}, {"nts", ntpd}, {"[Time]", timesyncd},
    {"[[source]]", ntpd_rs}, {"[[server]]", ntpd_rs},
    {"[synchronization]", ntpd_rs}, {"[source-defaults]", ntpd_rs},
    {"[observability]", ntpd_rs},
};
/* clang-format on */

const struct conf_ignored *conf_ignored_at(size_t i)
{
    return i < LEN(ignored) ? &ignored[i] : NULL;
}

const struct conf_ignored *conf_ignored_find(const char *directive)
{
    for (size_t i = 0; i < LEN(ignored); i++)
        if (conf_lex_equal(directive, ignored[i].word))
            return &ignored[i];
    return NULL;
}

const char *conf_foreign(const char *directive)
{
    for (size_t i = 0; i < LEN(foreign); i++)
        if (conf_lex_equal(directive, foreign[i].word))
            return foreign[i].why;
    if (directive[0] && !directive[1] && strchr("-*+>$", directive[0]))
        return "no mark before a directive";
    return directive[0] == '{'         ? directive[1] == '\\'
                                             ? "RTF? save it as plain text"
                                             : "JSON? one directive a line"
           : directive[0] == '<'       ? "HTML? save it as plain text"
           : strchr(directive, '=')    ? "a blank, and no =, before a value"
           : strpbrk(directive, "\"'") ? "no quotes here"
                                       : NULL;
}

/* ---- options of server and pool ------------------------------------------ */

#define MORE INT32_MAX
static const char by_delay[] = "each sample is weighed by its delay";

/* clang-format off */
const struct conf_row conf_chrony_options[] = {
    {"key", CONF_INT, .least = 1, .most = MORE,
     .why = "there are no symmetric keys here; nts authenticates"},
    {"auto_offline", CONF_FLAG, .why = "a dead link is seen by itself"},
    {"burst", CONF_FLAG, .why = "what is refused is asked again"},
    {"copy", CONF_FLAG, .why = "the stratum stays our own"},
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
    {"asymmetry", CONF_REAL_ANY,
     .why = "found by the filter"},
    {"maxdelayquant", CONF_REAL_ANY, .why = by_delay},
    {"mindelay", CONF_REAL_ANY,
     .why = "the least one seen is used"},
    {"extfield", CONF_GIVEN, .why = "not sent"},
    {.kind = CONF_LINE},
};
/* clang-format on */
