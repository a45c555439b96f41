#include "resolver.h"

#include <string.h>

#include "fmt.h"
#include "resolver_private.h"

#define SERVER_WAIT  (2 * MONO_S) /* for DHCP, a router, to name a server     */
#define GRACE        (3 * MONO_S) /* for one family, when the other is known  */
#define FAILURE_KEPT 5            /* seconds */

void resolver_init(struct resolver *r)
{
    memset(r, 0, sizeof *r);
    r->tcp = -1;
}

/* ---- the end of a question ---------------------------------------------- */

static bool is_denial(enum resolver_why why)
{
    return why == RESOLVER_NO_NAME || why == RESOLVER_NO_ADDRESS;
}

/* A family that could not be asked tells more than one that has nothing. */
static enum resolver_why both_say(enum resolver_why a, enum resolver_why b)
{
    if (a == RESOLVER_FOUND || b == RESOLVER_FOUND)
        return RESOLVER_FOUND;
    if (a == RESOLVER_NO_NAME || b == RESOLVER_NO_NAME)
        return RESOLVER_NO_NAME;
    return is_denial(a) ? b : a;
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t ttl_of(const struct resolver_question *q)
{
    uint32_t ttl_s = RESOLVER_TTL_MAX;
    if (q->why != RESOLVER_FOUND && !is_denial(q->why))
        return FAILURE_KEPT;
    for (unsigned i = 0; i < 2; i++) {
        const struct resolver_family *f = &q->family[i];
        if (f->why == q->why)
            ttl_s = lesser(ttl_s, f->ttl_s);
        if (f->partial || (f->why != RESOLVER_FOUND && !is_denial(f->why)))
            ttl_s = lesser(ttl_s, RESOLVER_TTL_HALF);
    }
    if (q->why != RESOLVER_FOUND)
        ttl_s = lesser(ttl_s, RESOLVER_TTL_NONE);
    return ttl_s < RESOLVER_TTL_MIN ? RESOLVER_TTL_MIN : ttl_s;
}

static void finish(struct resolver_question *q, enum resolver_why why,
                   mono_ns now)
{
    q->state = RESOLVER_DONE;
    q->why = why;
    q->expires = now + ttl_of(q) * MONO_S;
}

void resolver_settle(struct resolver *r, struct resolver_question *q,
                     unsigned family, enum resolver_why why, mono_ns now)
{
    struct resolver_family *f = &q->family[family],
                           *other = &q->family[!family];
    f->asking = false;
    f->why = f->partial ? RESOLVER_FOUND : why;
    if (f->why == RESOLVER_SILENT && f->asked == 0)
        f->why = r->servers ? RESOLVER_NO_ROUTE : RESOLVER_NO_SERVER;
    for (size_t i = 0; i < LEN(r->query); i++)
        if (resolver_belongs(r, &r->query[i], q, family))
            resolver_close(r, &r->query[i]);
    if (f->why == RESOLVER_FOUND)
        q->give_up = mono_min(q->give_up, now + GRACE);
    if (!other->asking)
        finish(q, both_say(q->family[0].why, q->family[1].why), now);
}

/* ---- its way there ------------------------------------------------------ */

static unsigned active(const struct resolver *r)
{
    unsigned n = 0;
    for (size_t i = 0; i < LEN(r->question); i++)
        n += r->question[i].state == RESOLVER_ASKING;
    return n;
}

static void begin(struct resolver *r, struct resolver_question *q, mono_ns now)
{
    q->state = RESOLVER_ASKING;
    q->give_up = now + RESOLVER_PATIENCE;
    for (unsigned i = 0; i < 2; i++)
        q->family[i] = (struct resolver_family){.asking = true,
                                                .why = RESOLVER_SILENT,
                                                .turn = r->best,
                                                .next = now};
}

static void step(struct resolver *r, struct resolver_question *q, mono_ns now)
{
    if (q->state == RESOLVER_WAITING) {
        if (r->servers > 0 && active(r) < LIMIT_DNS_ACTIVE)
            begin(r, q, now);
        else if (r->servers == 0 && now - q->since >= SERVER_WAIT)
            finish(q, RESOLVER_NO_SERVER, now);
    }
    for (unsigned i = 0; i < 2 && q->state == RESOLVER_ASKING; i++) {
        struct resolver_family *f = &q->family[i];
        while (f->asking && now >= mono_min(f->next, q->give_up))
            if (now >= q->give_up)
                resolver_settle(r, q, i, f->why, now);
            else
                resolver_attempt(r, q, i, now);
    }
}

int resolver_poll(struct resolver *r, mono_ns now, struct resolver_out *out)
{
    for (size_t i = 0; i < LEN(r->question); i++)
        step(r, &r->question[i], now);
    return resolver_next_out(r, now, out);
}

mono_ns resolver_due(const struct resolver *r)
{
    mono_ns due = MONO_NEVER;
    for (size_t i = 0; i < LEN(r->question); i++) {
        const struct resolver_question *q = &r->question[i];
        if (q->state == RESOLVER_WAITING && r->servers == 0)
            due = mono_min(due, q->since + SERVER_WAIT);
        for (unsigned k = 0; k < 2 && q->state == RESOLVER_ASKING; k++)
            if (q->family[k].asking)
                due = mono_min(due, mono_min(q->family[k].next, q->give_up));
    }
    return due;
}

/* ---- name servers ------------------------------------------------------- */

static void ask_anew(struct resolver_question *q, mono_ns now)
{
    for (unsigned i = 0; i < 2; i++) {
        struct resolver_family *f = &q->family[i];
        f->turn = f->tries = f->asked = f->useless = f->aliases = 0;
        f->next = now;
    }
    q->give_up = now + RESOLVER_PATIENCE;
}

void resolver_servers(struct resolver *r, const struct addr *server,
                      size_t count, mono_ns now)
{
    struct addr fresh[LIMIT_DNS_SERVERS] = {0};
    uint8_t n = 0;
    for (size_t i = 0; i < count && n < LIMIT_DNS_SERVERS; i++) {
        bool had = addr_size(&server[i]) == 0;
        for (unsigned k = 0; k < n; k++)
            had = had || addr_equal(&fresh[k], &server[i]);
        if (!had)
            fresh[n++] = server[i];
    }
    bool same = n == r->servers;
    for (unsigned k = 0; k < n && same; k++)
        same = addr_equal(&fresh[k], &r->server[k]);
    if (same)
        return;
    memcpy(r->server, fresh, sizeof fresh);
    r->servers = n;
    r->best = 0;
    for (size_t i = 0; i < LEN(r->question); i++) {
        struct resolver_question *q = &r->question[i];
        if (q->state == RESOLVER_ASKING)
            ask_anew(q, now);
        else if (q->state == RESOLVER_DONE && q->why != RESOLVER_FOUND)
            q->expires = now;
    }
}

void resolver_forget(struct resolver *r)
{
    for (size_t i = 0; i < LEN(r->question); i++)
        r->question[i].expires = 0;
}

/* ---- asking and answering ----------------------------------------------- */

/* As names are compared and kept: small letters, no dot at the end. */
static void tidy(const char *name, char out[LIMIT_NAME])
{
    size_t len = strlen(name);
    ASSERT(len < LIMIT_NAME);
    for (size_t i = 0; i <= len; i++)
        out[i] =
            name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
    if (out[len - 1] == '.')
        out[len - 1] = 0;
}

/* The question of that name, or a place for one: empty, or that of the oldest
 * answer which nobody waits for; NULL: none. */
static struct resolver_question *place_for(struct resolver *r, const char *name)
{
    struct resolver_question *place = NULL;
    for (size_t i = 0; i < LEN(r->question); i++) {
        struct resolver_question *q = &r->question[i];
        if (q->state != RESOLVER_FREE && strcmp(q->name, name) == 0)
            return q;
        if (q->state == RESOLVER_FREE) {
            if (!place || place->state != RESOLVER_FREE)
                place = q;
        } else if (q->state == RESOLVER_DONE && q->users == 0 &&
                   (!place || (place->state == RESOLVER_DONE &&
                               q->expires < place->expires))) {
            place = q;
        }
    }
    return place;
}

int resolver_ask(struct resolver *r, const char *name, mono_ns now)
{
    char tidied[LIMIT_NAME];
    if (!dns_wire_name_ok(name))
        return RC_BAD;
    tidy(name, tidied);
    struct resolver_question *q = place_for(r, tidied);
    if (!q)
        return RC_SPACE;
    bool known = q->state != RESOLVER_FREE && strcmp(q->name, tidied) == 0;
    if (!known)
        q->users = 0;
    if (!known || (q->state == RESOLVER_DONE && now >= q->expires)) {
        memcpy(q->name, tidied, sizeof q->name);
        memset(q->family, 0, sizeof q->family);
        q->state = RESOLVER_WAITING;
        q->since = now;
    }
    q->users++;
    return (int)(q - r->question);
}

/* One of each family by turns, so that both are there however many there
 * are. */
static void merge(const struct resolver_question *q,
                  struct resolver_answer *out)
{
    static const uint8_t family[] = {4, 6};
    for (unsigned i = 0; i < 2 * LIMIT_DNS_ADDRESSES; i++) {
        const struct resolver_family *f = &q->family[i % 2];
        if (f->why != RESOLVER_FOUND || i / 2 >= f->count)
            continue;
        struct addr a = addr_of(family[i % 2], f->addr[i / 2]);
        bool had = out->count == LIMIT_DNS_ADDRESSES;
        for (unsigned k = 0; k < out->count && !had; k++)
            had = addr_equal(&out->addr[k], &a);
        if (!had)
            out->addr[out->count++] = a;
    }
}

static uint8_t bits_of(unsigned v)
{
    uint8_t n = 0;
    for (; v; v &= v - 1)
        n++;
    return n;
}

/* The server of that bit; where there are more or none, the only one known, or
 * none. */
static struct addr the_only(const struct resolver *r, unsigned asked)
{
    for (unsigned i = 0; i < r->servers; i++)
        if (asked == 1u << i || (asked == 0 && r->servers == 1))
            return r->server[i];
    return (struct addr){0};
}

int resolver_take(struct resolver *r, int number, mono_ns now,
                  struct resolver_answer *out)
{
    ASSERT(number >= 0 && number < LIMIT_DNS_QUESTIONS);
    struct resolver_question *q = &r->question[number];
    ASSERT(q->users > 0);
    if (q->state != RESOLVER_DONE)
        return RC_AGAIN;
    q->users--;
    *out = (struct resolver_answer){.why = q->why};
    unsigned asked = q->family[0].asked | q->family[1].asked;
    out->servers = bits_of(asked);
    out->server = q->blamed;
    out->rcode = q->rcode;
    if (q->why == RESOLVER_SILENT || q->why == RESOLVER_NO_ROUTE)
        out->server = the_only(r, asked);
    if (q->why == RESOLVER_FOUND)
        merge(q, out);
    if (q->expires > now)
        out->ttl_s = (uint32_t)((q->expires - now) / MONO_S);
    return RC_OK;
}

void resolver_keep_family(struct resolver_answer *a, uint8_t family)
{
    uint8_t kept = 0;
    for (uint8_t i = 0; i < a->count; i++)
        if (family == 0 || a->addr[i].family == family)
            a->addr[kept++] = a->addr[i];
    if (kept == 0 && a->count > 0)
        a->why = RESOLVER_NO_FAMILY;
    a->count = kept;
}

/* RFC 1035 section 4.1.1 */
static const char *code_text(unsigned rcode)
{
    static const char *const text[] = {
        [DNS_WIRE_FORMERR] = "FORMERR",
        [DNS_WIRE_SERVFAIL] = "SERVFAIL",
        [DNS_WIRE_NOTIMP] = "NOTIMP",
    };
    return rcode < LEN(text) && text[rcode] ? text[rcode] : "an odd code";
}

void resolver_why_text(const struct resolver_answer *a, char out[RESOLVER_WHY])
{
    static const char *const text[] = {
        [RESOLVER_FOUND] = "",
        [RESOLVER_NO_SERVER] = "no name server",
        [RESOLVER_NO_NAME] = "no such name (NXDOMAIN): is it spelt right?",
        [RESOLVER_NO_ADDRESS] = "the name has no address",
        [RESOLVER_REFUSED] = "the name server%s refuses (REFUSED)",
        [RESOLVER_FAILED] = "the name server%s fails (%s)",
        [RESOLVER_REFERRAL] = "the name server%s only names others to ask",
        [RESOLVER_SILENT] = "no answer from the name server%s",
        [RESOLVER_TRUNCATED] =
            "the name server's answer is truncated, none by TCP",
        [RESOLVER_MALFORMED] = "the name server's answer is malformed",
        [RESOLVER_ENDLESS] = "the name's CNAME records lead in a circle",
        [RESOLVER_NO_ROUTE] = "no route to the name server%s",
        [RESOLVER_NO_HOST] = "its address is no other host's, and not asked",
        [RESOLVER_NO_FAMILY] = "the name has no address of this family",
        [RESOLVER_NO_ENTROPY] = "no entropy to ask a name server with",
    };
    char server[1 + ADDR_TEXT] = " ";
    addr_text(&a->server, server + 1);
    if (!server[1])
        server[0] = 0;
    if (a->why == RESOLVER_SILENT && a->servers != 1)
        (void)fmt(out, RESOLVER_WHY, "no answer from %u name servers",
                  (unsigned)a->servers);
    else if (a->why == RESOLVER_NO_ROUTE && !server[0])
        (void)fmt(out, RESOLVER_WHY, "no route to a name server");
    else
        (void)fmt(out, RESOLVER_WHY, text[a->why], server, code_text(a->rcode));
}
