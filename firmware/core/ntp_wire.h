/* ntp_wire.h -- the NTPv4 header (RFC 5905 figure 8) and the walk over
 * extension fields (RFC 7822). Outside input never asserts. */
#ifndef NTP_WIRE_H
#define NTP_WIRE_H

#include "base.h"

#define NTP_HEADER       48
#define NTP_VERSION      4
#define NTP_MODE_CLIENT  3
#define NTP_MODE_SERVER  4
#define NTP_LEAP_UNKNOWN 3  /* unsynchronised                               */
#define NTP_STRATUM_MAX  15 /* above: unsynchronised                        */

struct ntp_header {
    uint8_t leap, version, mode; /* 2, 3, 3 bits                            */
    uint8_t stratum;
    int8_t poll, precision; /* log2 s                                  */
    uint32_t root_delay, root_disp; /* NTP short, 16.16 s                   */
    uint32_t refid; /* or kiss code, in reading order          */
    ntp64 ref, origin, receive, transmit;
};

/* RC_OK, or RC_BAD: shorter than a header (*h untouched). */
int ntp_wire_parse(const uint8_t *pkt, size_t len,
                   struct ntp_header *h) MUST_CHECK;

/* All 48 bytes. */
void ntp_wire_write(const struct ntp_header *h, uint8_t pkt[NTP_HEADER]);

#define NTP_KISS(a, b, c, d)                                                   \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 |          \
     (uint32_t)(d))
#define NTP_KISS_DENY NTP_KISS('D', 'E', 'N', 'Y')
#define NTP_KISS_RSTR NTP_KISS('R', 'S', 'T', 'R')
#define NTP_KISS_RATE NTP_KISS('R', 'A', 'T', 'E')
#define NTP_KISS_NTSN NTP_KISS('N', 'T', 'S', 'N')

/* One extension field, in place. */
struct ntp_ef {
    uint16_t type;
    size_t offset;       /* of the field in the packet                      */
    size_t len;          /* with its 4-byte head: >= 16, a multiple of 4    */
    const uint8_t *body; /* len - 4 bytes, padding included                 */
};

/* Walk:  size_t at = NTP_HEADER;
 *        while ((rc = ntp_wire_next(pkt, len, &at, &ef)) == RC_OK) ...
 * RC_AGAIN at a clean end, RC_BAD where the packet is malformed. Each step
 * moves at least 16 bytes on, so it ends. The last field is at least 28 bytes
 * long (RFC 7822 section 7.5.1.4): what is shorter there would be a MAC (20
 * or 24 bytes) or a crypto-NAK (4), which Gnomon, having no such keys, never
 * asks for, and is RC_BAD as well. */
int ntp_wire_next(const uint8_t *pkt, size_t len, size_t *at,
                  struct ntp_ef *ef) MUST_CHECK;

#endif
