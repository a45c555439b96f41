#include "source.h"

#include <string.h>

#include "adapters/net.h"
#include "core/aead.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "core/ntp_wire.h"
#include "core/why_net.h"
#include "log.h"

#define OWN_ADDRESSES 8
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
        log_at(LOG_WARNING, NULL, "%s: %s", s->conf->label, s->trouble);
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
    if (!status_source_addr(out)->family) /* that of a name is not known yet */
        (void)!addr_parse(s->conf->name, &out->ke_addr);
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
    out->cert_end_unix_s = s->cert_end               ? s->cert_end
                           : a->cert_hi == INT64_MAX ? 0
                                                     : a->cert_hi;
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

/* Multicast DNS finds names of .local, and nothing else does (RFC 6762 section
 * 3). */
static bool is_local_name(const char *name)
{
    static const char local[] = ".local";
    size_t n = strlen(name), len = sizeof local - 1;
    n -= n > 0 && name[n - 1] == '.';
    if (n <= len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((name[n - len + i] | 0x20) != local[i])
            return false;
    return true;
}

void source_unresolved(struct source *s, const struct resolver_answer *a)
{
    char why[RESOLVER_WHY], text[sizeof s->trouble];
    struct status_net n;
    const char *name = s->conf->name;
    net_status(&n);
    if (a->why != RESOLVER_NO_SERVER || why_net_names(&n, why, sizeof why) == 0)
        resolver_why_text(a, why);
    if (is_local_name(name))
        (void)fmt(why, sizeof why,
                  "names of .local (mDNS) are not found: write its address");
    else if (!strchr(name, '.') && a->why == RESOLVER_NO_NAME)
        (void)fmt(why, sizeof why,
                  "no such name (NXDOMAIN): no search domain is added: write "
                  "it in full");
    (void)fmt(text, sizeof text, "name does not resolve: %s", why);
    source_trouble(s, text);
}

/* ---- replies ------------------------------------------------------------- */

/* An address that many networks have a host at. */
static bool is_private(const struct addr *a)
{
    static const struct addr_prefix net[] = {
        {{4, {10}}, 8},          {{4, {172, 16}}, 12},  {{4, {192, 168}}, 16},
        {{4, {100, 64}}, 10},    {{4, {169, 254}}, 16}, {{6, {0xfc}}, 7},
        {{6, {0xfe, 0x80}}, 10},
    };
    for (size_t i = 0; i < LEN(net); i++)
        if (addr_in_prefix(a, &net[i]))
            return true;
    return false;
}

bool source_is_loop(const struct source *s, const struct ntp_sample *sample)
{
    struct addr own[OWN_ADDRESSES];
    unsigned n = net_own_addresses(own, LEN(own));
    for (unsigned i = 0; i < n && sample->stratum > 1; i++)
        if (sample->refid == addr_refid(&own[i]) &&
            (!is_private(&own[i]) || is_private(&s->addr)))
            return true;
    return false;
}

bool source_say_failed(struct source *s, const struct ntp_sample *l)
{
    char text[sizeof s->trouble];
    struct fmt_text t = fmt_text_of(text, sizeof text);
    if (l->failed & NTP_TEST_D) {
        fmt_add(&t, "its time is our own: its reference is our address");
    } else if (l->failed && l->delay_ns > s->ntp.conf.maxdelay_ns) {
        fmt_add(&t, "round trip ");
        fmt_add_span(&t, l->delay_ns);
        fmt_add(&t, " is longer than maxdelay ");
        fmt_add_span(&t, s->ntp.conf.maxdelay_ns);
    } else if (l->failed && !l->interleaved) {
        fmt_add(&t, "it held our request for more than 4 s");
    } else {
        return false;
    }
    fmt_add(&t, ": not used");
    source_trouble_value(s, text);
    return true;
}

/* Names the kiss code of a reply: its four letters are the reference. */
static void add_code(struct source *s, const uint8_t *msg)
{
    char code[5] = {0};
    struct ntp_header h;
    if (ntp_wire_parse(msg, NTP_HEADER, &h) != RC_OK)
        return;
    for (unsigned i = 0; i < 4; i++) {
        char c = (char)(h.refid >> (24 - 8 * i));
        code[i] = c > ' ' && c <= '~' ? c : '?';
    }
    size_t n = strlen(s->trouble);
    (void)fmt(s->trouble + n, sizeof s->trouble - n, ": %s", code);
}

void source_say_refused(struct source *s, enum ntp_drop why, const uint8_t *msg)
{
    (void)fmt(s->trouble, sizeof s->trouble, "reply refused: %s",
              ntp_drop_text(why));
    if (why == NTP_DROP_KISS)
        add_code(s, msg);
    log_limited(&s->trouble, "%s: %s", s->conf->label, s->trouble);
}
