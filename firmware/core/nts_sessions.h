/* nts_sessions.h -- what is remembered of NTS sessions while there is a
 * ratelimit, so that no flood in a client's name silences it.
 *
 * ratelimit goes by address, and an address can be forged: its tokens are used
 * up by whoever wants. But nobody else can make a request of a client's
 * session. So a request beyond its address's limit is looked at again: does it
 * bring a cookie of ours that was not used yet, it is answered by a limit of
 * its session's own, as large as the address's.
 *
 *     nts_sessions_used(&s, &keys)        an authenticated request is answered
 *     nts_sessions_admit(&s, &keys, ...)  one is beyond its address's limit
 *
 * - A forger without a cookie gets no further than to a cookie that does not
 *   open. One with a key exchange of its own has a session of its own.
 * - A captured request brings a cookie that was used. Clients use their cookies
 *   in the order in which they got them, which the cookie's serial tells: of a
 *   session the last NTS_SESSIONS_WINDOW serials are kept, and what is among
 *   them or older than all of them was used (as the anti-replay window of RFC
 *   4303 section 3.4.3 does it). A client that does otherwise, or whose cookie
 *   is of a former boot, is left with its address's limit.
 * - A cookie is used once it was admitted, whether or not the authenticator
 *   proves good: a cookie buys one verification, no more.
 *
 * A fixed table: the session's key chooses a bucket of NTS_SESSIONS_WAYS
 * records, where the least recently used makes room. To push a record out
 * costs eight key exchanges at the least, some hundred more likely; then a
 * captured request is answered once more, and uses up a token.
 *
 * The caller owns the struct, which is all zero at first and holds a part of
 * each session's keys. Pure. */
#ifndef NTS_SESSIONS_H
#define NTS_SESSIONS_H

#include "bucket.h"
#include "clientlog.h"
#include "nts_cookie.h"

#define NTS_SESSIONS_WAYS   8
#define NTS_SESSIONS_WINDOW 8 /* as many as a client has cookies             */

struct nts_sessions { /* fields private                                     */
    struct nts_sessions_one {
        uint64_t key;  /* the first bytes of the C2S key; 0: unused         */
        uint64_t turn; /* of nts_sessions.turn, when it was used last       */
        struct bucket bucket;
        uint64_t serial[NTS_SESSIONS_WINDOW]; /* 0: none yet                */
    } of[LIMIT_NTS_SESSIONS];
    uint64_t turn;
};

/* Notes that a request with this cookie was answered. */
void nts_sessions_used(struct nts_sessions *s, const struct nts_cookie_keys *k);

/* Tells whether a request with this cookie is to be answered although its
 * address is beyond its limit: the cookie was not used, and the session is
 * within `limit` by itself. Then the cookie counts as used. Time must not go
 * back. */
bool nts_sessions_admit(struct nts_sessions *s, const struct nts_cookie_keys *k,
                        const struct clientlog_limit *limit, mono_ns now);

#endif
