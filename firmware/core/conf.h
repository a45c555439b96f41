/* conf.h -- chrony.conf text into a struct, with an error list.
 *
 * chrony's syntax and words (chrony.conf(5)): one directive a line, comments
 * start with # % ! or ;, words are separated by blanks. Pure; any bytes may
 * come in (binary, no final newline, CR LF). A bad line is reported and
 * skipped, the rest applies. Three kinds of report, each with its line:
 * error (unknown or malformed: no effect), ignored (chrony knows it, Gnomon
 * does not need it), and note. */
#ifndef CONF_H
#define CONF_H

#include "limit.h"
#include "authselect.h"
#include "addr.h"
#include "base.h"
#include "leap.h"

#define CONF_SLEW_PPM 500 /* CLK_RATE_MAX                                   */

struct conf_source {
    char name[LIMIT_NAME]; /* host name or address literal, as written      */
    uint16_t line;
    uint16_t port, ntsport;
    int8_t minpoll, maxpoll; /* log2 s                                       */
    bool pool;               /* a pool line: up to maxsources addresses      */
    uint8_t maxsources;
    bool iburst, nts, prefer, noselect, trust, require, xleave;
    uint8_t minstratum;
    double maxdelay_s;
    double maxdelayratio, maxdelaydevratio; /* 0: off                       */
    double offset_s;
    uint8_t certset;
    bool dhcp; /* not a line: DHCP named it (dhcpservers)                   */
};

struct conf_trust {
    char file[LIMIT_NAME]; /* as written; path below the boot partition     */
    uint16_t line;
    uint8_t certset;
};

enum conf_level { CONF_ERROR, CONF_IGNORED, CONF_NOTE };
struct conf_report {
    enum conf_level level;
    uint16_t line;
    char text[96]; /* what and why, without file and line                   */
};

/* Fields are named after their directives, with a unit; which values they
 * take and what they are by default is in the table of conf.c, what they mean
 * on the page conf.md. */
struct conf {
    struct conf_source sources[LIMIT_SOURCES];
    uint8_t source_count;
    struct conf_trust trust[LIMIT_TRUST_FILES];
    uint8_t trust_count;
    bool dhcpservers, nosystemcert;
    bool save; /* ntsdumpdir or driftfile is given                        */
    uint32_t saveinterval_s;
    bool bootstrap_strict;
    uint32_t nocerttimecheck;    /* clock updates                         */
    uint16_t aeads[LIMIT_AEADS]; /* ntsaeads, best first                  */
    uint8_t aead_count;
    double makestep_s;
    int32_t makestep_limit; /* updates; < 0: always                       */
    double maxslewrate_ppm; /* at most CONF_SLEW_PPM of it counts         */
    double maxupdateskew_ppm, maxclockerror_ppm, maxdrift_ppm;
    double maxchange_s; /* 0: no limit                                    */
    int32_t maxchange_start, maxchange_ignore; /* updates; ignore < 0: ever */
    enum authselect authselect;
    uint8_t minsources; /* 0: not given, as 1                             */
    double maxdistance_s, maxjitter_s, reselectdist_s, stratumweight_s;
    double combinelimit;
    enum leap_mode leapsecmode;
    bool pps, pps_always;
    uint8_t pps_gpio; /* BCM number                                       */
    uint16_t pps_width_ms;
    char hostname[64]; /* of DHCP and the console                         */
    bool static_ip4;   /* an address line: ip4, its prefix, gateway        */
    uint8_t ip4[4], ip4_prefix, gateway4[4];
    struct addr nameserver[LIMIT_NAMESERVERS]; /* asked before DHCP's      */
    uint8_t nameserver_count;
    struct conf_report reports[LIMIT_CONF_ERRORS];
    uint8_t report_count;
    uint16_t reports_lost;
};

/* Return a source as a server line without options makes it; its name and line
 * are left empty. */
struct conf_source conf_source_plain(void);

/* Fill *c with the defaults, then with what each line of text says. This never
 * fails as a whole: what is wrong has no effect and is in c->reports. Returns
 * the number of errors (reports of level CONF_ERROR, those lost included). */
int conf_parse(struct conf *c, const char *text, size_t len) MUST_CHECK;

#endif
