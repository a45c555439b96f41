#include "sources_card.h"

#include <string.h>

#include "core/bytes.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "log.h"

#define CARD_VERSION  1
#define RESOLVE_S     2
#define RESOLVE_MAX_S 64

int source_card_write(struct source *s, size_t spare, uint8_t *out, size_t cap)
{
    if (!s->ntp.nts.aead)
        return RC_STATE;
    if (s->ntp.nts.count <= spare) {
        nts_assoc_record_dropped(&s->ntp.nts);
        return 0;
    }
    struct writer w = writer_of(out, cap);
    size_t name = strlen(s->conf->name), ntp = strlen(s->ntp_name);
    writer_u8(&w, CARD_VERSION);
    writer_u8(&w, (uint8_t)name);
    writer_bytes(&w, s->conf->name, name);
    writer_u16(&w, s->conf->ntsport);
    writer_u16(&w, s->conf->port);
    writer_u8(&w, (uint8_t)ntp);
    writer_bytes(&w, s->ntp_name, ntp);
    writer_u8(&w, s->addr.family);
    writer_bytes(&w, s->addr.b, sizeof s->addr.b);
    writer_u16(&w, s->port);
    if (w.full)
        return RC_SPACE;
    int len = nts_assoc_write(&s->ntp.nts, spare, out + w.len, cap - w.len);
    return len < 0 ? len : (int)w.len + len;
}

int source_card_read(struct source *s, const uint8_t *in, size_t len)
{
    struct reader r = reader_of(in, len);
    uint8_t version = reader_u8(&r);
    size_t name_len = reader_u8(&r);
    const uint8_t *name = reader_take(&r, name_len);
    uint16_t ntsport = reader_u16(&r), conf_port = reader_u16(&r);
    size_t ntp_len = reader_u8(&r);
    const uint8_t *ntp = reader_take(&r, ntp_len);
    struct addr addr = {.family = reader_u8(&r)};
    const uint8_t *b = reader_take(&r, sizeof addr.b);
    uint16_t port = reader_u16(&r);
    if (r.bad || version != CARD_VERSION || ntsport != s->conf->ntsport ||
        conf_port != s->conf->port || s->step != SOURCE_KEYS ||
        name_len != strlen(s->conf->name) || !s->conf->nts ||
        memcmp(name, s->conf->name, name_len) != 0 ||
        (addr.family != 4 && addr.family != 6))
        return RC_BAD;
    struct nts_assoc a;
    if (nts_assoc_read(&a, r.p, r.left) != RC_OK || a.count == 0)
        return RC_BAD;
    static_assert(LIMIT_NAME > UINT8_MAX, "room for the name and its 0");
    memcpy(s->ntp_name, ntp, ntp_len);
    s->ntp_name[ntp_len] = 0;
    memcpy(addr.b, b, sizeof addr.b);
    s->ntp.nts = a;
    s->addr = addr;
    s->port = port;
    s->step = SOURCE_RUN;
    return RC_OK;
}

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
        .minstratum = c->minstratum,
        .maxdelay_ns = (span_ns)(c->maxdelay_s * 1e9),
        .offset_ns = (span_ns)(c->offset_s * 1e9),
    };
    if (nc.maxdelay_ns == 0) /* which would be chrony's default */
        nc.maxdelay_ns = 1;
    return nc;
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
    ntp_client_unkeyed(&s->ntp);
    s->step = SOURCE_KEYS;
}

void sources_card_restore(struct source *s, unsigned count,
                          const struct conf *conf,
                          int (*load)(uint8_t id, uint8_t *buf, size_t cap),
                          mono_ns save_due)
{
    bool known[LIMIT_SOURCES] = {false}, taken[LIMIT_SOURCES] = {false};
    for (unsigned id = 0; id < LIMIT_SOURCES; id++) {
        uint8_t buf[SOURCE_CARD_MAX];
        int len = load((uint8_t)id, buf, sizeof buf);
        for (unsigned i = 0; len > 0 && i < count; i++) {
            if (source_card_read(&s[i], buf, (size_t)len) != RC_OK)
                continue;
            s[i].record = (uint8_t)id;
            s[i].save_due = save_due;
            known[i] = taken[id] = true;
            remembered(conf, &s[i]);
            break;
        }
    }
    for (unsigned i = 0, id = 0; i < count; i++) {
        while (!known[i] && taken[id])
            id++;
        if (!known[i])
            s[i].record = (uint8_t)id++;
    }
}

void source_trouble(struct source *s, const char *what)
{
    if (strcmp(s->trouble, what) == 0)
        return;
    (void)fmt(s->trouble, sizeof s->trouble, "%s", what);
    if (s->trouble[0])
        log_line("%s: %s", s->conf->name, s->trouble);
}

void source_unresolved(struct source *s, const struct resolver_answer *a)
{
    char why[RESOLVER_WHY], text[sizeof s->trouble];
    resolver_why_text(a, why);
    (void)fmt(text, sizeof text, "name does not resolve: %s", why);
    source_trouble(s, text);
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
    (void)fmt(out->name, sizeof out->name, "%s", s->conf->name);
    out->addr = s->addr;
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
    out->cookies = a->count;
    out->cookie_len = a->cookie_len;
    out->tx = s->ntp.tx;
    out->rx = s->ntp.rx;
    out->valid = s->ntp.valid;
    out->forged = s->ntp.drops[NTP_DROP_FORGED] +
                  s->ntp.drops[NTP_DROP_UNSIGNED] + s->ntp.drops[NTP_DROP_UID];
    out->bad = out->rx - out->valid - out->forged;
    memcpy(out->trouble, s->trouble, sizeof out->trouble);
}
