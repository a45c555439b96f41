/* timefloor.h -- what must outlive a power cut besides cookies: the time floor
 * and the crystal's frequency (core/floor_record.h), and how that goes with the
 * temperature (core/thermal.h).
 *
 * The floor is a time that a quorum has agreed on, or the build time if later
 * (core/bootstrap.h, 6: how it rises). It rises only from quorum time; it is
 * saved at the first sync, then every saveinterval (at multiples of it since
 * boot, as the sources' cookies are), and before a restart that was asked for.
 * It goes to the card unless chrony.conf says nodump.
 *
 * An operator may set it while the clock is not set, and reset it to the
 * build time at any time: a floor in the future, which would refuse every
 * certificate, has no other way out. Both are logged, saved with the floor
 * that was, and reported at the next start. For the physical console only:
 * no network service may offer them. */
#ifndef TIMEFLOOR_H
#define TIMEFLOOR_H

#include "core/conf.h"
#include "core/status.h"

/* Reads the card's record and starts the timekeeper from it. conf stays the
 * caller's and must not change. moved is called when an operator has moved the
 * floor; restart: the clock is set, so only a restart makes it count. */
void timefloor_init(const struct conf *conf, void (*moved)(bool restart));

/* Saves when it is time to. Returns when to be called next. */
mono_ns timefloor_poll(mono_ns now);

/* Saves now, if the clock is set. */
void timefloor_save(void);

/* Returns the floor in Unix seconds; before timefloor_init the build time. */
int64_t timefloor_unix(void);

/* Sets the floor for an operator. Returns RC_OK; RC_STATE: the clock is set,
 * and the floor follows it; RC_BAD: before the build time; RC_AGAIN: not
 * started yet. */
int timefloor_set(int64_t unix_s) MUST_CHECK;

/* Resets the floor to the build time for an operator. Returns RC_OK, or
 * RC_AGAIN: not started yet. */
int timefloor_reset(void) MUST_CHECK;

/* Fills the time floor's section of the snapshot. */
void timefloor_status(struct status_timefloor *out);

#endif
