/* resolver.h -- a stub resolver (RFC 1034 section 5.3.1): a name to all its
 * addresses, both families, by asking the name servers that the owner knows.
 *
 * Pure: no I/O, time is an argument, the owner moves the bytes. What is
 * random comes from crypto_random (crypto.h). In order:
 *
 *     resolver_init, resolver_servers (again whenever they change)
 *     resolver_ask                 a name; a number comes back
 *     resolver_poll until RC_AGAIN "send this", "open TCP", "close"; again at
 *                                  resolver_due and after every call below
 *     resolver_received, resolver_unsent, resolver_tcp_*    what came of it
 *     resolver_take                the answer, once it is there
 *
 * How it asks. A and AAAA side by side, each from a port of its own, with a
 * random identifier and random letters (RFC 5452 section 9.2). A server that
 * is silent is followed by the next one after a second, then they are asked
 * again, more and more slowly, without EDNS and with plain letters, which
 * some servers need. One that fails, refuses or only refers is followed at
 * once. An answer counts up to RESOLVER_PATIENCE after the question, even
 * when another server has been asked meanwhile. TC leads to TCP with the same
 * server (RFC 7766 section 5), one connection at a time; if that fails,
 * what fitted into the datagram is better than nothing. "No such name" is an
 * answer and ends its half of the question (RFC 2308 section 2.1); some servers
 * give it to AAAA alone, so the other half has all its time. An alias
 * without addresses is asked for in its turn. A family
 * whose servers are silent does not hold up the other for long.
 *
 * What a stranger can do. An answer that is not from the server that was
 * asked, at its port 53, with the identifier and the question letter by
 * letter, is counted and changes nothing, and no wrong answer of any kind ends
 * a question. At most RESOLVER_AT_ONCE equal questions are open, since each
 * is one more chance to guess (RFC 5452 section 5).
 *
 * Answers are kept as long as their TTL says, within limits, and shared by
 * all who ask for the name; failures are kept for seconds. */
#ifndef RESOLVER_H
#define RESOLVER_H

#include "addr.h"
#include "dns_wire.h"
#include "limit.h"
#include "mono.h"

#define RESOLVER_PORT     53
#define RESOLVER_PATIENCE (15 * MONO_S)
#define RESOLVER_AT_ONCE  3 /* servers asked for one name and family        */
#define RESOLVER_ALIASES  8 /* asked for, one after the other               */
#define RESOLVER_TTL_MIN  10
#define RESOLVER_TTL_MAX                                                       \
    300 /* who asks again has found nobody there: the name may be another
         * machine's by now, or was a captive portal's                     */
#define RESOLVER_TTL_HALF 60 /* where one family could not be asked        */
#define RESOLVER_TTL_NONE                                                      \
    60 /* of a denial (RFC 2308 section 5 allows
                               * hours): a name that is new is found soon   */

static_assert(LIMIT_DNS_QUERIES == 2 * RESOLVER_AT_ONCE * LIMIT_DNS_ACTIVE,
              "every active question has a port for each of its queries");

enum resolver_why {
    RESOLVER_FOUND,
    RESOLVER_NO_SERVER,  /* nobody to ask                                   */
    RESOLVER_NO_NAME,    /* NXDOMAIN                                        */
    RESOLVER_NO_ADDRESS, /* the name has no A and no AAAA record            */
    RESOLVER_REFUSED,
    RESOLVER_FAILED,   /* SERVFAIL and the like                               */
    RESOLVER_REFERRAL, /* it only names others to ask                       */
    RESOLVER_SILENT,
    RESOLVER_TRUNCATED, /* and no TCP                                       */
    RESOLVER_MALFORMED,
    RESOLVER_ENDLESS, /* CNAME records in a circle                          */
    RESOLVER_NO_ROUTE,
    RESOLVER_NO_ENTROPY, /* nothing unguessable to ask with                 */
    RESOLVER_NO_HOST,    /* no address of it can be another host's           */
    RESOLVER_NO_FAMILY,  /* it has addresses, but see resolver_keep_family  */
};

struct resolver_answer {
    enum resolver_why why;
    uint8_t servers; /* that were asked                                     */
    struct addr server; /* the only one, or the one that why is about       */
    uint8_t rcode;      /* RESOLVER_FAILED: what it said                    */
    uint8_t count; /* addresses, IPv4 and IPv6 by turns, each once        */
    struct addr addr[LIMIT_DNS_ADDRESSES];
    uint32_t ttl_s; /* how long this holds from now                         */
};

/* Leaves only the addresses of one family in the answer, 4 or 6; 0 leaves all
 * of them. Where none is left, why says so. */
void resolver_keep_family(struct resolver_answer *a, uint8_t family);

#define RESOLVER_WHY 96
/* Writes why there is no address, for a person: "no answer from 3 name
 * servers", "the name server 192.0.2.1 refuses (REFUSED)". */
void resolver_why_text(const struct resolver_answer *a, char out[RESOLVER_WHY]);

