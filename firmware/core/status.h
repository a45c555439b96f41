/* status.h -- one snapshot of everything a person or a monitor may ask: data
 * only, in our own signs and units. Each service fills its section; main
 * lists them. What shows it is a face: chronyc_text on the console; chronyc's
 * protocol, a page and metrics can be others, and need nothing else.
 *
 * Signs and units, everywhere:
 * - an offset is reference - local, in ns: positive, the local clock is behind;
 * - a frequency (_e12, parts per 10^12) is what the clock must be sped up by,
 *   as in struct discipline: positive, the crystal (or what is measured
 *   against) is slow. chrony shows both with the other sign;
 * - an uncertainty is one sigma, a bound is +-;
 * - "seconds ago" (_ago_s) is -1 for never.
 *
 * Values, and texts that never go away: a snapshot may be kept. */
#ifndef STATUS_H
#define STATUS_H

#include "addr.h"
#include "base.h"
#include "journal.h"
#include "limit.h"

/* ---- sources: what is asked, and how that goes ---- */

struct status_source {
    char name[LIMIT_LABEL]; /* as configured; conf.h's label                */
    struct addr addr;       /* of the NTP server; family 0: not resolved yet */
    struct addr ke_addr;    /* of the key exchange's; likewise, but for one that
                             * chrony.conf gives itself                     */
    uint16_t port;
    uint8_t stratum, leap; /* it last said; leap 3: nothing yet             */
    int8_t poll;           /* log2 s                                        */
    uint8_t reach;         /* the last eight requests, newest in bit 0      */
    int64_t last_rx_ago_s;
    uint32_t tx, rx, valid, bad, forged; /* packets: rx is the sum of the
                                          * last three                      */
    /* authentication */
    bool nts;
    uint32_t key_id;         /* counts the key exchanges                    */
    uint16_t aead, key_bits; /* IANA's number; 0: no keys                   */
    int64_t last_ke_ago_s;
    uint32_t ke_attempts, naks; /* since the last success                   */
    uint8_t cookies;
    uint16_t cookie_len;
    int64_t cert_end_unix_s; /* when the first certificate of the last key
                              * exchange's chain ends; 0: not known, as with
                              * keys from the card that the clock has proved */
    char trouble[96]; /* why it does not work, in one line; "" if it does   */
};

struct status_sources {
    uint8_t count;
    struct status_source row[LIMIT_SOURCES];
};

/* ---- timekeeper: what the clock makes of them ---- */

enum { /* selection options: chronyc's N P T R */
       STATUS_OPT_NOSELECT = 1,
       STATUS_OPT_PREFER = 2,
       STATUS_OPT_TRUST = 4,
       STATUS_OPT_REQUIRE = 8,
};

struct status_select {
    char letter;                    /* select.h                             */
    unsigned configured, effective; /* STATUS_OPT_                          */
    double score;
    bool judged;          /* there is an estimate: lo, hi and leap count    */
    span_ns lo_ns, hi_ns; /* its offset lies between                        */
    char why[64]; /* it is kept out, with value and limit; "": see letter  */
};

/* chrony's NP, NR and Span are about the samples that its regression keeps.
 * Gnomon's filter keeps none; these are about the last 16 samples, accepted or
 * refused (residuals.h), and what each was off the filter's prediction: their
 * number, the runs of equal sign, the time from the oldest to the newest, and
 * the spread. */
struct status_stats {
    uint8_t samples, runs;
    int64_t span_s;
    span_ns spread_ns;
    int64_t freq_e12;       /* still to be added to the steered clock's rate
                             * if this source alone were followed           */
    int64_t freq_sigma_e12; /* STATUS_SIGMA_UNKNOWN: no estimate            */
};
#define STATUS_SPREAD_UNKNOWN INT64_C(4000000000) /* chrony's 4 s            */
#define STATUS_SIGMA_UNKNOWN  INT64_C(2000000000) /* chrony's 2000 ppm       */

/* Of the last reply that was believed. A reply that fails one of RFC 5905's
 * tests changes nothing here; `failed` has chrony's A to D (ntp_client.h).
 * Receive stamps are latched in the interrupt, transmit stamps are read just
 * before sending. */
