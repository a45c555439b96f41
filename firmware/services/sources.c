#include "sources.h"

#include <string.h>

#include "core/bytes.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/ntp_client.h"
#include "log.h"
#include "port.h"
#include "sources_card.h"
#include "sources_dhcp.h"
#include "sources_ke.h"
#include "timekeeper.h"

#define DEAD_POLLS 8 /* unanswered: ask the name service again */
#define BUSY_RETRY (100 * MONO_MS)

static struct {
    const struct sources_ops *ops;
    struct source s[LIMIT_SOURCES];
    unsigned count;
} all;

static unsigned slot_of(const struct source *s)
{
    return (unsigned)(s - all.s);
}

/* ---- start -------------------------------------------------------------- */

static void add(const struct conf_source *c, mono_ns now)
{
    ASSERT(all.count < LIMIT_SOURCES);
    struct source *s = &all.s[all.count];
    *s = (struct source){.conf = c,
                         .step = c->nts ? SOURCE_KEYS : SOURCE_ADDRESS,
                         .last_ke = -1};
    struct ntp_client_conf nc = {.minpoll = c->minpoll,
                                 .maxpoll = c->maxpoll,
                                 .iburst = c->iburst,
                                 .nts = c->nts};
    ntp_client_init(&s->ntp, &nc, port_tick_hz(), now);
    timekeeper_source(all.count, c);
    all.count++;
}

/* Saved keys of an AEAD that ntsaeads no longer has are not used. */
static bool enabled(const struct conf *conf, const struct aead *aead)
{
    for (unsigned i = 0; i < conf->aead_count; i++)
        if (conf->aeads[i] == aead->id)
            return true;
    return false;
}

static void remembered(const struct conf *conf, struct source *s)
{
    if (enabled(conf, s->ntp.nts.aead)) {
        log_line("%s: %u saved cookies", s->conf->name,
                 (unsigned)s->ntp.nts.count);
        return;
    }
    log_line("%s: saved cookies are not of ntsaeads", s->conf->name);
    nts_assoc_wipe(&s->ntp.nts);
    s->step = SOURCE_KEYS;
}

void sources_init(const struct conf *conf, const struct sources_ops *ops)
{
    mono_ns now = timekeeper_mono();
    all.ops = ops;
    all.count = 0;
    for (unsigned i = 0; i < conf->source_count; i++) {
        add(&conf->sources[i], now);
        if (conf->sources[i].pool)
            log_line("chrony.conf:%u: pool %s: one source, as the resolver "
                     "gives one address",
                     (unsigned)conf->sources[i].line, conf->sources[i].name);
    }
    for (unsigned id = 0; ops->remembers() && id < LIMIT_SOURCES; id++) {
        uint8_t buf[SOURCE_CARD_MAX];
        int len = ops->load((uint8_t)id, buf, sizeof buf);
        for (unsigned i = 0; len > 0 && i < all.count; i++) {
            if (source_card_read(&all.s[i], buf, (size_t)len) != RC_OK)
                continue;
            remembered(conf, &all.s[i]);
            break;
        }
    }
}

/* ---- names -------------------------------------------------------------- */

static void resolved(void *arg, const struct net_addr *addr, size_t count)
{
    struct source *s = arg;
    mono_ns now = timekeeper_mono();
    if (s->step != SOURCE_RESOLVING)
        return; /* new keys have come with an address meanwhile */
    if (count == 0) {
        source_source_trouble(s, "name does not resolve");
        s->retry = now + source_resolve_wait(&s->unresolved);
        s->step = SOURCE_ADDRESS;
        return;
    }
    s->unresolved = 0;
    if (!net_addr_equal(&s->addr, &addr[0]))
        timekeeper_forget(slot_of(s));
    s->addr = addr[0];
    s->step = SOURCE_RUN;
    s->retry = 0;
}

static mono_ns ask_name(struct source *s, mono_ns now)
{
    const char *name = s->ntp_name[0] ? s->ntp_name : s->conf->name;
    s->step = SOURCE_RESOLVING;
    if (all.ops->resolve(name, resolved, s) == RC_OK)
        return now;
    s->step = SOURCE_ADDRESS; /* too many questions at once */
    return s->retry = now + BUSY_RETRY;
}

/* ---- requests and replies ------------------------------------------------ */

/* An IPv4 address is its own reference identifier. An IPv6 address should be
 * hashed with MD5; that matters to clients of ours, which there are none of
 * yet, so it is only folded. */
static uint32_t refid_of(const struct net_addr *a)
{
    uint32_t id = bytes_get32(a->b);
    for (size_t i = 4; a->family == 6 && i < 16; i += 4)
        id ^= bytes_get32(a->b + i);
    return id;
}

