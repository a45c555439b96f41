#include "sources.h"

#include <string.h>

#include "core/bytes.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/ntp_client.h"
#include "log.h"
#include "port.h"
#include "sources_card.h"
#include "timekeeper.h"

#define KE_RETRY_FIRST_S  10     /* RFC 8915 section 4.2                     */
#define KE_RETRY_MAX_S    432000
#define KE_RETRY_STEPS    27     /* 10 * 1.5^27 > 5 days                     */
#define RESOLVE_RETRY_S   2
#define RESOLVE_RETRY_MAX 64
#define DEAD_POLLS        8      /* unanswered: ask the name service again   */
#define CARD_RETRY        (100 * MONO_MS)
#define CARD_PATIENCE     (5 * MONO_S)
#define SPARE             2      /* cookies to go on with, not on the card   */

static struct {
    const struct sources_ops *ops;
    mono_ns save_every;
    struct source s[LIMIT_SOURCES];
    unsigned count;
    bool set; /* the clock is, as of the last poll                           */
} all;

static void trouble(struct source *s, const char *what)
{
    if (strcmp(s->trouble, what) == 0)
        return;
    (void)fmt(s->trouble, sizeof s->trouble, "%s", what);
    if (s->trouble[0])
        log_line("%s: %s", s->conf->name, s->trouble);
}

static unsigned slot_of(const struct source *s)
{
    return (unsigned)(s - all.s);
}

/* ---- start -------------------------------------------------------------- */

static void add(const struct conf_source *c, mono_ns now)
{
    ASSERT(all.count < LIMIT_SOURCES);
    struct source *s = &all.s[all.count];
    *s = (struct source){.conf = c, .last_ke = -1};
    struct ntp_client_conf nc = source_client_conf(c);
    ntp_client_init(&s->ntp, &nc, port_tick_hz(), now);
    timekeeper_source(all.count, c);
    all.count++;
}

/* All at the same moments, which are keeper's too, so that one write of the
 * card takes them all. */
static mono_ns next_save(mono_ns now)
{
    return now - now % all.save_every + all.save_every;
}

void sources_init(const struct conf *conf, const struct sources_ops *ops)
{
    mono_ns now = timekeeper_mono();
    all.ops = ops;
    all.count = 0;
    all.save_every = conf->saveinterval_s * MONO_S;
    all.set = false;
    for (unsigned i = 0; i < conf->source_count; i++) {
        add(&conf->sources[i], now);
        if (conf->sources[i].pool)
            log_line("chrony.conf:%u: pool %s: one source, as the resolver "
                     "gives one address",
                     (unsigned)conf->sources[i].line, conf->sources[i].name);
    }
    if (ops->remembers())
        sources_card_restore(all.s, all.count, conf, ops->load,
                             next_save(now));
}

/* ---- names -------------------------------------------------------------- */

static void resolved(void *arg, const struct net_addr *addr, size_t count)
{
    struct source *s = arg;
    mono_ns now = timekeeper_mono();
    bool for_ntp = s->step == SOURCE_NTP_RESOLVING;
    if (count == 0) {
        trouble(s, "name does not resolve");
        int64_t wait = RESOLVE_RETRY_S << (s->resolve_failures & 15);
        if (s->resolve_failures < 5)
            s->resolve_failures++;
        if (wait > RESOLVE_RETRY_MAX)
            wait = RESOLVE_RETRY_MAX;
        s->retry = now + wait * MONO_S;
        s->step = for_ntp ? SOURCE_NTP_ADDRESS : SOURCE_ADDRESS;
        return;
    }
    s->resolve_failures = 0;
    if (!net_addr_equal(&s->addr, &addr[0])) {
        timekeeper_forget(slot_of(s));
        ntp_client_basic(&s->ntp);
    }
    s->addr = addr[0];
    if (!for_ntp)
        s->ke_addr = addr[0];
    bool keyed = s->ntp.nts.aead && s->ntp.nts.count > 0;
    if (s->conf->nts && !for_ntp && !keyed)
        s->step = SOURCE_KE;
    else if (s->ntp_name[0] && !for_ntp)
        s->step = SOURCE_NTP_ADDRESS; /* the keys are that server's */
    else
        s->step = SOURCE_RUN;
    s->retry = 0;
}

static mono_ns ask_name(struct source *s, const char *name, mono_ns now)
{
    enum source_step back = s->step;
    s->step = back == SOURCE_NTP_ADDRESS ? SOURCE_NTP_RESOLVING
                                         : SOURCE_RESOLVING;
    if (all.ops->resolve(name, resolved, s) == RC_OK)
        return now;
    s->step = back; /* too many questions at once */
    s->retry = now + 100 * MONO_MS;
    return s->retry;
}

/* ---- key exchange -------------------------------------------------------- */

