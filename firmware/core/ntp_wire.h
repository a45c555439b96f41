/* ntp_wire.h -- the 48-byte header of an NTPv4 packet (RFC 5905 figure
 * 8). What follows it is ntp_ef.h's. Outside input never asserts. */
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

/* Read the header of a packet of len bytes into *h, unchecked but for its
 * length. Returns RC_OK, or RC_BAD when the packet is shorter than a header,
 * and then *h is as it was. */
int ntp_wire_parse(const uint8_t *pkt, size_t len,
                   struct ntp_header *h) MUST_CHECK;

/* Write *h as the first 48 bytes of a packet. */
void ntp_wire_write(const struct ntp_header *h, uint8_t pkt[NTP_HEADER]);

#define NTP_KISS(a, b, c, d)                                                   \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 |          \
     (uint32_t)(d))
#define NTP_KISS_DENY NTP_KISS('D', 'E', 'N', 'Y')
#define NTP_KISS_RSTR NTP_KISS('R', 'S', 'T', 'R')
#define NTP_KISS_RATE NTP_KISS('R', 'A', 'T', 'E')
#define NTP_KISS_INIT NTP_KISS('I', 'N', 'I', 'T')
#define NTP_KISS_STEP NTP_KISS('S', 'T', 'E', 'P')
#define NTP_KISS_NTSN NTP_KISS('N', 'T', 'S', 'N')

#endif
