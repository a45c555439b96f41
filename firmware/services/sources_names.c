#include "sources_names.h"

#include "adapters/net.h"
#include "core/fmt.h"
#include "log.h"
#include "port.h"
#include "timekeeper.h"

#define POOL_RETRY    (64 * MONO_S)
#define REFUSED_RETRY (2 * MONO_S)
#define BUSY_RETRY    (100 * MONO_MS)

static struct {
    struct source *s;
    unsigned *count;
} names;

void sources_names_init(struct source *s, unsigned *count)
{
    names.s = s;
    names.count = count;
}

/* The addresses of all sources but s, of requests and of key exchanges. */
static size_t used_by_others(const struct source *s,
                             struct addr used[2 * LIMIT_SOURCES])
{
    size_t n = 0;
    for (unsigned i = 0; i < *names.count; i++) {
        if (&names.s[i] == s)
            continue;
        used[n++] = names.s[i].addr;
        used[n++] = names.s[i].ke.addr;
    }
    return n;
}

/* A pool's sources join as its addresses become known: one for each that no
 * source has, maxsources in all. Each then asks for itself, and takes one. */
static void grow_pool(const struct source *s, const struct resolver_answer *a)
{
    struct addr used[2 * LIMIT_SOURCES];
    size_t n = used_by_others(NULL, used), left = 0, members = 0;
    for (unsigned i = 0; i < *names.count; i++) {
        const struct source *m = &names.s[i];
        members += m->conf == s->conf;
        if (m != s && m->conf == s->conf && !m->addr.family &&
            !m->ke.addr.family)
            return; /* one is still about to take its own */
    }
    for (unsigned i = 0; i < a->count; i++) {
        bool unused = true;
        for (size_t k = 0; k < n; k++)
            unused = unused && !addr_equal(&used[k], &a->addr[i]);
        left += unused;
    }
    while (left-- > 0 && members++ < s->conf->maxsources &&
           *names.count < LIMIT_SOURCES)
        sources_join(s->conf);
}

/* A name with one address of each family at most is one host's: by whichever of
 * them it is asked, it has one vote. */
static void note_host(struct source *s, const struct resolver_answer *a,
                      const struct addr *own)
{
    const struct addr *host = own;
    unsigned n[2] = {0};
    for (unsigned i = 0; i < a->count; i++) {
        bool six = a->addr[i].family == 6;
        n[six]++;
        if (!six)
            host = &a->addr[i];
    }
    s->host = n[0] <= 1 && n[1] <= 1 ? *host : *own;
    s->host_by = *own;
}

void sources_choose(struct source *s, struct addr_pick *pick,
                    const struct resolver_answer *a, struct addr *own)
{
    struct addr used[2 * LIMIT_SOURCES];
    size_t n = used_by_others(s, used);
    s->several = a->count > 1;
    addr_pick_next(pick, a->addr, a->count, used, n, own);
    note_host(s, a, own);
    /* A key exchange may have named another server than the pool's. */
    if (s->conf->pool && (!s->ntp_name[0] || pick == &s->ke.pick)) {
        grow_pool(s, a);
        s->grown = true;
    }
}

static void pool_resolved(void *arg, const struct resolver_answer *all)
{
    struct source *s = arg;
    struct resolver_answer own = *all, *a = &own;
    resolver_keep_family(a, s->conf->family);
    s->grown = a->count > 0;
    if (s->grown)
        grow_pool(s, a);
}

mono_ns sources_pool_poll(struct source *s, mono_ns now)
{
    if (!s->conf->pool || s->grown || s->step != SOURCE_RUN)
        return MONO_NEVER;
    if (now >= s->grow) {
        s->grow = now + POOL_RETRY;
        (void)!net_resolve(s->conf->name, pool_resolved, s);
    }
    return s->grow;
}

/* Its requests go to an address of this name, if to one of any. */
static const char *name_of(const struct source *s)
{
    return s->ntp_name[0] ? s->ntp_name : s->conf->name;
}

