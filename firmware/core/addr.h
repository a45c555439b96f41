/* addr.h -- an IP address or a prefix as bytes: parsed, printed, compared.
 *
 * Both families live in one type. An address is the bytes of the wire in
 * network order, so it is stored, sent and compared as it stands; text is for
 * people and for configuration only. All functions are pure. Text comes from
 * outside: any bytes up to the 0 are allowed, and what is not wholly an
 * address is refused. */
#ifndef ADDR_H
#define ADDR_H

#include "base.h"

#define ADDR_TEXT        46 /* the longest address and its final 0          */
#define ADDR_PREFIX_TEXT 50

struct addr {
    uint8_t family; /* 4, 6; 0: none                                        */
    uint8_t b[16];  /* network order; IPv4 in the first four, the rest 0    */
};

struct addr_prefix { /* the addresses whose first bits are those of addr    */
    struct addr addr;
    uint8_t bits; /* 0 .. 32 or 0 .. 128                                    */
};

/* Returns the address of that family whose 4 or 16 bytes begin at b. */
struct addr addr_of(uint8_t family, const uint8_t *b);

/* Returns how many bytes of b the address uses: 4, 16, or 0 for none. */
size_t addr_size(const struct addr *a);

/* Reads an address in text: IPv4 as four decimal numbers without leading
 * zeros (which some read as octal, RFC 6943 section 3.1.1), IPv6 in any form
 * of RFC 4291 section 2.2, without a zone. Returns RC_OK, or RC_BAD and
 * leaves *out as it was. */
int addr_parse(const char *text, struct addr *out) MUST_CHECK;

/* Reads ADDRESS/BITS, or an address alone, which is a prefix of all its bits.
 * Bits beyond the prefix may be set and are kept, since an interface's own
 * address is written that way. Returns RC_OK, or RC_BAD and leaves *out as it
 * was. */
int addr_prefix_parse(const char *text, struct addr_prefix *out) MUST_CHECK;

/* Writes the address as people read it, IPv6 as RFC 5952 wants it; "" for
 * none. */
void addr_text(const struct addr *a, char out[ADDR_TEXT]);

/* Writes ADDRESS/BITS; "" for none. */
void addr_prefix_text(const struct addr_prefix *p, char out[ADDR_PREFIX_TEXT]);

/* Returns less than, equal to or more than 0, as a sorts before, with or
 * after b: by family (none first), then by bytes. */
int addr_compare(const struct addr *a, const struct addr *b);
bool addr_equal(const struct addr *a, const struct addr *b);

/* Tells whether the address is of the prefix's family and shares its first
 * bits. None is in no prefix. */
bool addr_in_prefix(const struct addr *a, const struct addr_prefix *p);

/* Tells whether a host elsewhere can have this address: false for none, and
 * for the unspecified, loopback, multicast, broadcast and reserved addresses
 * of RFC 6890 (0/8, 127/8, 224/3; ::, ::1, ff00::/8, ::ffff:0:0/96). */
bool addr_is_unicast(const struct addr *a);

/* Returns the 32 bits by which NTP names an address (RFC 5905 section 7.3):
 * an IPv4 address stands for itself, of an IPv6 address it is the beginning of
 * the MD5, as chronyd and ntpd have it. 0 for none. */
uint32_t addr_refid(const struct addr *a);

#endif
