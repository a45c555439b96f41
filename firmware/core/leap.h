/* leap.h -- one leap second: believed, waited for, taken once.
 *
 * Servers announce it in their leap indicator (RFC 5905 section 7.3); what
 * the majority of the selected sources says is select_out.leap. As chrony
 * does, it is believed only on a day on which UTC may have one, the last of
 * June or December, and taken at the end of that day, whether or not a server
 * still answers then. An announcement that a majority takes back before
 * midnight is forgotten.
 *
 *     leap_init(&l, mode);
 *     each update of the clock:   leap_announce(&l, sel.leap, utc now, pivot)
 *     each sample:                leap_close(&l, utc now, sample.at_ticks) ->
 *                                 leave it out
 *     at leap_moment, or later:   by = leap_take(&l, utc now, ticks);
 *                                 by != 0 -> filter_shift every filter,
 *                                 discipline_shift, and clk_step by it unless
 *                                 the mode is slew
 *
 * Inserted: when the clock shows midnight it is set back, so that the day's
 * last second is counted twice, as POSIX and NTP time do. Deleted: when it
 * shows the last second, it is set to midnight. Nothing is void after that:
 * filters and estimate are moved along. A server that leaps late, or not at
 * all, then is an outlier of one second and a falseticker at length; if it is
 * the majority that did not leap the clock follows it back by slewing.
 *
 * Modes (chrony.conf(5) leapsecmode): system is step, there being no kernel;
 * slew bends the clock from midnight on, at most CLK_RATE_MAX (500 ppm), so
 * for 33 minutes; ignore takes nothing, and the sources' jump of a second is
 * slewed away when it has been measured.
 *
 * Pure; every function is total. Spans in 2^-32 s. */
#ifndef LEAP_H
#define LEAP_H

#include "base.h"

enum leap_mode { LEAP_SYSTEM, LEAP_STEP, LEAP_SLEW, LEAP_IGNORE };

struct leap { /* caller's; fields are readable */
    enum leap_mode mode;
    int8_t armed;        /* +1 a second to insert, -1 to delete, 0 none      */
    ntp64 midnight;      /* at which UTC leaps, or last leapt                */
    bool done;           /* it has been taken, at this counter value         */
    uint64_t done_ticks;
};

void leap_init(struct leap *l, enum leap_mode mode);

/* bits: the leap indicator that the majority sends, 0 .. 3. now: UTC, true
 * to seconds. pivot_s: as in utc.h. */
void leap_announce(struct leap *l, uint8_t bits, ntp64 now, int64_t pivot_s);

/* The leap indicator to show and to serve: 0, 1 or 2. */
uint8_t leap_bits(const struct leap *l);

/* UTC at which leap_take acts, as the clock shows it; only while armed. */
ntp64 leap_moment(const struct leap *l);

/* If the moment has come: what UTC jumps by, once; else 0. */
int64_t leap_take(struct leap *l, ntp64 now, uint64_t ticks);

/* A sample taken at counter value `at`, known at `now`, is of no use: within
 * 5 s of a leap (chrony's margin) it may be of either side, and an
 * interleaved one may be from before it. */
bool leap_close(const struct leap *l, ntp64 now, uint64_t at_ticks);

#endif
