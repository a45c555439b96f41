#include "nts_sessions.h"

#include "bytes.h"

#define BUCKETS (LIMIT_NTS_SESSIONS / NTS_SESSIONS_WAYS)
static_assert((BUCKETS & (BUCKETS - 1)) == 0 && BUCKETS <= 65536,
              "a bucket is chosen by a key's low bits");

/* Keys come from TLS's exporter: nobody can choose one, and any of their bits
 * are as good as a hash. */
static struct nts_sessions_one *one_of(struct nts_sessions *s,
                                       const struct nts_cookie_keys *k)
{
    uint64_t key = bytes_get64(k->c2s) | (uint64_t)1 << 63;
    struct nts_sessions_one *o = &s->of[key % BUCKETS * NTS_SESSIONS_WAYS];
    struct nts_sessions_one *oldest = o;
    for (unsigned i = 0; i < NTS_SESSIONS_WAYS && o->key != key; i++, o++)
        if (o->turn < oldest->turn)
            oldest = o;
    if (o == &s->of[(key % BUCKETS + 1) * NTS_SESSIONS_WAYS]) {
        o = oldest;
        *o = (struct nts_sessions_one){.key = key};
    }
    o->turn = ++s->turn;
    return o;
}

/* The place where a serial that was not used goes, that of the oldest; NULL
 * where it was used. */
static uint64_t *place_of(struct nts_sessions_one *o, uint64_t serial)
{
    uint64_t *oldest = &o->serial[0];
    for (unsigned i = 0; i < NTS_SESSIONS_WINDOW; i++) {
        if (o->serial[i] == serial)
            return NULL;
        if (o->serial[i] < *oldest)
            oldest = &o->serial[i];
    }
    return serial > *oldest ? oldest : NULL;
}

void nts_sessions_used(struct nts_sessions *s, const struct nts_cookie_keys *k)
{
    uint64_t *place = k->serial ? place_of(one_of(s, k), k->serial) : NULL;
    if (place)
        *place = k->serial;
}

bool nts_sessions_admit(struct nts_sessions *s, const struct nts_cookie_keys *k,
                        const struct clientlog_limit *limit, mono_ns now)
{
    if (k->serial == 0)
        return false;
    struct nts_sessions_one *o = one_of(s, k);
    uint64_t *place = place_of(o, k->serial);
    if (!place ||
        !bucket_take(&o->bucket, now, clientlog_interval_ns(limit->interval),
                     limit->burst))
        return false;
    *place = k->serial;
    return true;
}
