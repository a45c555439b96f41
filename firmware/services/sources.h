/* sources.h -- every server and pool line of chrony.conf at work: name ->
 * address -> key exchange -> requests and replies -> samples to timekeeper;
 * keys and unused cookies to the card.
 *
 * Two things go on in a source side by side: requests,
 *
 *     KEYS -(key exchange)-> (ADDRESS -> RESOLVING) -> RUN
 *       \___ saved address, keys and cookies ___/
 *
 * and, when they need it, a key exchange (sources_ke.h), until whose success
 * requests go on with the keys that are there, as long as there are cookies.
 * Key exchanges back off as RFC 8915 section 4.2 asks, over restarts too, and
 * only a valid reply takes the back-off back. A source with `nts` never falls
 * back to plain NTP (section 8.7).
 *
 * Another address of ours, or another network (section 9.1). What links two
 * addresses is data that was seen at both. A cookie leaves once
 * (source_record.h: over power cuts too) and came encrypted, so one that was
 * not sent yet has been seen at neither: it is used wherever we are, and time
 * does not stop for a DHCP server that hands out another address. A cookie
 * that was sent is never sent again, there or elsewhere. Origin timestamps
 * are random, but an interleaved request names a reply of before, so the
 * first one after a change is a basic one (ntp_client_basic). No address is
 * kept for this. The servers can follow us by keys; section 9.1 says so. */
#ifndef SOURCES_H
#define SOURCES_H

#include "core/conf.h"
#include "core/status.h"

/* Takes over the sources of conf (which stays the caller's, unchanged) and
 * whatever the card remembers of them: keys and cookies only where chrony.conf
 * has ntsdumpdir or driftfile, failed key exchanges wherever there is a card.
 * After net_init, ke_client_init, store_init and timefloor_init.
 *
 * With dhcpservers, NTP servers that DHCP names join as plain sources, at most
 * LIMIT_DHCP_SERVERS. Anybody on the network can name them, so as long as the
 * clock is not set and a source with nts is configured, they have no say.
 * One that a later lease does not name stays until a restart. */
void sources_init(const struct conf *conf);

/* Does what is due for each source. Returns when to be called next. */
mono_ns sources_poll(mono_ns now);

/* Hears from net that the address or the link has changed: resolves again and
 * asks soon. */
void sources_net_changed(mono_ns now);

/* Exchanges keys now where that failed: an operator has moved the time floor,
 * by which certificates may have been refused. The next wait is as long as it
 * would be. */
void sources_retry(void);

/* Saves all that is worth it now, before a restart. */
void sources_save(void);

/* Fills the sources' section of the snapshot. */
void sources_status(struct status_sources *out);

#endif