static void send(struct source *s, const uint8_t *msg, size_t len)
{
    uint16_t port = s->port ? s->port : s->conf->port;
    int rc = all.ops->send(slot_of(s), &s->addr, port, msg, len);
    if (rc == RC_IO)
        source_trouble(s, "no route to the server");
    else if (rc != RC_OK)
        log_limited(s, "%s: request not sent (%d)", s->conf->name, rc);
    s->place = all.ops->place(s->addr.family);
    timekeeper_reach(slot_of(s), s->ntp.reach);
    timekeeper_refid(slot_of(s), refid_of(&s->addr));
}

static mono_ns ask_time(struct source *s, mono_ns now)
{
    uint8_t msg[LIMIT_NTP_PACKET];
    int rc = ntp_client_poll(&s->ntp, now, msg, sizeof msg);
    if (rc > 0) {
        send(s, msg, (size_t)rc);
        if (s->ntp.reach == 0 && ++s->silent >= DEAD_POLLS) {
            s->silent = 0;
            s->step = SOURCE_ADDRESS;
            s->retry = ntp_client_due(&s->ntp);
            source_trouble(s, "no answer");
        }
    } else if (rc == RC_SPACE) {
        return source_card_free_one(s, slot_of(s), now);
    } else if (rc == RC_STATE) {
        if (s->ntp.stopped)
            return MONO_NEVER;
        s->dry = true; /* a key exchange is wanted */
        if (!s->ntp.nts.aead)
            s->step = SOURCE_KEYS;
    } else if (rc != RC_AGAIN) {
        source_trouble(s, "no entropy for a request");
        return now + MONO_S;
    }
    return ntp_client_due(&s->ntp);
}

void sources_sent(unsigned slot, uint64_t stamp)
{
    if (slot < all.count)
        ntp_client_sent(&all.s[slot].ntp, stamp);
}

void sources_received(unsigned slot, uint64_t stamp, const uint8_t *msg,
                      size_t len)
{
    if (slot >= all.count)
        return;
    struct source *s = &all.s[slot];
    struct ntp_sample sample;
    enum ntp_drop why = NTP_DROP_SHORT;
    int rc = ntp_client_recv(&s->ntp, timekeeper_mono(), stamp, msg, len,
                             &sample, &why);
    timekeeper_reach(slot, s->ntp.reach);
    if (rc == RC_OK) {
        s->silent = 0;
        sources_ke_valid(s, timekeeper_mono());
        source_trouble(s, "");
        if (!timekeeper_sample(slot, &sample, s->ntp.nts.cert_lo,
                               s->ntp.nts.cert_hi))
            ntp_client_again(&s->ntp, timekeeper_mono());
        return;
    }
    log_limited(&s->trouble, "%s: reply refused: %s", s->conf->name,
                ntp_drop_text(why));
    (void)fmt(s->trouble, sizeof s->trouble, "reply refused: %s",
             ntp_drop_text(why));
}

/* ---- the loop ------------------------------------------------------------ */

static mono_ns step(struct source *s, mono_ns now)
{
    if (now < s->retry)
        return s->retry;
    switch (s->step) {
    case SOURCE_ADDRESS:
        return ask_name(s, now);
    case SOURCE_RUN:
        return ask_time(s, now);
    case SOURCE_KEYS:
    case SOURCE_RESOLVING:
        break;
    }
    return MONO_NEVER;
}

mono_ns sources_poll(mono_ns now)
{
    mono_ns next = sources_ke_poll(now);
    bool up = all.ops->net_up();
    for (unsigned i = 0; i < all.count; i++) {
        struct source *s = &all.s[i];
        if (up) {
            next = mono_min(next, step(s, now));
            next = mono_min(next, sources_ke_step(s, now));
        }
        next = mono_min(next, source_card_poll(s, i, now));
    }
    return next;
}

void sources_net_changed(mono_ns now)
{
    bool up = all.ops->net_up();
    for (unsigned i = 0; i < all.count; i++) {
        struct source *s = &all.s[i];
        s->silent = 0;
        s->retry = s->step == SOURCE_RUN ? 0 : now;
        s->ke.again = now;
        if (!up)
            nts_assoc_moved(&s->ntp.nts);
    }
    if (all.conf->dhcp_servers)
        sources_dhcp_update(all.conf, all.s, &all.count, all.ops, now);
}

void sources_status(struct status *out, mono_ns now)
{
    out->source_count = (uint8_t)all.count;
    for (unsigned i = 0; i < all.count; i++)
        source_status(&all.s[i], &out->source[i], now);
}
