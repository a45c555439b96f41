#include "clientlog.h"

#include <string.h>

#include "bytes.h"

static_assert(LIMIT_CLIENTS % CLIENTLOG_WAYS == 0 && LIMIT_CLIENTS <= 65536,
              "whole buckets, chosen by 32 bits");

void clientlog_init(struct clientlog *l, const uint64_t key[5])
{
    memset(l, 0, sizeof *l);
    memcpy(l->key, key, sizeof l->key);
}

/* Multiply-shift over a vector (Dietzfelbinger): for a random key no two
 * addresses share a bucket more often than by chance. */
static struct clientlog_client *bucket_of(struct clientlog *l,
                                          const struct addr *a)
{
    uint64_t sum = l->key[4] + (uint64_t)a->family * l->key[3];
    for (unsigned i = 0; i < 2; i++)
        sum += l->key[i] * bytes_get32(a->b + 4 * i);
    uint64_t buckets = LIMIT_CLIENTS / CLIENTLOG_WAYS;
    return &l->client[(sum >> 32) * buckets >> 32 << 3];
}
static_assert(CLIENTLOG_WAYS == 1 << 3, "bucket_of shifts by it");

/* An exponential mean over some eight intervals, which begins with the first.
 * Longer ones than 9 hours count as that. Without a division: this is on the
 * way of every request. */
static void average(uint32_t *mean, mono_ns interval_ns)
{
    const mono_ns most = INT64_C(32768) * MONO_S;
    uint64_t ns = (uint64_t)(interval_ns < most ? interval_ns : most);
    uint32_t i = (uint32_t)(ns * 281475 >> 32); /* 2^48 / 10^9 */
    if (i == 0)
        i = 1;
    *mean = *mean == 0  ? i
            : i > *mean ? *mean + (i - *mean) / 8
                        : *mean - (*mean - i) / 8;
}

int8_t clientlog_interval(uint32_t mean)
{
    int log2 = 0;
    if (mean == 0)
        return CLIENTLOG_INTERVAL_UNKNOWN;
    while (mean >> log2 > 1)
        log2++;
    bool nearer_above = (uint64_t)mean << 16 >> log2 >= 92682; /* sqrt 2 */
    return (int8_t)(log2 + nearer_above - 16);
}

static void count(struct clientlog_client *c, enum clientlog_kind kind,
                  mono_ns now)
{
    struct clientlog_use *u = &c->use[kind];
    if (u->hits > 0)
        average(u->unanswered ? &u->mean_unanswered : &u->mean, now - u->last);
    u->unanswered = false;
    u->hits++;
    u->last = c->last = now;
}

struct clientlog_client *clientlog_of(struct clientlog *l,
                                      enum clientlog_kind kind,
                                      const struct addr *who, mono_ns now)
{
    struct addr net = *who;
    memset(net.b + 8, 0, 8);
    struct clientlog_client *c = bucket_of(l, &net), *oldest = c;
    for (unsigned i = 0; i < CLIENTLOG_WAYS; i++, c++) {
        if (addr_equal(&c->addr, &net)) {
            count(c, kind, now);
            return c;
        }
        if (oldest->addr.family != 0 &&
            (c->addr.family == 0 || c->last < oldest->last))
            oldest = c;
    }
    if (oldest->addr.family != 0)
        l->replaced++;
    *oldest = (struct clientlog_client){.addr = net};
    count(oldest, kind, now);
    return oldest;
}

mono_ns clientlog_interval_ns(int8_t log2_s)
{
    return log2_s < 0 ? MONO_S >> -log2_s : MONO_S << log2_s;
}

static bool one_in(uint8_t log2_n, uint32_t chance)
{
    return (chance & ((1u << log2_n) - 1)) == 0;
}

enum clientlog_verdict clientlog_admit(struct clientlog_client *c,
                                       enum clientlog_kind kind,
                                       const struct clientlog_limit *limit,
                                       mono_ns now, uint32_t chance)
{
    return clientlog_within(c, kind, limit, now)
               ? CLIENTLOG_ANSWER
               : clientlog_beyond(c, kind, limit, now, chance);
}

bool clientlog_within(struct clientlog_client *c, enum clientlog_kind kind,
                      const struct clientlog_limit *limit, mono_ns now)
{
    return !limit->on ||
           bucket_take(&c->use[kind].bucket, now,
                       clientlog_interval_ns(limit->interval), limit->burst);
}

enum clientlog_verdict clientlog_beyond(struct clientlog_client *c,
                                        enum clientlog_kind kind,
                                        const struct clientlog_limit *limit,
                                        mono_ns now, uint32_t chance)
{
    struct clientlog_use *u = &c->use[kind];
    mono_ns each = clientlog_interval_ns(limit->interval);
    /* A flood in the client's name would silence it: some get through, and
     * whoever sends them has to wait for the next token all the longer. */
    if (one_in(limit->leak, chance)) {
        u->bucket.empty_at = now + (mono_ns)limit->burst * each;
        return CLIENTLOG_ANSWER;
    }
    u->drops++;
    u->unanswered = true;
    return limit->kod != 0 && one_in(limit->kod, chance >> 8) ? CLIENTLOG_KISS
                                                              : CLIENTLOG_DROP;
}

uint32_t clientlog_ago_s(const struct clientlog_use *u, mono_ns now)
{
    return u->hits == 0 ? UINT32_MAX : (uint32_t)((now - u->last) / MONO_S);
}

bool clientlog_asked(const struct clientlog_client *c, uint32_t hits)
{
    for (unsigned i = 0; i < CLIENTLOG_KINDS; i++)
        if (c->use[i].hits >= hits)
            return true;
    return false;
}
