#include <string.h>

#include "lwip/dns.h"
#include "net_private.h"

#define EACH 2 /* LWIP_DHCP_MAX_DNS_SERVERS, LWIP_ND6_RDNSS_MAX_DNS_SERVERS */

static_assert(DNS_MAX_SERVERS == 2 * EACH, "a place for each");

static struct {
    ip_addr_t v4[EACH], v6[EACH];      /* all zero: none */
    ip_addr_t placed[DNS_MAX_SERVERS]; /* as we left lwIP's table */
} dns;

static bool is_none(const ip_addr_t *a)
{
    return ip_addr_isany(a);
}

/* What somebody wrote to place i since the last time. */
static void take(unsigned i, const ip_addr_t *now)
{
    if (is_none(now)) { /* withdrawn (RFC 8106 5.1: lifetime 0) */
        for (unsigned k = 0; k < EACH; k++)
            if (ip_addr_eq(&dns.v6[k], &dns.placed[i]))
                ip_addr_set_zero(&dns.v6[k]);
    } else if (i < EACH) {
        ip_addr_t *own = IP_IS_V4(now) ? dns.v4 : dns.v6;
        ip_addr_copy(own[i], *now);
    }
}

static unsigned add(unsigned n, const ip_addr_t *own)
{
    for (unsigned k = 0; k < EACH; k++) {
        bool had = is_none(&own[k]);
        for (unsigned i = 0; i < n; i++)
            had = had || ip_addr_eq(&dns.placed[i], &own[k]);
        if (!had) {
            ip_addr_copy(dns.placed[n], own[k]);
            n++;
        }
    }
    return n;
}

void net_dns_init(void)
{
    memset(&dns, 0, sizeof dns);
}

void net_dns_poll(void)
{
    bool changed = false;
    for (unsigned i = 0; i < DNS_MAX_SERVERS; i++) {
        const ip_addr_t *now = dns_getserver((u8_t)i);
        if (ip_addr_eq(now, &dns.placed[i]))
            continue;
        changed = true;
        take(i, now);
    }
    if (!changed)
        return;
    memset(dns.placed, 0, sizeof dns.placed);
    (void)add(add(0, dns.v4), dns.v6);
    for (unsigned i = 0; i < DNS_MAX_SERVERS; i++)
        dns_setserver((u8_t)i, &dns.placed[i]); /* no holes: lwIP stops there */
}
