/* rdnss.h -- how long a name server of a router advertisement may be used
 * (RFC 8106 section 5.1). lwIP knows the servers, and not for how long.
 *
 * The bytes are outside input. Pure. */
#ifndef RDNSS_H
#define RDNSS_H

#include "base.h"

#define RDNSS_FOREVER UINT32_MAX

/* Finds a server in the options of a router advertisement, which begins with
 * its ICMPv6 type. Returns its lifetime in seconds, the last one where it is
 * named more than once; 0 where it is not named. */
uint32_t rdnss_lifetime(const uint8_t *icmp, size_t len,
                        const uint8_t server[16]);

#endif
