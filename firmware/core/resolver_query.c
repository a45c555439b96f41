#include <string.h>

#include "bytes.h"
#include "crypto.h"
#include "resolver_private.h"

#define S            MONO_S
#define TCP_WAIT     (2 * MONO_S)
#define ENTROPY_WAIT MONO_S

/* From one attempt to the next; a server that answers does so at once, so
 * that the second one is not far. RESOLVER_PATIENCE in all. */
static const mono_ns wait_ns[] = {1 * S, 1 * S, 2 * S, 3 * S, 4 * S, 4 * S};
static_assert(LIMIT_DNS_SERVERS <= 8, "a bit for each in asked and useless");

/* Attempts before those of the table, a second apart: all servers are to have
 * their turn. */
static unsigned more_servers(const struct resolver *r)
{
    return r->servers > 3 ? r->servers - 3u : 0;
}

bool resolver_belongs(const struct resolver *r,
                      const struct resolver_query *one,
                      const struct resolver_question *q, unsigned family)
{
    return (one->step == RESOLVER_QUERY_DUE ||
            one->step == RESOLVER_QUERY_OPEN) &&
           &r->question[one->question] == q && one->family == family;
}

void resolver_close(struct resolver *r, struct resolver_query *one)
{
    if (r->tcp == one - r->query)
        r->tcp = -1;
    one->step = one->port ? RESOLVER_QUERY_CLOSING : RESOLVER_QUERY_FREE;
}

/* ---- an attempt --------------------------------------------------------- */

/* The first time with letters mixed and EDNS; once more as plain as can be,
 * with the same identifier, so that a late answer to either is one. */
static int write_query(struct resolver *r, struct resolver_query *one)
{
    const struct resolver_question *q = &r->question[one->question];
    uint16_t type = one->family ? DNS_WIRE_AAAA : DNS_WIRE_A;
    uint8_t chance[2 + DNS_WIRE_MIX];
    bool plain = one->sent > 0;
    if (!plain && crypto_random(chance, sizeof chance) != RC_OK)
        return RC_IO;
    uint16_t id = bytes_get16(plain ? one->msg : chance);
    const char *name = q->family[one->family].aliases ? q->alias : q->name;
    int len = dns_wire_query(id, name, type, plain ? NULL : chance + 2, !plain,
                             one->msg, sizeof one->msg);
    ASSERT(len > 0); /* resolver_ask or dns_wire_read has looked at it */
    one->len = (uint16_t)len;
    one->step = RESOLVER_QUERY_DUE;
    one->fresh = !plain;
    return RC_OK;
}

/* A free query, or the family's oldest, when it has RESOLVER_AT_ONCE. */
static struct resolver_query *new_query(struct resolver *r,
                                        const struct resolver_question *q,
                                        unsigned family)
{
    struct resolver_query *empty = NULL, *oldest = NULL;
    unsigned open = 0;
    for (size_t i = 0; i < LEN(r->query); i++) {
        struct resolver_query *one = &r->query[i];
        if (one->step == RESOLVER_QUERY_FREE)
            empty = one;
        if (!resolver_belongs(r, one, q, family))
            continue;
        open++;
        if (!oldest || one->since < oldest->since)
            oldest = one;
    }
    if (open < RESOLVER_AT_ONCE)
        return empty; /* NULL while closed ones are not yet told of */
    if (r->tcp == oldest - r->query)
        r->tcp = -1;
    return oldest;
}

static struct resolver_query *query_to(struct resolver *r,
                                       const struct resolver_question *q,
                                       unsigned family,
                                       const struct addr *server)
{
    for (size_t i = 0; i < LEN(r->query); i++)
        if (resolver_belongs(r, &r->query[i], q, family) &&
            addr_equal(&r->query[i].to, server))
            return &r->query[i];
    return NULL;
}

