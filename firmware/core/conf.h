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
#include "base.h"
#include "leap.h"

#define CONF_SLEW_PPM 500 /* CLK_RATE_MAX                                   */

struct conf_source {
    char name[LIMIT_NAME]; /* host name or address literal, as written      */
    uint16_t line;
    uint16_t port, ntsport;  /* 123, 4460                                    */
    int8_t minpoll, maxpoll; /* 6, 10                                       */
    bool pool;               /* a pool line: up to maxsources addresses      */
    uint8_t maxsources;      /* 4                                            */
    bool iburst, nts, prefer, noselect, trust, require, xleave;
    uint8_t minstratum; /* 0                                            */
    double maxdelay_s;  /* 3                                            */
    double maxdelayratio, maxdelaydevratio; /* 0: off. chrony's default for
                             * the second is 10; our filter weighs by delay */
    double offset_s; /* 0                                            */
    uint8_t certset; /* 0                                            */
    bool dhcp;       /* not a line: DHCP named it (dhcpservers)      */
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

struct conf {
    struct conf_source sources[LIMIT_SOURCES];
    uint8_t source_count;
    struct conf_trust trust[LIMIT_TRUST_FILES];
    uint8_t trust_count;
    bool dhcpservers;         /* own word: ask the NTP servers of DHCP, too   */
    bool nosystemcert;        /* leave the Mozilla bundle out                */
    bool save;                /* ntsdumpdir or driftfile given               */
    uint32_t saveinterval_s;  /* own word: 60 .. 86400, default 900          */
    bool bootstrap_strict;    /* own word: bootstrap strict | default        */
    uint32_t nocerttimecheck; /* clock updates; default 0 (bootstrap.h)      */
    uint16_t aeads[LIMIT_AEADS]; /* ntsaeads, best first; default 30 15    */
    uint8_t aead_count;
    double makestep_s;      /* threshold, default 1.0; limit: see below    */
    int32_t makestep_limit; /* updates; < 0: always; default 3             */
    /* Correction, chrony's meanings and defaults (discipline.h). */
    double maxslewrate_ppm; /* 83333.333, at most CONF_SLEW_PPM counts     */
    double maxupdateskew_ppm, maxclockerror_ppm, maxdrift_ppm; /* 1000, 1,
                                500000                                      */
    double maxchange_s; /* 0: no limit                                 */
    int32_t maxchange_start, maxchange_ignore; /* updates; ignore < 0: ever */
    /* Selection, chrony's meanings and defaults (select.h). */
    enum authselect authselect; /* mix                                      */
    uint8_t minsources; /* 0: not given, as 1                          */
    double maxdistance_s, maxjitter_s; /* 3, 1                              */
    double reselectdist_s, stratumweight_s; /* 100e-6, 1e-3                 */
    double combinelimit; /* 3                                           */
    enum leap_mode leapsecmode; /* system, which is step here (leap.h)      */
    bool pps, pps_always;  /* own words: pps gpio N [width Nms] [always]  */
    uint8_t pps_gpio;      /* BCM number, default 18                      */
    uint16_t pps_width_ms; /* 1 .. 900, default 100                       */
    char hostname[64];     /* DHCP and console; default "gnomon"          */
    bool static_ip4;       /* own words: address A.B.C.D/N, gateway, dns  */
    uint8_t ip4[4], ip4_prefix, gateway4[4];
    uint8_t dns4[2][4];
    uint8_t dns4_count;
    struct conf_report reports[LIMIT_CONF_ERRORS];
    uint8_t report_count;
    uint16_t reports_lost;
};

/* A source as a server line without options makes it, name and line empty. */
struct conf_source conf_source_plain(void);

/* Defaults, then every line of text. Never fails as a whole. Returns the
 * number of errors (level CONF_ERROR). */
int conf_parse(struct conf *c, const char *text, size_t len);

#endif
