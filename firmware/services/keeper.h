/* keeper.h -- what must outlive a power cut besides cookies: the time floor
 * and the crystal's frequency (DESIGN.md, "Before the clock is set").
 *
 * The floor is the last time that a quorum agreed on, or the build time if
 * later. It rises only from synchronised time; it is saved at the first
 * sync, then every saveinterval (at multiples of it since boot, as the
 * sources' cookies are), and on a clean reset. */
#ifndef KEEPER_H
#define KEEPER_H

#include "core/conf.h"

struct keeper_ops {
    int (*load)(uint8_t *buf, size_t cap);            /* store_get's codes   */
    int (*save)(const uint8_t *data, size_t len);     /* store_put's codes   */
    bool (*saved_all)(void);                          /* nothing to write    */
    void (*save_others)(void);                        /* before a reset      */
    uint32_t (*handshakes)(void);                     /* TLS, since boot     */
};

/* Reads the card's record and starts the timekeeper from it. */
void keeper_init(const struct conf *conf, const struct keeper_ops *ops);
mono_ns keeper_poll(mono_ns now);
int64_t keeper_floor(void);       /* Unix seconds                           */
bool keeper_from_cookies(void);   /* first sync came without a TLS handshake */
void keeper_reset(void);          /* save all, wait for the card, restart    */

#endif
