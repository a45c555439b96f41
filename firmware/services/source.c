#include "source.h"

#include <string.h>

#include "adapters/net.h"
#include "core/aead.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/why_net.h"
#include "log.h"

#define RESOLVE_S     2
#define RESOLVE_MAX_S 30 /* with the asking itself less than a minute       */

void source_proved(struct source *s, int64_t now_unix_s)
{
    struct nts_assoc *a = &s->ntp.nts;
    if (a->cert_hi == INT64_MAX || now_unix_s < a->cert_lo ||
        now_unix_s > a->cert_hi)
        return;
    a->cert_lo = 0;
    a->cert_hi = INT64_MAX;
    s->save_due = 0;
}

struct ntp_client_conf source_client_conf(const struct conf_source *c)
{
    struct ntp_client_conf nc = {
        .minpoll = c->minpoll,
        .maxpoll = c->maxpoll,
        .iburst = c->iburst,
        .nts = c->nts,
        .xleave = c->xleave,
        .version = c->version,
        .minstratum = c->minstratum,
        .maxdelay_ns = (span_ns)(c->maxdelay_s * 1e9),
        .offset_ns = (span_ns)(c->offset_s * 1e9),
    };
    if (nc.maxdelay_ns == 0) /* which would be chrony's default */
        nc.maxdelay_ns = 1;
    return nc;
}

void source_trouble(struct source *s, const char *what)
{
    if (strcmp(s->trouble, what) == 0)
        return;
    (void)fmt(s->trouble, sizeof s->trouble, "%s", what);
    if (s->trouble[0])
        log_line("%s: %s", s->conf->label, s->trouble);
}

static bool is_number(char c)
{
    return c == '.' || (c >= '0' && c <= '9');
}

void source_trouble_value(struct source *s, const char *what)
{
    const char *a = s->trouble, *b = what;
    while (*a && *b && (*a == *b || (is_number(*a) && is_number(*b)))) {
        bool number = is_number(*a);
        for (a++; number && is_number(*a); a++)
            ;
        for (b++; number && is_number(*b); b++)
            ;
    }
    if (*a || *b)
        source_trouble(s, what);
    else
        (void)fmt(s->trouble, sizeof s->trouble, "%s", what);
}

mono_ns source_resolve_wait(uint8_t *failures)
{
    int64_t s = RESOLVE_S << *failures;
    if (s >= RESOLVE_MAX_S)
        return RESOLVE_MAX_S * MONO_S;
    ++*failures;
    return s * MONO_S;
}

void source_status(const struct source *s, struct status_source *out,
                   mono_ns now)
{
    const struct nts_assoc *a = &s->ntp.nts;
    (void)fmt(out->name, sizeof out->name, "%s", s->conf->label);
    if ((s->conf->pool || s->conf->shared) && s->addr.family)
        addr_text(&s->addr, out->name);
    out->addr = s->addr;
    out->ke_addr = s->ke.addr;
    out->port = s->port ? s->port : s->conf->port;
    out->nts = s->conf->nts;
    out->stratum = s->ntp.last.stratum;
    out->leap = s->ntp.last_rx < 0 ? 3 : s->ntp.last.leap;
    out->poll = s->ntp.poll;
    out->reach = s->ntp.reach;
    out->last_rx_ago_s =
        s->ntp.last_rx < 0 ? -1 : (now - s->ntp.last_rx) / MONO_S;
    out->key_id = a->key_id;
    out->aead = a->aead ? a->aead->id : 0;
    out->key_bits = a->aead ? (uint16_t)(a->aead->key_len * 8) : 0;
    out->last_ke_ago_s = s->last_ke < 0 ? -1 : (now - s->last_ke) / MONO_S;
    out->ke_attempts = s->ke_attempts;
    out->naks = a->naks;
    out->cookies = (uint8_t)nts_assoc_cookies(a);
    out->cookie_len = a->cookie_len;
    out->tx = s->ntp.tx;
    out->rx = s->ntp.rx;
    out->valid = s->ntp.valid;
    out->forged = s->ntp.drops[NTP_DROP_FORGED] +
                  s->ntp.drops[NTP_DROP_UNSIGNED] + s->ntp.drops[NTP_DROP_UID];
    out->bad = out->rx - out->valid - out->forged;
    memcpy(out->trouble, s->trouble, sizeof out->trouble);
}

void source_no_way(struct source *s, const struct addr *to,
                   const char *otherwise)
{
    char why[sizeof s->trouble];
    struct status_net n;
    net_status(&n);
    if (why_net_way(&n, to, why, sizeof why) == 0)
        (void)fmt(why, sizeof why, "%s", otherwise);
    source_trouble(s, why);
}

void source_unresolved(struct source *s, const struct resolver_answer *a)
{
    char why[RESOLVER_WHY], text[sizeof s->trouble];
    struct status_net n;
    net_status(&n);
    if (a->why != RESOLVER_NO_SERVER || why_net_names(&n, why, sizeof why) == 0)
        resolver_why_text(a, why);
    (void)fmt(text, sizeof text, "name does not resolve: %s", why);
    source_trouble(s, text);
}
