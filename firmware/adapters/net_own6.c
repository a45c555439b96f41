/* Which of our IPv6 addresses requests leave from. A router gives prefixes and
 * takes back none of them that it has forgotten itself (RFC 8978: one that was
 * restarted, or whose provider gave it another prefix), and what anybody says
 * in a router's name cannot be told from what it says. So it is not believed
 * but tried: an address that requests beyond the network have left from, and
 * that nothing has come back to, makes way for another one of its kind. Where
 * no place is left for a new one, those make way that have shown to be of no
 * use, and then a local network's (fc00::/7) for a global one. */
#include <string.h>

#include "core/bytes.h"
#include "lwip/netif.h"
#include "lwip/prot/nd6.h"
#include "net_private.h"

#define TRIES   4  /* requests without an answer                             */
#define RA      16 /* bytes of an advertisement before its options           */
#define PREFIX  32 /* bytes of that option                                    */
#define ON_LINK 64 /* bits of every prefix that addresses are made of         */

static struct own {
    ip6_addr_t addr;    /* lwIP's of the same number, when it was looked at   */
    uint8_t unanswered; /* at most TRIES                                     */
    uint32_t said;      /* by which advertisement, the last one              */
} own[LWIP_IPV6_NUM_ADDRESSES];
static uint32_t advertisements;

void net_own6_forget(void)
{
    memset(own, 0, sizeof own);
}

static struct own *of(struct netif *n, int i)
{
    const ip6_addr_t *is = netif_ip6_addr(n, i);
    if (!ip6_addr_eq(is, &own[i].addr))
        own[i] = (struct own){.addr = *is, .said = advertisements};
    return &own[i];
}

/* The address of ours that these 16 bytes are, or 0: none that a router's
 * prefix has made. */
static int slot_of(struct netif *n, const uint8_t *bytes)
{
    for (int i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(n, i)) &&
            memcmp(netif_ip6_addr(n, i)->addr, bytes, 16) == 0)
            return i;
    return 0;
}

/* Not of the link, nor of the network that the address is of. */
static bool is_beyond(struct netif *n, int own_number, const uint8_t *bytes)
{
    return bytes[0] != 0xff && (bytes[0] != 0xfe || bytes[1] >> 6 != 2) &&
           memcmp(netif_ip6_addr(n, own_number)->addr, bytes, ON_LINK / 8) != 0;
}

static bool is_local(const ip6_addr_t *a)
{
    return ip6_addr_isuniquelocal(a);
}

/* Another one of the kind, whose prefix its router still recommends. */
static bool is_choice(struct netif *n, int i, int other)
{
    return other != i &&
           (ip6_addr_ispreferred(netif_ip6_addr_state(n, other)) ||
            (netif_ip6_addr_state(n, other) == IP6_ADDR_DEPRECATED &&
             netif_ip6_addr_pref_life(n, other) > 0)) &&
           is_local(netif_ip6_addr(n, other)) == is_local(netif_ip6_addr(n, i));
}

/* The one that was advertised last, of those that have not been tried in vain;
 * when all have, they begin anew. */
static void try_another(struct netif *n, int i)
{
    int best = 0;
    for (int turn = 0; turn < 2 && best == 0; turn++)
        for (int k = 1; k < LWIP_IPV6_NUM_ADDRESSES; k++) {
            if (!is_choice(n, i, k))
                continue;
            if (turn > 0)
                of(n, k)->unanswered = 0;
            if (of(n, k)->unanswered < TRIES &&
                (best == 0 || (int32_t)(of(n, k)->said - own[best].said) > 0))
                best = k;
        }
    if (best == 0)
        return;
    for (int k = 1; k < LWIP_IPV6_NUM_ADDRESSES; k++)
        if (k != best && is_choice(n, best, k))
            netif_ip6_addr_set_state(n, (s8_t)k, IP6_ADDR_DEPRECATED);
    netif_ip6_addr_set_state(n, (s8_t)best, IP6_ADDR_PREFERRED);
}

void net_own6_leaves(struct netif *n, const uint8_t *ip6)
{
    int i = slot_of(n, ip6 + 8);
    if (i == 0 || !is_beyond(n, i, ip6 + 24))
        return;
    struct own *o = of(n, i);
    if (o->unanswered < TRIES)
        o->unanswered++;
    if (o->unanswered == TRIES &&
        ip6_addr_ispreferred(netif_ip6_addr_state(n, i)))
        try_another(n, i);
}

void net_own6_heard(struct netif *n, const uint8_t *ip6)
{
    int i = slot_of(n, ip6 + 24);
    if (i != 0 && is_beyond(n, i, ip6 + 8))
        of(n, i)->unanswered = 0;
}

/* The address of that prefix, or a place for one; 0: neither. */
static int place_of(struct netif *n, const uint8_t *prefix)
{
    int empty = 0;
    for (int i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_isinvalid(netif_ip6_addr_state(n, i)))
            empty = i;
        else if (memcmp(netif_ip6_addr(n, i)->addr, prefix, ON_LINK / 8) == 0)
            return i;
    return empty;
}

/* How well an address can be done without, for a new one; 0: not. */
static unsigned expendable(struct netif *n, int i, bool for_global)
{
    if (!ip6_addr_ispreferred(netif_ip6_addr_state(n, i)) &&
        !ip6_addr_istentative(netif_ip6_addr_state(n, i)))
        return 3;
    if (of(n, i)->unanswered == TRIES)
        return 2;
    return for_global && is_local(netif_ip6_addr(n, i)) ? 1 : 0;
}

static void make_place(struct netif *n, const uint8_t *prefix)
{
    int best = place_of(n, prefix);
    unsigned most = 0;
    bool global = (prefix[0] & 0xfe) != 0xfc;
    if (best > 0) {
        of(n, best)->said = advertisements;
        return;
    }
    for (int i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        unsigned value = expendable(n, i, global);
        if (value > most) {
            most = value;
            best = i;
        }
    }
    if (best > 0)
        netif_ip6_addr_set_state(n, (s8_t)best, IP6_ADDR_INVALID);
}

void net_own6_advertised(struct netif *n, const uint8_t *icmp, size_t len)
{
    size_t size;
    advertisements++;
    for (size_t at = RA; at + 8 <= len; at += size) {
        const uint8_t *o = icmp + at;
        size = (size_t)o[1] * 8;
        if (size == 0 || size > len - at)
            return;
        if (o[0] == ND6_OPTION_TYPE_PREFIX_INFO && size >= PREFIX &&
            o[2] == ON_LINK && (o[3] & ND6_PREFIX_FLAG_AUTONOMOUS) &&
            bytes_get32(o + 8) > 0) /* preferred for some time */
            make_place(n, o + 16);
    }
}
