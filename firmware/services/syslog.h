/* syslog.h -- sends the log to the servers of chrony.conf's `syslog` lines, one
 * message a datagram (core/syslog.h). It reads the ring with a place of its own
 * for each server, from the first line on: what was logged before the network
 * came is sent then. A line is given up only when the ring has overtaken it;
 * those are counted. The next line goes when the one before it has gone to the
 * wire, and at most so many a second, whoever caused them. Nothing waits for a
 * server, and nothing is taken from one. */
#ifndef SERVICES_SYSLOG_H
#define SERVICES_SYSLOG_H

#include "core/conf.h"
#include "core/status.h"

/* Starts at the oldest line that the log has. conf stays the caller's. */
void syslog_init(const struct conf *conf);

/* Sends what there is to be sent. Returns when to be called next. */
mono_ns syslog_poll(mono_ns now);

/* Fills syslog's section of the snapshot. */
void syslog_status(struct status_syslog *out);

#endif