struct status_reply {
    bool any; /* there was one; else all is 0                               */
    uint8_t stratum, leap;
    int8_t poll, precision; /* log2 s                                       */
    span_ns root_delay_ns, root_disp_ns;
    uint32_t ref_id;
    int64_t ref_unix_s; /* its reference time                               */
    span_ns offset_ns, delay_ns, disp_ns, response_ns;
    bool refused; /* by the filter                                          */
    bool interleaved;
    uint8_t failed; /* NTP_TEST_                                            */
};

struct status_clock_source { /* row i is about the source in sources.row[i] */
    char state;              /* * selected, + combined, - not combined, x false-
                          * ticker, ~ too variable, ? unusable              */
    span_ns offset_ns;   /* now                                             */
    span_ns sigma_ns;    /* of it: jitter and age, without asymmetry        */
    span_ns bound_ns;    /* +-: half the delay plus root distance           */
    span_ns measured_ns; /* of the last sample, when it was taken           */
    uint32_t good;       /* samples that the filter took                    */
    struct status_select select;
    struct status_stats stats;
    struct status_reply reply;
};

struct status_tracking {
    bool synchronised;
    int8_t selected; /* index of the source that is followed, -1: none      */
    int8_t last;     /* of the one that was followed last                   */
    uint32_t ref_id;
    uint8_t stratum, leap; /* 16, 3 while unsynchronised                    */
    int64_t ref_unix_s;    /* UTC of the last update                        */
    uint32_t ref_unix_ns;
    span_ns system_ns; /* estimate - steered output                         */
    span_ns last_offset_ns, rms_offset_ns;
    int64_t freq_e12, resid_e12, freq_sigma_e12;
    span_ns root_delay_ns, root_disp_ns;
    span_ns update_ns; /* between the last two updates                      */
    uint32_t updates;  /* of the clock by its sources                      */
    span_ns bound_ns;  /* UTC is nearer than this, if fewer than half of the
                         * sources lie: what their intervals have in common,
                         * growing in hold-over; INT64_MAX: not set         */
    uint8_t agree, need, of; /* sources that agree, how many must before the
                              * clock is set, and of how many               */
    mono_ns first_sync; /* as machine.start; -1: not yet                    */
    int64_t now_unix_s; /* what the clock shows, set or not                 */
    uint32_t now_unix_ns;
    bool alone;          /* set, but no source steers it just now           */
    char why[128];       /* what it lacks to be set or steered, of the sources
                          * that are heard; "": nothing. All of it: why.h   */
    bool strict;         /* bootstrap strict: nobody is asked before an
                          * operator has set a time floor                   */
    bool split;          /* they disagree                                   */
    bool operators_turn; /* no source can mend it: an operator has to       */
    char warning[96];    /* a weaker mode is in force; "" if none           */
};

struct status_temperature { /* the board's, and what it does to the crystal  */
    bool told;              /* there is a sensor that says something         */
    bool learned, used;     /* the law: there is one; it moves the clock     */
    int32_t millidegrees, range; /* now; learned from so many                */
    int32_t slope_e12, slope_sigma_e12; /* per C; + our crystal gets slower  */
};

struct status_timekeeper {
    struct status_temperature temperature;
    struct status_tracking tracking;
    struct status_clock_source row[LIMIT_SOURCES];
};

/* ---- the rest, one section for each service ---- */

struct status_timefloor {
    int64_t unix_s;
    const char *from;  /* "the build", "a quorum", ...; NULL: not read yet  */
    bool from_cookies; /* the first sync needed no key exchange             */
    bool from_plain;   /* ... as no source has NTS                           */
};

