/* dns_wire.h -- DNS messages as a stub resolver needs them: one question
 * out, the addresses in its answer back (RFC 1035 section 4).
 *
 * A question asks for the A or the AAAA records of one name, with recursion.
 * Its answer is whatever repeats the identifier and the whole question; all
 * else is a stranger's (RFC 5452 section 9). Names may be compressed (RFC 1035
 * section 4.1.4): a pointer leads only backwards, so every walk ends. A chain
 * of CNAME records is followed inside the answer, in whatever order the
 * records come (RFC 1034 section 3.6.2), DNS_WIRE_CNAMES long at most. Where
 * it ends at a name of which the answer says nothing, that is to be asked for
 * next (RFC 1034 section 5.3.3, step 4c).
 *
 * Everything is pure and bounded by the message's length; an answer may hold
 * any bytes. */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include "base.h"
#include "limit.h"

#define DNS_WIRE_A    1
#define DNS_WIRE_AAAA 28

#define DNS_WIRE_NOERROR  0 /* RFC 1035 section 4.1.1                       */
#define DNS_WIRE_FORMERR  1
#define DNS_WIRE_SERVFAIL 2
#define DNS_WIRE_NXDOMAIN 3
#define DNS_WIRE_NOTIMP   4
#define DNS_WIRE_REFUSED  5
#define DNS_WIRE_BADVERS  16 /* RFC 6891 section 6.1.3                      */

#define DNS_WIRE_CNAMES 16 /* in a row                                     */
#define DNS_WIRE_UDP                                                           \
    1232                /* what we say that we take (RFC 6891 6.2.3): it
                              * is never fragmented, where IPv6 works       */
#define DNS_WIRE_MIX 32 /* bytes of chance for dns_wire_query          */
/* Header, name, type and class, OPT record. */
#define DNS_WIRE_QUERY (12 + 255 + 4 + 11)

/* Tells whether the text can be asked for: labels of 1 to 63 printable
 * characters, 253 in all, a dot at the end or not. */
bool dns_wire_name_ok(const char *name);

/* Writes the question for that type of record (DNS_WIRE_A, DNS_WIRE_AAAA).
 * With `mix`, chance decides which letters of the name are capitals: a forger
 * has to guess them too, since every server repeats the question as it came.
 * NULL leaves the name as it is written. With `edns` an OPT record
 * offers DNS_WIRE_UDP bytes, so that TCP is rarely needed. Returns the length
 * (at most DNS_WIRE_QUERY), RC_BAD when dns_wire_name_ok says no, or
 * RC_SPACE. */
int dns_wire_query(uint16_t id, const char *name, uint16_t type,
                   const uint8_t mix[DNS_WIRE_MIX], bool edns, uint8_t *out,
                   size_t cap) MUST_CHECK;

struct dns_wire_answer {
    uint16_t rcode; /* with the OPT record's upper bits                     */
    bool truncated; /* TC: whatever is here may not be all                  */
    bool referral;  /* no answer: the server only names others to ask       */
    bool endless;   /* the CNAME records lead in a circle, or too far       */
    char alias[LIMIT_NAME]; /* the name that they end at, of which nothing is
                             * said; "": there is none                      */
    uint8_t count; /* addresses, the first LIMIT_DNS_ADDRESSES of them     */
    uint8_t addr[LIMIT_DNS_ADDRESSES][16]; /* IPv4 in the first four bytes  */
    uint32_t ttl_s; /* the least of all records that were used; without an
                     * address: of the denial (RFC 2308 section 5), or 0    */
};

/* Reads the answer to `query`, which is what dns_wire_query wrote. The
 * question must come back letter by letter, or, with `any_case`, in any
 * letters.
 * Returns RC_OK; RC_AUTH: it is no answer to this question, and nothing in it
 * may be believed; RC_BAD: it is, but is malformed. *out is written only
 * with RC_OK. */
int dns_wire_read(const uint8_t *query, size_t query_len, bool any_case,
                  const uint8_t *msg, size_t len,
                  struct dns_wire_answer *out) MUST_CHECK;

#endif
