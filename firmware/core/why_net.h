/* why_net.h -- why the network leads nowhere, in words: no address, no
 * gateway, no router, no name server, each with the cause and, where there is
 * one, the cure. why.h and the sources' troubles take their words from here.
 *
 * Pure. */
#ifndef WHY_NET_H
#define WHY_NET_H

#include "status.h"

/* Each writes a sentence, cut at cap, and returns its length; 0 and "" where
 * there is nothing to say. */

/* Says why there is no link, or no address of either family. */
size_t why_net_address(const struct status_net *n, char *out, size_t cap);

/* Says why there is no way to an address. */
size_t why_net_way(const struct status_net *n, const struct addr *to, char *out,
                   size_t cap);

/* Says why there is no way beyond our own networks, in either family; that
 * there is no name server, too, where the cure is the same. */
size_t why_net_beyond(const struct status_net *n, char *out, size_t cap);

/* Says why there is no name server. */
size_t why_net_names(const struct status_net *n, char *out, size_t cap);

/* Tells whether an address is of one of our own networks, which needs no
 * router. */
bool why_net_is_near(const struct status_net *n, const struct addr *to);

#endif
