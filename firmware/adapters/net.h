/* net.h -- lwIP on the port's Ethernet: address (DHCPv4 or static, SLAAC),
 * DNS, ICMP echo. Datagrams and connections are net_udp.h and net_tcp.h. */
#ifndef NET_H
#define NET_H

#include "core/addr.h"
#include "core/conf.h"
#include "core/resolver.h"
#include "core/status.h"

/* Starts lwIP, once. conf stays the caller's and as it is. changed is called
 * from net_poll whenever the address or the link has become another. */
void net_init(const struct conf *conf, void (*changed)(mono_ns now));
/* Makes told hear, from net_poll, which NTP servers each DHCP lease names
 * (option 42, RFC 2132 section 8.3), none included. */
void net_ntp_servers(void (*told)(const struct addr *addr, size_t count));
/* Moves frames and runs lwIP's timers. Returns when it must run next. */
mono_ns net_poll(mono_ns now);
/* Tells whether there is a link and an address to send from. */
bool net_up(void);
/* Returns how many frames were dropped since start because a queue or a pool
 * was full. */
uint32_t net_dropped(void);
/* Return this board's address: the IPv4 one, and an IPv6 one beyond the link.
 * Family 0 while there is none. */
struct addr net_address4(void);
struct addr net_address6(void);
/* Writes all addresses that this board answers to, those of the link and those
 * that are still being tried included, at most cap; returns how many. */
unsigned net_own_addresses(struct addr *out, unsigned cap);
/* Fills the network's section of the snapshot. */
void net_status(struct status_net *out);

/* Hears the outcome of net_resolve: all addresses, those of a family that we
 * have an address of first, or why there is none. */
typedef void (*net_resolved)(void *arg, const struct resolver_answer *answer);
/* Turns a name or a literal into addresses. Calls done once, from net_poll, or
 * at once for a literal and for what can be no name. Returns RC_OK, or
 * RC_SPACE: too many questions at once, ask again later. */
int net_resolve(const char *name, net_resolved done, void *arg) MUST_CHECK;

#endif
