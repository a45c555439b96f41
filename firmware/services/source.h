/* source.h -- one server line at work: its state and its row in the tables.
 * For sources*.c, which decide what it does next, and source_record.c. */
#ifndef SOURCE_H
#define SOURCE_H

#include "core/addr_pick.h"
#include "core/conf.h"
#include "core/ke_retry.h"
#include "core/ntp_client.h"
#include "core/resolver.h"
#include "core/status.h"

enum source_step {
    SOURCE_KEYS,    /* NTS, and it has none: sources_ke.c's turn       */
    SOURCE_ADDRESS, /* needs the address of the NTP server             */
    SOURCE_RESOLVING,
    SOURCE_RUN,
};

enum source_ke_step {
    SOURCE_KE_IDLE,
    SOURCE_KE_RESOLVING,
    SOURCE_KE_EXCHANGING,
};

struct source_ke {
    enum source_ke_step step;
    struct addr addr;
    struct addr_pick pick;
    struct ke_retry retry;
    mono_ns again;        /* the name service, or room in the queue          */
    mono_ns next_connect; /* no connection before this, whatever changes     */
    bool begun;           /* the server has taken our connection             */
    int ticket;           /* of the mark that says so                        */
    mono_ns marked;
    uint8_t unresolved, unreached; /* in a row                          */
    mono_ns since; /* of its keys in this run                         */
    bool unproved; /* no valid reply yet under the last one's keys    */
    uint32_t id;   /* of the server, in the card's record             */
};

struct source {
    const struct conf_source *conf;
    enum source_step step;
    struct source_ke ke;
    struct addr addr;          /* NTP                                         */
    struct addr host;          /* whose vote it has,                          */
    struct addr host_by;       /* if that is its address                      */
    uint16_t port;             /* NTP; 0: as configured                       */
    char ntp_name[LIMIT_NAME]; /* NTP server named by the exchange, or ""     */
    struct addr_pick pick;     /* which of the name's addresses to use        */
    bool grown;                /* its pool has been looked up                 */
    mono_ns grow;              /* not before this                             */
    mono_ns named;             /* when its name was last asked for,           */
    mono_ns refreshed;         /* and for refresh alone; 0: never             */
    bool several;              /* the name had when it was last looked up     */
    bool heard;                /* a valid reply has come from this address    */
    bool stale;                /* the answer under way is to an older name    */
    struct ntp_client ntp;
    mono_ns retry;   /* no step before this                         */
    mono_ns last_ke; /* -1: none since boot                         */
    uint32_t ke_attempts;
    uint8_t unresolved, silent;
    bool answered;  /* the last request, but not with the time     */
    uint8_t lies;   /* replies in a row of a falseticker           */
    uint8_t record; /* its record's id on the card                 */
    int ticket;     /* record under way, 0: none                   */
    mono_ns ticket_since, save_due;
    int votes_for;    /* slot of who votes for its server; -1: itself  */
    bool card_low;    /* it offers fewer cookies than it could       */
    bool forgetful;   /* the card took a record and never finished   */
    int64_t cert_end; /* of the last key exchange; 0: none in this start     */
    char trouble[96];
};

/* Notes what the clock, set, says now: a certificate window that holds it has
 * done its work, for these keys and for all cookies that they fetch, over any
 * number of restarts. It becomes "none known", on the card, too. */
void source_proved(struct source *s, int64_t now_unix_s);

/* Returns the NTP client's share of a server line. */
struct ntp_client_conf source_client_conf(const struct conf_source *c);

/* Sets the one line for a person, "" for none, and logs it when it is another
 * one. */
void source_trouble(struct source *s, const char *what);

/* Does the same, but does not log what is another text in its numbers alone. */
void source_trouble_value(struct source *s, const char *what);

/* Says why nothing can leave for an address: the network's words, or these
 * where it is not to blame. */
void source_no_way(struct source *s, const struct addr *to,
                   const char *otherwise);

/* Tells whether the server has its time from us (chrony's test D): its
 * reference is one of our addresses, whichever it asked us by. A server
 * elsewhere may have its from a host of its own network that has our private
 * address. */
bool source_is_loop(const struct source *s, const struct ntp_sample *sample);

/* Says which test a valid reply has failed. The first interleaved one fails
 * always, and nothing is wrong then. Returns false if there is nothing to say.
 */
bool source_say_failed(struct source *s, const struct ntp_sample *l);

/* Says why a reply was not believed; with NTP_DROP_KISS, msg is a header. */
void source_say_refused(struct source *s, enum ntp_drop why,
                        const uint8_t *msg);

/* Says why the source's name has no address. */
void source_unresolved(struct source *s, const struct resolver_answer *a);

/* Counts one more failure of the name service. Returns how long to wait after
 * it. */
mono_ns source_resolve_wait(uint8_t *failures);

/* Fills the source's row of the snapshot. */
void source_status(const struct source *s, struct status_source *out,
                   mono_ns now);

#endif
