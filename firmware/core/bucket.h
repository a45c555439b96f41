/* bucket.h -- a token bucket: at most so many of something at once, and one
 * more every so often.
 *
 * The caller owns the struct; all zero is a full bucket. */
#ifndef BUCKET_H
#define BUCKET_H

#include "base.h"

struct bucket {
    mono_ns empty_at; /* private: less than the depth ahead of now           */
};

/* Takes a token out of a bucket that holds `depth` of them and gets a new one
 * each `each_ns`. Returns false where there is none; time must not go back. */
static inline bool bucket_take(struct bucket *b, mono_ns now, mono_ns each_ns,
                               unsigned depth)
{
    mono_ns from = b->empty_at > now ? b->empty_at : now;
    if (from - now > (mono_ns)(depth - 1) * each_ns)
        return false;
    b->empty_at = from + each_ns;
    return true;
}

#endif
