/* net_flood6.c -- frames of IPv6 among what strangers send (net_flood.c). */
#include <string.h>

#include "core/bytes.h"
#include "net_flood.h"

/* From link-local addresses to the board's, or to the group ff02::last; from
 * addresses of the network's prefix, or from afar, to the board's global one.
 * sum_at: where the payload's checksum is; 0: it has none. */
static size_t ip6(uint8_t *b, uint8_t next, uint8_t last, size_t len,
                  size_t sum_at, uint32_t count)
{
    simflood_ethernet(b, 0x86dd);
    b[14] = 0x60;
    bytes_put16(b + 18, (uint16_t)len);
    b[20] = next;
    b[21] = 255;
    bytes_put16(b + 22, 0xfe80);
    b[30] = 1;
    bytes_put32(b + 34, count);
    simnet_board_link6(b + 38);
    if (w->flood.from != FLOOD_UNKNOWN) {
        bytes_put32(b + 22, 0x20010db8);
        bytes_put32(b + 38, 0x20010db8);
        bytes_put16(b + 26, w->flood.from == FLOOD_KNOWN ? 0 : 0xbad);
    }
    if (last) {
        bytes_put16(b + 38, 0xff02);
        memset(b + 40, 0, 13);
        b[53] = last;
    }
    if (sum_at > 0)
        simflood_sum(b, sum_at, 54, len);
    return 54 + len;
}

static size_t icmp6(uint8_t *b, uint8_t last, size_t len, uint32_t count)
{
    return ip6(b, 58, last, len, 2, count);
}

size_t simflood_make6(uint8_t *b, uint16_t any, uint32_t count)
{
    size_t n;
    switch (w->flood.kind) {
    case FLOOD_PING6:
        b[54] = 128;
        return icmp6(b, 0, 16, count);
    case FLOOD_NS:
        b[54] = 135;
        simnet_board_link6(b + 62);
        b[78] = b[79] = 1;
        bytes_put32(b + 82, count);
        return icmp6(b, 0, 32, count);
    case FLOOD_RA:
        b[54] = 134;
        bytes_put16(b + 60, 1800);
        memcpy(b + 70, (uint8_t[4]){3, 4, 64, 0xc0}, 4);
        bytes_put32(b + 74, 3600);
        bytes_put32(b + 78, 3600);
        bytes_put16(b + 86, 0x2001);
        bytes_put32(b + 90, count);
        return icmp6(b, 1, 48, count);
    case FLOOD_MLD:
        b[54] = 130;
        return icmp6(b, 1, 24, count);
    case FLOOD_NA:
    case FLOOD_NA_CLAIM:
        b[54] = 136;
        b[58] = 0x20; /* override */
        bytes_put16(b + 62, 0xfe80);
        b[77] = 1;
        if (w->flood.kind == FLOOD_NA)
            bytes_put32(b + 72, count);
        b[78] = 2;
        b[79] = 1;
        bytes_put32(b + 82, count);
        return icmp6(b, 1, 32, count);
    case FLOOD_RA_ROUTER:
    case FLOOD_RA_END:
        b[54] = 134;
        bytes_put16(b + 60, w->flood.kind == FLOOD_RA_END ? 0 : 1800);
        memcpy(b + 70, (uint8_t[4]){3, 4, 64, 0xc0}, 4);
        bytes_put32(b + 74, 3600);
        bytes_put32(b + 78, 3600);
        bytes_put16(b + 86, 0x2001);
        bytes_put32(b + 90, count);
        memcpy(b + 102, (uint8_t[2]){25, 3}, 2);
        bytes_put32(b + 106, 3600);
        bytes_put16(b + 110, 0x2001);
        bytes_put32(b + 122, count);
        n = icmp6(b, 1, w->flood.kind == FLOOD_RA_END ? 16 : 72, count);
        memset(b + 22, 0, 16); /* fe80::1 */
        bytes_put16(b + 22, 0xfe80);
        b[37] = 1;
        bytes_put16(b + 56, 0);
        simflood_sum(b, 2, 54, n - 54);
        return n;
    case FLOOD_UDP6:
        bytes_put16(b + 54, any);
        bytes_put16(b + 56, 9);
        bytes_put16(b + 58, 20);
        return ip6(b, 17, 0, 20, 6, count);
    case FLOOD_SYN6:
        bytes_put16(b + 54, any);
        bytes_put16(b + 56, 22);
        b[66] = 5 << 4;
        b[67] = 2;
        return ip6(b, 6, 0, 20, 16, count);
    case FLOOD_OPTIONS6:
        b[54] = 58;
        b[56] = 0x80 | (count & 0x3f);
        b[57] = 4;
        return ip6(b, count % 2 ? 60 : 0, 0, 24, 0, count);
    default: /* FLOOD_TOO_BIG6 */
        b[54] = 2;
        bytes_put32(b + 58, 1280);
        b[62] = 0x60;
        b[68] = 17;
        bytes_put32(b + 86, 0x20010db8);
        b[91] = 1;
        bytes_put32(b + 98, count);
        return icmp6(b, 0, 56, count);
    }
}