struct status_net {
    bool link;
    struct addr addr4, addr6; /* family 0: none                             */
    uint8_t bits4;            /* of addr4 that are our network's            */
    enum status_dhcp {
        STATUS_DHCP_OFF,         /* chrony.conf has an address line          */
        STATUS_DHCP_SILENT,      /* no lease: nobody has answered            */
        STATUS_DHCP_UNCONFIRMED, /* one offers, and confirms nothing        */
        STATUS_DHCP_REFUSED,     /* one says no to what it is asked for     */
        STATUS_DHCP_ENDED,       /* there was a lease, and nobody renews it */
        STATUS_DHCP_LEASE
    } dhcp;
    struct addr gateway4; /* to everywhere; family 0: none                  */
    bool rival;           /* another host has addr4, too                     */
    bool gateway_mute;    /* it has been asked for, and does not answer     */
    bool routes4;         /* DHCP has named ways to some networks           */
    bool router6;         /* an IPv6 router answers                         */
    uint8_t nameservers;
    struct addr nameserver[LIMIT_DNS_SERVERS];
    uint32_t dropped; /* frames, because a queue or a pool was full         */
};

struct status_mdns { /* the name on the network                               */
    bool on, sure;   /* sure: it is ours; else it is still being asked for  */
    char name[64];   /* before `.local`                                     */
    uint8_t services; /* that are announced                                  */
};

struct status_tls {
    uint32_t handshakes; /* completed since boot                            */
    size_t arena_peak, arena_size;
};

struct status_store {
    bool card, state_partition;
    bool failing; /* the card takes no write just now                       */
    uint32_t writes, errors;
    uint32_t save_interval_s; /* 0: not known yet, and nothing in wear      */
    struct journal_wear wear; /* what saving that often does to the card    */
};

struct status_pps {
    bool on;
    uint32_t armed, missed; /* pulses, one a second                         */
};

struct status_log {
    uint32_t lost; /* lines that the console was too slow for               */
};

struct
    status_syslog { /* the log servers, in the order of chrony.conf         */
    uint8_t count;
    struct {
        struct addr addr;
        uint16_t port;
        uint32_t sent, lost, waiting; /* lines; lost: overtaken in the ring  */
        bool mute; /* nobody answers at its address, or its router's          */
    } row[LIMIT_SYSLOG];
};

struct status_machine { /* what the machine says of itself                    */
    const char *name, *last_reset;
    const char *version; /* of Gnomon                                       */
    const char *trouble; /* why there is no Ethernet; "" if there is        */
    bool eth_silent, eth_foreign; /* port.h                                 */
    mono_ns start, up; /* on the counter, which may go on over a reset: it
                        * has been up for the difference                    */
    uint32_t boots;    /* since power-on, this one included; 0: not counted  */
    uint32_t crashes;  /* in a row, up to this run; 0: it is stable          */
    uint32_t card_errors; /* those that a second attempt mended included    */
    size_t stack_size, stack_peak;
    size_t irq_stack_size, irq_stack_peak; /* size 0: there is none         */
};

/* When this start came how far, as machine.start; -1: not yet. What is saved on
 * the card may make a key exchange unnecessary. */
struct status_start {
    mono_ns card, link, address, keys;
};

struct status_config {
    const char *hostname;
    enum status_config_file { CONFIG_MISSING, CONFIG_EMPTY, CONFIG_READ } file;
    uint32_t errors;   /* in it, and in the files that it names               */
    bool save;         /* what outlives a power cut is wanted on the card     */
    const char *lacks; /* why the file is missing, if more is known          */
    const char *error; /* the first one, with its file and line; "" or NULL  */
};

struct status_loop {
    struct {
        const char *name;
        span_ns longest_ns; /* of its polls                                 */
    } poll[24];
    uint8_t count;
};

/* Why a request got no answer. */
enum status_drop {
    STATUS_DROP_DENIED,    /* nobody allows its address                     */
    STATUS_DROP_LIMIT,     /* ratelimit, ntsratelimit, cmdratelimit         */
    STATUS_DROP_MALFORMED, /* no request that is served: chronyd's silence   */
    STATUS_DROP_NTS,       /* fields of NTS that make none, or NTS is off    */
    STATUS_DROP_FULL,      /* no session, no buffer or no way for the answer */
    STATUS_DROPS
};

/* Returns the word for it on every face, "denied". */
const char *status_drop_word(enum status_drop why);

/* What was served: serverstats. Hits are all that came; what was answered is
 * hits less drops, and drops are the sum of the ..._dropped. Those of key
 * exchanges are in status_ke. */
