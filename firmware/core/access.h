/* access.h -- who is served: chrony's allow and deny lines.
 *
 * Nothing is allowed at first. Of the subnets that an address is in the most
 * specific one decides, of two lines about one subnet the later. The caller
 * owns the struct; all zero is an empty list. Pure. */
#ifndef ACCESS_H
#define ACCESS_H

#include "addr.h"
#include "limit.h"

struct access_rule {
    struct addr_prefix net;
    bool allow;
};

struct access {
    struct access_rule rule[LIMIT_ACCESS_RULES]; /* each subnet once         */
    uint8_t count;
};

/* Adds what a line says about a subnet. With `all`, what was said about subnets
 * of it is forgotten. Returns RC_OK, or RC_SPACE where the list is full, and
 * then it is as it was. */
int access_add(struct access *a, const struct addr_prefix *net, bool allow,
               bool all) MUST_CHECK;

/* Returns true if this address is served. */
bool access_allows(const struct access *a, const struct addr *who);

/* Returns true if any address at all can be served. */
bool access_opens(const struct access *a);

/* Reads a subnet as chrony does: an address, ADDRESS/BITS, or IPv4 with its
 * last numbers left out (10.1 is 10.1.0.0/16, 10.1/12 is 10.0.0.0/12). Bits
 * beyond the prefix are cleared. Returns RC_OK, or RC_BAD and leaves *out as
 * it was. */
int access_parse(const char *text, struct addr_prefix *out) MUST_CHECK;

#endif
