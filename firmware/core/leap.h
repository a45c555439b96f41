/* leap.h -- leap seconds: which announcement is believed, when the second
 * goes in or out, and who has to be told (RFC 5905 sections 7.3, 12).
 *
 * UTC as NTP counts it has no 23:59:60: when a second is inserted, 23:59:59
 * is counted twice, when one is deleted, 23:59:58 is followed by 00:00:00.
 * A straight line of UTC over the raw counter is broken there, so the leap is
 * no sample's business: every line (filter_shift, discipline_shift) is moved
 * by it, and no sample is void.
 *
 * Believed is what select_out.leap says, a majority of the selectable sources
 * that have a say, and as in chrony only on the last UTC day of June or
 * December. The last word of the day holds until midnight, also when all
 * sources have fallen silent since. It is executed once. Within 5 s of it
 * nobody's word is taken, nor anybody's time: leap_close.
 *
 *     leap_init(&l, conf.leapsecmode);
 *     after each discipline_update, action applied:
 *         leap_announce(&l, sel.leap, Unix seconds of the clk)
 *     before anything else that reads or bends the clk:
 *         if (leap_take(&l, &clk, ticks, &act)) {
 *             filter_shift(.., act.by) for every source, discipline_shift;
 *             if (act.step) clk_step(&clk, act.ticks, act.by);
 *             else discipline_follow and apply what it says }
 *     at leap_due, a little late is fine: the same again
 *     a sample: not used if leap_close(&l, its utc) or leap_close(&l, the clk),
 *         nor if leap_before(&l, its ticks): UTC counted otherwise then
 *     to read the clock: leap_utc, right however late leap_take is called
 *
 * leapsecmode, chrony's words and meanings:
 *   step    the clk is stepped by a second at the leap, to the tick;
 *   system  is the kernel's doing in chrony; there is none here: as step;
 *   slew    the clk runs on, and the discipline removes the second from then
 *           on, at clk's greatest rate: 500 ppm, so in 34 minutes or more;
 *   ignore  nothing: the servers' time has jumped, filters find it out, the
 *           discipline slews or steps (makestep) as always.
 * A majority that announced the leap and did not do it is followed likewise.
 *
 * For two seconds from its first tick on the leap is in progress, in every
 * mode: the indicator is 3, so that nobody takes the time of a clock whose
 * stamps may lie on both sides of it. chronyd says the same in modes step, slew
 * and ignore, and where it cannot have the kernel do it (with the kernel
 * doing it, from half a second before, since the kernel may be early; ours is
 * to the tick).
 *
 * by: what UTC, as counted, jumps by in 2^-32 s: -1 s for an inserted second.
 * Pure; the caller owns the struct, fields are readable. */
#ifndef LEAP_H
#define LEAP_H

#include "clk.h"

enum leap_mode { LEAP_SYSTEM, LEAP_STEP, LEAP_SLEW, LEAP_IGNORE };

struct leap {
    enum leap_mode mode;
    int8_t second;  /* +1 is to be inserted, -1 to be deleted, 0 none        */
    bool known;     /* at is the midnight of a leap to come or just gone     */
    bool done;      /* just gone                                             */
    ntp64 at;       /* 00:00:00 of the day after                             */
    uint64_t ticks; /* if done: its first counter value                     */
    ntp64 ends;     /* if done: what the clk shows when it is over          */
};

struct leap_action {
    int64_t by;     /* for all lines; 0 if they shall find out (ignore)     */
    bool step;      /* the clk as well, at                                  */
    uint64_t ticks; /* the first counter value of the leap                  */
};

/* Begins with no leap second known, in the mode of leapsecmode. */
void leap_init(struct leap *l, enum leap_mode mode);

/* Takes the majority's leap indicator, bits 0 .. 2 (3 counts as 0), at the time
 * unix_s that the clk shows. Returns true if l->second has changed, which is
 * worth a line in the log. */
bool leap_announce(struct leap *l, uint8_t bits, int64_t unix_s);

/* Returns the leap indicator to show and to serve at `ticks` while
 * synchronised: 1 or 2 before a leap, 3 while one is in progress, 0 else. */
uint8_t leap_bits(const struct leap *l, const struct clk *c, uint64_t ticks);

/* Returns true if utc is within 5 s of a leap that is to come or just gone. */
bool leap_close(const struct leap *l, ntp64 utc);

/* Returns true if a leap was done, and lines were moved, after this counter
 * value. */
bool leap_before(const struct leap *l, uint64_t ticks);

/* Returns UTC by the clk at `ticks`, right whether or not the loop has already
 * taken a leap that lies before. */
ntp64 leap_utc(const struct leap *l, const struct clk *c, uint64_t ticks);

/* Returns the counter value at which leap_take wants to be called: the first
 * tick of the leap, or sooner. UINT64_MAX: no leap is to come. */
uint64_t leap_due(const struct leap *l, const struct clk *c, uint64_t ticks);

/* Returns true once, within 5 s of a leap that has come, and says in *out what
 * to do. A clk that was stepped farther over the leap has its time from samples
 * after it, so that there is nothing to do: false. */
bool leap_take(struct leap *l, const struct clk *c, uint64_t ticks,
               struct leap_action *out);

#endif
