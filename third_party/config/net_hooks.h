/* What lwIP asks of firmware/adapters/net_dhcp.c. */
#ifndef NET_HOOKS_H
#define NET_HOOKS_H

struct dhcp;
struct netif;
struct pbuf;
struct ip4_addr;

/* Is shown a DHCP option that lwIP does not know: its value is the len bytes
 * of p that begin at `at`. */
void net_dhcp_option(unsigned option, unsigned len, const struct pbuf *p,
                     unsigned at);
/* Makes sense of a lease's times, and returns them, in seconds. To be called
 * in this order. */
unsigned net_dhcp_t0(struct dhcp *d);
unsigned net_dhcp_t1(struct dhcp *d);
unsigned net_dhcp_t2(struct dhcp *d);
/* Returns the next hop to an IPv4 address that is not of our network, or NULL:
 * the gateway. */
const struct ip4_addr *net_next_hop(const struct ip4_addr *to);

#endif
