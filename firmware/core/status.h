/* status.h -- one snapshot of everything a person or a monitor may ask, and
 * its layout as chronyc prints it. Filled by services (sources, timekeeper,
 * main), shown by the console and, later, by cmdmon, HTTP and metrics. Plain
 * values, no pointers into live state except texts that never go away. */
#ifndef STATUS_H
#define STATUS_H

#include "addr.h"
#include "base.h"
#include "journal.h"
#include "limit.h"

/* selection options, chronyc's N P T R */
enum {
    STATUS_OPT_NOSELECT = 1,
    STATUS_OPT_PREFER = 2,
    STATUS_OPT_TRUST = 4,
    STATUS_OPT_REQUIRE = 8,
};

struct status_select { /* selectdata */
    char letter;       /* select.h                                    */
    unsigned configured, effective; /* STATUS_OPT_                          */
    double score;
    span_ns lo_ns, hi_ns; /* reference - local lies between              */
    bool judged;          /* there is an estimate: lo, hi, leap count    */
};

/* sourcestats. chrony's NP, NR and Span are about the samples that its
 * regression keeps. Gnomon's filter keeps none; these are about the last 16
 * samples, accepted or refused (residuals.h), and what each was off the
 * filter's prediction: their number, the runs of equal sign, from the oldest
 * to the newest; Std Dev is the spread of the same. Frequency is the rate
 * still to be removed from the steered clock, Freq Skew one sigma of it
 * (chrony: 95 %), both of this source alone. */
struct status_stats {
    unsigned np, nr;
    int64_t span_s;
    double freq_ppm, skew_ppm; /* + our clock is fast                       */
    span_ns sd_ns;             /* the offset is status_source.offset_ns       */
};

/* ntpdata: of the last reply that was believed. Not measured, and shown as
 * 0: jitter asymmetry. NTP tests: a reply that fails one of the first six
 * changes nothing here; the last four are A to D (ntp_client.h), and C also
 * says whether the filter took it. TX stamps are read just before sending
 * (Daemon), RX stamps are latched in the interrupt (chronyc's nearest word is
 * Kernel). */
struct status_ntp {
    uint16_t port;       /* theirs                                      */
    uint32_t address_id; /* their address as a reference identifier     */
    bool any;            /* there was such a reply; else all below is 0 */
    uint8_t stratum, leap;
    int8_t poll, precision; /* log2 s                                      */
    span_ns root_delay_ns, root_disp_ns;
    uint32_t ref_id;
    int64_t ref_unix_s;
    span_ns offset_ns, delay_ns, disp_ns, response_ns;
    bool refused; /* by the filter                               */
    bool interleaved;
    uint8_t failed; /* NTP_TEST_                                   */
    uint32_t good;  /* replies it took                             */
};

struct status_source {
    char name[LIMIT_NAME];
    char address
        [ADDR_TEXT]; /* text; "" while unresolved                       */
    char mode;       /* chronyc: ^ server                               */
    char state;      /* * + - ? x ~                                     */
    bool nts;
    uint8_t stratum, leap;
    int8_t poll;         /* log2 s                                          */
    uint8_t reach;       /* printed in octal                                */
    int64_t last_rx_s;   /* seconds ago, -1 never                           */
    span_ns offset_ns;   /* adjusted: reference - local, now                */
    span_ns measured_ns; /* of the last sample, when it was taken           */
    span_ns error_ns;    /* +/-: half the delay plus root distance          */
    /* authdata */
    uint32_t key_id;
    uint16_t aead, key_bits;
    int64_t last_ke_s; /* seconds since the last key exchange, -1 never   */
    uint32_t ke_attempts, naks;
    uint8_t cookies;
    uint16_t cookie_len;
    /* counters */
    uint32_t tx, rx, valid, bad, forged;
    struct status_select select;
    struct status_stats stats;
    struct status_ntp ntp;
    char trouble[96]; /* why it does not work, "" if it does             */
};

struct status_tracking {
    bool synchronised;
    char ref_name[LIMIT_NAME];
    uint32_t ref_id;
    uint8_t stratum, leap; /* 16, 3 when unsynchronised                   */
    int64_t ref_unix_s;    /* UTC of the last update                      */
    uint32_t ref_unix_ns;
    span_ns system_ns; /* estimate - steered output                   */
    span_ns last_offset_ns, rms_offset_ns;
    double freq_ppm, resid_ppm, skew_ppm; /* sign: + our crystal is fast    */
    span_ns root_delay_ns, root_disp_ns;
    double update_s;
    char why[96];     /* the clock is not set, "" if it is           */
    char warning[96]; /* a weaker mode is in force, "" if none       */
};

struct status_run { /* what "help performance" people ask for       */
    mono_ns uptime;
    char hostname[64], board[64], address4[ADDR_TEXT], address6[ADDR_TEXT],
        last_reset[80];
    uint32_t crashes; /* in a row, up to this run; 0: it is stable   */
    bool link, card, state_partition, conf_ok;
    size_t arena_peak, arena_size, stack_peak, stack_size;
    struct {
        const char *name;
        span_ns longest_ns;
    } poll[16]; /* per service                                 */
    uint8_t poll_count;
    mono_ns first_sync;      /* since boot; -1 not yet                      */
    bool first_from_cookies; /* the first sync needed no key exchange       */
    uint32_t handshakes;     /* TLS handshakes completed since boot         */
    uint32_t log_lost;
    int64_t floor_unix_s;
    const char *floor_from; /* NULL: not said                              */
    uint32_t journal_writes, journal_errors;
    bool journal_failing; /* the card takes no write just now             */
    uint32_t save_interval_s;
    struct journal_wear wear;
};

struct status {
    struct status_source source[LIMIT_SOURCES];
    uint8_t source_count;
    struct status_tracking tracking;
    struct status_run run;
};

/* STATUS_OPT_* of the options that are set. */
unsigned status_options(bool noselect, bool prefer, bool trust, bool require);

/* Each writes whole lines into out (0-terminated, cut at cap) and returns
 * the length. Columns and rounding are chronyc's. */
size_t status_sources(const struct status *s, char *out, size_t cap);
size_t status_authdata(const struct status *s, char *out, size_t cap);
size_t status_tracking_text(const struct status *s, char *out, size_t cap);
size_t status_serverstats(const struct status *s, char *out, size_t cap);
size_t status_sourcestats(const struct status *s, char *out, size_t cap);
size_t status_selectdata(const struct status *s, char *out, size_t cap);
/* One source, i < source_count. */
size_t status_ntpdata(const struct status *s, size_t i, char *out, size_t cap);
size_t status_activity(const struct status *s, char *out, size_t cap);
/* The time floor, and why the clock is not set. */
size_t status_floor(const struct status *s, char *out, size_t cap);
size_t status_board(const struct status *s, char *out, size_t cap);

#endif
