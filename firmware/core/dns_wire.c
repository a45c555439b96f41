#include "dns_wire.h"

#include <string.h>

#include "bytes.h"

#define HEADER    12
#define NAME_MAX  255 /* with its lengths and the root (RFC 1035 2.3.4)      */
#define LABEL_MAX 63

#define FLAG_QR 0x8000
#define FLAG_TC 0x0200
#define FLAG_RD 0x0100
#define OPCODE  0x7800
#define RCODE   0x000f

#define TYPE_NS    2
#define TYPE_CNAME 5
#define TYPE_SOA   6
#define TYPE_OPT   41
#define CLASS_IN   1

/* ---- a question --------------------------------------------------------- */

bool dns_wire_name_ok(const char *name)
{
    size_t len = 0, label = 0;
    for (; name[len]; len++) {
        if (len == NAME_MAX - 1)
            return false;
        if (name[len] == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (name[len] <= ' ' || name[len] > '~' || ++label > LABEL_MAX) {
            return false;
        }
    }
    /* Without a dot at the end there are two bytes more on the wire. */
    return len > 0 && len + (label ? 2 : 1) <= NAME_MAX;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void write_name(struct writer *w, const char *name, const uint8_t *mix)
{
    unsigned at = 0;
    while (*name) {
        size_t label = strcspn(name, ".");
        writer_u8(w, (uint8_t)label);
        for (size_t i = 0; i < label; i++, at++) {
            uint8_t c = (uint8_t)name[i];
            if (mix && is_letter(c) && mix[at / 8 % DNS_WIRE_MIX] >> at % 8 & 1)
                c ^= 0x20;
            writer_u8(w, c);
        }
        name += label + (name[label] == '.');
    }
    writer_u8(w, 0);
}

int dns_wire_query(uint16_t id, const char *name, uint16_t type,
                   const uint8_t mix[DNS_WIRE_MIX], bool edns, uint8_t *out,
                   size_t cap)
{
    struct writer w = writer_of(out, cap);
    if (!dns_wire_name_ok(name))
        return RC_BAD;
    writer_u16(&w, id);
    writer_u16(&w, FLAG_RD);
    writer_u16(&w, 1); /* questions */
    writer_u32(&w, 0);
    writer_u16(&w, edns ? 1 : 0);
    write_name(&w, name, mix);
    writer_u16(&w, type);
    writer_u16(&w, CLASS_IN);
    if (edns) { /* RFC 6891 section 6.1.2 */
        writer_u8(&w, 0);
        writer_u16(&w, TYPE_OPT);
        writer_u16(&w, DNS_WIRE_UDP);
        writer_u32(&w, 0);
        writer_u16(&w, 0);
    }
    return w.full ? RC_SPACE : (int)w.len;
}

/* ---- names in a message ------------------------------------------------- */

/* A walk over the labels of one name. Each pointer leads to before where the
 * run of labels began that it ends, so there are fewer runs than bytes. */
struct walk {
    const uint8_t *msg;
    size_t len, at, run;
    size_t size; /* of the name so far, uncompressed */
};

static struct walk walk_from(const uint8_t *msg, size_t len, size_t at)
{
    return (struct walk){.msg = msg, .len = len, .at = at, .run = at};
}

/* The next label: its length byte, 0 at the end; NULL: malformed. */
static const uint8_t *next_label(struct walk *w)
{
    while (w->at < w->len) {
        const uint8_t *p = w->msg + w->at;
        if (*p <= LABEL_MAX) {
            size_t whole = (size_t)*p + 1;
            w->size += whole;
            if (w->size > NAME_MAX || whole > w->len - w->at)
                return NULL;
            w->at += whole;
            return p;
        }
        if (*p < 0xc0 || w->len - w->at < 2)
            return NULL;
        size_t to = bytes_get16(p) & 0x3fffu;
        if (to < HEADER || to >= w->run)
            return NULL;
        w->at = w->run = to;
    }
    return NULL;
}

static bool well_formed(const uint8_t *msg, size_t len, size_t at)
{
    struct walk w = walk_from(msg, len, at);
    const uint8_t *p;
    do
        p = next_label(&w);
    while (p && *p);
    return p != NULL;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

/* Compares without regard to case (RFC 4343); both names are well formed. */
static bool same_name(const uint8_t *msg, size_t len, size_t a, size_t b)
{
    struct walk wa = walk_from(msg, len, a), wb = walk_from(msg, len, b);
    for (;;) {
        const uint8_t *pa = next_label(&wa), *pb = next_label(&wb);
        if (!pa || !pb || *pa != *pb || !same_bytes(pa + 1, pb + 1, *pa))
            return false;
        if (*pa == 0)
            return true;
    }
}

/* ---- records ------------------------------------------------------------ */

struct message {
    const uint8_t *b;
    size_t len;
    size_t records; /* offset of the first */
    unsigned answers, authority, all;
};

struct record {
    size_t name, data;
    uint16_t type, class, data_len;
    uint32_t ttl;
};

/* Passes a name as it stands: to its end or to its first pointer. */
static void pass_name(struct reader *r)
{
    for (;;) {
        uint8_t n = reader_u8(r);
        if (n == 0) /* the end, or the message's */
            return;
        if (n > LABEL_MAX) {
            (void)reader_u8(r);
            return;
        }
        (void)reader_take(r, n);
    }
}

static struct reader records_of(const struct message *m)
{
    return reader_of(m->b + m->records, m->len - m->records);
}

/* Reads the next record; r->bad when there is no whole one. */
static struct record next_record(const struct message *m, struct reader *r)
{
    struct record one = {.name = m->len - r->left};
    pass_name(r);
    one.type = reader_u16(r);
    one.class = reader_u16(r);
    one.ttl = reader_u32(r);
    one.data_len = reader_u16(r);
    one.data = m->len - r->left;
    (void)reader_take(r, one.data_len);
    return one;
}

static bool data_ok(const struct message *m, const struct record *one)
{
    if (one->type == TYPE_OPT || one->class != CLASS_IN)
        return true;
    if (one->type == DNS_WIRE_A)
        return one->data_len == 4;
    if (one->type == DNS_WIRE_AAAA)
        return one->data_len == 16;
    if (one->type == TYPE_CNAME) {
        struct reader r = reader_of(m->b + one->data, one->data_len);
        pass_name(&r);
        return !r.bad && r.left == 0 && well_formed(m->b, m->len, one->data);
    }
    return one->type != TYPE_SOA || one->data_len >= 22;
}

/* All are whole, and whatever is used of them is well formed. */
static bool records_ok(const struct message *m)
{
    struct reader r = records_of(m);
    for (unsigned i = 0; i < m->all; i++) {
        struct record one = next_record(m, &r);
        if (r.bad || !well_formed(m->b, m->len, one.name) || !data_ok(m, &one))
            return false;
    }
    return true;
}

static uint32_t ttl_of(const struct record *one)
{
    return one->ttl > INT32_MAX ? 0 : one->ttl; /* RFC 2181 section 8 */
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The offset of the name that the answers say `name` stands for, or 0. */
static size_t alias_of(const struct message *m, size_t name, uint32_t *ttl_s)
{
    struct reader r = records_of(m);
    for (unsigned i = 0; i < m->answers; i++) {
        struct record one = next_record(m, &r);
        if (one.type != TYPE_CNAME || one.class != CLASS_IN ||
            !same_name(m->b, m->len, one.name, name))
            continue;
        *ttl_s = lesser(*ttl_s, ttl_of(&one));
        return one.data;
    }
    return 0;
}

static void collect(const struct message *m, size_t name, uint16_t type,
                    struct dns_wire_answer *out)
{
    struct reader r = records_of(m);
    for (unsigned i = 0; i < m->answers; i++) {
        struct record one = next_record(m, &r);
        if (one.type != type || one.class != CLASS_IN ||
            !same_name(m->b, m->len, one.name, name))
            continue;
        out->ttl_s = lesser(out->ttl_s, ttl_of(&one));
        if (out->count < LIMIT_DNS_ADDRESSES)
            memcpy(out->addr[out->count++], m->b + one.data, one.data_len);
    }
}

/* Writes a name as text; "" where dns_wire_name_ok would not have it. */
static void name_text(const struct message *m, size_t at, char out[LIMIT_NAME])
{
    struct walk w = walk_from(m->b, m->len, at);
    const uint8_t *p;
    size_t n = 0;
    bool dots = false;
    while ((p = next_label(&w)) != NULL && *p) {
        if (n > 0)
            out[n++] = '.';
        dots = dots || memchr(p + 1, '.', *p);
        memcpy(out + n, p + 1, *p);
        n += *p;
    }
    static_assert(LIMIT_NAME > NAME_MAX, "room for every name");
    out[n] = 0;
    if (!p || dots || strlen(out) != n || !dns_wire_name_ok(out))
        out[0] = 0;
}

/* From the question's name over its aliases to the addresses. */
static void follow(const struct message *m, uint16_t type,
                   struct dns_wire_answer *out)
{
    size_t name = HEADER;
    out->ttl_s = INT32_MAX;
    for (unsigned i = 0; i <= DNS_WIRE_CNAMES; i++) {
        size_t next = alias_of(m, name, &out->ttl_s);
        if (next == 0) {
            collect(m, name, type, out);
            if (name != HEADER && out->count == 0)
                name_text(m, name, out->alias);
            return;
        }
        name = next;
    }
    out->endless = true;
}

/* What is behind the answers: the OPT record's upper bits of the code; how
 * long a denial holds, which is the lesser of the SOA record's TTL and its
 * last field (RFC 2308 section 5); or name servers without SOA, which are a
 * referral and no denial (section 2.2). */
static void look_behind(const struct message *m, struct dns_wire_answer *out)
{
    struct reader r = records_of(m);
    bool soa = false, ns = false;
    uint32_t ttl_s = 0;
    for (unsigned i = 0; i < m->all; i++) {
        struct record one = next_record(m, &r);
        bool authority = i >= m->answers && i < m->answers + m->authority;
        if (authority && one.type == TYPE_NS) {
            ns = true;
        } else if (authority && one.type == TYPE_SOA && one.class == CLASS_IN) {
            soa = true;
            ttl_s = lesser(ttl_of(&one),
                           bytes_get32(m->b + one.data + one.data_len - 4));
        } else if (i >= m->answers + m->authority && one.type == TYPE_OPT) {
            out->rcode |= (uint16_t)(one.ttl >> 24 << 4);
        }
    }
    if (soa)
        out->alias[0] = 0; /* it says that there is none */
    if (out->count == 0 && !out->alias[0])
        out->ttl_s = ttl_s;
    out->referral = out->count == 0 && ns && !soa && !out->alias[0];
}

/* ---- an answer ---------------------------------------------------------- */

static bool is_answer(const uint8_t *query, size_t question_len, bool any_case,
                      const uint8_t *msg, size_t len)
{
    if (len < HEADER + question_len || memcmp(msg, query, 2) != 0)
        return false;
    uint16_t flags = bytes_get16(msg + 2);
    if (!(flags & FLAG_QR) || (flags & OPCODE) || bytes_get16(msg + 4) != 1)
        return false;
    const uint8_t *ours = query + HEADER, *theirs = msg + HEADER;
    if (any_case) /* no letter is in a length, a type or a class of ours */
        return same_bytes(ours, theirs, question_len);
    return memcmp(ours, theirs, question_len) == 0;
}

int dns_wire_read(const uint8_t *query, size_t query_len, bool any_case,
                  const uint8_t *msg, size_t len, struct dns_wire_answer *out)
{
    ASSERT(query_len > HEADER && query_len <= DNS_WIRE_QUERY);
    struct reader r = reader_of(query + HEADER, query_len - HEADER);
    pass_name(&r);
    uint16_t type = reader_u16(&r);
    (void)reader_u16(&r);
    ASSERT(!r.bad);
    size_t question_len = query_len - HEADER - r.left;
    if (!is_answer(query, question_len, any_case, msg, len))
        return RC_AUTH;
    uint16_t flags = bytes_get16(msg + 2);
    struct message m = {.b = msg,
                        .len = len,
                        .records = HEADER + question_len,
                        .answers = bytes_get16(msg + 6),
                        .authority = bytes_get16(msg + 8)};
    m.all = m.answers + m.authority + bytes_get16(msg + 10);
    struct dns_wire_answer a = {.rcode = flags & RCODE,
                                .truncated = (flags & FLAG_TC) != 0};
    bool whole = records_ok(&m);
    if (!whole && !a.truncated)
        return RC_BAD;
    if (whole && a.rcode == DNS_WIRE_NOERROR)
        follow(&m, type, &a);
    if (whole)
        look_behind(&m, &a);
    *out = a;
    return RC_OK;
}
