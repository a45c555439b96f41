#include "access.h"

#include <string.h>

static void clear_host_bits(struct addr_prefix *p)
{
    for (unsigned bit = p->bits; bit < 8 * sizeof p->addr.b; bit++)
        p->addr.b[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
}

static bool is_within(const struct addr_prefix *p, const struct addr_prefix *of)
{
    return p->bits >= of->bits && addr_in_prefix(&p->addr, of);
}

/* The index of the rule about just this subnet, or count. */
static unsigned find(const struct access *a, const struct addr_prefix *net)
{
    unsigned i = 0;
    while (i < a->count && !(a->rule[i].net.bits == net->bits &&
                             addr_equal(&a->rule[i].net.addr, &net->addr)))
        i++;
    return i;
}

static void forget_within(struct access *a, const struct addr_prefix *net)
{
    uint8_t kept = 0;
    for (unsigned i = 0; i < a->count; i++)
        if (!is_within(&a->rule[i].net, net))
            a->rule[kept++] = a->rule[i];
    a->count = kept;
}

int access_add(struct access *a, const struct addr_prefix *net, bool allow,
               bool all)
{
    struct addr_prefix masked = *net;
    clear_host_bits(&masked);
    if (all)
        forget_within(a, &masked);
    unsigned i = find(a, &masked);
    if (i == LIMIT_ACCESS_RULES)
        return RC_SPACE;
    if (i == a->count)
        a->count++;
    a->rule[i] = (struct access_rule){masked, allow};
    return RC_OK;
}

bool access_allows(const struct access *a, const struct addr *who)
{
    int longest = -1;
    bool allow = false;
    for (unsigned i = 0; i < a->count; i++) {
        const struct access_rule *r = &a->rule[i];
        if (r->net.bits > longest && addr_in_prefix(who, &r->net)) {
            longest = r->net.bits;
            allow = r->allow;
        }
    }
    return allow;
}

bool access_opens(const struct access *a)
{
    for (unsigned i = 0; i < a->count; i++)
        if (a->rule[i].allow)
            return true;
    return false;
}

/* ---- text ---- */

/* A decimal number up to `most` at *p, which is moved behind it; -1: none. */
static int number(const char **p, int most)
{
    int n = 0;
    const char *s = *p;
    if (*s < '0' || *s > '9' || (*s == '0' && s[1] >= '0' && s[1] <= '9'))
        return -1;
    for (; *s >= '0' && *s <= '9'; s++)
        if ((n = n * 10 + (*s - '0')) > most)
            return -1;
    *p = s;
    return n;
}

/* One to three numbers with dots between, and perhaps /BITS. */
static int parse_short(const char *text, struct addr_prefix *out)
{
    struct addr_prefix p = {.addr.family = 4};
    unsigned n = 0;
    do {
        int v = number(&text, 255);
        if (v < 0 || n == 3)
            return RC_BAD;
        p.addr.b[n++] = (uint8_t)v;
    } while (*text == '.' && *++text != '\0');
    int bits = (int)(8 * n);
    if (*text == '/') {
        text++;
        bits = number(&text, 32);
    }
    if (bits < 0 || *text != '\0')
        return RC_BAD;
    p.bits = (uint8_t)bits;
    *out = p;
    return RC_OK;
}

int access_parse(const char *text, struct addr_prefix *out)
{
    if (addr_prefix_parse(text, out) != RC_OK &&
        parse_short(text, out) != RC_OK)
        return RC_BAD;
    clear_host_bits(out);
    return RC_OK;
}
