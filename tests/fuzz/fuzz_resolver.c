/* The stub resolver driven by any sequence of events: each byte of the input
 * chooses one, the bytes behind it are its own. Whatever comes, ports are
 * opened and closed in order, and every question ends in time. */
#include <string.h>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/resolver.h"

static struct {
    struct resolver r;
    mono_ns now;
    struct {
        bool open, tcp;
        struct addr to;
        uint8_t msg[DNS_WIRE_QUERY];
        size_t len;
    } port[LIMIT_DNS_QUERIES];
    int asked[LIMIT_DNS_QUESTIONS];
    unsigned count;
    uint32_t chance;
} f;

int crypto_random(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        f.chance = f.chance * 1664525u + 1013904223u;
        out[i] = (uint8_t)(f.chance >> 24);
    }
    return f.chance % 31 ? RC_OK : RC_IO;
}

static void settle_all(void)
{
    struct resolver_out out;
    for (unsigned n = 0; resolver_poll(&f.r, f.now, &out) == RC_OK; n++) {
        ASSERT(n < 10000 && out.query < LIMIT_DNS_QUERIES);
        bool tcp = out.act == RESOLVER_OPEN;
        if (out.act == RESOLVER_CLOSE) {
            ASSERT(f.port[out.query].open);
            f.port[out.query].open = false;
            continue;
        }
        ASSERT(out.fresh || (f.port[out.query].open && !tcp));
        f.port[out.query].open = true;
        f.port[out.query].tcp = tcp;
        f.port[out.query].to = out.to;
        f.port[out.query].len = out.len - (tcp ? 2 : 0);
        memcpy(f.port[out.query].msg, out.b + (tcp ? 2 : 0),
               f.port[out.query].len);
    }
    ASSERT(resolver_due(&f.r) > f.now);
}

/* A message of the input's, made to look like an answer to this query. */
static size_t answer(struct reader *in, unsigned query, uint8_t *out)
{
    size_t len = reader_u8(in) * 2u;
    len = len < in->left ? len : in->left;
    const uint8_t *p = reader_take(in, len);
    const uint8_t *q = f.port[query].msg;
    if (!p)
        return 0;
    size_t question = f.port[query].len - (q[11] ? 11 : 0);
    if (question > 598 - len)
        return 0;
    memcpy(out, q, question);
    out[2] = 0x81;
    out[3] = out[11] = 0;
    size_t head = len < 4 ? len : 4; /* flags, answers, SOA or not, rest */
    for (size_t i = 0; i < head; i++)
        out[(const uint8_t[]){2, 3, 7, 9}[i]] = p[i];
    out[2] |= 0x80;
    out[2] &= 0x87;
    memcpy(out + question, p + head, len - head);
    return question + len - head;
}

static void take(void)
{
    for (unsigned i = 0; i < f.count;) {
        struct resolver_answer a;
        char text[RESOLVER_WHY];
        int rc = resolver_take(&f.r, f.asked[i], f.now, &a);
        ASSERT(rc == RC_OK || rc == RC_AGAIN);
        if (rc == RC_AGAIN) {
            i++;
            continue;
        }
        resolver_why_text(&a, text);
        ASSERT((a.why == RESOLVER_FOUND) == (a.count > 0));
        ASSERT(a.count <= LIMIT_DNS_ADDRESSES && a.ttl_s <= RESOLVER_TTL_MAX);
        ASSERT((a.why == RESOLVER_FOUND) == (text[0] == 0));
        f.asked[i] = f.asked[--f.count];
    }
}

static void ask(struct reader *in)
{
    char name[] = "ab.example";
    uint8_t which = reader_u8(in);
    name[0] = (char)('a' + which % 8);
    name[1] = (char)('a' + which / 8 % 8);
    int n = resolver_ask(&f.r, name, f.now);
    ASSERT(n >= 0 || n == RC_SPACE);
    if (n >= 0 && f.count == LIMIT_DNS_QUESTIONS) {
        struct resolver_answer a;
        (void)!resolver_take(&f.r, n, f.now, &a);
    } else if (n >= 0) {
        f.asked[f.count++] = n;
    }
}

static void servers(struct reader *in)
{
    struct addr a[8];
    unsigned n = reader_u8(in) % 9;
    for (unsigned i = 0; i < n; i++) {
        uint8_t b[16] = {reader_u8(in)};
        a[i] = addr_of(b[0] & 1 ? 4 : 6, b);
    }
    resolver_servers(&f.r, a, n, f.now);
}

static void event(struct reader *in)
{
    uint8_t what = reader_u8(in), b[600];
    unsigned query = reader_u8(in) % LIMIT_DNS_QUERIES;
    size_t n;
    switch (what % 8) {
    case 0:
        ask(in);
        break;
    case 1:
        f.now += (reader_u8(in) + 1) * (what & 8 ? MONO_S : 20 * MONO_MS);
        break;
    case 2:
    case 3:
        n = answer(in, query, b);
        if (f.port[query].open && !f.port[query].tcp)
            resolver_received(&f.r, query, &f.port[query].to, 53, b, n, f.now);
        break;
    case 4:
        n = answer(in, query, b + 2);
        bytes_put16(b, (uint16_t)n);
        resolver_tcp_received(&f.r, query, b, n + 2, f.now);
        break;
    case 5:
        resolver_tcp_ended(&f.r, query, f.now);
        break;
    case 6:
        resolver_unsent(&f.r, query, f.now);
        break;
    case 7:
        if (what & 8)
            servers(in);
        else
            take();
        break;
    }
    settle_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct reader in = reader_of(data, len);
    memset(&f, 0, sizeof f);
    f.chance = 1;
    resolver_init(&f.r);
    servers(&in);
    for (int i = 0; in.left > 0 && i < 400; i++)
        event(&in);
    /* Nothing comes any more: each batch of questions has its 15 seconds. */
    for (int i = 0; i < 200; i++) {
        f.now += MONO_S;
        settle_all();
        take();
    }
    ASSERT(f.count == 0);
    for (unsigned i = 0; i < LIMIT_DNS_QUERIES; i++)
        ASSERT(!f.port[i].open);
    return 0;
}