struct status_server {
    bool serving; /* NTP                                                    */
    uint64_t ntp_hits, ke_hits, cmd_hits;
    uint64_t ntp_drops, ke_drops, cmd_drops, log_drops;
    uint64_t ntp_dropped[STATUS_DROPS], cmd_dropped[STATUS_DROPS];
    uint64_t authenticated, interleaved;
    uint64_t naks; /* of NTS, that is answered too                          */
    bool nts;      /* its cookies are given out and taken                   */
    int64_t cookie_key_age_s; /* since the last rotation; -1: none since this
                               * start                                      */
    uint64_t stamps_held, stamps_span_s;
    uint8_t local_stratum; /* chrony.conf's local is in force; 0: it is not   */
    int64_t local_ref_unix_s; /* ... and says that the clock was right then */
    uint32_t local_ref_unix_ns;
    /* Stamps of answered requests and of replies: in the interrupt and at the
     * MAC, chrony's "kernel"; or read just before sending, its "daemon". */
    uint64_t kernel_rx, kernel_tx, daemon_rx, daemon_tx;
};

/* The key exchange that we serve (RFC 8915 section 4). */
struct status_ke_pair {
    char key[LIMIT_LABEL]; /* the files, as written                         */
    char cert[LIMIT_LABEL];
    bool used;          /* else `trouble` says why not                      */
    char subject[64];   /* common name, or the first name                   */
    char algorithm[16]; /* of the key: "P-256", "RSA-2048"                  */
    int64_t begin_unix_s, end_unix_s; /* of the certificate                 */
    char trouble[256]; /* why it is not used, or what is odd about it; ""  */
};

struct status_ke {
    bool open;     /* the port                                              */
    char why[96];  /* it is not, though chrony.conf names keys; "": it is,
                    * or names none                                         */
    uint16_t port; /* TCP                                                   */
    uint8_t pair_count;
    struct status_ke_pair pair[LIMIT_KE_PAIRS];
    uint8_t sessions, sessions_peak, sessions_most;
    /* Connections: `hits` is all, the sum of `answered`, `drops` and
     * `sessions`. `drops` is the sum of what follows it. */
    uint64_t hits, answered, drops;
    uint64_t not_allowed, ratelimited;
    uint64_t too_many;  /* of one address                                  */
    uint64_t gave_way;  /* to a newer one, or there was no room for it     */
    uint64_t timed_out; /* 2 s                                             */
    uint64_t no_tls;    /* no TLS 1.3, no ALPN ntske/1, nothing in common  */
    uint64_t closed;    /* by the client, before its answer                */
    uint64_t bad;       /* requests that got an error                      */
    size_t arena_peak, arena_used; /* of all sessions                       */
    size_t pairs_used;             /* of LIMIT_KE_PAIRS_ARENA               */
};

struct status {
    struct status_sources sources;
    struct status_timekeeper timekeeper;
    struct status_timefloor timefloor;
    struct status_net net;
    struct status_mdns mdns;
    struct status_tls tls;
    struct status_store store;
    struct status_pps pps;
    struct status_log log;
    struct status_syslog syslog;
    struct status_machine machine;
    struct status_config config;
    struct status_loop loop;
    struct status_server server;
    struct status_start start;
    struct status_ke ke;
};

/* The address that a source goes by: its NTP server's, or that of its key
 * exchange until one has told the other; family 0: its name has none yet. */
const struct addr *status_source_addr(const struct status_source *x);

/* What our own clients are told of the clock (RFC 5905 section 11.1), which is
 * what chronyc's tracking shows: the time from our sources, chrony.conf's local
 * where that is in force, or that there is none. */
struct status_served {
    uint32_t ref_id;
    bool local;
    uint8_t stratum, leap; /* 0, 3: there is none                           */
    int64_t ref_unix_s;
    uint32_t ref_unix_ns;
    span_ns root_delay_ns, root_disp_ns;
};

struct status_served status_served(const struct status *s);

/* Returns the row of the source that is followed, in hold-over of the last that
 * was; -1: none of those there are. */
int status_reference(const struct status *s);

#endif