/* The next server in turn that has not shown itself useless, or -1. */
static int choose(const struct resolver *r, struct resolver_family *f)
{
    for (unsigned i = 0; i < r->servers; i++) {
        unsigned s = (f->turn + i) % r->servers;
        if (f->useless >> s & 1)
            continue;
        f->turn = (uint8_t)(s + 1);
        return (int)s;
    }
    return -1;
}

/* The query's server is still one of ours, at the same place. */
static bool is_current(const struct resolver *r,
                       const struct resolver_query *one)
{
    return one->server < r->servers &&
           addr_equal(&one->to, &r->server[one->server]);
}

/* This server will not be asked again for this question; with the latest
 * attempt gone, the next one is made at once. */
static void useless(struct resolver *r, struct resolver_query *one,
                    enum resolver_why why, mono_ns now)
{
    struct resolver_question *q = &r->question[one->question];
    struct resolver_family *f = &q->family[one->family];
    resolver_close(r, one);
    f->why = why;
    q->blamed = one->to;
    if (is_current(r, one))
        f->useless |= (uint8_t)(1u << one->server);
    if (f->turn == one->server + 1 || one->tcp)
        f->next = now;
}

void resolver_attempt(struct resolver *r, struct resolver_question *q,
                      unsigned family, mono_ns now)
{
    struct resolver_family *f = &q->family[family];
    for (size_t i = 0; i < LEN(r->query); i++) /* TCP has had its time */
        if (resolver_belongs(r, &r->query[i], q, family) && r->query[i].tcp &&
            r->tcp == (int)i)
            useless(r, &r->query[i], RESOLVER_TRUNCATED, now);
    int s = choose(r, f);
    if (s < 0) {
        resolver_settle(r, q, family, f->why, now);
        return;
    }
    unsigned first = more_servers(r);
    if (f->tries >= LEN(wait_ns) + first) {
        f->next = q->give_up;
        return;
    }
    struct resolver_query *one = query_to(r, q, family, &r->server[s]);
    if (!one) {
        one = new_query(r, q, family);
        if (!one) {
            f->next = now + MONO_MS;
            return;
        }
        *one = (struct resolver_query){
            .question = (uint8_t)(q - r->question),
            .family = (uint8_t)family,
            .server = (uint8_t)s,
            .since = now,
            .to = r->server[s],
            .port = one->port,
        };
    }
    if (write_query(r, one) != RC_OK) {
        resolver_close(r, one);
        f->why = RESOLVER_NO_ENTROPY;
        f->next = now + ENTROPY_WAIT;
        return;
    }
    if (f->why == RESOLVER_NO_ENTROPY)
        f->why = RESOLVER_SILENT;
    f->asked |= (uint8_t)(1u << s);
    f->next = now + (f->tries < first ? S : wait_ns[f->tries - first]);
    f->tries++;
}

/* ---- an answer ---------------------------------------------------------- */

static void keep(struct resolver_family *f, const struct dns_wire_answer *a)
{
    f->count = a->count;
    f->ttl_s = a->ttl_s;
    if (f->aliases && f->alias_ttl_s < f->ttl_s)
        f->ttl_s = f->alias_ttl_s;
    memcpy(f->addr, a->addr, sizeof f->addr);
}

/* The next question is for what the name stands for, to all servers again. */
static void follow(struct resolver *r, struct resolver_query *one,
                   const struct dns_wire_answer *a, mono_ns now)
{
    struct resolver_question *q = &r->question[one->question];
    struct resolver_family *f = &q->family[one->family];
    if (f->aliases == RESOLVER_ALIASES) {
        resolver_settle(r, q, one->family, RESOLVER_ENDLESS, now);
        return;
    }
    if (f->aliases++ == 0 || a->ttl_s < f->alias_ttl_s)
        f->alias_ttl_s = a->ttl_s;
    memcpy(q->alias, a->alias, sizeof q->alias);
    if (is_current(r, one))
        r->best = one->server;
    for (size_t i = 0; i < LEN(r->query); i++)
        if (resolver_belongs(r, &r->query[i], q, one->family))
            resolver_close(r, &r->query[i]);
    f->tries = f->useless = 0;
    f->turn = r->best;
    f->next = now;
}

