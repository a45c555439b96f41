/* addr_pick.h -- which of a name's addresses a source uses: the next one when
 * the present one is of no use, and none that another source has.
 *
 * A source remembers which addresses have been of no use to it: silent,
 * refusing, lying. It takes the first of its name's that is not among them and
 * that no other source uses. Once all have had their turn, they are forgotten
 * and it begins anew, so that an address that comes back is found again, in
 * whatever order the name server lists them. */
#ifndef ADDR_PICK_H
#define ADDR_PICK_H

#include "addr.h"
#include "limit.h"

struct addr_pick { /* all zero: nothing is known; fields private             */
    struct addr bad[LIMIT_DNS_ADDRESSES];
    uint8_t count;
};

/* Remembers that this address was of no use; the oldest of too many is
 * forgotten. */
void addr_pick_bad(struct addr_pick *p, const struct addr *a);

/* Remembers that this address has been of use. */
void addr_pick_good(struct addr_pick *p, const struct addr *a);

/* Picks one of a name's addresses, 1 at least, into *own, which is the address
 * in use until now, or none: it stays if it is still the name's and not bad.
 * Else it is one that is neither bad nor used by others; or any that is not
 * used, the bad ones being forgotten; or, where others use them all, the same
 * among those. */
void addr_pick_next(struct addr_pick *p, const struct addr *list, size_t count,
                    const struct addr *used, size_t used_count,
                    struct addr *own);

#endif
