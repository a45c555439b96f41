/* http.h -- shows the status page, Prometheus's metrics and the log by HTTP to
 * whom chrony.conf allows: the connections and their deadlines around
 * core/http, core/page and core/metrics. It changes nothing but its own
 * counters.
 *
 * LIMIT_HTTP_CONNECTIONS requests at once; of more the oldest gives way. Each
 * has its deadlines from the moment it was accepted, however often a byte
 * comes: 5 s for the request, 20 s for all. A document is made from a copy of
 * the snapshot, of which there are two, and made twice: once to count its
 * bytes, for Content-Length, and once to send it, a piece at a time as there is
 * room. What is not whole ends with a reset. */
#ifndef SERVICES_HTTP_H
#define SERVICES_HTTP_H

#include "core/conf.h"
#include "core/mono.h"

/* Opens the port, unless chrony.conf says `httpport 0`. conf stays the
 * caller's. */
void http_start(const struct conf *conf);

/* Takes a bounded step of each connection. Returns when to be called next. */
mono_ns http_poll(mono_ns now);

#endif