struct resolver_family { /* one half of a question; fields private          */
    bool asking;
    bool partial; /* the addresses are those of a truncated answer          */
    enum resolver_why why;
    uint8_t tries, turn;
    uint8_t aliases; /* followed; then the question's alias is asked for    */
    uint32_t alias_ttl_s;
    uint8_t asked, useless; /* servers, a bit each                          */
    uint8_t count;
    uint8_t addr[LIMIT_DNS_ADDRESSES][16];
    uint32_t ttl_s;
    mono_ns next; /* attempt                                                */
};

enum resolver_state {
    RESOLVER_FREE,
    RESOLVER_WAITING, /* for a turn, or for a name server                   */
    RESOLVER_ASKING,
    RESOLVER_DONE,
};

struct resolver_question { /* fields private                                */
    enum resolver_state state;
    unsigned users; /* who have asked and not taken the answer yet          */
    char name[LIMIT_NAME]; /* small letters, no dot at the end              */
    mono_ns since, give_up, expires;
    enum resolver_why why;
    struct addr blamed; /* the server whose answer was the last bad one     */
    uint8_t rcode;      /* of it                                            */
    struct resolver_family family[2]; /* A, AAAA                            */
    char alias[LIMIT_NAME]; /* what an answer said that the name stands for,
                             * without its addresses                        */
};

enum resolver_step {
    RESOLVER_QUERY_FREE,
    RESOLVER_QUERY_DUE,
    RESOLVER_QUERY_OPEN,
    RESOLVER_QUERY_CLOSING,
};

struct resolver_query { /* fields private                                   */
    enum resolver_step step;
    bool tcp, fresh;
    bool port; /* the owner has something open for this number              */
    uint8_t question, family, server, sent;
    mono_ns since;
    struct addr to;
    uint16_t len;
    uint8_t msg[DNS_WIRE_QUERY];
};

struct resolver {
    struct addr server[LIMIT_DNS_SERVERS];
    uint8_t servers, best; /* best: answered last                           */
    struct resolver_question question[LIMIT_DNS_QUESTIONS];
    struct resolver_query query[LIMIT_DNS_QUERIES];
    int tcp; /* the query that has the connection, or -1                    */
    size_t tcp_len;
    uint8_t tcp_buf[2 + LIMIT_DNS_TCP];
    struct {
        uint32_t sent, tcp, answers;
        uint32_t forged;    /* answers to nothing that was asked            */
        uint32_t malformed; /* answers that could not be read               */
    } count;                /* may be read                                  */
};

void resolver_init(struct resolver *r);

/* Tells the name servers, in order of preference; doubles and all beyond
 * LIMIT_DNS_SERVERS are left out. Open questions go to the new ones at once,
 * denials and failures are forgotten. */
void resolver_servers(struct resolver *r, const struct addr *server,
                      size_t count, mono_ns now);

/* The network is another one: its names may have other addresses, so nothing
 * known is given out any more. */
void resolver_forget(struct resolver *r);

/* Asks for the addresses of a name, unless they are known or asked for.
 * Returns a number for resolver_take, to be taken exactly once; RC_BAD: this
 * is no name; RC_SPACE: too many questions, ask again later. */
int resolver_ask(struct resolver *r, const char *name, mono_ns now) MUST_CHECK;

/* Returns RC_OK and the answer, and the number is given back; or RC_AGAIN:
 * it is not there yet. */
int resolver_take(struct resolver *r, int number, mono_ns now,
                  struct resolver_answer *out) MUST_CHECK;

enum resolver_act {
    RESOLVER_SEND,  /* a datagram, from a random port, which stays open     */
    RESOLVER_OPEN,  /* TCP: connect, send the bytes, hand over what comes   */
    RESOLVER_CLOSE, /* the port or the connection of this query             */
};

struct resolver_out {
    enum resolver_act act;
    unsigned query; /* 0 .. LIMIT_DNS_QUERIES - 1: whose port               */
    bool fresh;     /* SEND, OPEN: whatever is open for this query is closed
                 * first; a SEND without it leaves from the same port       */
    struct addr to; /* port RESOLVER_PORT                                   */
    size_t len;
    uint8_t b[2 + DNS_WIRE_QUERY];
};

/* Says what is to be done next. RC_OK: do *out and call again; RC_AGAIN:
 * nothing before resolver_due. */
int resolver_poll(struct resolver *r, mono_ns now,
                  struct resolver_out *out) MUST_CHECK;
mono_ns resolver_due(const struct resolver *r);

/* A datagram has come in at the port of this query. */
void resolver_received(struct resolver *r, unsigned query,
                       const struct addr *from, uint16_t from_port,
                       const uint8_t *msg, size_t len, mono_ns now);
/* The datagram could not leave: no route, no address of that family. */
void resolver_unsent(struct resolver *r, unsigned query, mono_ns now);
/* Bytes of the connection of this query, cut in any way. */
void resolver_tcp_received(struct resolver *r, unsigned query, const uint8_t *b,
                           size_t len, mono_ns now);
/* The connection was refused, was reset or has ended. RESOLVER_CLOSE comes
 * all the same. */
void resolver_tcp_ended(struct resolver *r, unsigned query, mono_ns now);

#endif
