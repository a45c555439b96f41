/* net_dns.h -- which name servers lwIP asks. Private to net*.c.
 *
 * DHCP and router advertisements both fill lwIP's table from its first
 * place, each over the other's entries; a router whose IPv6 name server is
 * dead would so take the working one away. Here each keeps its own:
 * IPv4 first, then IPv6, none lost. */
#ifndef NET_DNS_H
#define NET_DNS_H

#include "core/base.h"

void net_dns_init(void);
/* After anything that may have changed the table: frames, link, DHCP. */
void net_dns_poll(void);

#endif
