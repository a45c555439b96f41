/* server.h -- serves NTP on UDP to whom chrony.conf allows: the socket,
 * the stamps and the counters around core/ntp_server.h. */
#ifndef SERVER_H
#define SERVER_H

#include "core/conf.h"
#include "core/status.h"

/* Opens the port if anybody is allowed, and says so. Without `allow` nothing is
 * open. conf stays the caller's. */
void server_start(const struct conf *conf);

/* Fills the server's section of the snapshot. */
void server_status(struct status_server *out);

#endif
