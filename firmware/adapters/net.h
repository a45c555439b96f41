/* net.h -- lwIP on the port's Ethernet: address (DHCPv4 or static, SLAAC),
 * DNS, ICMP echo. ntp_udp and tls use lwIP's raw API on top.
 *
 * Every received pbuf carries the counter stamp of its frame (port.h);
 * net_rx_stamp reads it back. Every frame that leaves is shown to whoever
 * watches, with its stamp, however long it had to wait for an address
 * resolution or for the frame before it. */
#ifndef NET_H
#define NET_H

#include "core/addr.h"
#include "core/conf.h"

struct pbuf;
struct ip_addr;

/* changed: the address or the link is another one now. */
void net_init(const struct conf *conf, void (*changed)(mono_ns now));
/* From now on told() hears, from net_poll, which NTP servers each DHCP lease
 * names (option 42, RFC 2132 section 8.3), none included. */
void net_ntp_servers(void (*told)(const struct addr *addr, size_t count));
mono_ns net_poll(mono_ns now);
bool net_up(void); /* link, and an address to send from         */
/* Return this board's address: the IPv4 one, and an IPv6 one beyond the link.
 * Family 0 while there is none. */
struct addr net_address4(void);
struct addr net_address6(void);
/* Writes the address as lwIP keeps it. */
void net_addr_to_lwip(const struct addr *a, struct ip_addr *out);

/* Name or literal to addresses. done is called from net_poll (or at once for
 * a literal or a cached name) with count 0 on failure. RC_OK, RC_SPACE: too
 * many questions at once, ask again later. lwIP's resolver yields one
 * address a question: IPv4, unless there is only IPv6 here or there. */
typedef void (*net_resolved)(void *arg, const struct addr *addr, size_t count);
int net_resolve(const char *name, net_resolved done, void *arg) MUST_CHECK;

/* Counter stamp of the frame this pbuf came in. */
uint64_t net_rx_stamp(const struct pbuf *p);
/* Called with every frame handed to the MAC. One watcher; NULL: none. */
void net_watch_tx(void (*watch)(const uint8_t *frame, size_t len,
                                uint64_t stamp));

#endif
