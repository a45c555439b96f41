/* net_mdns.h -- this board's name on its own network: lwIP's responder of
 * multicast DNS (RFC 6762) and of services (RFC 6763). HOSTNAME.local stands
 * for the board's addresses; a name that another host has becomes HOSTNAME-2,
 * then -3, and so on.
 *
 *     net_init, net_mdns_init -> net_mdns_serve as services come and go
 *                             -> net_mdns_leave
 *
 * It announces and answers; nothing is ever learnt from what others say. Only
 * hosts of our own networks are heard (RFC 6762 section 11), and all of them
 * together so many times a second. Without net_mdns_init nothing is open. */
#ifndef NET_MDNS_H
#define NET_MDNS_H

#include "core/status.h"

enum net_mdns_kind { NET_MDNS_HTTP, NET_MDNS_NTP, NET_MDNS_NTSKE };

/* Begins with the part of the host name before its first dot. Once, after
 * net_init and before there is a link. */
void net_mdns_init(const char *hostname);

/* Announces that this service is at a port, or with port 0 takes it back, so
 * that who has heard of it forgets it at once (RFC 6762 section 10.1). Has no
 * effect before net_mdns_init and after net_mdns_leave. */
void net_mdns_serve(enum net_mdns_kind kind, uint16_t port);

/* Takes back all that was announced, name and addresses included, and is silent
 * from then on: the machine is about to restart. */
void net_mdns_leave(void);

/* Fills the section of the snapshot. */
void net_mdns_status(struct status_mdns *out);

#endif
