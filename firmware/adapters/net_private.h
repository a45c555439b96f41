/* net_private.h -- what the files of net share: lwIP's types in and out, the
 * interface below lwIP, the name servers. For net*.c alone; services include
 * net.h, net_udp.h and net_tcp.h, which show no type of lwIP. */
#ifndef NET_PRIVATE_H
#define NET_PRIVATE_H

#include "core/addr.h"
#include "core/conf.h"
#include "core/status.h"
#include "lwip/ip_addr.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"

/* ---- types (net.c) ------------------------------------------------------- */

/* Returns the address as lwIP keeps it; a must be of family 4 or 6. */
ip_addr_t net_to_lwip(const struct addr *a);
/* Returns lwIP's address as ours, without an IPv6 address's zone: there is
 * one interface. */
struct addr net_from_lwip(const ip_addr_t *ip);

/* Tells whether another host can have this address: it is unicast, and neither
 * ours nor our network's broadcast. */
bool net_is_other_host(const struct addr *a);

/* ---- the interface over port_eth_* (net_if.c) ---------------------------- */

#define NET_FRAME_CAP 1536 /* some way past PORT_FRAME_MAX: see third_party/  */

/* Is netif_add's init function; port_eth_mac must be valid by then. */
err_t net_if_init(struct netif *n);
/* Moves frames both ways, a bounded number of them. Returns true while more
 * is waiting. */
bool net_if_poll(struct netif *n);
/* Drops the frames that wait to leave: the wire is dead, and the next one may
 * lead to another network. */
void net_if_flush(void);
/* Returns the number of the frame that lwIP has in hand, or had last. */
uint32_t net_if_frame(void);
/* Tells whether frames wait to leave. */
bool net_if_busy(void);
/* Returns the counter stamp of the frame that p came in. A pbuf that lwIP
 * made itself has no frame: the counter as it stands is returned then. */
uint64_t net_rx_stamp(const struct pbuf *p);

/* ---- strangers (net_filter.c) -------------------------------------------- */

/* Forgets what it knows of the link, which has come up just now. */
void net_filter_link_up(mono_ns now);
/* Tells whether there is an IPv6 router that answers. */
bool net_filter_has_router(void);
/* Tells, once, that a router of ours has said that it is none any more. */
bool net_filter_router_ended(void);
/* Tells whether lwIP is to see a frame that came in; takes a priority tag out
 * of it. Questions of strangers for our Ethernet address pass as far as their
 * bucket goes, router advertisements from the routers that this link had when
 * it came up, redirects never. */
bool net_filter_passes(struct netif *n, uint8_t *frame, size_t *len);
/* Tells whether another host has said within ten minutes that our IPv4 address
 * is its own. */
bool net_filter_has_rival(void);
/* Tells whether this router has been asked for its Ethernet address several
 * times and has not told it. */
bool net_filter_is_mute(struct netif *n, const ip4_addr_t *router);
/* Is told of each frame that leaves. */
void net_filter_leaves(struct netif *n, const uint8_t *frame, size_t len);
/* Is told of the frame that lwIP gets, and with NULL that lwIP is back. */
void net_filter_hearing(const uint8_t *frame, size_t len);
/* Returns for how long the router advertisement in hand says that a name server
 * may be used, in seconds. */
uint32_t net_filter_rdnss(const ip6_addr_t *server);
/* Are the interface's output functions, over lwIP's. Answers to strangers (ICMP
 * but for neighbour discovery, TCP resets) leave as far as their bucket goes;
 * they, and whatever else goes back to the sender of the frame in hand, never
 * wait for an address resolution: who is not known is answered at the Ethernet
 * address that he wrote from. */
err_t net_filter_output4(struct netif *n, struct pbuf *p, const ip4_addr_t *to);
err_t net_filter_output6(struct netif *n, struct pbuf *p, const ip6_addr_t *to);

/* ---- neighbours (net_neighbour.c) ---------------------------------------- */