/* t = min(10 * 1.5^(n-1), 432000) seconds, RFC 8915 section 4.2. */
static mono_ns ke_wait(unsigned failures)
{
    int64_t ms = KE_RETRY_FIRST_S * 1000;
    for (unsigned i = 1; i < failures && i < KE_RETRY_STEPS; i++)
        ms = ms * 3 / 2;
    if (ms > KE_RETRY_MAX_S * INT64_C(1000))
        ms = KE_RETRY_MAX_S * INT64_C(1000);
    return ms * MONO_MS;
}

static int take_keys(struct source *s, const struct ke_outcome *o)
{
    struct nts_assoc *a = &s->ntp.nts;
    int rc = nts_assoc_keys(a, o->result->aead, o->c2s, o->s2c);
    for (unsigned i = 0; rc == RC_OK && i < o->result->count; i++)
        rc = nts_assoc_put(a, o->result->cookie[i].b, o->result->cookie[i].len);
    if (rc == RC_OK && o->other)
        nts_assoc_other(a, o->other_c2s, o->other_s2c);
    a->cert_lo = o->cert_lo;
    a->cert_hi = o->cert_hi;
    return rc;
}

static void exchanged(void *arg, const struct ke_outcome *o)
{
    struct source *s = arg;
    mono_ns now = timekeeper_mono();
    s->next_ke = now + ke_wait(s->ke_failures); /* till a reply proves them */
    s->retry = s->next_ke;
    s->step = SOURCE_ADDRESS;
    if (!o->ok || take_keys(s, o) != RC_OK) {
        trouble(s, o->ok ? "unusable keys or cookies" : o->reason);
        return;
    }
    if (!timekeeper_keeps(o->cert_lo, o->cert_hi)) { /* set meanwhile */
        nts_assoc_wipe(&s->ntp.nts);
        trouble(s, "certificate not valid at the time found");
        return;
    }
    trouble(s, "");
    s->last_ke = now;
    s->retry = 0;
    s->addr = s->ke_addr;
    s->port = o->result->port ? o->result->port : s->conf->port;
    (void)fmt(s->ntp_name, sizeof s->ntp_name, "%s", o->result->server);
    s->step = s->ntp_name[0] ? SOURCE_NTP_ADDRESS : SOURCE_RUN;
    log_line("%s: key exchange done, %u cookies", s->conf->name,
             (unsigned)s->ntp.nts.count);
    ntp_client_rekeyed(&s->ntp, now);
    s->save_due = now;
}

static mono_ns start_exchange(struct source *s, mono_ns now)
{
    if (now < s->next_ke)
        return s->retry = s->next_ke;
    int rc = all.ops->exchange(s->conf->name, &s->ke_addr, s->conf->ntsport,
                               s->conf->certset, exchanged, s);
    if (rc != RC_OK)
        return s->retry = now + 100 * MONO_MS;
    s->step = SOURCE_EXCHANGING;
    s->ke_attempts++;
    s->ke_failures++; /* until a valid reply proves the keys */
    return MONO_NEVER;
}

/* ---- the card ------------------------------------------------------------ */

/* Write keys and cookies, leaving `spare` of the oldest out; from now on the
 * others are not sent until a record without them is durable. */
static void save(struct source *s, size_t spare, mono_ns now)
{
    uint8_t buf[SOURCE_CARD_MAX];
    s->save_due = next_save(now);
    if (s->forgetful || !all.ops->remembers())
        return; /* what is written counts as offered by the card */
    int len = source_card_write(s, spare, buf, sizeof buf);
    if (len < 0)
        return;
    int ticket = all.ops->save(s->record, buf, (size_t)len);
    if (ticket <= 0) {
        log_limited(&all, "%s: cookies not saved: no room", s->conf->name);
        return;
    }
    s->card_low = s->ntp.nts.count < spare + LIMIT_COOKIES - SPARE;
    s->ticket = ticket;
    s->ticket_since = now;
}

static void look_at_ticket(struct source *s)
{
    if (s->ticket > 0 && all.ops->durable(s->ticket)) {
        nts_assoc_saved(&s->ntp.nts);
        s->ticket = 0;
    }
}

/* Only cookies that the card still offers are left (nts_assoc.h). */
static mono_ns free_a_cookie(struct source *s, mono_ns now)
{
    if (s->ticket == 0)
        save(s, 1, now);
    if (s->ticket == 0)
        nts_assoc_unsaved(&s->ntp.nts); /* no card offers them */
    else if (now - s->ticket_since > CARD_PATIENCE) {
        /* The card takes nothing any more; it must not offer these cookies
         * twice, so they are given up for a new key exchange. */
        trouble(s, "card does not take the cookies back");
        nts_assoc_wipe(&s->ntp.nts);
        s->forgetful = true;
        s->ticket = 0;
        s->step = SOURCE_ADDRESS;
        return now;
    }
    return now + MONO_MS;
}

/* Now and then; and as soon as replies have made up for cookies that had to
 * be taken off the card, or power cuts in a row would use it up. */
static bool save_is_due(const struct source *s, mono_ns now)
{
    return s->ticket == 0 && s->ntp.nts.count > SPARE &&
           (now >= s->save_due ||
            (s->card_low && s->ntp.nts.count == LIMIT_COOKIES));
}

