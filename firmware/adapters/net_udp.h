/* net_udp.h -- UDP sockets with the stamps of their frames both ways.
 *
 *     struct net_udp u = {.arg = me, .received = f, .sent = g};
 *     net_udp_open -> net_udp_send, net_udp_reply ... -> net_udp_close
 *
 * The caller owns the struct, fills in its callbacks, and leaves it where it
 * is while the socket is open. Callbacks run from net_poll (`sent` also from
 * net_udp_send and net_udp_reply) and may call anything here, net_udp_close
 * of their own socket included. Everything in a datagram is outside input:
 * of it lwIP has checked addresses, lengths and checksums, nothing else. */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "core/addr.h"

/* The most bytes that net_udp_send takes: what fits in one frame over IPv6,
 * for lwIP here neither sends nor joins fragments. */
#define NET_UDP_MAX 1452

/* Enough of a datagram to tell which it was: an NTP header. */
#define NET_UDP_LEFT 48

struct net_udp_datagram {
    struct addr from, to; /* to: the address of ours that it was sent to     */
    uint16_t from_port;
    uint64_t stamp;     /* the counter when its frame arrived              */
    const uint8_t *msg; /* valid until the callback returns                */
    size_t len;
};

struct net_udp {
    void *arg; /* for the caller; handed to the callbacks                    */
    /* A datagram arrived. */
    void (*received)(void *arg, const struct net_udp_datagram *d);
    /* A datagram of this socket left: stamp is the counter when its frame was
     * handed to the MAC, however long it had waited for an address resolution
     * or for the frame before it. msg is what left, so that one socket with
     * many peers can tell which it was. NULL: the user wants no stamps. */
    void (*sent)(void *arg, uint64_t stamp, const uint8_t *msg, size_t len);
    /* After that, if the device tells: stamp is the counter when the frame
     * began to leave on the wire. Of msg there are NET_UDP_LEFT bytes at the
     * most. NULL: the user does not ask. */
    void (*left)(void *arg, uint64_t stamp, const uint8_t *msg, size_t len);
    uint8_t
        dscp; /* class of what is sent (RFC 2474), from net_udp_open on    */
    /* Private to net_udp.c; all zero: closed. */
    struct net_udp *next;
    void *pcb;
};

/* Opens a socket for IPv4 and IPv6 on this local port, or for port 0 on a
 * random one out of all that are not reserved (RFC 6056 section 3.3.1,
 * RFC 9109). The socket must be closed. Returns RC_OK; RC_SPACE: no socket is
 * free, or the port is in use; RC_STATE: no entropy for a random port. */
int net_udp_open(struct net_udp *u, uint16_t port) MUST_CHECK;

/* Narrows an open socket to one peer: from now on only datagrams from this
 * address and port are received. */
void net_udp_connect(struct net_udp *u, const struct addr *peer, uint16_t port);

/* Sends len bytes, NET_UDP_MAX at most, which are copied. Returns RC_OK once
 * lwIP has taken them, RC_SPACE: out of buffers, RC_IO: no address to send
 * from or no route. */
int net_udp_send(struct net_udp *u, const struct addr *to, uint16_t port,
                 const uint8_t *msg, size_t len) MUST_CHECK;

/* Answers a datagram as net_udp_send does, from the very address it was sent
 * to, without which a peer of a host with several would not know the answer.
 * To be called while `received` runs. */
int net_udp_reply(struct net_udp *u, const struct net_udp_datagram *d,
                  const uint8_t *msg, size_t len) MUST_CHECK;

/* Closes the socket; one that is closed stays so. Datagrams that wait to
 * leave do not leave any more, so that their owner may say the same again. */
void net_udp_close(struct net_udp *u);

#endif
