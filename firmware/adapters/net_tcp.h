/* net_tcp.h -- TCP connections, made or accepted, that are polled: nothing
 * waits, and nobody is called back but for a new connection.
 *
 *     connect -> CONNECTING -> OPEN -> (EOF | RESET) -> close or abort
 *                         \-> REFUSED
 *     listen -> accept: OPEN ...
 *
 * net_poll moves the bytes and the state. What arrived stays in lwIP's
 * buffers until it is read, and the window opens by what was read, so a peer
 * can hold no more of ours than one window. The caller owns the structs and
 * leaves them where they are until they are closed. Bytes read are outside
 * input. */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "core/addr.h"

enum net_tcp_state {
    NET_TCP_CLOSED,
    NET_TCP_CONNECTING,
    NET_TCP_OPEN,
    NET_TCP_EOF,     /* the peer will send no more; unread bytes remain     */
    NET_TCP_REFUSED, /* reset before it was open                            */
    NET_TCP_RESET,   /* reset, or given up by TCP                           */
};

struct net_tcp { /* all zero: closed; state is readable                      */
    enum net_tcp_state state;
    void *pcb; /* private to net_tcp.c: NULL once lwIP has freed it         */
    void *rx;  /* private: what arrived and was not read                    */
};

/* Begins to connect; t must be closed. Returns RC_OK; RC_SPACE: no connection
 * is free; RC_IO: there is no route. What is written while it is CONNECTING
 * leaves as soon as it is OPEN. */
int net_tcp_connect(struct net_tcp *t, const struct addr *to,
                    uint16_t port) MUST_CHECK;

/* Moves up to cap bytes that arrived into buf. Returns how many, 0: the peer
 * has sent all it will; RC_AGAIN: nothing yet; RC_IO: the connection is gone,
 * and all that had arrived has been read. */
int net_tcp_read(struct net_tcp *t, uint8_t *buf, size_t cap) MUST_CHECK;

/* Takes up to len bytes, which are copied. Returns how many; RC_AGAIN: there
 * is no room now; RC_IO: the connection is gone. */
int net_tcp_write(struct net_tcp *t, const uint8_t *buf, size_t len) MUST_CHECK;

/* Returns how many bytes net_tcp_write would take now, if there is memory. */
size_t net_tcp_room(const struct net_tcp *t);

/* Tells whether the peer has taken all that was written. */
bool net_tcp_delivered(const struct net_tcp *t);

/* Ends a connection in order: what was written is still delivered, so lwIP
 * keeps its half until the peer has taken it, for four seconds at most, or
 * until a new connection needs its place. One that never came to be is
 * aborted. Closing what is closed does nothing. */
void net_tcp_close(struct net_tcp *t);

/* Ends a connection at once: the peer gets a reset, and all that lwIP held
 * for it is free for the next one. */
void net_tcp_abort(struct net_tcp *t);

struct net_tcp_listener { /* all zero but for the first two: closed          */
    void *arg;            /* for the caller; handed to accept                */
    /* A peer has connected. Returns a closed net_tcp that takes the
     * connection, or NULL: it is reset. Is called from net_poll; may end
     * other connections to make room. */
    struct net_tcp *(*accept)(void *arg, const struct addr *from,
                              uint16_t port);
    bool humble; /* its connections give way to all others, where no place is
                  * free                                                    */
    void *pcb;   /* private to net_tcp.c                                    */
};

/* Listens on this port for both families. Those who connect are strangers: no
 * connection that we make ourselves waits for a place that one of them has,
 * what they send has to come in order, and of those that have only begun to
 * connect the oldest gives way. Returns RC_OK, or RC_SPACE: no listener is
 * free, or the port is in use. */
int net_tcp_listen(struct net_tcp_listener *l, uint16_t port) MUST_CHECK;

/* Stops listening; connections that were accepted go on. */
void net_tcp_unlisten(struct net_tcp_listener *l);

#endif
