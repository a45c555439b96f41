/* nts_client.h -- NTS of an NTPv4 packet, the client's side (RFC 8915 section
 * 5): nts_client_request completes a request after its 48-byte header,
 * nts_client_reply judges a reply. The fields themselves are ntp_ef.h's, the
 * authenticator nts_auth.h's.
 *
 * Outside input never asserts; a packet that fails changes nothing in *a. */
#ifndef NTS_CLIENT_H
#define NTS_CLIENT_H

#include "nts_assoc.h"

/* Complete the request in pkt, which holds a 48-byte header: append unique
 * identifier, cookie, placeholders (as many of `placeholders`, at most 7, as
 * fit in cap and LIMIT_NTP_PACKET) and the authenticator. uid is filled with
 * fresh random bytes. Returns the whole length; RC_SPACE: no room even
 * without placeholders, or no library memory; RC_IO: no entropy. After an
 * error pkt and uid must not be used. */
int nts_client_request(const struct nts_assoc *a, const struct nts_cookie *c,
                       size_t placeholders, uint8_t uid[NTS_UID_LEN],
                       uint8_t *pkt, size_t cap) MUST_CHECK;

enum nts_verdict {
    NTS_OK,       /* authentic; its cookies are in *out                       */
    NTS_NAK,      /* kiss NTSN with our unique identifier; NOT authentic      */
    NTS_BAD,      /* malformed                                                */
    NTS_UID,      /* another unique identifier, or none but an authenticator  */
    NTS_UNSIGNED, /* no authenticator, and not a NAK to our request           */
    NTS_FORGED,   /* authenticator does not verify                            */
};

struct nts_reply {
    size_t count; /* cookies found inside the encrypted part                 */
    struct {
        const uint8_t *b; /* into scratch */
        size_t len;
    } cookie[LIMIT_COOKIES];
    size_t dropped; /* cookies beyond the table, of length 0 or too long     */
};

/* Judge the whole reply pkt to the request that had uid. The decrypted text
 * goes to scratch, whose cap is at least len. Only the first authenticator
 * counts; what follows it is not looked at, being neither authentic nor
 * encrypted. *out is empty unless the verdict is NTS_OK. */
enum nts_verdict nts_client_reply(const struct nts_assoc *a,
                                  const uint8_t uid[NTS_UID_LEN],
                                  const uint8_t *pkt, size_t len,
                                  uint8_t *scratch, size_t cap,
                                  struct nts_reply *out) MUST_CHECK;

#endif
