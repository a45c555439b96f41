/* ke_server.h -- the key exchange that we serve (RFC 8915 section 4): TLS on
 * TCP, one request, one answer with eight cookies, the end.
 *
 *     ke_server_init, ke_server_add for each pair of chrony.conf (config.c)
 *     ke_server_start, then ke_server_poll in every pass of the loop
 *
 * Whoever connects is a stranger. A session has an arena of its own and 2 s
 * from accept to close, as chrony's; of one address (IPv6: one /64) there are
 * at most LIMIT_KE_PER_ADDRESS; when all places are taken, the oldest that has
 * not proved anything gives way. A pass does one step of one session, and none
 * if our own client has done one: what strangers want comes last. */
#ifndef KE_SERVER_H
#define KE_SERVER_H

#include "core/conf.h"
#include "core/status.h"

/* Forgets all pairs. */
void ke_server_init(void);

/* Takes a key and its certificates, read from the card. What is wrong with
 * them leaves the pair out, and the log says it and where: `where` is
 * "chrony.conf:7". Texts and bytes stay the caller's. */
void ke_server_add(const struct conf_pair *files, const char *where,
                   const uint8_t *cert, size_t cert_len, const uint8_t *key,
                   size_t key_len);

/* Notes a pair that is left out, and why, before anything of it is parsed; says
 * so in the log unless `where` is NULL. */
void ke_server_leave_out(const struct conf_pair *files, const char *where,
                         const char *file, const char *why);

/* Opens the port, if there is a pair that can be used and somebody is allowed,
 * and says so, or why not. conf stays the caller's. */
void ke_server_start(const struct conf *conf);

/* Goes on with one session. Returns when it must run next. */
mono_ns ke_server_poll(mono_ns now);

/* Returns the port where keys are given out; 0: nowhere. */
uint16_t ke_server_port(void);

/* Fills in its section of the snapshot. */
void ke_server_status(struct status_ke *out);

#endif
