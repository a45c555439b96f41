#include "console_words.h"

#include <string.h>

#define WORD    15
#define TOO_FAR 9

struct words {
    const char *name, *text;
};

static const char *find(const struct words *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return list[i].text;
    return NULL;
}

static const char in_conf[] =
    "is set in chrony.conf on the card, and holds from the next start";
static const char by_chronyc[] =
    "ask it with chronyc, over the network (cmdallow in chrony.conf)";
static const char no_rtc[] = "there is no real-time clock on this machine";
static const char by_itself[] =
    "Gnomon asks by itself as soon as there is a link and an address";
static const char stays[] = "the console stays; there is nothing to leave";

static const struct words foreign[] = {
    {"accheck", by_chronyc},
    {"add", in_conf},
    {"allow", in_conf},
    {"burst", "a source that has to be asked sooner is, by itself"},
    {"chronyc", "its commands are typed here as they are; `help' lists them"},
    {"cmdaccheck", by_chronyc},
    {"cmdallow", in_conf},
    {"cmddeny", in_conf},
    {"cyclelogs", "there are no log files; `log' shows the last lines"},
    {"delete", in_conf},
    {"deny", in_conf},
    {"dfreq", "the frequency is measured, and nobody sets it"},
    {"dns", "names are always shown as chrony.conf has them"},
    {"doffset", "the clock follows its sources, and nobody sets it"},
    {"dump", "what is to be kept is saved by itself, and by `reset'"},
    {"exit", stays},
    {"keygen", "there are no symmetric keys here; nts authenticates"},
    {"local", "a clock without sources is not served"},
    {"makestep", "the clock is stepped as makestep in chrony.conf says; when "
                 "it is first set, always"},
    {"manual", "nobody sets the clock; `floor set TIME' says what time it is "
               "at least"},
    {"maxdelay", in_conf},
    {"maxdelaydevratio", in_conf},
    {"maxdelayratio", in_conf},
    {"maxpoll", in_conf},
    {"maxupdateskew", in_conf},
    {"minpoll", in_conf},
    {"minstratum", in_conf},
    {"offline", "a dead link is seen by itself; to ask nobody, pull the cable"},
    {"online", by_itself},
    {"onoffline", by_itself},
    {"polltarget", "all samples are kept; polls follow the clock's stability"},
    {"quit", stays},
    {"reboot", "`reset' saves what is to be kept, then restarts"},
    {"refresh", "names are resolved anew when a source does not answer, and as "
                "refresh in chrony.conf says"},
    {"rekey", "there are no symmetric keys here; nts authenticates"},
    {"reload", "chrony.conf is read at the start: `reset' restarts"},
    {"reselect", "the sources are compared anew at each reply"},
    {"reselectdist", in_conf},
    {"restart", "`reset' saves what is to be kept, then restarts"},
    {"retries", "the console waits for nothing"},
    {"rtcdata", no_rtc},
    {"selectopts", in_conf},
    {"settime", "nobody sets the clock; `floor set TIME' says what time it is "
                "at least"},
    {"shutdown", "the power can be cut at any time; `reset' saves first"},
    {"smoothing", "time is served as it is"},
    {"smoothtime", "time is served as it is"},
    {"sourcename", "`sources' has the names, `ntpdata' the addresses"},
    {"timeout", "the console waits for nothing"},
    {"trimrtc", no_rtc},
    {"writertc", no_rtc},
};

const char *console_words_foreign(const char *word)
{
    return find(foreign, LEN(foreign), word);
}

static const struct words legends[] = {
    {"sources",
     "M: ^ a server\n"
     "S: * followed, + combined with it, - good but not combined,\n"
     "   x falseticker, ~ too variable, ? not usable\n"
     "Poll: seconds from request to request, as a power of two\n"
     "Reach: the last eight requests, octal: 377, all were answered\n"
     "LastRx: time since the last reply\n"
     "Last sample: the local clock's offset now [as measured], + is ahead,\n"
     "   +/- the most that the source may be off\n"},
    {"sourcestats",
     "NP: samples looked at, 16 at most; NR: runs of equal sign in them\n"
     "Span: from the oldest to the newest\n"
     "Frequency: ppm against this source, + is fast; Freq Skew: its sigma\n"
     "Offset: of the local clock, + is ahead; Std Dev: spread of the "
     "samples\n"},
    {"selectdata",
     "S: * followed, + combined, D too far to be combined, P others are\n"
     "   preferred, W waits for others, x falseticker, T outside of what\n"
     "   trusted ones say, ~ jitter, d distance, r stratum, s its server\n"
     "   is not synchronised, S no answer, M no sample yet, N noselect\n"
     "Auth: Y, by NTS\n"
     "COpts, EOpts: options as configured, as in force: Noselect, Prefer,\n"
     "   Trust, Require\n"
     "Score: against the one that is followed; above 10 takes over\n"
     "Interval: the offset is between these; Leap: N none, + - second\n"},
    {"authdata",
     "KeyID: key exchanges so far; Type: AEAD, as numbered by IANA\n"
     "KLen: bits of a key; Last: time since the key exchange\n"
     "Atmp: key exchanges tried since the last success\n"
     "NAK: refusals since then; Cook, CLen: cookies and their length\n"},
};

const char *console_words_legend(const char *command)
{
    return find(legends, LEN(legends), command);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Damerau and Levenshtein's distance, a row of the table at a time. */
unsigned console_words_distance(const char *a, const char *b)
{
    unsigned row[3][WORD + 1];
    size_t n = strlen(b);
    if (n > WORD || strlen(a) > WORD)
        return TOO_FAR;
    for (unsigned j = 0; j <= n; j++)
        row[0][j] = j;
    for (unsigned i = 1; a[i - 1]; i++) {
        unsigned *now = row[i % 3], *last = row[(i - 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= n; j++) {
            unsigned change = last[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = least(change, 1 + least(last[j], now[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], row[(i - 2) % 3][j - 2] + 1);
        }
    }
    return row[strlen(a) % 3][n];
}
