#include "sources_ke.h"

#include <string.h>

#include "adapters/net.h"
#include "core/bytes.h"
#include "core/crypto.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "ke_client.h"
#include "log.h"
#include "port.h"
#include "sources_names.h"
#include "store.h"
#include "timekeeper.h"

#define RECORD_VERSION 2
#define RECORD_HEAD    7 /* version, digest, minutes since boot           */
#define RECORD_MAX     (RECORD_HEAD + LIMIT_SOURCES * (4 + KE_RETRY_BYTES))
#define LONG_RUN_MIN   30
#define SETTLED        (60 * MONO_S) /* a start's own changes of network    */
#define CONNECT_RETRY  (10 * MONO_S) /* RFC 8915 section 4.2, the least     */
#define MARK_PATIENCE  MONO_S
#define BUSY_RETRY     (100 * MONO_MS)

static struct {
    struct source *s;
    unsigned count;
    const struct conf *conf;
} ke;

/* ---- the record ---------------------------------------------------------- */

/* FNV-1a of name and port: a line that moves in chrony.conf keeps its wait.
 * Two servers with one number share the longer wait, no more. */
static uint32_t id_of(const struct conf_source *c)
{
    const uint8_t port[] = {(uint8_t)(c->ntsport >> 8), (uint8_t)c->ntsport};
    uint32_t h = bytes_fnv(BYTES_FNV, c->name, strlen(c->name));
    return bytes_fnv(h, port, sizeof port);
}

/* Version, what the card's text was, how long we have run; then for each
 * server with failures its number and what core/ke_retry keeps. Returns the
 * ticket; <= 0: there is no card. */
