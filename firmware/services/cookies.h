/* cookies.h -- the keys of the NTS server's cookies (core/nts_cookie.h): kept
 * on the card across restarts, a new one every ntsrotate.
 *
 *  1. Start: the card's keys, or new ones, which are put on it. Until that is
 *     durable there are no cookies: a power cut would take them back.
 *  2. ntsrotate later the next key becomes the current one, a new next one is
 *     drawn, and all are put: one write. Whenever the power goes, the card has
 *     the key that cookies are made with, for it was the next one of the
 *     record before.
 *  3. So there is no rotation while that record is not durable, for an
 *     interval more; then the card is past hope, and what a cut would cost
 *     (a key exchange of each client) is the smaller harm.
 *
 * ntsrotate counts running time, and steps of the clock do not move it. Of
 * former boots it counts what lies between the rotation and the time floor
 * that was saved last, at most one interval: a board that is switched off
 * every night changes its keys, too. ntsrotate 0 never changes them.
 *
 * Without a state partition, or with nodump, keys last until the next restart;
 * clients then make new key exchanges by themselves. */
#ifndef COOKIES_H
#define COOKIES_H

#include "core/conf.h"
#include "core/nts_cookie.h"

/* Starts, where NTS is to be served: once, after timefloor_init. conf stays the
 * caller's. */
void cookies_start(const struct conf *conf);

/* Changes keys when it is time to. Returns when to be called next. */
mono_ns cookies_poll(mono_ns now);

/* Returns the jar to make and open cookies with, or NULL: NTS is not served
 * here, or not yet. */
struct nts_cookie_jar *cookies_jar(void);

/* Returns how long ago the current key became that, in this boot; < 0: it was
 * that before. */
span_ns cookies_age(mono_ns now);

#endif