static void denied(struct resolver *r, struct resolver_query *one,
                   const struct dns_wire_answer *a, enum resolver_why why,
                   mono_ns now)
{
    struct resolver_question *q = &r->question[one->question];
    struct resolver_family *f = &q->family[one->family];
    f->partial = false;
    f->count = 0;
    f->ttl_s = a->ttl_s;
    if (is_current(r, one))
        r->best = one->server;
    resolver_settle(r, q, one->family, why, now);
}

/* RFC 7766 section 5. What has come is kept for want of better. */
static void over_tcp(struct resolver_family *f, struct resolver_query *one,
                     const struct dns_wire_answer *a, mono_ns give_up)
{
    if (a->count > 0) {
        keep(f, a);
        f->partial = true;
    }
    one->tcp = true;
    one->step = RESOLVER_QUERY_DUE;
    f->next = give_up; /* until it has the connection */
}

static void failed(struct resolver *r, struct resolver_query *one,
                   const struct dns_wire_answer *a, mono_ns now)
{
    bool edns = a->rcode == DNS_WIRE_FORMERR || a->rcode == DNS_WIRE_NOTIMP ||
                a->rcode == DNS_WIRE_SERVFAIL || a->rcode == DNS_WIRE_BADVERS;
    /* RFC 6891 section 7, and older servers that know nothing of it. */
    if (edns && one->sent == 1 && !one->tcp) {
        int rc = write_query(r, one);
        ASSERT(rc == RC_OK); /* it draws nothing */
        return;
    }
    r->question[one->question].rcode = (uint8_t)a->rcode;
    useless(r, one,
            a->rcode == DNS_WIRE_REFUSED   ? RESOLVER_REFUSED
            : a->rcode == DNS_WIRE_NOERROR ? RESOLVER_REFERRAL
                                           : RESOLVER_FAILED,
            now);
}

static void answered(struct resolver *r, struct resolver_query *one,
                     const struct dns_wire_answer *a, mono_ns now)
{
    struct resolver_question *q = &r->question[one->question];
    struct resolver_family *f = &q->family[one->family];
    r->count.answers++;
    if (a->truncated && !one->tcp) {
        over_tcp(f, one, a, q->give_up);
    } else if (a->endless) {
        useless(r, one, RESOLVER_ENDLESS, now);
    } else if (a->rcode == DNS_WIRE_NXDOMAIN) {
        denied(r, one, a, RESOLVER_NO_NAME, now);
    } else if (a->rcode != DNS_WIRE_NOERROR || a->referral) {
        failed(r, one, a, now);
    } else if (a->count == 0 && a->alias[0]) {
        follow(r, one, a, now);
    } else if (a->count == 0) {
        denied(r, one, a, RESOLVER_NO_ADDRESS, now);
    } else {
        keep(f, a);
        f->partial = false;
        if (is_current(r, one))
            r->best = one->server;
        resolver_settle(r, q, one->family, RESOLVER_FOUND, now);
    }
}

static void look_at(struct resolver *r, struct resolver_query *one,
                    const uint8_t *msg, size_t len, mono_ns now)
{
    struct dns_wire_answer a;
    int rc = dns_wire_read(one->msg, one->len, one->sent > 1, msg, len, &a);
    if (rc == RC_AUTH) {
        r->count.forged++;
    } else if (rc != RC_OK) { /* wait for a better one, as if none had come */
        r->count.malformed++;
        r->question[one->question].family[one->family].why = RESOLVER_MALFORMED;
    } else {
        answered(r, one, &a, now);
    }
}

void resolver_received(struct resolver *r, unsigned query,
                       const struct addr *from, uint16_t from_port,
                       const uint8_t *msg, size_t len, mono_ns now)
{
    ASSERT(query < LIMIT_DNS_QUERIES);
    struct resolver_query *one = &r->query[query];
    bool open = (one->step == RESOLVER_QUERY_OPEN ||
                 (one->step == RESOLVER_QUERY_DUE && one->sent > 0)) &&
                !one->tcp;
    if (open && from_port == RESOLVER_PORT && addr_equal(from, &one->to))
        look_at(r, one, msg, len, now);
    else
        r->count.forged++;
}