void sources_save(void)
{
    for (unsigned i = 0; i < all.count; i++)
        if (all.s[i].ntp.nts.count > 1)
            save(&all.s[i], 1, timekeeper_mono());
}

/* ---- once the clock is set --------------------------------------------- */

/* Keys of a certificate that the time found does not bear out; they go from
 * the card, too. */
static void drop(struct source *s, const char *why)
{
    trouble(s, why);
    nts_assoc_wipe(&s->ntp.nts);
    if (all.ops->remembers() &&
        all.ops->save(s->record, (const uint8_t *)"", 0) <= 0)
        log_limited(&all, "%s: keys stay on the card", s->conf->name);
    s->ticket = 0;
    timekeeper_forget(slot_of(s));
    if (s->step == SOURCE_RUN || s->step == SOURCE_NTP_ADDRESS)
        s->step = SOURCE_ADDRESS;
    if (s->step == SOURCE_ADDRESS)
        s->retry = 0;
}

/* bootstrap.h, step 5. */
static void recheck(void)
{
    bool set = timekeeper_synchronised(), now_set = set && !all.set;
    all.set = set;
    for (unsigned i = 0; now_set && i < all.count; i++) {
        struct source *s = &all.s[i];
        const struct nts_assoc *a = &s->ntp.nts;
        if (a->aead && !timekeeper_keeps(a->cert_lo, a->cert_hi))
            drop(s, "certificate not valid at the time found: keys dropped");
    }
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
        trouble(s, "no route to the server");
    else if (rc != RC_OK)
        log_limited(s, "%s: request not sent (%d)", s->conf->name, rc);
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
            trouble(s, "no answer");
        }
    } else if (rc == RC_SPACE) {
        return free_a_cookie(s, now);
    } else if (rc == RC_STATE) {
        if (s->ntp.stopped)
            return MONO_NEVER;
        s->step = SOURCE_ADDRESS;
        nts_assoc_wipe(&s->ntp.nts);
        return now;
    } else if (rc != RC_AGAIN) {
        trouble(s, "no entropy for a request");
        return now + MONO_S;
    }
    return ntp_client_due(&s->ntp);
}

void sources_sent(unsigned slot, uint64_t stamp)
{
    if (slot < all.count)
        ntp_client_sent(&all.s[slot].ntp, stamp);
}

/* A window from the card that does not hold what the server says has passed
 * while the power was off: new keys come with a new one. A fresh one that
 * does not is the server's fault, and asking again would not mend it. */
static void look_at_doubt(struct source *s)
{
    bool window;
    const char *doubt = timekeeper_doubt(slot_of(s), &window);
    if (doubt[0] && window && s->last_ke < 0 && s->ntp.nts.aead)
        drop(s, "saved keys are from another time");
    else if (doubt[0])
        (void)fmt(s->trouble, sizeof s->trouble, "%s", doubt);
    else
        trouble(s, "");
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
        s->ke_failures = 0;
        s->next_ke = 0;
        s->silent = 0;
        s->resolve_failures = 0;
        if (!timekeeper_sample(slot, &sample, s->ntp.nts.cert_lo,
                               s->ntp.nts.cert_hi))
            ntp_client_again(&s->ntp, timekeeper_mono());
        look_at_doubt(s);
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
        return ask_name(s, s->conf->name, now);
    case SOURCE_NTP_ADDRESS:
        return ask_name(s, s->ntp_name, now);
    case SOURCE_KE:
        return start_exchange(s, now);
    case SOURCE_RUN:
        return ask_time(s, now);
    case SOURCE_RESOLVING:
    case SOURCE_NTP_RESOLVING:
    case SOURCE_EXCHANGING:
        break;
    }
    return MONO_NEVER;
}

mono_ns sources_poll(mono_ns now)
{
    mono_ns next = MONO_NEVER;
    bool up = all.ops->net_up();
    recheck();
    for (unsigned i = 0; i < all.count; i++) {
        struct source *s = &all.s[i];
        look_at_ticket(s);
        if (s->ticket > 0)
            next = mono_min(next, now + CARD_RETRY);
        if (up)
            next = mono_min(next, step(s, now));
        if (save_is_due(s, now))
            save(s, SPARE, now);
    }
    return next;
}

void sources_net_changed(mono_ns now)
{
    for (unsigned i = 0; i < all.count; i++) {
        struct source *s = &all.s[i];
        s->silent = 0;
        ntp_client_basic(&s->ntp);
        if (s->step != SOURCE_EXCHANGING)
            s->retry = s->step == SOURCE_RUN ? 0 : now;
    }
}

void sources_retry(void)
{
    for (unsigned i = 0; i < all.count; i++) {
        struct source *s = &all.s[i];
        s->next_ke = 0;
        if (s->step == SOURCE_ADDRESS || s->step == SOURCE_KE)
            s->retry = 0;
    }
}

void sources_status(struct status *out, mono_ns now)
{
    out->source_count = (uint8_t)all.count;
    for (unsigned i = 0; i < all.count; i++)
        source_status(&all.s[i], &out->source[i], now);
}
