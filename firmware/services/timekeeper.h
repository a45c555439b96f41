/* timekeeper.h -- owns the one clock of the board (core/timekeeper.h): hands it
 * the counter, and its words to the log. Everybody may read the time here: it
 * is right across a leap second to the tick, whenever the loop comes round to
 * it. Functions without a word below do what core's tk_ of the same name
 * does, with the counter as it is now. */
#ifndef TIMEKEEPER_H
#define TIMEKEEPER_H

#include "core/history.h"
#include "core/status.h"
#include "core/timekeeper.h"

/* Starts the clock at the floor. conf stays the caller's. Every source follows,
 * slots 0, 1 .. */
void timekeeper_init(const struct conf *conf,
                     const struct timekeeper_start *start);
void timekeeper_source(unsigned slot, const struct conf_source *conf);
void timekeeper_server(unsigned slot, const struct addr *addr, uint16_t port);
int timekeeper_votes_for(unsigned slot);
void timekeeper_asked(unsigned slot, uint8_t reach, uint32_t refid);
void timekeeper_reply(unsigned slot, const struct timekeeper_reply *reply,
                      struct timekeeper_verdict *out);
void timekeeper_forget(unsigned slot);
void timekeeper_floor(int64_t floor_unix_s, bool by_operator);

/* Does what is due; returns when it wants to be called again. */
mono_ns timekeeper_poll(mono_ns now);

/* Returns true while the clock is set (tk_is_set). */
bool timekeeper_synchronised(void);
bool timekeeper_hold_over(void);

int64_t timekeeper_unix(void); /* tk_unix_s, now */
int64_t timekeeper_unix_of(ntp64 utc);
/* Returns UTC at a counter value, which may be the stamp of a frame that has
 * waited (tk_utc_of_stamp). */
ntp64 timekeeper_utc(uint64_t ticks);
uint64_t timekeeper_when(uint64_t from_ticks, ntp64 utc);
uint8_t timekeeper_leap(void);
/* Returns how often the clock was stepped or crossed a leap second since boot:
 * stamps from before mean another time after. */
uint32_t timekeeper_steps(void);
void timekeeper_reference(uint64_t ticks, struct ntp_reference *out);

bool timekeeper_may_ask(void);
struct cert_clock timekeeper_cert_clock(void);
bool timekeeper_window_ok(int64_t cert_lo, int64_t cert_hi);
bool timekeeper_to_save(int64_t *floor_unix_s, int32_t *freq_e12,
                        int32_t *freq_sigma_e12);

/* Gives the record of what was learned about the crystal's temperature. Returns
 * false while there is none, or the clock is not set. */
bool timekeeper_law_to_save(uint8_t out[THERMAL_RECORD]);

/* Returns how often sources have corrected the clock, and in *offset_ns by how
 * much the last time (reference - local). */
uint32_t timekeeper_updates(span_ns *offset_ns);
/* Tells how the clock stands. Returns false while it is not set. */
bool timekeeper_figures(struct history_state *out);
/* Returns when the clock was first set; -1: not yet. */
mono_ns timekeeper_first_sync(void);

/* Fills the timekeeper's section of the snapshot: the clock, and what it makes
 * of each source. */
void timekeeper_status(struct status_timekeeper *out);

/* Returns true while a single source is what the quorum is counted of. */
bool timekeeper_one_counts(void);

#endif
