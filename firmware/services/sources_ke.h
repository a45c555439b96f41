/* sources_ke.h -- when a source exchanges keys, beside its requests: private
 * to sources*.c.
 *
 *     IDLE -> RESOLVING -> EXCHANGING -> IDLE
 *
 * It is wanted while a source with `nts` has no keys or no cookies, or when a
 * run of requests has met NAKs only, which anybody on the path can send. Keys
 * that are there stay, and go on being used, until an exchange has succeeded:
 * then they are replaced (RFC 8915 section 5.7). A valid reply meanwhile ends
 * the want. The name service is asked anew before each exchange.
 *
 * How often, with a server that has taken a connection: core/ke_retry. A wait
 * ends early with what it was for: when the network has become another one;
 * when a server that did not answer under the last keys does, with NAKs;
 * when the operator has changed chrony.conf, a file of certificates or the
 * firmware; and when the power comes back after a run of LONG_RUN at least,
 * for no crash loop is that slow. What never reached the server (no name, no
 * route, nothing free of ours, no TCP connection) is tried again within half
 * a minute, and with a new address of ours at once. What cookies there are are
 * shared out over the wait (ntp_client_spare), so that a server which answers
 * again is heard before it ends.
 *
 * One record on the card holds what has failed, so that a restart does not
 * begin from nothing: see ke_retry.h for what is written when. "Begun" is on
 * the card before TLS is. It is kept wherever there is a state partition,
 * ntsdumpdir or not:
 * it is there for the servers, not for us. Without one, or when the card does
 * not take it within a second, the exchange is made all the same. */
#ifndef SOURCES_KE_H
#define SOURCES_KE_H

#include "source.h"

/* Takes over all the sources, and reads what the card knows of their
 * servers. */
void sources_ke_init(struct source *s, unsigned count, const struct conf *conf,
                     mono_ns now);
/* Takes one step of one source, while the network is up. Returns when to be
 * called next. */
mono_ns sources_ke_step(struct source *s, mono_ns now);
/* Takes in a source that joins behind the others. */
void sources_ke_joined(struct source *s);
/* Keeps the record true. Returns when to be called next. */
mono_ns sources_ke_poll(mono_ns now);
/* Notes that a valid reply came under the keys as they are. */
void sources_ke_valid(struct source *s, mono_ns now);
/* Ends what waits for the network: our address or the link is another one. */
void sources_ke_net_changed(struct source *s, mono_ns now);
/* Notes that NAKs want new keys. When these keys met something else at first,
 * silence most likely, the server has changed since the exchange, and the wait
 * after it gets shorter (ke_retry_hurry). */
void sources_ke_refused(struct source *s, mono_ns now);
/* Ends the wait after a failure, for what made it fail may be gone. The next
 * wait is as long as it would be. */
void sources_ke_now(struct source *s);

#endif
