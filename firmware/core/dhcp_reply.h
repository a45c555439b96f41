/* dhcp_reply.h -- what a DHCP server's message is (RFC 2131, RFC 2132), read
 * from the frame before the library acts on it. The frame is outside input:
 * what is not wholly a message has no type. Pure. */
#ifndef DHCP_REPLY_H
#define DHCP_REPLY_H

#include "base.h"

#define DHCP_REPLY_OPTIONS                                                     \
    248 /* bytes from UDP's header to the first option                     */

enum dhcp_reply_type { /* option 53                                          */
                       DHCP_REPLY_NONE = 0,
                       DHCP_REPLY_OFFER = 2,
                       DHCP_REPLY_ACK = 5,
                       DHCP_REPLY_NAK = 6,
};

struct dhcp_reply {
    uint8_t type;      /* option 53; others than the above, too              */
    uint32_t xid;      /* of the request that it answers                     */
    uint8_t client[6]; /* whom it is for                                     */
    bool named;        /* there is an option 54                              */
    uint8_t server[4]; /* and this is it, as on the wire                     */
};

/* Reads a whole Ethernet frame without a VLAN tag. Returns RC_OK; RC_BAD: it is
 * no DHCP server's message over IPv4, or a fragment of one. */
int dhcp_reply_read(struct dhcp_reply *r, const uint8_t *frame,
                    size_t len) MUST_CHECK;

#endif
