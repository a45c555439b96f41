/* conf.h -- chrony.conf text into a struct, with an error list.
 *
 * chrony's syntax and words (chrony.conf(5)): one directive a line, comments
 * start with # % ! or ;, words are separated by blanks. Pure; any bytes may
 * come in (binary, no final newline, CR LF, CR alone). A bad line is reported
 * and skipped, the rest applies. Three kinds of report, each with its file and
 * line: error (unknown or malformed: no effect), ignored (chrony knows it, it
 * has no effect here, and why), and note.
 *
 * A configuration may name further files; conf_file.h is how they are read. */
#ifndef CONF_H
#define CONF_H

#include "limit.h"
#include "access.h"
#include "authselect.h"
#include "clientlog.h"
#include "leap.h"
#include "ntp_server.h"

#define CONF_SLEW_PPM 500 /* CLK_RATE_MAX                                   */

struct conf_source {
    char name[LIMIT_NAME];   /* host name or address literal, as written      */
    char label[LIMIT_LABEL]; /* for tables and messages: the name; with a
                              * port (of NTS-KE, or of NTP) where another line
                              * has the name, too                           */
    uint16_t line;
    uint8_t file; /* conf.file[] that the line is in                        */
    uint8_t version; /* of the requests, 1 .. 4                             */
    uint8_t family;  /* ipv4, ipv6: 4 or 6, of its addresses; 0: any         */
    uint16_t port, ntsport;
    int8_t minpoll, maxpoll; /* log2 s                                       */
    int8_t maxntsretry;      /* log2 s: longest wait between key exchanges  */
    bool pool;               /* a pool line: up to maxsources addresses      */
    uint8_t maxsources;
    bool iburst, nts, prefer, noselect, trust, require, xleave;
    uint8_t minstratum;
    double maxdelay_s;
    double maxdelayratio, maxdelaydevratio; /* 0: off                       */
    double offset_s;
    uint32_t certset;
    bool shared; /* another line has its name and ports, for another address */
    bool dhcp;   /* not a line: DHCP named it (dhcpservers)                   */
};

struct conf_trust {
    char file[LIMIT_NAME]; /* as written; conf_path.h says where that is    */
    uint16_t line;
    uint8_t from; /* conf.file[] that the line is in                        */
    uint32_t certset;
};

enum conf_level { CONF_ERROR, CONF_IGNORED, CONF_NOTE };
struct conf_place { /* where something was said                              */
    uint8_t file;   /* conf.file[] that the line is in                     */
    uint16_t line;  /* 0: nowhere                                          */
};

struct conf_pair { /* the i-th ntsserverkey and the i-th ntsservercert       */
    char key[LIMIT_NAME], cert[LIMIT_NAME]; /* files, as written; "": its line
                                             * is not there, or names none  */
    struct conf_place key_at, cert_at;
};

struct conf_report {
    enum conf_level level;
    uint8_t file;   /* conf.file[] that the line is in                        */
    uint16_t line;  /* 0: of the whole, not of a line                         */
    char text[160]; /* what and why, without file and line                   */
};

enum conf_when { CONF_UNTIL_SYNC, CONF_ALWAYS, CONF_NEVER };

/* Fields are named after their directives, with a unit; which values they
 * take and what they are by default is in the table of conf.c, what they mean
 * on the page conf.md. */
struct conf {
    struct conf_source sources[LIMIT_SOURCES];
    uint8_t source_count;
    struct conf_trust trust[LIMIT_TRUST_FILES];
    uint8_t trust_count;
    bool dhcpservers, nosystemcert;
    bool save; /* false after nodump                                      */
    uint32_t saveinterval_s;
    uint32_t digest; /* of the text of this and of its certificates; set by
                      * services/config.c                                 */
    bool bootstrap_strict;
    uint32_t nocerttimecheck;    /* clock updates                         */
    uint16_t aeads[LIMIT_AEADS]; /* ntsaeads, best first                  */
    uint8_t aead_count;
    uint32_t refresh_s, ntsrefresh_s; /* refresh 0: never                 */
    uint8_t dscp;                     /* of NTP packets                   */
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
    uint8_t minstratum, maxstratum; /* of a source that is selected       */
    double logchange_s;
    enum leap_mode leapsecmode;
    bool pps, pps_always;
    uint8_t pps_gpio; /* BCM number                                       */
    uint16_t pps_width_ms;
    char hostname[64];     /* of DHCP and the console                         */
    enum conf_when report; /* when REPORT.TXT is written                    */
    bool static_ip4; /* an address line: ip4, its prefix, gateway        */
    uint8_t ip4[4], ip4_prefix, gateway4[4];
    struct addr nameserver[LIMIT_NAMESERVERS]; /* asked before DHCP's      */
    uint8_t nameserver_count;
    struct conf_syslog {
        struct addr addr;
        uint16_t port;
    } syslog[LIMIT_SYSLOG]; /* whom the log is sent to                       */
    uint8_t syslog_count;
    bool mdns; /* HOSTNAME.local, and what is served, are announced          */
    struct access allow;     /* whom NTP is served to                     */
    uint16_t httpport;       /* of the page and the metrics; 0: none        */
    struct access httpallow; /* who may see them; empty: the hosts of our own
                              * networks                                 */
    uint16_t port;           /* on this one; 0: not at all                */
    struct clientlog_limit ratelimit, ntsratelimit, cmdratelimit;
    struct conf_pair pair[LIMIT_KE_PAIRS]; /* what NTS-KE proves itself with  */
    uint8_t pair_count;
    uint16_t ntsport;              /* TCP; 0: no key exchange                 */
    char ntsntpserver[LIMIT_NAME]; /* told to clients; "": this board         */
    uint8_t maxntsconnections;
    uint32_t ntsrotate_s; /* keys of NTS cookies; 0: never changed        */
    bool noclientlog; /* clients are not counted, none is interleaved       */
    struct ntp_local local;
    struct access cmdallow; /* whom chronyc's reports are given to          */
    uint16_t cmdport;       /* on this one; 0: not at all                   */
    uint32_t opencommands;  /* a bit for each cmdmon_report                 */
    /* Their reports stand in the order of the lines. When there are too many,
     * notes and what is ignored make room for errors. */
    struct conf_report reports[LIMIT_CONF_ERRORS];
    uint8_t report_count;
    uint16_t reports_lost;
    uint32_t errors, notes; /* all there were; notes: the other two levels   */
    char file[LIMIT_CONF_FILES][LIMIT_CONF_PATH]; /* what was read, [0] is
                             * chrony.conf; a long path loses its beginning */
    uint8_t file_count;
};

/* Return a source as a server line without options makes it; its name and line
 * are left empty. */
struct conf_source conf_source_plain(void);

/* Return the name of a file of c->file for a report. */
const char *conf_file_name(const struct conf *c, uint8_t file);

/* Fill *c with the defaults, then with what each line of text says, as
 * chrony.conf; files that it names are not there. This never fails as a whole:
 * what is wrong has no effect and is in c->reports. Returns the number of
 * errors, c->errors. */
int conf_parse(struct conf *c, const char *text, size_t len) MUST_CHECK;

#endif
