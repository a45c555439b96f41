/* Records of the card, any bytes: a source's with its keys and cookies, the
 * keys alone, the wait for a key exchange. What is refused changes nothing;
 * what is taken is written again as it was. The first byte chooses. */
#include <string.h>

#include "../unit/entropy.h"
#include "core/mono.h"
#include "port.h"
#include "services/source_record.h"
#include "services/store.h"

#define NOW (100 * MONO_S)

uint64_t port_ticks(void)
{
    return 0;
}

uint32_t port_tick_hz(void)
{
    return 1000000;
}

size_t port_console(const char *s, size_t len)
{
    (void)s;
    return len;
}

int store_get(enum store_kind kind, uint8_t id, uint8_t *buf, size_t cap)
{
    (void)kind, (void)id, (void)buf, (void)cap;
    return RC_STATE;
}

static void check_assoc(const struct nts_assoc *a)
{
    ASSERT(a->aead && a->count <= LIMIT_COOKIES);
    for (size_t i = 0; i < a->count; i++) {
        const struct nts_cookie *c = &a->cookies[i];
        ASSERT(c->len >= 1 && c->len <= LIMIT_COOKIE);
        ASSERT(c->saved && c->written); /* none may be sent yet */
    }
}

static void assoc(const uint8_t *in, size_t len)
{
    static struct nts_assoc a;
    uint8_t again[LIMIT_JOURNAL_DATA];
    memset(&a, 0x5a, sizeof a);
    if (nts_assoc_read(&a, in, len) != RC_OK) {
        ASSERT(!a.aead && a.count == 0 && a.key_id == 0);
        return;
    }
    check_assoc(&a);
    struct nts_cookie c;
    int rc = nts_assoc_take(&a, &c);
    ASSERT(rc == (a.count ? RC_AGAIN : RC_STATE));
    int n = nts_assoc_write(&a, 0, again, sizeof again);
    ASSERT(n >= 0 && (size_t)n == len && memcmp(again, in, len) == 0);
}

static void source(const uint8_t *in, size_t len)
{
    static const struct conf_source conf = {
        .name = "time.example.net", .ntsport = 4460, .port = 123, .nts = true};
    static struct source s, before;
    uint8_t again[SOURCE_RECORD_MAX];
    memset(&s, 0, sizeof s);
    s.conf = &conf;
    memcpy(&before, &s, sizeof s);
    if (source_record_read(&s, in, len) != RC_OK) {
        ASSERT(memcmp(&before, &s, sizeof s) == 0);
        return;
    }
    ASSERT(s.step == SOURCE_RUN && s.ntp.nts.count > 0);
    ASSERT(s.addr.family == 4 || s.addr.family == 6);
    ASSERT(memchr(s.ntp_name, 0, sizeof s.ntp_name));
    check_assoc(&s.ntp.nts);
    int n = source_record_write(&s, 0, again, sizeof again);
    if (strlen(s.ntp_name) == in[6 + strlen(conf.name)])
        ASSERT(n >= 0 && (size_t)n == len && memcmp(again, in, len) == 0);
}

static void retry(const uint8_t *in, size_t len)
{
    struct ke_retry r = {0}, back = {0};
    struct reader from = reader_of(in, len);
    uint8_t out[KE_RETRY_BYTES];
    struct writer w = writer_of(out, sizeof out);
    ke_retry_read(&r, NOW, &from);
    ASSERT(r.next <= NOW + KE_RETRY_MAX_S * MONO_S);
    ASSERT(ke_retry_may(&r, NOW + KE_RETRY_MAX_S * MONO_S));
    ASSERT(ke_retry_note(&r) >= 0);
    ke_retry_write(&r, NOW, &w);
    ASSERT(!w.full && w.len == sizeof out);
    from = reader_of(out, sizeof out);
    ke_retry_read(&back, NOW, &from);
    ASSERT(back.failures == r.failures && back.next == r.next);
    ke_retry_begin(&r, NOW + KE_RETRY_MAX_S * MONO_S, 0xffff, 0);
    ASSERT(r.failures > 0 && r.wait <= KE_RETRY_MAX_S * MONO_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    if (len < 1 || len - 1 > LIMIT_JOURNAL_DATA)
        return 0;
    if (in[0] == 0)
        source(in + 1, len - 1);
    else if (in[0] == 1)
        assoc(in + 1, len - 1);
    else
        retry(in + 1, len - 1);
    return 0;
}
