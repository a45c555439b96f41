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
 * (sources_card.h: over power cuts too) and came encrypted, so one that was
 * not sent yet has been seen at neither: it is used wherever we are, and time
 * does not stop for a DHCP server that hands out another address. A cookie
 * that was sent is never sent again, there or elsewhere. Origin timestamps
 * are random, but an interleaved request names a reply of before, so the
 * first one after a change is a basic one (ntp_client_basic). No address is
 * kept for this. The servers can follow us by keys; section 9.1 says so.
 *
 * main.c wires the doors below. */
#ifndef SOURCES_H
#define SOURCES_H

#include "core/status.h"
#include "ke_client.h"
#include "adapters/net.h"

struct sources_ops {
    bool (*may_ask)(void); /* the network is up, and an operator is not
                              * waited for                                  */
    int (*resolve)(const char *name, net_resolved done, void *arg);
    int (*exchange)(const char *name, const struct addr *addr, uint16_t port,
                    uint8_t certset, ke_done done, void *arg);
    int (*send)(unsigned slot, const struct addr *to, uint16_t port,
                const uint8_t *msg, size_t len);
    bool (*remembers)(void); /* the card takes records: save may be called  */
    int (*load)(uint8_t id, uint8_t *buf, size_t cap);
    int (*save)(uint8_t id, const uint8_t *data, size_t len); /* a ticket    */
    bool (*durable)(int ticket);
    int (*load_retries)(uint8_t *buf, size_t cap);
    int (*save_retries)(const uint8_t *data, size_t len); /* <= 0: no card   */
};

/* Take over the sources of conf (which stays the caller's, unchanged) and
 * whatever the card remembers of them. */
void sources_init(const struct conf *conf, const struct sources_ops *ops);
mono_ns sources_poll(mono_ns now);

/* For ntp_udp. */
void sources_sent(unsigned slot, uint64_t stamp);
void sources_received(unsigned slot, uint64_t stamp, const uint8_t *msg,
                      size_t len);

/* The address or the link changed: resolve again, ask soon. */
void sources_net_changed(mono_ns now);
/* An operator has moved the time floor, by which certificates may have been
 * refused: exchange keys now. The next wait is as long as it would be. */
void sources_retry(void);
/* dhcpservers: NTP servers that DHCP names join as plain sources, at most
 * LIMIT_DHCP_SERVERS. Anybody on the network can name them, so as long as the
 * clock is not set and a source with nts is configured, they have no say.
 * One that a later lease does not name stays until a restart. */
void sources_named(const struct addr *addr, size_t count);
/* Save all that is worth it now (clean reset). */
void sources_save(void);

/* Fills the sources' section of the snapshot. */
void sources_status(struct status_sources *out);

#endif
