#include "why_net.h"

#include <string.h>

#include "fmt.h"

#define NET6_BITS 64 /* of a network that SLAAC has made an address for      */

static size_t say(char *out, size_t cap, const char *text)
{
    return fmt(out, cap, "%s", text);
}

static bool beyond4(const struct status_net *n)
{
    return n->addr4.family && n->gateway4.family && !n->gateway_mute;
}

static bool beyond6(const struct status_net *n)
{
    return n->addr6.family && n->router6;
}

bool why_net_is_near(const struct status_net *n, const struct addr *to)
{
    const struct addr_prefix net4 = {n->addr4, n->bits4},
                             net6 = {n->addr6, NET6_BITS},
                             link6 = {{6, {0xfe, 0x80}}, 10};
    return addr_in_prefix(to, to->family == 4 ? &net4 : &net6) ||
           addr_in_prefix(to, &link6);
}

/* Of DHCP, while there is no lease. */
static const char *no_lease(const struct status_net *n)
{
    switch (n->dhcp) {
    case STATUS_DHCP_UNCONFIRMED:
        return "a DHCP server offers an address and does not confirm it";
    case STATUS_DHCP_REFUSED:
        return "a DHCP server refuses the address that was offered (NAK; is "
               "there a second server?)";
    case STATUS_DHCP_ENDED:
        return "the lease is over, and no answer from a DHCP server";
    case STATUS_DHCP_OFF:
    case STATUS_DHCP_SILENT:
    case STATUS_DHCP_LEASE:
        break;
    }
    return "no answer from a DHCP server";
}

size_t why_net_address(const struct status_net *n, char *out, size_t cap)
{
    if (!n->link)
        return say(out, cap, "no Ethernet link: is the cable in?");
    if (n->rival)
        return say(out, cap,
                   "another host has our IPv4 address, too: give each its own");
    if (n->addr4.family || n->addr6.family)
        return say(out, cap, "");
    return fmt(out, cap,
               "no address: %s, and %s; without DHCP, chrony.conf needs an "
               "address line",
               no_lease(n),
               n->router6 ? "the IPv6 router gives none (DHCPv6 is not asked)"
                          : "no IPv6 router");
}

static size_t way4(const struct status_net *n, char *out, size_t cap)
{
    if (!n->addr4.family)
        return fmt(out, cap, "no IPv4 address: %s", no_lease(n));
    if (n->gateway4.family && !n->gateway_mute)
        return say(out, cap, "");
    if (n->gateway4.family) {
        char gateway[ADDR_TEXT];
        addr_text(&n->gateway4, gateway);
        return fmt(out, cap, "no answer from the gateway %s (ARP)", gateway);
    }
    if (n->dhcp == STATUS_DHCP_OFF)
        return say(out, cap,
                   "no gateway: chrony.conf has an address, but no gateway "
                   "line");
    return say(out, cap,
               n->routes4 ? "no gateway: the DHCP server's routes (option 121) "
                            "lead elsewhere"
                          : "no gateway: the DHCP server names none (options 3 "
                            "and 121)");
}

static size_t way6(const struct status_net *n, char *out, size_t cap)
{
    if (beyond6(n))
        return say(out, cap, "");
    if (n->addr6.family)
        return say(out, cap, "no router: no IPv6 router answers");
    return say(out, cap,
               n->router6 ? "no IPv6 address: the router gives none (DHCPv6 is "
                            "not asked)"
                          : "no IPv6 address: no router: none advertises "
                            "itself");
}

size_t why_net_way(const struct status_net *n, const struct addr *to, char *out,
                   size_t cap)
{
    if (why_net_is_near(n, to))
        return say(out, cap, "");
    return to->family == 6 ? way6(n, out, cap) : way4(n, out, cap);
}

size_t why_net_names(const struct status_net *n, char *out, size_t cap)
{
    if (n->nameservers > 0)
        return say(out, cap, "");
    if (n->dhcp == STATUS_DHCP_OFF)
        return say(out, cap,
                   "no name server: chrony.conf has an address, but no "
                   "nameserver line");
    return fmt(out, cap,
               "no name server: neither %s nor chrony.conf (nameserver) names "
               "one",
               n->addr4.family ? "DHCP" : "a router");
}

size_t why_net_beyond(const struct status_net *n, char *out, size_t cap)
{
    bool cut_off = !beyond4(n) && !beyond6(n);
    bool gateway = n->gateway4.family;
    if (cut_off && !gateway && n->nameservers == 0 &&
        n->dhcp == STATUS_DHCP_OFF)
        return say(out, cap,
                   "no gateway and no name server: beside its address line, "
                   "chrony.conf needs a gateway and a nameserver line");
    if (cut_off && !gateway && n->nameservers == 0 && n->addr4.family &&
        !n->routes4)
        return say(out, cap,
                   "no gateway and no name server: the DHCP server names "
                   "neither (options 3, 121 and 6)");
    if (!cut_off)
        return say(out, cap, "");
    return n->addr4.family ? way4(n, out, cap) : way6(n, out, cap);
}
