/* clientlog.h -- what is remembered of each client: how often it asked for
 * what, and how often it may (chrony's ratelimit lines and clients).
 *
 *     clientlog_init(&log, key);
 *     for each request:  c = clientlog_of(&log, kind, &addr, now);
 *                        clientlog_admit(c, kind, &limit, now, chance)
 *
 * A fixed table: a keyed hash of the address chooses a bucket of
 * CLIENTLOG_WAYS records, where the oldest makes room. A client that comes
 * anew has its whole burst, so a table full of forged addresses costs an
 * honest client its history and nothing else. IPv6 clients count by their
 * /64, ports never count.
 *
 * The caller owns the struct. Pure. */
#ifndef CLIENTLOG_H
#define CLIENTLOG_H

#include "addr.h"
#include "bucket.h"
#include "limit.h"
#include "mono.h"

#define CLIENTLOG_WAYS 8

/* What a client may ask for, each counted and limited by itself. */
enum clientlog_kind {
    CLIENTLOG_NTP,
    CLIENTLOG_KE,  /* key exchanges                                         */
    CLIENTLOG_CMD, /* chronyc's commands                                    */
    CLIENTLOG_KINDS
};

struct clientlog_limit { /* chrony's ratelimit line, and its two siblings    */
    bool on;
    int8_t interval; /* log2 s between requests that are all answered        */
    uint8_t burst;   /* so many at once                                     */
    uint8_t leak;    /* one in 2^leak is answered beyond the limit           */
    uint8_t kod;     /* one in 2^kod of the others gets a kiss; 0: none      */
};

struct clientlog_use { /* requests of one kind                              */
    uint32_t hits, drops; /* those of the limit; hits include them           */
    mono_ns last;         /* meaningless before the first                   */
    /* Mean intervals, 2^-16 s, 0: not known. Those that came after a request
     * which got no answer are apart: such a client may ask twice as fast. */
    uint32_t mean, mean_unanswered;
    bool unanswered; /* the last one                                        */
    struct bucket bucket;
};

struct clientlog_client {
    struct addr addr; /* family 0: unused; IPv6 without its last 64 bits     */
    mono_ns last;     /* request of any kind                                */
    struct clientlog_use use[CLIENTLOG_KINDS];
};

struct clientlog {
    uint64_t key[5];
    struct clientlog_client client[LIMIT_CLIENTS];
    uint32_t replaced; /* clients that made room for another                 */
};

/* Makes an empty log. The key is secret and random, so that nobody can aim at
 * a bucket. */
void clientlog_init(struct clientlog *l, const uint64_t key[5]);

/* Returns the record of a client that has just asked, counted; the least
 * recently heard of its bucket makes room for a new one. Time must not go
 * back. */
struct clientlog_client *clientlog_of(struct clientlog *l,
                                      enum clientlog_kind kind,
                                      const struct addr *who, mono_ns now);

enum clientlog_verdict { CLIENTLOG_ANSWER, CLIENTLOG_DROP, CLIENTLOG_KISS };

/* Decides what the client's request of that kind gets. `chance` is random. Time
 * must not go back. */
enum clientlog_verdict clientlog_admit(struct clientlog_client *c,
                                       enum clientlog_kind kind,
                                       const struct clientlog_limit *limit,
                                       mono_ns now, uint32_t chance);

/* Does the same in two steps, for whoever has another reason to answer a
 * request that is beyond its limit: true, it is within and a token is taken;
 * else clientlog_beyond decides, unless that reason holds. */
bool clientlog_within(struct clientlog_client *c, enum clientlog_kind kind,
                      const struct clientlog_limit *limit, mono_ns now);
enum clientlog_verdict clientlog_beyond(struct clientlog_client *c,
                                        enum clientlog_kind kind,
                                        const struct clientlog_limit *limit,
                                        mono_ns now, uint32_t chance);

/* Returns 2^log2_s seconds, for chrony's -19 (1.9 us) to 12 (1.1 hours). */
mono_ns clientlog_interval_ns(int8_t log2_s);

/* Returns the seconds since the last request of a kind; UINT32_MAX: none. */
uint32_t clientlog_ago_s(const struct clientlog_use *u, mono_ns now);

/* Tells whether the client made at least so many requests of a kind. */
bool clientlog_asked(const struct clientlog_client *c, uint32_t hits);

/* Returns the log2 of a mean interval in seconds, rounded, as chronyc's clients
 * shows it; CLIENTLOG_INTERVAL_UNKNOWN for 0. */
#define CLIENTLOG_INTERVAL_UNKNOWN 127
int8_t clientlog_interval(uint32_t mean);

#endif
