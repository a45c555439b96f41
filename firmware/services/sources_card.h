/* sources_card.h -- one source's state, its record on the card and its line
 * in the tables; private to sources*.c. */
#ifndef SOURCES_CARD_H
#define SOURCES_CARD_H

#include "core/ntp_client.h"
#include "core/status.h"
#include "net.h"

enum source_step {
    SOURCE_ADDRESS,       /* needs the address of its name                   */
    SOURCE_RESOLVING,
    SOURCE_KE,            /* needs a key exchange                            */
    SOURCE_EXCHANGING,
    SOURCE_NTP_ADDRESS,   /* the exchange named another server               */
    SOURCE_NTP_RESOLVING,
    SOURCE_RUN,
};

struct source {
    const struct conf_source *conf;
    enum source_step step;
    struct net_addr ke_addr, addr; /* key exchange, NTP                      */
    uint16_t port;            /* NTP; 0: as configured                       */
    char ntp_name[LIMIT_NAME];/* NTP server named by the exchange, or ""     */
    struct ntp_client ntp;
    mono_ns retry;            /* no step before this                         */
    mono_ns next_ke;          /* no key exchange before this                 */
    mono_ns last_ke;          /* -1: none since boot                         */
    uint32_t ke_attempts, ke_failures;
    uint8_t resolve_failures, silent;
    int ticket;               /* record under way, 0: none                   */
    mono_ns ticket_since, save_due;
    bool card_low;            /* it offers fewer cookies than it could       */
    bool forgetful;           /* the card took a record and never finished   */
    char trouble[96];
};

/* version, the server line's name and ports, the NTP server's name, address,
 * port, then nts_assoc_write's bytes. */
#define SOURCE_CARD_MAX LIMIT_JOURNAL_DATA

/* Returns the length, RC_SPACE, or RC_STATE: nothing to save. */
int source_card_write(struct source *s, size_t spare, uint8_t *out,
                      size_t cap) MUST_CHECK;
/* RC_OK: it was this source's record and s is ready to run from it. RC_BAD:
 * another's, or damaged, or s has one already; s is unchanged. */
int source_card_read(struct source *s, const uint8_t *in,
                     size_t len) MUST_CHECK;

/* The client's share of a server line. */
struct ntp_client_conf source_client_conf(const struct conf_source *c);

void source_status(const struct source *s, struct status_source *out,
                   mono_ns now);

#endif