/* Forgets who claims to be whom: the link has come up. */
void net_neighbour_forget(void);
/* Tell whether lwIP is to see an ARP packet, a neighbour advertisement. One
 * that gives the address of a neighbour of ours (router, name server, server)
 * to somebody else is kept from it: the neighbour itself is asked first, and
 * keeps its address as long as it answers. The first needs a whole ARP packet,
 * the second an Ethernet and an IPv6 header. */
bool net_neighbour_arp(struct netif *n, const uint8_t *frame);
bool net_neighbour_advertised(struct netif *n, const uint8_t *frame,
                              size_t len);
/* Asks again, and in the end everybody. Returns when it must run next. */
mono_ns net_neighbour_poll(struct netif *n, mono_ns now);

/* ---- our own IPv6 addresses (net_own6.c) --------------------------------- */

/* Forgets which of them were of use: the link is down. */
void net_own6_forget(void);
/* Is told of each packet that leaves or comes in, from its IPv6 header on,
 * which is whole. An address that several requests beyond the network have
 * left from without an answer makes way for another one. */
void net_own6_leaves(struct netif *n, const uint8_t *ip6);
void net_own6_heard(struct netif *n, const uint8_t *ip6);
/* Makes place for the addresses of a router advertisement that lwIP is about to
 * see, where lwIP has none left and one can be done without. */
void net_own6_advertised(struct netif *n, const uint8_t *icmp, size_t len);

/* ---- transmit stamps (net_udp.c) ----------------------------------------- */

/* Tells whether a frame may be handed to the MAC: a datagram only as long as
 * its socket is open, however long it waited for an address resolution or for
 * the wire. Its owner has given it up then, and may say the same again. */
bool net_udp_may_leave(const uint8_t *frame, size_t len);
/* Is told by net_if.c of every frame handed to the MAC, with its stamp, and
 * tells the socket that sent it. */
void net_udp_frame_left(const uint8_t *frame, size_t len, uint64_t stamp);
/* Is told by net_if.c when that frame began to leave on the wire, before any
 * other is handed over, and tells the socket if it is open still. */
void net_udp_frame_on_wire(uint64_t stamp);

/* ---- addresses (net.c) --------------------------------------------------- */

/* Tells whether there is an address of ours to send from: lwIP would take the
 * link's own to anywhere in IPv6, from which nothing gets beyond the link. */
bool net_has_source(const ip_addr_t *to);

/* ---- DHCP (net_dhcp.c) --------------------------------------------------- */

/* Looks how far DHCP has come, and asks again where the gateway that it named
 * has long been silent; to be called at every pass. */
void net_dhcp_watch(struct netif *n);
/* Tells whether lwIP is to see a frame. Another server's refusal of what ours
 * has offered is none, and of refusals ours gets one in ten seconds: lwIP
 * begins anew at each, at once. A server that offered last time and gave
 * nothing is heard some seconds after the others. An offer without its server's
 * identifier gets one, NET_FRAME_CAP bytes being there. */
bool net_dhcp_passes(const struct netif *n, uint8_t *frame, size_t *len);
/* Returns how far it has come, of a board that asks for an address by it. */
enum status_dhcp net_dhcp_state(void);
/* Tells whether the lease names ways to some networks. */
bool net_dhcp_routes(void);

/* ---- the name on the network (net_mdns.c) -------------------------------- */

/* Is told that there is a link, or another address. */
void net_mdns_network(struct netif *n);
/* Tells whether lwIP is to see a frame of IPv4 or IPv6: not multicast DNS of
 * other networks, nor more of it than its bucket has. Needs a whole Ethernet
 * header. */
bool net_mdns_passes(const struct netif *n, const uint8_t *frame, size_t len);

/* ---- names (net_dns.c) -------------------------------------------- */

/* Starts the resolver. conf stays the caller's; its name servers are asked
 * first, then those of DHCP, then those of router advertisements. */
void net_dns_init(const struct conf *conf);
/* Fills in the name servers that are asked. */
void net_dns_servers(struct status_net *out);
/* Forgets what the network told: name servers and names. */
void net_dns_forget(void);
/* Asks and answers. To be called after whatever may bring datagrams or name
 * servers. Returns when it must run next. */
mono_ns net_dns_poll(mono_ns now);

#endif
