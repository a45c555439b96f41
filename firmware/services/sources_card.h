/* sources_card.h -- one source's state, its keys and cookies on the card, its
 * line in the tables; private to sources*.c. */
#ifndef SOURCES_CARD_H
#define SOURCES_CARD_H

#include "core/ke_retry.h"
#include "core/ntp_client.h"
#include "core/status.h"
#include "sources.h"

enum source_step {
    SOURCE_KEYS,          /* NTS, and it has none: sources_ke.c's turn       */
    SOURCE_ADDRESS,       /* needs the address of the NTP server             */
    SOURCE_RESOLVING,
    SOURCE_RUN,
};

enum source_ke_step {
    SOURCE_KE_IDLE,
    SOURCE_KE_RESOLVING,
    SOURCE_KE_MARKING,    /* "begun" is on its way to the card               */
    SOURCE_KE_EXCHANGING,
};

struct source_ke {
    enum source_ke_step step;
    struct net_addr addr;
    struct ke_retry retry;
    mono_ns again;        /* the name service, or room in the queue          */
    int ticket;           /* of the mark                                     */
    mono_ns marked;
    uint8_t unresolved;   /* in a row                                        */
    bool unproved;        /* no valid reply yet under the last one's keys    */
    uint32_t id;          /* of the server, in the card's record             */
};

struct source {
    const struct conf_source *conf;
    enum source_step step;
    struct source_ke ke;
    struct net_addr addr;     /* NTP                                         */
    uint16_t port;            /* NTP; 0: as configured                       */
    char ntp_name[LIMIT_NAME];/* NTP server named by the exchange, or ""     */
    struct ntp_client ntp;
    mono_ns retry;            /* no step before this                         */
    mono_ns last_ke;          /* -1: none since boot                         */
    uint32_t ke_attempts;
    uint8_t unresolved, silent;
    bool dry;                 /* a request found no cookie                   */
    uint32_t place;           /* net_place when the last request left        */
    int ticket;               /* record under way, 0: none                   */
    mono_ns ticket_since, save_due;
    bool card_low;            /* it offers fewer cookies than it could       */
    bool forgetful;           /* the card took a record and never finished   */
    char trouble[96];
};

/* version, the server line's name and ports, the NTP server's name, address,
 * port, place, then nts_assoc_write's bytes. */
#define SOURCE_CARD_MAX LIMIT_JOURNAL_DATA

/* Returns the length, RC_SPACE, or RC_STATE: nothing to save. */
int source_card_write(struct source *s, size_t spare, uint8_t *out,
                      size_t cap) MUST_CHECK;
/* RC_OK: it was this source's record and s is ready to run from it. RC_BAD:
 * another's, or damaged, or s has one already; s is unchanged. */
int source_card_read(struct source *s, const uint8_t *in,
                     size_t len) MUST_CHECK;

/* The card's doors; before all below. */
void source_card_init(const struct sources_ops *ops);
/* Write keys and cookies, leaving `spare` of the oldest out; from now on the
 * others are not sent until a record without them is durable. slot: the
 * record's id. */
void source_card_save(struct source *s, unsigned slot, size_t spare,
                      mono_ns now);
/* Save if it is due, see whether the last one has arrived. When to call
 * again. */
mono_ns source_card_poll(struct source *s, unsigned slot, mono_ns now);
/* Only cookies that the card still offers are left (nts_assoc.h). When to try
 * again. */
mono_ns source_card_free_one(struct source *s, unsigned slot, mono_ns now);

/* The one line for a person; logged when it is another one. "": none. */
void source_trouble(struct source *s, const char *what);
/* How long to wait after the nth failure of the name service; counts it. */
mono_ns source_resolve_wait(uint8_t *failures);

void source_status(const struct source *s, struct status_source *out,
                   mono_ns now);

#endif
