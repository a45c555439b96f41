/* keeper.h -- what must outlive a power cut besides cookies: the time floor
 * and the crystal's frequency (core/floor_record.h).
 *
 * The floor is the last time that a quorum agreed on, or the build time if
 * later (core/bootstrap.h). It rises only from quorum time; it is saved at
 * the first sync, then every saveinterval (at multiples of it since boot, as
 * the sources' cookies are), and on a clean reset.
 *
 * An operator may set it while the clock is not set, and reset it to the
 * build time at any time: a floor in the future, which would refuse every
 * certificate, has no other way out. Both are logged, saved with the floor
 * that was, and reported at the next start. For the physical console only:
 * no network service may offer them. */
#ifndef KEEPER_H
#define KEEPER_H

#include "core/conf.h"
#include "core/status.h"

struct keeper_ops {
    int (*load)(uint8_t *buf, size_t cap);        /* store_get's codes   */
    int (*save)(const uint8_t *data, size_t len); /* store_put's codes   */
    bool (*saved_all)(void);                      /* nothing to write    */
    void (*save_others)(void);                    /* before a reset      */
    uint32_t (*handshakes)(void);                 /* TLS, since boot     */
    void (*floor_moved)(void);                    /* by an operator      */
};

/* Reads the card's record and starts the timekeeper from it. */
void keeper_init(const struct conf *conf, const struct keeper_ops *ops);
mono_ns keeper_poll(mono_ns now);
int64_t keeper_floor(void); /* Unix seconds                           */
/* Fills the time floor's section of the snapshot. */
void keeper_status(struct status_timefloor *out);
/* RC_OK; RC_STATE: the clock is set; RC_BAD: before the build time;
 * RC_AGAIN, both: not started yet. */
int keeper_floor_set(int64_t unix_s) MUST_CHECK;
/* Takes effect at once, or, if the clock is set, by a restart. */
int keeper_floor_reset(void) MUST_CHECK;
void keeper_reset(void); /* save all, wait for the card, restart    */

#endif
