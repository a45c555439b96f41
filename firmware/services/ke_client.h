/* ke_client.h -- TLS driving core/nts_ke: up to LIMIT_TLS_SESSIONS key
 * exchanges side by side, so that a server which does not answer holds up no
 * other; one bounded step of one of them per poll, the rest queue
 * (LIMIT_SOURCES). */
#ifndef KE_CLIENT_H
#define KE_CLIENT_H

#include "core/nts_ke.h"
#include "adapters/tls_client.h"

/* How far an exchange has come: what never reached the server is no failure of
 * it. */
enum ke_reached {
    KE_NOT_BEGUN,     /* nothing has left: no route, nothing free of ours    */
    KE_NO_CONNECTION, /* no TCP connection                                   */
    KE_CONNECTED,
    KE_NO_MEMORY, /* and we ran out of it: nothing is known of the server    */
};

struct ke_outcome {
    bool ok;
    enum ke_reached reached;
    const char *reason; /* when not ok: one line for a person; static      */
    const struct nts_ke_result *result; /* valid during the callback        */
    uint8_t c2s[32], s2c[32];           /* as long as the AEAD's key        */
    bool alt; /* AEAD 30 and no record 1024: chrony before 4.6.1, whose
                  * context c2s and s2c are of, or a server that follows the
                  * RFC and has not heard of the record: the two below      */
    uint8_t alt_c2s[32], alt_s2c[32];
    int64_t cert_lo, cert_hi;
};
/* Hears how an exchange has ended; *o and what it points to are gone after. It
 * may start another one. */
typedef void (*ke_done)(void *arg, const struct ke_outcome *o);

/* Starts with no exchange under way, offering AEADs 30 and 15. After
 * tls_client_init. */
void ke_client_init(void);
/* Is asked for each exchange once its TCP connection stands, again and again,
 * until it says that TLS may begin; arg is ke_client_start's. From
 * ke_client_init on there is none, and TLS begins at once. */
void ke_client_before_tls(bool (*may)(void *arg));

/* Sets the AEADs to offer: 1 .. LIMIT_AEADS that aead_find knows, best
 * first. */
void ke_client_offer(const uint16_t *aeads, size_t count);

/* Asks for a key exchange with the server `name` at addr and port, judged by
 * this certificate set and by the clock as it is when its turn comes. Returns
 * RC_OK: done will be called once, from ke_client_poll; RC_SPACE: the queue is
 * full, or the name is too long. */
int ke_client_start(const char *name, const struct addr *addr, uint16_t port,
                    uint32_t certset, ke_done done, void *arg) MUST_CHECK;

/* Takes one step of one exchange. Returns when to be called next. */
mono_ns ke_client_poll(mono_ns now);

/* Returns a number that changes whenever a poll has done something. */
unsigned ke_client_steps(void);

/* Tells whether an exchange is under way or queued. */
bool ke_client_busy(void);

#endif
