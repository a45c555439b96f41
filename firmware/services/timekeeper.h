/* timekeeper.h -- owns the one clk: takes samples, lets core judge them
 * (filter, select, discipline) and is the only caller of clk_set_rate and
 * clk_step. Everybody may read the time here: it is right across a leap second
 * (core/leap.h) to the tick, whenever the loop comes round to it. */
#ifndef TIMEKEEPER_H
#define TIMEKEEPER_H

#include "core/conf.h"
#include "core/ntp_client.h"
#include "core/status.h"

struct timekeeper_start {
    int64_t floor_unix_s;   /* no time below this is believed                 */
    bool floor_by_operator; /* bootstrap.h                                  */
    bool freq_known;        /* the journal had one                            */
    int32_t freq_e12;       /* parts per 10^12, + our crystal is slow         */
    int32_t freq_sigma_e12; /* one sigma of it                              */
};

/* conf stays the caller's. Then every source, slots 0 .. */
void timekeeper_init(const struct conf *conf,
                     const struct timekeeper_start *start);
void timekeeper_source(unsigned slot, const struct conf_source *conf);

/* A sample of source `slot` that passed every test of the packet, and the
 * window of its association's certificates (Unix seconds; hi 0: none known).
 * Until the clock is set it is judged by bootstrap.h; what that does not
 * believe is refused, see timekeeper_doubt. One that failed a test (A:
 * s->failed; B, C: judged here) is shown by ntpdata and not used. Nor is one
 * used within 5 s of a leap second, or from before it. False: an outlier;
 * worth asking again soon whether time has jumped. */
bool timekeeper_sample(unsigned slot, const struct ntp_sample *s,
                       int64_t cert_lo, int64_t cert_hi);
/* After it: how long to wait till the next, log2 s (poll_adapt.h). */
int8_t timekeeper_wish(unsigned slot);
/* Why its last sample was not believed, "" if it was; whether for the sake of
 * the window. */
const char *timekeeper_doubt(unsigned slot, bool *window);
/* The source's reach register, after every request and reply. */
void timekeeper_reach(unsigned slot, uint8_t reach);
/* The source's address, as a reference identifier (RFC 5905 section 7.3). */
void timekeeper_refid(unsigned slot, uint32_t refid);
/* A source got another address: what it said is forgotten. */
void timekeeper_forget(unsigned slot);

/* The clock is set, and runs on what was learnt: no source answers now. */
bool timekeeper_hold_over(void);

mono_ns timekeeper_poll(mono_ns now);
mono_ns timekeeper_mono(void); /* now, since boot                        */

bool timekeeper_synchronised(void);
bool timekeeper_gave_up(void); /* maxchange: not synchronised any more   */
int64_t timekeeper_unix(void); /* now, steered output, whole seconds     */
ntp64 timekeeper_utc(uint64_t ticks);
/* When the clock, running as it does now, shows utc: at most 60 s ahead, a
 * leap second in between not counted, for it moves no second's beginning. */
uint64_t timekeeper_when(uint64_t from_ticks, ntp64 utc);
uint8_t timekeeper_leap(void); /* leap indicator to show and to serve    */
/* May an association with this window keep its keys, by the clock? Always
 * while that is not set. */
bool timekeeper_window_ok(int64_t cert_lo, int64_t cert_hi);
/* False: bootstrap strict, and no operator has set a floor. */
bool timekeeper_may_ask(void);
struct timekeeper_cert_clock { /* what certificates are judged by            */
    bool clock; /* by now, within slack; else by the floor        */
    bool strict;
    int64_t now, slack; /* Unix seconds, seconds                          */
};
void timekeeper_cert_clock(struct timekeeper_cert_clock *out);
/* An operator moves the floor. What was heard before is forgotten unless the
 * clock is set. */
void timekeeper_floor(int64_t floor_unix_s, bool by_operator);
/* What the journal keeps: the latest time that a quorum agreed on (0: none
 * since boot), the crystal's rate. False while the clock is not set. */
bool timekeeper_to_save(
    int64_t *floor_unix_s, int32_t *freq_e12,
    int32_t *freq_sigma_e12); /* sigma 0: not known yet     */

/* Fills the timekeeper's section of the snapshot: the clock, and what it makes
 * of each source. */
void timekeeper_status(struct status_timekeeper *out);

#endif
