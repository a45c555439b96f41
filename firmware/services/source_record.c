#include "source_record.h"

#include <string.h>

#include "core/bytes.h"
#include "core/crypto.h"
#include "log.h"
#include "store.h"

#define RECORD_VERSION 1

int source_record_write(struct source *s, size_t spare, uint8_t *out,
                        size_t cap)
{
    if (!s->ntp.nts.aead)
        return RC_STATE;
    if (s->ntp.nts.count <= spare) {
        nts_assoc_record_dropped(&s->ntp.nts);
        return 0;
    }
    struct writer w = writer_of(out, cap);
    size_t name = strlen(s->conf->name), ntp = strlen(s->ntp_name);
    writer_u8(&w, RECORD_VERSION);
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

int source_record_read(struct source *s, const uint8_t *in, size_t len)
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
    if (r.bad || version != RECORD_VERSION || ntsport != s->conf->ntsport ||
        conf_port != s->conf->port || s->step != SOURCE_KEYS ||
        name_len != strlen(s->conf->name) || !s->conf->nts ||
        memcmp(name, s->conf->name, name_len) != 0 ||
        (addr.family != 4 && addr.family != 6))
        return RC_BAD;
    struct nts_assoc a;
    if (nts_assoc_read(&a, r.p, r.left) != RC_OK || a.count == 0) {
        nts_assoc_wipe(&a);
        return RC_BAD;
    }
    static_assert(LIMIT_NAME > UINT8_MAX, "room for the name and its 0");
    memcpy(s->ntp_name, ntp, ntp_len);
    s->ntp_name[ntp_len] = 0;
    memcpy(addr.b, b, sizeof addr.b);
    s->ntp.nts = a;
    nts_assoc_wipe(&a);
    s->addr = addr;
    s->port = port;
    s->step = SOURCE_RUN;
    return RC_OK;
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
        log_line("%s: %u saved cookies", s->conf->label,
                 (unsigned)s->ntp.nts.count);
        return;
    }
    log_at(LOG_NOTICE, NULL, "%s: saved cookies are not of ntsaeads",
           s->conf->label);
    ntp_client_unkeyed(&s->ntp);
    s->step = SOURCE_KEYS;
}

void source_record_restore(struct source *s, unsigned count,
                           const struct conf *conf, mono_ns save_due)
{
    bool known[LIMIT_SOURCES] = {false}, taken[LIMIT_SOURCES] = {false};
    for (unsigned id = 0; id < LIMIT_SOURCES; id++) {
        uint8_t buf[SOURCE_RECORD_MAX];
        int len = store_get(STORE_ASSOC, (uint8_t)id, buf, sizeof buf);
        for (unsigned i = 0; len > 0 && i < count; i++) {
            if (source_record_read(&s[i], buf, (size_t)len) != RC_OK)
                continue;
            s[i].record = (uint8_t)id;
            s[i].save_due = save_due;
            known[i] = taken[id] = true;
            remembered(conf, &s[i]);
            break;
        }
        crypto_wipe(buf, sizeof buf); /* keys and cookies */
    }
    for (unsigned i = 0, id = 0; i < count; i++) {
        while (!known[i] && taken[id])
            id++;
        if (!known[i])
            s[i].record = (uint8_t)id++;
    }
}

static bool has_record(const struct source *all, unsigned count,
                       const struct source *but, unsigned id)
{
    for (unsigned i = 0; i < count; i++)
        if (&all[i] != but && all[i].conf->nts && all[i].record == id)
            return true;
    return false;
}

void source_record_join(struct source *s, const struct source *all,
                        unsigned count, bool remembers, mono_ns save_due)
{
    uint8_t buf[SOURCE_RECORD_MAX];
    unsigned none = LIMIT_SOURCES - 1;
    for (unsigned id = LIMIT_SOURCES; id-- > 0;) {
        if (has_record(all, count, s, id))
            continue;
        none = id;
        int len = remembers
                      ? store_get(STORE_ASSOC, (uint8_t)id, buf, sizeof buf)
                      : 0;
        if (len > 0 && source_record_read(s, buf, (size_t)len) == RC_OK) {
            s->save_due = save_due;
            break;
        }
    }
    s->record = (uint8_t)none;
    crypto_wipe(buf, sizeof buf); /* keys and cookies */
}
