/* clients.h -- whom the board has served: one table and one count of requests
 * for NTP, key exchanges and chronyc's commands, around core/clientlog.h.
 *
 *     for each request:  clients_heard(kind)
 *                        not allowed:  clients_dropped(kind, ..._DENIED)
 *                        else          clients_admit(kind, &from)
 *                        no answer:    clients_dropped(kind, why)
 *
 * so that all that came is all that was answered and each kind of drop.
 * The server of key exchanges counts its own in status_ke. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "core/clientlog.h"
#include "core/conf.h"
#include "core/status.h"

/* Makes the table for whom chrony.conf limits; to be called by every server
 * before its first request, and making it once. Returns false where there is
 * no entropy for it: then nobody can be served. conf stays the caller's. */
bool clients_start(const struct conf *conf) MUST_CHECK;

/* Counts a request that came. */
void clients_heard(enum clientlog_kind kind);

/* Counts a request that gets no answer. */
void clients_dropped(enum clientlog_kind kind, enum status_drop why);

/* Decides what a request of an address that may ask gets by the limit of its
 * kind, and notes it in the table. One that is beyond it is answered all the
 * same where vouched(arg), asked at that time, says so; NULL: nobody does. What
 * is dropped is counted. */
enum clientlog_verdict
clients_admit(enum clientlog_kind kind, const struct addr *who,
              bool (*vouched)(const void *arg, mono_ns now), const void *arg);

/* Returns the table, or NULL: none is kept. */
const struct clientlog *clients_log(void);

/* Fills what the server's section of the snapshot counts. */
void clients_status(struct status_server *out);

#endif