static void refreshed(void *arg, const struct resolver_answer *all)
{
    struct source *s = arg;
    struct resolver_answer own = *all, *a = &own;
    resolver_keep_family(a, s->conf->family);
    for (unsigned i = 0; i < a->count; i++)
        if (addr_equal(&a->addr[i], &s->addr))
            return;
    if (a->count == 0 || s->step != SOURCE_RUN)
        return;
    log_at(LOG_NOTICE, NULL,
           "%s: its address is not the name's any more: another one",
           s->conf->label);
    if (s->ntp.unanswered > 1) /* the other one is asked at once */
        addr_pick_bad(&s->pick, &s->addr);
    s->step = SOURCE_ADDRESS;
    s->retry = 0;
}

void sources_look_again(struct source *s)
{
    struct addr literal;
    if (addr_parse(name_of(s), &literal) != RC_OK)
        (void)!net_resolve(name_of(s), refreshed, s);
}

void sources_refresh(struct source *s, uint32_t refresh_s, mono_ns now)
{
    mono_ns every = refresh_s * MONO_S;
    struct addr literal;
    if (every == 0 || s->step != SOURCE_RUN ||
        addr_parse(name_of(s), &literal) == RC_OK)
        return;
    for (unsigned i = 0; i < *names.count; i++)
        if (names.s[i].refreshed > 0 && now < names.s[i].refreshed + every)
            return;
    if (now < s->named + every)
        return;
    if (net_resolve(name_of(s), refreshed, s) == RC_OK)
        s->named = s->refreshed = now;
}

void sources_move_on(struct source *s)
{
    addr_pick_bad(&s->pick, &s->addr);
    if (s->conf->nts && !s->ntp_name[0])
        addr_pick_bad(&s->ke.pick, &s->addr);
    s->silent = s->lies = 0;
    s->step = SOURCE_ADDRESS;
    s->retry = ntp_client_due(&s->ntp);
}

void sources_refused(struct source *s, mono_ns now)
{
    char text[sizeof s->trouble];
    sources_move_on(s);
    s->retry = now + REFUSED_RETRY;
    (void)fmt(text, sizeof text,
              "the server refuses us (kiss code DENY or RSTR): asked again "
              "in %u min",
              (unsigned)((ntp_client_due(&s->ntp) - now) / (60 * MONO_S)));
    source_trouble(s, text);
}

static void resolved(void *arg, const struct resolver_answer *all)
{
    struct source *s = arg;
    struct resolver_answer own = *all, *a = &own;
    resolver_keep_family(a, s->conf->family);
    mono_ns now = port_mono();
    if (s->stale) { /* new keys have named another server meanwhile */
        s->stale = false;
        s->step = SOURCE_ADDRESS;
        return;
    }
    if (a->count == 0) {
        source_unresolved(s, a);
        s->retry = now + source_resolve_wait(&s->unresolved);
        s->step = SOURCE_ADDRESS;
        return;
    }
    s->unresolved = 0;
    struct addr before = s->addr;
    sources_choose(s, &s->pick, a, &s->addr);
    if (!addr_equal(&s->addr, &before)) {
        timekeeper_forget((unsigned)(s - names.s));
        ntp_client_basic(&s->ntp);
        if (s->pick.count > 0) { /* or all have had their turn */
            ntp_client_elsewhere(&s->ntp, now);
            ntp_client_soon(&s->ntp, now);
        }
        s->heard = false;
    }
    s->step = SOURCE_RUN;
    s->retry = 0;
}

mono_ns sources_ask_name(struct source *s, mono_ns now)
{
    s->step = SOURCE_RESOLVING;
    s->named = now;
    if (net_resolve(name_of(s), resolved, s) == RC_OK)
        return now;
    s->step = SOURCE_ADDRESS; /* too many questions at once */
    return s->retry = now + BUSY_RETRY;
}
