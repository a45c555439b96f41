/* clientlog.h -- what is remembered of each client: how often it asked, and
 * how often it may (chrony's ratelimit and clients).
 *
 *     clientlog_init(&log, key);
 *     for each request:  c = clientlog_of(&log, &addr, now);
 *                        clientlog_admit(c, &limit, now, chance)
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

struct clientlog_limit { /* chrony's ratelimit line                          */
    bool on;
    int8_t interval; /* log2 s between requests that are all answered        */
    uint8_t burst;   /* so many at once                                     */
    uint8_t leak;    /* one in 2^leak is answered beyond the limit           */
    uint8_t kod;     /* one in 2^kod of the others gets a kiss; 0: none      */
};

struct clientlog_client {
    struct addr addr; /* family 0: unused; IPv6 without its last 64 bits     */
    mono_ns first, last;  /* requests                                       */
    uint32_t hits, drops; /* those of the limit; hits include them           */
    struct bucket bucket;
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
 * recently heard of its bucket makes room for a new one. */
struct clientlog_client *clientlog_of(struct clientlog *l,
                                      const struct addr *who, mono_ns now);

enum clientlog_verdict { CLIENTLOG_ANSWER, CLIENTLOG_DROP, CLIENTLOG_KISS };

/* Decides what the client's request gets. `chance` is random. Time must not go
 * back. */
enum clientlog_verdict clientlog_admit(struct clientlog_client *c,
                                       const struct clientlog_limit *limit,
                                       mono_ns now, uint32_t chance);

#endif
