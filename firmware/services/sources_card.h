/* sources_card.h -- one source's state, its record on the card and its line
 * in the tables; private to sources*.c.
 *
 * A cookie that was sent is never offered again, whenever the power goes
 * (RFC 8915 sections 5.7 and 9.1). The order of events:
 *
 *  1. Boot: every cookie in the record comes out marked as offered by the
 *     card. None of them may be sent (nts_assoc_take: RC_AGAIN).
 *  2. A request is due: a record without the oldest one replaces that on the
 *     card; with the last one, the record is forgotten altogether.
 *  3. The journal says that this is durable. Only now is the cookie free, and
 *     it is sent.
 *  4. The reply brings fresh ones, which no record offers: they are sent as
 *     they come, oldest first, and the card is left alone. Once there are
 *     LIMIT_COOKIES again, a record with all but SPARE of them is written,
 *     and these count as offered from the moment it is handed over.
 *
 * A cut before 3 leaves one record or the other, and no cookie of either has
 * been sent. A cut after 3 leaves the newer one, for the journal never goes
 * back behind what was durable; what was sent is not in it. A cut during 4
 * leaves the old record or the new one: neither holds one that was sent. So
 * a cut costs at most one cookie that nobody has seen; with none left there
 * is a key exchange, and no cookie is ever sent twice "because nothing else
 * is left".
 *
 * Which record belongs to a source is a matter of its name and ports, not of
 * its line in chrony.conf: a source goes on with the record it was read from,
 * or moving a line would leave an older copy behind. What this rests on: a
 * card that keeps what it said is durable; services/store.c reads back every
 * write, and a card that fails that is given up (sources.c, CARD_PATIENCE)
 * for a new key exchange at every boot. */
#ifndef SOURCES_CARD_H
#define SOURCES_CARD_H

#include "core/ke_retry.h"
#include "core/ntp_client.h"
#include "core/status.h"
#include "sources.h"

enum source_step {
    SOURCE_KEYS,    /* NTS, and it has none: sources_ke.c's turn       */
    SOURCE_ADDRESS, /* needs the address of the NTP server             */
    SOURCE_RESOLVING,
    SOURCE_RUN,
};

enum source_ke_step {
    SOURCE_KE_IDLE,
    SOURCE_KE_RESOLVING,
    SOURCE_KE_MARKING, /* "begun" is on its way to the card               */
    SOURCE_KE_EXCHANGING,
};

struct source_ke {
    enum source_ke_step step;
    struct addr addr;
    struct ke_retry retry;
    mono_ns again; /* the name service, or room in the queue          */
    int ticket;    /* of the mark                                     */
    mono_ns marked;
    uint8_t unresolved; /* in a row                                        */
    bool unproved;      /* no valid reply yet under the last one's keys    */
    uint32_t id;        /* of the server, in the card's record             */
};

struct source {
    const struct conf_source *conf;
    enum source_step step;
    struct source_ke ke;
    struct addr addr;          /* NTP                                         */
    uint16_t port;             /* NTP; 0: as configured                       */
    char ntp_name[LIMIT_NAME]; /* NTP server named by the exchange, or ""     */
    bool stale;                /* the answer under way is to an older name    */
    struct ntp_client ntp;
    mono_ns retry;   /* no step before this                         */
    mono_ns last_ke; /* -1: none since boot                         */
    uint32_t ke_attempts;
    uint8_t unresolved, silent;
    uint8_t record; /* its record's id on the card                 */
    int ticket;     /* record under way, 0: none                   */
    mono_ns ticket_since, save_due;
    int votes_for;  /* slot of who votes for its server; -1: itself  */
    bool card_low;  /* it offers fewer cookies than it could       */
    bool forgetful; /* the card took a record and never finished   */
    char trouble[96];
};

/* version, the server line's name and ports, the NTP server's name, address,
 * port, then nts_assoc_write's bytes. */
#define SOURCE_CARD_MAX LIMIT_JOURNAL_DATA

/* Returns the length, or 0: nothing would be left to offer, so the record
 * must be forgotten. RC_SPACE; RC_STATE: no keys. */
int source_card_write(struct source *s, size_t spare, uint8_t *out,
                      size_t cap) MUST_CHECK;
/* RC_OK: it was this source's record and s is ready to run from it. RC_BAD:
 * another's, or damaged, or s has one already; s is unchanged. */
int source_card_read(struct source *s, const uint8_t *in,
                     size_t len) MUST_CHECK;

/* The clock, set, says now: a certificate window that holds it has done its
 * work, for these keys and for all cookies that they fetch, over any number of
 * restarts. It becomes "none known", on the card, too. */
void source_proved(struct source *s, int64_t now_unix_s);

/* The client's share of a server line. */
struct ntp_client_conf source_client_conf(const struct conf_source *c);

/* At boot: each record (`load`, ids 0 .. LIMIT_SOURCES - 1) goes to the source
 * it belongs to, which is saved next at save_due; a source without one gets
 * an id that no other has, and what that holds is of nobody here. */
void sources_card_restore(struct source *s, unsigned count,
                          const struct conf *conf,
                          int (*load)(uint8_t id, uint8_t *buf, size_t cap),
                          mono_ns save_due);

/* The one line for a person; logged when it is another one. "": none. */
void source_trouble(struct source *s, const char *what);
/* Says why the source's name has no address. */
void source_unresolved(struct source *s, const struct resolver_answer *a);
/* How long to wait after one more failure of the name service; counts it. */
mono_ns source_resolve_wait(uint8_t *failures);

void source_status(const struct source *s, struct status_source *out,
                   mono_ns now);

#endif
