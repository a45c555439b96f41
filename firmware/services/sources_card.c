#include "sources_card.h"

#include <string.h>

#include "core/bytes.h"
#include "core/fmt.h"
#include "core/mono.h"
#include "log.h"

#define CARD_VERSION   2
#define CARD_RETRY     (100 * MONO_MS)
#define CARD_PATIENCE  (5 * MONO_S)
#define SAVE_EVERY     (15 * 60 * MONO_S)
#define SPARE          2 /* cookies to go on with, not on the card          */
#define RESOLVE_S      2
#define RESOLVE_MAX_S  64

static const struct sources_ops *doors;

/* ---- the record ---------------------------------------------------------- */

int source_card_write(struct source *s, size_t spare, uint8_t *out, size_t cap)
{
    if (!s->ntp.nts.aead)
        return RC_STATE;
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
    writer_u32(&w, s->place);
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
    struct net_addr addr = {.family = reader_u8(&r)};
    const uint8_t *b = reader_take(&r, sizeof addr.b);
    uint16_t port = reader_u16(&r);
    uint32_t place = reader_u32(&r);
    if (r.bad || version != CARD_VERSION || ntsport != s->conf->ntsport ||
        conf_port != s->conf->port || s->step != SOURCE_KEYS ||
        name_len != strlen(s->conf->name) || !s->conf->nts ||
        memcmp(name, s->conf->name, name_len) != 0 ||
        (addr.family != 4 && addr.family != 6))
        return RC_BAD;
    struct nts_assoc a;
    if (nts_assoc_read(&a, r.p, r.left) != RC_OK ||
        (a.count == 0 && a.last.len == 0))
        return RC_BAD;
    static_assert(LIMIT_NAME > UINT8_MAX, "room for the name and its 0");
    memcpy(s->ntp_name, ntp, ntp_len);
    s->ntp_name[ntp_len] = 0;
    memcpy(addr.b, b, sizeof addr.b);
    s->ntp.nts = a;
    s->addr = addr;
    s->port = port;
    s->place = place;
    s->step = SOURCE_RUN;
    return RC_OK;
}

/* ---- when it is written --------------------------------------------------- */

void source_card_init(const struct sources_ops *ops)
{
    doors = ops;
}

void source_card_save(struct source *s, unsigned slot, size_t spare,
                      mono_ns now)
{
    uint8_t buf[SOURCE_CARD_MAX];
    s->save_due = now + SAVE_EVERY;
    if (s->forgetful || !doors->remembers())
        return; /* what is written counts as offered by the card */
    int len = source_card_write(s, spare, buf, sizeof buf);
    if (len < 0)
        return;
    int ticket = doors->save((uint8_t)slot, buf, (size_t)len);
    if (ticket <= 0) {
        log_limited(&doors, "%s: cookies not saved: no room", s->conf->name);
        return;
    }
    s->card_low = s->ntp.nts.count - spare < LIMIT_COOKIES - SPARE;
    s->ticket = ticket;
    s->ticket_since = now;
}

mono_ns source_card_free_one(struct source *s, unsigned slot, mono_ns now)
{
    if (s->ticket == 0)
        source_card_save(s, slot, 1, now);
    if (s->ticket == 0)
        nts_assoc_unsaved(&s->ntp.nts); /* no card offers them */
    else if (now - s->ticket_since > CARD_PATIENCE) {
        /* The card takes nothing any more; it must not offer these cookies
         * twice, so they are given up for a new key exchange. */
        source_trouble(s, "card does not take the cookies back");
        nts_assoc_wipe(&s->ntp.nts);
        s->forgetful = true;
        s->ticket = 0;
        s->step = SOURCE_KEYS;
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

mono_ns source_card_poll(struct source *s, unsigned slot, mono_ns now)
{
    if (s->ticket > 0 && doors->durable(s->ticket)) {
        nts_assoc_saved(&s->ntp.nts);
        s->ticket = 0;
    }
    if (save_is_due(s, now))
        source_card_save(s, slot, SPARE, now);
    return s->ticket > 0 ? now + CARD_RETRY : MONO_NEVER;
}

/* ---- words ---------------------------------------------------------------- */

void source_trouble(struct source *s, const char *what)
{
    if (strcmp(s->trouble, what) == 0)
        return;
    (void)fmt(s->trouble, sizeof s->trouble, "%s", what);
    if (s->trouble[0])
        log_line("%s: %s", s->conf->name, s->trouble);
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
    out->address[0] = 0;
    if (s->addr.family)
        net_addr_text(&s->addr, out->address);
    out->mode = '^';
    out->nts = s->conf->nts;
    out->stratum = s->ntp.last.stratum;
    out->leap = s->ntp.last_rx < 0 ? 3 : s->ntp.last.leap;
    out->poll = s->ntp.poll;
    out->reach = s->ntp.reach;
    out->last_rx_s = s->ntp.last_rx < 0 ? -1 : (now - s->ntp.last_rx) / MONO_S;
    out->key_id = a->key_id;
    out->aead = a->aead ? a->aead->id : 0;
    out->key_bits = a->aead ? (uint16_t)(a->aead->key_len * 8) : 0;
    out->last_ke_s = s->last_ke < 0 ? -1 : (now - s->last_ke) / MONO_S;
    out->ke_attempts = s->ke_attempts;
    out->naks = a->naks;
    out->cookies = a->count;
    out->cookie_len = a->cookie_len;
    out->ntp.port = s->port ? s->port : s->conf->port;
    out->tx = s->ntp.tx;
    out->rx = s->ntp.rx;
    out->valid = s->ntp.valid;
    out->forged = s->ntp.drops[NTP_DROP_FORGED] +
                  s->ntp.drops[NTP_DROP_UNSIGNED] + s->ntp.drops[NTP_DROP_UID];
    out->bad = out->rx - out->valid - out->forged;
    memcpy(out->trouble, s->trouble, sizeof out->trouble);
}