static int write_record(mono_ns now)
{
    uint8_t buf[RECORD_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    mono_ns minutes = now / (60 * MONO_S);
    writer_u8(&w, RECORD_VERSION);
    writer_u32(&w, ke.conf->digest);
    writer_u16(&w, (uint16_t)(minutes < UINT16_MAX ? minutes : UINT16_MAX));
    for (unsigned i = 0; i < ke.count; i++) {
        struct source_ke *k = &ke.s[i].ke;
        if (k->retry.failures == 0)
            continue;
        writer_u32(&w, k->id);
        ke_retry_write(&k->retry, now, &w);
        ke_retry_noted(&k->retry, now);
    }
    ASSERT(!w.full);
    if (!store_state_partition())
        return RC_STATE;
    return store_put(STORE_RETRY, 0, buf, w.len > RECORD_HEAD ? w.len : 0);
}

static void read_one(struct source *s, struct reader r, mono_ns now)
{
    while (r.left > 0 && !r.bad) {
        struct ke_retry found = {0};
        uint32_t id = reader_u32(&r);
        ke_retry_read(&found, now, &r);
        if (!r.bad && id == s->ke.id && found.next >= s->ke.retry.next)
            s->ke.retry = found;
    }
}

/* TLS may begin once the card knows of it: what crashes in it counts. */
static bool may_begin(void *arg);

static void say_wait(const struct source *s, mono_ns now)
{
    const struct ke_retry *r = &s->ke.retry;
    if (r->next > now)
        log_at(LOG_WARNING, NULL,
               "%s: %u key exchanges had failed before the restart, "
               "none in the next %u s",
               s->conf->label, (unsigned)r->failures,
               (unsigned)((r->next - now) / MONO_S));
    else
        log_at(LOG_WARNING, NULL,
               "%s: %u key exchanges had failed before the restart, after "
               "a long run: tried at once",
               s->conf->label, (unsigned)r->failures);
}

void sources_ke_init(struct source *s, unsigned count, const struct conf *conf,
                     mono_ns now)
{
    uint8_t buf[RECORD_MAX];
    ke.s = s;
    ke.count = count;
    ke.conf = conf;
    ke_client_before_tls(may_begin);
    int len = store_get(STORE_RETRY, 0, buf, sizeof buf);
    struct reader r = reader_of(buf, len > 0 ? (size_t)len : 0);
    bool good = reader_u8(&r) == RECORD_VERSION;
    good = reader_u32(&r) == conf->digest && good;
    bool long_run = reader_u16(&r) >= LONG_RUN_MIN;
    for (unsigned i = 0; i < count; i++) {
        struct source_ke *k = &s[i].ke;
        k->id = id_of(s[i].conf);
        if (!s[i].conf->nts || r.bad || !good)
            continue;
        read_one(&s[i], r, now);
        if (long_run && k->retry.failures > 0)
            ke_retry_now(&k->retry, now);
        if (k->retry.failures > 0)
            say_wait(&s[i], now);
    }
}

void sources_ke_joined(struct source *s)
{
    ke.count = (unsigned)(s - ke.s) + 1;
    s->ke.id = id_of(s->conf);
}

mono_ns sources_ke_poll(mono_ns now)
{
    mono_ns next = MONO_NEVER;
    for (unsigned i = 0; i < ke.count; i++)
        next = mono_min(next, ke_retry_note(&ke.s[i].ke.retry));
    if (now < next)
        return next;
    (void)write_record(now); /* without a card there is nothing to note */
    return now;
}

void sources_ke_valid(struct source *s, mono_ns now)
{
    /* Older keys say nothing of the KE server; but once its wait is over,
     * there is nothing left to keep in mind. */
    bool told = s->ke.unproved || ke_retry_may(&s->ke.retry, now);
    if (s->ke.retry.failures == 0 || s->ke.step != SOURCE_KE_IDLE || !told)
        return;
    s->ke.unproved = false;
    ke_retry_proved(&s->ke.retry);
    (void)write_record(now);
}

void sources_ke_now(struct source *s)
{
    ke_retry_now(&s->ke.retry, 0);
    s->ke.again = 0;
}

void sources_ke_net_changed(struct source *s, mono_ns now)
{
    s->ke.pick = (struct addr_pick){0};
    s->ke.unresolved = s->ke.unreached = 0;
    s->ke.again = now > s->ke.next_connect ? now : s->ke.next_connect;
    if (now >= SETTLED)
        ke_retry_hurry(&s->ke.retry, now);
}

void sources_ke_refused(struct source *s, mono_ns now)
{
    if (s->ntp.unanswered > s->ntp.nak_run)
        ke_retry_hurry(&s->ke.retry, now);
}

/* ---- one exchange -------------------------------------------------------- */

/* Keys of before the start count from it. */
static bool too_old(const struct source *s, mono_ns now)
{
    return now - s->ke.since > ke.conf->ntsrefresh_s * MONO_S;
}

static bool wanted(const struct source *s, mono_ns now)
{
    return s->conf->nts && !s->ntp.refused &&
           (s->step == SOURCE_KEYS || ntp_client_refused(&s->ntp) ||
            too_old(s, now));
}

/* Keys and cookies of a success; the old ones are gone then. */
static int take_keys(struct source *s, const struct ke_outcome *o)
{
    struct nts_assoc *a = &s->ntp.nts;
    int rc = nts_assoc_keys(a, o->result->aead, o->c2s, o->s2c);
    for (unsigned i = 0; rc == RC_OK && i < o->result->count; i++)
        rc = nts_assoc_put(a, o->result->cookie[i].b, o->result->cookie[i].len);
    if (rc != RC_OK)
        return rc;
    if (o->alt)
        nts_assoc_set_alt(a, o->alt_c2s, o->alt_s2c);
    a->cert_lo = o->cert_lo;
    a->cert_hi = o->cert_hi;
    s->cert_end = o->cert_hi;
    return RC_OK;
}

static void run_on(struct source *s, const struct ke_outcome *o, mono_ns now)
{
    if (!addr_equal(&s->addr, &s->ke.addr)) {
        timekeeper_forget((unsigned)(s - ke.s));
        ntp_client_elsewhere(&s->ntp, now);
        s->heard = false;
    }
    addr_pick_good(&s->ke.pick, &s->ke.addr);
    s->addr = s->ke.addr;
    s->port = o->result->port ? o->result->port : s->conf->port;
    (void)fmt(s->ntp_name, sizeof s->ntp_name, "%s", o->result->server);
    s->stale = s->step == SOURCE_RESOLVING;
    if (!s->stale)
        s->step = s->ntp_name[0] ? SOURCE_ADDRESS : SOURCE_RUN;
    s->retry = 0;
    s->silent = s->lies = 0;
    s->save_due = s->last_ke = s->ke.since = now;
    s->ke_attempts = 0;
    ntp_client_rekeyed(&s->ntp, now);
}

/* No failure of the server: the name's next address is tried soon, another
 * network's at once, but none within ten seconds of a connection that
 * failed. */
static void unreached(struct source *s, const struct ke_outcome *o, mono_ns now)
{
    char why[sizeof s->trouble];
    mono_ns wait = source_resolve_wait(&s->ke.unreached);
    (void)fmt(why, sizeof why, "%s", o->reason);
    if (o->reached == KE_NO_CONNECTION) {
        (void)fmt(why, sizeof why, "%s (TCP port %u)", o->reason,
                  (unsigned)s->conf->ntsport);
        s->ke.next_connect = now + CONNECT_RETRY;
        wait = wait < CONNECT_RETRY ? CONNECT_RETRY : wait;
    }
    addr_pick_bad(&s->ke.pick, &s->ke.addr);
    s->ke.again = now + wait;
    source_no_way(s, &s->ke.addr, why);
}

static void exchanged(void *arg, const struct ke_outcome *o)
{
    struct source *s = arg;
    mono_ns now = port_mono();
    s->ke.step = SOURCE_KE_IDLE;
    if (o->reached == KE_NOT_BEGUN || o->reached == KE_NO_CONNECTION) {
        unreached(s, o, now);
        return;
    }
    ke_retry_ended(&s->ke.retry, now);
    s->ke.unreached = 0;
    if (o->reached == KE_NO_MEMORY) { /* soon again, and at this address */
        ke_retry_hurry(&s->ke.retry, now);
        source_trouble(s, o->reason);
        return;
    }
    if (!o->ok) { /* the name's next address has its turn next time */
        addr_pick_bad(&s->ke.pick, &s->ke.addr);
        source_trouble(s, o->reason);
        return;
    }
    if (!timekeeper_window_ok(o->cert_lo, o->cert_hi)) { /* set meanwhile */
        source_trouble(s, "certificate not valid at the time found");
        return;
    }
    if (take_keys(s, o) != RC_OK) {
        source_trouble(s, "unusable keys or cookies");
        return;
    }
    if (timekeeper_synchronised())
        source_proved(s, timekeeper_unix());
    source_trouble(s, "");
    s->ke.unproved = true;
    log_line("%s: key exchange done, %u cookies", s->conf->label,
             (unsigned)s->ntp.nts.count);
    run_on(s, o, now);
}

static void exchange(struct source *s, mono_ns now)
{
    s->ke.begun = false;
    if (ke_client_start(s->conf->name, &s->ke.addr, s->conf->ntsport,
                        s->conf->certset, exchanged, s) != RC_OK) {
        s->ke.again = now + BUSY_RETRY;
        return;
    }
    s->ke.step = SOURCE_KE_EXCHANGING;
    s->ke_attempts++;
}

static void mark(struct source *s, mono_ns now)
{
    uint8_t jitter[2] = {0};
    if (crypto_random(jitter, sizeof jitter) != RC_OK)
        jitter[0] = 0; /* no jitter, then; the exchange will say it */
    ke_retry_begin(&s->ke.retry, now, bytes_get16(jitter),
                   s->conf->maxntsretry ? UINT32_C(1) << s->conf->maxntsretry
                                        : 0);
    s->ke.unproved = false;
    s->ke.begun = true;
    s->ke.marked = now;
    s->ke.ticket = write_record(now);
}

static bool may_begin(void *arg)
{
    struct source *s = arg;
    mono_ns now = port_mono();
    if (!s->ke.begun)
        mark(s, now);
    return s->forgetful || s->ke.ticket <= 0 || store_durable(s->ke.ticket) ||
           now - s->ke.marked >= MARK_PATIENCE;
}

static void resolved(void *arg, const struct resolver_answer *all)
{
    struct source *s = arg;
    struct resolver_answer own = *all, *a = &own;
    resolver_keep_family(a, s->conf->family);
    mono_ns now = port_mono();
    if (a->count == 0) {
        source_unresolved(s, a);
        s->ke.again = now + source_resolve_wait(&s->ke.unresolved);
        s->ke.step = SOURCE_KE_IDLE;
        return;
    }
    s->ke.unresolved = 0;
    sources_choose(s, &s->ke.pick, a, &s->ke.addr);
    s->ke.step = SOURCE_KE_IDLE;
    if (wanted(s, now))
        exchange(s, now);
}

static mono_ns resolve(struct source *s, mono_ns now)
{
    s->ke.step = SOURCE_KE_RESOLVING;
    if (net_resolve(s->conf->name, resolved, s) == RC_OK)
        return now;
    s->ke.step = SOURCE_KE_IDLE; /* too many questions at once */
    return s->ke.again = now + BUSY_RETRY;
}

mono_ns sources_ke_step(struct source *s, mono_ns now)
{
    switch (s->ke.step) {
    case SOURCE_KE_IDLE:
        if (!wanted(s, now))
            break;
        if (!ke_retry_may(&s->ke.retry, now))
            return s->ke.retry.next;
        return now < s->ke.again ? s->ke.again : resolve(s, now);
    case SOURCE_KE_RESOLVING:
    case SOURCE_KE_EXCHANGING:
        break;
    }
    return MONO_NEVER;
}
