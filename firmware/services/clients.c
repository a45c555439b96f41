#include "clients.h"

#include "core/crypto.h"
#include "port.h"

static struct {
    const struct conf *conf; /* NULL: not started                           */
    struct clientlog log;
    uint64_t hits[CLIENTLOG_KINDS], drops[CLIENTLOG_KINDS][STATUS_DROPS];
    uint32_t chance;  /* random, for the limits                             */
    unsigned chances; /* of it, since it was drawn                          */
} clients;

bool clients_start(const struct conf *conf)
{
    uint64_t key[5];
    if (clients.conf)
        return true;
    if (crypto_random((uint8_t *)key, sizeof key) != RC_OK)
        return false;
    clientlog_init(&clients.log, key);
    clients.conf = conf;
    return true;
}

void clients_heard(enum clientlog_kind kind)
{
    clients.hits[kind]++;
}

void clients_dropped(enum clientlog_kind kind, enum status_drop why)
{
    clients.drops[kind][why]++;
}

/* Good enough to say whom a limit lets through; drawn anew now and then. */
static uint32_t next_chance(void)
{
    if (clients.chances++ % 64 == 0 &&
        crypto_random((uint8_t *)&clients.chance, sizeof clients.chance) !=
            RC_OK)
        clients.chance ^= (uint32_t)port_ticks();
    clients.chance = clients.chance * 1664525u + 1013904223u;
    return clients.chance >> 8;
}

static const struct clientlog_limit *limit_of(enum clientlog_kind kind)
{
    const struct conf *c = clients.conf;
    return kind == CLIENTLOG_NTP  ? &c->ratelimit
           : kind == CLIENTLOG_KE ? &c->ntsratelimit
                                  : &c->cmdratelimit;
}

enum clientlog_verdict
clients_admit(enum clientlog_kind kind, const struct addr *who,
              bool (*vouched)(const void *arg, mono_ns now), const void *arg)
{
    const struct clientlog_limit *limit = limit_of(kind);
    if (clients.conf->noclientlog && !limit->on)
        return CLIENTLOG_ANSWER;
    mono_ns now = port_mono();
    struct clientlog_client *c = clientlog_of(&clients.log, kind, who, now);
    if (clientlog_within(c, kind, limit, now) || (vouched && vouched(arg, now)))
        return CLIENTLOG_ANSWER;
    enum clientlog_verdict v =
        clientlog_beyond(c, kind, limit, now, next_chance());
    if (v == CLIENTLOG_DROP)
        clients_dropped(kind, STATUS_DROP_LIMIT);
    return v;
}

const struct clientlog *clients_log(void)
{
    return clients.conf && !clients.conf->noclientlog ? &clients.log : NULL;
}

static uint64_t total(enum clientlog_kind kind)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < STATUS_DROPS; i++)
        n += clients.drops[kind][i];
    return n;
}

void clients_status(struct status_server *out)
{
    out->ntp_hits = clients.hits[CLIENTLOG_NTP];
    out->cmd_hits = clients.hits[CLIENTLOG_CMD];
    out->ntp_drops = total(CLIENTLOG_NTP);
    out->cmd_drops = total(CLIENTLOG_CMD);
    for (unsigned i = 0; i < STATUS_DROPS; i++) {
        out->ntp_dropped[i] = clients.drops[CLIENTLOG_NTP][i];
        out->cmd_dropped[i] = clients.drops[CLIENTLOG_CMD][i];
    }
    out->log_drops = clients.log.replaced;
}
