/* dhcp_routes.h -- DHCP's classless static routes (option 121, RFC 3442).
 * The bytes are outside input: what is not wholly a list of routes is refused.
 * Pure; addresses are the bytes of the wire. */
#ifndef DHCP_ROUTES_H
#define DHCP_ROUTES_H

#include "base.h"
#include "limit.h"

struct dhcp_route {
    uint8_t bits;   /* 0 .. 32; 0: to everywhere                            */
    uint8_t net[4]; /* beyond those bits 0                                  */
    uint8_t via[4]; /* 0.0.0.0: on the link itself                          */
};

struct dhcp_routes {
    struct dhcp_route r[LIMIT_DHCP_ROUTES];
    size_t count;
};

/* Reads the option's value; routes that find no place are left out. Returns
 * RC_OK, or RC_BAD and leaves *out as it was. */
int dhcp_routes_parse(const uint8_t *b, size_t len,
                      struct dhcp_routes *out) MUST_CHECK;

/* Returns the route with the most bits that this address is in, or NULL. */
const struct dhcp_route *dhcp_routes_find(const struct dhcp_routes *routes,
                                          const uint8_t to[4]);

#endif
