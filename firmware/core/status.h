/* status.h -- one snapshot of everything a person or a monitor may ask, and
 * its layout as chronyc prints it. Filled by services (sources, timekeeper,
 * main), shown by the console and, later, by cmdmon, HTTP and metrics. Plain
 * values, no pointers into live state except texts that never go away. */
#ifndef STATUS_H
#define STATUS_H

#include "../limit.h"
#include "base.h"

struct status_source {
    char name[LIMIT_NAME];
    char address[48];    /* text; "" while unresolved                       */
    char mode;           /* chronyc: ^ server                               */
    char state;          /* * + - ? x ~                                     */
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
    int64_t last_ke_s;   /* seconds since the last key exchange, -1 never   */
    uint32_t ke_attempts, naks;
    uint8_t cookies;
    uint16_t cookie_len;
    /* counters */
    uint32_t tx, rx, valid, bad, forged;
    char trouble[96];    /* why it does not work, "" if it does             */
};

struct status_tracking {
    bool synchronised;
    char ref_name[LIMIT_NAME];
    uint32_t ref_id;
    uint8_t stratum, leap;   /* 16, 3 when unsynchronised                   */
    int64_t ref_unix_s;      /* UTC of the last update                      */
    uint32_t ref_unix_ns;
    span_ns system_ns;       /* estimate - steered output                   */
    span_ns last_offset_ns, rms_offset_ns;
    double freq_ppm, resid_ppm, skew_ppm; /* sign: + our crystal is fast    */
    span_ns root_delay_ns, root_disp_ns;
    double update_s;
};

struct status_run {          /* what "help performance" people ask for       */
    mono_ns uptime;
    char hostname[64], board[64], address4[16], address6[48], last_reset[80];
    bool link, card, state_partition, conf_ok;
    size_t arena_peak, arena_size, stack_peak, stack_size;
    struct {
        const char *name;
        span_ns longest_ns;
    } poll[12];              /* per service                                 */
    uint8_t poll_count;
    mono_ns first_sync;      /* since boot; -1 not yet                      */
    bool first_from_cookies; /* the first sync needed no key exchange       */
    uint32_t handshakes;     /* TLS handshakes completed since boot         */
    uint32_t log_lost;
    int64_t floor_unix_s;
    uint32_t journal_writes, journal_errors;
};

struct status {
    struct status_source source[LIMIT_SOURCES];
    uint8_t source_count;
    struct status_tracking tracking;
    struct status_run run;
};

/* Each writes whole lines into out (0-terminated, cut at cap) and returns
 * the length. Columns and rounding are chronyc's. */
size_t status_sources(const struct status *s, char *out, size_t cap);
size_t status_authdata(const struct status *s, char *out, size_t cap);
size_t status_tracking_text(const struct status *s, char *out, size_t cap);
size_t status_serverstats(const struct status *s, char *out, size_t cap);
size_t status_activity(const struct status *s, char *out, size_t cap);
size_t status_board(const struct status *s, char *out, size_t cap);

#endif
