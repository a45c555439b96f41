/* ntp_udp.h -- NTP's datagrams: one slot for each source, a new random source
 * port for every request (RFC 9109), so that a reply can only come back to
 * the request it answers.
 *
 * The transmit stamp is that of the frame that carried the request, however
 * long it waited for an address resolution: net.c shows every frame as it
 * leaves, and `sent` is called for ours. */
#ifndef NTP_UDP_H
#define NTP_UDP_H

#include "net.h"

struct ntp_udp_ops {
    void (*sent)(unsigned slot, uint64_t stamp);
    void (*received)(unsigned slot, uint64_t stamp, const uint8_t *msg,
                     size_t len);
};

void ntp_udp_init(const struct ntp_udp_ops *ops);

/* Send one request and listen for its answer until the next request from
 * this slot, or ntp_udp_close. RC_OK (handed to lwIP), RC_SPACE (out of
 * buffers or ports), RC_IO (no route, no address), RC_BAD (no entropy). */
int ntp_udp_send(unsigned slot, const struct addr *to, uint16_t port,
                 const uint8_t *msg, size_t len) MUST_CHECK;
void ntp_udp_close(unsigned slot);

#endif