void resolver_unsent(struct resolver *r, unsigned query, mono_ns now)
{
    ASSERT(query < LIMIT_DNS_QUERIES);
    struct resolver_query *one = &r->query[query];
    if (one->step != RESOLVER_QUERY_OPEN || one->tcp)
        return;
    struct resolver_family *f = &r->question[one->question].family[one->family];
    if (one->sent == 1 && is_current(r, one))
        f->asked &= (uint8_t) ~(1u << one->server);
    useless(r, one, f->why, now);
}

/* ---- TCP ---------------------------------------------------------------- */

static bool has_connection(const struct resolver *r, unsigned query)
{
    ASSERT(query < LIMIT_DNS_QUERIES);
    return r->tcp == (int)query && r->query[query].step == RESOLVER_QUERY_OPEN;
}

/* Two bytes of length, then a message (RFC 1035 section 4.2.2). */
void resolver_tcp_received(struct resolver *r, unsigned query, const uint8_t *b,
                           size_t len, mono_ns now)
{
    if (!has_connection(r, query))
        return;
    struct resolver_query *one = &r->query[query];
    size_t room = sizeof r->tcp_buf - r->tcp_len;
    size_t n = len < room ? len : room;
    memcpy(r->tcp_buf + r->tcp_len, b, n);
    r->tcp_len += n;
    if (r->tcp_len < 2)
        return;
    size_t whole = 2u + bytes_get16(r->tcp_buf);
    if (whole > sizeof r->tcp_buf) {
        useless(r, one, RESOLVER_TRUNCATED, now);
    } else if (r->tcp_len >= whole) {
        look_at(r, one, r->tcp_buf + 2, whole - 2, now);
        if (has_connection(r, query)) /* that was no answer */
            useless(r, one, RESOLVER_TRUNCATED, now);
    }
}

void resolver_tcp_ended(struct resolver *r, unsigned query, mono_ns now)
{
    if (has_connection(r, query))
        useless(r, &r->query[query], RESOLVER_TRUNCATED, now);
}

/* ---- what the owner has to do ------------------------------------------- */

static void hand_out(struct resolver *r, struct resolver_query *one,
                     mono_ns now, struct resolver_out *out)
{
    struct resolver_question *q = &r->question[one->question];
    struct writer w = writer_of(out->b, sizeof out->b);
    out->fresh = one->tcp || one->fresh;
    if (one->tcp) {
        r->tcp = (int)out->query;
        r->tcp_len = 0;
        r->count.tcp++;
        q->family[one->family].next = mono_min(now + TCP_WAIT, q->give_up);
        writer_u16(&w, one->len);
    } else {
        one->sent++;
        r->count.sent++;
    }
    out->act = one->tcp ? RESOLVER_OPEN : RESOLVER_SEND;
    out->to = one->to;
    writer_bytes(&w, one->msg, one->len);
    ASSERT(!w.full);
    out->len = w.len;
    one->step = RESOLVER_QUERY_OPEN;
    one->port = true;
}

int resolver_next_out(struct resolver *r, mono_ns now, struct resolver_out *out)
{
    for (unsigned i = 0; i < LIMIT_DNS_QUERIES; i++) {
        struct resolver_query *one = &r->query[i];
        if (one->step == RESOLVER_QUERY_CLOSING) {
            one->step = RESOLVER_QUERY_FREE;
            one->port = false;
            *out = (struct resolver_out){.query = i, .act = RESOLVER_CLOSE};
            return RC_OK;
        }
        if (one->step == RESOLVER_QUERY_DUE && (!one->tcp || r->tcp < 0)) {
            *out = (struct resolver_out){.query = i};
            hand_out(r, one, now, out);
            return RC_OK;
        }
    }
    return RC_AGAIN;
}
